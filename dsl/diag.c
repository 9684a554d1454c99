/* Diagnostics: collecting them, and showing them with the line and carets. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dsl/ast.h"

/* ---- collecting ---- */

static const char *format(at_diags *d, const char *fmt, va_list ap) {
  char buf[1024];
  int n = vsnprintf(buf, sizeof buf, fmt, ap);
  if (n >= (int)sizeof buf) memcpy(buf + sizeof buf - 4, "...", 4);
  const char *s = at_arena_strdup(d->arena, buf);
  return s ? s : "out of memory";
}

const char *at_diag_text(at_diags *d, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  const char *s = format(d, fmt, ap);
  va_end(ap);
  return s;
}

const char *at_diag_suggest(at_diags *d, const char *name, const char *const *names, size_t n) {
  const char *best = at_suggest(name, names, n);
  return best ? at_diag_text(d, "did you mean `%s`?", best) : NULL;
}

static at_diag *new_slot(at_diags *d) {
  at_diag *v = at_arena_grow(d->arena, d->v, d->n, &d->cap, sizeof *v);
  if (!v) return NULL;
  d->v = v;
  return &d->v[d->n++];
}

at_diag *at_diag_add(at_diags *d, at_severity severity, const char *code, at_span span,
                     const char *fmt, ...) {
  static _Thread_local at_diag spare;
  /* A module's mistake shows once, however often the module is called. */
  for (size_t i = d->n; i-- > 0 && span.file >= 0;)
    if (d->v[i].span.begin == span.begin && d->v[i].span.end == span.end &&
        d->v[i].span.file == span.file && !strcmp(d->v[i].code, code))
      return &spare;
  bool keep = severity == AT_SEV_ERROR ? d->errors++ < AT_DSL_MAX_ERRORS
                                       : d->n < (size_t)2 * AT_DSL_MAX_ERRORS;
  at_diag *e = keep ? new_slot(d) : NULL;
  const char *message = "";
  if (e) {
    va_list ap;
    va_start(ap, fmt);
    message = format(d, fmt, ap);
    va_end(ap);
  } else {
    e = &spare;
  }
  *e = (at_diag){.severity = severity,
                 .code = code,
                 .span = span,
                 .message = message,
                 .note_span = AT_NOWHERE};
  return e;
}

/* ---- places ---- */

/* Length of the UTF-8 character at `s`, 0 when there is none: no overlong forms, no
 * surrogates, nothing above U+10FFFF. */
static size_t utf8_length(const unsigned char *s, size_t n) {
  static const struct {
    unsigned char first, last, low, high, length;
  } form[] = {{0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
              {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
              {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
  if (s[0] < 0x80) return 1;
  for (size_t i = 0; i < sizeof form / sizeof *form; i++) {
    if (s[0] < form[i].first || s[0] > form[i].last) continue;
    if (n < form[i].length || s[1] < form[i].low || s[1] > form[i].high) return 0;
    for (size_t k = 2; k < form[i].length; k++)
      if ((s[k] & 0xc0) != 0x80) return 0;
    return form[i].length;
  }
  return 0;
}

size_t at_source_bad_byte(const at_source *src) {
  const unsigned char *s = (const unsigned char *)src->text;
  size_t i = 0;
  while (i < src->size) {
    size_t n = s[i] ? utf8_length(s + i, src->size - i) : 0;
    if (!n) return i;
    i += n;
  }
  return src->size;
}

/* Bytes 10xxxxxx continue a character; stray ones count for nothing, which is harmless. */
static bool starts_character(char c) { return ((unsigned char)c & 0xc0) != 0x80; }

const at_source *at_source_of(const at_source *first, at_span span) {
  for (int i = 0; i < span.file && first->next; i++) first = first->next;
  return first;
}

void at_source_place(const at_source *src, uint32_t at, int *line, int *column) {
  *line = *column = 1;
  for (uint32_t i = 0; i < at && i < src->size; i++) {
    if (src->text[i] == '\n') {
      ++*line;
      *column = 1;
    } else if (starts_character(src->text[i])) {
      ++*column;
    }
  }
}

/* ---- showing ---- */

enum { MARGIN = 60, WIDTH = 160 }; /* bytes shown of a very long line, about */

typedef struct view { /* the stretch of the line that is shown */
  const char *text;
  size_t begin, end;
  bool cut_front, cut_back;
} view;

static view view_line(const at_source *src, uint32_t at) {
  view v = {.text = src->text, .begin = at < src->size ? at : src->size};
  v.end = v.begin;
  while (v.begin > 0 && src->text[v.begin - 1] != '\n') v.begin--;
  while (v.end < src->size && src->text[v.end] != '\n') v.end++;
  if (v.end > v.begin && src->text[v.end - 1] == '\r') v.end--;
  if (v.end - v.begin <= WIDTH) return v;
  if (at > v.begin + MARGIN) {
    v.begin = at - MARGIN;
    while (v.begin < at && !starts_character(src->text[v.begin])) v.begin++;
    v.cut_front = true;
  }
  if (v.end - v.begin > WIDTH) {
    v.end = v.begin + WIDTH;
    while (v.end > v.begin && !starts_character(src->text[v.end])) v.end--;
    v.cut_back = true;
  }
  return v;
}

/* Control characters could make a terminal misbehave. */
static void add_line(at_text *out, const view *v) {
  if (v->cut_front) at_text_add(out, "...");
  for (size_t i = v->begin; i < v->end; i++) {
    unsigned char c = (unsigned char)v->text[i];
    at_text_addn(out, (c < 32 && c != '\t') || c == 127 ? "?" : v->text + i, 1);
  }
  at_text_add(out, v->cut_back ? "...\n" : "\n");
}

/* Tabs are kept so that the carets stand below what they mean at any tab width. */
static void add_carets(at_text *out, const view *v, const at_span *s) {
  if (v->cut_front) at_text_add(out, "   ");
  for (size_t i = v->begin; i < v->end && i < s->begin; i++)
    if (starts_character(v->text[i])) at_text_add(out, v->text[i] == '\t' ? "\t" : " ");
  at_text_add(out, "^");
  for (size_t i = (size_t)s->begin + 1; i < v->end && i < s->end; i++)
    if (starts_character(v->text[i])) at_text_add(out, "~");
  at_text_add(out, "\n");
}

static void add_entry(at_text *out, const at_source *first, at_span span, const char *severity,
                      const char *message, const char *code) {
  int line = 0, column = 0;
  const at_source *src = at_source_of(first, span);
  at_text_add(out, src->path);
  if (span.file >= 0) {
    at_source_place(src, span.begin, &line, &column);
    at_text_addf(out, ":%d:%d", line, column);
  }
  at_text_addf(out, ": %s: %s", severity, message);
  if (code) at_text_addf(out, " [%s]", code);
  at_text_add(out, "\n");
  if (span.file < 0) return;
  view v = view_line(src, span.begin);
  at_text_addf(out, "%5d | ", line);
  add_line(out, &v);
  at_text_add(out, "      | ");
  add_carets(out, &v, &span);
}

/* By place; what was found first stays first at one place. Messages without a place lead. */
static int by_place(const void *a, const void *b) {
  const at_diag *x = *(const at_diag *const *)a, *y = *(const at_diag *const *)b;
  bool x_placed = x->span.file >= 0, y_placed = y->span.file >= 0;
  if (x_placed != y_placed) return x_placed ? 1 : -1;
  if (x_placed && x->span.file != y->span.file) return x->span.file < y->span.file ? -1 : 1;
  if (x_placed && x->span.begin != y->span.begin) return x->span.begin < y->span.begin ? -1 : 1;
  return x < y ? -1 : x > y;
}

static const at_diag **in_order(const at_diags *d, at_text *out) {
  const at_diag **order = malloc((d->n ? d->n : 1) * sizeof *order);
  out->failed = out->failed || !order;
  for (size_t i = 0; order && i < d->n; i++) order[i] = &d->v[i];
  if (order) qsort(order, d->n, sizeof *order, by_place);
  return order;
}

void at_diags_format(const at_diags *d, const at_source *src, at_text *out) {
  const at_diag **order = in_order(d, out);
  if (!order) return;
  for (size_t i = 0; i < d->n; i++) {
    const at_diag *e = order[i];
    const char *severity = e->severity == AT_SEV_ERROR ? "error" : "warning";
    add_entry(out, src, e->span, severity, e->message, e->code);
    if (e->hint) at_text_addf(out, "      = hint: %s\n", e->hint);
    if (e->note) add_entry(out, src, e->note_span, "note", e->note, NULL);
    for (int k = 0; k < e->n_call; k++) {
      char where[120];
      snprintf(where, sizeof where, "this is in `%.80s`, called here", e->call[k].module);
      add_entry(out, src, e->call[k].span, "note", where, NULL);
    }
  }
  if (d->errors > AT_DSL_MAX_ERRORS)
    at_text_addf(out, "%s: %zu more errors are not shown\n", src->path,
                 d->errors - AT_DSL_MAX_ERRORS);
  free(order);
}

/* ---- for programs ---- */

static void json_string(at_text *out, const char *s) {
  at_text_add(out, "\"");
  for (; *s; s++) {
    unsigned char c = (unsigned char)*s;
    if (c == '"' || c == '\\')
      at_text_addf(out, "\\%c", c);
    else if (c < 32)
      at_text_addf(out, "\\u%04x", c);
    else
      at_text_addn(out, s, 1);
  }
  at_text_add(out, "\"");
}

static void json_place(at_text *out, const at_source *first, at_span span) {
  const at_source *src = at_source_of(first, span);
  int line, column;
  at_text_add(out, "{\"file\": ");
  json_string(out, src->path);
  if (span.file >= 0) {
    at_source_place(src, span.begin, &line, &column);
    at_text_addf(out, ", \"line\": %d, \"column\": %d", line, column);
    at_source_place(src, span.end, &line, &column);
    at_text_addf(out, ", \"end_line\": %d, \"end_column\": %d", line, column);
  }
  at_text_add(out, "}");
}

static void json_note(at_text *out, const at_source *src, at_span span, const char *message,
                      bool first) {
  at_text_addf(out, "%s{\"message\": ", first ? "" : ", ");
  json_string(out, message);
  at_text_add(out, ", \"place\": ");
  json_place(out, src, span);
  at_text_add(out, "}");
}

static void json_diag(at_text *out, const at_source *src, const at_diag *e) {
  at_text_addf(
      out, "{\"severity\": \"%s\", \"code\": ", e->severity == AT_SEV_ERROR ? "error" : "warning");
  json_string(out, e->code);
  at_text_add(out, ", \"message\": ");
  json_string(out, e->message);
  at_text_add(out, ", \"place\": ");
  json_place(out, src, e->span);
  if (e->hint) at_text_add(out, ", \"hint\": ");
  if (e->hint) json_string(out, e->hint);
  at_text_add(out, ", \"notes\": [");
  if (e->note) json_note(out, src, e->note_span, e->note, true);
  for (int k = 0; k < e->n_call; k++) {
    char where[120];
    snprintf(where, sizeof where, "in `%.80s`, called here", e->call[k].module);
    json_note(out, src, e->call[k].span, where, !e->note && !k);
  }
  at_text_add(out, "]}");
}

void at_diags_json(const at_diags *d, const at_source *src, at_text *out) {
  const at_diag **order = in_order(d, out);
  at_text_add(out, "[");
  for (size_t i = 0; order && i < d->n; i++) {
    at_text_add(out, i ? ",\n " : "\n ");
    json_diag(out, src, order[i]);
  }
  at_text_add(out, d->n ? "\n]" : "]");
  free(order);
}

at_status at_diags_fail(const at_diags *d, const at_source *src, at_error *err) {
  int line = 1, column = 1;
  const at_diag *first = NULL;
  char place[48] = "", more[48] = "";
  for (size_t i = 0; i < d->n; i++) {
    const at_diag *e = &d->v[i];
    if (e->severity == AT_SEV_ERROR && (!first || by_place(&e, &first) < 0)) first = e;
  }
  if (!first) return at_fail(err, AT_EINPUT, "%s: this is no model", src->path);
  if (first->span.file >= 0) {
    src = at_source_of(src, first->span);
    at_source_place(src, first->span.begin, &line, &column);
    snprintf(place, sizeof place, ":%d:%d", line, column);
  }
  if (d->errors > 1) snprintf(more, sizeof more, " (the first of %zu errors)", d->errors);
  return at_fail(err, AT_EINPUT, "%s%s: %s%s%s%s", src->path, place, first->message,
                 first->hint ? "; " : "", first->hint ? first->hint : "", more);
}
