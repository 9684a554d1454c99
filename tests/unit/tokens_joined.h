/* Tokens, as one text to compare. Include after cm.h. */
#ifndef ATTUNE_TEST_TOKENS_JOINED_H
#define ATTUNE_TEST_TOKENS_JOINED_H
#include "core/data/text_tokens.h"

/* They are `joined` with bars between them, and stand in their order in the n bytes of the source;
 * then they are freed. */
static void assert_joined(at_tokens *t, size_t n, const char *joined) {
  char got[4096] = "";
  for (size_t i = 0; i < t->n; i++) {
    if (i) strcat(got, "|");
    strcat(got, t->v[i].text);
    assert_true(t->v[i].begin < t->v[i].end && t->v[i].end <= n);
    assert_true(!i || t->v[i - 1].end <= t->v[i].begin);
  }
  assert_string_equal(got, joined);
  at_tokens_free(t);
}

#endif
