/* What a model makes superfluous of its scores, in sentences. */
#include <string.h>
#include "core/same/same_impl.h"

/* Blocks in layers and turns say the same thing once. */
static at_status say(at_arena *a, sm_cell *c, at_same_how how, const char *text, at_error *err) {
  if (!text) return at_nomem(err);
  for (size_t i = 0; i < c->n_why; i++)
    if (c->why[i].how == how && !strcmp(c->why[i].text, text)) return AT_OK;
  sm_why *v = at_arena_grow(a, c->why, c->n_why, &c->cap_why, sizeof *v);
  if (!v) return at_nomem(err);
  c->why = v;
  c->why[c->n_why++] = (sm_why){how, text};
  return AT_OK;
}

static at_status units(at_arena *a, sm_cell *c, sm_block *b, at_error *err) {
  const uint32_t have = (b->unit_query && !b->a->interact ? ATTUNE_UNIT_QUERY : 0) |
                        (b->unit_key && !b->a->interact ? ATTUNE_UNIT_KEY : 0);
  const uint32_t gone = b->form.flags & have;
  static const char *const what[] = {"", "the query", "the key", "query and key"};
  if (!gone) return AT_OK;
  b->form.flags &= ~gone;
  return say(a, c, AT_SAME_IDENTICAL,
             at_arena_printf(a,
                             "%s: %s %s of unit length before it, so that dividing by the length "
                             "changes nothing",
                             b->a->score_name, what[gone], gone == 3 ? "are" : "is"),
             err);
}

/* q . b is the same for every key. */
static at_status shift(at_arena *a, sm_cell *c, sm_block *b, at_error *err) {
  if (!(b->form.flags & ATTUNE_ADDS_QUERY) || !b->shift || b->form.f != ATTUNE_IDENTITY)
    return AT_OK;
  b->form.flags &= ~(uint32_t)ATTUNE_ADDS_QUERY;
  b->shift_gone = true;
  return say(a, c, AT_SAME_IDENTICAL,
             at_arena_printf(a,
                             "%s: its b adds q . b, the same number to every key, which %s "
                             "cancels; b gets no gradient",
                             b->a->score_name, b->shift),
             err);
}

static at_status transpose(at_arena *a, sm_cell *c, sm_block *b, at_error *err) {
  if (!(b->form.flags & ATTUNE_TRANSPOSED) || b->a->interact) return AT_OK;
  b->transpose_gone = true;
  return say(a, c, AT_SAME_TRANSPOSED,
             at_arena_printf(a,
                             "%s: q . (W k) = k . (W' q), one bilinear form with W or its "
                             "transpose as the parameter",
                             b->a->score_name),
             err);
}

static at_status scale(at_arena *a, sm_cell *c, sm_block *b, at_error *err) {
  char by[32];
  if (b->form.by == 1 || !b->scale || b->form.f > ATTUNE_LEAKY_RELU || b->form.f == ATTUNE_TANH)
    return AT_OK;
  at_format_f64(by, b->form.by);
  b->scale_gone = true;
  return say(a, c, AT_SAME_SCALE,
             at_arena_printf(a, "%s: its factor %.6s is positive, and %s cancels it",
                             b->a->score_name, by, b->scale),
             err);
}

/* ---- families ---- */

static at_status absorb_after(at_arena *a, sm_cell *c, sm_block *b, at_error *err) {
  if (b->form.by == 1 || !b->after.weight || b->form.f != ATTUNE_IDENTITY) return AT_OK;
  b->by_gone = b->absorbs = true;
  return say(a, c, AT_SAME_FAMILY,
             at_arena_printf(a,
                             "%s: its factor is absorbed by the learned %s, which sums the "
                             "features after it",
                             b->a->score_name, b->after.weight->pname),
             err);
}

static at_status absorb_matrix(at_arena *a, sm_cell *c, sm_block *b, at_error *err) {
  const bool matrix = b->form.product == ATTUNE_BILINEAR, factor = b->form.by != 1;
  b->side = b->query.weight ? &b->query : b->key.weight ? &b->key : NULL;
  if (!matrix && (!factor || !b->side)) return AT_OK;
  if (factor && !b->scale_gone) b->by_gone = b->absorbs = true;
  if (!b->side) return AT_OK;
  if (matrix) b->matrix_gone = b->absorbs = true;
  return say(a, c, AT_SAME_FAMILY,
             at_arena_printf(a, "%s: its %s absorbed by the learned %s", b->a->score_name,
                             matrix ? factor ? "W and its factor are" : "W is" : "factor is",
                             matrix ? "linear layer that makes the query or the key"
                                    : "linear layer before it"),
             err);
}

static at_status absorb_terms(at_arena *a, sm_cell *c, sm_block *b, at_error *err) {
  b->key_term_gone = (b->form.flags & ATTUNE_ADDS_KEY) && b->query.bias;
  b->query_term_gone = (b->form.flags & ATTUNE_ADDS_QUERY) && b->key.bias;
  if (!b->key_term_gone && !b->query_term_gone) return AT_OK;
  b->absorbs = true;
  return say(a, c, AT_SAME_FAMILY,
             at_arena_printf(a,
                             "%s: its b is absorbed by the bias of the linear layer that makes "
                             "the %s",
                             b->a->score_name, b->key_term_gone ? "query" : "key"),
             err);
}

static at_status absorb(at_arena *a, sm_cell *c, sm_block *b, at_error *err) {
  if (b->a->interact) return absorb_after(a, c, b, err);
  if (b->form.flags & (ATTUNE_UNIT_QUERY | ATTUNE_UNIT_KEY)) return AT_OK;
  at_status s = absorb_matrix(a, c, b, err);
  return s == AT_OK ? absorb_terms(a, c, b, err) : s;
}

at_status at_sm_reduce(at_arena *a, sm_cell *c, at_error *err) {
  at_status s = AT_OK;
  for (int i = 0; s == AT_OK && i < c->g->n_attend; i++) {
    sm_block *b = &c->block[i];
    if (b->form.product == ATTUNE_OPAQUE) continue;
    s = units(a, c, b, err);
    if (s == AT_OK) s = shift(a, c, b, err);
    if (s == AT_OK) s = transpose(a, c, b, err);
    if (s == AT_OK) s = scale(a, c, b, err);
    if (s == AT_OK) s = absorb(a, c, b, err);
  }
  return s;
}
