/* Pictures out of captions: binding words and noise, running. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/random.h"
#include "core/run/make_impl.h"

/* ---- what the model is ---- */

/* [caption, y, x, channel = 3], in any order of its dims. */
static bool is_picture(const at_session *s, const at_node *n, at_stage *out) {
  int place[2], k = 0;
  *out = (at_stage){n, -1, -1, -1, -1};
  if (n->ndim != 4 || n->type != AT_REAL) return false;
  for (int d = n->ndim - 1; d >= 0; d--) {
    if (n->dim[d].axis == s->batch[0].axis)
      out->row = d;
    else if (n->dim[d].size == 3 && out->channel < 0)
      out->channel = d;
    else if (k < 2 && n->dim[d].size > 0)
      place[k++] = d;
  }
  if (out->row < 0 || out->channel < 0 || k != 2) return false;
  out->y = place[1];
  out->x = place[0];
  return true;
}

static int64_t places(const at_stage *g) {
  return g->node->dim[g->y].size * g->node->dim[g->x].size;
}

static void add_stage(at_maker *m, const at_stage *g) {
  int at = m->n_stages;
  for (int i = 0; i < m->n_stages; i++)
    if (m->stage[i].node == g->node) return;
  if (at == AT_MOST_STAGES) return;
  for (; at > 0 && places(&m->stage[at - 1]) > places(g); at--) m->stage[at] = m->stage[at - 1];
  m->stage[at] = *g;
  m->n_stages++;
}

/* Stages up to the size of `picture`, which is the last. */
static at_status find_stages(at_maker *m, at_error *err) {
  const at_graph *g = m->s->graph;
  at_stage last = {0}, other;
  for (int i = 0; i < g->n_output; i++) {
    if (!strcmp(g->output[i].name, "picture") && !is_picture(m->s, g->output[i].node, &last))
      last.node = NULL;
    if (!strcmp(g->output[i].name, "caption_code")) m->code = g->output[i].node;
  }
  if (!last.node)
    return at_fail(err, AT_EINPUT,
                   "%s: the model makes no pictures: it has no output `picture` [caption, y, x, "
                   "channel = 3]",
                   at_run_get(m->s->run, "model"));
  for (int i = 0; i < g->n_output; i++)
    if (is_picture(m->s, g->output[i].node, &other) && other.node != last.node &&
        places(&other) < places(&last))
      add_stage(m, &other);
  if (m->n_stages == AT_MOST_STAGES) m->n_stages--;
  m->stage[m->n_stages++] = last;
  return AT_OK;
}

static at_status find_words(at_maker *m, at_error *err) {
  const at_session *s = m->s;
  m->words = -1;
  for (int f = 0; f < s->n_feeds; f++)
    if (s->feed[f].kind == AT_FEED_WORDS && s->feed[f].table == 0) m->words = f;
  if (s->n_batch == 1 && m->words >= 0) return AT_OK;
  return at_fail(err, AT_EINPUT,
                 "%s: the model makes no pictures of captions: it needs one batch axis, and an "
                 "input of words over it",
                 at_run_get(s->run, "model"));
}

at_status at_maker_new(at_session *s, at_maker **out, at_error *err) {
  const at_exec_options o = {.pool = s->pool, .no_loss = true, .keep_all = true};
  at_maker *m = calloc(1, sizeof *m);
  *out = NULL;
  if (!m) return at_nomem(err);
  m->s = s;
  at_status st = find_words(m, err);
  if (st == AT_OK) st = find_stages(m, err);
  if (st == AT_OK) st = at_exec_new(s->graph, s->params, &o, &m->x, err);
  if (st == AT_OK)
    *out = m;
  else
    at_maker_free(m);
  return st;
}

void at_maker_free(at_maker *m) {
  if (!m) return;
  at_exec_free(m->x);
  free(m->offset);
  free(m->id);
  free(m);
}

/* ---- words ---- */

static at_status no_words(const char *caption, at_error *err) {
  return at_fail(err, AT_EINPUT, "the caption \"%s\" has no words", caption);
}

at_status at_maker_check(const at_session *s, const char *caption, at_text *unknown, int64_t *n,
                         at_error *err) {
  int32_t *id = NULL;
  int64_t words;
  *n = 0;
  if (!s->vocab) return at_fail(err, AT_EINPUT, "the model reads no words");
  at_status st = at_session_ids(s, caption, &id, &words, unknown, n, err);
  if (st == AT_OK && words <= (s->ends ? 2 : 0)) st = no_words(caption, err);
  bool blank = true;
  for (const char *c = caption; *c; c++) blank = blank && isspace((unsigned char)*c);
  if (st == AT_OK && blank) st = no_words(caption, err);
  free(id);
  return st;
}

/* The words of row i: of the caption, or of the other where that is nearer. */
static const char *words_of(const at_make *v) {
  return v->to_caption && v->caption_share > 0.5 ? v->to_caption : v->caption;
}

static at_status take_words(at_maker *m, const char *const *caption, int64_t n, at_error *err) {
  at_status st = AT_OK;
  free(m->offset);
  free(m->id);
  m->id = NULL;
  m->offset = calloc((size_t)n + 1, sizeof *m->offset);
  if (!m->offset) return at_nomem(err);
  for (int64_t i = 0; st == AT_OK && i < n; i++) {
    int32_t *id = NULL;
    int64_t count = 0, unknown;
    st = at_session_ids(m->s, caption[i], &id, &count, NULL, &unknown, err);
    int32_t *all =
        st == AT_OK ? realloc(m->id, (size_t)(m->offset[i] + count) * sizeof *all) : NULL;
    if (st == AT_OK && !all) st = at_nomem(err);
    if (all) {
      m->id = all;
      memcpy(all + m->offset[i], id, (size_t)count * sizeof *all);
      m->offset[i + 1] = m->offset[i] + count;
    }
    free(id);
  }
  m->n = n;
  return st;
}

/* Inputs other than the words take no part, or the model cannot do with a caption. */
static at_status bind(at_maker *m, const char *const *caption, int64_t n, at_error *err) {
  const at_session *s = m->s;
  const at_node *in = s->feed[m->words].input;
  at_status st = take_words(m, caption, n, err);
  if (st == AT_OK) st = at_exec_size(m->x, s->batch[0].name, n, err);
  if (st == AT_OK)
    st = at_exec_ragged(m->x, s->graph->axis[in->dim[0].axis].name, m->offset, n, err);
  if (st == AT_OK) st = at_exec_input(m->x, in->name, m->id, err);
  return st == AT_OK ? at_exec_ready(m->x, err) : st;
}

/* ---- noise, and ways between captions ---- */

static float noise_at(const at_maker *m, const at_node *node, uint64_t number, int64_t i) {
  const at_random r = {
      .seed = m->s->seed, .stream = at_hash_name("made") + (uint64_t)node->id, .step = number};
  return at_random_normal(&r, (uint64_t)i);
}

/* Between two noises along the arc that joins them, so that what lies between is as long as noise
 * is. */
static void fill_noise(const at_maker *m, const at_node *node, const at_make *v, float *to,
                       int64_t size) {
  double aa = 0, bb = 0, ab = 0, wa = 1, wb = 0;
  for (int64_t i = 0; v->noise_share > 0 && i < size; i++) {
    const double a = (double)noise_at(m, node, v->noise, i);
    const double b = (double)noise_at(m, node, v->to_noise, i);
    aa += a * a;
    bb += b * b;
    ab += a * b;
  }
  if (v->noise_share > 0) {
    const double norm = sqrt(aa * bb), cosine = norm > 0 ? ab / norm : 1;
    const double angle = acos(fmin(1, fmax(-1, cosine))), t = v->noise_share;
    const bool straight = sin(angle) < 1e-6;
    wa = straight ? 1 - t : sin((1 - t) * angle) / sin(angle);
    wb = straight ? t : sin(t * angle) / sin(angle);
  }
  for (int64_t i = 0; i < size; i++)
    to[i] = (float)(wa * (double)noise_at(m, node, v->noise, i) +
                    (wb != 0 ? wb * (double)noise_at(m, node, v->to_noise, i) : 0));
}

static at_status set_noise(at_maker *m, const at_make *v, int64_t n, at_error *err) {
  const at_graph *g = m->s->graph;
  for (int k = 0; k < g->n_node; k++) {
    const at_node *node = g->node[k];
    if (strcmp(node->op->name, "noise") || !at_exec_value(m->x, node)) continue;
    const int64_t size = at_x_count(m->x, node) / n;
    float *value = malloc((size_t)(n * size) * sizeof *value);
    if (!value) return at_nomem(err);
    for (int64_t i = 0; i < n; i++) fill_noise(m, node, &v[i], value + i * size, size);
    const bool done = at_exec_again(m->x, node, value);
    free(value);
    if (!done) return at_fail(err, AT_EFAIL, "the noise of the model cannot be chosen");
  }
  return AT_OK;
}

/* Codes of the captions that rows lead to, the batch bound to them and run. */
static at_status other_codes(at_maker *m, const at_make *v, int64_t n, float **out, at_error *err) {
  const char **caption = calloc((size_t)n, sizeof *caption);
  float *codes = NULL;
  if (!caption) return at_nomem(err);
  for (int64_t i = 0; i < n; i++)
    caption[i] =
        words_of(&v[i]) == v[i].caption && v[i].to_caption ? v[i].to_caption : v[i].caption;
  at_status st = bind(m, caption, n, err);
  if (st == AT_OK) {
    at_exec_forward(m->x, m->s->seed, 0, false);
    const size_t bytes = (size_t)at_x_count(m->x, m->code) * sizeof *codes;
    if (!(codes = malloc(bytes)))
      st = at_nomem(err);
    else
      memcpy(codes, at_exec_value(m->x, m->code), bytes);
  }
  free(caption);
  *out = codes;
  return st;
}

static at_status mix_codes(at_maker *m, const at_make *v, int64_t n, float *other, at_error *err) {
  const float *own = at_exec_value(m->x, m->code);
  const int64_t size = at_x_count(m->x, m->code) / n;
  for (int64_t i = 0; i < n; i++) {
    const double share = v[i].to_caption ? v[i].caption_share : 0;
    const double away = share > 0.5 ? 1 - share : share; /* from the words' own caption */
    for (int64_t k = i * size; k < (i + 1) * size; k++)
      other[k] = (float)((1 - away) * (double)own[k] + away * (double)other[k]);
  }
  return at_exec_again(m->x, m->code, other)
             ? AT_OK
             : at_fail(err, AT_EFAIL, "`caption_code` of the model cannot be chosen");
}

at_status at_maker_run(at_maker *m, const at_make *v, int64_t n, at_error *err) {
  const char **caption = calloc((size_t)n + 1, sizeof *caption);
  float *other = NULL;
  bool between = false;
  at_status st = caption ? AT_OK : at_nomem(err);
  for (int64_t i = 0; st == AT_OK && i < n; i++) {
    int64_t unknown;
    caption[i] = words_of(&v[i]);
    between |= v[i].to_caption != NULL;
    st = at_maker_check(m->s, caption[i], NULL, &unknown, err);
  }
  if (st == AT_OK && between && !m->code)
    st = at_fail(err, AT_EINPUT, "the model puts out no `caption_code`, which could be mixed");
  if (st == AT_OK && between) st = other_codes(m, v, n, &other, err);
  if (st == AT_OK) st = bind(m, caption, n, err);
  if (st == AT_OK) {
    at_exec_forward(m->x, m->s->seed, 0, false);
    if (between) st = mix_codes(m, v, n, other, err);
  }
  if (st == AT_OK) st = set_noise(m, v, n, err);
  free(other);
  free(caption);
  return st;
}
