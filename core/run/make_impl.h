/* Between make.c and make_read.c. */
#ifndef AT_RUN_MAKE_IMPL_H
#define AT_RUN_MAKE_IMPL_H
#include "core/run/make.h"
#include "core/run/run_impl.h"

enum { AT_MOST_STAGES = 8 };

typedef struct at_stage {
  const at_node *node;
  int row, y, x, channel; /* dims */
} at_stage;

struct at_maker {
  at_session *s;
  at_exec *x;
  int words; /* the feed of captions */
  at_stage stage[AT_MOST_STAGES];
  int n_stages;
  const at_node *code; /* `caption_code`; NULL: the model puts out none */
  int64_t n;           /* of the last run */
  int64_t *offset;     /* [n + 1] */
  int32_t *id;         /* [offset[n]] */
};
#endif
