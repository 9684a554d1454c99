/* A metric that takes pictures and says what it saw, and writes it down, for the end-to-end tests.
 */
#include <attune/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const attune_option options_table[] = {
    ATTUNE_PATH_OPTION("out", "", "folder for bytes of pictures, rows and codes; empty: none"),
    ATTUNE_END_OF_OPTIONS};

/* Appends to FOLDER/NAME. */
static void note(const attune_host *host, const attune_options *o, const char *name, const void *v,
                 int64_t bytes) {
  char path[4096];
  const char *folder = host->option_text(o, "out");
  if (!*folder || !v) return;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "ab");
  if (!f) return;
  (void)!fwrite(v, 1, (size_t)bytes, f);
  fclose(f);
}

typedef struct seen {
  int64_t pictures, batches, words, out_of_order, without_real;
  double made, real; /* sums over pictures of mean bytes */
} seen;

static int begin(const attune_host *host, const attune_options *o, void **state) {
  (void)host, (void)o;
  *state = calloc(1, sizeof(seen));
  return *state ? ATTUNE_OK : ATTUNE_NO_MEMORY;
}

static int pictures(const attune_host *host, const attune_options *o, void *state,
                    const attune_pictures *b) {
  seen *s = state;
  const int64_t each = b->height * b->width * 3;
  note(host, o, "made", b->made, b->count * each);
  note(host, o, "real", b->real, b->count * each);
  note(host, o, "picture", b->picture, b->count * (int64_t)sizeof *b->picture);
  s->out_of_order += b->first != s->pictures || b->first + b->count > b->total;
  for (int64_t i = 0; i < b->count; i++) {
    s->words += strlen(b->caption[i]) > 0 && b->row[i] == b->first + i;
    s->without_real += !b->real || !b->picture;
    for (int64_t k = 0; k < each; k++) {
      s->made += (double)b->made[i * each + k] / (double)each;
      if (b->real) s->real += (double)b->real[i * each + k] / (double)each;
    }
  }
  s->pictures += b->count;
  s->batches++;
  return ATTUNE_OK;
}

static int conclude(const attune_host *host, const attune_options *o, void *state,
                    const attune_prediction *p, attune_results *r) {
  const seen *s = state;
  attune_array code[2];
  int rc = host->prediction(p, "picture_code", &code[0]);
  if (!rc) rc = host->prediction(p, "caption_code", &code[1]);
  if (rc) return rc;
  note(host, o, "picture_code", code[0].data, code[0].shape[0] * code[0].shape[1] * 4);
  note(host, o, "caption_code", code[1].data, code[1].shape[0] * code[1].shape[1] * 4);
  if (!rc) rc = host->result(r, "pictures", (double)s->pictures, -1);
  if (!rc) rc = host->result(r, "batches", (double)s->batches, -1);
  if (!rc) rc = host->result(r, "captions", (double)s->words, -1);
  if (!rc) rc = host->result(r, "wrong", (double)(s->out_of_order + s->without_real), -1);
  if (!rc) rc = host->result(r, "made", s->made / (double)s->pictures, -1);
  if (!rc) rc = host->result(r, "real", s->real / (double)s->pictures, -1);
  return rc ? rc : host->result(r, "codes", (double)(code[0].shape[0] + code[1].shape[0]), -1);
}

static int compute(const attune_host *host, const attune_options *o, const attune_prediction *p,
                   attune_results *r) {
  (void)o, (void)p, (void)r;
  host->error(host, "compute was called, not conclude");
  return ATTUNE_FAILED;
}

static const attune_metric metric = {
    .item = {sizeof(attune_metric), ATTUNE_METRIC, "seen", "a test", "a test", options_table},
    .task = "generation",
    .compute = compute,
    .begin = begin,
    .pictures = pictures,
    .conclude = conclude,
    .end = free,
};
static const attune_item *const items[] = {&metric.item};
ATTUNE_PLUGIN("seen", "1.0", "Apache-2.0", items)
