/* R-precision of made pictures: whether a picture's own caption is the nearest among others. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "picture_math.h"
#include "picture_network.h"
#include "pictures_missing.h"

static const attune_option options_table[] = {
    ATTUNE_PATH_OPTION("network", "",
                       "a run that gives codes of pictures and of captions, of damsm.att; empty: "
                       "the model's own `picture_code` and `caption_code`"),
    ATTUNE_STRING_OPTION("picture", "picture_code", "the network's output of a picture"),
    ATTUNE_STRING_OPTION("caption", "caption_code", "its output of a caption"),
    ATTUNE_INT_OPTION("candidates", "100", 2, 100000,
                      "captions that a picture is held against: its own and others of other "
                      "pictures, drawn for each"),
    ATTUNE_INT_OPTION("folds", "10", 1, 1000, "parts that the mean and the deviation are over"),
    ATTUNE_INT_OPTION("seed", "0", 0, 1e9, "of the draw"),
    ATTUNE_END_OF_OPTIONS};

enum { BLOCK = 64 };

typedef struct ranking {
  attune_network *net; /* of pictures; NULL: the model's own codes */
  picture_rows made, real, captions;
  int64_t n, total;
  int64_t *own;   /* [total] of each picture the row of its caption, among `captions` */
  int64_t *owner; /* [captions] whose picture; of one without a picture -2 - row */
  int has_real;
} ranking;

static int begin(const attune_host *host, const attune_options *o, void **state) {
  (void)host, (void)o;
  *state = calloc(1, sizeof(ranking));
  return *state ? ATTUNE_OK : ATTUNE_NO_MEMORY;
}

static void end(void *state) {
  ranking *k = state;
  free(k->made.v);
  free(k->real.v);
  free(k->captions.v);
  free(k->own);
  free(k->owner);
  free(k);
}

/* ---- codes ---- */

/* All captions of the split, for others are drawn among them. */
static int read_captions(const attune_host *host, const attune_options *o, ranking *k,
                         const attune_pictures *b) {
  const attune_network_spec spec = {.size = sizeof spec,
                                    .model = host->option_text(o, "network"),
                                    .outputs = host->option_text(o, "caption")};
  const int64_t n = host->rows(b->context, b->caption_table);
  attune_network *net;
  char *text[BLOCK] = {NULL};
  int rc = host->network(host, &spec, &net);
  for (int64_t at = 0; !rc && at < n; at += BLOCK) {
    const int64_t count = n - at < BLOCK ? n - at : BLOCK;
    for (int64_t i = 0; i < count && !rc; i++) {
      const char *t = host->row_text(b->context, b->caption_table, b->caption_field, at + i);
      if (!(text[i] = strdup(t ? t : ""))) rc = ATTUNE_NO_MEMORY;
    }
    if (!rc)
      rc = picture_rows_read(host, net, spec.outputs, (const char *const *)text, count, n,
                             &k->captions);
    for (int64_t i = 0; i < count; i++) {
      free(text[i]);
      text[i] = NULL;
    }
  }
  if (rc || !(k->owner = calloc((size_t)n + 1, sizeof *k->owner)))
    return rc ? rc : ATTUNE_NO_MEMORY;
  for (int64_t i = 0; i < n; i++) {
    const int64_t p = host->link(b->context, b->caption_table, b->picture_table, i);
    k->owner[i] = p >= 0 ? p : -2 - i;
  }
  return ATTUNE_OK;
}

static int prepare(const attune_host *host, const attune_options *o, ranking *k,
                   const attune_pictures *b) {
  const attune_network_spec spec = {.size = sizeof spec,
                                    .model = host->option_text(o, "network"),
                                    .outputs = host->option_text(o, "picture"),
                                    .height = b->height,
                                    .width = b->width};
  k->total = b->total;
  k->has_real = b->real && b->picture;
  if (!(k->own = calloc((size_t)b->total + 1, sizeof *k->own))) return ATTUNE_NO_MEMORY;
  if (!*spec.model) {
    k->owner = calloc((size_t)b->total + 1, sizeof *k->owner);
    return k->owner ? ATTUNE_OK : ATTUNE_NO_MEMORY;
  }
  const int rc = host->network(host, &spec, &k->net);
  return rc ? rc : read_captions(host, o, k, b);
}

static int pictures(const attune_host *host, const attune_options *o, void *state,
                    const attune_pictures *b) {
  ranking *k = state;
  const char *output = host->option_text(o, "picture");
  int rc = k->total ? ATTUNE_OK : prepare(host, o, k, b);
  if (rc) return rc;
  for (int64_t i = 0; i < b->count && k->n < k->total; i++, k->n++) {
    k->own[k->n] = k->net ? b->row[i] : k->n;
    if (!k->net) k->owner[k->n] = b->picture && b->picture[i] >= 0 ? b->picture[i] : -2 - k->n;
  }
  if (!k->net) return ATTUNE_OK;
  rc = picture_rows_see(host, k->net, output, b->made, b->count, b->height, b->width, b->total,
                        &k->made);
  if (rc || !b->real || !k->has_real) return rc;
  return picture_rows_see(host, k->net, output, b->real, b->count, b->height, b->width, b->total,
                          &k->real);
}

/* ---- ranks ---- */

static float cosine(const float *x, const float *y, int64_t n) {
  double xy = 0, xx = 0, yy = 0;
  for (int64_t i = 0; i < n; i++) {
    xy += (double)x[i] * y[i];
    xx += (double)x[i] * x[i];
    yy += (double)y[i] * y[i];
  }
  return xx > 0 && yy > 0 ? (float)(xy / sqrt(xx * yy)) : 0;
}

/* Similarities of each picture with its own caption and with others, [n, candidates]. */
static int compare(const attune_host *host, const attune_options *o, const ranking *k,
                   const picture_rows *pictures, const picture_rows *captions, float *out) {
  const int64_t candidates = host->option_int(o, "candidates"), width = captions->width;
  const uint64_t seed = (uint64_t)host->option_int(o, "seed");
  int64_t *other = host->scratch(host, (size_t)candidates * sizeof *other);
  if (!other) return ATTUNE_NO_MEMORY;
  for (int64_t i = 0; i < pictures->n; i++) {
    const float *code = pictures->v + i * width;
    if (!mismatched_captions(k->owner, captions->n, k->owner[k->own[i]], seed, (uint64_t)i,
                             candidates - 1, other)) {
      host->error(
          host,
          "R-precision among %lld captions needs %lld of other pictures, and there are %lld "
          "captions in all; evaluate more, or set candidates",
          (long long)candidates, (long long)(candidates - 1), (long long)captions->n);
      return ATTUNE_BAD_INPUT;
    }
    out[i * candidates] = cosine(code, captions->v + k->own[i] * width, width);
    for (int64_t c = 1; c < candidates; c++)
      out[i * candidates + c] = cosine(code, captions->v + other[c - 1] * width, width);
  }
  return ATTUNE_OK;
}

static int rank(const attune_host *host, const attune_options *o, const ranking *k,
                const picture_rows *pictures, const picture_rows *captions, spread *out) {
  const int64_t candidates = host->option_int(o, "candidates"),
                folds = host->option_int(o, "folds");
  if (pictures->width != captions->width) {
    host->error(host, "codes of pictures are %lld numbers, those of captions %lld",
                (long long)pictures->width, (long long)captions->width);
    return ATTUNE_BAD_INPUT;
  }
  if (pictures->n < folds) {
    host->error(host, "R-precision over %lld folds needs as many pictures, not %lld",
                (long long)folds, (long long)pictures->n);
    return ATTUNE_BAD_INPUT;
  }
  float *similarity = malloc((size_t)(pictures->n * candidates) * sizeof *similarity);
  int rc = similarity ? compare(host, o, k, pictures, captions, similarity) : ATTUNE_NO_MEMORY;
  if (!rc && !r_precision(similarity, pictures->n, candidates, folds, out)) rc = ATTUNE_NO_MEMORY;
  free(similarity);
  return rc;
}

static int give(const attune_host *host, const attune_options *o, const ranking *k,
                const picture_rows *pictures, const picture_rows *captions, const char *what,
                int better, attune_results *r) {
  spread v;
  const char *network = k->net ? host->network_name(k->net) : "own";
  const int rc = rank(host, o, k, pictures, captions, &v);
  return rc ? rc : picture_result_spread(host, r, what, network, &v, better);
}

/* The model's own codes, of its captions and of what it made of them. */
static int own_codes(const attune_host *host, const attune_options *o, const ranking *k,
                     const attune_prediction *p, picture_rows *pictures, picture_rows *captions) {
  const char *name[2] = {host->option_text(o, "picture"), host->option_text(o, "caption")};
  picture_rows *rows[2] = {pictures, captions};
  for (int i = 0; i < 2; i++) {
    attune_array a;
    if (host->prediction(p, name[i], &a) || a.ndim != 2 || a.type != ATTUNE_F32) {
      host->error(
          host,
          "the model puts out no `%s`; name a run that gives codes of pictures and captions "
          "as the network",
          name[i]);
      return ATTUNE_BAD_INPUT;
    }
    *rows[i] = (picture_rows){(float *)(uintptr_t)a.data, a.shape[0], a.shape[0], a.shape[1]};
    if (a.shape[0] != k->n) return ATTUNE_FAILED;
  }
  return ATTUNE_OK;
}

static int conclude(const attune_host *host, const attune_options *o, void *state,
                    const attune_prediction *p, attune_results *r) {
  const ranking *k = state;
  picture_rows pictures = k->made, captions = k->captions;
  int rc = k->net ? ATTUNE_OK : own_codes(host, o, k, p, &pictures, &captions);
  if (!rc) rc = give(host, o, k, &pictures, &captions, "r_precision", 1, r);
  if (rc || !k->net || !k->has_real || k->real.n != k->n) return rc;
  return give(host, o, k, &k->real, &captions, "r_precision_real", -1, r);
}

static const attune_metric metric = {
    ATTUNE_ITEM(metric, METRIC, "r_precision",
                "whether made pictures are nearest to their own captions",
                "R-precision with R = 1 (Xu and others, 2018): percent of pictures whose code is "
                "nearer, by the cosine, to the code of\n"
                "their caption than to those of 99 others, drawn for each picture among the "
                "captions of other pictures; ties are\n"
                "misses. Mean and deviation over 10 folds in the order of the pictures, so by "
                "chance 1 percent. r_precision.NETWORK,\n"
                "r_precision_deviation.NETWORK; with a network others are drawn among all captions "
                "of the split, and\n"
                "r_precision_real.NETWORK is that of the data's own pictures. NETWORK is `own` "
                "where the codes are the model's own,\n"
                "which it was trained to bring together: kinder than those of a run that it never "
                "saw.",
                options_table),
    .task = "generation",
    .compute = pictures_missing,
    .begin = begin,
    .pictures = pictures,
    .conclude = conclude,
    .end = end,
};
static const attune_item *const items[] = {&metric.item};
ATTUNE_PLUGIN("r_precision", "1.0", "Apache-2.0", items)
