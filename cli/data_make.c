/* attune data make: one function for each generator. */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>
#include "cli/cli.h"
#include "core/data/scenes.h"
#include "core/data/shapes.h"
#include "core/data/signs.h"
#include "core/data/sort_of_clevr.h"

/* ---- what generators share ---- */

typedef struct making {
  bool terminal;
  at_pool *pool;
} making;

static bool show_making(void *ctx, int64_t done, int64_t total) {
  const making *m = ctx;
  if (m->terminal)
    fprintf(stderr, "\r%" PRId64 "/%" PRId64 " pictures\033[K%s", done, total,
            done == total ? "\n" : "");
  return true;
}

static at_status begin(making *m, at_error *err) {
  long n = sysconf(_SC_NPROCESSORS_ONLN);
  *m = (making){.terminal = isatty(STDERR_FILENO)};
  return at_pool_new(n < 1 ? 1 : (int)n, &m->pool, err);
}

/* ---- scenes ---- */

static bool parse_range(const char *text, int *a, int *b) {
  char first[16];
  int64_t x, y;
  const char *dots = strstr(text, "..");
  size_t n = dots ? (size_t)(dots - text) : strlen(text);
  if (n >= sizeof first) return false;
  memcpy(first, text, n);
  first[n] = 0;
  if (!at_parse_i64(first, &x)) return false;
  y = x;
  if (dots && !at_parse_i64(dots + 2, &y)) return false;
  if (x < 1 || y < x || y > AT_SCENE_MAX_OBJECTS) return false;
  *a = (int)x;
  *b = (int)y;
  return true;
}

static int make_scenes(int argc, char **argv) {
  at_scenes_options o = at_scenes_defaults();
  int64_t seed = 0, size = o.size, captions = o.captions, questions = o.questions;
  const char *out = NULL, *objects = NULL;
  cli_list rest;
  bool done;
  const cli_option options[] = {{"out", 'o', CLI_TEXT, &out, 0, 0},
                                {"count", 'n', CLI_INT, &o.count, 1, 100000000},
                                {"seed", 0, CLI_INT, &seed, 0, INT64_MAX},
                                {"size", 0, CLI_INT, &size, 32, 1024},
                                {"objects", 0, CLI_TEXT, &objects, 0, 0},
                                {"captions", 0, CLI_INT, &captions, 1, 20},
                                {"questions", 0, CLI_INT, &questions, 0, 40},
                                {"force", 'f', CLI_FLAG, &o.force, 0, 0},
                                {0}};
  int rc = cli_parse(argc, argv, options, &rest, 2, 2, &done);
  if (rc || done) return rc;
  at_error err = {0};
  if (!out) return cli_usage(argv[0]);
  if (objects && !parse_range(objects, &o.min_objects, &o.max_objects)) {
    at_fail(&err, AT_EINPUT, "--objects is %s; it must be A..B from 1 to %d", objects,
            AT_SCENE_MAX_OBJECTS);
    return cli_fail(&err);
  }
  o.seed = (uint64_t)seed;
  o.size = (int)size;
  o.captions = (int)captions;
  o.questions = (int)questions;
  making m;
  at_status st = begin(&m, &err);
  if (st == AT_OK) st = at_scenes_make(&o, out, m.pool, show_making, &m, &err);
  at_pool_free(m.pool);
  if (st != AT_OK) return cli_fail(&err);
  printf("%s: %" PRId64 " pictures, %d captions and %d questions each\n", out, o.count, o.captions,
         o.questions);
  return cli_done();
}

/* ---- signs ---- */

static int make_signs(int argc, char **argv) {
  at_signs_options o = at_signs_defaults();
  int64_t seed = 0, size = o.size;
  const char *out = NULL;
  cli_list rest;
  bool done;
  const cli_option options[] = {
      {"out", 'o', CLI_TEXT, &out, 0, 0},        {"count", 'n', CLI_INT, &o.count, 1, 100000000},
      {"seed", 0, CLI_INT, &seed, 0, INT64_MAX}, {"size", 0, CLI_INT, &size, 64, 1024},
      {"force", 'f', CLI_FLAG, &o.force, 0, 0},  {0}};
  int rc = cli_parse(argc, argv, options, &rest, 2, 2, &done);
  if (rc || done) return rc;
  at_error err = {0};
  if (!out) return cli_usage(argv[0]);
  o.seed = (uint64_t)seed;
  o.size = (int)size;
  making m;
  at_status st = begin(&m, &err);
  if (st == AT_OK) st = at_signs_make(&o, out, m.pool, show_making, &m, &err);
  at_pool_free(m.pool);
  if (st != AT_OK) return cli_fail(&err);
  printf("%s: %" PRId64 " pictures, up to %d questions each\n", out, o.count, AT_SIGN_KINDS);
  return cli_done();
}

/* ---- Sort-of-CLEVR ---- */

static int make_sort_of_clevr(int argc, char **argv) {
  at_soc_options o = at_soc_defaults();
  int64_t seed = 0, *n = o.pictures;
  const char *out = NULL;
  cli_list rest;
  bool done;
  const cli_option options[] = {{"out", 'o', CLI_TEXT, &out, 0, 0},
                                {"train", 0, CLI_INT, &n[0], 0, 10000000},
                                {"val", 0, CLI_INT, &n[1], 0, 10000000},
                                {"test", 0, CLI_INT, &n[2], 0, 10000000},
                                {"seed", 0, CLI_INT, &seed, 0, INT64_MAX},
                                {"force", 'f', CLI_FLAG, &o.force, 0, 0},
                                {0}};
  int rc = cli_parse(argc, argv, options, &rest, 2, 2, &done);
  if (rc || done) return rc;
  at_error err = {0};
  if (!out) return cli_usage(argv[0]);
  o.seed = (uint64_t)seed;
  making m;
  at_status st = begin(&m, &err);
  if (st == AT_OK) st = at_soc_make(&o, out, m.pool, show_making, &m, &err);
  at_pool_free(m.pool);
  if (st != AT_OK) return cli_fail(&err);
  printf("%s: %" PRId64 " pictures to train, %" PRId64 " to choose, %" PRId64
         " to test, %d questions each\n",
         out, n[0], n[1], n[2], 2 * AT_SOC_EACH);
  return cli_done();
}

/* ---- SHAPES ---- */

static int make_shapes(int argc, char **argv) {
  at_shapes_options o = {.each = 1};
  int64_t seed = 0, made = 0;
  const char *out = NULL;
  cli_list rest;
  bool done;
  const cli_option options[] = {
      {"out", 'o', CLI_TEXT, &out, 0, 0},       {"queries", 'q', CLI_TEXT, &o.queries, 0, 0},
      {"each", 0, CLI_INT, &o.each, 1, 10000},  {"seed", 0, CLI_INT, &seed, 0, INT64_MAX},
      {"force", 'f', CLI_FLAG, &o.force, 0, 0}, {0}};
  int rc = cli_parse(argc, argv, options, &rest, 2, 2, &done);
  if (rc || done) return rc;
  at_error err = {0};
  if (!out || !o.queries) return cli_usage(argv[0]);
  o.seed = (uint64_t)seed;
  making m;
  at_status st = begin(&m, &err);
  if (st == AT_OK) st = at_shapes_make(&o, out, m.pool, show_making, &m, &made, &err);
  at_pool_free(m.pool);
  if (st != AT_OK) return cli_fail(&err);
  printf("%s: %" PRId64 " pictures, a question each\n", out, made);
  return cli_done();
}

/* ---- which ---- */

static const struct generator {
  const char *name;
  int (*make)(int argc, char **argv);
} generators[] = {{"scenes", make_scenes},
                  {"shapes", make_shapes},
                  {"signs", make_signs},
                  {"sort-of-clevr", make_sort_of_clevr}};
enum { GENERATORS = sizeof generators / sizeof *generators };

/* The word behind `make`, wherever options stand; all of these but flags take a value. */
static const char *find_word(int argc, char **argv) {
  for (int i = 2; i < argc; i++) {
    const char *w = argv[i];
    bool flag = !strcmp(w, "--force") || !strcmp(w, "-f") || !strcmp(w, "--") || strchr(w, '=');
    if (!strcmp(w, "--help") || !strcmp(w, "-h")) return NULL;
    if (w[0] != '-' || !w[1]) return w;
    if (!flag) i++;
  }
  return NULL;
}

int cli_data_make(int argc, char **argv) {
  const char *word = find_word(argc, argv), *names[GENERATORS];
  cli_list rest;
  bool done;
  const cli_option none[] = {{0}};
  for (size_t i = 0; i < GENERATORS; i++) {
    names[i] = generators[i].name;
    if (word && !strcmp(word, names[i])) return generators[i].make(argc, argv);
  }
  if (!word) {
    int rc = cli_parse(argc, argv, none, &rest, 2, 2, &done);
    return rc || done ? rc : cli_usage(argv[0]);
  }
  at_error err = {0};
  const char *near = at_suggest(word, names, GENERATORS);
  at_fail(&err, AT_EINPUT, "there is no generator `%s`; %s%s%s", word,
          near ? "did you mean `" : "there are scenes, shapes, signs and sort-of-clevr",
          near ? near : "", near ? "`?" : "");
  return cli_fail(&err);
}
