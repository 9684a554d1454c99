/* Building graphs: what is refused, and in which words. */
#include "cm.h"
#include "graph_ops.h"

static void rejects(at_status s, const at_error *err, const char *part) {
  assert_int_equal(s, AT_EINPUT);
  if (!strstr(err->message, part)) fail_msg("\"%s\" does not say \"%s\"", err->message, part);
}

typedef struct fixture {
  at_graph *g;
  int picture, caption, region, word, d;
  at_node *image, *text;
} fixture;

static int setup(void **state) {
  fixture *f = calloc(1, sizeof *f);
  *state = f;
  at_graph_new("scan", &f->g, NULL);
  at_graph_axis(f->g, "picture", AT_BATCH, -1, nowhere, &f->picture, NULL);
  at_graph_axis(f->g, "caption", AT_BATCH, -1, nowhere, &f->caption, NULL);
  at_graph_axis(f->g, "region", AT_SEQUENCE, -1, nowhere, &f->region, NULL);
  at_graph_axis(f->g, "word", AT_SEQUENCE, f->caption, nowhere, &f->word, NULL);
  at_graph_axis(f->g, "d", AT_FEATURE, -1, nowhere, &f->d, NULL);
  at_dim image[] = {{f->picture, -1, false}, {f->region, 4, false}, {f->d, 6, false}},
         text[] = {{f->word, -1, false}, {f->d, 6, false}};
  at_graph_input(f->g, "image", AT_REAL, 3, image, -1, nowhere, &f->image, NULL);
  at_graph_input(f->g, "text", AT_REAL, 2, text, -1, nowhere, &f->text, NULL);
  return 0;
}

static int teardown(void **state) {
  at_graph_free(((fixture *)*state)->g);
  free(*state);
  return 0;
}

static void axes_keep_their_kind(void **state) {
  fixture *f = *state;
  at_error err = {0};
  int a = -1;
  assert_int_equal(at_graph_axis(f->g, "word", AT_SEQUENCE, f->caption, nowhere, &a, &err), AT_OK);
  assert_int_equal(a, f->word);
  rejects(
      at_graph_axis(f->g, "word", AT_FEATURE, -1, nowhere, &a, &err), &err,
      "axis `word` is a sequence axis, ragged over caption; it cannot be a feature axis as well");
  rejects(at_graph_axis(f->g, "x", AT_SEQUENCE, f->d, nowhere, &a, &err), &err,
          "over a batch axis");
  assert_int_equal(at_graph_find_axis(f->g, "x"), -1);
}

static void nodes_know_their_axes(void **state) {
  fixture *f = *state;
  at_error err = {0};
  int dim;
  assert_string_equal(at_node_axes_text(f->g, f->image), "[picture, region, d]");
  assert_string_equal(at_node_axes_text(f->g, f->text), "[caption, word..., d]");
  assert_int_equal(at_node_dim(f->text, f->caption), -1);
  assert_true(at_node_has_axis(f->g, f->text, f->caption));
  assert_false(at_node_has_axis(f->g, f->image, f->caption));
  assert_int_equal(at_node_need_dim(f->g, f->image, f->d, &dim, &err), AT_OK);
  assert_int_equal(dim, 2);
  rejects(at_node_need_dim(f->g, f->image, f->word, &dim, &err), &err,
          "`image` has no axis `word`; it has picture, region, d");
  at_node *sum = t_node(f->g, &t_total, f->image, NULL, NULL);
  rejects(at_node_need_dim(f->g, sum, f->word, &dim, &err), &err,
          "the result of t_total has no axis `word`; it is a single number");
}

static void inputs_are_checked(void **state) {
  fixture *f = *state;
  at_error err = {0};
  at_node *n;
  at_dim twice[] = {{f->d, 2, false}, {f->d, 2, false}},
         both[] = {{f->caption, -1, false}, {f->word, -1, false}};
  at_dim none[] = {{99, 1, false}}, zero[] = {{f->d, 0, false}};
  rejects(at_graph_input(f->g, "image", AT_REAL, 0, NULL, -1, nowhere, &n, &err), &err,
          "two inputs called `image`");
  rejects(at_graph_input(f->g, "a", AT_REAL, 2, twice, -1, nowhere, &n, &err), &err,
          "has the axis `d` twice");
  rejects(at_graph_input(f->g, "a", AT_REAL, 2, both, -1, nowhere, &n, &err), &err, "twice");
  rejects(at_graph_input(f->g, "a", AT_REAL, 1, none, -1, nowhere, &n, &err), &err, "not known");
  rejects(at_graph_input(f->g, "a", AT_REAL, 1, zero, -1, nowhere, &n, &err), &err, "at least 1");
  assert_int_equal(f->g->n_input, 2);
}

static void nodes_complete_and_check_arguments(void **state) {
  fixture *f = *state;
  at_error err = {0};
  at_arg arg[AT_MAX_ARG] = {{0}};
  at_node *n = NULL, *in[] = {f->image, f->image};
  assert_int_equal(at_graph_node(f->g, &t_bias, 1, in, NULL, "a.b", nowhere, &n, &err), AT_OK);
  assert_true(n->arg[0].set && n->arg[0].num == 1);
  assert_true(n->needs_grad);
  assert_false(f->image->needs_grad);
  assert_int_equal(n->n_data, 1);
  assert_int_equal(n->n_in, 2);
  assert_string_equal(n->in[1]->pname, "a.b.bias");
  assert_true(n->in[1]->id < n->id);
  const int nodes = f->g->n_node, params = f->g->n_param;
  rejects(at_graph_node(f->g, &t_bias, 1, in, NULL, "a.b", nowhere, &n, &err), &err,
          "two parameters called `a.b.bias`");
  rejects(at_graph_node(f->g, &t_bias, 2, in, NULL, "c", nowhere, &n, &err), &err,
          "t_bias takes 1 value; here it gets 2");
  arg[0] = (at_arg){.set = true, .num = 5};
  rejects(at_graph_node(f->g, &t_bias, 1, in, arg, "c", nowhere, &n, &err), &err,
          "`scale` of t_bias is 5; it must lie between -4 and 4");
  arg[0].num = (double)NAN;
  rejects(at_graph_node(f->g, &t_bias, 1, in, arg, "c", nowhere, &n, &err), &err, "finite");
  arg[0].num = 1;
  arg[1] = (at_arg){.set = true, .num = 1.5};
  rejects(at_graph_node(f->g, &t_bias, 1, in, arg, "c", nowhere, &n, &err), &err, "whole number");
  assert_int_equal(f->g->n_node, nodes);
  assert_int_equal(f->g->n_param, params);
}

static void outputs_losses_attends_have_one_name(void **state) {
  fixture *f = *state;
  at_error err = {0};
  at_attend a = {.name = "align", .score_name = "dot", .weight = f->image};
  assert_int_equal(at_graph_output(f->g, "o", f->image, nowhere, &err), AT_OK);
  rejects(at_graph_output(f->g, "o", f->text, nowhere, &err), &err, "two outputs called `o`");
  rejects(at_graph_set_loss(f->g, f->image, &err), &err,
          "a loss is a single number; `image` is [picture, region, d]");
  at_node *sum = t_node(f->g, &t_total, f->image, NULL, NULL);
  assert_int_equal(at_graph_set_loss(f->g, sum, &err), AT_OK);
  rejects(at_graph_set_loss(f->g, sum, &err), &err, "two losses");
  assert_int_equal(at_graph_add_attend(f->g, &a, &err), AT_OK);
  rejects(at_graph_add_attend(f->g, &a, &err), &err, "two attention blocks called `align`");
}

static void parameters_stand_alone(void **state) {
  fixture *f = *state;
  at_error err = {0};
  at_node *p = NULL;
  int64_t shape[] = {3, 0};
  rejects(at_graph_parameter(f->g, "v", 2, shape, (at_init){0}, nowhere, &p, &err), &err, "size 0");
  assert_int_equal(at_graph_parameter(f->g, "v", 1, shape, (at_init){0}, nowhere, &p, &err), AT_OK);
  assert_int_equal(p->param, 0);
  assert_ptr_equal(f->g->param[0], p);
  assert_true(at_node_is_parameter(p) && !at_node_is_input(p));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(axes_keep_their_kind, setup, teardown),
      cmocka_unit_test_setup_teardown(nodes_know_their_axes, setup, teardown),
      cmocka_unit_test_setup_teardown(inputs_are_checked, setup, teardown),
      cmocka_unit_test_setup_teardown(nodes_complete_and_check_arguments, setup, teardown),
      cmocka_unit_test_setup_teardown(outputs_losses_attends_have_one_name, setup, teardown),
      cmocka_unit_test_setup_teardown(parameters_stand_alone, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
