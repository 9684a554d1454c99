/* Diagnostics: kept in order, shown with the line and carets under the place. */
#include <string.h>
#include "dsl/ast.h"

void at_diag_add(at_diags *d, at_severity severity, const char *code, at_span span,
                 const char *message, const char *hint, at_span note_span, const char *note) {
  if (severity == AT_SEV_ERROR) d->errors++;
  if (d->n == d->cap) {
    size_t cap = d->cap ? 2 * d->cap : 16;
    at_diag *v = AT_NEW_ARRAY(d->arena, at_diag, cap);
    if (!v) return; /* counted all the same */
    if (d->n) memcpy(v, d->v, d->n * sizeof *v);
    d->v = v;
    d->cap = cap;
  }
  at_diag *e = &d->v[d->n++];
  *e = (at_diag){.severity = severity, .code = code, .span = span, .note_span = note_span};
  e->message = at_arena_strdup(d->arena, message);
  e->hint = hint ? at_arena_strdup(d->arena, hint) : NULL;
  e->note = note ? at_arena_strdup(d->arena, note) : NULL;
  if (!e->message) e->message = "";
}

typedef struct place {
  size_t line, column; /* from 1; columns count characters */
  size_t begin, end;   /* bytes of the line */
} place;

static place find(const at_source *src, size_t at) {
  place p = {.line = 1};
  if (at > src->size) at = src->size;
  for (size_t i = 0; i < at; i++)
    if (src->text[i] == '\n') {
      p.line++;
      p.begin = i + 1;
    }
  p.column = 1;
  for (size_t i = p.begin; i < at; i++) p.column += ((unsigned char)src->text[i] & 0xc0) != 0x80;
  for (p.end = at > p.begin ? at : p.begin; p.end < src->size && src->text[p.end] != '\n';) p.end++;
  return p;
}

static void show(const at_source *src, at_span span, at_text *out) {
  place p = find(src, span.begin);
  size_t end = span.end < p.end ? span.end : p.end;
  if (p.end - p.begin > 300) return; /* no reader is helped by such a line */
  at_text_add(out, "  ");
  at_text_addn(out, src->text + p.begin,
               p.end - p.begin - (p.end > p.begin && src->text[p.end - 1] == '\r'));
  at_text_add(out, "\n  ");
  for (size_t i = p.begin; i < span.begin && i < p.end; i++)
    if (src->text[i] == '\t')
      at_text_add(out, "\t");
    else if (((unsigned char)src->text[i] & 0xc0) != 0x80)
      at_text_add(out, " ");
  at_text_add(out, "^");
  for (size_t i = span.begin + 1; i < end; i++)
    if (((unsigned char)src->text[i] & 0xc0) != 0x80) at_text_add(out, "~");
  at_text_add(out, "\n");
}

void at_diags_format(const at_diags *d, const at_source *src, at_text *out) {
  for (size_t i = 0; i < d->n; i++) {
    const at_diag *e = &d->v[i];
    place p = find(src, e->span.begin);
    at_text_addf(out, "%s:%zu:%zu: %s: %s [%s]\n", src->path, p.line, p.column,
                 e->severity == AT_SEV_ERROR ? "error" : "warning", e->message, e->code);
    show(src, e->span, out);
    if (e->hint) at_text_addf(out, "  hint: %s\n", e->hint);
    if (!e->note || e->note_span.file < 0) continue;
    p = find(src, e->note_span.begin);
    at_text_addf(out, "%s:%zu:%zu: note: %s\n", src->path, p.line, p.column, e->note);
    show(src, e->note_span, out);
  }
}
