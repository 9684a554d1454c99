/* A training step, measured: its parts as a whole, and where they spend their time.
 *
 * What is measured is a model on made inputs of assumed sizes (core/run/model.h), or a run on its
 * own data (core/run/stepper.h). Each step is loaded, and for each loss goes forward, backward and
 * updates; without a loss it goes forward alone. */
#ifndef AT_BENCH_BENCH_H
#define AT_BENCH_BENCH_H
#include "core/bench/machine.h"
#include "core/plugin/plugin.h"
#include "core/run/model.h"
#include "core/run/run.h"

typedef struct at_bench_options {
  const char *path;       /* of a model, or of a run file */
  bool run;               /* it is of a run file; then no sizes and no passes are given */
  const char *text;       /* a model in the place of the file's; NULL */
  const char *const *set; /* "k=v" parameters of the model, or keys of the run */
  size_t n_set;
  const char *const *size; /* as at_model_options */
  size_t n_size;
  int64_t batch; /* 0: 32, or as the run says */
  int threads;   /* 0: as the run says, else all processors */
  int repeat;    /* steps that count; 2 more come before them */
  unsigned without;
  bool profile;
  bool scaling;              /* and a profile; `threads` is 1 */
  bool input_grads;          /* of a model: gradients of its real inputs as well */
  const at_machine *machine; /* NULL: is measured */
  /* How often the process has asked for memory so far, on all threads; NULL: nobody counts. */
  int64_t (*allocations)(void);
} at_bench_options;

/* A time as it would be with each of these numbers of threads, were the memory as fast for all of
 * them and waking them free (scaling.c). */
enum { AT_BENCH_WIDTHS = 7 };
extern const int at_bench_widths[AT_BENCH_WIDTHS]; /* 1 to 64 */
typedef struct at_bench_wide {
  double seconds[AT_BENCH_WIDTHS];
  double alone;         /* of them what no two threads share */
  int64_t works, parts; /* what is shared, and into how much it is cut; of the last step */
} at_bench_wide;

typedef enum at_bench_phase {
  AT_BENCH_LOAD, /* the batch put in its place, memory planned; of a run: read */
  AT_BENCH_FORWARD,
  AT_BENCH_BACKWARD,
  AT_BENCH_UPDATE,
  AT_BENCH_STEP, /* all of them */
  AT_BENCH_PHASES
} at_bench_phase;
extern const char *const at_bench_phase_names[AT_BENCH_PHASES];

/* Of the steps that counted. Rates are medians of the steps' own, as batches of a run differ. */
typedef struct at_bench_time {
  double median, least;   /* seconds */
  double flops, bytes;    /* of the last step: at_cost, and of the update the bytes of its blocks */
  double flop_rate, rate; /* FLOP/s, bytes/s */
  int64_t allocations, most; /* median and largest number in one step; -1: nobody counted */
  at_bench_wide wide;        /* medians; with `scaling` alone */
} at_bench_time;

/* Of nodes, in a step: seconds of each in the median; its cost in the last step. */
typedef struct at_bench_part {
  double seconds, flops, bytes;
} at_bench_part;

/* Nodes that belong together. */
typedef struct at_bench_spot {
  const char *name; /* the operator, the instance of a module, or the operators of a line: "linear,
                     * relu"; the largest first */
  const char *path; /* of a line; NULL: it has no place in a source */
  const char *text; /* of the line, `size` bytes without the blanks around it */
  int size, line, column; /* the column of what takes most */
  int nodes;
  at_bench_part part[AT_EXEC_PARTS];
  at_bench_wide wide; /* all parts together; with `scaling` alone */
} at_bench_spot;
at_bench_part at_bench_sum(const at_bench_spot *s); /* of all parts */

typedef struct at_bench_spots {
  at_bench_spot *v;
  int n;
} at_bench_spots;

typedef struct at_bench {
  const char *model;
  int64_t batch;
  int threads, repeat, losses;
  at_bench_time time[AT_BENCH_PHASES];
  at_machine machine;   /* with these threads, measured last */
  double planned, peak; /* bytes: of the executor; of the process, before sgemm and copy */
  double loss;          /* after the last step, all losses together; NAN: there is none */
  bool finite;          /* the updates were made: gradients were numbers */
  uint64_t weights;     /* FNV-1a of all parameters after the last step */
  bool profiled, scaled;
  at_bench_spots line, op, module; /* the largest first; a module counts for those in it */
  double load, update, between;    /* of the profile: seconds beside those of nodes */
  double total;                    /* all lines and these three */
  const at_model_size *size;       /* that data would know */
  int n_size;
  struct at_bench_subject *subject; /* what the texts above lie in */
} at_bench;

/* Close it also where this fails. `messages`: diagnostics of the model or the data. */
at_status at_bench_measure(at_registry *reg, const at_bench_options *o, at_bench *out,
                           at_text *messages, at_error *err);
void at_bench_close(at_bench *b);
at_status at_bench_json(const at_bench *b, at_text *out, at_error *err);

/* ---- an evaluation of a run, as its weights begin (evaluate.c) ---- */

typedef struct at_bench_rows {
  const char *table;
  int64_t rows;
} at_bench_rows;
typedef struct at_bench_evaluation {
  const char *split;
  int threads, repeat;
  double median, least; /* seconds: of the task and its metrics, with all that is read */
  double peak;          /* bytes, of the process */
  at_bench_rows *table; /* [n_table] of the split */
  int n_table;
  at_result *result; /* of the last */
  size_t n_result;
  at_run *run;
  at_session *session; /* what the texts above lie in */
} at_bench_evaluation;
/* Of the options path, set, n_set, threads and repeat count. `split`: or a role, "validation".
 * Close it also where this fails. */
at_status at_bench_evaluate(at_registry *reg, const at_bench_options *o, const char *split,
                            at_bench_evaluation *out, at_text *messages, at_error *err);
void at_bench_evaluation_close(at_bench_evaluation *e);
at_status at_bench_evaluation_json(const at_bench_evaluation *e, at_text *out, at_error *err);

/* ---- single operators, at shapes that models have (ops.c) ---- */

typedef struct at_bench_case {
  const char *op, *shape; /* "conv2d", "3 x 3, [16, 14, 14, 256] -> 256" */
  at_bench_part way[2];   /* forward; backward, to inputs and parameters */
} at_bench_case;
typedef struct at_bench_cases {
  at_bench_case *v; /* [n], owned */
  int n, threads, repeat;
  at_machine machine;
} at_bench_cases;
/* Of the operator `name`, or "all". EINPUT: there is no case of it. */
at_status at_bench_ops(at_registry *reg, const char *name, int threads, int repeat,
                       at_bench_cases *out, at_error *err);
void at_bench_cases_free(at_bench_cases *c);
at_status at_bench_cases_json(const at_bench_cases *c, at_text *out, at_error *err);
#endif
