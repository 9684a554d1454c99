/* Parity with another framework: every `scan` case of the reference arrays is
 * run through `attune run` and compared element by element.
 */
#include <math.h>
#include <unistd.h>
#include "reference.h"

/* In one case a region's raw scores nearly cancel, so that dividing by their norm makes much of
 * their last digits: there PyTorch in float32 is 5.9e-4 off (general_qwk, t2i, logsumexp). */
static double relative = REFERENCE_RELATIVE;
#define RELATIVE_CANCELLING 2e-4

typedef struct variant {
  const char *reference, *model, *pool;
} variant;

static const variant VARIANTS[] = {
    {"t2i_mean", "scan.att", "mean"},
    {"t2i_logsumexp", "scan.att", "logsumexp(sharpness=6)"},
    {"i2t_mean", "scan_i2t.att", "mean"},
    {"i2t_logsumexp", "scan_i2t.att", "logsumexp(sharpness=6)"},
};
enum { N_VARIANTS = sizeof VARIANTS / sizeof VARIANTS[0] };

typedef struct parity_case {
  const variant *v;
  const score_case *s;
  int without; /* reference_without */
  char name[160];
} parity_case;

static char work_dir[] = "/tmp/attune-parity-XXXXXX";

/* Compares arrays of the same number of elements. */
static void compare_named(const at_arrays *out, const char *name, const at_arrays *ref,
                          const char *ref_name, double scale) {
  const at_array *a = reference_need(out, name), *b = reference_need(ref, ref_name);
  assert_int_equal(at_array_count(a), at_array_count(b));
  int64_t n = at_array_count(b);
  reference_compare(name, a->data, b->data, n, fmax(scale, reference_largest(b->data, n)),
                    relative);
}

/* The block of picture 0 and caption 0 of a [picture, region, word] array against the
 * reference's [query, key]. */
static void compare_block(const at_arrays *out, const char *name, const at_arrays *ref,
                          const char *ref_name, int t2i) {
  const at_array *a = reference_need(out, name), *b = reference_need(ref, ref_name);
  assert_int_equal(a->ndim, 3);
  int64_t nq = b->shape[0], nk = b->shape[1], n = nq * nk;
  const float *x = a->data;
  float *block = malloc((size_t)n * sizeof *block);
  assert_non_null(block);
  for (int64_t q = 0; q < nq; q++)
    for (int64_t k = 0; k < nk; k++)
      block[q * nk + k] = t2i ? x[k * a->shape[2] + q] : x[q * a->shape[2] + k];
  reference_compare(name, block, b->data, n, reference_largest(b->data, n), relative);
  free(block);
}

static void test_case(void **state) {
  const parity_case *c = *state;
  if (!reference_dir[0]) {
    print_message("skipped: no reference arrays; set ATTUNE_SHARED\n");
    skip();
  }
  char ref[4400], model[4400], out[200], score[200], pool[80];
  const char *top = getenv("top_srcdir"), *bin = getenv("ATTUNE");
  snprintf(ref, sizeof ref, "%s/scan_%s_%s.npz", reference_dir, c->v->reference, c->s->reference);
  snprintf(model, sizeof model, "%s/examples/models/%s", top ? top : ".", c->v->model);
  snprintf(out, sizeof out, "%s/out.npz", work_dir);
  snprintf(score, sizeof score, "score=%s", c->s->spec);
  snprintf(pool, sizeof pool, "pool=%s", c->v->pool);
  char *argv[64] = {(char *)(bin ? bin : "./attune"),
                    "run",
                    model,
                    "--set",
                    "d=8",
                    "--set",
                    "e=6",
                    "--set",
                    score,
                    "--set",
                    pool,
                    "--weights",
                    ref,
                    "--prefix",
                    "w.",
                    "--inputs",
                    ref,
                    "--rename",
                    "images=image",
                    "--rename",
                    "captions=caption",
                    "--out",
                    out,
                    "--gradients"};
  int n = 0;
  while (argv[n]) n++;
  reference_without(c->without, argv, n);
  assert_int_equal(reference_run(argv), 0);
  at_arrays mine = {0}, theirs = {0};
  reference_load(out, &mine);
  reference_load(ref, &theirs);
  int t2i = strncmp(c->v->reference, "t2i", 3) == 0, gradients = 0;
  double scale = reference_largest_gradient(&theirs);
  bool cancels =
      !strcmp(c->v->reference, "t2i_logsumexp") && !strcmp(c->s->reference, "general_qwk");
  relative = cancels ? RELATIVE_CANCELLING : REFERENCE_RELATIVE;
  compare_named(&mine, "out.similarity", &theirs, "out.sims", 0);
  compare_named(&mine, "loss", &theirs, "loss", 0);
  compare_block(&mine, "attend.align.weight", &theirs, "out.attn_image0_caption0", t2i);
  compare_block(&mine, "attend.align.score", &theirs, "out.score_image0_caption0", t2i);
  for (size_t i = 0; i < theirs.n; i++)
    if (strncmp(theirs.v[i].name, "g.", 2) == 0) {
      compare_named(&mine, theirs.v[i].name, &theirs, theirs.v[i].name, scale);
      gradients++;
    }
  assert_true(gradients >= 11);
  unlink(out);
  at_arrays_free(&mine);
  at_arrays_free(&theirs);
}

static parity_case cases[N_VARIANTS * (2 * N_SCORES + 32)];
static struct CMUnitTest tests[sizeof cases / sizeof cases[0]];
static size_t n_case;

static void add_case(const variant *v, const score_case *s, int without) {
  char end[40];
  assert_true(n_case < sizeof cases / sizeof cases[0]);
  parity_case *c = &cases[n_case];
  *c = (parity_case){.v = v, .s = s, .without = without};
  reference_without_name(without, end);
  snprintf(c->name, sizeof c->name, "scan_%s_%s%s", v->reference, s->reference, end);
  tests[n_case++] = (struct CMUnitTest){c->name, test_case, NULL, NULL, c};
}

/* Every score with the Gram pass and without, the first without each pass and without all. */
int main(void) {
  const int gram = 0;
  reference_find();
  if (!mkdtemp(work_dir)) return 1;
  for (int v = 0; v < N_VARIANTS; v++) {
    for (int s = 0; s < N_SCORES; s++) {
      add_case(&VARIANTS[v], &SCORES[s], REFERENCE_NONE);
      add_case(&VARIANTS[v], &SCORES[s], gram);
    }
    for (int p = gram + 1; p < reference_passes(); p++) add_case(&VARIANTS[v], &SCORES[0], p);
    add_case(&VARIANTS[v], &SCORES[0], REFERENCE_ALL);
  }
  int rc = _cmocka_run_group_tests("parity", tests, n_case, NULL, NULL);
  rmdir(work_dir);
  return rc;
}
