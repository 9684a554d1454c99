/* Pictures out of captions (AttnGAN: Xu and others, 2018). */
#include <attune/plugin.h>
#include <stdlib.h>
#include <string.h>
#include "below.h"

static const attune_option options_table[] = {
    {"captions", ATTUNE_OPTION_ENUM, "one", 0, 0, "one|all",
     "examples of an epoch: every picture with one of its captions, drawn anew in each, or every "
     "caption with its picture"},
    {"picture", ATTUNE_OPTION_STRING, "picture", 0, 0, NULL,
     "the table of the data's own pictures, to which the captions link"},
    {"text", ATTUNE_OPTION_STRING, "text", 0, 0, NULL, "the field with the captions' texts"},
    {"limit", ATTUNE_OPTION_INT, "0", 0, 1e9, NULL,
     "captions that an evaluation makes pictures of, the first ones of the split; 0: all"},
    {"block", ATTUNE_OPTION_INT, "32", 2, 4096, NULL, "of these so many at a time"},
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL},
};

typedef struct roles {
  const char *caption, *picture; /* tables */
  int64_t captions, pictures;    /* rows; pictures -1: the data have none */
} roles;

static int find_roles(const attune_host *host, const attune_options *options,
                      attune_task_context *c, roles *r) {
  r->caption = host->batch_axis(c, 0);
  r->picture = host->option_text(options, "picture");
  if (!r->caption || host->batch_axis(c, 1)) {
    host->error(host, "generation needs a model with one batch axis, of captions");
    return ATTUNE_BAD_INPUT;
  }
  r->captions = host->rows(c, r->caption);
  r->pictures = host->rows(c, r->picture);
  if (r->captions > 0) return ATTUNE_OK;
  host->error(host, "generation needs data with rows in the table `%s`", r->caption);
  return ATTUNE_BAD_INPUT;
}

/* Of a caption; -1: the data say none. */
static int64_t picture_of(const attune_host *host, attune_task_context *c, const roles *r,
                          int64_t caption) {
  const int64_t p = r->pictures > 0 ? host->link(c, r->caption, r->picture, caption) : -1;
  return p < r->pictures ? p : -1;
}

/* ---- epochs ---- */

/* Keeps one caption of each picture: the k-th seen replaces the one before with probability 1/k. */
static int64_t choose_one(const attune_host *host, attune_task_context *c, uint64_t epoch,
                          const roles *r, int64_t *caption, int64_t *seen, int64_t *chosen) {
  int64_t n = 0;
  for (int64_t i = 0; i < r->captions; i++) {
    const int64_t p = picture_of(host, c, r, i);
    if (p < 0) continue;
    const uint32_t bits = host->random(c, epoch, (uint64_t)(r->captions + i));
    if (below(bits, ++seen[p]) == 0) chosen[p] = i;
  }
  for (int64_t p = 0; p < r->pictures; p++)
    if (seen[p]) caption[n++] = chosen[p];
  return n;
}

static int epoch(const attune_host *host, const attune_options *options, attune_task_context *c,
                 uint64_t number) {
  roles r;
  int rc = find_roles(host, options, c, &r);
  if (rc) return rc;
  const int64_t pictures = r.pictures > 0 ? r.pictures : 0;
  int64_t n = r.captions;
  int64_t *caption = host->scratch(host, (size_t)(n + 1) * sizeof *caption);
  int64_t *work = host->scratch(host, (size_t)(2 * pictures + 1) * sizeof *work);
  if (!caption || !work) return ATTUNE_NO_MEMORY;
  if (pictures && host->option_int(options, "captions") == 0) /* one */
    n = choose_one(host, c, number, &r, caption, work, work + pictures);
  else
    for (int64_t i = 0; i < n; i++) caption[i] = i;
  for (int64_t i = n - 1; i > 0; i--) {
    const int64_t j = below(host->random(c, number, (uint64_t)i), i + 1), t = caption[i];
    caption[i] = caption[j];
    caption[j] = t;
  }
  for (int64_t i = 0; i < n && !rc; i++) rc = host->example(c, &caption[i]);
  return rc;
}

/* ---- evaluation ---- */

enum { MOST_LOSSES = 64 };

typedef struct making {
  const attune_host *host;
  attune_task_context *c;
  attune_prediction *p;
  roles r;
  const char *field; /* of the captions' texts */
  int64_t n, block;
  int64_t *row, *picture; /* [n] of captions, and of the pictures that belong to them */
  char **caption;         /* [n] texts */
  double loss[MOST_LOSSES], weight;
  float *
      code[2]; /* [n, width] of pictures, of captions; NULL: not known yet, or the model has none */
  int64_t width[2];
} making;

static const char *const codes[] = {"picture_code", "caption_code"};

static int read_rows(making *m) {
  for (int64_t i = 0; i < m->n; i++) {
    m->row[i] = i;
    m->picture[i] = picture_of(m->host, m->c, &m->r, i);
    const char *text = m->host->row_text(m->c, m->r.caption, m->field, i);
    if (!text) text = "";
    m->caption[i] = m->host->scratch(m->host, strlen(text) + 1);
    if (!m->caption[i]) return ATTUNE_NO_MEMORY;
    strcpy(m->caption[i], text);
  }
  return ATTUNE_OK;
}

/* A loss of wrong captions needs two: a last one alone is left out. */
static int add_losses(making *m, int64_t first, int64_t count) {
  double v[MOST_LOSSES];
  const int64_t *rows[] = {m->row + first};
  if (count < 2 || !m->host->loss_name(m->c, 0)) return ATTUNE_OK;
  int rc = m->host->losses(m->c, rows, &count, v, MOST_LOSSES);
  for (uint32_t i = 0; !rc && i < MOST_LOSSES && m->host->loss_name(m->c, i); i++)
    m->loss[i] += v[i] * (double)count;
  if (!rc) m->weight += (double)count;
  return rc;
}

/* Rows `first` on of what the model made of pictures, or of captions. */
static int keep_code(making *m, int k, int64_t first, int64_t count) {
  attune_array a;
  void *stored;
  int rc = m->host->output(m->c, codes[k], &a);
  if (rc) return rc;
  if (a.ndim != 2 || a.type != ATTUNE_F32 || a.shape[0] != count) {
    m->host->error(m->host, "`%s` must be a row of numbers for each caption", codes[k]);
    return ATTUNE_BAD_INPUT;
  }
  if (!m->code[k]) {
    const attune_array all = {.type = ATTUNE_F32, .ndim = 2, .shape = {m->n, a.shape[1]}};
    if ((rc = m->host->predict(m->p, codes[k], &all, &stored))) return rc;
    m->code[k] = stored;
    m->width[k] = a.shape[1];
  }
  memcpy(m->code[k] + first * m->width[k], a.data, (size_t)(count * m->width[k]) * sizeof(float));
  return ATTUNE_OK;
}

/* The data's own pictures at the size of those made; false: one is missing. */
static int read_real(const making *m, int64_t first, attune_pictures *g, uint8_t *room) {
  const int64_t each = g->height * g->width * 3;
  for (int64_t i = 0; i < g->count; i++) {
    if (m->picture[first + i] < 0) return ATTUNE_OK;
    int rc = m->host->picture(m->c, m->r.picture, m->picture[first + i], g->height, g->width,
                              room + i * each);
    if (rc) return rc == ATTUNE_FAILED ? ATTUNE_OK : rc;
  }
  g->real = room;
  g->picture = m->picture + first;
  return ATTUNE_OK;
}

static int give(making *m, int64_t first, const attune_array *a) {
  attune_pictures g = {.size = sizeof g,
                       .first = first,
                       .total = m->n,
                       .count = a->shape[0],
                       .height = a->shape[1],
                       .width = a->shape[2],
                       .caption = (const char *const *)(m->caption + first),
                       .row = m->row + first,
                       .context = m->c,
                       .caption_table = m->r.caption,
                       .caption_field = m->field,
                       .picture_table = m->r.picture};
  const int64_t all = g.count * g.height * g.width * 3;
  uint8_t *rgb = malloc((size_t)(2 * all));
  if (!rgb) return ATTUNE_NO_MEMORY;
  int rc = m->host->bytes(m->c, a->data, all, rgb);
  g.made = rgb;
  if (!rc) rc = read_real(m, first, &g, rgb + all);
  if (!rc) rc = m->host->give(m->c, &g);
  free(rgb);
  return rc;
}

static int block(making *m, int64_t first, int64_t count) {
  attune_array a;
  const int64_t *rows[] = {m->row + first};
  int rc = m->host->forward(m->c, "picture", rows, &count, &a);
  if (rc) return rc;
  if (a.ndim != 4 || a.type != ATTUNE_F32 || a.shape[0] != count || a.shape[3] != 3) {
    m->host->error(m->host, "`picture` must be [caption, y, x, channel = 3] of every caption");
    return ATTUNE_BAD_INPUT;
  }
  rc = give(m, first, &a);
  for (int k = 0; k < 2 && !rc; k++)
    if (m->host->has_output(m->c, codes[k])) rc = keep_code(m, k, first, count);
  return rc ? rc : add_losses(m, first, count);
}

/* ---- what metrics read ---- */

static int predict_text(const making *m, const char *name, const char *text, size_t bytes) {
  const attune_array a = {.type = ATTUNE_U8, .ndim = 1, .shape = {(int64_t)bytes}, .data = text};
  return m->host->predict(m->p, name, &a, NULL);
}

static int predict_losses(const making *m) {
  float v[MOST_LOSSES];
  char names[MOST_LOSSES * 64];
  size_t at = 0;
  int64_t n = 0;
  for (const char *name; n < MOST_LOSSES && (name = m->host->loss_name(m->c, (uint32_t)n)); n++) {
    v[n] = (float)(m->loss[n] / m->weight);
    if (strlen(name) > 62) return ATTUNE_OK;
    memcpy(names + at, name, strlen(name) + 1);
    at += strlen(name) + 1;
  }
  if (!n || m->weight <= 0) return ATTUNE_OK;
  const attune_array a = {.type = ATTUNE_F32, .ndim = 1, .shape = {n}, .data = v};
  int rc = m->host->predict(m->p, "loss", &a, NULL);
  return rc ? rc : predict_text(m, "loss_names", names, at);
}

static int predict_rows(const making *m) {
  const attune_array a = {.type = ATTUNE_I64, .ndim = 1, .shape = {m->n}, .data = m->picture};
  size_t bytes = 0, at = 0;
  for (int64_t i = 0; i < m->n; i++) bytes += strlen(m->caption[i]) + 1;
  char *all = malloc(bytes + 1);
  if (!all) return ATTUNE_NO_MEMORY;
  for (int64_t i = 0; i < m->n; i++) {
    const size_t k = strlen(m->caption[i]) + 1;
    memcpy(all + at, m->caption[i], k);
    at += k;
  }
  int rc = m->host->predict(m->p, "picture_of_caption", &a, NULL);
  if (!rc) rc = predict_text(m, "captions", all, bytes);
  free(all);
  return rc;
}

static int evaluate(const attune_host *host, const attune_options *options, attune_task_context *c,
                    attune_prediction *prediction) {
  making m = {.host = host, .c = c, .p = prediction};
  int rc = find_roles(host, options, c, &m.r);
  if (rc) return rc;
  const int64_t limit = host->option_int(options, "limit");
  const int64_t most = host->block(c, 0), asked = host->option_int(options, "block");
  m.n = limit && limit < m.r.captions ? limit : m.r.captions;
  m.block = asked < most ? asked : most;
  m.row = host->scratch(host, (size_t)m.n * sizeof *m.row);
  m.picture = host->scratch(host, (size_t)m.n * sizeof *m.picture);
  m.caption = host->scratch(host, (size_t)m.n * sizeof *m.caption);
  if (!m.row || !m.picture || !m.caption) return ATTUNE_NO_MEMORY;
  m.field = host->option_text(options, "text");
  rc = read_rows(&m);
  for (int64_t i = 0; i < m.n && !rc; i += m.block)
    rc = block(&m, i, m.n - i < m.block ? m.n - i : m.block);
  if (!rc) rc = predict_losses(&m);
  return rc ? rc : predict_rows(&m);
}

static const attune_need needs[] = {{"picture", 1, "the picture made of every caption"},
                                    {NULL, 0, NULL}};

static const attune_task generation = {
    .item =
        {sizeof(attune_task), ATTUNE_TASK, "generation", "pictures made of captions",
         "An example is a caption with its picture; a model's wrong captions are others of the "
         "batch. The model has one\n"
         "batch axis, of captions; its inputs of pictures are fed through the captions' link. Its "
         "output `picture`\n"
         "[caption, y, x, channel = 3] goes to metrics that take pictures, a block at a time, with "
         "the caption and the data's\n"
         "own picture at the same size. Other metrics read `loss` and `loss_names`, means over the "
         "split of what the model's\n"
         "losses are in evaluation, `captions`, one text each with its NUL, `picture_of_caption`, "
         "and, where the model puts them\n"
         "out, `picture_code` and `caption_code`, rows of numbers of both in one space.",
         options_table},
    .needs = needs,
    .epoch = epoch,
    .evaluate = evaluate,
};
static const attune_item *const items[] = {&generation.item};
ATTUNE_PLUGIN("generation", "1.0", "Apache-2.0", items)
