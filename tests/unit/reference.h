/* Reference arrays of another framework, and how close is close enough.
 *
 * The arrays are not part of the project. They are looked for in
 * $ATTUNE_SHARED/peers/npz, then in ../shared/peers/npz of the source tree; where
 * they are absent each case is skipped with a sentence. */
#ifndef TESTS_REFERENCE_H
#define TESTS_REFERENCE_H
#include "cm.h"
#include "core/tensor/array.h"

/* Per element: |a - b| <= relative * max(|b|, FLOOR * scale), scale the largest |b| of the array,
 * for gradients the largest of all gradients of the case. The reference was evaluated in float64; a
 * float32 gradient is a sum of terms of that scale, and where they cancel its last digits are
 * rounding. (PyTorch in float32 is up to 7e-4 off these arrays with the scale of each array.) */
#define REFERENCE_RELATIVE 1e-4
#define REFERENCE_FLOOR    1e-1

typedef struct score_case {
  const char *reference; /* as the reference arrays name it */
  const char *spec;      /* as a model's argument */
} score_case;
enum { N_SCORES = 14 };
extern const score_case SCORES[N_SCORES];

extern char reference_dir[4096]; /* "" when they are absent */
void reference_find(void);
/* Of the passes `attune run` may leave out: none, one by its place, all. */
enum { REFERENCE_NONE = -1, REFERENCE_ALL = 1000 };
/* Adds the options for that to argv, from n on; how many there are then. */
int reference_without(int pass, char *argv[], int n);
/* "_without_PASS", for the name of a test. */
void reference_without_name(int pass, char name[40]);
int reference_passes(void);
/* Runs argv with its messages on our stderr; the exit status, -1 when it died. */
int reference_run(char *const argv[]);
void reference_load(const char *path, at_arrays *out);
const at_array *reference_need(const at_arrays *s, const char *name);
double reference_largest(const float *b, int64_t n);
double reference_largest_gradient(const at_arrays *ref);
void reference_compare(const char *what, const float *a, const float *b, int64_t n, double scale,
                       double relative);
#endif
