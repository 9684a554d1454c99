/* The classes of a run: whole texts, each the name of its class. */
#include <stdlib.h>
#include <string.h>
#include "core/base/busy.h"
#include "core/base/file.h"
#include "core/run/run_impl.h"

#define LABELS_FILE "labels.txt"
enum { MOST_LABELS = 1 << 20 };
#define FILE_LIMIT ((size_t)1 << 26)

void at_labels_free(at_labels *l) {
  for (size_t i = 0; i < l->n; i++) free(l->name[i]);
  free(l->name);
  memset(l, 0, sizeof *l);
}

static int by_name(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

int at_labels_find(const at_labels *l, const char *name) {
  char *key = (char *)(uintptr_t)name;
  char **hit = l->n ? bsearch(&key, l->name, l->n, sizeof *l->name, by_name) : NULL;
  return hit ? (int)(hit - l->name) : -1;
}

/* ---- counting ---- */

typedef struct tally {
  char *name; /* owned until it is taken */
  int64_t count;
} tally;

static int tally_by_name(const void *a, const void *b) {
  return strcmp(((const tally *)a)->name, ((const tally *)b)->name);
}

static int tally_by_count(const void *a, const void *b) {
  const tally *x = a, *y = b;
  if (x->count != y->count) return x->count < y->count ? 1 : -1;
  return strcmp(x->name, y->name);
}

static size_t merge(tally *v, size_t n) {
  size_t k = 0;
  qsort(v, n, sizeof *v, tally_by_name);
  for (size_t i = 0; i < n; i++)
    if (k && !strcmp(v[k - 1].name, v[i].name)) {
      v[k - 1].count += v[i].count;
      free(v[i].name);
    } else {
      v[k++] = v[i];
    }
  return k;
}

/* The classes among the rows of a split, the most frequent `top` of them (0: all). */
static at_status count_field(at_session *s, const at_field *f, at_error *err) {
  const char *split = at_run_get(s->run, "data.splits.train");
  int64_t rows = at_dataset_rows(s->data, split, f->table),
          top = at_run_int(s->run, "data.labels.top");
  size_t n = 0, cap = 4096, merged = 0;
  if (rows <= 0)
    return at_fail(err, AT_EINPUT, "%s: the split `%s` is empty: there are no classes to find",
                   s->run->path, split);
  tally *v = malloc(cap * sizeof *v);
  at_status st = v ? AT_OK : at_nomem(err);
  for (int64_t r = 0; st == AT_OK && r < rows; r++) {
    if (n == cap && (n = merge(v, n)) > cap / 2) {
      tally *more = cap < MOST_LABELS ? realloc(v, 2 * cap * sizeof *v) : NULL;
      if (more) {
        v = more;
        cap *= 2;
      } else {
        st = at_fail(err, AT_EINPUT, "%s: `%s.%s` has too many different texts to be classes",
                     s->run->path, f->table, f->f.name);
        break;
      }
    }
    v[n].count = 1;
    st = at_busy("counting the classes of", f->table, r, rows, err);
    if (st == AT_OK) st = at_dataset_read_text(s->data, split, f, r, &v[n].name, err);
    n += st == AT_OK;
  }
  if (v) merged = merge(v, n);
  if (v) qsort(v, merged, sizeof *v, tally_by_count);
  size_t keep = top > 0 && (size_t)top < merged ? (size_t)top : merged;
  if (st == AT_OK && !(s->labels.name = calloc(keep + 1, sizeof *s->labels.name)))
    st = at_nomem(err);
  for (size_t i = 0; i < merged; i++)
    if (st == AT_OK && i < keep)
      s->labels.name[s->labels.n++] = v[i].name;
    else
      free(v[i].name);
  free(v);
  return st;
}

/* ---- files ---- */

static at_status read_file(at_labels *l, const char *path, at_error *err) {
  char *text = NULL;
  size_t n, lines = 1, number = 0;
  at_status st = at_file_read(path, FILE_LIMIT, &text, &n, err);
  if (st != AT_OK) return st;
  if (at_utf8_valid_prefix(text, n) != n || memchr(text, 0, n)) {
    st = at_fail(err, AT_EINPUT, "%s: this is no UTF-8 text from byte %zu on", path,
                 at_utf8_valid_prefix(text, n));
    goto out;
  }
  for (size_t i = 0; i < n; i++) lines += text[i] == '\n';
  if (!(l->name = calloc(lines + 1, sizeof *l->name))) {
    st = at_nomem(err);
    goto out;
  }
  for (char *at = text; st == AT_OK && *at;) {
    size_t len = strcspn(at, "\n"), end = len && at[len - 1] == '\r' ? len - 1 : len;
    number++;
    if (end && !(l->name[l->n++] = strndup(at, end))) st = at_nomem(err);
    at += len + (at[len] == '\n');
  }
  if (st == AT_OK && !l->n) st = at_fail(err, AT_EINPUT, "%s: there are no labels in it", path);
  if (st == AT_OK) qsort(l->name, l->n, sizeof *l->name, by_name);
  for (size_t i = 1; st == AT_OK && i < l->n; i++)
    if (!strcmp(l->name[i], l->name[i - 1]))
      st = at_fail(err, AT_EINPUT, "%s: the label `%s` stands there twice", path, l->name[i]);
out:
  free(text);
  return st;
}

at_status at_labels_count(const char *dir, int64_t *n, at_error *err) {
  at_labels l = {0};
  char *path = at_rundir_path(dir, LABELS_FILE);
  at_status st = path ? AT_OK : at_nomem(err);
  *n = -1;
  if (st == AT_OK && at_file_exists(path)) {
    st = read_file(&l, path, err);
    *n = (int64_t)l.n;
  }
  at_labels_free(&l);
  free(path);
  return st;
}

at_status at_session_labels(at_session *s, const at_field *f, at_error *err) {
  at_labels *l = &s->labels;
  const char *file = at_run_get(s->run, "data.labels.file");
  if (l->field && l->field != f)
    return at_fail(err, AT_EINPUT,
                   "%s: `%s.%s` and `%s.%s` are both to be classes; a model has one", s->run->path,
                   l->field->table, l->field->f.name, f->table, f->f.name);
  if (l->field) return AT_OK;
  if (f->f.type != ATTUNE_FIELD_TEXT)
    return at_fail(err, AT_EINPUT, "%s: `%s.%s` is no text, and so no name of a class",
                   s->run->path, f->table, f->f.name);
  at_status st = AT_OK;
  char *kept = s->dir ? at_rundir_path(s->dir, LABELS_FILE) : NULL;
  if (s->dir && !kept)
    st = at_nomem(err);
  else if (kept || (file && *file))
    st = read_file(l, kept ? kept : file, err);
  else
    st = count_field(s, f, err);
  free(kept);
  if (st != AT_OK) return st;
  if (l->n) qsort(l->name, l->n, sizeof *l->name, by_name);
  l->field = f;
  return AT_OK;
}

at_status at_labels_write(const at_labels *l, at_bundle *to, at_error *err) {
  at_text t = {0};
  for (size_t i = 0; i < l->n; i++) at_text_addf(&t, "%s\n", l->name[i]);
  if (t.failed) at_text_free(&t);
  return at_bundle_add(to, LABELS_FILE, t.data, err);
}

/* ---- rows ---- */

static at_status no_class(const at_session *s, const char *split, const at_field *f, int64_t row,
                          const char *text, at_error *err) {
  const char *near[64];
  size_t n, k = 0, fields;
  char *name = NULL;
  const at_field *all = at_dataset_fields(s->data, &fields);
  for (size_t i = 0; i < fields && !name; i++)
    if (all[i].f.type == ATTUNE_FIELD_NAME && !strcmp(all[i].table, f->table))
      at_dataset_read_text(s->data, split, &all[i], row, &name, NULL);
  for (n = s->labels.n; k < n && k < 64; k++) near[k] = s->labels.name[k];
  const char *like = at_suggest(text, near, k);
  at_fail(err, AT_EINPUT,
          "%s: the %s `%s` is none of the %zu known%s%s%s; data.labels.unknown = none counts it "
          "as wrong",
          name ? name : f->table, f->f.name, text, n, like ? " (did you mean `" : "",
          like ? like : "", like ? "`?)" : "");
  if (!name && err) at_error_prefix(err, "%s row %lld", split, (long long)row);
  free(name);
  return AT_EINPUT;
}

at_status at_session_label(const at_session *s, const char *split, const at_field *f, int64_t row,
                           int32_t *out, at_error *err) {
  char *text = NULL;
  at_status st = at_dataset_read_text(s->data, split, f, row, &text, err);
  if (st != AT_OK) return st;
  *out = at_labels_find(&s->labels, text);
  if (*out < 0 && strcmp(at_run_get(s->run, "data.labels.unknown"), "none"))
    st = no_class(s, split, f, row, text, err);
  free(text);
  return st;
}

at_status at_session_labels_known(const at_session *s, at_error *err) {
  static const char *const later[] = {"validation", "test"};
  const at_field *f = s->labels.field;
  at_status st = AT_OK;
  if (!f || !strcmp(at_run_get(s->run, "data.labels.unknown"), "none")) return AT_OK;
  for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
    const char *split = at_session_split(s, later[i]);
    const int64_t rows = split && *split ? at_dataset_rows(s->data, split, f->table) : 0;
    for (int64_t r = 0; st == AT_OK && r < rows; r++) {
      int32_t class;
      st = at_busy("looking up the classes of", f->table, r, rows, err);
      if (st == AT_OK) st = at_session_label(s, split, f, r, &class, err);
    }
  }
  return st;
}

at_status at_session_scores(const at_session *s, const char *split, const at_field *f, int64_t row,
                            float *dst, at_error *err) {
  const at_labels *l = &s->labels;
  char *text = NULL;
  at_status st = at_dataset_read_text(s->data, split, f, row, &text, err);
  if (st != AT_OK) return st;
  memset(dst, 0, l->n * sizeof *dst);
  for (char *at = text, *end; *at; at = end) {
    end = at + strcspn(at, "\t");
    if (*end) *end++ = 0;
    int k = at_labels_find(l, at);
    if (k >= 0) dst[k]++;
  }
  for (size_t k = 0; k < l->n; k++) dst[k] = dst[k] >= 3 ? 1 : dst[k] / 3;
  free(text);
  return AT_OK;
}
