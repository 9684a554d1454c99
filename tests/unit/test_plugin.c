/* The plugin host: what is refused, options, specs, and the scores that come with it. */
#include "cm.h"
#include <sys/stat.h>
#include <unistd.h>
#include "core/base/file.h"
#include "core/base/random.h"
#include "core/graph/exec.h"
#include "core/plugin/plugin_impl.h"

static char build[3000];
static at_registry *registry;

/* ---- refusals ---- */

typedef struct refusal {
  const char *file, *says;
} refusal;
static const refusal REFUSALS[] = {
    {"broken_major.so",
     "built for version 2 of the plugin interface, this attune has 1; build it again"},
    {"broken_small.so", "size is 8 bytes"},
    {"broken_name.so", "names are [a-z][a-z0-9_]*"},
    {"broken_callback.so", "`odd` lacks compose"},
    {"broken_option.so", "must be a whole number"},
    {"broken_twice.so", "offers the score `odd` twice"},
    {"broken_decline.so", "declined to load: not on a Monday"},
    {"broken_empty.so", "offers no items"},
    {"no_entry.so", "has no symbol attune_plugin_entry"},
};

static void library_path(char *out, size_t n, const char *file) {
  bool ours =
      strncmp(file, "broken", 6) && strncmp(file, "grown", 5) && strncmp(file, "no_entry", 8);
  snprintf(out, n, "%s/%s.libs/%s", build, ours ? "" : "tests/plugins/", file);
}

static void refuse(const char *path, const char *says) {
  at_library l;
  at_error err = {0};
  assert_int_equal(at_library_open(path, &l, &err), AT_EINPUT);
  size_t folder = (size_t)(strrchr(path, '/') - path);
  if (strncmp(err.message, path, folder)) /* the file, or the folder when that is at fault */
    assert_non_null(strstr(err.message, path));
  if (!strstr(err.message, says)) fail_msg("\"%s\" lacks \"%s\"", err.message, says);
  assert_null(l.handle);
}

static void test_refusals(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof REFUSALS / sizeof *REFUSALS; i++) {
    char path[4096];
    library_path(path, sizeof path, REFUSALS[i].file);
    refuse(path, REFUSALS[i].says);
  }
}

static void copy_file(const char *from, const char *to) {
  char *text;
  size_t n;
  assert_int_equal(at_file_read(from, 1 << 26, &text, &n, NULL), AT_OK);
  assert_int_equal(at_file_write(to, text, n, NULL), AT_OK);
  free(text);
}

static void test_bad_files(void **state) {
  char dir[] = "/tmp/attune-plugin-XXXXXX", good[4096], path[4200];
  (void)state;
  assert_non_null(mkdtemp(dir));
  library_path(good, sizeof good, "dot.so");
  snprintf(path, sizeof path, "%s/p.so", dir);
  at_file_write(path, "#!/bin/sh\n", 10, NULL);
  refuse(path, "no shared object");
  char *text;
  size_t n;
  at_file_read(good, 1 << 26, &text, &n, NULL);
  text[18] = (char)(text[18] ^ 0x55); /* e_machine */
  at_file_write(path, text, n, NULL);
  refuse(path, "another kind of processor");
  at_file_write(path, text, 10, NULL);
  refuse(path, "no shared object");
  free(text);
  copy_file(good, path);
  chmod(path, 0666);
  refuse(path, "others may write to this file");
  chmod(path, 0644);
  if (chown(path, (uid_t)-1, 1) == 0) { /* for root alone: a group that is not its own */
    chmod(path, 0664);
    refuse(path, "its group may write to this file");
    assert_int_equal(chown(path, 65534, (gid_t)-1), 0);
    chmod(path, 0644);
    refuse(path, "belongs to another user");
    assert_int_equal(chown(path, geteuid(), getegid()), 0);
  }
  chmod(dir, 0777);
  refuse(path, "others may write to this folder");
  chmod(dir, 0700);
  at_library l;
  assert_int_equal(at_library_open(path, &l, NULL), AT_OK); /* the copy itself is fine */
  at_library_close(&l);
  unlink(path);
  refuse(path, "No such file");
  rmdir(dir);
}

static void test_growth(void **state) {
  char path[4096];
  at_library l;
  (void)state;
  library_path(path, sizeof path, "grown.so");
  assert_int_equal(at_library_open(path, &l, NULL), AT_OK);
  assert_string_equal(l.plugin->items[0]->name, "grown");
  assert_int_equal(strlen(at_library_sha256(&l)), 64);
  at_library_close(&l);
}

/* ---- registry ---- */

/* What the first of that name hides; NULL: nothing. */
static const char *shadowed(at_registry *r, attune_kind kind, const char *name) {
  const at_item *it;
  size_t n;
  assert_int_equal(at_registry_list(r, &it, &n, NULL, NULL), AT_OK);
  for (size_t i = 0; i < n; i++)
    if (it[i].item->kind == (uint32_t)kind && !strcmp(it[i].item->name, name)) return it[i].shadows;
  fail_msg("there is no `%s`", name);
  return NULL;
}

static void test_search_order(void **state) {
  char dir[] = "/tmp/attune-search-XXXXXX", good[4096], path[4200], second[4200];
  const char *dirs[] = {dir};
  at_registry *r;
  const at_item *it;
  at_text problems = {0};
  size_t n;
  at_error err = {0};
  (void)state;
  assert_non_null(mkdtemp(dir));
  library_path(good, sizeof good, "dot.so");
  snprintf(path, sizeof path, "%s/mine.so", dir);
  copy_file(good, path);
  assert_int_equal(at_registry_new(dirs, 1, &r, &err), AT_OK);
  assert_int_equal(at_registry_find(r, ATTUNE_SCORE, "dot", &it, &err), AT_OK);
  assert_string_equal(it->path, path);
  assert_non_null(shadowed(r, ATTUNE_SCORE, "dot")); /* that of the build tree */
  assert_int_equal(at_registry_find(r, ATTUNE_SCORE, "cosine", &it, &err), AT_OK);
  assert_int_equal(at_registry_find(r, ATTUNE_SCORE, "cosin", &it, &err), AT_EINPUT);
  assert_non_null(strstr(err.message, "did you mean `cosine`"));
  assert_int_equal(at_registry_find(r, ATTUNE_METRIC, "dot", &it, &err), AT_EINPUT);
  at_registry_free(r);
  snprintf(second, sizeof second, "%s/other.so", dir);
  copy_file(good, second);
  assert_int_equal(at_registry_new(dirs, 1, &r, &err), AT_OK);
  assert_int_equal(at_registry_list(r, &it, &n, &problems, &err), AT_OK);
  assert_non_null(strstr(problems.data, "in the same folder"));
  at_text_free(&problems);
  at_registry_free(r);
  unlink(second);
  library_path(good, sizeof good, "broken_major.so");
  copy_file(good, path);
  assert_int_equal(at_registry_new(dirs, 1, &r, &err), AT_OK);
  assert_int_equal(at_registry_find(r, ATTUNE_SCORE, "odd", &it, &err), AT_EINPUT);
  assert_non_null(strstr(err.message, "a plugin was refused: "));
  assert_non_null(strstr(err.message, path));
  at_registry_free(r);
  unlink(path);
  rmdir(dir);
}

/* ---- sha256: vectors of FIPS 180-4 and one block's edge ---- */

static void test_sha256(void **state) {
  char hex[65], block[64];
  (void)state;
  at_sha256_hex("", 0, hex);
  assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  at_sha256_hex("abc", 3, hex);
  assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  at_sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, hex);
  assert_string_equal(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  memset(block, 'a', sizeof block);
  at_sha256_hex(block, 64, hex);
  assert_string_equal(hex, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
}

/* ---- specs ---- */

typedef struct spec_case {
  const char *spec, *name, *first, *value; /* name NULL: refused */
  size_t n;
} spec_case;
static const spec_case SPECS[] = {
    {"dot", "dot", NULL, NULL, 0},
    {" dot ( ) ", "dot", NULL, NULL, 0},
    {"general(side=key)", "general", "side", "key", 1},
    {"f(a = 1, b=g(x, y=2), c=\"p, q\")", "f", "a", "1", 3},
    {"f(a='x y')", "f", "a", "x y", 1},
    {"", NULL, NULL, NULL, 0},
    {"f(", NULL, NULL, NULL, 0},
    {"f(a)", NULL, NULL, NULL, 0},
    {"f(a=1", NULL, NULL, NULL, 0},
    {"f(a=1) g", NULL, NULL, NULL, 0},
    {"f(a=1, a=2)", NULL, NULL, NULL, 0},
    {"f(=1)", NULL, NULL, NULL, 0},
    {"f-g", NULL, NULL, NULL, 0},
    {"f(a=1,)", NULL, NULL, NULL, 0},
};

static void test_specs(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof SPECS / sizeof *SPECS; i++) {
    const spec_case *c = &SPECS[i];
    char *name;
    at_option_value *v;
    size_t n;
    at_error err = {0};
    at_status s = at_spec_parse(c->spec, &name, &v, &n, &err);
    if (!c->name) {
      if (s != AT_EINPUT || !err.message[0]) fail_msg("\"%s\" was taken", c->spec);
      continue;
    }
    if (s != AT_OK) fail_msg("\"%s\": %s", c->spec, err.message);
    assert_string_equal(name, c->name);
    assert_int_equal(n, c->n);
    if (c->first) assert_string_equal(v[0].name, c->first);
    if (c->value) assert_string_equal(v[0].text, c->value);
    free(name);
    free(v);
  }
}

/* ---- options ---- */

static at_status options(const char *item, attune_kind kind, const char *name, const char *value,
                         at_error *err) {
  const at_item *it;
  attune_options *o = NULL;
  at_option_value v = {name, value};
  assert_int_equal(at_registry_find(registry, kind, item, &it, err), AT_OK);
  at_status s = at_options_new(it, &v, name ? 1 : 0, "/base", &o, err);
  at_options_free(o);
  return s;
}

static void test_options(void **state) {
  at_error err = {0};
  (void)state;
  assert_int_equal(options("general", ATTUNE_SCORE, NULL, NULL, &err), AT_OK);
  assert_int_equal(options("general", ATTUNE_SCORE, "side", "key", &err), AT_OK);
  assert_int_equal(options("general", ATTUNE_SCORE, "sude", "key", &err), AT_EINPUT);
  assert_non_null(strstr(err.message, "did you mean `side`"));
  assert_int_equal(options("general", ATTUNE_SCORE, "side", "kex", &err), AT_EINPUT);
  assert_non_null(strstr(err.message, "query|key"));
  assert_int_equal(options("activated_general", ATTUNE_SCORE, "slope", "2", &err), AT_EINPUT);
  assert_non_null(strstr(err.message, "between 0 and 1"));
  assert_int_equal(options("concat", ATTUNE_SCORE, "hidden", "4.5", &err), AT_EINPUT);
  assert_non_null(strstr(err.message, "whole number"));
  assert_int_equal(options("concat", ATTUNE_SCORE, "bias", "maybe", &err), AT_EINPUT);
  assert_int_equal(options("scenes", ATTUNE_DATA, NULL, NULL, &err), AT_EINPUT);
  assert_non_null(strstr(err.message, "needs its option `root`"));
}

static void test_paths_and_spelling(void **state) {
  const at_item *it;
  attune_options *o;
  at_option_value v = {"root", "a, b/c"};
  at_error err = {0};
  (void)state;
  assert_int_equal(at_registry_find(registry, ATTUNE_DATA, "scenes", &it, &err), AT_OK);
  assert_int_equal(at_options_new(it, &v, 1, "/base", &o, &err), AT_OK);
  assert_string_equal(at_plugin_host()->option_text(o, "root"), "/base/a, b/c");
  assert_int_equal(at_plugin_host()->option_int(o, "size"), 0);
  char *text = at_options_spell(it, o, true), *name;
  assert_string_equal(text, "scenes(root=\"/base/a, b/c\", size=0, steps=0, regions=0)");
  at_option_value *values;
  size_t n;
  assert_int_equal(at_spec_parse(text, &name, &values, &n, &err), AT_OK); /* it reads back */
  assert_string_equal(values[0].text, "/base/a, b/c");
  free(name);
  free(values);
  free(text);
  at_options_free(o);
}

/* ---- scores ---- */

enum { PICTURES = 2, REGIONS = 3, WORDS = 5, D = 4 };
static const at_span nowhere = {-1, 0, 0};

typedef struct net {
  at_graph *g;
  at_node *key, *query, *score;
  at_params *p;
  float value[PICTURES * REGIONS * WORDS];
} net;

/* The query over words of captions, the key over regions of pictures; or the other way round. */
static void open_net(net *w, const char *spec, bool swapped) {
  int picture, region, caption, word, d;
  at_error err = {0};
  memset(w, 0, sizeof *w);
  assert_int_equal(at_graph_new("t", &w->g, NULL), AT_OK);
  at_graph_axis(w->g, "picture", AT_BATCH, -1, nowhere, &picture, NULL);
  at_graph_axis(w->g, "region", AT_SEQUENCE, -1, nowhere, &region, NULL);
  at_graph_axis(w->g, "caption", AT_BATCH, -1, nowhere, &caption, NULL);
  at_graph_axis(w->g, "word", AT_SEQUENCE, caption, nowhere, &word, NULL);
  at_graph_axis(w->g, "d", AT_FEATURE, -1, nowhere, &d, NULL);
  const at_dim v[] = {{picture, -1, false}, {region, REGIONS, false}, {d, D, false}},
               t[] = {{word, -1, false}, {d, D, false}};
  at_node *a, *b;
  at_graph_input(w->g, "v", AT_REAL, 3, v, -1, nowhere, &a, NULL);
  at_graph_input(w->g, "t", AT_REAL, 2, t, -1, nowhere, &b, NULL);
  w->key = swapped ? b : a;
  w->query = swapped ? a : b;
  if (at_plugin_compose(registry, w->g, spec, w->query, w->key, d, false, -1, "score", nowhere,
                        &w->score, &err))
    fail_msg("%s: %s", spec, err.message);
  at_graph_output(w->g, "s", w->score, nowhere, NULL);
  assert_int_equal(at_params_new(w->g, &w->p, &err), AT_OK);
  at_params_init(w->p, 1);
}

static void run_net(net *w) {
  static const int64_t off[] = {0, 2, 5};
  float v[PICTURES * REGIONS * D], t[WORDS * D];
  at_random r = {.seed = 4};
  at_exec *x;
  at_error err = {0};
  for (int i = 0; i < PICTURES * REGIONS * D; i++) v[i] = at_random_normal(&r, (uint64_t)i);
  for (int i = 0; i < WORDS * D; i++) t[i] = at_random_normal(&r, (uint64_t)i + 1000);
  assert_int_equal(at_exec_new(w->g, w->p, NULL, &x, &err), AT_OK);
  at_exec_size(x, "picture", PICTURES, NULL);
  at_exec_ragged(x, "word", off, 2, NULL);
  at_exec_input(x, "v", v, NULL);
  at_exec_input(x, "t", t, NULL);
  if (at_exec_ready(x, &err)) fail_msg("%s", err.message);
  at_exec_forward(x, 0, 0, false);
  memcpy(w->value, at_exec_value(x, w->score), sizeof w->value);
  at_exec_free(x);
}

static void close_net(net *w) {
  at_params_free(w->p);
  at_graph_free(w->g);
}

static void set_identity(net *w) {
  for (int i = 0; i < w->g->n_param; i++) {
    float *v = w->p->value + w->p->offset[i];
    memset(v, 0, w->p->size[i] * sizeof *v);
    for (int k = 0; w->g->param[i]->ndim == 2 && k < D; k++) v[k * D + k] = 1;
  }
}

/* The layout is that of dot whatever the weight stands on, and whoever asks. */
static void test_identity_weight_is_dot(void **state) {
  static const char *const specs[] = {"general(side=query)", "general(side=key)",
                                      "biased_general(side=query)", "biased_general(side=key)"};
  (void)state;
  for (int swapped = 0; swapped < 2; swapped++) {
    net dot;
    open_net(&dot, "dot", swapped);
    run_net(&dot);
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
      net w;
      open_net(&w, specs[i], swapped);
      set_identity(&w);
      run_net(&w);
      for (size_t k = 0; k < sizeof w.value / sizeof *w.value; k++)
        if (fabsf(w.value[k] - dot.value[k]) > 1e-5f)
          fail_msg("%s: %g, dot %g", specs[i], w.value[k], dot.value[k]);
      close_net(&w);
    }
    close_net(&dot);
  }
}

typedef struct parameter_case {
  const char *spec, *names; /* with shapes */
} parameter_case;
static const parameter_case PARAMETERS[] = {
    {"dot", ""},
    {"scaled_dot", ""},
    {"cosine", ""},
    {"general(side=key)", "score.proj.weight[4,4] "},
    {"biased_general", "score.proj.weight[4,4] score.proj.bias[4] "},
    {"activated_general(act=relu)", "score.proj.weight[4,4] score.proj.bias[4] "},
    {"additive", "score.wq.weight[4,4] score.wk.weight[4,4] score.wk.bias[4] score.v[4] "},
    {"concat(hidden=6)", "score.w.query.weight[6,4] score.w.key.weight[6,4] score.v[6] "},
    {"concat(bias=yes)",
     "score.w.query.weight[4,4] score.w.key.weight[4,4] score.w.key.bias[4] score.v[4] "},
};

static void test_parameters_of_scores(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof PARAMETERS / sizeof *PARAMETERS; i++) {
    net w;
    at_text t = {0};
    open_net(&w, PARAMETERS[i].spec, false);
    at_text_add(&t, "");
    for (int p = 0; p < w.g->n_param; p++) {
      at_text_addf(&t, "%s[", w.g->param[p]->pname);
      for (int d = 0; d < w.g->param[p]->ndim; d++)
        at_text_addf(&t, "%s%lld", d ? "," : "", (long long)w.g->param[p]->dim[d].size);
      at_text_add(&t, "] ");
    }
    assert_string_equal(t.data ? t.data : "", PARAMETERS[i].names);
    run_net(&w);
    for (size_t k = 0; k < sizeof w.value / sizeof *w.value; k++) assert_true(isfinite(w.value[k]));
    at_text_free(&t);
    close_net(&w);
  }
}

/* additive against its formula. */
static void test_additive_twin(void **state) {
  net w;
  (void)state;
  open_net(&w, "additive", false);
  run_net(&w);
  const float *wq = w.p->value + w.p->offset[0], *wk = w.p->value + w.p->offset[1],
              *b = w.p->value + w.p->offset[2], *v = w.p->value + w.p->offset[3];
  at_random r = {.seed = 4};
  for (int k = 0; k < PICTURES * REGIONS; k++)
    for (int q = 0; q < WORDS; q++) {
      double s = 0;
      for (int i = 0; i < D; i++) {
        double sum = b[i];
        for (int j = 0; j < D; j++)
          sum += (double)wq[i * D + j] * at_random_normal(&r, (uint64_t)(q * D + j) + 1000) +
                 (double)wk[i * D + j] * at_random_normal(&r, (uint64_t)(k * D + j));
        s += v[i] * tanh(sum);
      }
      assert_true(fabs(s - w.value[k * WORDS + q]) < 1e-5);
    }
  close_net(&w);
}

static void test_wrong_layout_is_refused(void **state) {
  char libs[3100];
  const char *dirs[] = {libs};
  at_registry *r, *keep = registry;
  at_error err = {0};
  at_graph *g;
  at_node *a, *b, *s;
  int picture, region, caption, word, d;
  (void)state;
  char dir[] = "/tmp/attune-layout-XXXXXX", from[4096], to[4200];
  assert_non_null(mkdtemp(dir));
  snprintf(libs, sizeof libs, "%s", dir);
  library_path(from, sizeof from, "broken_layout.so");
  snprintf(to, sizeof to, "%s/p.so", dir);
  copy_file(from, to);
  assert_int_equal(at_registry_new(dirs, 1, &r, &err), AT_OK);
  assert_int_equal(at_graph_new("t", &g, NULL), AT_OK);
  at_graph_axis(g, "picture", AT_BATCH, -1, nowhere, &picture, NULL);
  at_graph_axis(g, "region", AT_SEQUENCE, -1, nowhere, &region, NULL);
  at_graph_axis(g, "caption", AT_BATCH, -1, nowhere, &caption, NULL);
  at_graph_axis(g, "word", AT_SEQUENCE, caption, nowhere, &word, NULL);
  at_graph_axis(g, "d", AT_FEATURE, -1, nowhere, &d, NULL);
  const at_dim v[] = {{picture, -1, false}, {region, REGIONS, false}, {d, D, false}},
               t[] = {{word, -1, false}, {d, D, false}};
  at_graph_input(g, "v", AT_REAL, 3, v, -1, nowhere, &a, NULL);
  at_graph_input(g, "t", AT_REAL, 2, t, -1, nowhere, &b, NULL);
  assert_int_equal(at_plugin_compose(r, g, "odd", b, a, d, false, -1, "score", nowhere, &s, &err),
                   AT_EFAIL);
  assert_non_null(strstr(err.message, "the layout of a score is fixed"));
  at_graph_free(g);
  at_registry_free(r);
  registry = keep;
  unlink(to);
  rmdir(dir);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_bad_files),
      cmocka_unit_test(test_growth),
      cmocka_unit_test(test_search_order),
      cmocka_unit_test(test_sha256),
      cmocka_unit_test(test_specs),
      cmocka_unit_test(test_options),
      cmocka_unit_test(test_paths_and_spelling),
      cmocka_unit_test(test_identity_weight_is_dot),
      cmocka_unit_test(test_parameters_of_scores),
      cmocka_unit_test(test_additive_twin),
      cmocka_unit_test(test_wrong_layout_is_refused),
  };
  const char *top = getenv("top_builddir");
  snprintf(build, sizeof build, "%s", top ? top : ".");
  if (at_registry_new(NULL, 0, &registry, NULL)) return 1;
  int rc = cmocka_run_group_tests_name("plugin", tests, NULL, NULL);
  at_registry_free(registry);
  return rc;
}
