/* Between the files of this room only. */
#ifndef AT_BENCH_BENCH_IMPL_H
#define AT_BENCH_BENCH_IMPL_H
#include "core/bench/bench.h"
#include "core/run/feed.h"
#include "core/run/stepper.h"
#include "core/train/optimizer.h"

/* ---- what is measured (subject.c) ---- */

typedef struct at_bench_subject {
  const at_graph *g;
  const at_source *source;
  at_exec *x;
  at_params *params;
  at_pool *pool;
  int losses;
  int64_t batch;
  uint64_t step;
  bool finite;
  at_arena *arena; /* of what is gathered */
  /* a model */
  at_model model;
  at_feed feed;
  at_optimizer *opt;
  /* a run; NULL otherwise */
  at_run *run;
  at_session *session;
  at_stepper *stepper;
} at_bench_subject;

at_status at_bench_subject_open(at_registry *reg, const at_bench_options *o, at_bench_subject *s,
                                at_text *messages, at_error *err);
void at_bench_subject_close(at_bench_subject *s); /* zeroed is fine */
at_status at_bench_load(at_bench_subject *s, at_error *err);
at_status at_bench_forward(at_bench_subject *s, int loss, at_error *err);
void at_bench_backward(at_bench_subject *s, int loss);
at_status at_bench_update(at_bench_subject *s, int loss, at_error *err);
double at_bench_loss(const at_bench_subject *s); /* all together */
/* Bytes that the update after one loss will read and write, asked before it. */
double at_bench_update_bytes(const at_bench_subject *s, int loss);

/* ---- other numbers of threads (scaling.c) ---- */

typedef struct at_bench_scaling at_bench_scaling;
/* Watches the pool, of one thread, until it is freed. */
at_status at_bench_scaling_new(at_pool *pool, at_bench_scaling **out, at_error *err);
void at_bench_scaling_free(at_bench_scaling *s); /* NULL is fine */
at_pool_watch_fn at_bench_scaling_told;          /* ctx: an at_bench_scaling */
/* What a clock for each number of threads shows when at_clock is `clock`: differences count. NULL:
 * zeros. */
at_bench_wide at_bench_scaling_clock(const at_bench_scaling *s, double clock);
void at_bench_wide_add(at_bench_wide *to, const at_bench_wide *from, double times);
/* Of all[0], all[stride] ... n of them; v: room for n. */
at_bench_wide at_bench_wide_median(const at_bench_wide *all, size_t stride, int n, double *v);

/* ---- where the time goes (profile.c) ---- */

typedef struct at_bench_profile {
  at_bench_subject *s;
  int steps, step;                 /* room; the one at hand */
  double last;                     /* clock at the end of what was told before */
  double *now;                     /* [nodes * AT_EXEC_PARTS] seconds of the step at hand */
  float *all;                      /* [nodes * AT_EXEC_PARTS][steps] */
  double *between;                 /* [steps] */
  at_cost *cost;                   /* [nodes * AT_EXEC_PARTS] of the step at hand */
  const at_bench_scaling *scaling; /* NULL: one number of threads alone */
  at_bench_wide wide_last, *wide;  /* [steps][nodes] */
} at_bench_profile;

/* scaling: NULL or borrowed */
at_status at_bench_profile_new(at_bench_subject *s, int steps, const at_bench_scaling *scaling,
                               at_bench_profile **out, at_error *err);
void at_bench_profile_free(at_bench_profile *p);  /* NULL is fine, in all of these */
void at_bench_profile_step(at_bench_profile *p);  /* a step begins */
void at_bench_profile_begin(at_bench_profile *p); /* a pass begins */
void at_bench_profile_end(at_bench_profile *p);   /* it is done */
void at_bench_profile_taken(at_bench_profile *p); /* the step is done */
at_status at_bench_profile_gather(const at_bench_profile *p, at_bench *out, at_error *err);

double at_bench_median(double *v, int n); /* sorts them */
#endif
