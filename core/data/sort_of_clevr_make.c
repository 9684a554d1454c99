/* Writing Sort-of-CLEVR. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "core/base/file.h"
#include "core/data/sort_of_clevr.h"

#define GENERATOR "attune sort-of-clevr"
static const char *const suffixes[] = {"images.npy", "questions.jsonl", "objects.jsonl"};

at_soc_options at_soc_defaults(void) { return (at_soc_options){.pictures = {9800, 200, 200}}; }

static at_status check_options(const at_soc_options *o, at_error *err) {
  int64_t all = 0;
  for (int k = 0; k < AT_SOC_SPLITS; k++) {
    if (o->pictures[k] < 0 || o->pictures[k] > 10000000)
      return at_fail(err, AT_EINPUT, "%s is %lld pictures; it goes from 0 to 10000000",
                     at_soc_split_names[k], (long long)o->pictures[k]);
    all += o->pictures[k];
  }
  return all ? AT_OK : at_fail(err, AT_EINPUT, "no split has a picture; ask for some");
}

typedef struct split_job {
  uint64_t seed;
  char stream[64];
} split_job;

static at_status draw_row(void *ctx, int64_t index, at_made_row *row, at_error *err) {
  const split_job *j = ctx;
  at_dice d = at_dice_new(j->seed, j->stream, (uint64_t)index);
  at_soc_question q[2 * AT_SOC_EACH];
  at_soc_scene s;
  (void)err;
  at_soc_draw(&d, &s);
  at_soc_ask(&d, q);
  at_soc_render(&s, row->pixels);
  for (int i = 0; i < 2 * AT_SOC_EACH; i++) at_soc_question_json(&s, q[i], index, &row->text[0]);
  at_soc_objects_json(&s, &row->text[1]);
  return AT_OK;
}

static at_status write_meta(const at_soc_options *o, const char *dir, at_error *err) {
  at_text t = {0};
  at_text_addf(&t,
               "{\n  \"generator\": \"" GENERATOR "\",\n  \"version\": %d,\n  \"seed\": %llu,\n",
               AT_SOC_VERSION, (unsigned long long)o->seed);
  for (int k = 0; k < AT_SOC_SPLITS; k++)
    at_text_addf(&t, "  \"%s\": %lld,\n", at_soc_split_names[k], (long long)o->pictures[k]);
  at_text_addf(&t,
               "  \"size\": %d,\n"
               "  \"questions\": \"of a picture: %d non-relational, then %d relational\",\n"
               "  \"box\": \"x, y, width, height in pixels, origin at the top left\",\n"
               "  \"order\": \"objects are listed back to front\",\n"
               "  \"evidence\": \"objects that decide the answer, the one asked about first; "
               "their boxes; words: tokens that tell the question from others; links: [token, "
               "object]\"\n}\n",
               AT_SOC_SIDE, AT_SOC_EACH, AT_SOC_EACH);
  return at_made_write_meta(dir, &t, err);
}

static at_status write_split(const at_soc_options *o, int k, at_made_rows *r, const at_made *m,
                             at_pool *pool, at_error *err) {
  char names[3][64];
  split_job j = {.seed = o->seed};
  snprintf(j.stream, sizeof j.stream, "sort-of-clevr.%s", at_soc_split_names[k]);
  for (int i = 0; i < 3; i++)
    snprintf(names[i], sizeof names[i], "%s.%s", at_soc_split_names[k], suffixes[i]);
  r->array = names[0];
  r->text[0] = names[1];
  r->text[1] = names[2];
  r->count = o->pictures[k];
  r->ctx = &j;
  at_status s = r->count ? at_made_write(m, r, pool, err) : AT_OK;
  r->done += r->count;
  return s;
}

static const char *const files[] = {"train.images.npy",    "train.questions.jsonl",
                                    "train.objects.jsonl", "val.images.npy",
                                    "val.questions.jsonl", "val.objects.jsonl",
                                    "test.images.npy",     "test.questions.jsonl",
                                    "test.objects.jsonl",  NULL};
static const at_made_kind kind = {GENERATOR, files, false};

at_status at_soc_make(const at_soc_options *o, const char *dir, at_pool *pool,
                      at_made_progress *progress, void *ctx, at_error *err) {
  at_made m;
  at_made_rows r = {.height = AT_SOC_SIDE,
                    .width = AT_SOC_SIDE,
                    .draw = draw_row,
                    .progress = progress,
                    .progress_ctx = ctx};
  at_status s = check_options(o, err);
  for (int k = 0; k < AT_SOC_SPLITS; k++) r.total += o->pictures[k];
  if (s != AT_OK || (s = at_made_begin(&m, &kind, dir, o->force, err)) != AT_OK) return s;
  for (int k = 0; k < AT_SOC_SPLITS && s == AT_OK; k++) s = write_split(o, k, &r, &m, pool, err);
  if (s == AT_OK) s = write_meta(o, m.tmp, err);
  if (s == AT_OK) s = at_made_commit(&m, err);
  at_made_end(&m);
  return s;
}
