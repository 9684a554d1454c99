/* Pictures of models: which boxes there are, what stands in them, what joins them. */
#include "tests/unit/cm.h"
#include <jansson.h>
#include "core/draw/draw.h"
#include "dsl/dsl.h"

static at_graph *graph_of(const char *text) {
  at_arena *arena = at_arena_new();
  at_source src = {.path = "m.att", .text = text, .size = strlen(text)};
  at_diags diags = {.arena = arena};
  at_ast *ast = NULL;
  at_graph *g = NULL;
  at_text shown = {0};
  at_error err = {0};
  at_status s = at_dsl_parse(arena, &src, &diags, &ast);
  if (s == AT_OK) s = at_dsl_lower(ast, &src, NULL, &diags, &g, &err);
  at_diags_format(&diags, &src, &shown);
  if (s != AT_OK) fail_msg("%s %s", err.message, shown.data ? shown.data : "");
  at_text_free(&shown);
  at_arena_free(arena);
  return g;
}

static char *drawn(const char *model, at_draw_format f) {
  at_graph *g = graph_of(model);
  at_text t = {0};
  at_error err = {0};
  if (at_draw(g, f, &t, &err) != AT_OK) fail_msg("%s", err.message);
  at_graph_free(g);
  return t.data;
}

static json_t *json_of(const char *model) {
  char *text = drawn(model, AT_DRAW_JSON);
  json_t *root = json_loads(text, 0, NULL);
  free(text);
  assert_non_null(root);
  return root;
}

/* The member `name` of the box `id`, as text: strings as they are, lists by ", ". */
static const char *of_box(json_t *root, const char *id, const char *name) {
  static char text[512];
  size_t i, k;
  json_t *b, *item;
  json_array_foreach(json_object_get(root, "boxes"), i, b) {
    if (strcmp(json_string_value(json_object_get(b, "id")), id)) continue;
    json_t *v = json_object_get(b, name);
    if (json_is_string(v)) return json_string_value(v);
    text[0] = '\0';
    if (json_is_integer(v)) snprintf(text, sizeof text, "%d", (int)json_integer_value(v));
    json_array_foreach(v, k, item) {
      if (k) strcat(text, ", ");
      strcat(text, json_string_value(item));
    }
    return text;
  }
  return "no such box";
}

/* The label of an edge, "" without one; "none" when there is no such edge. */
static const char *of_edge(json_t *root, const char *from, const char *to) {
  size_t i;
  json_t *e;
  json_array_foreach(json_object_get(root, "edges"), i, e) {
    const char *label = json_string_value(json_object_get(e, "label"));
    if (!strcmp(json_string_value(json_object_get(e, "from")), from) &&
        !strcmp(json_string_value(json_object_get(e, "to")), to))
      return label ? label : "";
  }
  return "none";
}

static const char chain[] =
    "model m(d = 3) {\n"
    "  input x: real [item, f = 4]\n"
    "  input z: real [item, d]\n"
    "  let h = x |> linear(f -> d) @a |> relu |> linear(d -> d) @b\n"
    "  output y = h + z\n"
    "  output h\n"
    "}\n";

static void chains_stand_in_one_box(void **state) {
  (void)state;
  json_t *r = json_of(chain);
  assert_int_equal(json_array_size(json_object_get(r, "boxes")), 4);
  assert_string_equal(of_box(r, "h", "operators"), "linear(f -> d), relu, linear(d -> d)");
  assert_string_equal(of_box(r, "h", "parameters"), "27");
  assert_string_equal(of_box(r, "h", "axes"), "[item, d]");
  assert_string_equal(of_box(r, "h", "kind"), "output");
  assert_string_equal(of_box(r, "x", "kind"), "input");
  assert_string_equal(of_edge(r, "x", "h"), "");
  assert_string_equal(of_edge(r, "h", "y"), "");
  assert_string_equal(of_edge(r, "z", "y"), "");
  assert_string_equal(of_edge(r, "x", "y"), "none");
  json_decref(r);
}

static const char attending[] =
    "module block(h, d) {\n"
    "  let q = h |> linear(d -> d) @q\n"
    "  attend look(query = q, key = h, value = h, over = word, along = d) {\n"
    "    score = dot\n    heads = 2\n    mask = causal\n    weigh = softmax\n"
    "  }\n"
    "  return h + look\n"
    "}\n"
    "model m(d = 8) {\n"
    "  input text: real [item, word..., d]\n"
    "  input label: token(3) [item]\n"
    "  repeat i = 1 to 2 with h = text {\n    next h = block(h, d) @cell[i]\n  }\n"
    "  output logits = h |> mean(word) |> linear(d -> c = 3) @cls\n"
    "  loss cross_entropy(logits, label, c)\n"
    "}\n";

static void attention_is_taken_apart(void **state) {
  (void)state;
  json_t *r = json_of(attending);
  json_t *a = json_array_get(json_object_get(r, "attention"), 1);
  assert_string_equal(json_string_value(json_object_get(a, "score")), "dot");
  assert_int_equal(json_integer_value(json_object_get(a, "heads")), 2);
  const char *name = json_string_value(json_object_get(a, "name"));
  char score[80], refine[80], weigh[80], q[120];
  snprintf(score, sizeof score, "%s.score", name);
  snprintf(refine, sizeof refine, "%s.refine", name);
  snprintf(weigh, sizeof weigh, "%s.weigh", name);
  snprintf(q, sizeof q, "%s.q", of_box(r, name, "module"));
  assert_string_equal(of_edge(r, q, score), "query");
  assert_string_equal(of_edge(r, score, refine), "");
  assert_string_equal(of_edge(r, refine, weigh), "");
  assert_string_equal(of_edge(r, weigh, name), "");
  assert_string_equal(of_box(r, weigh, "kind"), "weigh");
  assert_string_equal(of_box(r, refine, "operators"), "causal(word', word)");
  assert_string_equal(of_box(r, name, "axes"), "[item, word..., d]");
  assert_string_equal(of_box(r, "loss", "kind"), "loss");
  assert_string_equal(of_edge(r, "label", "loss"), "");
  json_decref(r);
}

static void edges_of_a_block_say_what_enters(void **state) {
  (void)state;
  json_t *r = json_of(attending);
  json_t *a = json_array_get(json_object_get(r, "attention"), 0);
  const char *name = json_string_value(json_object_get(a, "name"));
  char score[80];
  snprintf(score, sizeof score, "%s.score", name);
  /* The two heads' views of the text are no boxes of their own. */
  assert_string_equal(of_edge(r, "text", score), "key");
  assert_string_equal(of_edge(r, "text", name), "value");
  json_decref(r);
}

static void modules_are_frames(void **state) {
  (void)state;
  char *dot = drawn(attending, AT_DRAW_DOT);
  assert_non_null(strstr(dot, "digraph \"m\" {"));
  assert_non_null(strstr(dot, "<b>cell.1</b>"));
  assert_non_null(strstr(dot, "<b>cell.2</b>"));
  assert_non_null(strstr(dot, "score over word', along d/head, 2 heads"));
  assert_non_null(strstr(dot, "label=\" query \""));
  assert_null(strstr(dot, "split"));
  free(dot);
}

static void names_are_escaped(void **state) {
  (void)state;
  at_graph *g = graph_of(chain);
  at_text dot = {0}, svg = {0};
  at_error err = {0};
  g->name = "a<b>&\"c\\";
  assert_int_equal(at_draw(g, AT_DRAW_DOT, &dot, &err), AT_OK);
  assert_non_null(strstr(dot.data, "digraph \"a<b>&\\\"c\\\\\" {"));
  assert_non_null(strstr(dot.data, "a&#60;b&#62;&#38;&#34;c\\\\"));
  assert_int_equal(at_draw(g, AT_DRAW_SVG, &svg, &err), AT_OK);
  assert_non_null(strstr(svg.data, "<title>a&#60;b&#62;&#38;\"c\\</title>"));
  assert_null(strstr(svg.data, "DOCTYPE"));
  at_text_free(&dot);
  at_text_free(&svg);
  at_graph_free(g);
}

static void what_cannot_be_laid_out_is_refused(void **state) {
  (void)state;
  at_text model = {0}, out = {0};
  at_error err = {0};
  at_text_add(&model, "model m {\n  input x: real [item, f = 4]\n  let v0 = x |> relu\n");
  for (int i = 1; i < AT_DRAW_MOST; i++)
    at_text_addf(&model, "  let v%d = v%d |> relu\n", i, i - 1);
  at_text_addf(&model, "  output y = v%d |> relu\n}\n", AT_DRAW_MOST - 1);
  at_graph *g = graph_of(model.data);
  assert_int_equal(at_draw(g, AT_DRAW_SVG, &out, &err), AT_EINPUT);
  assert_non_null(strstr(err.message, "has 802 boxes"));
  assert_non_null(strstr(err.message, "-T dot"));
  assert_int_equal(at_draw(g, AT_DRAW_DOT, &out, &err), AT_OK);
  at_graph_free(g);
  at_text_free(&model);
  at_text_free(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(chains_stand_in_one_box),
      cmocka_unit_test(attention_is_taken_apart),
      cmocka_unit_test(edges_of_a_block_say_what_enters),
      cmocka_unit_test(modules_are_frames),
      cmocka_unit_test(names_are_escaped),
      cmocka_unit_test(what_cannot_be_laid_out_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
