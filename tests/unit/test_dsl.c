/* The front end beyond the golden files: what the environment says, places, files, and
 * inputs that no person would write. */
#include "cm.h"
#include <unistd.h>
#include "core/base/file.h"
#include "dsl/ast.h"

/* ---- running one text ---- */

typedef struct outcome {
  at_status status;
  at_graph *g;
  at_text text; /* of the diagnostics */
  at_error err;
  size_t errors;
} outcome;

static outcome judge_bytes(const char *text, size_t n, const at_dsl_env *env) {
  outcome o = {.g = NULL};
  at_ast *ast = NULL;
  at_arena *arena = at_arena_new();
  at_diags d = {.arena = arena};
  at_source src = {.path = "m.att", .text = text, .size = n};
  o.status = at_dsl_parse(arena, &src, &d, &ast);
  if (o.status == AT_OK) o.status = at_dsl_lower(ast, &src, env, &d, &o.g, &o.err);
  at_diags_format(&d, &src, &o.text);
  o.errors = d.errors;
  at_arena_free(arena);
  return o;
}

static outcome judge(const char *text, const at_dsl_env *env) {
  return judge_bytes(text, strlen(text), env);
}

static void done(outcome *o) {
  at_graph_free(o->g);
  at_text_free(&o->text);
}

static void says(const outcome *o, const char *what) {
  if (!o->text.data || !strstr(o->text.data, what))
    fail_msg("`%s` is not said in:\n%s", what, o->text.data ? o->text.data : "nothing");
}

/* ---- --set ---- */

static const char sets[] =
    "model m(d = 4, e = d * 2, pool = mean, flag = true, need) {\n"
    "  input x: real [p, r, c = need]\n"
    "  output y = x |> linear(c -> d, bias = flag) @fc |> linear(d -> e) @out |> pool(r)\n"
    "}\n";

static outcome with_sets(const char *const *set, size_t n) {
  at_dsl_env env = {.set = set, .n_set = n};
  return judge(sets, &env);
}

static void test_set_takes_effect(void **state) {
  (void)state;
  const char *const set[] = {"need=3", "d=5", "d=6", "pool=logsumexp(sharpness = 2)", "flag=false"};
  outcome o = with_sets(set, 5);
  assert_int_equal(o.status, AT_OK);
  assert_int_equal(o.g->n_param, 3); /* fc.weight; out.weight, out.bias */
  assert_string_equal(o.g->param[0]->pname, "fc.weight");
  assert_int_equal(o.g->param[0]->dim[0].size, 6); /* the last one counts */
  assert_int_equal(o.g->param[0]->dim[1].size, 3);
  assert_int_equal(o.g->param[1]->dim[0].size, 12); /* e follows d */
  assert_string_equal(o.g->output[0].node->op->name, "logsumexp");
  assert_true(o.g->output[0].node->arg[1].num == 2);
  done(&o);
}

static void test_set_is_refused(void **state) {
  (void)state;
  static const struct {
    const char *set, *says;
  } bad[] = {{"pol=max", "model `m` has no parameter `pol` [bad-set]"},
             {"pol=max", "did you mean `pool`?"},
             {"d=mean", "`mean` is no value for parameter `d` [bad-set]"},
             {"d=mean", "it takes a number"},
             {"d=", "`` is no value for parameter `d`"},
             {"d", "`d` sets nothing"},
             {"=4", "model `m` has no parameter ``"},
             {"d=4 5", "is no value for parameter `d`"},
             {"d=(4", "is no value for parameter `d`"},
             {"d=\xff", "is no value for parameter `d`"},
             {"d=0", "axis `d` cannot have the size 0 [bad-size]"},
             {"d=1e12", "axis `d` cannot have the size 1e+12 [bad-size]"},
             {"pool=7", "it takes a name or a call"},
             {"flag=1", "it takes true or false"},
             {"flag=maybe", "it takes true or false"},
             {"pool=nothing", "parameter `pool` is set to `nothing`"},
             {"pool=mean(q)", "mean takes no further argument here"},
             {"pool=mean |> relu", "is no value for parameter `pool`"},
             {"e=d / 0", "this divides by zero"},
             {"e=e", "is no value for parameter `e`"},
             {"e=e + 1", "needs itself [cyclic-parameter]"}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    const char *const set[] = {"need=3", bad[i].set};
    outcome o = with_sets(set, 2);
    if (o.status != AT_EINPUT || o.g) fail_msg("`%s` was taken", bad[i].set);
    says(&o, bad[i].says);
    done(&o);
  }
  outcome o = with_sets(NULL, 0);
  says(&o, "m.att:1:53: error: parameter `need` has no value [missing-parameter]");
  done(&o);
}

/* ---- what the data knows ---- */

static int64_t size_of(void *ctx, const char *input, const char *axis) {
  (void)input;
  return strcmp(axis, "c") ? -1 : *(const int64_t *)ctx;
}

static int64_t words_of(void *ctx, const char *input) {
  return strcmp(input, "t") ? -1 : 10 * *(const int64_t *)ctx;
}

static const char data[] =
    "model m {\n"
    "  input x: real [p, r, c]\n"
    "  input z: real [q, c]\n"
    "  input t: token [b, w...]\n"
    "  output u = x |> linear(c -> d = 4)\n"
    "  output v = t |> embed(-> e = 4)\n"
    "  output s = z\n"
    "}\n";

static void test_data_gives_sizes(void **state) {
  (void)state;
  int64_t c = 7;
  at_dsl_env env = {.ctx = &c, .axis_size = size_of, .vocabulary = words_of};
  outcome o = judge(data, &env);
  assert_int_equal(o.status, AT_OK);
  assert_int_equal(o.g->input[0]->dim[1].size, -1);
  assert_int_equal(o.g->input[0]->dim[2].size, 7);
  assert_int_equal(o.g->input[1]->dim[1].size, 7);
  assert_int_equal(o.g->input[2]->vocabulary, 70);
  assert_int_equal(o.g->param[2]->dim[0].size, 70);
  done(&o);
  c = 0;
  o = judge(data, &env);
  says(&o, "the data gives axis `c` of `x` the size 0 [bad-size]");
  done(&o);
  c = 7;
  o = judge("model m { input t: token(69) [b, w...]\n output v = t |> embed(-> e = 4) }", &env);
  says(&o, "the data has 70 different tokens, more than the 69 stated here [bad-size]");
  done(&o);
}

/* ---- scores ---- */

static char spec_seen[256], scope_seen[64];

static at_status compose(void *ctx, at_graph *g, const char *spec, at_node *query, at_node *key,
                         int along, bool interact, int each, const char *scope, at_span span,
                         at_node **score, at_error *err) {
  (void)ctx;
  (void)interact;
  (void)each;
  snprintf(spec_seen, sizeof spec_seen, "%s", spec);
  snprintf(scope_seen, sizeof scope_seen, "%s", scope);
  if (!strcmp(spec, "flat")) {
    *score = query;
    return AT_OK;
  }
  at_node *in[] = {key, query};
  at_arg arg[AT_MAX_ARG] = {{.set = true, .n_axes = 1, .axis = {along}, .span = span}};
  return at_graph_node(g, at_op_find("contract"), 2, in, arg, scope, span, score, err);
}

static size_t names(void *ctx, const char *const **out) {
  static const char *const list[] = {"dot", "general", "flat"};
  (void)ctx;
  *out = list;
  return 3;
}

static outcome with_score(const char *score) {
  static const char frame[] =
      "model m(s = dot, side = key, k = 0.1) {\n"
      "  input x: real [p, r, c = 3]\n"
      "  input z: real [q, w, c = 3]\n"
      "  attend a(query = z, key = x, over = r, along = c) {\n"
      "    score = %s\n"
      "    weigh = softmax(9)\n"
      "  }\n"
      "  output y = a\n"
      "}\n";
  char text[1024];
  at_dsl_env env = {.compose = compose, .score_names = names};
  snprintf(text, sizeof text, frame, score);
  spec_seen[0] = scope_seen[0] = '\0';
  return judge(text, &env);
}

static void test_scores_are_asked_for(void **state) {
  (void)state;
  static const struct {
    const char *score, *spec, *scope;
  } good[] = {{"s", "dot", "score"},
              {"s @mine", "dot", "mine"},
              {"general", "general", "score"},
              {"general()", "general", "score"},
              {"general( side=side,  n = 2 * 3 )@a.b", "general(side=key, n=6)", "a.b"},
              {"general(n = -k, on = true)", "general(n=-0.1, on=true)", "score"}};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    outcome o = with_score(good[i].score);
    if (o.status != AT_OK) fail_msg("%s: %s", good[i].score, o.text.data);
    assert_string_equal(spec_seen, good[i].spec);
    assert_string_equal(scope_seen, good[i].scope);
    assert_string_equal(o.g->attend[0].score_name, good[i].spec);
    assert_int_equal(o.g->n_attend, 1);
    done(&o);
  }
  outcome o = with_score("genral(side = key)");
  says(&o, "m.att:5:13: error: there is no score `genral` [unknown-score]");
  says(&o, "did you mean `general`?");
  assert_string_equal(spec_seen, "");
  done(&o);
  o = with_score("flat");
  says(&o, "it must vary over `r` and not over `c` [bad-score]");
  done(&o);
  o = with_score("general(n = relu(x))");
  says(&o, "option `n` of a score is a number or a name");
  done(&o);
}

/* ---- places ---- */

static void test_places(void **state) {
  (void)state;
  at_source src = {.path = "m.att", .text = "a\xc3\xa9\tb\r\n\n c", .size = 10};
  int line, column;
  at_source_place(&src, 4, &line, &column);
  assert_int_equal(line, 1);
  assert_int_equal(column, 4);
  at_source_place(&src, 9, &line, &column);
  assert_int_equal(line, 3);
  assert_int_equal(column, 2);
  at_source_place(&src, 1000, &line, &column);
  assert_int_equal(line, 3);
  assert_int_equal(at_source_bad_byte(&src), src.size);
}

static void test_encoding(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t size, bad;
  } cases[] = {{"ab", 2, 2},
               {"\xc3\xa9", 2, 2},
               {"\xf0\x9f\x98\x80", 4, 4},
               {"x\xc3", 2, 1},            /* cut off */
               {"\xc0\x80", 2, 0},         /* overlong */
               {"\xe0\x80\x80", 3, 0},     /* overlong */
               {"\xed\xa0\x80", 3, 0},     /* surrogate */
               {"\xf4\x90\x80\x80", 4, 0}, /* above U+10FFFF */
               {"ab\x80", 3, 2},           /* continues nothing */
               {"ab\0c", 4, 2},
               {"\xf0\x9f\x98", 3, 0}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    at_source src = {.path = "m.att", .text = cases[i].text, .size = cases[i].size};
    if (at_source_bad_byte(&src) != cases[i].bad) fail_msg("case %zu", i);
  }
}

/* The range of every let lies exactly on its text. */
static void test_spans(void **state) {
  (void)state;
  static const char text[] = "model m{input x:real[a,b]# c\nlet u=relu ( x )@s |> tanh\noutput u}";
  at_arena *arena = at_arena_new();
  at_diags d = {.arena = arena};
  at_source src = {.path = "m.att", .text = text, .size = sizeof text - 1};
  at_ast *ast = NULL;
  assert_int_equal(at_dsl_parse(arena, &src, &d, &ast), AT_OK);
  const at_stmt *let = ast->models->body->next;
  const at_expr *pipe = let->expr;
  static const struct {
    const char *text;
  } want[] = {{"relu ( x )@s |> tanh"}, {"relu ( x )@s"}, {"relu"}, {"@s"}, {"tanh"}};
  const at_span got[] = {pipe->span, pipe->left->span, pipe->left->name_span,
                         pipe->left->scope_span, pipe->right->span};
  for (int i = 0; i < 5; i++) {
    assert_int_equal(got[i].end - got[i].begin, strlen(want[i].text));
    assert_memory_equal(text + got[i].begin, want[i].text, strlen(want[i].text));
  }
  at_arena_free(arena);
}

/* ---- files ---- */

static void test_files(void **state) {
  (void)state;
  char path[] = "/tmp/dslXXXXXX";
  int fd = mkstemp(path);
  at_text messages = {0};
  at_error err = {0};
  at_graph *g = NULL;
  assert_true(fd >= 0);
  close(fd);
  assert_int_equal(at_dsl_load("/nowhere/m.att", NULL, &g, &messages, &err), AT_EINPUT);
  assert_non_null(strstr(err.message, "/nowhere/m.att"));
  assert_int_equal(at_dsl_load("/tmp", NULL, &g, &messages, &err), AT_EINPUT);
  assert_int_equal(at_file_write(path, "model m { input x: real [a, b]\n output y = z }", 46, &err),
                   AT_OK);
  assert_int_equal(at_dsl_load(path, NULL, &g, &messages, &err), AT_EINPUT);
  assert_null(g);
  assert_non_null(strstr(err.message, ":2:13: nothing is called `z` here"));
  assert_non_null(strstr(messages.data, "[unknown-name]"));
  assert_int_equal(at_dsl_load(path, NULL, &g, NULL, NULL), AT_EINPUT);
  char *big = malloc(AT_DSL_MAX_SIZE + 1);
  memset(big, ' ', AT_DSL_MAX_SIZE + 1);
  outcome o = judge_bytes(big, AT_DSL_MAX_SIZE + 1, NULL);
  says(&o, "[too-large]");
  done(&o);
  assert_int_equal(at_file_write(path, big, AT_DSL_MAX_SIZE + 1, &err), AT_OK);
  assert_int_equal(at_dsl_load(path, NULL, &g, NULL, &err), AT_EINPUT);
  assert_non_null(strstr(err.message, path));
  free(big);
  at_text_free(&messages);
  unlink(path);
}

/* ---- hostile texts: answered, and at once ---- */

static char *repeat(const char *before, const char *piece, size_t times, const char *after) {
  at_text t = {0};
  at_text_add(&t, before);
  for (size_t i = 0; i < times; i++) at_text_add(&t, piece);
  at_text_add(&t, after);
  assert_false(t.failed);
  return t.data;
}

static void test_hostile(void **state) {
  (void)state;
  static const struct {
    const char *before, *piece, *after, *says;
    size_t times;
  } texts[] = {
      {"model m { input x: real [a, b]\n output y = ", "-", "x }", "[nesting]", 100000},
      {"model m { input x: real [a, b]\n output y = ", "(", "x }", "[nesting]", 100000},
      {"model m { input x: real [a, b]\n output y = x", " + x", "}", "[nesting]", 100000},
      {"model m { input x: real [a, b]\n output y = ", "relu(", "x", "[nesting]", 100000},
      {"model m { input x: real [a, b]\n output y = ", "f(k=", "x", "[nesting]", 100000},
      {"model m { input x: real [a, b]\n output y = ", "f(->a=", "x", "[nesting]", 100000},
      {"model m { input x: real [a", ", a", "] output y = x }", "at most 8 axes", 100000},
      {"model m(", "a,", "a) { output y = a }", "[duplicate-name]", 100000},
      {"model m { input x: real [a, b]\n output y = relu(x", ", x", ") }", "[wrong-argument]",
       100000},
      {"model m { input x: real [a, b]\n output y = x |> mean(", "q, ", "q) }", "[wrong-argument]",
       100000},
      {"", "}", "", "[syntax]", 100000},
      {"", "model m {", "", "[", 100000},
      {"", "\xc3\xa9", "", "[bad-character]", 100000},
      {"", "$", "", "[bad-character]", 100000},
      {"model m { input x: real [a, b]\n output ", "y", " = x |> nope }", "[unknown-operator]",
       100000},
      {"model m { ", "let a = 1 ", "}", "[duplicate-name]", 100000},
      {"#", "#", "", "[no-model]", 1000000},
      {"model m { input x: real [a, b]\n output y = x * 1", "0", "}", "[number-range]", 1000}};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    char *t = repeat(texts[i].before, texts[i].piece, texts[i].times, texts[i].after);
    outcome o = judge(t, NULL);
    if (o.status != AT_EINPUT) fail_msg("text %zu was taken", i);
    says(&o, texts[i].says);
    assert_true(o.text.len < 100000);
    done(&o);
    free(t);
  }
}

static void test_many_names(void **state) {
  (void)state;
  at_text t = {0};
  at_text_add(&t, "model m { input x: real [a, b]\n");
  for (int i = 0; i < 60000; i++) at_text_addf(&t, "let v%d=x\n", i);
  at_text_add(&t, "output x }");
  outcome o = judge(t.data, NULL);
  says(&o, "a model has at most 4096 names at a time [too-large]");
  done(&o);
  at_text_free(&t);
}

/* ---- mutations of the example models, by tokens ---- */

static uint64_t next(uint64_t *s) {
  *s = *s * 6364136223846793005u + 1442695040888963407u;
  return *s >> 33;
}

/* Cuts out, doubles or swaps in words that the language knows. */
static void mutate(at_text *out, const char *text, size_t n, uint64_t *s) {
  static const char *const words[] = {
      "model",   "input",  "let",    "attend",  "output", "loss",  "image", "caption",
      "region",  "word",   "d",      "v",       "w",      "align", "score", "|>",
      "->",      "...",    "(",      ")",       "[",      "]",     "{",     "}",
      ",",       "=",      "@x",     "0",       "-1",     "1e300", "mean",  "pool",
      "softmax", "cosine", "conv2d", "flatten", "real",   "token", ":",     "triplet"};
  size_t at = next(s) % n, len = next(s) % 40, from = next(s) % n;
  if (at + len > n) len = n - at;
  at_text_addn(out, text, at);
  switch (next(s) % 4) {
    case 0: break; /* a stretch is lost */
    case 1:
      at_text_addf(out, " %s ", words[next(s) % (sizeof words / sizeof *words)]);
      len = next(s) % 2 ? len : 0;
      break;
    case 2: at_text_addn(out, text + from, n - from < len ? n - from : len); break;
    default: at_text_addn(out, text + at, len), len = 0; break;
  }
  at_text_addn(out, text + at + len, n - at - len);
}

static void test_mutations(void **state) {
  static const char *const models[] = {"scan", "scan_i2t", "vse", "scan_pixels", "vse_pixels"};
  const char *top = getenv("top_srcdir");
  uint64_t seed = 7;
  int failed = 0;
  (void)state;
  at_dsl_env env = {.compose = compose, .score_names = names};
  for (int m = 0; m < 5; m++) {
    char path[4096], *text;
    size_t n;
    at_error err = {0};
    snprintf(path, sizeof path, "%s/examples/models/%s.att", top ? top : "../..", models[m]);
    if (at_file_read(path, AT_DSL_MAX_SIZE, &text, &n, &err)) fail_msg("%s", err.message);
    for (int i = 0; i < 800; i++) {
      at_text once = {0}, twice = {0};
      mutate(&once, text, n, &seed);
      mutate(&twice, once.data, once.len, &seed);
      outcome o = judge_bytes(twice.data, twice.len, &env);
      if (o.status != AT_OK) {
        failed++;
        assert_int_equal(o.status, AT_EINPUT);
        if (!o.errors || !strstr(o.text.data, ": error: ")) fail_msg("silent:\n%s", twice.data);
      } else {
        assert_non_null(o.g);
      }
      done(&o);
      at_text_free(&once);
      at_text_free(&twice);
    }
    free(text);
  }
  assert_true(failed > 2000); /* else nothing was tried */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_set_takes_effect),
      cmocka_unit_test(test_set_is_refused),
      cmocka_unit_test(test_data_gives_sizes),
      cmocka_unit_test(test_scores_are_asked_for),
      cmocka_unit_test(test_places),
      cmocka_unit_test(test_encoding),
      cmocka_unit_test(test_spans),
      cmocka_unit_test(test_files),
      cmocka_unit_test(test_hostile),
      cmocka_unit_test(test_many_names),
      cmocka_unit_test(test_mutations),
  };
  return cmocka_run_group_tests_name("dsl", tests, NULL, NULL);
}
