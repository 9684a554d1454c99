#include "word_set.h"
#include <stdlib.h>
#include <string.h>
#include "name_hash.h"

static size_t place(const word_set *s, const char *text, size_t n) {
  uint64_t h = name_hash_more(NAME_HASH_START, text, n);
  size_t mask = 2 * (size_t)s->cap - 1;
  size_t k = (size_t)(h ^ h >> 32) & mask;
  for (; s->slot[k] >= 0; k = (k + 1) & mask) {
    const char *w = s->word[s->slot[k]];
    if (!strncmp(w, text, n) && !w[n]) break;
  }
  return k;
}

static int grow(word_set *s) {
  int32_t cap = s->cap ? 2 * s->cap : 64;
  if (cap > 1 << 28) return 0;
  char **word = realloc(s->word, (size_t)cap * sizeof *word);
  if (word) s->word = word;
  int32_t *slot = malloc(2 * (size_t)cap * sizeof *slot);
  if (!word || !slot) {
    free(slot);
    return 0;
  }
  free(s->slot);
  s->slot = slot;
  s->cap = cap;
  memset(slot, 0xff, 2 * (size_t)cap * sizeof *slot);
  for (int32_t i = 0; i < s->n; i++) slot[place(s, word[i], strlen(word[i]))] = i;
  return 1;
}

int32_t word_set_add(word_set *s, const char *text, size_t n) {
  if (s->n == s->cap && !grow(s)) return -1;
  size_t k = place(s, text, n);
  if (s->slot[k] >= 0) return s->slot[k];
  char *copy = strndup(text, n);
  if (!copy) return -1;
  s->word[s->n] = copy;
  return s->slot[k] = s->n++;
}

int32_t word_set_find(const word_set *s, const char *text, size_t n) {
  return s->n ? s->slot[place(s, text, n)] : -1;
}

void word_set_free(word_set *s) {
  for (int32_t i = 0; i < s->n; i++) free(s->word[i]);
  free(s->word);
  free(s->slot);
  memset(s, 0, sizeof *s);
}
