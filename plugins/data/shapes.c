/* SHAPES (Andreas, Rohrbach, Darrell, Klein, 2016): is there such a shape in a grid of nine? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "asked.h"
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

/* Words of relations and properties in "(is red (left_of circle))": how deep the question is. */
static const char *type_of(const char *query) {
  static const char *const types[] = {"is", "one relation", "two relations", "more"};
  int n = 0;
  for (const char *c = query; *c; c++) n += *c == '(';
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
    char name[96];
    snprintf(name, sizeof name, "%.60s %lld", p->name, (long long)(text->line - 1));
    int64_t picture = asked_picture_add(p, name, NULL, text->line - 1);
    asked_question *made =
        picture < 0 ? NULL : asked_question_add(p, t, nt, a, na, picture, text->line);
    if (!made || !(made->program = strdup(q))) return ATTUNE_NO_MEMORY;
    const char *type = type_of(q);
    if (!(made->type = asked_word(o->a, type, strlen(type)))) return ATTUNE_NO_MEMORY;
  }
  return ATTUNE_OK;
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
  o.a->has_type = o.a->has_program = true;
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
         "type how many relations that has.",
         options_table},
    .open = open_shapes,
    .read = asked_read,
    .close = asked_close,
};
static const attune_item *const items[] = {&shapes.item};
ATTUNE_PLUGIN("shapes", "1.0", "Apache-2.0", items)
