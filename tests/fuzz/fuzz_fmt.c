/* A model file in its canonical form: formatting that again changes nothing, and both forms hold
 * the same tokens, but for `;`, and the same comments. */
#include <stdlib.h>
#include <string.h>
#include "dsl/parse.h"
#include "dsl/parser.h"
#include "fuzz.h"

static size_t next(const at_token *t, size_t n, size_t i) {
  while (i < n && t[i].kind == SEMICOLON) i++;
  return i;
}

static int differ(const at_source *a, at_span s, const at_source *b, at_span t, int comment) {
  uint32_t n = s.end - s.begin, m = t.end - t.begin;
  while (comment && n && strchr(" \t\r\f\v", a->text[s.begin + n - 1])) n--;
  return n != m || memcmp(a->text + s.begin, b->text + t.begin, n) != 0;
}

static void compare(at_arena *arena, const at_source *a, const at_source *b, const at_ast *x,
                    const at_ast *y) {
  at_token *s, *t;
  size_t n, m, i = 0, k = 0;
  if (at_lex_tokens(arena, a, &s, &n) != AT_OK || at_lex_tokens(arena, b, &t, &m) != AT_OK) abort();
  for (i = next(s, n, 0), k = next(t, m, 0); i < n && k < m;
       i = next(s, n, i + 1), k = next(t, m, k + 1))
    if (s[i].kind != t[k].kind || differ(a, s[i].span, b, t[k].span, 0)) abort();
  if (i != n || k != m) abort();
  const at_ast_comment *c = x->comments, *d = y->comments;
  for (; c && d; c = c->next, d = d->next)
    if (differ(a, c->span, b, d->span, 1)) abort();
  if (c || d) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
  at_arena *arena = at_arena_new();
  at_diags d = {.arena = arena};
  at_source src = {.path = "fuzz.att", .text = (const char *)bytes, .size = n}, again;
  at_text once = {0}, twice = {0};
  at_ast *x, *y;
  if (at_dsl_format(arena, &src, &d, &once) == AT_OK && once.len <= AT_DSL_MAX_SIZE) {
    again = (at_source){.path = "again.att", .text = once.len ? once.data : "", .size = once.len};
    if (at_dsl_parse_alone(arena, &src, &d, &x) != AT_OK) abort();
    if (at_dsl_parse_alone(arena, &again, &d, &y) != AT_OK) abort();
    if (at_dsl_format(arena, &again, &d, &twice) != AT_OK) abort();
    if (once.len != twice.len || (once.len && memcmp(once.data, twice.data, once.len))) abort();
    compare(arena, &src, &again, x, y);
  }
  at_text_free(&once);
  at_text_free(&twice);
  at_arena_free(arena);
  return 0;
}
