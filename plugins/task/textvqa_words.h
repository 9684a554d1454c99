/* Words of answers and of tokens, and which are the same. */
#ifndef ATTUNE_TASK_TEXTVQA_WORDS_H
#define ATTUNE_TASK_TEXTVQA_WORDS_H
#include <stdint.h>

enum { TV_WORD = 256 }; /* bytes of a word that are compared, with the NUL */

typedef enum tv_match {
  TV_LOOSE, /* but for case; where nothing is, by letters and digits alone */
  TV_CASE,  /* but for the case of letters of ASCII and Latin-1 */
  TV_EXACT
} tv_match;

/* What words that are the same have in common; `loose`: letters and digits alone, where it has any.
 */
void tv_key(const char *word, int64_t n, tv_match match, int loose, char out[TV_WORD]);

/* Words of a text, at white space: begins and lengths. At most `most`; returns how many there are,
 * which may be more. */
int64_t tv_split(const char *text, const char **begin, int64_t *length, int64_t most);

/* The words that answers may be made of, beside tokens. */
typedef struct tv_vocabulary {
  char **word; /* [n] as they are written; NULL for the first two */
  int64_t n;
  struct tv_entry *by_key, *by_loose; /* sorted */
  int64_t keys, loose;
  tv_match match;
} tv_vocabulary;
enum { TV_BEGIN, TV_END, TV_FIRST }; /* ids that are no words; the first that is one */

/* Counts words and keeps the most frequent `most` of them, of one key the most frequent spelling;
 * negative: out of memory. */
typedef struct tv_counting {
  struct tv_counted *v;
  int64_t n, cap;
} tv_counting;
int tv_count(tv_counting *c, const char *text, tv_match match);
int tv_vocabulary_count(tv_counting *c, int64_t most, tv_match match, tv_vocabulary *out);
void tv_counting_free(tv_counting *c);

/* A line for each word; the caller frees. */
char *tv_vocabulary_text(const tv_vocabulary *v);
int tv_vocabulary_read(const char *text, tv_match match, tv_vocabulary *out);
void tv_vocabulary_free(tv_vocabulary *v);
/* By its key; -1: none. */
int64_t tv_vocabulary_find(const tv_vocabulary *v, const char *key, int loose);
#endif
