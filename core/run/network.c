/* Another model: run on pictures and on texts; what metrics of a session may ask. */
#include "core/run/network.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/data/image.h"

/* So many at a time: what a network of the size of Inception-v3 makes of them has room. */
enum { BLOCK = 32 };

/* ---- what comes out ---- */

/* Dims of an output, the batch first, others in the order in which the model makes them. */
static int order_dims(const attune_network *n, const at_node *out, int *dim) {
  const int axis = n->input->dim[0].axis, parent = n->graph->axis[axis].parent;
  const int batch = at_node_dim(out, parent >= 0 ? parent : axis);
  int k = 0;
  if (batch >= 0) dim[k++] = batch;
  for (int d = 0; d < out->ndim; d++) {
    int at = k++;
    if (d == batch) {
      k--;
      continue;
    }
    for (; at > (batch >= 0) && out->dim[dim[at - 1]].axis > out->dim[d].axis; at--)
      dim[at] = dim[at - 1];
    dim[at] = d;
  }
  return batch;
}

static at_status check_output(const attune_network *n, const at_named *o, at_error *err) {
  int dim[AT_MAX_DIM];
  const at_graph *g = n->graph;
  bool ragged = false;
  for (int d = 0; d < o->node->ndim; d++) ragged |= g->axis[o->node->dim[d].axis].parent >= 0;
  if (o->node->type == AT_REAL && order_dims(n, o->node, dim) >= 0 && !ragged) return AT_OK;
  return at_fail(err, AT_EINPUT,
                 "%s: `%s` is %s; it must be as many numbers for each picture or text",
                 n->graph->name, o->name, at_node_axes_text(g, o->node));
}

/* Appends what the block at hand gave, `done` rows being there. */
static at_status take_output(attune_network *n, int i, int64_t done, int64_t block, int64_t all,
                             at_error *err) {
  const at_node *out = n->graph->output[i].node;
  const float *v = at_exec_value(n->x, out);
  const int64_t each = at_x_count(n->x, out) / block;
  int64_t index[AT_MAX_DIM] = {0};
  int dim[AT_MAX_DIM];
  size_t bytes;
  if (!done) {
    free(n->out[i]);
    if (!at_mul_size((size_t)all, (size_t)each * sizeof *v, &bytes)) return at_nomem(err);
    if (!(n->out[i] = malloc(bytes + 1))) return at_nomem(err);
  }
  order_dims(n, out, dim);
  for (int64_t k = 0; k < block * each; k++) {
    int64_t at = 0;
    for (int d = 0; d < out->ndim; d++) at += index[d] * at_x_around(n->x, out, dim[d]).inner;
    n->out[i][done * each + k] = v[at];
    for (int d = out->ndim - 1; d >= 0 && ++index[d] == at_x_dim(n->x, out, dim[d]); d--)
      index[d] = 0;
  }
  return AT_OK;
}

/* Runs what is bound, `block` rows behind `done` of `all`. */
static at_status run_block(attune_network *n, int64_t done, int64_t block, int64_t all,
                           at_error *err) {
  at_status st = at_exec_ready(n->x, err);
  if (st == AT_OK) at_exec_forward(n->x, 0, 0, false);
  for (int i = 0; st == AT_OK && i < n->graph->n_output; i++)
    st = take_output(n, i, done, block, all, err);
  return st;
}

/* ---- pictures ---- */

typedef struct resizing {
  const attune_network *n;
  const uint8_t *rgb;
  int64_t height, width, to_height, to_width;
  float *dst;
  unsigned char failed[BLOCK];
} resizing;

static void resize_one(void *ctx, size_t i) {
  resizing *r = ctx;
  at_image in = {.w = (int)r->width,
                 .h = (int)r->height,
                 .rgb = (uint8_t *)(uintptr_t)(r->rgb + i * (size_t)(r->height * r->width * 3))};
  at_image out = {0};
  const size_t each = (size_t)(r->to_height * r->to_width * 3);
  const bool same = r->height == r->to_height && r->width == r->to_width;
  if (!same && at_image_resize(&in, (int)r->to_width, (int)r->to_height, AT_FILTER_TRIANGLE, &out,
                               NULL) != AT_OK) {
    r->failed[i] = 1;
    return;
  }
  const uint8_t *from = same ? in.rgb : out.rgb;
  float *to = r->dst + i * each;
  for (size_t k = 0; k < each; k++)
    to[k] = r->n->signed_pixels ? (float)from[k] / 127.5f - 1 : (float)from[k] / 255;
  at_image_free(&out);
}

static at_status see_pictures(attune_network *n, const uint8_t *rgb, int64_t count, int64_t height,
                              int64_t width, at_error *err) {
  const at_node *in = n->input;
  resizing r = {.n = n, .height = height, .width = width};
  n->count = 0;
  if (in->type != AT_REAL)
    return at_fail(err, AT_EINPUT, "`%s` of the network `%s` takes words, not pictures", in->name,
                   n->graph->name);
  if (count < 1 || height < 1 || width < 1 || height > AT_IMAGE_MAX_SIDE ||
      width > AT_IMAGE_MAX_SIDE)
    return at_fail(err, AT_EFAIL, "%lld pictures of %lld x %lld are given to a network",
                   (long long)count, (long long)width, (long long)height);
  r.to_height = in->dim[1].size;
  r.to_width = in->dim[2].size;
  const size_t each = (size_t)(r.to_height * r.to_width * 3);
  const int64_t most = count < BLOCK ? count : BLOCK;
  at_status st = (r.dst = malloc((size_t)most * each * sizeof(float))) ? AT_OK : at_nomem(err);
  for (int64_t at = 0; st == AT_OK && at < count; at += BLOCK) {
    const int64_t block = count - at < BLOCK ? count - at : BLOCK;
    r.rgb = rgb + at * height * width * 3;
    at_parallel(n->words.pool, (size_t)block, resize_one, &r);
    for (int64_t i = 0; i < block; i++)
      if (r.failed[i]) st = at_nomem(err);
    if (st == AT_OK) st = at_exec_size(n->x, n->graph->axis[in->dim[0].axis].name, block, err);
    if (st == AT_OK) st = at_exec_input(n->x, in->name, r.dst, err);
    if (st == AT_OK) st = run_block(n, at, block, count, err);
  }
  free(r.dst);
  n->count = st == AT_OK ? count : 0;
  return st;
}

/* ---- texts ---- */

static at_status read_block(attune_network *n, const char *const *text, int64_t done, int64_t block,
                            int64_t all, at_error *err) {
  const at_node *in = n->input;
  const int ragged = in->dim[0].axis;
  int64_t offset[BLOCK + 1] = {0}, unknown;
  int32_t *id = NULL, *one;
  at_status st = AT_OK;
  for (int64_t i = 0; st == AT_OK && i < block; i++) {
    int64_t words = 0;
    st = at_session_ids(&n->words, text[i], &one, &words, NULL, &unknown, err);
    if (st != AT_OK) break;
    int32_t *more = realloc(id, (size_t)(offset[i] + words) * sizeof *id);
    if (more) {
      memcpy(more + offset[i], one, (size_t)words * sizeof *id);
      id = more;
    } else {
      st = at_nomem(err);
    }
    offset[i + 1] = offset[i] + words;
    free(one);
  }
  if (st == AT_OK)
    st = at_exec_size(n->x, n->graph->axis[n->graph->axis[ragged].parent].name, block, err);
  if (st == AT_OK) st = at_exec_ragged(n->x, n->graph->axis[ragged].name, offset, block, err);
  if (st == AT_OK) st = at_exec_input(n->x, in->name, id, err);
  if (st == AT_OK) st = run_block(n, done, block, all, err);
  free(id);
  return st;
}

static at_status read_texts(attune_network *n, const char *const *text, int64_t count,
                            at_error *err) {
  at_status st = AT_OK;
  n->count = 0;
  if (n->input->type != AT_TOKEN)
    return at_fail(err, AT_EINPUT, "`%s` of the network `%s` takes pictures, not words",
                   n->input->name, n->graph->name);
  if (count < 1) return at_fail(err, AT_EFAIL, "no texts are given to a network");
  for (int64_t at = 0; st == AT_OK && at < count; at += BLOCK)
    st = read_block(n, text + at, at, count - at < BLOCK ? count - at : BLOCK, count, err);
  n->count = st == AT_OK ? count : 0;
  return st;
}

static at_status output_of(attune_network *n, const char *name, attune_array *out, at_error *err) {
  int i = 0, dim[AT_MAX_DIM];
  while (i < n->graph->n_output && strcmp(n->graph->output[i].name, name)) i++;
  if (i == n->graph->n_output || !n->count)
    return at_fail(err, AT_EFAIL, "the output `%s` of the network `%s` is asked for, which %s",
                   name, n->graph->name, n->count ? "was not named before" : "saw nothing");
  const at_node *node = n->graph->output[i].node;
  order_dims(n, node, dim);
  *out = (attune_array){.type = ATTUNE_F32, .ndim = (uint32_t)node->ndim, .data = n->out[i]};
  out->shape[0] = n->count;
  for (int d = 1; d < node->ndim; d++) out->shape[d] = at_x_dim(n->x, node, dim[d]);
  return AT_OK;
}

/* ---- of a session ---- */

static char *asked_text(const attune_network_spec *s) {
  at_text t = {0};
  at_text_addf(&t, "%s\n%s\n%s\n%s\n%d %lld %lld", s->model, s->weights, s->arguments, s->outputs,
               (int)s->pixels, (long long)s->height, (long long)s->width);
  if (t.failed) at_text_free(&t);
  return t.data;
}

static at_status network_of(void *ctx, const attune_network_spec *spec, attune_network **out,
                            at_error *err) {
  at_session *s = ctx;
  char *asked = asked_text(spec);
  *out = NULL;
  if (!asked) return at_nomem(err);
  for (attune_network *n = s->network; n && !*out; n = n->next)
    if (!strcmp(n->asked, asked)) *out = n;
  attune_network *n = *out ? NULL : calloc(1, sizeof *n);
  if (!n) {
    free(asked);
    return *out ? AT_OK : at_nomem(err);
  }
  n->asked = asked;
  n->words.pool = s->pool;
  at_status st = at_network_load(s->reg, s->pool, spec, n, err);
  for (int i = 0; st == AT_OK && i < n->graph->n_output; i++)
    st = check_output(n, &n->graph->output[i], err);
  if (st != AT_OK) {
    at_network_free(n);
    return st;
  }
  n->next = s->network;
  *out = s->network = n;
  return AT_OK;
}

static const char *name_of(const attune_network *n) { return n->graph->name; }
static uint64_t key_of(const attune_network *n) { return n->key; }

static const void *find_memory(void *ctx, const char *key, size_t *bytes) {
  return at_memory_find(ctx, key, bytes);
}
static at_status put_memory(void *ctx, const char *key, const void *value, size_t bytes,
                            at_error *err) {
  return at_memory_put(ctx, key, value, bytes, err);
}

at_metric_ops at_session_metric_ops(at_session *s) {
  return (at_metric_ops){.ctx = s,
                         .network = network_of,
                         .name = name_of,
                         .key = key_of,
                         .see = see_pictures,
                         .read = read_texts,
                         .output = output_of,
                         .remembered = find_memory,
                         .remember = put_memory};
}
