#include "bench/cases.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/random.h"

/* Captions of SCAN: 1529 words in 128, a triangular distribution from 6 to 20. */
static const int caption_lengths[][2] = {{19, 1}, {18, 6},  {17, 5},  {16, 4},  {15, 8},
                                         {14, 9}, {13, 19}, {12, 16}, {11, 17}, {10, 15},
                                         {9, 13}, {8, 9},   {7, 6},   {0, 0}};
/* Questions of MAC: 1020 words in 64, uniform from 10 to 24. */
static const int question_lengths[][2] = {{24, 4}, {23, 2}, {22, 3}, {21, 2}, {20, 2}, {19, 5},
                                          {18, 5}, {17, 7}, {16, 2}, {15, 4}, {14, 3}, {13, 10},
                                          {12, 4}, {11, 4}, {10, 7}, {0, 0}};

/* Captions of AttnGAN: 107 words in 8, at most 18. */
static const int bird_lengths[][2] = {{18, 1}, {16, 1}, {14, 2}, {12, 3}, {9, 1}, {0, 0}};
/* M4C at its full lengths. */
static const int words_20[][2] = {{20, 16}, {0, 0}}, objects_100[][2] = {{100, 16}, {0, 0}},
                 tokens_50[][2] = {{50, 16}, {0, 0}}, steps_12[][2] = {{12, 16}, {0, 0}};

static const at_case cases[] = {
    {.name = "scan",
     .score = {"score"},
     .batch = 128,
     .batch_axis = "picture",
     .ragged = {{.axis = "word", .lengths = caption_lengths}},
     .size = {{"region", 36}, {"feature", 2048}},
     .input = {{"image", 0, false}, {"caption", 8481, false}},
     .clip = 2,
     .rate = 2e-4},
    {.name = "mac",
     .score = {"score", "read_score"},
     .batch = 64,
     .batch_axis = "example",
     .ragged = {{.axis = "word", .lengths = question_lengths}},
     .input = {{"image", 0, true}, {"question", 90, false}, {"answer", 28, false}},
     .clip = 8,
     .rate = 1e-4},
    {.name = "attngan",
     .score = {"score"},
     .set = {"features=given", "codes=given"},
     .batch = 8,
     .batch_axis = "caption",
     .ragged = {{.axis = "word", .lengths = bird_lengths}},
     .input = {{"words", 0, false},
               {"sentence", 0, false},
               {"real_0", 0, false},
               {"real_1", 0, false},
               {"start", 0, false},
               {"shift", 0, false}},
     .rate = 2e-4,
     .beta1 = 0.5},
    {.name = "m4c",
     .score = {"score"},
     .batch = 16,
     .batch_axis = "question",
     .size = {{"vocab", 5000}},
     .ragged = {{"word", words_20, {AT_DRAW_NORMAL, 8, 3, 3, 20}},
                {"object", objects_100, {AT_DRAW_UNIFORM, 0, 0, 10, 100}},
                {"token", tokens_50, {AT_DRAW_GEOMETRIC, 12, 0, 1, 50}},
                {.axis = "step", .lengths = steps_12}},
     .input = {{"question", 0, false},
               {"object", 0, false},
               {"object_box", 0, true},
               {"token", 0, false},
               {"token_box", 0, true},
               {"kind", 2, false},
               {"answered", 50, false},
               {"to_word", 0, true},
               {"to_token", 0, true}},
     .clip = 0.25,
     .rate = 1e-4},
};

const at_case *at_case_find(const char *name) {
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    if (!strcmp(cases[i].name, name)) return &cases[i];
  return NULL;
}

int64_t at_case_axis_size(const at_case *c, const char *axis) {
  for (int i = 0; i < AT_CASE_SIZES && c->size[i].axis; i++)
    if (!strcmp(c->size[i].axis, axis)) return c->size[i].size;
  return -1;
}

int64_t at_case_vocabulary(const at_case *c, const char *input) {
  for (int i = 0; i < AT_CASE_INPUTS && c->input[i].name; i++)
    if (!strcmp(c->input[i].name, input) && c->input[i].vocabulary) return c->input[i].vocabulary;
  return -1;
}

static int length_of(const int (*lengths)[2], int64_t item) {
  int k = 0;
  for (; lengths[k + 1][1] && item >= lengths[k][1]; k++) item -= lengths[k][1];
  return lengths[k][0];
}

/* Seed 1, a stream of its own for each axis. */
static int64_t drawn_length(const at_draw *draw, int axis, int64_t item) {
  const at_random r = {.seed = 1, .stream = 100 + (uint64_t)axis};
  const double u = at_random_uniform(&r, (uint64_t)item);
  double x = (double)draw->least + floor(u * (double)(draw->most - draw->least + 1));
  if (draw->kind == AT_DRAW_NORMAL)
    x = round(draw->mean + draw->deviation * at_random_normal(&r, (uint64_t)item));
  if (draw->kind == AT_DRAW_GEOMETRIC) x = ceil(log1p(-u) / log1p(-1 / draw->mean));
  return (int64_t)fmin(fmax(x, (double)draw->least), (double)draw->most);
}

/* Of a ragged axis: how many items in all, or in its longest row. */
static int64_t items_of(const at_case *c, const at_case_data *d, const char *axis, bool longest) {
  int64_t most = 0;
  for (int k = 0; k < AT_CASE_RAGGED && c->ragged[k].axis; k++) {
    if (strcmp(c->ragged[k].axis, axis)) continue;
    for (int64_t i = 0; i < d->batch; i++) {
      const int64_t n = d->offsets[k][i + 1] - d->offsets[k][i];
      most = n > most ? n : most;
    }
    return longest ? most : d->offsets[k][d->batch];
  }
  return d->batch;
}

static int64_t count_of(const at_case *c, const at_graph *g, const at_node *n,
                        const at_case_data *d) {
  int64_t count = 1;
  for (int i = 0; i < n->ndim; i++)
    count *= n->dim[i].size >= 0 ? n->dim[i].size
                                 : items_of(c, d, g->axis[n->dim[i].axis].name, n->dim[i].padded);
  return count;
}

static void *make_input(const at_case *c, int input, int64_t count) {
  const at_random r = {.seed = 1, .stream = (uint64_t)input};
  const int64_t vocabulary = c->input[input].vocabulary;
  union {
    float *real;
    int32_t *token;
  } v = {.real = malloc((size_t)count * sizeof(float))};
  for (int64_t i = 0; v.real && i < count; i++)
    if (vocabulary) {
      v.token[i] = (int32_t)at_random_below(&r, (uint64_t)i, (uint64_t)vocabulary);
    } else {
      float x = at_random_normal(&r, (uint64_t)i);
      v.real[i] = c->input[input].positive && x < 0 ? 0 : x;
    }
  return v.real;
}

/* What lies behind the end of the rows of [packed..., padded...] is zero. */
static void clear_tails(const at_case *c, const at_graph *g, const at_node *n,
                        const at_case_data *d, float *v) {
  const int64_t *rows = NULL, *items = NULL;
  if (n->ndim != 2 || !n->dim[1].padded) return;
  for (int k = 0; k < AT_CASE_RAGGED && c->ragged[k].axis; k++) {
    if (!strcmp(c->ragged[k].axis, g->axis[n->dim[0].axis].name)) rows = d->offsets[k];
    if (!strcmp(c->ragged[k].axis, g->axis[n->dim[1].axis].name)) items = d->offsets[k];
  }
  if (!rows || !items) return;
  const int64_t longest = count_of(c, g, n, d) / rows[d->batch];
  for (int64_t i = 0; i < d->batch; i++)
    for (int64_t r = rows[i]; r < rows[i + 1]; r++)
      for (int64_t j = items[i + 1] - items[i]; j < longest; j++) v[r * longest + j] = 0;
}

at_status at_case_make(const at_case *c, const at_graph *g, int64_t batch, bool drawn,
                       at_case_data *d, at_error *err) {
  *d = (at_case_data){.drawn = drawn, .batch = batch};
  for (int k = 0; k < AT_CASE_RAGGED && c->ragged[k].axis; k++) {
    int64_t *offsets = d->offsets[k] = calloc((size_t)batch + 1, sizeof *offsets);
    if (!offsets) return at_nomem(err);
    for (int64_t i = 0; i < batch; i++)
      offsets[i + 1] = offsets[i] + (drawn && c->ragged[k].draw.kind
                                         ? drawn_length(&c->ragged[k].draw, k, i)
                                         : length_of(c->ragged[k].lengths, i * c->batch / batch));
  }
  for (int k = 0; k < AT_CASE_INPUTS && c->input[k].name; k++) {
    const at_node *n = NULL;
    for (int i = 0; i < g->n_input; i++)
      if (!strcmp(g->input[i]->name, c->input[k].name)) n = g->input[i];
    if (!n)
      return at_fail(err, AT_EINPUT, "model `%s` has no input `%s`", g->name, c->input[k].name);
    d->input[k] = make_input(c, k, count_of(c, g, n, d));
    if (!d->input[k]) return at_nomem(err);
    if (n->type == AT_REAL) clear_tails(c, g, n, d, d->input[k]);
  }
  return AT_OK;
}

at_status at_case_bind(const at_case *c, const at_case_data *d, at_exec *x, at_error *err) {
  at_status s = at_exec_size(x, c->batch_axis, d->batch, err);
  for (int k = 0; k < AT_CASE_RAGGED && c->ragged[k].axis && s == AT_OK; k++)
    s = at_exec_ragged(x, c->ragged[k].axis, d->offsets[k], d->batch, err);
  for (int k = 0; k < AT_CASE_INPUTS && c->input[k].name && s == AT_OK; k++)
    s = at_exec_input(x, c->input[k].name, d->input[k], err);
  return s == AT_OK ? at_exec_ready(x, err) : s;
}

void at_case_free(at_case_data *d) {
  for (int k = 0; k < AT_CASE_RAGGED; k++) free(d->offsets[k]);
  for (int k = 0; k < AT_CASE_INPUTS; k++) free(d->input[k]);
}
