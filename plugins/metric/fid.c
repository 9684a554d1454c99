/* Frechet Inception Distance between made pictures and the data's own. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "picture_math.h"
#include "picture_network.h"
#include "pictures_missing.h"

static const attune_option options_table[] = {
    ATTUNE_NEEDED_PATH_OPTION(
        "network", "a network with features: a run directory, or a model file with `weights`"),
    PICTURE_NETWORK_OPTIONS,
    ATTUNE_STRING_OPTION("output", "features", "its output, numbers of a picture"),
    ATTUNE_INT_OPTION("real", "0", 0, 1e9,
                      "of the data's own pictures that the made ones are held against, the first "
                      "so many of the split; 0: all"),
    ATTUNE_END_OF_OPTIONS};

enum { BLOCK = 32 };

typedef struct measuring {
  attune_network *net;
  picture_rows made;
  double *moments; /* of the data's own pictures */
  int64_t real;    /* how many these are */
} measuring;

static int begin(const attune_host *host, const attune_options *o, void **state) {
  (void)host, (void)o;
  *state = calloc(1, sizeof(measuring));
  return *state ? ATTUNE_OK : ATTUNE_NO_MEMORY;
}

static void end(void *state) {
  measuring *m = state;
  free(m->made.v);
  free(m->moments);
  free(m);
}

/* ---- the data's own pictures ---- */

/* Of all their bytes, eight at a time (FNV-1a's way). */
static uint64_t hash_more(uint64_t h, const uint8_t *v, int64_t n) {
  for (int64_t i = 0; i < n; i += 8) {
    uint64_t word = 0;
    memcpy(&word, v + i, (size_t)(n - i < 8 ? n - i : 8));
    h = (h ^ word) * UINT64_C(0x100000001b3);
    h ^= h >> 29;
  }
  return h;
}

static int read_block(const attune_host *host, const attune_pictures *b, int64_t at, int64_t count,
                      uint8_t *rgb) {
  int rc = ATTUNE_OK;
  for (int64_t i = 0; !rc && i < count; i++)
    rc = host->picture(b->context, b->picture_table, at + i, b->height, b->width,
                       rgb + i * b->height * b->width * 3);
  return rc;
}

/* What the moments depend on: the network, the pictures and how many they are. */
static int key_of(const attune_host *host, const measuring *m, const attune_pictures *b,
                  uint8_t *rgb, char key[128]) {
  uint64_t h = UINT64_C(0xcbf29ce484222325);
  int rc = ATTUNE_OK;
  for (int64_t at = 0; !rc && at < m->real; at += BLOCK) {
    const int64_t count = m->real - at < BLOCK ? m->real - at : BLOCK;
    rc = read_block(host, b, at, count, rgb);
    h = hash_more(h, rgb, count * b->height * b->width * 3);
  }
  snprintf(key, 128, "fid 1 network %016llx pictures %016llx %lld %lldx%lld",
           (unsigned long long)host->network_key(m->net), (unsigned long long)h, (long long)m->real,
           (long long)b->width, (long long)b->height);
  return rc;
}

static int tell(const attune_host *host, int why, const char *whose) {
  host->error(host,
              why == -1   ? "FID needs two pictures at least; of %s there are fewer"
              : why == -2 ? "there is no memory for the covariance of features of %s"
                          : "features of %s are no finite numbers",
              whose);
  return why == -1 ? ATTUNE_BAD_INPUT : why == -2 ? ATTUNE_NO_MEMORY : ATTUNE_FAILED;
}

static int work_out(const attune_host *host, const attune_options *o, measuring *m,
                    const attune_pictures *b, uint8_t *rgb, size_t *bytes) {
  picture_rows rows = {0};
  int rc = ATTUNE_OK, why = 0;
  for (int64_t at = 0; !rc && at < m->real; at += BLOCK) {
    const int64_t count = m->real - at < BLOCK ? m->real - at : BLOCK;
    rc = read_block(host, b, at, count, rgb);
    if (!rc)
      rc = picture_rows_see(host, m->net, host->option_text(o, "output"), rgb, count, b->height,
                            b->width, m->real, &rows);
  }
  *bytes = (size_t)(rows.width * rows.width + rows.width) * sizeof *m->moments;
  if (!rc && !(m->moments = malloc(*bytes + 1))) rc = ATTUNE_NO_MEMORY;
  if (!rc) why = frechet_moments(rows.v, rows.n, rows.width, m->moments);
  free(rows.v);
  return why ? tell(host, why, "the data's own pictures") : rc;
}

static int find_moments(const attune_host *host, const attune_options *o, measuring *m,
                        const attune_pictures *b) {
  char key[128];
  size_t bytes;
  const int64_t asked = host->option_int(o, "real"),
                rows = host->rows(b->context, b->picture_table);
  if (!b->real || rows < 1) {
    host->error(host, "FID needs pictures of the data's own, to which the captions link");
    return ATTUNE_BAD_INPUT;
  }
  m->real = asked && asked < rows ? asked : rows;
  uint8_t *rgb = malloc((size_t)(BLOCK * b->height * b->width * 3));
  int rc = rgb ? key_of(host, m, b, rgb, key) : ATTUNE_NO_MEMORY;
  const void *known = rc ? NULL : host->remembered(host, key, &bytes);
  if (known && !(m->moments = malloc(bytes + 1))) rc = ATTUNE_NO_MEMORY;
  if (!rc && known) memcpy(m->moments, known, bytes);
  if (!rc && !known) {
    rc = work_out(host, o, m, b, rgb, &bytes);
    if (!rc) rc = host->remember(host, key, m->moments, bytes);
  }
  free(rgb);
  return rc;
}

/* ---- made ones ---- */

static int say_few(const attune_host *host, const measuring *m, const attune_pictures *b) {
  char text[300];
  const int64_t least = b->total < m->real ? b->total : m->real;
  if (least > m->made.width) return ATTUNE_OK;
  snprintf(text, sizeof text,
           "FID by %.40s: %lld pictures made and %lld of the data's own are too few for %lld "
           "features: covariances of less than full rank make it larger than it is; it needs more "
           "pictures than features",
           host->network_name(m->net), (long long)b->total, (long long)m->real,
           (long long)m->made.width);
  return host->say(b->context, text);
}

static int pictures(const attune_host *host, const attune_options *o, void *state,
                    const attune_pictures *b) {
  measuring *m = state;
  const char *output = host->option_text(o, "output");
  const bool first = !m->net;
  int rc = first ? picture_network_open(host, o, output, b, &m->net) : ATTUNE_OK;
  if (!rc && first) rc = find_moments(host, o, m, b);
  if (!rc)
    rc = picture_rows_see(host, m->net, output, b->made, b->count, b->height, b->width, b->total,
                          &m->made);
  return !rc && first ? say_few(host, m, b) : rc;
}

static int conclude(const attune_host *host, const attune_options *o, void *state,
                    const attune_prediction *p, attune_results *r) {
  const measuring *m = state;
  const int64_t width = m->made.width;
  double *made = malloc((size_t)(width * width + width + 1) * sizeof *made), distance = 0;
  char name[64];
  (void)o, (void)p;
  if (!made) return ATTUNE_NO_MEMORY;
  int why = frechet_moments(m->made.v, m->made.n, width, made);
  if (!why) why = frechet_between(made, m->moments, width, &distance);
  free(made);
  if (why) return tell(host, why, "the pictures made");
  picture_result_name(name, "fid", host->network_name(m->net));
  return host->result(r, name, distance, 0);
}

static const attune_metric metric = {
    ATTUNE_ITEM(metric, METRIC, "fid", "how far features of made pictures are from real ones",
                "Frechet distance (Heusel and others, 2017) between normal distributions of "
                "features: of the pictures made, and of the\n"
                "data's own of the split, each once: fid.NETWORK. What the latter come to is "
                "remembered, under a name that depends on\n"
                "network and pictures, and worked out once. It falls with the number of pictures "
                "made: compare equal numbers. Only by\n"
                "Inception-v3 with the usual weights is it what papers report.",
                options_table),
    .task = "generation",
    .compute = pictures_missing,
    .begin = begin,
    .pictures = pictures,
    .conclude = conclude,
    .end = end,
};
static const attune_item *const items[] = {&metric.item};
ATTUNE_PLUGIN("fid", "1.0", "Apache-2.0", items)
