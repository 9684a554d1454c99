/* Does the score of a picture with a caption follow what people say of the two?
 *
 *   expert_tau_c  Stuart's tau-c over the experts' grades, each a pair of its own: 3 a picture with
 *                 a caption, so that n is about 17,000 for Flickr8k
 *   crowd_tau_b   Kendall's tau-b over the shares of yes
 *
 * Both as Hessel, Holtzman, Forbes, Le Bras & Choi 2021 (CLIPScore, arXiv:2104.08718, table 1) and
 * those after them have it, times 100; but for that they leave pairs out whose caption is the
 * picture's own, which metrics that compare with references must and a model of pictures and texts
 * need not: `own`.
 *
 * NAME.low and NAME.high are the 2.5 and 97.5 % points of the same over resamples of the pictures:
 * what is said of one picture hangs together. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <attune/plugin.h>
#include "../split_mix.h"
#include "attention_math.h"

typedef struct pairs {
  int64_t n, pictures;
  double *score, *said;
  int64_t *begin; /* [pictures + 1]: those of a picture lie side by side */
} pairs;

typedef struct work {
  const attune_host *host;
  attune_results *results;
  int64_t resamples;
  int own;
  const attune_prediction *prediction;
  am_space space;
  double *x, *y;
} work;

typedef double tau_fn(const am_space *s, const double *x, const double *y, int64_t n);
static double tau_b(const am_space *s, const double *x, const double *y, int64_t n) {
  return am_tau_b(s, x, y, n, NULL);
}

/* ---- reading ---- */

static void *memory(const work *w, int64_t n, size_t size, int *rc) {
  void *v = w->host->scratch(w->host, ((size_t)n + 1) * size);
  if (!v) *rc = ATTUNE_NO_MEMORY;
  return v;
}

typedef struct arrays {
  attune_array said, picture, caption, similarity, owner;
} arrays;

static int malformed(const work *w) {
  w->host->error(w->host, "what was judged does not fit the similarities");
  return ATTUNE_FAILED;
}

/* Rows of both, numbers that are some. */
static int check(const work *w, const arrays *a) {
  const int64_t n = a->said.shape[0], *p = a->picture.data, *c = a->caption.data;
  if (a->said.type != ATTUNE_F32 || a->picture.type != ATTUNE_I64 ||
      a->caption.type != ATTUNE_I64 || a->picture.shape[0] != n || a->caption.shape[0] != n)
    return malformed(w);
  for (int64_t i = 0; i < n; i++)
    if (p[i] < 0 || p[i] >= a->similarity.shape[0] || c[i] < 0 || c[i] >= a->similarity.shape[1])
      return malformed(w);
  return ATTUNE_OK;
}

/* Sorted by picture, by counting. */
static int open_pairs(const work *w, const arrays *a, pairs *out) {
  const int64_t *p = a->picture.data, *c = a->caption.data, *owner = a->owner.data;
  const float *said = a->said.data, *score = a->similarity.data;
  const int64_t n = a->said.shape[0], pictures = a->similarity.shape[0];
  int rc = check(w, a);
  if (rc) return rc;
  out->pictures = pictures;
  out->score = memory(w, n, sizeof *out->score, &rc);
  out->said = memory(w, n, sizeof *out->said, &rc);
  out->begin = memory(w, pictures + 1, sizeof *out->begin, &rc);
  if (rc) return rc;
  memset(out->begin, 0, (size_t)(pictures + 2) * sizeof *out->begin);
  for (int64_t i = 0; i < n; i++)
    if (w->own || owner[c[i]] != p[i]) out->begin[p[i] + 1]++;
  for (int64_t k = 0; k < pictures; k++) out->begin[k + 1] += out->begin[k];
  out->n = out->begin[pictures];
  for (int64_t i = n; i-- > 0;) {
    if (!w->own && owner[c[i]] == p[i]) continue;
    const int64_t at = --out->begin[p[i] + 1];
    out->score[at] = (double)score[p[i] * a->similarity.shape[1] + c[i]];
    out->said[at] = (double)said[i];
  }
  /* begin[k + 1] is now where picture k begins */
  memmove(out->begin, out->begin + 1, (size_t)pictures * sizeof *out->begin);
  out->begin[pictures] = out->n;
  return ATTUNE_OK;
}

/* ---- resampling ---- */

static uint64_t bits(uint64_t at) { return split_mix((at + 1) * SPLIT_MIX_STEP); }

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Pictures that nobody judged are none to draw. */
static double resampled(const work *w, const pairs *p, const int64_t *judged, int64_t n_judged,
                        int64_t number, tau_fn *tau) {
  int64_t n = 0;
  for (int64_t k = 0; k < n_judged; k++) {
    const uint64_t draw = bits((uint64_t)number << 32 | (uint64_t)k) >> 32;
    const int64_t of = judged[(int64_t)((draw * (uint64_t)n_judged) >> 32)];
    const int64_t some = p->begin[of + 1] - p->begin[of];
    memcpy(w->x + n, p->score + p->begin[of], (size_t)some * sizeof *w->x);
    memcpy(w->y + n, p->said + p->begin[of], (size_t)some * sizeof *w->y);
    n += some;
  }
  return tau(&w->space, w->x, w->y, n);
}

static int interval(const work *w, const pairs *p, tau_fn *tau, double *low, double *high) {
  int rc = ATTUNE_OK;
  int64_t n = 0, m = 0;
  double *v = memory(w, w->resamples, sizeof *v, &rc);
  int64_t *judged = memory(w, p->pictures, sizeof *judged, &rc);
  *low = *high = NAN;
  if (rc) return rc;
  for (int64_t k = 0; k < p->pictures; k++)
    if (p->begin[k + 1] > p->begin[k]) judged[m++] = k;
  for (int64_t i = 0; m > 1 && i < w->resamples; i++) {
    double t = resampled(w, p, judged, m, i, tau);
    if (!isnan(t)) v[n++] = t;
  }
  if (n < 2) return ATTUNE_OK;
  qsort(v, (size_t)n, sizeof *v, by_size);
  *low = v[(int64_t)floor(0.025 * (double)(n - 1))];
  *high = v[(int64_t)ceil(0.975 * (double)(n - 1))];
  return ATTUNE_OK;
}

/* ---- results ---- */

typedef struct kind {
  const char *name, *low, *high;        /* of results */
  const char *said, *picture, *caption; /* arrays */
  tau_fn *tau;
} kind;
static const kind kinds[] = {
    {"expert_tau_c", "expert_tau_c.low", "expert_tau_c.high", "judged_expert",
     "judged_expert_picture", "judged_expert_caption", am_tau_c},
    {"crowd_tau_b", "crowd_tau_b.low", "crowd_tau_b.high", "judged_crowd", "judged_crowd_picture",
     "judged_crowd_caption", tau_b},
};

/* A resample holds other numbers of pairs: those of the picture with most, for each, are room. */
static int64_t most_of(const pairs *p) {
  int64_t most = 0, judged = 0;
  for (int64_t k = 0; k < p->pictures; k++) {
    const int64_t n = p->begin[k + 1] - p->begin[k];
    most = n > most ? n : most;
    judged += n > 0;
  }
  return most * judged;
}

static int open_space(work *w, int64_t room) {
  int rc = ATTUNE_OK;
  w->x = memory(w, room, sizeof *w->x, &rc);
  w->y = memory(w, room, sizeof *w->y, &rc);
  w->space.pair = memory(w, room, sizeof *w->space.pair, &rc);
  for (int i = 0; i < 2; i++) {
    w->space.rank[i] = memory(w, room, sizeof *w->space.rank[i], &rc);
    w->space.merge[i] = memory(w, room, sizeof *w->space.merge[i], &rc);
  }
  return rc;
}

static int give(const work *w, const char *name, double v, int better) {
  if (!isnan(v)) return w->host->result(w->results, name, 100 * v, better);
  w->host->error(w->host, "too few are judged, or all alike");
  return w->host->each(w->results, name, NULL, 0, better);
}

static int report(work *w, const kind *k) {
  const attune_prediction *from = w->prediction;
  arrays a;
  pairs p = {0};
  double low, high;
  int rc = w->host->prediction(from, "similarity", &a.similarity);
  if (!rc) rc = w->host->prediction(from, "picture_of_caption", &a.owner);
  if (rc) return rc;
  if (w->host->prediction(from, k->said, &a.said) ||
      w->host->prediction(from, k->picture, &a.picture) ||
      w->host->prediction(from, k->caption, &a.caption)) {
    w->host->error(w->host, "nobody judged pairs of this split");
    return w->host->each(w->results, k->name, NULL, 0, 1);
  }
  if ((rc = open_pairs(w, &a, &p))) return rc;
  const int64_t room = most_of(&p) > p.n ? most_of(&p) : p.n;
  if ((rc = open_space(w, room))) return rc;
  rc = give(w, k->name, k->tau(&w->space, p.score, p.said, p.n), 1);
  if (rc || !w->resamples) return rc;
  rc = interval(w, &p, k->tau, &low, &high);
  if (!rc && isnan(low)) return ATTUNE_OK;
  if (!rc) rc = give(w, k->low, low, -1);
  return rc ? rc : give(w, k->high, high, -1);
}

static int compute(const attune_host *host, const attune_options *options,
                   const attune_prediction *prediction, attune_results *results) {
  work w = {.host = host,
            .results = results,
            .prediction = prediction,
            .resamples = host->option_int(options, "resamples"),
            .own = host->option_int(options, "own") != 0};
  int rc = ATTUNE_OK;
  for (size_t i = 0; !rc && i < sizeof kinds / sizeof *kinds; i++) rc = report(&w, &kinds[i]);
  return rc;
}

static const attune_option options_table[] = {
    {"resamples", ATTUNE_OPTION_INT, "200", 0, 100000, NULL,
     "how often pictures are resampled for the interval; 0: there is none"},
    {"own", ATTUNE_OPTION_BOOL, "true", 0, 0, NULL,
     "with pairs whose caption is the picture's own"},
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL},
};
static const attune_metric judged = {
    .item = {sizeof(attune_metric), ATTUNE_METRIC, "judged",
             "rank correlation of similarities with what people say of pairs",
             "expert_tau_c: Stuart's tau-c of similarity and grade, each grade of an expert a pair "
             "of its own; crowd_tau_b:\n"
             "Kendall's tau-b of similarity and share of yes; both times 100. .low, .high: 95 "
             "percent interval, by resampling\n"
             "pictures. Data: the reader photos with expert=, crowd=. Missing where a split has no "
             "judgments. Hessel et al.\n"
             "2021 (arXiv:2104.08718); Hodosh, Young and Hockenmaier 2013.",
             options_table},
    .task = "matching",
    .compute = compute,
};
static const attune_item *const items[] = {&judged.item};
ATTUNE_PLUGIN("judged", "1.0", "Apache-2.0", items)
