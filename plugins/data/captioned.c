#include "captioned.h"
#include "growing.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the collection ---- */

split *captioned_split(captioned *c, const char *name) {
  for (size_t i = 0; i < c->splits; i++)
    if (!strcmp(c->split[i].name, name)) return &c->split[i];
  split *v = realloc(c->split, (c->splits + 1) * sizeof *v);
  if (!v) return NULL;
  c->split = v;
  v[c->splits] = (split){.name = strdup(name)};
  return v[c->splits].name ? &v[c->splits++] : NULL;
}

picture *captioned_picture(split *s, const char *name, const char *path) {
  picture *v = growing(s->picture, s->pictures, &s->cap_pictures, 64, sizeof *v);
  if (!v) return NULL;
  s->picture = v;
  picture *p = &v[s->pictures];
  *p = (picture){.name = strdup(name), .path = strdup(path)};
  if (p->name && p->path) {
    s->pictures++;
    return p;
  }
  free(p->name);
  free(p->path);
  return NULL;
}

int captioned_file(const attune_host *host, split *s, const char *root, const char *list,
                   const char *name, bool skip, int64_t *at) {
  size_t n = strlen(root) + strlen(name) + 2;
  char *path = malloc(n);
  if (!path) return ATTUNE_NO_MEMORY;
  snprintf(path, n, "%s/%s", root, name);
  int rc = ATTUNE_OK;
  *at = -1;
  if (strstr(name, "..") || *name == '/' || !*name) {
    host->error(host, "%s: \"%s\" is no name of a picture in the folder", list, name);
    rc = ATTUNE_BAD_INPUT;
  } else if (access(path, R_OK)) {
    if (!skip) {
      host->error(host, "%s: %s; missing=skip leaves such pictures out", path, strerror(errno));
      rc = ATTUNE_BAD_INPUT;
    }
  } else if (!captioned_picture(s, name, path)) {
    rc = ATTUNE_NO_MEMORY;
  } else {
    *at = s->pictures - 1;
  }
  free(path);
  return rc;
}

caption *captioned_caption(split *s, const char *text, size_t bytes, int64_t of) {
  caption *v = growing(s->caption, s->captions, &s->cap_captions, 64, sizeof *v);
  if (!v) return NULL;
  s->caption = v;
  caption *c = &v[s->captions];
  *c = (caption){.text = strndup(text, bytes), .picture = of};
  if (!c->text) return NULL;
  s->captions++;
  return c;
}

judgment *captioned_judgment(split *s, int64_t of, int64_t said, bool crowd, const char *text) {
  judgment *v = growing(s->judgment, s->judgments, &s->cap_judgments, 64, sizeof *v);
  if (!v) return NULL;
  s->judgment = v;
  judgment *j = &v[s->judgments++];
  *j = (judgment){.picture = of, .caption = said, .crowd = crowd};
  strncpy(j->text, text, sizeof j->text - 1);
  return j;
}

void captioned_free(captioned *c) {
  if (!c) return;
  for (size_t i = 0; i < c->splits; i++) {
    split *s = &c->split[i];
    for (int64_t k = 0; k < s->pictures; k++) {
      free(s->picture[k].name);
      free(s->picture[k].path);
      free(s->picture[k].group);
      marks_free(&s->picture[k].marks);
      marks_free(&s->picture[k].region);
      free(s->picture[k].feature);
      free(s->picture[k].count);
    }
    for (int64_t k = 0; k < s->captions; k++) {
      free(s->caption[k].text);
      free(s->caption[k].grounding);
      marks_free(&s->caption[k].marks);
    }
    free(s->picture);
    free(s->caption);
    free(s->judgment);
    free(s->name);
  }
  free(c->split);
  free(c);
}

void captioned_close(void *instance) { captioned_free(instance); }

/* ---- as a data set ---- */

static int declare(const attune_host *host, attune_schema *schema, const char *table,
                   attune_field f, uint32_t *number) {
  int rc = host->field(schema, table, &f);
  if (rc < 0) return rc;
  *number = (uint32_t)rc;
  return ATTUNE_OK;
}

/* A table of its own, in the splits that have some. */
static int declare_judgments(const attune_host *host, attune_schema *schema, captioned *c) {
  int rc = ATTUNE_OK;
  c->judged_picture = c->judged_caption = c->expert = c->crowd = UINT32_MAX;
  bool any = false;
  for (size_t i = 0; c->has_judgments && i < c->splits && !rc; i++) {
    const split *s = &c->split[i];
    any |= s->judgments > 0;
    if (s->judgments) rc = host->table(schema, s->name, "judgment", s->judgments);
  }
  const attune_field of = {.name = "picture", .type = ATTUNE_FIELD_LINK, .link = "picture"},
                     said = {.name = "caption", .type = ATTUNE_FIELD_LINK, .link = "caption"},
                     expert = {.name = "expert", .type = ATTUNE_FIELD_TEXT},
                     crowd = {.name = "crowd", .type = ATTUNE_FIELD_TEXT};
  if (!any) return rc;
  if (!rc) rc = declare(host, schema, "judgment", of, &c->judged_picture);
  if (!rc) rc = declare(host, schema, "judgment", said, &c->judged_caption);
  if (!rc) rc = declare(host, schema, "judgment", expert, &c->expert);
  return rc ? rc : declare(host, schema, "judgment", crowd, &c->crowd);
}

int captioned_declare(const attune_host *host, attune_schema *schema, captioned *c) {
  int rc = ATTUNE_OK;
  for (size_t i = 0; i < c->splits && !rc; i++) {
    rc = host->table(schema, c->split[i].name, "picture", c->split[i].pictures);
    if (!rc) rc = host->table(schema, c->split[i].name, "caption", c->split[i].captions);
  }
  c->boxes = c->grounding = c->regions_field = c->group = c->count = UINT32_MAX;
  if (!rc)
    rc = declare(host, schema, "picture",
                 (attune_field){.name = "image",
                                .type = ATTUNE_FIELD_IMAGE,
                                .ndim = 3,
                                .shape = {c->height, c->width, 3},
                                .axes = "y x channel"},
                 &c->image);
  if (!rc && c->regions)
    rc = declare(host, schema, "picture",
                 (attune_field){.name = "regions",
                                .type = ATTUNE_FIELD_REAL,
                                .ndim = 2,
                                .shape = {c->regions, c->region_width},
                                .axes = "region feature"},
                 &c->regions_field);
  if (!rc && c->kinds)
    rc = declare(host, schema, "picture",
                 (attune_field){.name = "kinds",
                                .type = ATTUNE_FIELD_REAL,
                                .ndim = 1,
                                .shape = {c->kinds},
                                .axes = "kind"},
                 &c->count);
  if (!rc)
    rc = declare(host, schema, "picture", (attune_field){.name = "name", .type = ATTUNE_FIELD_NAME},
                 &c->name);
  if (!rc && c->has_groups)
    rc = declare(host, schema, "picture",
                 (attune_field){.name = "group", .type = ATTUNE_FIELD_TEXT}, &c->group);
  if (!rc && c->has_boxes)
    rc = declare(host, schema, "picture",
                 (attune_field){.name = "boxes", .type = ATTUNE_FIELD_BOXES}, &c->boxes);
  if (!rc)
    rc = declare(host, schema, "caption", (attune_field){.name = "text", .type = ATTUNE_FIELD_TEXT},
                 &c->text);
  if (!rc)
    rc = declare(host, schema, "caption",
                 (attune_field){.name = "picture", .type = ATTUNE_FIELD_LINK, .link = "picture"},
                 &c->link);
  if (!rc && c->has_grounding)
    rc = declare(host, schema, "caption",
                 (attune_field){.name = "grounding", .type = ATTUNE_FIELD_TEXT}, &c->grounding);
  if (!rc) rc = marks_declare(host, schema, "caption", c->has_marks, c->marks);
  return rc ? rc : declare_judgments(host, schema, c);
}

static int read_judgment(const attune_host *host, const captioned *c, const judgment *j,
                         uint32_t field, void *dst, attune_sink *sink) {
  if (field == c->judged_picture || field == c->judged_caption) {
    *(int64_t *)dst = field == c->judged_picture ? j->picture : j->caption;
    return ATTUNE_OK;
  }
  const char *text = j->crowd == (field == c->crowd) ? j->text : "";
  return host->text(sink, text, strlen(text));
}

static int read_image(const attune_host *host, const captioned *c, const picture *p, void *dst) {
  if (!c->cover && !p->part[2]) return host->image(host, p->path, c->width, c->height, dst);
  if (host->size < offsetof(attune_host, image_part) + sizeof host->image_part) {
    host->error(host, "parts of pictures need an attune of plugin ABI 1.4");
    return ATTUNE_FAILED;
  }
  return host->image_part(host, p->path, p->part[2] ? p->part : NULL, c->cover, c->width, c->height,
                          dst);
}

int captioned_read(const attune_host *host, void *instance, const char *name, uint32_t field,
                   int64_t row, void *dst, attune_sink *sink) {
  const captioned *c = instance;
  const split *s = NULL;
  for (size_t i = 0; i < c->splits; i++)
    if (!strcmp(c->split[i].name, name)) s = &c->split[i];
  int mark = marks_field(c->marks, field);
  bool of_caption = field == c->text || field == c->link || field == c->grounding || mark >= 0;
  bool judged = field == c->judged_picture || field == c->judged_caption || field == c->expert ||
                field == c->crowd;
  if (!s || row < 0 || row >= (judged ? s->judgments : of_caption ? s->captions : s->pictures)) {
    host->error(host, "there is no row %lld in the split `%s`", (long long)row, name);
    return ATTUNE_FAILED;
  }
  if (judged) return read_judgment(host, c, &s->judgment[row], field, dst, sink);
  if (field == c->text) return host->text(sink, s->caption[row].text, strlen(s->caption[row].text));
  if (field == c->grounding) {
    const char *g = s->caption[row].grounding ? s->caption[row].grounding : "[]";
    return host->text(sink, g, strlen(g));
  }
  if (mark >= 0)
    return marks_give(host, sink, &s->caption[row].marks, mark,
                      (double)c->width * (double)c->height);
  if (field == c->link) {
    *(int64_t *)dst = s->caption[row].picture;
    return ATTUNE_OK;
  }
  const picture *p = &s->picture[row];
  if (field == c->image) return read_image(host, c, p, dst);
  if (field == c->regions_field) {
    memcpy(dst, p->feature, (size_t)(c->regions * c->region_width) * sizeof(float));
    return ATTUNE_OK;
  }
  if (field == c->count) {
    memcpy(dst, p->count, (size_t)c->kinds * sizeof(float));
    return ATTUNE_OK;
  }
  if (field == c->boxes) return marks_give_boxes(host, sink, c->regions ? &p->region : &p->marks);
  const char *text = field == c->group ? p->group : p->name;
  return host->text(sink, text, strlen(text));
}
