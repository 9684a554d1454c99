/* Batches of a session, for rooms that run its model themselves. */
#ifndef AT_RUN_BATCH_H
#define AT_RUN_BATCH_H
#include "core/run/run.h"
#include "dsl/dsl.h"

typedef enum at_feed_kind {
  AT_FEED_REAL,   /* numbers as they are read */
  AT_FEED_ITEMS,  /* the same of items, of which each row has its own number */
  AT_FEED_IMAGE,  /* bytes, kept; given as 0 .. 1 */
  AT_FEED_WORDS,  /* a text as the numbers of its words */
  AT_FEED_LABEL,  /* a whole text as the number of its class (labels.c) */
  AT_FEED_SCORES, /* what share of the people gave each class, out of their answers (labels.c) */
  AT_FEED_LINK,   /* where the row it points to stands in the batch */
  AT_FEED_TASK    /* what the task fills it with (fed.c) */
} at_feed_kind;

/* An executor over the session's model, weights and threads. */
at_status at_session_exec(const at_session *s, at_exec_options o, at_exec **out, at_error *err);
/* Binds `x` to rows[i][0 .. counts[i]) of each batch axis; ready to run. */
at_status at_session_load(at_session *s, at_exec *x, const char *split, const int64_t *const *rows,
                          const int64_t *counts, at_error *err);
/* What the model answers by itself in such rows is found out, where the task wants to show that;
 * before at_session_load of them to look. */
at_status at_session_will_look(at_session *s, const char *split, const int64_t *const *rows,
                               const int64_t *counts, at_error *err);
at_pool *at_session_pool(const at_session *s);
at_registry *at_session_registry(const at_session *s);
/* What the spans of its graph point into, with all that it includes. */
const at_source *at_session_source(const at_session *s);

/* The i-th batch axis; false past the last.  `linked`: a batch has each row of it once. */
typedef struct at_batch_table {
  const char *table;
  int axis; /* in the graph */
  bool linked;
} at_batch_table;
bool at_session_table(const at_session *s, int i, at_batch_table *out);

/* What the i-th input holds in the batch that was loaded last; false past the last input. It may
 * be written, and stays so until the next batch. */
typedef struct at_batch_input {
  const at_node *node;
  at_feed_kind kind;
  int table;   /* which batch axis */
  int64_t row; /* numbers of one row, or of one item; 1 for tokens */
  void *data;
} at_batch_input;
bool at_session_input(const at_session *s, int i, at_batch_input *out);
/* The number of a word that the vocabulary has not. For sessions that read words. */
int32_t at_session_unknown_word(const at_session *s);

/* What the keys along `over` are in row `row` of their batch axis, as `x` is bound. */
void at_session_parts(const at_session *s, const at_exec *x, int over, int64_t row,
                      at_key_parts *out);

/* The output with a number for each class and row of one table, and that table's batch axis; NULL:
 * the model chooses among no classes. */
const at_node *at_session_answer(const at_session *s, int *table);
/* The class that the data expect of a row of that table; -1: none. */
at_status at_session_expects(const at_session *s, const char *split, int64_t row, int32_t *class,
                             at_error *err);
#endif
