/* SHAPES (Andreas, Rohrbach, Darrell, Klein, 2016): is there such a shape in a grid of nine? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "asked.h"
#include "reading.h"
#include "text_file.h"

static const attune_option options_table[] = {
    {"root", ATTUNE_OPTION_PATH, NULL, 0, 0, NULL, "folder of the files"},
    {"train", ATTUNE_OPTION_STRING, "train.large", 0, 0, NULL,
     "the files that are the split train"},
    {"made", ATTUNE_OPTION_PATH, "", 0, 0, NULL,
     "folder of what `attune data make shapes` drew: the split train is taken from there"},
    {"colors", ATTUNE_OPTION_ENUM, "bgr", 0, 0, "bgr|rgb", "order of the channels in the files"},
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL},
};

typedef struct opening {
  const attune_host *host;
  asked *a;
  bool bgr;
} opening;

/* Words of relations and properties: how deep the question is. */
static const char *type_of(const char *query) {
  static const char *const types[] = {"is", "one relation", "two relations", "more"};
  int64_t n = asked_functions(query);
  return types[n < 2 ? 0 : n > 4 ? 3 : n - 1];
}

typedef struct lines {
  char path[4096 + 128], *text, *at;
  int64_t line;
} lines;

static int open_lines(const opening *o, const char *root, const char *name, const char *suffix,
                      lines *l) {
  size_t n;
  snprintf(l->path, sizeof l->path, "%.4095s/%.60s.%s", root, name, suffix);
  int rc = file_read(o->host, l->path, &l->text, &n);
  l->at = l->text;
  return rc;
}

static int add_all(const opening *o, asked_part *p, lines *text, lines *query, lines *answer) {
  size_t nt, nq, na;
  for (;;) {
    char *t = next_line(&text->at, &nt), *q = next_line(&query->at, &nq),
         *a = next_line(&answer->at, &na);
    if (!t && !q && !a) break;
    text->line++;
    if (!t || !q || !a) {
      const lines *ends = !t ? text : !q ? query : answer;
      o->host->error(o->host, "%s: it ends before line %lld, which the files beside it have",
                     ends->path, (long long)text->line);
      return ATTUNE_BAD_INPUT;
    }
    int rc = still_reading(o->host, text->path, text->line, 0);
    if (rc) return rc;
    char name[96];
    snprintf(name, sizeof name, "%.60s %lld", p->name, (long long)(text->line - 1));
    int64_t picture = asked_picture_add(p, name, NULL, text->line - 1);
    asked_question *made =
        picture < 0 ? NULL : asked_question_add(p, t, nt, a, na, picture, text->line);
    if (!made || !(made->program = strdup(q))) return ATTUNE_NO_MEMORY;
    if (asked_set_steps(made, asked_functions(q))) return ATTUNE_NO_MEMORY;
    const char *type = type_of(q);
    if (!(made->type = asked_word(o->a, type, strlen(type)))) return ATTUNE_NO_MEMORY;
  }
  return ATTUNE_OK;
}

/* ---- cells ---- */

enum { CELLS = 9, GRID = 3 };

static int bad_cells(const opening *o, const lines *l, const char *why) {
  o->host->error(o->host, "%s:%lld: %s", l->path, (long long)l->line, why);
  return ATTUNE_BAD_INPUT;
}

/* What stands before the next of the characters `ends`; *at is behind it, NULL at the end. */
static char *field(char **at, const char *ends) {
  char *begin = *at;
  if (!begin) return NULL;
  *at = begin + strcspn(begin, ends);
  if (**at)
    *(*at)++ = 0;
  else
    *at = NULL;
  return begin;
}

static int mark_cell(const opening *o, marks *m, int cell) {
  const int64_t w = o->a->width / GRID, h = o->a->height / GRID;
  return marks_box(m, (double)(cell % GRID * w), (double)(cell / GRID * h), (double)w, (double)h);
}

/* The last box of m, as JSON. */
static size_t add_box(char *to, size_t size, const marks *m) {
  const float *b = m->box + 4 * (m->boxes - 1);
  return (size_t)snprintf(to, size, "[%.0f,%.0f,%.0f,%.0f]", (double)b[0], (double)b[1],
                          (double)b[2], (double)b[3]);
}

static bool is_word(const char *text) {
  size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz");
  return n && n < 16 && !text[n];
}

/* "square:green - ..." as a list of objects; id[cell] is an object's number or -1. */
static const char *read_objects(const opening *o, char *text, int id[CELLS], char out[2048],
                                marks *m) {
  size_t n = (size_t)snprintf(out, 2048, "[");
  int objects = 0;
  for (int i = 0; i < CELLS; i++) {
    char *cell = field(&text, " "), *shape = cell ? field(&cell, ":") : NULL;
    id[i] = -1;
    if (!shape) return "there are fewer than nine cells";
    if (!strcmp(shape, "-") && !cell) continue;
    if (!cell || !is_word(shape) || !is_word(cell)) return "a cell is no shape:color and no -";
    n += (size_t)snprintf(out + n, 2048 - n,
                          "%s{\"id\":%d,\"shape\":\"%s\",\"color\":\"%s\",\"box\":",
                          objects ? "," : "", objects, shape, cell);
    if (mark_cell(o, m, i)) return "out of memory";
    n += add_box(out + n, 2048 - n, m);
    n += (size_t)snprintf(out + n, 2048 - n, "}");
    id[i] = objects++;
  }
  snprintf(out + n, 2048 - n, "]");
  return text ? "there are more than nine cells" : NULL;
}

/* "0,1 2,2" as the objects that answer. */
static const char *read_answer(const opening *o, char *text, const int id[CELLS], char out[2048],
                               marks *m) {
  char boxes[1024] = "";
  size_t n = (size_t)snprintf(out, 2048, "{\"objects\":["), b = 0;
  int seen = 0;
  for (char *cell; text && *text && (cell = field(&text, " "));) {
    int at = strlen(cell) == 3 && cell[1] == ',' && strchr("012", cell[0]) && strchr("012", cell[2])
                 ? (cell[0] - '0') * GRID + cell[2] - '0'
                 : -1;
    if (at < 0 || id[at] < 0 || (seen >> at & 1)) return "a cell of the answer is no row,col";
    n += (size_t)snprintf(out + n, 2048 - n, "%s%d", seen ? "," : "", id[at]);
    b += (size_t)snprintf(boxes + b, sizeof boxes - b, "%s", seen ? "," : "");
    if (mark_cell(o, m, at)) return "out of memory";
    b += add_box(boxes + b, sizeof boxes - b, m);
    seen |= 1 << at;
  }
  snprintf(out + n, 2048 - n, "],\"boxes\":[%s]}", boxes);
  return NULL;
}

static int add_cells(opening *o, asked_part *p, const char *root, const char *files) {
  lines l = {.text = NULL};
  size_t length;
  snprintf(l.path, sizeof l.path, "%.4095s/%.60s.cells.tsv", root, files);
  if (access(l.path, F_OK)) return ATTUNE_OK;
  int rc = open_lines(o, root, files, "cells.tsv", &l);
  if (!rc) next_line(&l.at, &length); /* the head */
  l.line = 1;
  for (int64_t i = 0; i < p->questions && !rc; i++) {
    char objects[2048], evidence[2048], *line = next_line(&l.at, &length);
    int id[CELLS];
    l.line++;
    if (!line || !field(&line, "\t") || !line) {
      rc = bad_cells(o, &l, "the cells of a picture are missing");
      break;
    }
    const char *why = read_objects(o, field(&line, "\t"), id, objects, &p->picture[i].marks);
    if (!why) why = read_answer(o, line, id, evidence, &p->question[i].marks);
    if (why) {
      rc = bad_cells(o, &l, why);
      break;
    }
    p->question[i].marks.objects = p->picture[i].marks.boxes;
    p->picture[i].objects = strdup(objects);
    p->question[i].evidence = strdup(evidence);
    if (!p->picture[i].objects || !p->question[i].evidence) rc = ATTUNE_NO_MEMORY;
  }
  if (!rc) {
    o->a->has_evidence = o->a->has_objects = o->a->has_boxes = true;
    o->a->has_marks = MARKS_ALL & ~(1u << MARKS_WORDS);
  }
  free(l.text);
  return rc;
}

static int add_part(opening *o, const char *root, const char *files, const char *split) {
  lines text = {.text = NULL}, query = {.text = NULL}, answer = {.text = NULL};
  char path[4096 + 128];
  int rc = open_lines(o, root, files, "query_str.txt", &text);
  asked_part *p = rc ? NULL : asked_part_named(o->a, split, text.path);
  if (!rc && !p) rc = ATTUNE_NO_MEMORY;
  if (!rc) rc = open_lines(o, root, files, "query", &query);
  if (!rc) rc = open_lines(o, root, files, "output", &answer);
  snprintf(path, sizeof path, "%.4095s/%.60s.input.npy", root, files);
  if (!rc) rc = npy_rows_open(o->host, path, "|u1", 4, &p->array);
  if (!rc) rc = add_all(o, p, &text, &query, &answer);
  if (!rc && (p->array.shape[3] != 3 || p->array.shape[0] != p->pictures)) {
    o->host->error(o->host,
                   "%s: %lld pictures with %lld channels; %s has %lld questions, and three "
                   "channels are needed",
                   path, (long long)p->array.shape[0], (long long)p->array.shape[3], text.path,
                   (long long)p->pictures);
    rc = ATTUNE_BAD_INPUT;
  }
  if (!rc && !o->a->height) {
    o->a->height = p->array.shape[1];
    o->a->width = p->array.shape[2];
  }
  if (!rc && (p->array.shape[1] != o->a->height || p->array.shape[2] != o->a->width)) {
    o->host->error(o->host, "%s: its pictures have another size than those of other splits", path);
    rc = ATTUNE_BAD_INPUT;
  }
  if (!rc) rc = add_cells(o, p, root, files);
  if (p) p->bgr = o->bgr;
  free(text.text);
  free(query.text);
  free(answer.text);
  return rc;
}

static int open_shapes(const attune_host *host, const attune_options *options,
                       attune_schema *schema, void **instance) {
  opening o = {.host = host, .bgr = host->option_int(options, "colors") == 0};
  const char *root = host->option_text(options, "root"), *made = host->option_text(options, "made");
  const char *train = host->option_text(options, "train");
  o.a = calloc(1, sizeof *o.a);
  if (!o.a) return ATTUNE_NO_MEMORY;
  o.a->has_type = o.a->has_program = o.a->has_steps = true;
  int rc = add_part(&o, *made ? made : root, *made ? "train" : train, "train");
  if (!rc) rc = add_part(&o, root, "val", "val");
  if (!rc) rc = add_part(&o, root, "test", "test");
  if (!rc) rc = asked_declare(host, schema, o.a);
  if (rc)
    asked_free(o.a);
  else
    *instance = o.a;
  return rc;
}

static const attune_data shapes = {
    .item =
        {sizeof(attune_data), ATTUNE_DATA, "shapes",
         "SHAPES: questions about a grid of nine shapes",
         "S.input.npy (uint8 [N, 30, 30, 3]), S.query_str.txt, S.query and S.output for S in "
         "train.large or another, val and\n"
         "test (Andreas and others, Neural Module Networks, 2016). The program of a question is "
         "its logical form, its\n"
         "type how many relations that has.\n"
         "Where there is S.cells.tsv, too, boxes are a picture's filled cells, and evidence "
         "those that answer.",
         options_table},
    .open = open_shapes,
    .read = asked_read,
    .close = asked_close,
};
static const attune_item *const items[] = {&shapes.item};
ATTUNE_PLUGIN("shapes", "1.0", "Apache-2.0", items)
