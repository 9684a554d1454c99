/* The Inception Score of made pictures, by any network that tells classes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "picture_math.h"
#include "picture_network.h"
#include "pictures_missing.h"

static const attune_option options_table[] = {
    ATTUNE_NEEDED_PATH_OPTION(
        "network", "a network that tells classes: a run directory, or a model file with `weights`"),
    PICTURE_NETWORK_OPTIONS,
    ATTUNE_STRING_OPTION("output", "logits",
                         "its output, of which the softmax is the probability of each class"),
    ATTUNE_INT_OPTION("splits", "10", 1, 1000, "parts that the mean and the deviation are over"),
    ATTUNE_END_OF_OPTIONS};

typedef struct scoring {
  attune_network *net;
  picture_rows made, real;
  int64_t last; /* row of the data's own picture that was seen last */
} scoring;

static int begin(const attune_host *host, const attune_options *o, void **state) {
  scoring *s = calloc(1, sizeof *s);
  (void)host, (void)o;
  if (!s) return ATTUNE_NO_MEMORY;
  s->last = -1;
  *state = s;
  return ATTUNE_OK;
}

static void end(void *state) {
  scoring *s = state;
  free(s->made.v);
  free(s->real.v);
  free(s);
}

/* The data's own pictures come once for each caption, those of one picture side by side. */
static int see_real(const attune_host *host, scoring *s, const char *output,
                    const attune_pictures *b) {
  const int64_t each = b->height * b->width * 3;
  int64_t n = 0;
  uint8_t *rgb = malloc((size_t)(b->count * each));
  if (!rgb) return ATTUNE_NO_MEMORY;
  for (int64_t i = 0; i < b->count; i++) {
    if (b->picture[i] == s->last) continue;
    s->last = b->picture[i];
    memcpy(rgb + n++ * each, b->real + i * each, (size_t)each);
  }
  const int rc =
      n ? picture_rows_see(host, s->net, output, rgb, n, b->height, b->width, b->total, &s->real)
        : ATTUNE_OK;
  free(rgb);
  return rc;
}

static int pictures(const attune_host *host, const attune_options *o, void *state,
                    const attune_pictures *b) {
  scoring *s = state;
  const char *output = host->option_text(o, "output");
  int rc = s->net ? ATTUNE_OK : picture_network_open(host, o, output, b, &s->net);
  if (!rc)
    rc = picture_rows_see(host, s->net, output, b->made, b->count, b->height, b->width, b->total,
                          &s->made);
  return rc || !b->real || !b->picture ? rc : see_real(host, s, output, b);
}

static void softmax(picture_rows *r) {
  for (int64_t i = 0; i < r->n; i++) {
    float *v = r->v + i * r->width;
    double most = -INFINITY, sum = 0;
    for (int64_t k = 0; k < r->width; k++) most = v[k] > most ? v[k] : most;
    for (int64_t k = 0; k < r->width; k++) sum += exp(v[k] - most);
    for (int64_t k = 0; k < r->width; k++) v[k] = (float)(exp(v[k] - most) / sum);
  }
}

static int conclude(const attune_host *host, const attune_options *o, void *state,
                    const attune_prediction *p, attune_results *r) {
  scoring *s = state;
  const int64_t splits = host->option_int(o, "splits");
  spread v;
  (void)p;
  if (s->made.n < splits) {
    host->error(host, "the Inception Score over %lld parts needs as many pictures, not %lld",
                (long long)splits, (long long)s->made.n);
    return ATTUNE_BAD_INPUT;
  }
  if (s->made.width < 2) {
    host->error(host, "`%s` of the network `%s` tells no classes: it is one number",
                host->option_text(o, "output"), host->network_name(s->net));
    return ATTUNE_BAD_INPUT;
  }
  softmax(&s->made);
  softmax(&s->real);
  if (!inception_score(s->made.v, s->made.n, s->made.width, splits, &v)) return ATTUNE_NO_MEMORY;
  int rc = picture_result_spread(host, r, "inception_score", host->network_name(s->net), &v, 1);
  if (rc || s->real.n < splits) return rc;
  if (!inception_score(s->real.v, s->real.n, s->real.width, splits, &v)) return ATTUNE_NO_MEMORY;
  return picture_result_spread(host, r, "inception_score_real", host->network_name(s->net), &v, -1);
}

static const attune_metric metric = {
    ATTUNE_ITEM(metric, METRIC, "inception_score",
                "how sure a network is of each picture's class, and how many classes there are",
                "exp of the mean over pictures of KL(p(class | picture) || p(class)) (Salimans and "
                "others, 2016), mean and deviation\n"
                "over `splits` parts in the order of the pictures: inception_score.NETWORK, "
                "inception_score_deviation.NETWORK, and\n"
                "inception_score_real.NETWORK of the data's own pictures, each once. Numbers of "
                "different networks, or of different\n"
                "numbers of pictures, are not to be compared; only those of Inception-v3 with the "
                "usual weights are what papers report.",
                options_table),
    .task = "generation",
    .compute = pictures_missing,
    .begin = begin,
    .pictures = pictures,
    .conclude = conclude,
    .end = end,
};
static const attune_item *const items[] = {&metric.item};
ATTUNE_PLUGIN("inception_score", "1.0", "Apache-2.0", items)
