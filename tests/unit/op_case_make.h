/* Short words in which cases of operators are written; for the op_cases_*.c files only. */
#ifndef TESTS_OP_CASE_MAKE_H
#define TESTS_OP_CASE_MAKE_H
#include <string.h>
#include "op_cases.h"

int axis(fixture *f, const char *name);
at_arg ax(fixture *f, const char *a);
at_arg ax2(fixture *f, const char *a, const char *b);
at_arg map(fixture *f, const char *from, const char *to, int64_t size);
at_arg made(fixture *f, const char *to, int64_t size);
at_arg num(double v);
/* op(inputs, args); the inputs end with NULL. */
at_node *node(fixture *f, const char *op, at_node *const *in, const at_arg *arg, int n_args);
#define IN(...) \
  (at_node *const[]) { __VA_ARGS__, NULL }
#define NODE(op, in, ...)                        \
  node(f, op, in, (const at_arg[]){__VA_ARGS__}, \
       (int)(sizeof((const at_arg[]){__VA_ARGS__}) / sizeof(at_arg)))
#define NORMAL(name, axes)   fixture_input(f, name, axes, FILL_NORMAL)
#define SPREAD(name, axes)   fixture_input(f, name, axes, FILL_SPREAD)
#define STEPS(name, axes)    fixture_input(f, name, axes, FILL_STEPS)
#define POSITIVE(name, axes) fixture_input(f, name, axes, FILL_POSITIVE)
#define CASE(fn)             static at_node *fn(fixture *f)

/* The lists that op_case_at walks. */
extern const op_case op_cases_basic[];
extern const int n_op_cases_basic;
extern const op_case op_cases_axes[];
extern const int n_op_cases_axes;
extern const op_case op_cases_more[];
extern const int n_op_cases_more;
extern const op_case op_cases_choices[];
extern const int n_op_cases_choices;
extern const op_case op_cases_kernel[];
extern const int n_op_cases_kernel;
extern const op_case op_cases_attention[];
extern const int n_op_cases_attention;
#endif
