/* attune ops: what operators there are, from their table. */
#include <string.h>
#include "cli/cli.h"
#include "core/base/text.h"
#include "core/graph/graph.h"

/* ---- how an argument is written ---- */

static const char *shape_of(at_arg_type t) {
  static const char *const shapes[] = {[AT_ARG_AXIS] = "axis",      [AT_ARG_AXES] = "axes",
                                       [AT_ARG_MAP] = "from -> to", [AT_ARG_SPLIT] = "a -> [b, c]",
                                       [AT_ARG_NEW] = "-> axis",    [AT_ARG_INT] = "whole number",
                                       [AT_ARG_REAL] = "number",    [AT_ARG_BOOL] = "true or false",
                                       [AT_ARG_ENUM] = "choice"};
  return shapes[t];
}

/* "linear(x, from -> to, bias = true)" */
static void add_usage(at_text *t, const at_op *op) {
  static const char *const values[] = {"x", "y", "z"};
  const char *comma = "";
  at_text_addf(t, "%s(", op->name);
  for (int i = 0; i < op->max_in && i < 3; i++, comma = ", ")
    at_text_addf(t, "%s%s%s", comma, i == op->min_in ? "[" : "", values[i]);
  if (op->max_in > op->min_in) at_text_add(t, op->max_in > 3 ? ", ...]" : "]");
  for (const at_param_spec *p = op->params; p && p->type != AT_ARG_END; p++, comma = ", ") {
    bool axes = p->type <= AT_ARG_NEW;
    at_text_add(t, comma);
    if (!p->required) at_text_add(t, "[");
    if (axes)
      at_text_add(t,
                  p->type == AT_ARG_AXIS || p->type == AT_ARG_AXES ? p->name : shape_of(p->type));
    else
      at_text_addf(t, "%s =", p->name);
    if (!p->required) at_text_add(t, "]");
  }
  at_text_add(t, ")");
}

/* "default 0.1, from 0 to 1" */
static void add_range(at_text *t, const at_param_spec *p) {
  char choice[32];
  if (p->type == AT_ARG_ENUM) {
    const char *at = p->choices;
    for (int i = 0; i < (int)p->def && at; i++) at = strchr(at, '|') + 1;
    snprintf(choice, sizeof choice, "%.*s", (int)strcspn(at, "|"), at);
    at_text_addf(t, "%s; default %s", p->choices, choice);
  } else if (p->required) {
    at_text_add(t, "must be given");
  } else if (p->type == AT_ARG_BOOL) {
    at_text_addf(t, "default %s", p->def != 0 ? "true" : "false");
  } else if (p->type >= AT_ARG_INT) {
    at_text_addf(t, "default %g", p->def);
  } else {
    at_text_add(t, "may be left out");
  }
  if (p->type != AT_ARG_ENUM && p->min != p->max)
    at_text_addf(t, ", from %g to %g", p->min, p->max);
}

/* ---- for people ---- */

static void print_list(void) {
  const at_op_family *f = at_op_families();
  for (const at_op *const *op = at_op_table(); *op; op++) {
    if ((*op)->flags & AT_OP_INTERNAL) continue;
    if (f->title && f->first == *op) {
      printf("%s%s\n", f == at_op_families() ? "" : "\n", f->title);
      f++;
    }
    printf("  %-14s %s\n", (*op)->name, (*op)->summary);
  }
}

static void print_op(const at_op *op) {
  at_text t = {0};
  add_usage(&t, op);
  printf("%s\n  %s\n", t.data ? t.data : op->name, op->summary);
  if (op->formula) printf("  formula  %s\n", op->formula);
  printf("  axes     %s\n", op->axes);
  if (op->flags & AT_OP_TRAIN) printf("  differs between training and evaluation\n");
  for (const at_param_spec *p = op->params; p && p->type != AT_ARG_END; p++) {
    t.len = 0;
    add_range(&t, p);
    printf("  %-12s %s; %s\n", p->name, p->doc, t.data ? t.data : "");
  }
  at_text_free(&t);
}

/* ---- for programs, and for attune-model(5) ---- */

static void print_json(void) {
  const char *comma = "[";
  for (const at_op *const *op = at_op_table(); *op; op++) {
    if ((*op)->flags & AT_OP_INTERNAL) continue;
    printf("%s{\"name\": ", comma);
    cli_print_json_string(stdout, (*op)->name);
    printf(", \"summary\": ");
    cli_print_json_string(stdout, (*op)->summary);
    printf(", \"axes\": ");
    cli_print_json_string(stdout, (*op)->axes);
    printf(", \"values\": [%d, %d], \"arguments\": [", (*op)->min_in, (*op)->max_in);
    for (const at_param_spec *p = (*op)->params; p && p->type != AT_ARG_END; p++) {
      printf("%s{\"name\": ", p == (*op)->params ? "" : ", ");
      cli_print_json_string(stdout, p->name);
      printf(", \"type\": ");
      cli_print_json_string(stdout, p->type == AT_ARG_ENUM ? p->choices : shape_of(p->type));
      printf(", \"required\": %s, \"doc\": ", p->required ? "true" : "false");
      cli_print_json_string(stdout, p->doc);
      printf("}");
    }
    printf("]}");
    comma = ",\n ";
  }
  printf("]\n");
}

/* One line of running text for mandoc: a new line for each sentence, no leading full stop. */
static void put_mdoc(const char *s) {
  for (const char *c = s; *c; c++) {
    if (c == s && (*c == '.' || *c == '\'')) fputs("\\&", stdout);
    if (*c == '\\')
      fputs("\\e", stdout);
    else if (*c == '-')
      fputs("\\-", stdout);
    else if (*c == '.' && c[1] == ' ')
      fputs(".\\&", stdout);
    else
      putchar(*c);
  }
  putchar('\n');
}

static void mdoc_op(const at_op *op) {
  at_text t = {0};
  add_usage(&t, op);
  printf(".It Ic %s\n", op->name);
  printf(".Li \"");
  for (const char *c = t.data; c && *c; c++) printf(*c == '-' ? "\\-" : "%c", *c);
  printf("\"\n.br\n");
  put_mdoc(op->summary);
  if (op->formula) {
    printf(".br\n");
    put_mdoc(op->formula);
  }
  printf(".br\nAxes:\n");
  put_mdoc(op->axes);
  for (const at_param_spec *p = op->params; p && p->type != AT_ARG_END; p++) {
    t.len = 0;
    at_text_addf(&t, "%s; ", p->doc);
    add_range(&t, p);
    printf(".br\n.Ar %s", p->name);
    printf(" : No ");
    put_mdoc(t.data ? t.data : "");
  }
  at_text_free(&t);
}

static void print_mdoc(void) {
  const at_op_family *f = at_op_families();
  for (const at_op *const *op = at_op_table(); *op; op++) {
    if ((*op)->flags & AT_OP_INTERNAL) continue;
    if (f->title && f->first == *op) {
      printf("%s.Pp\n.Em %s\n.Bl -tag -width 6n\n", f == at_op_families() ? "" : ".El\n", f->title);
      f++;
    }
    mdoc_op(*op);
  }
  printf(".El\n");
}

static int print_named(const char *name) {
  const char *names[256], *near;
  size_t n = 0;
  at_error err = {0};
  for (const at_op *const *op = at_op_table(); *op; op++) {
    if ((*op)->flags & AT_OP_INTERNAL) continue;
    if (!strcmp((*op)->name, name)) {
      print_op(*op);
      return cli_done();
    }
    if (n < 256) names[n++] = (*op)->name;
  }
  near = at_suggest(name, names, n);
  at_fail(&err, AT_EINPUT, "there is no operator `%s`%s%s%s", name, near ? "; did you mean `" : "",
          near ? near : "; `attune ops` names them", near ? "`?" : "");
  return cli_fail(&err);
}

int cli_ops(int argc, char **argv) {
  cli_list rest;
  bool done, json = false, mdoc = false;
  const cli_option options[] = {
      {"json", 0, CLI_FLAG, &json, 0, 0}, {"mdoc", 0, CLI_FLAG, &mdoc, 0, 0}, {0}};
  int rc = cli_parse(argc, argv, options, &rest, 0, 1, &done);
  if (rc || done) return rc;
  if (rest.n) return print_named(rest.v[0]);
  if (mdoc)
    print_mdoc();
  else if (json)
    print_json();
  else
    print_list();
  return cli_done();
}
