/* Between the files of the lowering only: from the syntax tree to a checked graph.
 *
 * Whoever finds a mistake reports it and hands back a bad value; whoever gets a bad
 * value says nothing, so that one mistake makes one message. */
#ifndef AT_DSL_LOWER_H
#define AT_DSL_LOWER_H
#include "dsl/ast.h"

enum {
  AT_DSL_MAX_NAMES = 4096,
  AT_DSL_MAX_CALLS = 64,        /* modules in modules */
  AT_DSL_MAX_TURNS = 1000,      /* of one repeat */
  AT_DSL_MAX_STATEMENTS = 40000 /* worked on, all turns and calls together */
};

typedef enum at_val_kind {
  AT_V_BAD, /* reported already */
  AT_V_NODE,
  AT_V_NUMBER,
  AT_V_SPEC,    /* a word, call or text that only its user understands: a score, a stage */
  AT_V_RECORD,  /* what a module puts out */
  AT_V_INSTANCE /* a module or operator with one set of parameters */
} at_val_kind;

typedef struct at_record at_record;
typedef struct at_instance at_instance;

typedef struct at_val {
  at_val_kind kind;
  at_node *node;
  double number;
  const at_expr *spec; /* a NAME, a CALL or a STRING */
  int frame;           /* SPEC: where the names in it are looked up */
  at_record *record;
  at_instance *instance;
} at_val;

struct at_record {
  const char *module;
  int n;
  struct at_field {
    const char *name;
    at_span span;
    at_val val;
  } * field;
};

struct at_instance {
  const at_expr *call; /* a NAME or a CALL, read in `frame` */
  int frame;
  const char *path; /* of its parameters */
  bool called;      /* the parameters are there */
};

typedef enum at_sym_kind {
  AT_SYM_PARAM,
  AT_SYM_INPUT,
  AT_SYM_LET,
  AT_SYM_INSTANCE,
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
  bool by_data; /* it is what the data say, and may be said later */
} at_known;

/* A model, or a module being called: names are looked up in one frame only. */
typedef struct at_frame {
  const at_ast_model *def;
  int base;         /* its first symbol */
  const char *path; /* of the parameters made in it; "" for the model */
  at_span call;     /* where it was called; file -1 for the model */
  at_val ret;       /* of `return` */
  at_span ret_span;
  at_record *out; /* of `output` in a module */
} at_frame;

/* The values that the repeat being worked on carries. */
typedef struct at_turn {
  struct at_turn *outer;
  int frame;
  int n;
  struct at_carry {
    const at_ast_param *of;
    at_val next;
    bool given;
  } * carry;
} at_turn;

/* Whether any use was seen of something declared at a place. */
typedef struct at_seen {
  at_sym_kind kind;
  const char *name;
  at_span span;
  bool used;
} at_seen;

typedef struct at_lower {
  const at_ast *ast;
  const at_ast_model *model;
  const at_source *src;
  const at_dsl_env *env; /* never NULL */
  at_diags *diags;
  at_graph *g;
  at_sym *sym;
  int n_sym, cap_sym;
  at_seen *seen;
  int n_seen, cap_seen;
  at_frame stack[AT_DSL_MAX_CALLS + 1];
  int depth; /* of the frame on top */
  int frame; /* where names are looked up: depth, or a frame below for what came from there */
  at_turn *turn;
  const char *turns; /* ".1.2": the turns being worked on; "" outside of repeats */
  int statements;    /* worked on so far */
  int mentions;      /* names and statements of branches not taken, as far as they were read */
  at_known *known;   /* by axis id */
  int n_known;
  const char *owner;          /* of the statement: default for names of parameters */
  int made;                   /* calls of the statement that took that name */
  const at_stmt *first_score; /* the attend whose score is called "score" */
  bool has_loss, has_named_loss;
  at_span loss_span;
  at_span place; /* stands in for what has no place: pieces of a --set */
  bool full;     /* there is more than a model may have */
  bool nomem;
} at_lower;

static inline at_frame *at_lower_top(at_lower *w) { return &w->stack[w->depth]; }

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
/* Says what size an axis has; the name may be used for another size elsewhere. */
void at_lower_note(at_lower *w, int axis, int64_t size, at_span span);
int64_t at_lower_known(const at_lower *w, int axis); /* -1: not known */
void at_lower_note_data(at_lower *w, int axis, at_span span);
bool at_lower_by_data(const at_lower *w, int axis);

/* Statements of a body, one after another. */
void at_lower_body(at_lower *w, const at_stmt *body);
/* Says that the model is larger than any may be, once; everything ends. */
void at_lower_too_large(at_lower *w, at_span span, const char *what);
/* Forgets the symbols from `base` on and keeps in mind which were used. */
void at_lower_forget(at_lower *w, int base);
/* Looks names up in another frame; returns the frame to go back to. */
static inline int at_lower_enter(at_lower *w, int frame) {
  int old = w->frame;
  w->frame = frame;
  return old;
}
/* "path.name" of the frame on top, or the default name of the next call of the statement
 * when `scope` is NULL. NULL: memory ended. */
const char *at_lower_path(at_lower *w, const char *scope);
at_val at_lower_bad(void);

/* ---- lower_param.c ---- */
void at_lower_params(at_lower *w);
/* A value given for parameter p: `word`: names that stand for nothing are words. */
at_val at_lower_given(at_lower *w, const at_ast_param *p, const at_expr *e);
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
/* "a number", "the word `dot`": what v is, in messages. */
const char *at_lower_kind_text(at_lower *w, const at_val *v);
/* Whether e is a function of numbers, sqrt(2 * d), not a word with options. */
bool at_lower_is_number_call(at_lower *w, const at_expr *e);
/* A value as any kind; what is unknown is reported. */
at_val at_lower_member(at_lower *w, const at_expr *e);
bool at_lower_condition(at_lower *w, const at_expr *e, bool *out);
/* The text that e stands for; NULL: reported. */
const char *at_lower_string(at_lower *w, const at_expr *e);
/* The word that e stands for, a parameter's when it names one; NULL: e is no word. */
const char *at_lower_word(at_lower *w, const at_expr *e);
/* "general(side=key)" of a name or call; NULL: reported. */
const char *at_lower_spec_text(at_lower *w, const at_expr *e);

/* ---- lower_call.c ---- */
enum { AT_DSL_MOST_ARGS = 32 };
typedef struct at_given { /* arguments of a call, with the frames that they are read in */
  const at_call_arg *pos[AT_DSL_MOST_ARGS], *key[AT_DSL_MOST_ARGS];
  int pos_frame[AT_DSL_MOST_ARGS], key_frame[AT_DSL_MOST_ARGS];
  int n_pos, n_key;
} at_given;
/* Appends a list; false (reported) when there are too many. */
bool at_lower_sort_out(at_lower *w, const char *callee, at_given *g, const at_call_arg *list,
                       int frame);

typedef struct at_call { /* a call being bound to an operator */
  at_lower *w;
  const at_op *op;
  at_span span;
  at_span name_span;
  at_node *in[AT_MAX_IN];
  int n_in;
  at_arg arg[AT_MAX_ARG];
  bool piped;
  bool along; /* the stage of a weigh clause: its first argument is not written */
  bool bad;
} at_call;

/* A name or call as a stage over `in` (NULL: all values are arguments). `over` >= 0:
 * the first argument of the operator is that axis and is not written. */
at_node *at_lower_call(at_lower *w, const at_expr *e, at_node *in, int over);
/* The same for what may be more than a node: the call of a module. */
at_val at_lower_call_val(at_lower *w, const at_expr *e, at_node *in, int over);
/* The name in "@name[index]" of e; NULL when there is none or, with *bad, it is wrong. */
const char *at_lower_scope(at_lower *w, const at_expr *e, bool *bad);
/* Makes the node, with parameters named after `scope` or the statement; reports
 * refusals. NULL: reported. */
at_node *at_lower_make(at_lower *w, const at_op *op, int n, at_node *const *in, const at_arg *arg,
                       const char *scope, at_span span);
at_arg at_lower_axis_arg(int axis, at_span span);

/* ---- lower_arg.c ---- */
int at_lower_axis(at_lower *w, const at_expr *e, const at_node *v); /* -1: reported */
void at_lower_positional(at_call *c, const at_given *g, int from);
void at_lower_keyed(at_call *c, const at_call_arg *a);
void at_lower_required(at_call *c);
/* "linear(FROM -> TO, bias = true)": how the operator is written. */
const char *at_lower_usage(at_call *c);
/* The name that `name` stands for where an axis is meant. */
const char *at_lower_axis_name(at_lower *w, const char *name);
/* The size of a new axis: stated, of the number of that name, or what the axis has
 * elsewhere; false: reported. */
bool at_lower_made_size(at_lower *w, const char *name, at_span span, const at_expr *size,
                        int64_t *out);

/* ---- lower_module.c ---- */
const at_ast_model *at_lower_find_module(const at_lower *w, const char *name);
/* `more`: arguments that a parameter or an instance brings along, read in frame
 * more_frame. `path`: of its parameters. */
at_val at_lower_module(at_lower *w, const at_ast_model *m, const at_expr *e,
                       const at_call_arg *more, int more_frame, at_node *in, const char *path);
void at_lower_instance(at_lower *w, const at_stmt *s);
void at_lower_return(at_lower *w, const at_stmt *s);
/* `output NAME = value` in a module. */
void at_lower_field(at_lower *w, const char *name, at_span span, at_val v);

/* ---- lower_flow.c ---- */
void at_lower_repeat(at_lower *w, const at_stmt *s);
void at_lower_next(at_lower *w, const at_stmt *s);
void at_lower_if(at_lower *w, const at_stmt *s);

/* ---- mention.c: what does not hold now ---- */
/* Names in it count as used. */
void at_lower_mention(at_lower *w, const at_expr *e);
void at_lower_mention_body(at_lower *w, const at_stmt *s);

/* ---- lower_weights.c ---- */
void at_lower_learned(at_lower *w, const at_stmt *s);
void at_lower_loss(at_lower *w, const at_stmt *s);
/* At the end, when all parameters are known. */
void at_lower_updates(at_lower *w, const at_stmt *s);
void at_lower_freeze(at_lower *w, const at_stmt *s);
void at_lower_import(at_lower *w, const at_stmt *s);

/* ---- lower_attend.c ---- */
void at_lower_attend(at_lower *w, const at_stmt *s);

#endif
