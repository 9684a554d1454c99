/* Tasks. */
#include <stdlib.h>
#include <string.h>
#include "core/check/check_impl.h"

/* A world in which the task works, and its options; false with an outcome to return. */
static bool open_world(ck *c, attune_options **o, ck_world **w, attune_prediction **p,
                       at_check_outcome *out) {
  *o = ck_options(c, c->spec);
  *w = NULL;
  if (!*o) {
    *out =
        ck_skip(c, "%s; give it: --with '%s(OPTION=VALUE)'", c->err.message, c->item->item->name);
    return false;
  }
  *w = ck_world_for(c, c->item, *o, p);
  if (*w) return true;
  *out = c->err.code == AT_EINPUT ? ck_skip(c, "%s", c->err.message)
                                  : ck_fail(c, "%s", c->err.message);
  at_options_free(*o);
  return false;
}

/* The rows of an epoch, copied; NULL: it failed. */
static int64_t *examples(ck *c, ck_world *w, const attune_options *o, uint64_t epoch, int64_t *n) {
  const int64_t *rows;
  int axes;
  ck_world_restart(w);
  if (at_task_epoch(c->item, o, ck_world_ops(w), epoch, &c->err) != AT_OK) return NULL;
  *n = ck_world_examples(w, &rows, &axes);
  int64_t *copy = malloc((size_t)(*n * axes + 1) * sizeof *copy);
  if (copy) memcpy(copy, rows, (size_t)(*n * axes) * sizeof *copy);
  *n *= axes;
  return copy;
}

at_check_outcome ck_epoch(ck *c) {
  attune_options *o;
  ck_world *w;
  at_check_outcome out = AT_CHECK_PASS;
  int64_t n = 0, m = 0, k = 0;
  if (!open_world(c, &o, &w, NULL, &out)) return out;
  int64_t *first = examples(c, w, o, 0, &n), *other = first ? examples(c, w, o, 1, &k) : NULL,
          *again = other ? examples(c, w, o, 0, &m) : NULL;
  if (!again)
    out = ck_fail(c, "%s", ck_world_complaint(w) ? ck_world_complaint(w) : c->err.message);
  else if (!n)
    out = ck_fail(c, "an epoch of nine captions has no example");
  else if (n != m || memcmp(first, again, (size_t)n * sizeof *first))
    out = ck_fail(c,
                  "the same epoch twice has other examples: they must follow from "
                  "host->random() and the epoch alone");
  free(first);
  free(other);
  free(again);
  ck_world_free(w);
  at_options_free(o);
  return out;
}

static size_t bytes_of(const attune_array *a) {
  static const size_t each[] = {0, 4, 4, 8, 1};
  size_t n = a->type <= ATTUNE_U8 ? each[a->type] : 0;
  for (uint32_t i = 0; i < a->ndim; i++) n *= (size_t)a->shape[i];
  return n;
}

/* The first array in which they differ; NULL: none. */
static const char *differ(const attune_prediction *p, const attune_prediction *q) {
  attune_array a, b;
  for (size_t i = 0;; i++) {
    const char *name = at_prediction_name(p, i, &a), *other = at_prediction_name(q, i, &b);
    if (!name && !other) return NULL;
    if (!name || !other) return name ? name : other;
    if (strcmp(name, other) || bytes_of(&a) != bytes_of(&b) || memcmp(a.data, b.data, bytes_of(&a)))
      return name;
  }
}

at_check_outcome ck_evaluate(ck *c) {
  attune_options *o;
  ck_world *w;
  attune_prediction *p = NULL, *q = NULL;
  attune_array a;
  at_check_outcome out = AT_CHECK_PASS;
  if (!open_world(c, &o, &w, &p, &out)) return out;
  if (at_task_evaluate(c->item, o, ck_world_ops(w), &q, &c->err) != AT_OK)
    out = ck_fail(c, "the second time: %s", c->err.message);
  else if (!at_prediction_name(p, 0, &a))
    out = ck_fail(c, "it predicts nothing that a metric could read");
  else if (differ(p, q))
    out = ck_fail(c, "evaluated twice, `%s` differs", differ(p, q));
  at_prediction_free(p);
  at_prediction_free(q);
  ck_world_free(w);
  at_options_free(o);
  return out;
}
