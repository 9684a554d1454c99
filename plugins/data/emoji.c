/* Small drawings with their names: a folder images/ and a table captions.tsv. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "captioned.h"
#include "name_hash.h"
#include "reading.h"

static const attune_option options_table[] = {
    {"root", ATTUNE_OPTION_PATH, NULL, 0, 0, NULL, "folder with captions.tsv and images/"},
    {"keywords", ATTUNE_OPTION_BOOL, "false", 0, 0, NULL,
     "a picture's keywords are a second caption of it"},
    IMAGE_OPTIONS("64"),
    FIT_OPTION("stretch"),
    MISSING_OPTION,
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL},
};

enum { IMAGE, CAPTION, SPLIT, GROUP, KEYWORDS, COLUMNS, MOST_COLUMNS = 32 };
static const char *const column_name[COLUMNS] = {"image", "caption", "split", "group", "keywords"};

typedef struct opening {
  const attune_host *host;
  captioned *c;
  char *root, *list;   /* folder of the pictures; the table */
  int column[COLUMNS]; /* -1: the table has none */
  bool skip, keywords;
} opening;

static int bad_line(const opening *o, size_t number, const char *why) {
  o->host->error(o->host, "%s:%zu: %s", o->list, number, why);
  return ATTUNE_BAD_INPUT;
}

/* Ends each of the pieces between tabs; how many there are, or one more than there is room for. */
static int cut(char *line, char *piece[MOST_COLUMNS]) {
  int n = 0;
  for (char *at = line; at; n++) {
    if (n == MOST_COLUMNS) return n + 1;
    piece[n] = at;
    if ((at = strchr(at, '\t'))) *at++ = 0;
  }
  return n;
}

static int read_head(opening *o, char *line) {
  char *piece[MOST_COLUMNS];
  int n = cut(line, piece);
  if (n > MOST_COLUMNS) return bad_line(o, 1, "it has more than 32 columns");
  for (int c = 0; c < COLUMNS; c++) {
    o->column[c] = -1;
    for (int i = 0; i < n; i++)
      if (!strcmp(piece[i], column_name[c])) o->column[c] = i;
  }
  if (o->column[IMAGE] < 0 || o->column[CAPTION] < 0)
    return bad_line(o, 1, "the first line names the columns, `image` and `caption` among them");
  if (o->keywords && o->column[KEYWORDS] < 0)
    return bad_line(o, 1, "there is no column `keywords`, which keywords=true asks for");
  return ATTUNE_OK;
}

/* The part of a name that tells the skin: _1f3fb .. _1f3ff. */
static bool is_tone(const char *at) {
  return !strncmp(at, "_1f3f", 5) && at[5] >= 'b' && at[5] <= 'f';
}

/* Where the table has no splits: FNV-1a, 64 bits, of the name without skin tones, modulo 10. */
static const char *split_of(const char *name) {
  uint64_t h = NAME_HASH_START;
  for (const char *c = name; *c; c++) {
    if (is_tone(c))
      c += 5;
    else
      h = name_hash_more(h, c, 1);
  }
  const unsigned tenth = (unsigned)(h % 10);
  return tenth == 0 ? "test" : tenth == 1 ? "dev" : "train";
}

static int add(const opening *o, char *const *piece, size_t number) {
  const char *text[COLUMNS];
  for (int c = 0; c < COLUMNS; c++) text[c] = o->column[c] < 0 ? "" : piece[o->column[c]];
  if (!*text[CAPTION]) return bad_line(o, number, "its caption is empty");
  if (o->column[SPLIT] >= 0 && !*text[SPLIT]) return bad_line(o, number, "its split is empty");
  const char *to = o->column[SPLIT] >= 0 ? text[SPLIT] : split_of(text[IMAGE]);
  split *s = captioned_split(o->c, to);
  int64_t at = -1;
  int rc = s ? captioned_file(o->host, s, o->root, o->list, text[IMAGE], o->skip, &at)
             : ATTUNE_NO_MEMORY;
  if (rc || at < 0) return rc;
  bool ok = captioned_caption(s, text[CAPTION], strlen(text[CAPTION]), at);
  if (o->keywords && *text[KEYWORDS])
    ok = ok && captioned_caption(s, text[KEYWORDS], strlen(text[KEYWORDS]), at);
  if (o->c->has_groups) ok = ok && (s->picture[at].group = strdup(text[GROUP]));
  return ok ? ATTUNE_OK : ATTUNE_NO_MEMORY;
}

static int read_table(opening *o, char *text, size_t bytes) {
  char *piece[MOST_COLUMNS], *at = text, *line;
  size_t length, number = 1;
  if (!(line = next_line(&at, &length))) return bad_line(o, 1, "it is empty");
  int rc = read_head(o, line);
  int wanted = 0;
  for (int c = 0; c < COLUMNS; c++) wanted = o->column[c] >= wanted ? o->column[c] + 1 : wanted;
  o->c->has_groups = !rc && o->column[GROUP] >= 0;
  while (!rc && (line = next_line(&at, &length))) {
    number++;
    if (!length) continue;
    if (cut(line, piece) < wanted)
      rc = bad_line(o, number, "it has fewer columns than the first line");
    else if (!(rc = still_reading(o->host, o->list, at - text, (int64_t)bytes)))
      rc = add(o, piece, number);
  }
  if (!rc && !o->c->splits) rc = bad_line(o, number, "there are no pictures in it");
  return rc;
}

static char *inside(const char *folder, const char *name) {
  size_t n = strlen(folder) + strlen(name) + 2;
  char *path = malloc(n);
  if (path) snprintf(path, n, "%s/%s", folder, name);
  return path;
}

static int open_emoji(const attune_host *host, const attune_options *options, attune_schema *schema,
                      void **instance) {
  const char *root = host->option_text(options, "root");
  opening o = {.host = host,
               .c = calloc(1, sizeof *o.c),
               .root = inside(root, "images"),
               .list = inside(root, "captions.tsv"),
               .skip = host->option_int(options, "missing") == 1,
               .keywords = host->option_int(options, "keywords") != 0};
  char *text = NULL;
  size_t n = 0;
  int rc = o.c && o.root && o.list ? file_read(host, o.list, &text, &n) : ATTUNE_NO_MEMORY;
  if (!rc) {
    o.c->width = host->option_int(options, "width");
    o.c->height = host->option_int(options, "height");
    o.c->cover = host->option_int(options, "fit") == 1;
    rc = read_table(&o, text, n);
  }
  if (!rc) rc = captioned_declare(host, schema, o.c);
  free(text);
  free(o.root);
  free(o.list);
  if (rc)
    captioned_free(o.c);
  else
    *instance = o.c;
  return rc;
}

static const attune_data emoji = {
    .item = {sizeof(attune_data), ATTUNE_DATA, "emoji", "small drawings with their names",
             "Tables: picture (image, name, group), caption (text, picture). captions.tsv begins "
             "with the names of its columns:\n"
             "image and caption; split, group, keywords where there are such. Where it has no "
             "splits, a picture's own is told\n"
             "by FNV-1a (64 bits) of its name without skin tones (_1f3fb .. _1f3ff), modulo 10: "
             "0 test, 1 dev, else train;\n"
             "so all tones of one drawing are in one split.",
             options_table},
    .open = open_emoji,
    .read = captioned_read,
    .close = captioned_close,
};
static const attune_item *const items[] = {&emoji.item};
ATTUNE_PLUGIN("emoji", "1.0", "Apache-2.0", items)
