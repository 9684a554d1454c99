/* Metrics. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/check/check_impl.h"

static at_results *results(ck *c, const attune_options *o, const attune_prediction *p) {
  at_results *r = at_results_new();
  if (r && at_metric_results(c->item, o, p, r, &c->err) == AT_OK) return r;
  at_results_free(r);
  return NULL;
}

static bool same_number(double a, double b) { return a == b || (isnan(a) && isnan(b)); }

static at_check_outcome compare(ck *c, const at_results *a, const at_results *b) {
  const size_t n = at_results_count(a);
  if (!n) return ck_fail(c, "it gives no result");
  if (n != at_results_count(b)) return ck_fail(c, "the second time it gives other results");
  for (size_t i = 0; i < n; i++) {
    const at_result *x = at_results_at(a, i), *y = at_results_at(b, i);
    if (strcmp(x->name, y->name)) return ck_fail(c, "the second time it gives other results");
    if (!same_number(x->value, y->value))
      return ck_fail(c, "`%s` is %.9g and, the second time, %.9g", x->name, x->value, y->value);
    if (isinf(x->value)) return ck_fail(c, "`%s` is infinite", x->name);
    for (size_t k = 0; k < i; k++)
      if (!strcmp(at_results_at(a, k)->name, x->name))
        return ck_fail(c, "two results are called `%s`", x->name);
  }
  return ck_note(c, "%zu result%s", n, n == 1 ? "" : "s");
}

at_check_outcome ck_metric_bits(ck *c) {
  attune_options *o = ck_options(c, c->spec);
  if (!o) return ck_skip(c, "%s", c->err.message);
  if (at_metric_sees(c->item)) {
    at_options_free(o);
    return ck_skip(c, "it sees pictures");
  }
  const attune_prediction *p = ck_metric_input(c);
  at_results *a = p ? results(c, o, p) : NULL, *b = a ? results(c, o, p) : NULL;
  at_check_outcome out = !p                  ? ck_skip(c, "nothing to read: %s", c->err.message)
                         : b                 ? compare(c, a, b)
                         : ck_lacks_array(c) ? ck_skip_array(c)
                         : c->err.code == AT_EINPUT ? ck_skip(c, "%s", c->err.message)
                                                    : ck_fail(c, "%s", c->err.message);
  at_results_free(a);
  at_results_free(b);
  at_options_free(o);
  return out;
}

at_check_outcome ck_metric_missing(ck *c) {
  attune_options *o = ck_options(c, c->spec);
  if (!o) return ck_skip(c, "%s", c->err.message);
  attune_prediction *p = at_prediction_new();
  at_results *r = at_results_new();
  at_check_outcome out = AT_CHECK_PASS;
  at_status s = p && r ? at_metric_results(c->item, o, p, r, &c->err) : AT_ENOMEM;
  if (s != AT_OK && strstr(c->err.message, "` returned -"))
    out = ck_fail(c, "it fails without a sentence that says why (%s)", c->err.message);
  if (s == AT_OK)
    for (size_t i = 0; i < at_results_count(r); i++)
      if (!at_results_missing(r, i) && !isnan(at_results_at(r, i)->value))
        out = ck_fail(c, "of nothing at all its `%s` is %g", at_results_at(r, i)->name,
                      at_results_at(r, i)->value);
  at_results_free(r);
  at_prediction_free(p);
  at_options_free(o);
  return out;
}

/* ---- metrics that see pictures ---- */

enum { PICTURES = 10, SIDE = 6, EACH = SIDE * SIDE * 3 };

typedef struct album {
  uint8_t made[PICTURES * EACH], real[PICTURES * EACH];
  const char *caption[PICTURES];
  int64_t row[PICTURES];
} album;

static void fill(album *a) {
  static const char *const words[] = {"a red circle", "a blue square", "two dogs"};
  for (int i = 0; i < PICTURES * EACH; i++) {
    a->made[i] = (uint8_t)(i * 37 + i / EACH * 11);
    a->real[i] = (uint8_t)(i * 53 + i / EACH * 29);
  }
  for (int i = 0; i < PICTURES; i++) {
    a->caption[i] = words[i % 3];
    a->row[i] = i;
  }
}

static at_status show(ck *c, const attune_options *o, const album *a, int block, void *state) {
  at_status s = AT_OK;
  for (int64_t i = 0; s == AT_OK && i < PICTURES; i += block) {
    const attune_pictures b = {.size = sizeof b,
                               .first = i,
                               .total = PICTURES,
                               .count = PICTURES - i < block ? PICTURES - i : block,
                               .height = SIDE,
                               .width = SIDE,
                               .made = a->made + i * EACH,
                               .real = a->real + i * EACH,
                               .caption = a->caption + i,
                               .row = a->row + i,
                               .picture = a->row + i};
    s = at_metric_pictures(c->item, o, state, &b, &c->err);
  }
  return s;
}

at_status ck_metric_seen(ck *c, const attune_options *o, int block, const attune_prediction *p,
                         at_result **r, size_t *n) {
  static album a;
  void *state = NULL;
  fill(&a);
  *r = NULL;
  *n = 0;
  at_status s = at_metric_begin(c->item, o, &state, &c->err);
  if (s != AT_OK) return s;
  s = show(c, o, &a, block, state);
  if (s == AT_OK) s = at_metric_conclude(c->item, o, state, p, r, n, &c->err);
  at_metric_end(c->item, state);
  return s;
}

at_check_outcome ck_metric_pictures(ck *c) {
  at_result *one = NULL, *many = NULL;
  size_t n = 0, m = 0;
  if (!at_metric_sees(c->item)) return ck_skip(c, "it sees no pictures");
  attune_options *o = ck_options(c, c->spec);
  if (!o) return ck_skip(c, "%s", c->err.message);
  const attune_prediction *p = ck_metric_input(c);
  at_check_outcome out = AT_CHECK_PASS;
  if (!p)
    out = ck_skip(c, "nothing to read: %s", c->err.message);
  else if (ck_metric_seen(c, o, PICTURES, p, &many, &m) != AT_OK ||
           ck_metric_seen(c, o, 1, p, &one, &n) != AT_OK)
    out = c->err.code == AT_EINPUT || ck_lacks_array(c) ? ck_skip(c, "%s", c->err.message)
                                                        : ck_fail(c, "%s", c->err.message);
  else if (n != m)
    out = ck_fail(c, "of pictures one by one it gives %zu results, of all at once %zu", n, m);
  for (size_t i = 0; out == AT_CHECK_PASS && i < n; i++)
    if (!(fabs(one[i].value - many[i].value) <= 1e-6 * (1 + fabs(many[i].value))) &&
        !(isnan(one[i].value) && isnan(many[i].value)))
      out = ck_fail(c, "`%s` is %.9g of pictures one by one, %.9g of all at once", one[i].name,
                    one[i].value, many[i].value);
  free(one);
  free(many);
  at_options_free(o);
  return out;
}
