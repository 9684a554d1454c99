/* The section of what models that make pictures made while they learned: DIR/samples. */
#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"
#include "core/data/image.h"
#include "core/report/report_impl.h"

enum { EARLIER = 6, SMALL = 480, LIMIT = 1 << 25 };

typedef struct found {
  int64_t *step; /* ascending */
  size_t n, cap;
} found;

static int by_step(const void *a, const void *b) {
  const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* Files called STEP.png; others are nobody's. */
static at_status list(const char *dir, found *f, at_error *err) {
  DIR *d = opendir(dir);
  at_status st = AT_OK;
  for (struct dirent *e; st == AT_OK && d && (e = readdir(d));) {
    char name[32];
    int64_t step;
    const size_t n = strlen(e->d_name);
    if (n < 5 || n > 23 || strcmp(e->d_name + n - 4, ".png")) continue;
    snprintf(name, sizeof name, "%.*s", (int)(n - 4), e->d_name);
    if (!at_parse_i64(name, &step) || step < 0) continue;
    if (f->n == f->cap) {
      const size_t cap = f->cap ? 2 * f->cap : 16;
      int64_t *v = realloc(f->step, cap * sizeof *v);
      if (!v) st = at_nomem(err);
      if (!v) break;
      f->step = v;
      f->cap = cap;
    }
    f->step[f->n++] = step;
  }
  if (d) closedir(d);
  if (f->n) qsort(f->step, f->n, sizeof *f->step, by_step);
  return st;
}

/* The grid as it lies there; a small one is shown larger. What is damaged is a sentence. */
static at_status put_grid(const char *dir, int64_t step, at_text *t, at_error *err) {
  char name[40], *bytes = NULL;
  size_t n = 0;
  at_image m = {0};
  at_error why = {0};
  snprintf(name, sizeof name, "%" PRId64 ".png", step);
  char *path = at_path_join(dir, name);
  if (!path) return at_nomem(err);
  at_status st = at_file_read(path, LIMIT, &bytes, &n, &why);
  if (st == AT_OK) st = at_image_decode(bytes, n, path, &m, &why);
  if (st == AT_OK) {
    int by = 1;
    while (by < 4 && (by + 1) * m.w <= SMALL) by++;
    at_text_addf(t,
                 "<img width=\"%d\" height=\"%d\" alt=\"pictures after step %" PRId64 "\" src=\"",
                 by * m.w, by * m.h, step);
    at_text_add(t, "data:image/png;base64,");
    at_rp_base64(t, bytes, n);
    at_text_add(t, "\">");
  } else {
    at_text_add(t, "<p class=\"note\">");
    at_rp_escape(t, why.message);
    at_text_add(t, "</p>");
  }
  at_image_free(&m);
  free(bytes);
  free(path);
  return st == AT_ENOMEM ? at_nomem(err) : AT_OK;
}

/* One item a row of the grid. */
static at_status put_captions(const char *dir, at_text *t, at_error *err) {
  char *path = at_path_join(dir, "captions.txt"), *text = NULL;
  size_t n;
  if (!path) return at_nomem(err);
  if (at_file_read(path, LIMIT, &text, &n, NULL) == AT_OK) {
    at_text_add(t, "<ol>");
    for (char *at = text, *end; (end = strchr(at, '\n')); at = end + 1) {
      *end = 0;
      at_text_add(t, "<li>");
      at_rp_escape(t, at);
      at_text_add(t, "</li>");
    }
    at_text_add(t, "</ol>\n");
  }
  free(text);
  free(path);
  return AT_OK;
}

static at_status put_earlier(const char *dir, const found *f, at_text *t, at_error *err) {
  const size_t before = f->n - 1, n = before < EARLIER ? before : EARLIER;
  at_status st = AT_OK;
  if (!n) return AT_OK;
  at_text_addf(t, "<details>\n<summary>before: %zu of %zu</summary>\n<div class=\"grids\">\n", n,
               before);
  for (size_t i = 0; st == AT_OK && i < n; i++) {
    const int64_t step = f->step[i * before / n];
    at_text_add(t, "<figure>");
    st = put_grid(dir, step, t, err);
    at_text_addf(t, "<figcaption>after step %" PRId64 "</figcaption></figure>\n", step);
  }
  at_text_add(t, "</div>\n</details>\n");
  return st;
}

static at_status put_group(const rp_group *g, const char *dir, const found *f, at_text *t,
                           at_error *err) {
  const int64_t last = f->step[f->n - 1];
  at_text_add(t, "<h3>");
  at_rp_escape(t, g->label);
  at_text_addf(t, "</h3>\n<p>After step %" PRId64 ".</p>\n<div class=\"made\">\n", last);
  at_status st = put_captions(dir, t, err);
  if (st == AT_OK) st = put_grid(dir, last, t, err);
  at_text_add(t, "\n</div>\n");
  return st == AT_OK ? put_earlier(dir, f, t, err) : st;
}

at_status at_rp_samples(const at_report *r, at_text *t, at_error *err) {
  at_status st = AT_OK;
  bool begun = false;
  for (size_t g = 0; st == AT_OK && g < r->n_groups; g++) {
    found f = {0};
    char *dir = at_path_join(r->run[r->group[g].run[0]].dir, "samples");
    st = dir ? list(dir, &f, err) : at_nomem(err);
    if (st == AT_OK && f.n && !begun)
      at_text_add(t,
                  "<section id=\"samples\">\n<h2>Pictures made</h2>\n<p>The same captions, a row "
                  "each, with the same noises, a column each, of the first run of a group.</p>\n");
    begun |= st == AT_OK && f.n;
    if (st == AT_OK && f.n) st = put_group(&r->group[g], dir, &f, t, err);
    free(f.step);
    free(dir);
  }
  if (begun) at_text_add(t, "</section>\n");
  return st;
}
