/* Data and a model that are not there: four pictures, nine captions with links to them, outputs
 * drawn by row. What a row gives does not depend on the block that it is asked in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/random.h"
#include "core/check/check_impl.h"

enum { PICTURES = 4, CAPTIONS = 9, CLASSES = 5, SIDE = 4, MOST_EXAMPLES = 4096, MOST_AXES = 2 };

static const struct manner {
  const char *axis[MOST_AXES]; /* batch axes of the model */
  int rank;                    /* dims of an output beside its batch axes */
  int64_t extra[3];
  int over; /* the axis of outputs that vary over one */
} manners[CK_WORLDS] = {
    {{"picture", "caption"}, 0, {0}, 1},
    {{"picture", "caption"}, 1, {CLASSES}, 1},
    {{"caption"}, 3, {SIDE, SIDE, 3}, 0},
    {{"caption"}, 1, {CLASSES}, 0},
    {{"caption"}, 0, {0}, 0},
    {{"picture", "caption"}, 1, {CLASSES}, 0},
};

struct ck_world {
  const struct manner *m;
  uint64_t seed;
  int axes;
  int64_t *example; /* [n, axes] */
  int64_t n;
  float *value;
  int64_t count[MOST_AXES];
  int64_t *rows[MOST_AXES];
  const attune_need *needs;
  char complaint[256];
  at_task_ops ops;
  const at_item *task;
  void *state; /* of the task */
};

static int64_t w_rows(void *ctx, const char *table) {
  (void)ctx;
  return !strcmp(table, "picture") ? PICTURES : !strcmp(table, "caption") ? CAPTIONS : -1;
}

static int64_t w_link(void *ctx, const char *table, const char *to, int64_t row) {
  (void)ctx;
  if (strcmp(table, "caption") || strcmp(to, "picture") || row < 0 || row >= CAPTIONS) return -1;
  return row * 3 % PICTURES;
}

static const char *w_batch_axis(void *ctx, uint32_t i) {
  const ck_world *w = ctx;
  return i < (uint32_t)w->axes ? w->m->axis[i] : NULL;
}

static uint32_t w_random(void *ctx, uint64_t epoch, uint64_t index) {
  const ck_world *w = ctx;
  at_random r = {.seed = w->seed, .stream = 7, .step = epoch};
  return at_random_u32(&r, index);
}

static at_status check_row(ck_world *w, int axis, int64_t row, at_error *err) {
  const int64_t n = w_rows(w, w->m->axis[axis]);
  if (row >= 0 && row < n) return AT_OK;
  snprintf(w->complaint, sizeof w->complaint, "it asks for row %lld of `%s`, which has %lld",
           (long long)row, w->m->axis[axis], (long long)n);
  return at_fail(err, AT_EFAIL, "%s", w->complaint);
}

static at_status w_example(void *ctx, const int64_t *rows, at_error *err) {
  ck_world *w = ctx;
  for (int i = 0; i < w->axes; i++) {
    at_status s = check_row(w, i, rows[i], err);
    if (s != AT_OK) return s;
  }
  if (w->n == MOST_EXAMPLES)
    return at_fail(err, AT_EFAIL, "an epoch has more than %d examples", MOST_EXAMPLES);
  memcpy(w->example + w->n++ * w->axes, rows, (size_t)w->axes * sizeof *rows);
  return AT_OK;
}

static const attune_need *need_of(const ck_world *w, const char *output) {
  for (const attune_need *n = w->needs; n && n->output; n++)
    if (!strcmp(n->output, output)) return n;
  return NULL;
}

/* The value of a row (of two rows, where it varies over both). */
static float value_at(const ck_world *w, const char *output, int64_t a, int64_t b, int64_t k) {
  at_random r = {.seed = w->seed, .stream = at_hash_name(output)};
  return at_random_normal(&r, (uint64_t)((a * 1000 + b) * 1000 + k));
}

static at_status give_output(ck_world *w, const char *output, attune_array *out, at_error *err) {
  const attune_need *need = need_of(w, output);
  if (!need) return at_fail(err, AT_EFAIL, "the model has no output `%s`", output);
  const bool both = need->batch_axes == 2 && w->axes == 2;
  const int over = w->m->over;
  int64_t each = 1, total = both ? w->count[0] * w->count[1] : w->count[over];
  *out = (attune_array){.type = ATTUNE_F32};
  out->shape[out->ndim++] = w->count[both ? 0 : over];
  if (both) out->shape[out->ndim++] = w->count[1];
  for (int i = 0; i < w->m->rank && !both; i++) {
    out->shape[out->ndim++] = w->m->extra[i];
    each *= w->m->extra[i];
  }
  free(w->value);
  w->value = malloc((size_t)(total * each + 1) * sizeof *w->value);
  if (!w->value) return at_nomem(err);
  for (int64_t i = 0; i < total; i++)
    for (int64_t k = 0; k < each; k++)
      w->value[i * each + k] =
          both ? value_at(w, output, w->rows[0][i / w->count[1]], w->rows[1][i % w->count[1]], 0)
               : value_at(w, output, w->rows[over][i], 0, k);
  out->data = w->value;
  return AT_OK;
}

static at_status keep_rows(ck_world *w, const int64_t *const *rows, const int64_t *counts,
                           at_error *err) {
  for (int i = 0; i < w->axes; i++) {
    if (counts[i] < 1 || counts[i] > 100000)
      return at_fail(err, AT_EFAIL, "it runs the model on %lld rows of `%s`", (long long)counts[i],
                     w->m->axis[i]);
    for (int64_t k = 0; k < counts[i]; k++) {
      at_status s = check_row(w, i, rows[i][k], err);
      if (s != AT_OK) return s;
    }
    int64_t *copy = malloc((size_t)counts[i] * sizeof *copy);
    if (!copy) return at_nomem(err);
    memcpy(copy, rows[i], (size_t)counts[i] * sizeof *copy);
    free(w->rows[i]);
    w->rows[i] = copy;
    w->count[i] = counts[i];
  }
  return AT_OK;
}

static at_status w_forward(void *ctx, const char *output, const int64_t *const *rows,
                           const int64_t *counts, attune_array *out, at_error *err) {
  at_status s = keep_rows(ctx, rows, counts, err);
  return s == AT_OK ? give_output(ctx, output, out, err) : s;
}

static int64_t w_block(void *ctx, uint32_t i) {
  (void)ctx, (void)i;
  return 3;
}

static at_status w_label(void *ctx, const char *table, int64_t row, int64_t *label, at_error *err) {
  (void)ctx, (void)table, (void)err;
  *label = row % (CLASSES + 1) - (row % (CLASSES + 1) == CLASSES ? CLASSES + 1 : 0);
  return AT_OK;
}
static const char *w_label_name(void *ctx, int64_t label) {
  static const char *const names[CLASSES] = {"red", "green", "blue", "two", "yes"};
  (void)ctx;
  return label >= 0 && label < CLASSES ? names[label] : NULL;
}

static const char *w_row_text(void *ctx, const char *table, const char *field, int64_t row,
                              at_error *err) {
  (void)err;
  static const struct {
    const char *field, *text[3];
  } fields[] = {{"text", {"a red circle", "two dogs", "a square above a bar"}},
                {"type", {"yes/no", "number", "other"}},
                {"question_type", {"is the", "how many", "what is"}},
                {"answers",
                 {"yes\tyes\tyes\tyes\tyes\tyes\tyes\tno\tno\tno",
                  "two\t2\ttwo\ttwo\tthree\ttwo\ttwo\t2\ttwo\ttwo",
                  "red\tred\tgreen\tred\tred\tred\tred\tred\tred\tred"}}};
  if (row < 0 || row >= w_rows(ctx, table)) return NULL;
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
    if (!strcmp(fields[i].field, field)) return fields[i].text[row % 3];
  return NULL;
}

static bool w_has_output(void *ctx, const char *output) { return need_of(ctx, output) != NULL; }

static at_status w_output(void *ctx, const char *output, attune_array *out, at_error *err) {
  const ck_world *w = ctx;
  if (!w->rows[0]) return at_fail(err, AT_EFAIL, "an output is asked for before any forward");
  return give_output(ctx, output, out, err);
}

static at_status w_losses(void *ctx, const int64_t *const *rows, const int64_t *counts,
                          double *value, uint32_t most, at_error *err) {
  at_status s = keep_rows(ctx, rows, counts, err);
  if (s == AT_OK && most) value[0] = 0.5;
  return s;
}
static const char *w_loss_name(void *ctx, uint32_t i) {
  (void)ctx;
  return i ? NULL : "loss";
}

static at_status w_bytes(void *ctx, const float *value, int64_t n, uint8_t *rgb, at_error *err) {
  (void)ctx, (void)err;
  for (int64_t i = 0; i < n; i++) {
    float v = 128 + 40 * value[i];
    rgb[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
  }
  return AT_OK;
}

static at_status w_picture(void *ctx, const char *table, int64_t row, int64_t height, int64_t width,
                           uint8_t *rgb, at_error *err) {
  (void)ctx;
  if (strcmp(table, "picture")) return at_fail(err, AT_EFAIL, "`%s` has no pictures", table);
  for (int64_t i = 0; i < height * width * 3; i++) rgb[i] = (uint8_t)(row * 50 + i * 7);
  return AT_OK;
}

static at_status w_give(void *ctx, const attune_pictures *batch, at_error *err) {
  (void)ctx, (void)batch, (void)err;
  return AT_OK;
}

static void *w_state(void *ctx) { return ((const ck_world *)ctx)->state; }
static const char *w_split(void *ctx) {
  (void)ctx;
  return "train";
}
static at_status w_keep(void *ctx, const char *name, const char *text, at_error *err) {
  (void)ctx, (void)name, (void)text, (void)err;
  return AT_OK;
}
static const char *w_kept(void *ctx, const char *name) {
  (void)ctx, (void)name;
  return NULL;
}
static at_status w_say(void *ctx, const char *sentence, at_error *err) {
  (void)ctx, (void)sentence, (void)err;
  return AT_OK;
}

static ck_world *world_new(const ck *c, int i) {
  ck_world *w = calloc(1, sizeof *w);
  if (!w) return NULL;
  w->m = &manners[i];
  w->seed = c->o->seed;
  w->axes = w->m->axis[1] ? 2 : 1;
  w->example = calloc(MOST_EXAMPLES, MOST_AXES * sizeof *w->example);
  w->ops = (at_task_ops){.ctx = w,
                         .rows = w_rows,
                         .link = w_link,
                         .batch_axis = w_batch_axis,
                         .random = w_random,
                         .example = w_example,
                         .forward = w_forward,
                         .block = w_block,
                         .label = w_label,
                         .label_name = w_label_name,
                         .row_text = w_row_text,
                         .has_output = w_has_output,
                         .output = w_output,
                         .losses = w_losses,
                         .loss_name = w_loss_name,
                         .bytes = w_bytes,
                         .picture = w_picture,
                         .give = w_give,
                         .state = w_state,
                         .split = w_split,
                         .keep = w_keep,
                         .kept = w_kept,
                         .say = w_say};
  if (w->example) return w;
  free(w);
  return NULL;
}

void ck_world_free(ck_world *w) {
  if (!w) return;
  if (w->task) at_task_close(w->task, w->state);
  free(w->rows[0]);
  free(w->rows[1]);
  free(w->value);
  free(w->example);
  free(w);
}

const at_task_ops *ck_world_ops(ck_world *w) { return &w->ops; }
const char *ck_world_complaint(const ck_world *w) { return *w->complaint ? w->complaint : NULL; }
void ck_world_restart(ck_world *w) { w->n = 0; }
int64_t ck_world_examples(const ck_world *w, const int64_t **rows, int *axes) {
  *rows = w->example;
  *axes = w->axes;
  return w->n;
}

/* Opens the task in the world and evaluates. */
static at_status try_world(ck_world *w, const at_item *task, const attune_options *o,
                           attune_prediction **p, at_error *err) {
  at_status s = at_task_open(task, o, &w->ops, &w->state, err);
  if (s != AT_OK) return s;
  w->task = task;
  w->needs = ((const attune_task *)(const void *)task->item)->needs;
  ck_at("evaluate");
  return at_task_evaluate(task, o, &w->ops, p, err);
}

ck_world *ck_world_for(ck *c, const at_item *task, const attune_options *o, attune_prediction **p) {
  char first[sizeof c->err.message] = "";
  at_status worst = AT_EINPUT;
  for (int i = 0; i < CK_WORLDS; i++) {
    ck_world *w = world_new(c, i);
    attune_prediction *made = NULL;
    if (!w) break;
    if (try_world(w, task, o, &made, &c->err) == AT_OK) {
      if (p)
        *p = made;
      else
        at_prediction_free(made);
      return w;
    }
    if (!*first) memcpy(first, c->err.message, sizeof first);
    if (c->err.code != AT_EINPUT) worst = c->err.code;
    ck_world_free(w);
  }
  at_fail(&c->err, worst,
          "it evaluates in none of %d worlds of pictures and captions; in the first: %.600s",
          CK_WORLDS, first);
  return NULL;
}
