/* Small graphs for tests of operators: a fixture with axes of every kind, and one
 * builder per operator and manner of use. */
#ifndef TESTS_OP_CASES_H
#define TESTS_OP_CASES_H
#include "core/graph/exec.h"

enum { MAX_INPUTS = 4 };

typedef enum filling {
  FILL_NORMAL, /* N(0, 1) */
  FILL_SPREAD, /* distinct, 0.13 apart, none within 0.06 of 0: kinks stay where they are */
  FILL_STEPS,  /* multiples of 0.13: sums with a spread value stay off 0 */
  FILL_POSITIVE
} filling;

typedef struct fixture {
  at_graph *g;
  int n_inputs;
  at_node *input[MAX_INPUTS];
  filling fill[MAX_INPUTS];
} fixture;

/* picture 2, caption 3 (words 1, 3, 2), region 4, y 5, x 4, channel 3, d 5, e 3 */
void fixture_open(fixture *f);
void fixture_close(fixture *f);
int64_t fixture_size(const char *axis); /* of a fixed axis or a batch axis; word: 6 */
extern const int64_t fixture_words[4];  /* offsets */

/* "picture region d": a REAL input; prefix '#' of the name: tokens out of 7. */
at_node *fixture_input(fixture *f, const char *name, const char *axes, filling fill);

typedef struct op_case {
  const char *op;  /* name of the operator under test */
  const char *use; /* what is special about the case */
  at_node *(*build)(fixture *f);
} op_case;
const op_case *op_case_at(int i); /* NULL: there are no more */
/* What a gradient that stands in for another is the gradient of; NULL: of the case itself. */
typedef at_node *op_build(fixture *f);
op_build *op_case_like(const op_case *c);
#endif
