/* Image-text matching: every picture against every caption (Karpathy, Fei-Fei, 2015). */
#include <attune/plugin.h>
#include <stdlib.h>
#include <string.h>
#include "below.h"

enum { PICTURE, CAPTION };

static const attune_option options_table[] = {
    {"captions", ATTUNE_OPTION_ENUM, "all", 0, 0, "all|one",
     "examples of an epoch: every caption with its picture, or every picture with one of its "
     "captions"},
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL},
};

/* The two tables, told apart by which links to which; role[i] is that of batch axis i. */
typedef struct sides {
  const char *name[2];
  uint32_t axis[2];
  int64_t rows[2];
} sides;

static int find_sides(const attune_host *host, attune_task_context *c, sides *s) {
  const char *a = host->batch_axis(c, 0), *b = host->batch_axis(c, 1);
  if (!a || !b || host->batch_axis(c, 2)) {
    host->error(host, "matching needs a model with two batch axes, of pictures and of captions");
    return ATTUNE_BAD_INPUT;
  }
  int swapped = host->rows(c, a) > 0 && host->link(c, a, b, 0) >= 0;
  if (!swapped && !(host->rows(c, b) > 0 && host->link(c, b, a, 0) >= 0)) {
    host->error(host,
                "matching needs data in which `%s` or `%s` links to the other, and rows in both", a,
                b);
    return ATTUNE_BAD_INPUT;
  }
  s->axis[PICTURE] = swapped ? 1u : 0u;
  s->axis[CAPTION] = swapped ? 0u : 1u;
  for (int i = 0; i < 2; i++) {
    s->name[i] = host->batch_axis(c, s->axis[i]);
    s->rows[i] = host->rows(c, s->name[i]);
  }
  return ATTUNE_OK;
}

static void shuffle(const attune_host *host, attune_task_context *c, uint64_t epoch, int64_t *v,
                    int64_t n) {
  for (int64_t i = n - 1; i > 0; i--) {
    int64_t j = below(host->random(c, epoch, (uint64_t)i), i + 1), t = v[i];
    v[i] = v[j];
    v[j] = t;
  }
}

/* Keeps one caption of each picture: the k-th seen replaces the one before with probability 1/k. */
static int64_t choose_one(const attune_host *host, attune_task_context *c, uint64_t epoch,
                          const sides *s, int64_t *caption, int64_t *seen, int64_t *chosen) {
  int64_t n = 0;
  for (int64_t i = 0; i < s->rows[CAPTION]; i++) {
    int64_t p = host->link(c, s->name[CAPTION], s->name[PICTURE], i);
    if (p < 0 || p >= s->rows[PICTURE]) continue;
    uint32_t bits = host->random(c, epoch, (uint64_t)(s->rows[CAPTION] + i));
    if (below(bits, ++seen[p]) == 0) chosen[p] = i;
  }
  for (int64_t p = 0; p < s->rows[PICTURE]; p++)
    if (seen[p]) caption[n++] = chosen[p];
  return n;
}

static int epoch(const attune_host *host, const attune_options *options, attune_task_context *c,
                 uint64_t number) {
  sides s;
  int rc = find_sides(host, c, &s);
  if (rc) return rc;
  int64_t n = s.rows[CAPTION];
  int64_t *caption = host->scratch(host, (size_t)(n + 1) * sizeof *caption);
  int64_t *work = host->scratch(host, (size_t)(2 * s.rows[PICTURE] + 1) * sizeof *work);
  if (!caption || !work) return ATTUNE_NO_MEMORY;
  if (host->option_int(options, "captions"))
    n = choose_one(host, c, number, &s, caption, work, work + s.rows[PICTURE]);
  else
    for (int64_t i = 0; i < n; i++) caption[i] = i;
  shuffle(host, c, number, caption, n);
  for (int64_t i = 0; i < n; i++) {
    int64_t rows[2];
    rows[s.axis[CAPTION]] = caption[i];
    rows[s.axis[PICTURE]] = host->link(c, s.name[CAPTION], s.name[PICTURE], caption[i]);
    if ((rc = host->example(c, rows))) return rc;
  }
  return ATTUNE_OK;
}

/* ---- what people said of pairs ---- */

enum { MOST_GRADES = 16 };

/* Numbers with blanks between; how many. */
static int numbers(const char *text, float to[MOST_GRADES]) {
  int n = 0;
  for (char *end; text && *text && n < MOST_GRADES; text = end) {
    float v = strtof(text, &end);
    if (end == text) break;
    to[n++] = v;
  }
  return n;
}

/* Each number is a judgment of its own. picture, caption, said NULL: counted only. */
static int64_t judged(const attune_host *host, attune_task_context *c, const sides *s,
                      const char *field, int64_t *picture, int64_t *caption, float *said) {
  int64_t n = 0;
  for (int64_t r = 0; r < host->rows(c, "judgment"); r++) {
    float v[MOST_GRADES];
    const int k = numbers(host->row_text(c, "judgment", field, r), v);
    for (int i = 0; i < k; i++, n++) {
      if (!said) continue;
      picture[n] = host->link(c, "judgment", s->name[PICTURE], r);
      caption[n] = host->link(c, "judgment", s->name[CAPTION], r);
      said[n] = v[i];
    }
  }
  return n;
}

/* judged_FIELD, judged_FIELD_picture, judged_FIELD_caption: absent where the split has none. */
static int keep_judged(const attune_host *host, attune_task_context *c, const sides *s,
                       const char *const names[4], attune_prediction *prediction) {
  void *v[3];
  attune_array a = {.type = ATTUNE_F32, .ndim = 1};
  a.shape[0] = judged(host, c, s, names[0], NULL, NULL, NULL);
  if (!a.shape[0]) return ATTUNE_OK;
  for (int i = 0; i < 3; i++) {
    int rc = host->predict(prediction, names[i + 1], &a, &v[i]);
    if (rc) return rc;
    a.type = ATTUNE_I64;
  }
  judged(host, c, s, names[0], v[1], v[2], v[0]);
  return ATTUNE_OK;
}

static const char *const expert_names[] = {"expert", "judged_expert", "judged_expert_picture",
                                           "judged_expert_caption"};
static const char *const crowd_names[] = {"crowd", "judged_crowd", "judged_crowd_picture",
                                          "judged_crowd_caption"};

/* ---- evaluation ---- */

typedef struct grid {
  sides s;
  int64_t *row[2]; /* 0, 1, 2 ... */
  float *similarity;
} grid;

/* np pictures from p on with nq captions from q on, or with as many as there are. */
static int block(const attune_host *host, attune_task_context *c, const grid *g, int64_t p,
                 int64_t np, int64_t q, int64_t nq) {
  const int64_t *rows[2];
  int64_t counts[2];
  attune_array out;
  uint32_t a = g->s.axis[PICTURE], b = g->s.axis[CAPTION];
  if (np > g->s.rows[PICTURE] - p) np = g->s.rows[PICTURE] - p;
  if (nq > g->s.rows[CAPTION] - q) nq = g->s.rows[CAPTION] - q;
  rows[a] = g->row[PICTURE] + p;
  counts[a] = np;
  rows[b] = g->row[CAPTION] + q;
  counts[b] = nq;
  int rc = host->forward(c, "similarity", rows, counts, &out);
  if (rc) return rc;
  if (out.ndim != 2 || out.type != ATTUNE_F32) {
    host->error(host, "`similarity` must be one number for each picture and caption");
    return ATTUNE_BAD_INPUT;
  }
  const float *v = out.data;
  for (int64_t i = 0; i < np; i++)
    for (int64_t j = 0; j < nq; j++)
      g->similarity[(p + i) * g->s.rows[CAPTION] + q + j] = a == 0 ? v[i * nq + j] : v[j * np + i];
  return ATTUNE_OK;
}

static int evaluate(const attune_host *host, const attune_options *options, attune_task_context *c,
                    attune_prediction *prediction) {
  grid g;
  void *stored;
  (void)options;
  int rc = find_sides(host, c, &g.s);
  if (rc) return rc;
  const int64_t np = g.s.rows[PICTURE], nq = g.s.rows[CAPTION];
  attune_array similarity = {.type = ATTUNE_F32, .ndim = 2, .shape = {np, nq}};
  attune_array owner = {.type = ATTUNE_I64, .ndim = 1, .shape = {nq}};
  if ((rc = host->predict(prediction, "similarity", &similarity, &stored))) return rc;
  g.similarity = stored;
  if ((rc = host->predict(prediction, "picture_of_caption", &owner, &stored))) return rc;
  int64_t *of = stored;
  for (int64_t i = 0; i < nq; i++) of[i] = host->link(c, g.s.name[CAPTION], g.s.name[PICTURE], i);
  for (int k = 0; k < 2; k++) {
    g.row[k] = host->scratch(host, (size_t)(g.s.rows[k] + 1) * sizeof *g.row[k]);
    if (!g.row[k]) return ATTUNE_NO_MEMORY;
    for (int64_t i = 0; i < g.s.rows[k]; i++) g.row[k][i] = i;
  }
  if ((rc = keep_judged(host, c, &g.s, expert_names, prediction)) ||
      (rc = keep_judged(host, c, &g.s, crowd_names, prediction)))
    return rc;
  int64_t bp = host->block(c, g.s.axis[PICTURE]), bq = host->block(c, g.s.axis[CAPTION]);
  /* The larger blocks are gone through once: what the model makes of them may be kept. */
  if (bp >= bq)
    for (int64_t p = 0; p < np && !rc; p += bp)
      for (int64_t q = 0; q < nq && !rc; q += bq) rc = block(host, c, &g, p, bp, q, bq);
  else
    for (int64_t q = 0; q < nq && !rc; q += bq)
      for (int64_t p = 0; p < np && !rc; p += bp) rc = block(host, c, &g, p, bp, q, bq);
  return rc;
}

static const attune_need needs[] = {{"similarity", 2, "of every picture with every caption"},
                                    {NULL, 0, NULL}};

static const attune_task matching = {
    .item = {sizeof(attune_task), ATTUNE_TASK, "matching", "images and texts that belong together",
             "An example is a caption with its picture; the other pairs of a batch are the wrong "
             "ones, also when a\n"
             "picture is in the batch twice, as in SCAN (Lee et al., 2018). Evaluation scores "
             "every picture of the\n"
             "split with every caption. Data: two tables, one of which links to the other.\n"
             "Metrics read similarity, F32 [pictures, captions], and picture_of_caption, I64 "
             "[captions].",
             options_table},
    .needs = needs,
    .epoch = epoch,
    .evaluate = evaluate,
};
static const attune_item *const items[] = {&matching.item};
ATTUNE_PLUGIN("matching", "1.0", "Apache-2.0", items)
