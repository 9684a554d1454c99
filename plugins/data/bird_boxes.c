#include "bird_boxes.h"
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "text_file.h"

static int by_name(const void *a, const void *b) {
  return strcmp(((const bird *)a)->name, ((const bird *)b)->name);
}

static int by_number(const void *a, const void *b) {
  const bird *x = a, *y = b;
  return (x->number > y->number) - (x->number < y->number);
}

static int bad(const attune_host *host, const char *path, size_t number, const char *why) {
  host->error(host, "%s:%zu: %s", path, number, why);
  return ATTUNE_BAD_INPUT;
}

static int read_names(const attune_host *host, const char *path, bird_boxes *b) {
  size_t bytes, length, most = 1, number = 0;
  int rc = file_read(host, path, &b->text, &bytes);
  if (rc) return rc;
  for (const char *c = b->text; *c; c++) most += *c == '\n';
  if (!(b->v = calloc(most, sizeof *b->v))) return ATTUNE_NO_MEMORY;
  for (char *at = b->text, *line; (line = next_line(&at, &length));) {
    char *end;
    number++;
    if (!length) continue;
    const long long n = strtoll(line, &end, 10);
    if (end == line || *end != ' ' || !end[1])
      return bad(host, path, number, "a line is a number, a blank, the name of a picture");
    b->v[b->n++] = (bird){.name = end + 1, .number = n};
  }
  qsort(b->v, b->n, sizeof *b->v, by_number);
  return ATTUNE_OK;
}

/* Four numbers that can be pixels. */
static bool four(const char *at, int64_t box[4]) {
  for (int i = 0; i < 4; i++) {
    char *end;
    const double v = strtod(at, &end);
    if (end == at || !(fabs(v) < 1e6) || (i >= 2 && v < 1)) return false;
    box[i] = (int64_t)v;
    at = end;
  }
  return !at[strspn(at, " \t")];
}

static int read_boxes(const attune_host *host, const char *path, bird_boxes *b) {
  char *text = NULL;
  size_t bytes, length, number = 0;
  int rc = file_read(host, path, &text, &bytes);
  char *at = text, *line;
  while (!rc && (line = next_line(&at, &length))) {
    char *end;
    bird wanted = {.number = strtoll(line, &end, 10)};
    number++;
    if (!length) continue;
    bird *found = end == line ? NULL : bsearch(&wanted, b->v, b->n, sizeof *b->v, by_number);
    if (!found)
      rc = bad(host, path, number, "there is no picture of that number in images.txt");
    else if (!four(end, found->box))
      rc = bad(host, path, number, "a line is a number and x, y, width, height in pixels");
    else
      found->boxed = 1;
  }
  free(text);
  return rc;
}

int bird_boxes_read(const attune_host *host, const char *folder, bird_boxes *out) {
  char path[8192];
  snprintf(path, sizeof path, "%s/images.txt", folder);
  int rc = read_names(host, path, out);
  snprintf(path, sizeof path, "%s/bounding_boxes.txt", folder);
  if (!rc) rc = read_boxes(host, path, out);
  if (!rc) qsort(out->v, out->n, sizeof *out->v, by_name);
  return rc;
}

const int64_t *bird_box(const bird_boxes *b, const char *name) {
  bird wanted = {.name = (char *)(uintptr_t)name};
  const bird *found = bsearch(&wanted, b->v, b->n, sizeof *b->v, by_name);
  return found && found->boxed ? found->box : NULL;
}

void bird_boxes_free(bird_boxes *b) {
  free(b->v);
  free(b->text);
  *b = (bird_boxes){0};
}
