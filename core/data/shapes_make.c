/* Writing pictures for the queries of SHAPES. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/base/file.h"
#include "core/data/shapes.h"

#define GENERATOR "attune shapes"
enum { LARGEST = 1 << 30 };
static const char *const files[] = {"train.input.npy", "train.query",     "train.query_str.txt",
                                    "train.output",    "train.cells.tsv", NULL};
static const char cells_head[] =
    "index\tcells(row-major 3x3, shape:color or -)\tanswer_cells(row,col satisfying the query; "
    "empty if false)\n";

/* ---- what is asked ---- */

typedef struct lines {
  char path[4096], *text;
  struct line {
    const char *v;
    size_t n;
  } * line;
  int64_t n;
} lines;

static int64_t count_lines(const char *text, size_t n) {
  int64_t count = 0;
  for (const char *c = text; (c = memchr(c, '\n', n - (size_t)(c - text))); c++) count++;
  return count + (n && text[n - 1] != '\n');
}

static at_status read_lines(const char *prefix, const char *suffix, lines *l, at_error *err) {
  size_t n = 0;
  if (snprintf(l->path, sizeof l->path, "%s.%s", prefix, suffix) >= (int)sizeof l->path)
    return at_fail(err, AT_EINPUT, "the name of the files of queries is too long");
  at_status s = at_file_read(l->path, LARGEST, &l->text, &n, err);
  if (s != AT_OK) return s;
  l->n = count_lines(l->text, n);
  if (!(l->line = calloc((size_t)l->n + 1, sizeof *l->line))) return at_nomem(err);
  const char *at = l->text, *end = l->text + n;
  for (int64_t i = 0; i < l->n; i++) {
    const char *newline = memchr(at, '\n', (size_t)(end - at)), *stop = newline ? newline : end;
    l->line[i].v = at;
    l->line[i].n = (size_t)(stop - at);
    if (l->line[i].n && stop[-1] == '\r') l->line[i].n--;
    at = stop + 1;
  }
  return AT_OK;
}

typedef struct asked {
  lines query, text, output;
  at_shapes_query *parsed;
  bool *answer;
} asked;

static void asked_free(asked *a) {
  lines *all[] = {&a->query, &a->text, &a->output};
  for (size_t i = 0; i < 3; i++) {
    free(all[i]->text);
    free(all[i]->line);
  }
  free(a->parsed);
  free(a->answer);
}

static at_status check_lengths(const asked *a, at_error *err) {
  const lines *all[] = {&a->query, &a->text, &a->output};
  for (size_t i = 1; i < 3; i++) {
    const lines *less = all[i]->n < all[0]->n ? all[i] : all[0],
                *more = all[i]->n < all[0]->n ? all[0] : all[i];
    if (less->n < more->n)
      return at_fail(err, AT_EINPUT, "%s: it ends before line %lld, which %s has", less->path,
                     (long long)less->n + 1, more->path);
  }
  return a->query.n ? AT_OK : at_fail(err, AT_EINPUT, "%s: there are no queries", a->query.path);
}

static at_status read_answer(const lines *l, int64_t i, bool *out, at_error *err) {
  static const char *const names[] = {"false", "true"};
  for (int k = 0; k < 2; k++)
    if (l->line[i].n == strlen(names[k]) && !memcmp(l->line[i].v, names[k], l->line[i].n)) {
      *out = k;
      return AT_OK;
    }
  return at_fail(err, AT_EINPUT, "%s:%lld: the answer is neither `true` nor `false`", l->path,
                 (long long)i + 1);
}

static at_status read_asked(const char *prefix, asked *a, at_error *err) {
  at_status s = read_lines(prefix, "query", &a->query, err);
  if (s == AT_OK) s = read_lines(prefix, "query_str.txt", &a->text, err);
  if (s == AT_OK) s = read_lines(prefix, "output", &a->output, err);
  if (s == AT_OK) s = check_lengths(a, err);
  if (s != AT_OK) return s;
  a->parsed = calloc((size_t)a->query.n, sizeof *a->parsed);
  a->answer = calloc((size_t)a->query.n, sizeof *a->answer);
  if (!a->parsed || !a->answer) return at_nomem(err);
  for (int64_t i = 0; i < a->query.n && s == AT_OK; i++) {
    const struct line *l = &a->query.line[i];
    s = at_shapes_parse(l->v, l->n, &a->parsed[i], err);
    if (s != AT_OK) return at_error_prefix(err, "%s:%lld", a->query.path, (long long)i + 1);
    s = read_answer(&a->output, i, &a->answer[i], err);
  }
  return s;
}

/* ---- pictures ---- */

typedef struct job {
  const at_shapes_options *o;
  const asked *a;
} job;

static void add_line(at_text *t, const struct line *l) {
  at_text_addn(t, l->v, l->n);
  at_text_add(t, "\n");
}

/* As SHAPES' own cells.tsv: the cells, and those that answer. */
static void add_cells(at_text *t, int64_t index, const at_shapes_grid *g, uint32_t found) {
  const char *between = "";
  at_text_addf(t, "%lld\t", (long long)index);
  for (int i = 0; i < AT_SHAPES_CELLS; i++) {
    const at_shapes_cell *c = &g->cell[i];
    if (i) at_text_add(t, " ");
    if (c->shape < 0)
      at_text_add(t, "-");
    else
      at_text_addf(t, "%s:%s", at_shapes_shape_names[c->shape], at_shapes_color_names[c->color]);
  }
  at_text_add(t, "\t");
  for (int i = 0; i < AT_SHAPES_CELLS; i++) {
    if (!(found >> i & 1)) continue;
    at_text_addf(t, "%s%d,%d", between, i / AT_SHAPES_GRID, i % AT_SHAPES_GRID);
    between = " ";
  }
  at_text_add(t, "\n");
}

static at_status draw_row(void *ctx, int64_t index, at_made_row *row, at_error *err) {
  const job *j = ctx;
  const asked *a = j->a;
  const int64_t line = index / j->o->each;
  const at_shapes_query *q = &a->parsed[line];
  at_dice d = at_dice_new(j->o->seed, "shapes.train", (uint64_t)index);
  at_shapes_grid g;
  if (!at_shapes_draw_for(&d, q, a->answer[line], &g))
    return at_fail(err, AT_EINPUT, "%s:%lld: no picture was found of which `%.*s` is %s",
                   a->query.path, (long long)line + 1, (int)a->query.line[line].n,
                   a->query.line[line].v, a->answer[line] ? "true" : "false");
  add_line(&row->text[0], &a->query.line[line]);
  add_line(&row->text[1], &a->text.line[line]);
  add_line(&row->text[2], &a->output.line[line]);
  add_cells(&row->text[3], index, &g, at_shapes_found(q, &g));
  return at_shapes_render(&g, row->pixels, err);
}

/* ---- the data set ---- */

static at_status write_meta(const at_shapes_options *o, int64_t n, const char *dir, at_error *err) {
  at_text t = {0};
  at_text_addf(&t,
               "{\n  \"generator\": \"" GENERATOR
               "\",\n  \"version\": %d,\n  \"seed\": %llu,\n  \"each\": %lld,\n  \"count\": %lld,\n"
               "  \"channels\": \"blue, green, red\",\n"
               "  \"pictures\": \"made for given queries and answers; they are not those of the "
               "published set\"\n}\n",
               AT_SHAPES_VERSION, (unsigned long long)o->seed, (long long)o->each, (long long)n);
  return at_made_write_meta(dir, &t, err);
}

static const at_made_kind kind = {GENERATOR, files, false};

at_status at_shapes_make(const at_shapes_options *o, const char *dir, at_pool *pool,
                         at_made_progress *progress, void *ctx, int64_t *made, at_error *err) {
  asked a = {.parsed = NULL};
  at_made m = {0};
  job j = {o, &a};
  at_made_rows r = {.array = files[0],
                    .text = {files[1], files[2], files[3], files[4]},
                    .head = {NULL, NULL, NULL, cells_head},
                    .height = AT_SHAPES_SIDE,
                    .width = AT_SHAPES_SIDE,
                    .draw = draw_row,
                    .ctx = &j,
                    .progress = progress,
                    .progress_ctx = ctx};
  if (o->each < 1 || o->each > 10000)
    return at_fail(err, AT_EINPUT, "each is %lld pictures; it goes from 1 to 10000",
                   (long long)o->each);
  at_status s = read_asked(o->queries, &a, err);
  if (s != AT_OK) goto out;
  r.count = r.total = a.query.n * o->each;
  if ((s = at_made_begin(&m, &kind, dir, o->force, err)) != AT_OK) goto out;
  s = at_made_write(&m, &r, pool, err);
  if (s == AT_OK) s = write_meta(o, r.count, m.tmp, err);
  if (s == AT_OK) s = at_made_commit(&m, err);
  if (made) *made = r.count;
out:
  at_made_end(&m);
  asked_free(&a);
  return s;
}
