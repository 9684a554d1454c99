/* Which examples are shown. Nothing depends on chance. */
#include <stdlib.h>
#include <string.h>
#include "core/report/gallery.h"

bool at_rp_is_right(const at_look *l) {
  return l->expected && l->predicted && !strcmp(l->expected, l->predicted);
}

/* ---- questions ---- */

static int by_text(const void *a, const void *b) {
  const rp_candidate *x = *(rp_candidate *const *)a, *y = *(rp_candidate *const *)b;
  return strcmp(x->text, y->text);
}

static int by_kind(const void *a, const void *b) {
  const rp_candidate *x = a, *y = b;
  if (x->right != y->right) return x->right ? -1 : 1;
  int c = strcmp(x->type, y->type);
  return c ? c : (x->row > y->row) - (x->row < y->row);
}

static at_status number_texts(rp_candidate *c, size_t n, at_error *err) {
  rp_candidate **by = calloc(n + 1, sizeof *by);
  if (!by) return at_nomem(err);
  for (size_t i = 0; i < n; i++) by[i] = &c[i];
  qsort(by, n, sizeof *by, by_text);
  for (size_t i = 0; i < n; i++)
    by[i]->asks = i && !strcmp(by[i]->text, by[i - 1]->text) ? by[i - 1]->asks : i;
  free(by);
  return AT_OK;
}

/* From `at` on and around: one whose text is not shown yet, else any. */
static size_t next(const rp_candidate *c, size_t n, size_t at, const bool *shown) {
  for (int any = 0; any < 2; any++)
    for (size_t d = 0; d < n; d++) {
      const rp_candidate *own = &c[(at + d) % n];
      if (!own->taken && (any || !shown[own->asks])) return (at + d) % n;
    }
  return at;
}

/* `want` of n at even distances. */
static void take(rp_candidate *c, size_t n, size_t want, bool *shown, size_t *row) {
  for (size_t k = 0; k < want; k++) {
    size_t i = next(c, n, (2 * k + 1) * n / (2 * want), shown);
    c[i].taken = shown[c[i].asks] = true;
    row[k] = c[i].row;
  }
}

static at_status choose_questions(rp_candidate *c, size_t n, size_t want, size_t *row,
                                  size_t *n_right, at_error *err) {
  size_t all = 0, half = (want + 1) / 2;
  bool *shown = calloc(n + 1, sizeof *shown);
  at_status s = shown ? number_texts(c, n, err) : at_nomem(err);
  if (s != AT_OK) {
    free(shown);
    return s;
  }
  qsort(c, n, sizeof *c, by_kind);
  for (size_t i = 0; i < n; i++) all += c[i].right;
  size_t right = half < all ? half : all;
  if (want - right > n - all) right = want - (n - all);
  take(c, all, right, shown, row);
  take(c + all, n - all, want - right, shown, row + right);
  *n_right = right;
  free(shown);
  return AT_OK;
}

/* ---- pairs ---- */

static int by_similarity(const void *a, const void *b) {
  const rp_candidate *x = a, *y = b;
  /* a pair without a number is worse than all */
  float p = isnan(x->similarity) ? -INFINITY : x->similarity;
  float q = isnan(y->similarity) ? -INFINITY : y->similarity;
  if (p != q) return p < q ? 1 : -1;
  return (x->row > y->row) - (x->row < y->row);
}

static void choose_pairs(rp_candidate *c, size_t n, size_t want, size_t *row) {
  qsort(c, n, sizeof *c, by_similarity);
  for (size_t k = 0; k < want; k++) row[k] = c[want > 1 ? k * (n - 1) / (want - 1) : 0].row;
}

at_status at_rp_choose(rp_candidate *c, size_t n, bool answers, size_t want, size_t *row,
                       size_t *n_rows, size_t *n_right, at_error *err) {
  *n_rows = want < n ? want : n;
  *n_right = 0;
  if (answers) return choose_questions(c, n, *n_rows, row, n_right, err);
  choose_pairs(c, n, *n_rows, row);
  return AT_OK;
}
