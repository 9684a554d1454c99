/* Model files and what the language says of them, word by word.
 *
 *   tests/golden/bad/NAME.att   has mistakes; NAME.txt holds the exact diagnostics
 *   tests/golden/good/NAME.att  has none; NAME.txt holds warnings and the graph made of it,
 *                               NAME.fmt its canonical form, NAME.show what `attune show` prints
 *
 * UPDATE_GOLDEN=1 in the environment writes the .txt files anew. */
#include "cm.h"
#include <dirent.h>
#include "core/base/file.h"
#include "core/plugin/plugin.h"
#include "dsl/dsl.h"
#include <unistd.h>

enum { MOST = 512 };
static char root[3000];
static at_registry *registry;
static const char *from_dir; /* of the file that is read */

static at_dsl_env env(void) {
  return (at_dsl_env){
      .scores = registry, .compose = at_plugin_compose, .score_names = at_plugin_score_names};
}

static void put_graph(at_text *t, const at_graph *g) {
  for (int i = 0; i < g->n_node; i++) {
    const at_node *n = g->node[i];
    at_text_addf(t, "%d %s", i, n->op->name);
    if (n->name) at_text_addf(t, " `%s`", n->name);
    if (n->pname) at_text_addf(t, " %s", n->pname);
    at_text_addf(t, " %s", at_node_axes_text(g, n));
    for (int d = 0; d < n->ndim; d++)
      at_text_addf(t, "%s%lld", d ? "," : " ", (long long)n->dim[d].size);
    for (int k = 0; k < n->n_in; k++) at_text_addf(t, "%s%d", k ? " " : " <- ", n->in[k]->id);
    at_text_add(t, "\n");
  }
  for (int i = 0; i < g->n_output; i++)
    at_text_addf(t, "output %s %d\n", g->output[i].name, g->output[i].node->id);
  if (g->loss) at_text_addf(t, "loss %d\n", g->loss->id);
}

/* Beside the file that includes, which is named by its last part only. */
static at_status read_part(at_arena *arena, const at_source *from, const char *path, at_source *out,
                           at_error *err) {
  char full[4096];
  snprintf(full, sizeof full, "%s/%s", root, from_dir);
  at_source there = {.path = at_arena_printf(arena, "%s/%s", full, from->path)};
  at_status s = at_source_read_beside(arena, &there, path, out, err);
  if (s == AT_OK) out->path = at_arena_strdup(arena, path);
  return s == AT_OK ? s : at_fail(err, s, "cannot read `%s`", path); /* wherever the tree lies */
}

/* The source is named by its last part, so that the texts do not depend on where the tree lies. */
static at_status judge(const char *dir, const char *name, at_text *out) {
  char path[4096], *text = NULL;
  size_t n;
  at_ast *ast = NULL;
  at_graph *g = NULL;
  at_error err = {0};
  at_dsl_env e = env();
  at_arena *arena = at_arena_new();
  at_diags d = {.arena = arena};
  snprintf(path, sizeof path, "%s/%s/%s", root, dir, name);
  if (at_file_read(path, 1 << 20, &text, &n, &err)) fail_msg("%s", err.message);
  at_source src = {.path = name, .text = text, .size = n, .read = read_part};
  from_dir = dir;
  at_status s = at_dsl_parse(arena, &src, &d, &ast);
  if (s == AT_OK) s = at_dsl_lower(ast, &src, &e, &d, &g, &err);
  at_diags_format(&d, &src, out);
  if (g) put_graph(out, g);
  if (s == AT_OK)
    assert_int_equal(d.errors, 0);
  else
    assert_true(d.errors > 0 && s == AT_EINPUT);
  at_graph_free(g);
  at_arena_free(arena);
  free(text);
  return s;
}

/* `found` against the file NAME.SUFFIX, which UPDATE_GOLDEN writes. */
static void compare_text(const char *dir, const char *name, const char *suffix,
                         const at_text *found) {
  char path[4096], *expected = NULL;
  size_t n;
  at_error err = {0};
  snprintf(path, sizeof path, "%s/%s/%.*s.%s", root, dir, (int)strlen(name) - 4, name, suffix);
  if (getenv("UPDATE_GOLDEN")) at_file_write(path, found->data, found->len, &err);
  if (at_file_read(path, 1 << 20, &expected, &n, &err)) fail_msg("%s", err.message);
  if (n != found->len || (n && memcmp(expected, found->data, n)))
    fail_msg("%s/%s.%s\n--- expected\n%s--- found\n%s", dir, name, suffix, expected, found->data);
  free(expected);
}

static void compare(const char *dir, const char *name, at_status want) {
  at_text out = {0};
  at_status s = judge(dir, name, &out);
  compare_text(dir, name, "txt", &out);
  assert_int_equal(s, want);
  at_text_free(&out);
}

static void format_text(const char *name, const char *text, size_t n, at_text *out) {
  at_arena *arena = at_arena_new();
  at_diags d = {.arena = arena};
  at_source src = {.path = name, .text = text, .size = n};
  if (at_dsl_format(arena, &src, &d, out) != AT_OK) fail_msg("%s cannot be formatted", name);
  at_arena_free(arena);
}

/* The canonical form; it is its own, and means the same. */
static void compare_form(const char *dir, const char *name) {
  char path[4096], *text = NULL;
  size_t n;
  at_text once = {0}, twice = {0};
  at_error err = {0};
  snprintf(path, sizeof path, "%s/%s/%s", root, dir, name);
  if (at_file_read(path, 1 << 20, &text, &n, &err)) fail_msg("%s", err.message);
  format_text(name, text, n, &once);
  compare_text(dir, name, "fmt", &once);
  format_text(name, once.data, once.len, &twice);
  assert_string_equal(once.data, twice.data);
  at_text_free(&once);
  at_text_free(&twice);
  free(text);
}

/* What the program shows of it. */
static void compare_shown(const char *dir, const char *name) {
  const char *bin = getenv("ATTUNE");
  char command[8192], piece[4096];
  at_text out = {0};
  size_t n;
  snprintf(command, sizeof command, "cd '%s/%s' && '%s' show --batch 2 '%s' 2>&1", root, dir,
           bin ? bin : "./attune", name);
  FILE *fp = popen(command, "r");
  assert_non_null(fp);
  while ((n = fread(piece, 1, sizeof piece, fp)) > 0) at_text_addn(&out, piece, n);
  assert_int_equal(pclose(fp), 0);
  compare_text(dir, name, "show", &out);
  at_text_free(&out);
}

typedef struct golden {
  const char *dir;
  char *name;
} golden;

static void test_golden(void **state) {
  const golden *g = *state;
  bool good = strcmp(g->dir, "bad") != 0;
  compare(g->dir, g->name, good ? AT_OK : AT_EINPUT);
  if (!good) return;
  compare_form(g->dir, g->name);
  compare_shown(g->dir, g->name);
}

/* Every mistake has a place in the file, and says something. */
static void test_bad_ones_have_places(void **state) {
  (void)state;
  char path[4096];
  snprintf(path, sizeof path, "%s/bad", root);
  DIR *d = opendir(path);
  int seen = 0;
  for (struct dirent *e; d && (e = readdir(d));) {
    size_t n = strlen(e->d_name);
    if (n < 5 || strcmp(e->d_name + n - 4, ".att")) continue;
    at_text out = {0};
    judge("bad", e->d_name, &out);
    if (!strstr(out.data, ": error: ") || !strstr(out.data, ".att:"))
      fail_msg("%s: %s", e->d_name, out.data);
    at_text_free(&out);
    seen++;
  }
  if (d) closedir(d);
  assert_true(seen >= 200);
}

/* ---- mutations: never a crash, never a failure without a diagnostic ---- */

static uint64_t next(uint64_t *s) {
  *s = *s * 6364136223846793005u + 1442695040888963407u;
  return *s >> 33;
}

static void mutate(char *t, size_t *n, uint64_t *s) {
  static const char pieces[] = "(){}[],=|>->...@+*/;:#\n xyd9";
  for (int k = 0, times = 1 + (int)(next(s) % 3); k<times && * n> 4; k++) {
    size_t at = next(s) % *n;
    switch (next(s) % 4) {
      case 0: t[at] = pieces[next(s) % (sizeof pieces - 1)]; break;
      case 1: memmove(t + at, t + at + 1, --*n - at); break;
      case 2: t[at] = (char)(next(s) % 256); break;
      default: *n = at + 1;
    }
  }
}

static void test_mutations(void **state) {
  static const char *const models[] = {"scan.att", "scan_i2t.att", "vse.att", "scan_pixels.att"};
  uint64_t seed = 20;
  (void)state;
  at_dsl_env e = env();
  for (int i = 0; i < 2000; i++) {
    char path[4096], *text = NULL;
    size_t n;
    at_error err = {0};
    at_ast *ast = NULL;
    at_graph *g = NULL;
    at_arena *arena = at_arena_new();
    at_diags d = {.arena = arena};
    at_text out = {0};
    snprintf(path, sizeof path, "%s/../../examples/models/%s", root, models[i % 4]);
    if (at_file_read(path, 1 << 20, &text, &n, &err)) fail_msg("%s", err.message);
    mutate(text, &n, &seed);
    at_source src = {.path = "m.att", .text = text, .size = n};
    at_status s = at_dsl_parse(arena, &src, &d, &ast);
    if (s == AT_OK) s = at_dsl_lower(ast, &src, &e, &d, &g, &err);
    if (s != AT_OK) assert_true(d.errors > 0);
    at_diags_format(&d, &src, &out);
    at_text_free(&out);
    at_graph_free(g);
    at_arena_free(arena);
    free(text);
  }
}

static int by_name(const void *a, const void *b) {
  const struct CMUnitTest *x = a, *y = b;
  return strcmp(x->name, y->name);
}

int main(void) {
  static struct CMUnitTest tests[MOST];
  static golden cases[MOST];
  static const char *const dirs[] = {"bad", "good"};
  const char *top = getenv("top_srcdir");
  int n = 0;
  snprintf(root, sizeof root, "%s/tests/golden", top ? top : "../..");
  if (at_registry_new(NULL, 0, &registry, NULL)) return 1;
  for (int k = 0; k < 2; k++) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", root, dirs[k]);
    DIR *d = opendir(path);
    for (struct dirent *e; d && n < MOST - 2 && (e = readdir(d));) {
      size_t len = strlen(e->d_name);
      if (len < 5 || strcmp(e->d_name + len - 4, ".att")) continue;
      cases[n] = (golden){dirs[k], strdup(e->d_name)};
      tests[n] = (struct CMUnitTest){cases[n].name, test_golden, NULL, NULL, &cases[n]};
      n++;
    }
    if (d) closedir(d);
  }
  qsort(tests, (size_t)n, sizeof *tests, by_name);
  int files = n;
  tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_bad_ones_have_places);
  tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_mutations);
  int rc = _cmocka_run_group_tests("golden", tests, (size_t)n, NULL, NULL);
  for (int i = 0; i < files; i++) free(cases[i].name);
  at_registry_free(registry);
  return rc;
}
