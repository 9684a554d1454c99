#include "vqa_answer.h"
#include <stdlib.h>
#include <string.h>

static int is_digit(char c) { return c >= '0' && c <= '9'; }
static int is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* ---- facts ---- */

static const char marks[] = ";/[]\"{}()=+\\_-><@`,?!";

static const char *const numbers[][2] = {
    {"none", "0"}, {"zero", "0"}, {"one", "1"},   {"two", "2"},   {"three", "3"}, {"four", "4"},
    {"five", "5"}, {"six", "6"},  {"seven", "7"}, {"eight", "8"}, {"nine", "9"},  {"ten", "10"},
};

/* Sorted by their bytes. `somebody'd` loses its apostrophe there, too. */
static const char *const contractions[][2] = {{"'ow'sat", "'ow's'at"},
                                              {"'ows'at", "'ow's'at"},
                                              {"aint", "ain't"},
                                              {"arent", "aren't"},
                                              {"cant", "can't"},
                                              {"couldn'tve", "couldn't've"},
                                              {"couldnt", "couldn't"},
                                              {"couldnt've", "couldn't've"},
                                              {"couldve", "could've"},
                                              {"didnt", "didn't"},
                                              {"doesnt", "doesn't"},
                                              {"dont", "don't"},
                                              {"hadn'tve", "hadn't've"},
                                              {"hadnt", "hadn't"},
                                              {"hadnt've", "hadn't've"},
                                              {"hasnt", "hasn't"},
                                              {"havent", "haven't"},
                                              {"he'dve", "he'd've"},
                                              {"hed", "he'd"},
                                              {"hed've", "he'd've"},
                                              {"hes", "he's"},
                                              {"howd", "how'd"},
                                              {"howll", "how'll"},
                                              {"hows", "how's"},
                                              {"isnt", "isn't"},
                                              {"it'dve", "it'd've"},
                                              {"itd", "it'd"},
                                              {"itd've", "it'd've"},
                                              {"itll", "it'll"},
                                              {"maam", "ma'am"},
                                              {"mightn'tve", "mightn't've"},
                                              {"mightnt", "mightn't"},
                                              {"mightnt've", "mightn't've"},
                                              {"mightve", "might've"},
                                              {"mustnt", "mustn't"},
                                              {"mustve", "must've"},
                                              {"neednt", "needn't"},
                                              {"notve", "not've"},
                                              {"oclock", "o'clock"},
                                              {"oughtnt", "oughtn't"},
                                              {"ow's'at", "'ow's'at"},
                                              {"shant", "shan't"},
                                              {"she'dve", "she'd've"},
                                              {"shed've", "she'd've"},
                                              {"shouldn'tve", "shouldn't've"},
                                              {"shouldnt", "shouldn't"},
                                              {"shouldnt've", "shouldn't've"},
                                              {"shouldve", "should've"},
                                              {"somebody'd", "somebodyd"},
                                              {"somebody'dve", "somebody'd've"},
                                              {"somebodyd've", "somebody'd've"},
                                              {"somebodyll", "somebody'll"},
                                              {"somebodys", "somebody's"},
                                              {"someone'dve", "someone'd've"},
                                              {"someoned", "someone'd"},
                                              {"someoned've", "someone'd've"},
                                              {"someonell", "someone'll"},
                                              {"someones", "someone's"},
                                              {"something'dve", "something'd've"},
                                              {"somethingd", "something'd"},
                                              {"somethingd've", "something'd've"},
                                              {"somethingll", "something'll"},
                                              {"thats", "that's"},
                                              {"there'dve", "there'd've"},
                                              {"thered", "there'd"},
                                              {"thered've", "there'd've"},
                                              {"therere", "there're"},
                                              {"theres", "there's"},
                                              {"they'dve", "they'd've"},
                                              {"theyd", "they'd"},
                                              {"theyd've", "they'd've"},
                                              {"theyll", "they'll"},
                                              {"theyre", "they're"},
                                              {"theyve", "they've"},
                                              {"twas", "'twas"},
                                              {"wasnt", "wasn't"},
                                              {"we'dve", "we'd've"},
                                              {"wed've", "we'd've"},
                                              {"werent", "weren't"},
                                              {"weve", "we've"},
                                              {"whatll", "what'll"},
                                              {"whatre", "what're"},
                                              {"whats", "what's"},
                                              {"whatve", "what've"},
                                              {"whens", "when's"},
                                              {"whered", "where'd"},
                                              {"wheres", "where's"},
                                              {"whereve", "where've"},
                                              {"who'dve", "who'd've"},
                                              {"whod", "who'd"},
                                              {"whod've", "who'd've"},
                                              {"wholl", "who'll"},
                                              {"whos", "who's"},
                                              {"whove", "who've"},
                                              {"whyll", "why'll"},
                                              {"whyre", "why're"},
                                              {"whys", "why's"},
                                              {"wont", "won't"},
                                              {"wouldn'tve", "wouldn't've"},
                                              {"wouldnt", "wouldn't"},
                                              {"wouldnt've", "wouldn't've"},
                                              {"wouldve", "would've"},
                                              {"y'all'dve", "y'all'd've"},
                                              {"y'alld've", "y'all'd've"},
                                              {"y'allll", "y'all'll"},
                                              {"yall", "y'all"},
                                              {"yall'd've", "y'all'd've"},
                                              {"yall'll", "y'all'll"},
                                              {"you'dve", "you'd've"},
                                              {"youd", "you'd"},
                                              {"youd've", "you'd've"},
                                              {"youll", "you'll"},
                                              {"youre", "you're"},
                                              {"youve", "you've"}};

static int by_first(const void *key, const void *entry) {
  return strcmp(key, *(const char *const *)entry);
}

static const char *contracted(const char *word) {
  const char *const *hit = bsearch(word, contractions, sizeof contractions / sizeof *contractions,
                                   sizeof *contractions, by_first);
  return hit ? hit[1] : word;
}

static const char *number(const char *word) {
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    if (!strcmp(word, numbers[i][0])) return numbers[i][1];
  return word;
}

static int is_article(const char *w) {
  return !strcmp(w, "a") || !strcmp(w, "an") || !strcmp(w, "the");
}

/* ---- ends and case ---- */

/* The longest beginning of at most `room` bytes that ends with a whole character. */
static size_t whole(const char *text, size_t n, size_t room) {
  if (n <= room) return n;
  while (room && ((unsigned char)text[room] & 0xc0) == 0x80) room--;
  return room;
}

void vqa_answer_trim(const char *text, size_t n, char *out, size_t room) {
  while (n && is_space(text[0])) text++, n--;
  while (n && is_space(text[n - 1])) n--;
  n = whole(text, n, room - 1);
  memmove(out, text, n);
  out[n] = 0;
  for (char *c = out; *c; c++)
    if (*c == '\t' || *c == '\n') *c = ' ';
}

/* Lower case of ASCII, and of Latin-1's letters, which are 0xc3 and a byte in UTF-8. */
static char lower(char before, char c) {
  unsigned char u = (unsigned char)c;
  if (c >= 'A' && c <= 'Z') return (char)(c + 32);
  return (unsigned char)before == 0xc3 && u >= 0x80 && u <= 0x9e && u != 0x97 ? (char)(u + 32) : c;
}

int vqa_answer_same(const char *a, const char *b) {
  char x = 0, y = 0;
  for (; *a && *b; a++, b++) {
    char p = lower(x, *a), q = lower(y, *b);
    if (p != q) return 0;
    x = *a;
    y = *b;
  }
  return *a == *b;
}

/* ---- punctuation ---- */

/* Between digits: then all marks of the text vanish. */
static int has_comma(const char *text) {
  for (const char *c = text; *c; c++)
    if (c > text && *c == ',' && is_digit(c[-1]) && is_digit(c[1])) return 1;
  return 0;
}

/* Beside a blank somewhere in the text: then this mark vanishes everywhere in it. */
static int has_beside_blank(const char *text, char mark) {
  for (const char *c = text; *c; c++)
    if (*c == mark && (c[1] == ' ' || (c > text && c[-1] == ' '))) return 1;
  return 0;
}

/* Marks vanish or become blanks; of the periods that no digit follows the first 32 vanish: the
 * original hands a flag of that value over as the count. */
static void without_marks(const char *text, char *out) {
  int comma = has_comma(text), periods = 0;
  char *to = out;
  for (const char *c = text; *c; c++) {
    if (!strchr(marks, *c))
      *to++ = *c;
    else if (!comma && !has_beside_blank(text, *c))
      *to++ = ' ';
  }
  *to = 0;
  to = out;
  for (const char *c = out; *c; c++)
    if (*c != '.' || is_digit(c[1]) || periods++ >= 32) *to++ = *c;
  *to = 0;
}

/* ---- words ---- */

typedef struct line {
  char *out;
  size_t n, room;
} line;

static void add_word(line *l, const char *word) {
  size_t n = strlen(word), blank = l->n > 0;
  if (l->n + blank + n + 1 > l->room) return;
  if (blank) l->out[l->n++] = ' ';
  memcpy(l->out + l->n, word, n + 1);
  l->n += n;
}

void vqa_answer_normal(const char *text, char *out, size_t room) {
  char clean[VQA_ANSWER];
  char whole_text[VQA_ANSWER];
  line l = {out, 0, room};
  vqa_answer_trim(text, strlen(text), whole_text, sizeof whole_text);
  without_marks(whole_text, clean);
  *out = 0;
  for (char *c = clean, before = 0; *c; c++) {
    char now = *c;
    *c = lower(before, now);
    before = now;
  }
  for (char *at = clean; *at;) {
    while (is_space(*at)) at++;
    char *end = at;
    while (*end && !is_space(*end)) end++;
    int last = !*end;
    *end = 0;
    const char *word = number(at);
    if (*word && !is_article(word)) add_word(&l, contracted(word));
    at = last ? end : end + 1;
  }
}

void vqa_answer_read(const char *text, char *out, size_t room) {
  char cut[VQA_ANSWER];
  size_t n = 0;
  for (const char *c = text; *c && n + 3 < sizeof cut; c++) {
    if (*c == ',' || *c == '?') continue;
    if (*c == '\'' && (c[1] == 's' || c[1] == 'S')) cut[n++] = ' ';
    cut[n++] = *c;
  }
  cut[n] = 0;
  vqa_answer_normal(cut, out, room);
}
