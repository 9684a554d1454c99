#include "text_answers.h"
#include <stdio.h>
#include <string.h>

/* Texts, each with its NUL; as many as *n says, or said by the first of them. */
static int texts(const attune_host *host, const attune_prediction *p, const char *name, int64_t *n,
                 const char ***out) {
  attune_array a;
  int64_t k = 0;
  int rc = host->prediction(p, name, &a);
  if (rc) return rc;
  const char *c = a.data, *end = c + (a.ndim == 1 ? a.shape[0] : 0);
  for (const char *at = c; at < end; at++) k += !*at;
  if (a.type != ATTUNE_U8 || (c < end && end[-1]) || (*n >= 0 && k != *n)) {
    host->error(host, "`%s` of the prediction is not a text for each question", name);
    return ATTUNE_FAILED;
  }
  *n = k;
  *out = host->scratch(host, (size_t)(k + 1) * sizeof **out);
  if (!*out) return ATTUNE_NO_MEMORY;
  for (int64_t i = 0; i < k; i++, c += strlen(c) + 1) (*out)[i] = c;
  return ATTUNE_OK;
}

int text_answers_open(const attune_host *host, const attune_prediction *p, text_answers *out) {
  attune_array type;
  *out = (text_answers){.n = -1};
  int rc = texts(host, p, "predicted", &out->n, &out->predicted);
  if (!rc) rc = texts(host, p, "answers", &out->n, &out->people);
  if (!rc) rc = texts(host, p, "possible", &out->n, &out->possible);
  if (rc) return rc;
  if (!host->prediction(p, "type", &type) && type.type == ATTUNE_I32 && type.shape[0] == out->n &&
      !host->prediction(p, "type_names", &out->type_names))
    out->type = type.data;
  return ATTUNE_OK;
}

static int best_possible(const attune_host *host, const char *possible, const char *people,
                         text_score *score, void *ctx, double *out) {
  char *text = host->scratch(host, strlen(possible) + 1);
  if (!text) return ATTUNE_NO_MEMORY;
  strcpy(text, possible);
  *out = -1;
  for (char *at = text, *end; at; at = end) {
    if ((end = strchr(at, '\t'))) *end++ = 0;
    const double v = score(ctx, at, people);
    if (v > *out) *out = v;
  }
  return ATTUNE_OK;
}

/* The mean over questions of a type; `of` NULL: all. */
static int mean(const attune_host *host, const double *v, int64_t n, const int32_t *of,
                int64_t type, const char *name, double scale, attune_results *results) {
  double sum = 0;
  int64_t count = 0;
  for (int64_t i = 0; i < n; i++) {
    if (v[i] < 0 || (of && of[i] != type)) continue;
    sum += v[i];
    count++;
  }
  return count ? host->result(results, name, scale * sum / (double)count, 1) : ATTUNE_OK;
}

int text_answers_report(const attune_host *host, const text_answers *a, const char *name,
                        text_score *score, void *ctx, double scale, int by_type,
                        attune_results *results) {
  double *now = host->scratch(host, (size_t)(a->n + 1) * sizeof *now);
  double *best = host->scratch(host, (size_t)(a->n + 1) * sizeof *best);
  char full[64];
  int rc = now && best ? ATTUNE_OK : ATTUNE_NO_MEMORY;
  for (int64_t i = 0; i < a->n && !rc; i++) {
    now[i] = score(ctx, a->predicted[i], a->people[i]);
    rc = best_possible(host, a->possible[i], a->people[i], score, ctx, &best[i]);
  }
  if (!rc) rc = mean(host, now, a->n, NULL, 0, name, scale, results);
  const char *c = a->type && by_type ? a->type_names.data : NULL;
  const char *end = c ? c + a->type_names.shape[0] : NULL;
  for (int64_t t = 0; c && c < end && !rc; t++, c += strlen(c) + 1) {
    snprintf(full, sizeof full, "%.20s.%.40s", name, c);
    rc = mean(host, now, a->n, a->type, t, full, scale, results);
  }
  snprintf(full, sizeof full, "%.20s.possible", name);
  return rc ? rc : mean(host, best, a->n, NULL, 0, full, scale, results);
}
