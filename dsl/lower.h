/* Between the files of the lowering only: from the syntax tree to a checked graph.
 *
 * Whoever finds a mistake reports it and hands back a bad value; whoever gets a bad
 * value says nothing, so that one mistake makes one message. */
#ifndef AT_DSL_LOWER_H
#define AT_DSL_LOWER_H
#include "dsl/ast.h"

enum { AT_DSL_MAX_NAMES = 4096 };

typedef enum at_val_kind {
  AT_V_BAD, /* reported already */
  AT_V_NODE,
  AT_V_NUMBER,
  AT_V_SPEC /* a name or call that only its user understands: a score, a stage, a choice */
} at_val_kind;

typedef struct at_val {
  at_val_kind kind;
  at_node *node;
  double number;
  const at_expr *spec; /* a NAME or a CALL */
} at_val;

typedef enum at_sym_kind {
  AT_SYM_PARAM,
  AT_SYM_INPUT,
  AT_SYM_LET,
  AT_SYM_ATTEND,
  AT_SYM_OUTPUT
} at_sym_kind;

typedef struct at_sym {
  at_sym_kind kind;
  const char *name;
  at_span span;
  at_val val;
  bool used;
  const at_ast_param *param; /* PARAM: where it is declared */
  const char *set;           /* PARAM: the text of a --set; NULL: none */
  bool pending, busy;        /* PARAM: its value is not worked out yet, is being so */
} at_sym;

typedef struct at_known { /* the size of an axis and where it was said */
  int64_t size;
  at_span span;
} at_known;

typedef struct at_lower {
  const at_ast_model *model;
  const at_source *src;
  const at_dsl_env *env; /* never NULL */
  at_diags *diags;
  at_graph *g;
  at_sym *sym;
  int n_sym, cap_sym;
  at_known *known; /* by axis id */
  int n_known;
  const char *owner; /* of the statement: default for names of parameters */
  int made;          /* operators of the statement that made parameters under that name */
  int n_score;       /* attend blocks so far */
  bool in_loss, has_loss;
  at_span loss_span;
  at_span place; /* stands in for what has no place: pieces of a --set */
  bool full;     /* there are more names than a model may have */
  bool nomem;
} at_lower;

/* ---- lower.c ---- */
at_diag *at_lower_error(at_lower *w, const char *code, at_span span, const char *fmt, ...)
    AT_PRINTF(4, 5);
at_sym *at_lower_find(const at_lower *w, const char *name);
/* NULL when the name is taken (reported) or memory ends. */
at_sym *at_lower_define(at_lower *w, at_sym_kind kind, const char *name, at_span span, at_val val);
/* Whether the name is free; reports when it is not. */
bool at_lower_is_free(at_lower *w, at_sym_kind kind, const char *name, at_span span);
/* "did you mean" among all names, or NULL. */
const char *at_lower_suggest_value(at_lower *w, const char *name);
/* Says what size an axis has; false (reported) when another was said before. */
bool at_lower_know(at_lower *w, int axis, int64_t size, at_span span);
int64_t at_lower_known(const at_lower *w, int axis); /* -1: not known */

/* ---- lower_param.c ---- */
void at_lower_params(at_lower *w);
/* The value of a symbol; works out a parameter's default on the way. */
at_val at_lower_use(at_lower *w, at_sym *s);

/* ---- lower_input.c ---- */
void at_lower_input(at_lower *w, const at_stmt *s);

/* ---- lower_expr.c ---- */
at_val at_lower_expr(at_lower *w, const at_expr *e);
at_node *at_lower_node(at_lower *w, const at_expr *e); /* NULL: reported */
bool at_lower_number(at_lower *w, const at_expr *e, double *out);
bool at_lower_size(at_lower *w, const at_expr *e, const char *what, int64_t *out);
/* `in` flows through the stages of e. NULL: reported. */
at_node *at_lower_stages(at_lower *w, const at_expr *e, at_node *in);
/* The word that e stands for, a parameter's when it names one; NULL: e is no word. */
const char *at_lower_word(at_lower *w, const at_expr *e);
/* "general(side=key)" of a name or call; NULL: reported. */
const char *at_lower_spec_text(at_lower *w, const at_expr *e);

/* ---- lower_call.c ---- */
typedef struct at_call { /* a call being bound to an operator */
  at_lower *w;
  const at_op *op;
  at_span span;
  at_span name_span;
  at_node *in[AT_MAX_IN];
  int n_in;
  at_arg arg[AT_MAX_ARG];
  bool piped;
  bool bad;
} at_call;

/* A name or call as a stage over `in` (NULL: all values are arguments). `over` >= 0:
 * the first argument of the operator is that axis and is not written. */
at_node *at_lower_call(at_lower *w, const at_expr *e, at_node *in, int over);
/* Makes the node, with parameters named after `scope` or the statement; reports
 * refusals. NULL: reported. */
at_node *at_lower_make(at_lower *w, const at_op *op, int n, at_node *const *in, const at_arg *arg,
                       const char *scope, at_span span);
at_arg at_lower_axis_arg(int axis, at_span span);

/* ---- lower_arg.c ---- */
int at_lower_axis(at_lower *w, const at_expr *e, const at_node *v); /* -1: reported */
void at_lower_positional(at_call *c, const at_call_arg *const *pos, int n);
void at_lower_keyed(at_call *c, const at_call_arg *a);
void at_lower_required(at_call *c);
/* "linear(FROM -> TO, bias = true)": how the operator is written. */
const char *at_lower_usage(at_call *c);

/* ---- lower_attend.c ---- */
void at_lower_attend(at_lower *w, const at_stmt *s);

#endif
