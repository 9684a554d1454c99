/* A hash table from words to slots; slots carry counts while counting, and
 * after at_vocab_finish stand in the order of their numbers. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/arena.h"
#include "core/base/file.h"
#include "core/base/random.h"
#include "core/base/text.h"
#include "core/data/text_tokens.h"

#define FILE_LIMIT ((size_t)1 << 30)

typedef struct slot {
  const char *word; /* in the arena */
  int64_t count;
} slot;

struct at_vocab {
  at_arena *arena;
  slot *v;
  size_t n, cap;
  uint32_t *table; /* slot + 1; 0 is free; linear probing */
  size_t buckets;  /* a power of two, more than 2 n */
  int64_t threshold;
  int32_t special[AT_WORD_FIRST];
  bool pieces; /* the four stand anywhere, under names of their own */
};

static const char *const specials[AT_WORD_FIRST] = {"<pad>", "<start>", "<end>", "<unk>"};

static uint32_t *bucket_of(const at_vocab *v, const char *word) {
  size_t i = (size_t)at_hash64(word, strlen(word)) & (v->buckets - 1);
  while (v->table[i] && strcmp(v->v[v->table[i] - 1].word, word)) i = (i + 1) & (v->buckets - 1);
  return &v->table[i];
}

static bool rebuild(at_vocab *v, size_t buckets) {
  uint32_t *table = calloc(buckets, sizeof *table);
  if (!table) return false;
  free(v->table);
  v->table = table;
  v->buckets = buckets;
  for (size_t i = 0; i < v->n; i++) *bucket_of(v, v->v[i].word) = (uint32_t)i + 1;
  return true;
}

static bool grow(at_vocab *v) {
  if (v->n == v->cap) {
    size_t cap = 2 * v->cap;
    slot *s = cap < UINT32_MAX / 4 ? realloc(v->v, cap * sizeof *s) : NULL;
    if (!s) return false;
    v->v = s;
    v->cap = cap;
  }
  return 2 * (v->n + 1) < v->buckets || rebuild(v, 2 * v->buckets);
}

/* The slot of `word`, made when absent; NULL when out of memory. */
static slot *intern(at_vocab *v, const char *word) {
  if (!grow(v)) return NULL;
  uint32_t *b = bucket_of(v, word);
  if (!*b) {
    char *copy = at_arena_strdup(v->arena, word);
    if (!copy) return NULL;
    v->v[v->n++] = (slot){copy, 0};
    *b = (uint32_t)v->n;
  }
  return &v->v[*b - 1];
}

at_status at_vocab_new(at_vocab **out, at_error *err) {
  at_vocab *v = *out = calloc(1, sizeof *v);
  if (!v) return at_nomem(err);
  v->arena = at_arena_new();
  v->cap = 256;
  v->v = calloc(v->cap, sizeof *v->v);
  bool ok = v->arena && v->v && rebuild(v, 1024);
  for (int i = 0; ok && i < AT_WORD_FIRST; i++) {
    v->special[i] = i;
    ok = intern(v, specials[i]) != NULL;
  }
  if (ok) return AT_OK;
  at_vocab_free(v);
  *out = NULL;
  return at_nomem(err);
}

void at_vocab_free(at_vocab *v) {
  if (!v) return;
  at_arena_free(v->arena);
  free(v->v);
  free(v->table);
  free(v);
}

at_status at_vocab_count(at_vocab *v, const char *word, at_error *err) {
  slot *s = intern(v, word);
  if (!s) return at_nomem(err);
  s->count++;
  return AT_OK;
}

at_status at_vocab_count_tokens(at_vocab *v, const at_tokens *t, at_error *err) {
  for (size_t i = 0; i < t->n; i++) {
    at_status s = at_vocab_count(v, t->v[i].text, err);
    if (s != AT_OK) return s;
  }
  return AT_OK;
}

static int by_count(const void *a, const void *b) {
  const slot *x = a, *y = b;
  if (x->count != y->count) return x->count > y->count ? -1 : 1;
  return strcmp(x->word, y->word);
}

at_status at_vocab_finish(at_vocab *v, int64_t threshold, size_t most, at_error *err) {
  size_t n = AT_WORD_FIRST;
  v->threshold = threshold;
  for (size_t i = AT_WORD_FIRST; i < v->n; i++)
    if (v->v[i].count >= threshold) v->v[n++] = v->v[i];
  qsort(v->v + AT_WORD_FIRST, n - AT_WORD_FIRST, sizeof *v->v, by_count);
  v->n = most && n - AT_WORD_FIRST > most ? AT_WORD_FIRST + most : n;
  return rebuild(v, v->buckets) ? AT_OK : at_nomem(err);
}

bool at_vocab_of_pieces(const at_vocab *v) { return v->pieces; }
size_t at_vocab_size(const at_vocab *v) { return v->n; }
int64_t at_vocab_threshold(const at_vocab *v) { return v->threshold; }

bool at_vocab_has(const at_vocab *v, const char *word) { return *bucket_of(v, word) != 0; }

int32_t at_vocab_id(const at_vocab *v, const char *word) {
  uint32_t b = *bucket_of(v, word);
  return b ? (int32_t)b - 1 : v->special[AT_WORD_UNKNOWN];
}

int32_t at_vocab_special(const at_vocab *v, at_word which) { return v->special[which]; }

bool at_vocab_is_special(const at_vocab *v, int32_t id) {
  for (int i = 0; i < AT_WORD_FIRST; i++)
    if (v->special[i] == id) return true;
  return false;
}

const char *at_vocab_word(const at_vocab *v, int32_t id) {
  return id >= 0 && (size_t)id < v->n ? v->v[id].word : v->v[v->special[AT_WORD_UNKNOWN]].word;
}

/* ---- files ---- */

at_status at_vocab_text(const at_vocab *v, char **text, at_error *err) {
  json_t *words = json_array(), *root = NULL;
  at_status s = AT_OK;
  bool ok = words != NULL;
  *text = NULL;
  for (size_t i = 0; ok && i < v->n; i++) {
    json_t *w = json_string(v->v[i].word);
    if (!w) {
      s = at_fail(err, AT_EINPUT, "word %zu is not UTF-8; correct the captions", i);
      goto out;
    }
    ok = json_array_append_new(words, w) == 0;
  }
  ok =
      ok && (root = json_pack("{s:O, s:I}", "words", words, "threshold", (json_int_t)v->threshold));
  if (ok && v->pieces)
    ok = !json_object_set_new(root, "specials",
                              json_pack("[i, i, i, i]", (int)v->special[0], (int)v->special[1],
                                        (int)v->special[2], (int)v->special[3]));
  ok = ok && (*text = json_dumps(root, JSON_INDENT(0)));
  s = ok ? AT_OK : at_nomem(err);
out:
  json_decref(root);
  json_decref(words);
  return s;
}

static void as_pieces(at_vocab *v) {
  v->pieces = true;
  v->n = 0;
  memset(v->table, 0, v->buckets * sizeof *v->table);
}

/* Appends word number v->n; the first four of words that were counted must be ours. */
static at_status append(at_vocab *v, const char *word, size_t i, const char *path, at_error *err) {
  if (!word || !*word)
    return at_fail(err, AT_EINPUT, "%s: word %zu is not a string with something in it; correct it",
                   path, i);
  if (i < AT_WORD_FIRST && !v->pieces) {
    if (!strcmp(word, specials[i])) return AT_OK;
    return at_fail(err, AT_EINPUT,
                   "%s: word %zu is '%.100s' where every vocabulary has '%s'; build it again", path,
                   i, word, specials[i]);
  }
  size_t before = v->n;
  if (!intern(v, word)) return at_nomem(err);
  if (v->n == before)
    return at_fail(err, AT_EINPUT, "%s: word %zu, '%.100s', occurs twice; remove one", path, i,
                   word);
  return AT_OK;
}

/* Of pieces: numbers of the four. */
static at_status special_numbers(at_vocab *v, const json_t *numbers, const char *path,
                                 at_error *err) {
  for (int i = 0; i < AT_WORD_FIRST; i++) {
    const json_t *j = json_array_get(numbers, (size_t)i);
    const json_int_t id = json_integer_value(j);
    if (!json_is_integer(j) || id < 0 || (size_t)id >= v->n)
      return at_fail(err, AT_EINPUT,
                     "%s: \"specials\" are not the numbers of four words; correct it", path);
    v->special[i] = (int32_t)id;
  }
  return AT_OK;
}

static at_status from_list(at_vocab *v, const json_t *root, const json_t *words, const char *path,
                           at_error *err) {
  const json_t *threshold = json_object_get(root, "threshold");
  const json_t *pieces = json_object_get(root, "specials");
  if (json_array_size(words) < AT_WORD_FIRST)
    return at_fail(err, AT_EINPUT, "%s: \"words\" has fewer than %d words; build it again", path,
                   AT_WORD_FIRST);
  if (threshold && !json_is_integer(threshold))
    return at_fail(err, AT_EINPUT, "%s: \"threshold\" is not a whole number; correct it", path);
  v->threshold = json_integer_value(threshold);
  if (pieces) as_pieces(v);
  for (size_t i = 0; i < json_array_size(words); i++) {
    at_status s = append(v, json_string_value(json_array_get(words, i)), i, path, err);
    if (s != AT_OK) return s;
  }
  return pieces ? special_numbers(v, pieces, path, err) : AT_OK;
}

/* SCAN's form says everything twice: both must agree. */
static at_status from_scan(at_vocab *v, const json_t *root, const char *path, at_error *err) {
  const json_t *ids = json_object_get(root, "word2idx"), *words = json_object_get(root, "idx2word");
  size_t n = json_object_size(ids);
  if (!json_is_object(ids) || !json_is_object(words) || json_object_size(words) != n ||
      json_integer_value(json_object_get(root, "idx")) != (json_int_t)n || n < AT_WORD_FIRST)
    return at_fail(
        err, AT_EINPUT,
        "%s: is not a vocabulary: it needs \"words\", or SCAN's \"word2idx\", \"idx2word\" "
        "and \"idx\" of one length",
        path);
  for (size_t i = 0; i < n; i++) {
    char key[32];
    snprintf(key, sizeof key, "%zu", i);
    const json_t *word = json_object_get(words, key);
    at_status s = append(v, json_string_value(word), i, path, err);
    if (s != AT_OK) return s;
    const json_t *id = json_object_get(ids, json_string_value(word));
    if (!json_is_integer(id) || json_integer_value(id) != (json_int_t)i)
      return at_fail(err, AT_EINPUT,
                     "%s: word2idx and idx2word disagree on '%.100s'; build it again", path,
                     json_string_value(word));
  }
  return AT_OK;
}

/* A piece a line, as BERT's vocab.txt has them. */
static at_status from_lines(at_vocab *v, char *text, const char *path, at_error *err) {
  static const char *const names[AT_WORD_FIRST] = {"[PAD]", "[CLS]", "[SEP]", "[UNK]"};
  as_pieces(v);
  for (char *line = text, *next; *line; line = next) {
    const size_t n = strcspn(line, "\n");
    next = line + n + (line[n] == '\n');
    line[n] = '\0';
    if (n && line[n - 1] == '\r') line[n - 1] = '\0';
    at_status s = append(v, line, v->n, path, err);
    if (s != AT_OK) return s;
  }
  for (int i = 0; i < AT_WORD_FIRST; i++) {
    if (!at_vocab_has(v, names[i]))
      return at_fail(err, AT_EINPUT,
                     "%s: there is no %s in it; attune reads vocabularies of BERT, a piece a line",
                     path, names[i]);
    v->special[i] = at_vocab_id(v, names[i]);
  }
  return AT_OK;
}

static at_status from_json(at_vocab *v, const char *text, size_t n, const char *path,
                           at_error *err) {
  json_error_t je;
  json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &je);
  if (!root)
    return at_fail(err, AT_EINPUT, "%s:%d:%d: is not JSON: %s; build the vocabulary again", path,
                   je.line, je.column, je.text);
  const json_t *words = json_object_get(root, "words");
  at_status s =
      json_is_array(words) ? from_list(v, root, words, path, err) : from_scan(v, root, path, err);
  json_decref(root);
  return s;
}

static bool is_lines(const char *path) {
  const size_t n = strlen(path);
  return n > 4 && !strcmp(path + n - 4, ".txt");
}

at_status at_vocab_read(const char *path, at_vocab **out, at_error *err) {
  char *text = NULL;
  size_t n = 0;
  at_vocab *v = NULL;
  *out = NULL;
  at_status s = at_file_read(path, FILE_LIMIT, &text, &n, err);
  if (s != AT_OK) return s;
  if ((s = at_vocab_new(&v, err)) != AT_OK) goto out;
  s = is_lines(path) ? from_lines(v, text, path, err) : from_json(v, text, n, path, err);
  if (s != AT_OK) goto out;
  *out = v;
  v = NULL;
out:
  at_vocab_free(v);
  free(text);
  return s;
}
