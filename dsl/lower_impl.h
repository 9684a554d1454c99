/* Between the files of the lowering only. */
#ifndef AT_DSL_LOWER_IMPL_H
#define AT_DSL_LOWER_IMPL_H
#include "dsl/ast.h"

typedef enum at_value_kind {
  AT_V_NONE, /* a mistake was reported: whatever uses it says nothing more */
  AT_V_NODE,
  AT_V_NUMBER,
  AT_V_SPEC /* a word or call that only its user understands: a score, a stage, a choice */
} at_value_kind;

typedef struct at_value {
  at_value_kind kind;
  at_node *node;
  double number;
  const at_expr *expr; /* SPEC */
  const char *text;    /* SPEC: as written */
} at_value;

typedef struct at_binding {
  at_name name;
  at_value value;
  bool is_param, used;
  const at_expr *pending; /* parameter whose default is not worked out yet */
  bool busy;              /* being worked out: a second visit is a circle */
} at_binding;

typedef struct at_lower {
  at_arena *arena; /* of the diagnostics and of what is in passing */
  const at_ast *ast;
  const at_source *src;
  const at_dsl_env *env;
  at_diags *diags;
  at_graph *g;
  at_binding *bind;
  size_t n_bind, cap_bind;
  const char *base; /* default of parameter names: the statement's own */
  int made;         /* how many operators of the statement made parameters */
  int n_attend;
  bool nomem;
} at_lower;

/* ---- lower.c ---- */
at_binding *at_lower_find(at_lower *w, const char *name);
bool at_lower_define(at_lower *w, at_name name, at_value v, bool is_param);
void at_lower_error(at_lower *w, const char *code, at_span span, const char *hint, const char *fmt,
                    ...) AT_PRINTF(5, 6);
void at_lower_nomem(at_lower *w);
/* The value of a bound name, a parameter's default worked out on the way. */
at_value at_lower_use(at_lower *w, at_binding *b);

/* ---- lower_expr.c ---- */
at_value at_lower_expr(at_lower *w, const at_expr *e);
/* An expression in which `in` flows into the first stage (NULL: nothing does). */
at_value at_lower_stage(at_lower *w, const at_expr *e, at_node *in);
at_node *at_lower_node(at_lower *w, const at_expr *e); /* NULL: reported */
bool at_lower_number(at_lower *w, const at_expr *e, double *out);
bool at_lower_size(at_lower *w, const at_expr *e, const char *what, int64_t *out);
const char *at_lower_spec_text(at_lower *w, const at_expr *e);
/* The axis that expression `e` names; -1: reported. `v` (may be NULL) is who should have it. */
int at_lower_axis(at_lower *w, const at_expr *e, const at_node *v);

/* ---- lower_call.c ---- */
at_value at_lower_call(at_lower *w, const at_expr *e, at_node *in);
/* op over given inputs with complete arguments; reports at `span`. NULL: reported. */
at_node *at_lower_op(at_lower *w, const char *op, int n, at_node *const *in, const at_arg *arg,
                     at_name scope, at_span span);

/* ---- lower_attend.c ---- */
void at_lower_attend(at_lower *w, const at_stmt *s);
#endif
