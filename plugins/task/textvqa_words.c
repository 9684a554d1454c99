#include "textvqa_words.h"
#include <stdlib.h>
#include <string.h>

/* ---- words ---- */

static int is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* What is no ASCII counts as a letter. */
static int is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         (unsigned char)c >= 0x80;
}

/* ASCII, and Latin-1's letters, which are 0xc3 and a byte in UTF-8. */
static char lower(char before, char c) {
  unsigned char u = (unsigned char)c;
  if (c >= 'A' && c <= 'Z') return (char)(c + 32);
  return (unsigned char)before == 0xc3 && u >= 0x80 && u <= 0x9e && u != 0x97 ? (char)(u + 32) : c;
}

void tv_key(const char *word, int64_t n, tv_match match, int loose, char out[TV_WORD]) {
  int64_t k = 0, letters = 0;
  for (int64_t i = 0; i < n; i++) letters += is_letter(word[i]);
  for (int64_t i = 0; i < n && k < TV_WORD - 1; i++) {
    if (loose && letters && !is_letter(word[i])) continue;
    out[k++] = match == TV_EXACT ? word[i] : lower(i ? word[i - 1] : 0, word[i]);
  }
  out[k] = 0;
}

int64_t tv_split(const char *text, const char **begin, int64_t *length, int64_t most) {
  int64_t n = 0;
  for (const char *at = text; *at;) {
    while (is_space(*at)) at++;
    const char *end = at;
    while (*end && !is_space(*end)) end++;
    if (end > at && n < most) {
      begin[n] = at;
      length[n] = end - at;
    }
    n += end > at;
    at = end;
  }
  return n;
}

/* ---- counting ---- */

struct tv_counted {
  char *key, *word;
  int64_t count; /* of the spelling; then of the key */
};

static int by_key_and_word(const void *a, const void *b) {
  const struct tv_counted *x = a, *y = b;
  int c = strcmp(x->key, y->key);
  return c ? c : strcmp(x->word, y->word);
}

static int by_count(const void *a, const void *b) {
  const struct tv_counted *x = a, *y = b;
  if (x->count != y->count) return x->count < y->count ? 1 : -1;
  return strcmp(x->key, y->key);
}

static void drop(struct tv_counted *e) {
  free(e->key);
  free(e->word);
}

/* Spellings that are the same become one. */
static void merge(tv_counting *c) {
  int64_t k = 0;
  if (c->n) qsort(c->v, (size_t)c->n, sizeof *c->v, by_key_and_word);
  for (int64_t i = 0; i < c->n; i++)
    if (k && !by_key_and_word(&c->v[k - 1], &c->v[i])) {
      c->v[k - 1].count += c->v[i].count;
      drop(&c->v[i]);
    } else {
      c->v[k++] = c->v[i];
    }
  c->n = k;
}

static int make_room(tv_counting *c) {
  if (c->n < c->cap) return 0;
  merge(c);
  if (c->cap && c->n <= c->cap / 2) return 0;
  int64_t cap = c->cap ? 2 * c->cap : 4096;
  struct tv_counted *v = realloc(c->v, (size_t)cap * sizeof *v);
  if (!v) return -1;
  c->v = v;
  c->cap = cap;
  return 0;
}

static int add(tv_counting *c, const char *word, int64_t n, tv_match match) {
  char key[TV_WORD];
  if (make_room(c)) return -1;
  tv_key(word, n, match, 0, key);
  struct tv_counted e = {strdup(key), strndup(word, (size_t)n), 1};
  if (!e.key || !e.word) {
    drop(&e);
    return -1;
  }
  c->v[c->n++] = e;
  return 0;
}

int tv_count(tv_counting *c, const char *text, tv_match match) {
  enum { MOST = 4096 };
  const char *begin[MOST];
  int64_t length[MOST], n = tv_split(text, begin, length, MOST);
  for (int64_t i = 0; i < n && i < MOST; i++)
    if (add(c, begin[i], length[i], match)) return -1;
  return 0;
}

/* Of each key the spelling that counts most, with the count of all of them. */
static void choose_spellings(tv_counting *c) {
  int64_t k = 0;
  for (int64_t i = 0, end; i < c->n; i = end) {
    int64_t best = i, total = 0;
    for (end = i; end < c->n && !strcmp(c->v[end].key, c->v[i].key); end++) {
      total += c->v[end].count;
      if (c->v[end].count > c->v[best].count) best = end;
    }
    struct tv_counted kept = c->v[best];
    kept.count = total;
    for (int64_t j = i; j < end; j++)
      if (j != best) drop(&c->v[j]);
    c->v[k++] = kept;
  }
  c->n = k;
}

void tv_counting_free(tv_counting *c) {
  for (int64_t i = 0; i < c->n; i++) drop(&c->v[i]);
  free(c->v);
  memset(c, 0, sizeof *c);
}

/* ---- the vocabulary ---- */

struct tv_entry {
  char *key;
  int64_t id;
};

static int by_entry(const void *a, const void *b) {
  const struct tv_entry *x = a, *y = b;
  int c = strcmp(x->key, y->key);
  return c ? c : (x->id > y->id) - (x->id < y->id);
}

static struct tv_entry *list_keys(const tv_vocabulary *v, int loose, int64_t *n) {
  struct tv_entry *e = calloc((size_t)v->n + 1, sizeof *e);
  char key[TV_WORD];
  *n = 0;
  for (int64_t i = TV_FIRST; e && i < v->n; i++) {
    tv_key(v->word[i], (int64_t)strlen(v->word[i]), v->match, loose, key);
    e[*n] = (struct tv_entry){strdup(key), i};
    if (!e[(*n)++].key) {
      for (int64_t k = 0; k < *n; k++) free(e[k].key);
      free(e);
      return NULL;
    }
  }
  if (e) qsort(e, (size_t)*n, sizeof *e, by_entry);
  return e;
}

static int finish(tv_vocabulary *v) {
  v->by_key = list_keys(v, 0, &v->keys);
  v->by_loose = list_keys(v, 1, &v->loose);
  return v->by_key && v->by_loose ? 0 : -1;
}

int tv_vocabulary_count(tv_counting *c, int64_t most, tv_match match, tv_vocabulary *out) {
  merge(c);
  choose_spellings(c);
  if (c->n) qsort(c->v, (size_t)c->n, sizeof *c->v, by_count);
  const int64_t n = c->n < most ? c->n : most;
  *out = (tv_vocabulary){.match = match, .word = calloc((size_t)n + TV_FIRST, sizeof *out->word)};
  if (!out->word) return -1;
  for (out->n = TV_FIRST; out->n < n + TV_FIRST; out->n++) {
    out->word[out->n] = c->v[out->n - TV_FIRST].word;
    c->v[out->n - TV_FIRST].word = NULL;
  }
  return finish(out);
}

char *tv_vocabulary_text(const tv_vocabulary *v) {
  size_t n = 1;
  for (int64_t i = TV_FIRST; i < v->n; i++) n += strlen(v->word[i]) + 1;
  char *text = malloc(n), *at = text;
  for (int64_t i = TV_FIRST; text && i < v->n; i++) {
    size_t k = strlen(v->word[i]);
    memcpy(at, v->word[i], k);
    at += k;
    *at++ = '\n';
  }
  if (text) *at = 0;
  return text;
}

int tv_vocabulary_read(const char *text, tv_match match, tv_vocabulary *out) {
  int64_t lines = 0;
  for (const char *c = text; *c; c++) lines += *c == '\n';
  *out = (tv_vocabulary){.match = match,
                         .n = TV_FIRST,
                         .word = calloc((size_t)lines + TV_FIRST + 1, sizeof *out->word)};
  if (!out->word) return -1;
  for (const char *at = text; *at;) {
    size_t n = strcspn(at, "\n");
    if (n && !(out->word[out->n++] = strndup(at, n))) return -1;
    at += n + (at[n] == '\n');
  }
  return finish(out);
}

void tv_vocabulary_free(tv_vocabulary *v) {
  for (int64_t i = TV_FIRST; i < v->n; i++) free(v->word[i]);
  for (int64_t i = 0; i < v->keys && v->by_key; i++) free(v->by_key[i].key);
  for (int64_t i = 0; i < v->loose && v->by_loose; i++) free(v->by_loose[i].key);
  free(v->word);
  free(v->by_key);
  free(v->by_loose);
  memset(v, 0, sizeof *v);
}

int64_t tv_vocabulary_find(const tv_vocabulary *v, const char *key, int loose) {
  const struct tv_entry *e = loose ? v->by_loose : v->by_key;
  int64_t lo = 0, hi = loose ? v->loose : v->keys;
  while (lo < hi) {
    int64_t mid = lo + (hi - lo) / 2;
    if (strcmp(e[mid].key, key) < 0)
      lo = mid + 1;
    else
      hi = mid;
  }
  return lo < (loose ? v->loose : v->keys) && !strcmp(e[lo].key, key) ? e[lo].id : -1;
}
