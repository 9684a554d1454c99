/* Data readers. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "core/base/random.h"
#include "core/base/text.h"
#include "core/check/check_impl.h"

enum { LARGEST_FIELD = 1 << 26 };

/* Elements of a field of fixed shape; -1: too many. */
static int64_t elements(const at_field *f) {
  int64_t n = 1;
  for (uint32_t i = 0; i < f->f.ndim; i++) {
    if (f->f.shape[i] <= 0 || n > LARGEST_FIELD / f->f.shape[i]) return -1;
    n *= f->f.shape[i];
  }
  return n;
}

static at_status read_fixed(ck *c, const at_dataset *d, const at_table *t, const at_field *f,
                            int64_t row, uint64_t *hash) {
  const size_t each = f->f.type == ATTUNE_FIELD_REAL    ? sizeof(float)
                      : f->f.type == ATTUNE_FIELD_IMAGE ? 1
                                                        : sizeof(int64_t);
  const int64_t n = f->f.type == ATTUNE_FIELD_LINK ? 1 : elements(f);
  if (n < 0) return at_fail(&c->err, AT_EFAIL, "`%s.%s` is too large", f->table, f->f.name);
  /* It ends where a page begins that nobody may touch. */
  const size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = (size_t)n * each,
               room = (bytes + page - 1) / page * page;
  char *map = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED) return at_nomem(&c->err);
  void *v = map + (room - bytes);
  mprotect(map + room, page, PROT_NONE);
  ck_at("read of `%.40s.%.40s`, row %lld, which has room for %zu bytes", f->table, f->f.name,
        (long long)row, bytes);
  at_status s = at_dataset_read(d, t->split, f, row, v, &c->err);
  ck_at("%s", "");
  for (int64_t i = 0; s == AT_OK && f->f.type == ATTUNE_FIELD_REAL && i < n; i++)
    if (!isfinite(((const float *)v)[i]))
      s = at_fail(&c->err, AT_EFAIL, "`%s.%s` of row %lld holds a number that is none", f->table,
                  f->f.name, (long long)row);
  if (s == AT_OK && hash) *hash = at_hash64(v, bytes);
  munmap(map, room + page);
  return s;
}

at_status ck_read(ck *c, const at_dataset *d, const at_table *t, const at_field *f, int64_t row,
                  uint64_t *hash) {
  char *text = NULL;
  float *xywh = NULL;
  int64_t *index = NULL, n = 0;
  at_status s = AT_OK;
  ck_at("read of `%.40s.%.40s`, row %lld", f->table, f->f.name, (long long)row);
  switch (f->f.type) {
    case ATTUNE_FIELD_TEXT:
    case ATTUNE_FIELD_NAME:
      s = at_dataset_read_text(d, t->split, f, row, &text, &c->err);
      if (s == AT_OK && hash) *hash = at_hash_name(text);
      break;
    case ATTUNE_FIELD_BOXES:
      s = at_dataset_read_boxes(d, t->split, f, row, &xywh, &n, &c->err);
      if (s == AT_OK && hash) *hash = at_hash64(xywh, (size_t)n * 4 * sizeof *xywh);
      break;
    case ATTUNE_FIELD_WORDS:
      s = at_dataset_read_words(d, t->split, f, row, &index, &n, &c->err);
      if (s == AT_OK && hash) *hash = at_hash64(index, (size_t)n * sizeof *index);
      break;
    case ATTUNE_FIELD_REAL:
    case ATTUNE_FIELD_IMAGE:
    case ATTUNE_FIELD_LINK: s = read_fixed(c, d, t, f, row, hash); break;
    default: break; /* of a later version: not known here */
  }
  ck_at("%s", "");
  free(text);
  free(xywh);
  free(index);
  return s;
}

/* ---- walking over what there is ---- */

typedef struct opened {
  attune_options *o;
  at_dataset *d;
} opened;

static bool open_data(ck *c, opened *w, at_check_outcome *out) {
  *w = (opened){NULL, NULL};
  w->o = ck_options(c, c->spec);
  if (!w->o)
    *out =
        ck_skip(c, "%s; give it: --with '%s(OPTION=VALUE)'", c->err.message, c->item->item->name);
  else if (at_dataset_open(c->item, w->o, &w->d, &c->err) != AT_OK)
    *out = ck_fail(c, "%s", c->err.message);
  return w->d != NULL;
}

static void close_data(opened *w) {
  at_dataset_close(w->d);
  at_options_free(w->o);
}

typedef at_status visit_fn(ck *c, const at_dataset *d, const at_table *t, const at_field *f,
                           int64_t row, void *ctx);

/* Rows at both ends and in the middle, of each field of each table of each split. */
static at_status visit(ck *c, const at_dataset *d, visit_fn *fn, void *ctx) {
  size_t n, n_tables;
  const at_field *f = at_dataset_fields(d, &n);
  const at_table *t = at_dataset_tables(d, &n_tables);
  at_status s = AT_OK;
  for (size_t k = 0; s == AT_OK && k < n_tables; k++)
    for (size_t i = 0; s == AT_OK && i < n; i++) {
      const int64_t rows[] = {0, 1, t[k].rows / 2, t[k].rows - 1};
      if (strcmp(f[i].table, t[k].name)) continue;
      for (size_t r = 0; s == AT_OK && r < sizeof rows / sizeof *rows; r++)
        if (rows[r] >= 0 && rows[r] < t[k].rows) s = fn(c, d, &t[k], &f[i], rows[r], ctx);
    }
  return s;
}

static at_status count_field(ck *c, const at_dataset *d, const at_table *t, const at_field *f,
                             int64_t row, void *ctx) {
  int64_t to = -1;
  ++*(int64_t *)ctx;
  at_status s = ck_read(c, d, t, f, row, NULL);
  if (s != AT_OK || f->f.type != ATTUNE_FIELD_LINK) return s;
  s = at_dataset_read(d, t->split, f, row, &to, &c->err);
  const int64_t n = at_dataset_rows(d, t->split, f->f.link);
  if (s == AT_OK && (to < -1 || to >= n))
    return at_fail(&c->err, AT_EFAIL,
                   "row %lld of `%s.%s` in %s links to row %lld of `%s`, which "
                   "has %lld",
                   (long long)row, f->table, f->f.name, t->split, (long long)to, f->f.link,
                   (long long)n);
  return s;
}

at_check_outcome ck_reads(ck *c) {
  opened w;
  int64_t n = 0;
  at_check_outcome out = AT_CHECK_PASS;
  if (open_data(c, &w, &out)) {
    if (visit(c, w.d, count_field, &n) != AT_OK)
      out = ck_fail(c, "%s", c->err.message);
    else if (!n)
      out = ck_fail(c, "it declares no field, or no row");
    else
      out = ck_note(c, "%lld values", (long long)n);
  }
  close_data(&w);
  return out;
}

typedef struct hashes {
  uint64_t *v;
  size_t n, cap;
  bool compare;
  size_t wrong; /* 1 + index of the first that differs */
} hashes;

static at_status hash_field(ck *c, const at_dataset *d, const at_table *t, const at_field *f,
                            int64_t row, void *ctx) {
  hashes *h = ctx;
  uint64_t v = 0;
  at_status s = ck_read(c, d, t, f, row, &v);
  if (s != AT_OK) return s;
  if (h->compare) {
    if ((h->n >= h->cap || h->v[h->n] != v) && !h->wrong) {
      h->wrong = h->n + 1;
      at_fail(&c->err, AT_EFAIL, "row %lld of `%s.%s` in %s", (long long)row, f->table, f->f.name,
              t->split);
    }
    h->n++;
    return AT_OK;
  }
  if (h->n == h->cap) {
    size_t cap = h->cap ? 2 * h->cap : 64;
    uint64_t *more = realloc(h->v, cap * sizeof *more);
    if (!more) return at_nomem(&c->err);
    h->v = more;
    h->cap = cap;
  }
  h->v[h->n++] = v;
  return AT_OK;
}

at_check_outcome ck_reads_twice(ck *c) {
  opened w;
  hashes h = {0};
  at_check_outcome out = AT_CHECK_PASS;
  for (int turn = 0; turn < 3 && out == AT_CHECK_PASS; turn++) { /* the third time opened anew */
    if (turn != 1 && !open_data(c, &w, &out)) {
      close_data(&w);
      break;
    }
    if (turn) h.cap = turn == 1 ? h.n : h.cap;
    h.compare = turn > 0;
    h.n = 0;
    if (visit(c, w.d, hash_field, &h) != AT_OK) out = ck_fail(c, "%s", c->err.message);
    if (out == AT_CHECK_PASS && h.wrong)
      out = ck_fail(c, "%s: other bytes %s", c->err.message,
                    turn == 1 ? "the second time" : "when it is opened anew");
    if (turn) close_data(&w);
    if (!turn && out != AT_CHECK_PASS) close_data(&w);
  }
  free(h.v);
  return out;
}

/* ---- threads ---- */

typedef struct at_once {
  const ck *c;
  const at_dataset *d;
  const at_table *t;
  const at_field *f;
  int64_t rows;
  uint64_t want[4];
  bool wrong[64];
} at_once;

static void read_one(void *ctx, size_t i) {
  at_once *a = ctx;
  ck own = *a->c; /* an error of its own */
  uint64_t got = 0;
  a->wrong[i] = ck_read(&own, a->d, a->t, a->f, (int64_t)(i % (size_t)a->rows), &got) != AT_OK ||
                got != a->want[i % (size_t)a->rows];
}

at_check_outcome ck_reads_threads(ck *c) {
  opened w;
  at_pool *pool = NULL;
  at_check_outcome out = AT_CHECK_PASS;
  if (!open_data(c, &w, &out)) {
    close_data(&w);
    return out;
  }
  size_t n = 0, n_tables = 0;
  const at_field *f = at_dataset_fields(w.d, &n);
  const at_table *t = at_dataset_tables(w.d, &n_tables);
  if (at_pool_new(4, &pool, &c->err) != AT_OK) out = ck_err(c, "threads");
  for (size_t k = 0; k < n_tables; k++)
    for (size_t i = 0; i < n && out == AT_CHECK_PASS; i++) {
      at_once a = {.c = c, .d = w.d, .t = &t[k], .f = &f[i]};
      a.rows = t[k].rows < 4 ? t[k].rows : 4;
      if (strcmp(f[i].table, t[k].name) || !a.rows) continue;
      for (int64_t r = 0; r < a.rows && out == AT_CHECK_PASS; r++)
        if (ck_read(c, w.d, &t[k], &f[i], r, &a.want[r]) != AT_OK)
          out = ck_fail(c, "%s", c->err.message);
      if (out == AT_CHECK_PASS) at_parallel(pool, 64, read_one, &a);
      for (int r = 0; r < 64 && out == AT_CHECK_PASS; r++)
        if (a.wrong[r])
          out = ck_fail(c, "read on four threads at once, `%s.%s` in %s gives other bytes",
                        f[i].table, f[i].f.name, t[k].split);
    }
  at_pool_free(pool);
  close_data(&w);
  return out;
}

/* ---- what is not there ---- */

static const char nowhere[] = "/nonexistent/attune";

at_check_outcome ck_absent(ck *c) {
  at_option_value v[16];
  size_t n = 0;
  for (const attune_option *o = c->item->item->options; o && o->name && n < 16; o++) {
    if (o->default_text) continue;
    const bool path = o->type == ATTUNE_OPTION_PATH;
    if (!path && o->type != ATTUNE_OPTION_STRING)
      return ck_skip(c, "its option %s has no default", o->name);
    v[n++] = (at_option_value){o->name, path ? nowhere : "x"};
  }
  bool paths = false;
  for (size_t i = 0; i < n; i++) paths |= v[i].text == nowhere;
  if (!paths) return ck_skip(c, "it needs no file");
  attune_options *o = NULL;
  at_dataset *d = NULL;
  at_check_outcome out = AT_CHECK_PASS;
  if (at_options_new(c->item, v, n, NULL, &o, &c->err) != AT_OK) return ck_err(c, "options");
  at_status s = at_dataset_open(c->item, o, &d, &c->err);
  if (s == AT_OK)
    out = ck_fail(c, "it opens %s, which is not there, without a word", nowhere);
  else if (s != AT_EINPUT)
    out = ck_fail(c, "that %s is not there is bad input; it says the work failed: %s", nowhere,
                  c->err.message);
  else if (!strstr(c->err.message, nowhere))
    out = ck_fail(c, "it does not name the file that is not there: %s", c->err.message);
  at_dataset_close(d);
  at_options_free(o);
  return out;
}
