#include "ocr.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "growing.h"

ocr *ocr_new(void) {
  ocr *o = calloc(1, sizeof *o);
  if (o && !(o->asked = calloc(1, sizeof *o->asked))) {
    free(o);
    return NULL;
  }
  return o;
}

void ocr_free(ocr *o) {
  if (!o) return;
  for (size_t i = 0; i < o->parts; i++) {
    for (int64_t k = 0; k < o->part[i].n; k++) {
      ocr_tokens_free(&o->part[i].picture[k].tokens);
      free(o->part[i].picture[k].object);
      free(o->part[i].picture[k].object_box);
      free(o->part[i].picture[k].crops);
    }
    free(o->part[i].picture);
  }
  free(o->part);
  ocr_vectors_free(&o->features.vectors);
  if (o->close_files) o->close_files(o->files);
  asked_free(o->asked);
  free(o);
}

void ocr_close(void *instance) { ocr_free(instance); }

ocr_picture *ocr_picture_at(ocr *o, size_t part, int64_t picture) {
  if (part >= o->parts) {
    ocr_part *v = realloc(o->part, (part + 1) * sizeof *v);
    if (!v) return NULL;
    memset(v + o->parts, 0, (part + 1 - o->parts) * sizeof *v);
    o->part = v;
    o->parts = part + 1;
  }
  ocr_part *p = &o->part[part];
  ocr_picture *v = growing(p->picture, picture, &p->cap, 256, sizeof *v);
  if (!v) return NULL;
  p->picture = v;
  for (; p->n <= picture; p->n++) v[p->n] = (ocr_picture){0};
  return &v[picture];
}

/* ---- what is met ---- */

typedef struct met {
  int64_t n, most;
  const char *first, *largest;
} met;

static void count(met *m, bool is, int64_t size, const char *name) {
  if (!is) return;
  if (!m->n++) m->first = name;
  if (size > m->most) {
    m->most = size;
    m->largest = name;
  }
}

static int end_tokens(ocr *o, met *over, met *outside, met *none) {
  for (size_t i = 0; i < o->asked->parts; i++)
    for (int64_t k = 0; k < o->asked->part[i].pictures; k++) {
      ocr_picture *p = ocr_picture_at(o, i, k);
      if (!p) return ATTUNE_NO_MEMORY;
      ocr_tokens *t = &p->tokens;
      const char *name = o->asked->part[i].picture[k].name;
      if (ocr_tokens_end(t, o->limit) || ocr_features_want(&o->features, t))
        return ATTUNE_NO_MEMORY;
      if (o->features.around) ocr_tokens_around(t);
      count(over, t->met > t->n, t->met, name);
      count(outside, t->cut, 0, name);
      count(none, t->none, 0, name);
    }
  return ATTUNE_OK;
}

static int tell(const attune_host *host, attune_schema *schema, const ocr *o, const met *over,
                const met *outside, const met *none) {
  char text[1024];
  int rc = ATTUNE_OK;
  if (over->n) {
    snprintf(text, sizeof text,
             "pictures with more than %lld tokens: %lld; of these the first %lld are given "
             "(option `limit`), the most, %lld, has %.200s",
             (long long)o->limit, (long long)over->n, (long long)o->limit, (long long)over->most,
             over->largest);
    rc = host->notice(schema, text);
  }
  if (!rc && outside->n) {
    snprintf(text, sizeof text,
             "pictures with boxes that reach beyond them: %lld, the first is %.200s; these boxes "
             "are cut at the edge",
             (long long)outside->n, outside->first);
    rc = host->notice(schema, text);
  }
  if (!rc && none->n) {
    snprintf(text, sizeof text,
             "pictures without a token: %lld, the first is %.200s; a token without a character "
             "stands for none",
             (long long)none->n, none->first);
    rc = host->notice(schema, text);
  }
  return rc;
}

/* ---- fields ---- */

static int declare_own(const attune_host *host, attune_schema *schema, ocr *o) {
  const bool objects = o->object_width > 0;
  const struct {
    attune_field f;
    uint32_t *number;
    bool wanted;
  } fields[] = {
      {{.name = "token",
        .type = ATTUNE_FIELD_ITEMS,
        .ndim = 1,
        .shape = {ocr_features_width(&o->features)}},
       &o->field.token,
       true},
      {{.name = "token_box", .type = ATTUNE_FIELD_ITEMS, .ndim = 1, .shape = {4}},
       &o->field.token_box,
       true},
      {{.name = "token_crop",
        .type = ATTUNE_FIELD_ITEMS,
        .ndim = 3,
        .shape = {o->crops.height, 2 * o->crops.height, OCR_CROPS_COLORS}},
       &o->field.token_crop,
       o->crops.height > 0},
      {{.name = "token_text", .type = ATTUNE_FIELD_TEXT}, &o->field.token_text, true},
      {{.name = "object", .type = ATTUNE_FIELD_ITEMS, .ndim = 1, .shape = {o->object_width}},
       &o->field.object,
       objects},
      {{.name = "object_box", .type = ATTUNE_FIELD_ITEMS, .ndim = 1, .shape = {4}},
       &o->field.object_box,
       objects},
  };
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    *fields[i].number = UINT32_MAX;
    if (!fields[i].wanted) continue;
    const int number = host->field(schema, "picture", &fields[i].f);
    if (number < 0) return number;
    *fields[i].number = (uint32_t)number;
  }
  return ATTUNE_OK;
}

int ocr_declare(const attune_host *host, const attune_options *options, attune_schema *schema,
                ocr *o) {
  met over = {0}, outside = {0}, none = {0};
  o->crops = (ocr_crops){host->option_int(options, "crops"), o->asked->width, o->asked->height};
  if (o->crops.height && !o->asked->width) {
    host->error(host, "option crops needs the pictures, and there are none");
    return ATTUNE_BAD_INPUT;
  }
  int rc = end_tokens(o, &over, &outside, &none);
  if (!rc) rc = ocr_features_vectors(host, options, &o->features);
  if (!rc) rc = asked_declare(host, schema, o->asked);
  if (!rc) rc = declare_own(host, schema, o);
  return rc ? rc : tell(host, schema, o, &over, &outside, &none);
}

/* ---- reading ---- */

static int read_token(const attune_host *host, const ocr *o, const ocr_tokens *t,
                      attune_sink *sink) {
  const int64_t width = ocr_features_width(&o->features);
  float *v = host->scratch(host, (size_t)(t->n * width) * sizeof *v);
  if (!v) return ATTUNE_NO_MEMORY;
  for (int64_t i = 0; i < t->n; i++) ocr_features_of(&o->features, t, i, v + i * width);
  return host->items(sink, v, t->n);
}

static int read_box(const attune_host *host, const ocr_tokens *t, attune_sink *sink) {
  float *v = host->scratch(host, (size_t)t->n * 4 * sizeof *v);
  if (!v) return ATTUNE_NO_MEMORY;
  for (int64_t i = 0; i < t->n; i++) memcpy(v + 4 * i, t->token[i].box, 4 * sizeof *v);
  return host->items(sink, v, t->n);
}

static int read_crop(const attune_host *host, const ocr *o, size_t part, int64_t row,
                     attune_sink *sink) {
  ocr_picture *p = &o->part[part].picture[row];
  const asked_picture *m = &o->asked->part[part].picture[row];
  const int64_t each = ocr_crops_numbers(&o->crops);
  float *v = host->scratch(host, (size_t)(p->tokens.n * each) * sizeof *v);
  if (!v) return ATTUNE_NO_MEMORY;
  int rc = ocr_crops_read(host, &o->crops, m->path, &p->tokens, &p->crops, v);
  return rc ? rc : host->items(sink, v, p->tokens.n);
}

static int read_object(const attune_host *host, const ocr *o, size_t part, int64_t row, bool box,
                       attune_sink *sink) {
  const ocr_picture *p = &o->part[part].picture[row];
  float *v = box ? p->object_box : p->object;
  int64_t n = p->objects;
  if (o->objects) {
    int rc = o->objects(host, o, part, row, box ? NULL : &v, box ? &v : NULL, &n);
    if (rc) return rc;
  }
  if (n > 0) return host->items(sink, v, n);
  const size_t bytes = (size_t)(box ? 4 : o->object_width) * sizeof *v;
  if (!(v = host->scratch(host, bytes))) return ATTUNE_NO_MEMORY;
  memset(v, 0, bytes);
  return host->items(sink, v, 1);
}

int ocr_read(const attune_host *host, void *instance, const char *split, uint32_t field,
             int64_t row, void *dst, attune_sink *sink) {
  const ocr *o = instance;
  const bool token = field == o->field.token, token_box = field == o->field.token_box,
             crop = field == o->field.token_crop, text = field == o->field.token_text,
             object = field == o->field.object, object_box = field == o->field.object_box;
  if (!token && !token_box && !crop && !text && !object && !object_box)
    return asked_read(host, o->asked, split, field, row, dst, sink);
  size_t part = 0;
  while (part < o->parts && strcmp(o->asked->part[part].name, split) != 0) part++;
  if (part == o->parts || row < 0 || row >= o->part[part].n) {
    host->error(host, "there is no row %lld in the split `%s`", (long long)row, split);
    return ATTUNE_FAILED;
  }
  const ocr_tokens *t = &o->part[part].picture[row].tokens;
  if (token) return read_token(host, o, t, sink);
  if (token_box) return read_box(host, t, sink);
  if (crop) return read_crop(host, o, part, row, sink);
  if (text) return host->text(sink, t->text, t->n_text);
  return read_object(host, o, part, row, object_box, sink);
}
