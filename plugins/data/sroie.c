/* SROIE (Huang and others, ICDAR 2019): receipts that were read, with four questions each. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ocr.h"
#include "ocr_jsonl.h"

static const attune_option options_table[] = {
    {"root", ATTUNE_OPTION_PATH, NULL, 0, 0, NULL, "folder with receipts.jsonl, qa.tsv and img"},
    {"tokens", ATTUNE_OPTION_ENUM, "both", 0, 0, "lines|words|both",
     "what is a token: a line as it was read, a word of it, or each line and its words"},
    OCR_LIMIT_OPTION("400"),
    OCR_FEATURE_OPTIONS("300", "0"),
    {"width", ATTUNE_OPTION_INT, "224", 8, 4096, NULL, "pictures are resized to this width"},
    {"height", ATTUNE_OPTION_INT, "448", 8, 4096, NULL, "and to this height"},
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL},
};

typedef struct opening {
  jsonl file;
  const char *root;
  ocr *o;
} opening;

static int bad(const opening *o, const char *why) { return jsonl_bad(&o->file, why); }

static size_t part_number(const asked *a, const char *name) {
  size_t i = 0;
  while (i < a->parts && strcmp(a->part[i].name, name) != 0) i++;
  return i;
}

/* ---- receipts.jsonl ---- */

static int add_line(const opening *o, ocr_tokens *t, const json_t *j) {
  const json_t *text = json_object_get(j, "text"), *box = json_object_get(j, "box");
  double v[4];
  const char *why;
  if (!json_is_string(text) || json_array_size(box) != 4)
    return bad(o, "a line of the receipt lacks its text or its box");
  for (size_t i = 0; i < 4; i++) {
    if (!json_is_number(json_array_get(box, i))) return bad(o, "a box has something but numbers");
    v[i] = json_number_value(json_array_get(box, i));
  }
  int rc =
      ocr_tokens_add(t, json_string_value(text), json_string_length(text), v, o->o->split, &why);
  return why ? bad(o, why) : rc;
}

static int add_receipt(opening *o, const json_t *j) {
  const char *image = json_string_value(json_object_get(j, "image")),
             *split = json_string_value(json_object_get(j, "split"));
  const json_t *lines = json_object_get(j, "ocr");
  char path[4096 + 512];
  if (!image || !split || !json_is_array(lines))
    return bad(o, "it lacks `image`, `split` or `ocr`");
  snprintf(path, sizeof path, "%.4000s/%.500s", o->root, image);
  asked_part *p = asked_part_named(o->o->asked, split, o->file.path);
  const int64_t at = p ? asked_picture_add(p, image, path, 0) : -1;
  ocr_picture *m = at < 0 ? NULL : ocr_picture_at(o->o, (size_t)(p - o->o->asked->part), at);
  if (!m) return ATTUNE_NO_MEMORY;
  int rc = ATTUNE_OK;
  for (size_t i = 0; !rc && i < json_array_size(lines); i++)
    rc = add_line(o, &m->tokens, json_array_get(lines, i));
  return rc;
}

static int one_receipt(void *ctx, char *line, size_t n) {
  opening *o = ctx;
  json_t *j;
  int rc = jsonl_parse(&o->file, line, n, &j);
  if (rc) return rc;
  rc = add_receipt(o, j);
  json_decref(j);
  return rc;
}

/* ---- qa.tsv ---- */

enum { SPLIT, IMAGE, FIELD, QUESTION, ANSWER, FIRST, LAST, COLUMNS };

static int64_t picture_named(const asked_part *p, const char *name) {
  for (int64_t i = 0; i < p->pictures; i++)
    if (!strcmp(p->picture[i].name, name)) return i;
  return -1;
}

static bool stands_in(const char *token, size_t n, const char *answer) {
  for (const char *at = answer; *at; at += strcspn(at, " "), at += *at == ' ')
    if (!strncmp(at, token, n) && (!at[n] || at[n] == ' ')) return true;
  return false;
}

/* The tokens that decide: of the lines where the file found the answer those whose text stands in
 * it, word by word; and wherever the whole answer stands as one token. */
static int add_marks(const opening *o, const ocr_tokens *t, const char *answer, long first,
                     long last, marks *m) {
  const asked *a = o->o->asked;
  const double w = (double)a->width, h = (double)a->height;
  for (int64_t i = 0; i < t->n; i++) {
    const ocr_token *k = &t->token[i];
    const char *text = t->text + k->at;
    const bool all = k->n == strlen(answer) && !strncmp(text, answer, k->n);
    if (!all && !(k->line >= first && k->line <= last && stands_in(text, k->n, answer))) continue;
    const double x = (double)k->box[0], y = (double)k->box[1];
    if (marks_box(m, x * w, y * h, ((double)k->box[2] - x) * w, ((double)k->box[3] - y) * h))
      return ATTUNE_NO_MEMORY;
  }
  return ATTUNE_OK;
}

static bool parse_line(const char *text, long *out) {
  char *end;
  *out = strtol(text, &end, 10);
  return end != text && !*end && *out >= -1 && *out < 1 << 20;
}

static int one_question(void *ctx, char *line, size_t n) {
  opening *o = ctx;
  char *column[COLUMNS];
  int columns = 0;
  long first, last;
  (void)n;
  if (o->file.line == 1 && !strncmp(line, "split\t", 6)) return ATTUNE_OK;
  for (char *at = line; columns < COLUMNS; at += strlen(at) + 1) {
    char *tab = strchr(at, '\t');
    column[columns++] = at;
    if (!tab) break;
    *tab = 0;
  }
  if (columns < COLUMNS || !parse_line(column[FIRST], &first) || !parse_line(column[LAST], &last))
    return bad(o,
               "seven columns are wanted: split, image, field, question, answer, and the first "
               "and last line of it, or -1");
  ocr *c = o->o;
  const size_t part = part_number(c->asked, column[SPLIT]);
  asked_part *p = part < c->asked->parts ? &c->asked->part[part] : NULL;
  const int64_t picture = p ? picture_named(p, column[IMAGE]) : -1;
  if (picture < 0) return bad(o, "its image is not in receipts.jsonl, or not in this split");
  if (!*column[ANSWER]) return ATTUNE_OK; /* the receipt does not say it */
  asked_question *q =
      asked_question_add(p, column[QUESTION], strlen(column[QUESTION]), column[ANSWER],
                         strlen(column[ANSWER]), picture, o->file.line);
  if (!q || !(q->answers = strdup(column[ANSWER]))) return ATTUNE_NO_MEMORY;
  q->type = asked_word(c->asked, column[FIELD], strlen(column[FIELD]));
  if (!q->type) return ATTUNE_NO_MEMORY;
  return add_marks(o, &c->part[part].picture[picture].tokens, q->answer, first, last, &q->marks);
}

static int open_sroie(const attune_host *host, const attune_options *options, attune_schema *schema,
                      void **instance) {
  opening o = {.file = {.host = host}, .root = host->option_text(options, "root"), .o = ocr_new()};
  if (!o.o) return ATTUNE_NO_MEMORY;
  asked *a = o.o->asked;
  a->width = host->option_int(options, "width");
  a->height = host->option_int(options, "height");
  a->has_type = a->has_answers = true;
  a->has_marks = 1u << MARKS_EVIDENCE;
  o.o->limit = host->option_int(options, "limit");
  o.o->split = (ocr_split)host->option_int(options, "tokens");
  int rc = ocr_features_open(host, options, &o.o->features);
  if (!rc) rc = jsonl_lines(&o.file, o.root, "receipts.jsonl", one_receipt, &o);
  if (!rc) rc = jsonl_lines(&o.file, o.root, "qa.tsv", one_question, &o);
  if (!rc && !a->parts) {
    host->error(host, "%s/receipts.jsonl: there is no receipt in it", o.root);
    rc = ATTUNE_BAD_INPUT;
  }
  for (size_t i = 0; !rc && i < a->parts; i++) { /* questions are counted in their own file */
    free(a->part[i].file);
    if (!(a->part[i].file = strdup(o.file.path))) rc = ATTUNE_NO_MEMORY;
  }
  if (!rc) rc = ocr_declare(host, options, schema, o.o);
  if (rc)
    ocr_free(o.o);
  else
    *instance = o.o;
  return rc;
}

static const attune_data sroie = {
    .item = {sizeof(attune_data), ATTUNE_DATA, "sroie",
             "receipts that were read, with four questions each",
             "Receipts of ICDAR 2019's SROIE (Huang and others) as receipts.jsonl has them, a "
             "receipt a line: image, split, ocr\n"
             "(lines with text and box), and the questions of qa.tsv: split, image, field, "
             "question, answer, first and last line\n"
             "of it. `type` is the field: company, date, address or total. Evidence are the tokens "
             "that make the answer up.",
             options_table},
    .open = open_sroie,
    .read = ocr_read,
    .close = ocr_close,
};
static const attune_item *const items[] = {&sroie.item};
ATTUNE_PLUGIN("sroie", "1.0", "Apache-2.0", items)
