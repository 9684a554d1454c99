/* Different texts, each kept once under a number. */
#ifndef ATTUNE_DATA_WORD_SET_H
#define ATTUNE_DATA_WORD_SET_H
#include <stddef.h>
#include <stdint.h>

typedef struct word_set {
  char **word;
  int32_t n, cap;
  int32_t *slot; /* a hash table of numbers, -1 where there is none; 2 cap places */
} word_set;

int32_t word_set_add(word_set *s, const char *text, size_t n); /* its number; -1: out of memory */
int32_t word_set_find(const word_set *s, const char *text, size_t n); /* -1: it is not there */
void word_set_free(word_set *s);
#endif
