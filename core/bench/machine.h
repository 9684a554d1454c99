/* What the machine can do at best: the rates that those of a model are held against. */
#ifndef AT_BENCH_MACHINE_H
#define AT_BENCH_MACHINE_H
#include "core/base/thread.h"

/* Best of several products of 2048 x 2048, on the threads of the pool, in FLOP/s; 0: no memory. */
double at_machine_sgemm(at_pool *pool);
/* Best of several copies of 128 MiB in pieces of 256 KiB, in bytes read and written a second; 0: no
 * memory. */
double at_machine_copy(at_pool *pool);

typedef struct at_machine {
  double sgemm, copy;
} at_machine;
#endif
