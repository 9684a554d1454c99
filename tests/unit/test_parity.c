/* Parity with another framework: every `scan` case of the reference arrays is
 * run through `attune run` and compared element by element.
 *
 * The arrays are not part of the project. They are looked for in
 * $ATTUNE_SHARED/peers/npz, then in ../shared/peers/npz of the source tree; where
 * they are absent each case is skipped with a sentence. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "core/base/file.h"
#include "core/data/npz.h"
#include "core/tensor/array.h"

/* Per element: |a - b| <= RELATIVE * max(|b|, FLOOR * scale), scale the largest |b| of the array,
 * for gradients the largest of all gradients of the case. The reference was evaluated in float64; a
 * float32 gradient is a sum of terms of that scale, and where they cancel its last digits are
 * rounding. (PyTorch in float32 is up to 7e-4 off these arrays with the scale of each array.) */
#define RELATIVE 1e-4
#define FLOOR    1e-1

/* In one case a region's raw scores nearly cancel, so that dividing by their norm makes much of
 * their last digits: there PyTorch in float32 is 5.9e-4 off (general_qwk, t2i, logsumexp). */
static double relative = RELATIVE;
#define RELATIVE_CANCELLING 2e-4

typedef struct score_case {
  const char *reference; /* as the reference arrays name it */
  const char *spec;      /* as a model's argument */
} score_case;

static const score_case SCORES[] = {
    {"dot", "dot"},
    {"scaled_dot", "scaled_dot"},
    {"cosine", "cosine"},
    {"general_kwq", "general(side=query)"},
    {"general_qwk", "general(side=key)"},
    {"biased_general_kwq", "biased_general(side=query)"},
    {"biased_general_qwk", "biased_general(side=key)"},
    {"activated_general_tanh_kwq", "activated_general(side=query, act=tanh)"},
    {"activated_general_tanh_qwk", "activated_general(side=key, act=tanh)"},
    {"activated_general_relu_kwq", "activated_general(side=query, act=relu)"},
    {"activated_general_relu_qwk", "activated_general(side=key, act=relu)"},
    {"activated_general_sigmoid_kwq", "activated_general(side=query, act=sigmoid)"},
    {"activated_general_sigmoid_qwk", "activated_general(side=key, act=sigmoid)"},
    {"additive", "additive"},
};
enum { N_SCORES = sizeof SCORES / sizeof SCORES[0] };

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
  int plain; /* without the Gram pass */
  char name[160];
} parity_case;

static char reference_dir[4096];
static char work_dir[] = "/tmp/attune-parity-XXXXXX";

static int find_references(void) {
  const char *shared = getenv("ATTUNE_SHARED"), *top = getenv("top_srcdir");
  char tries[2][4096];
  snprintf(tries[0], sizeof tries[0], "%s/peers/npz", shared ? shared : "/nonexistent");
  snprintf(tries[1], sizeof tries[1], "%s/../shared/peers/npz", top ? top : ".");
  for (int i = 0; i < 2; i++)
    if (access(tries[i], R_OK) == 0) {
      snprintf(reference_dir, sizeof reference_dir, "%s", tries[i]);
      return 1;
    }
  return 0;
}

/* Runs argv with its messages on our stderr; the exit status, -1 when it died. */
static int run(char *const argv[]) {
  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0) {
    execv(argv[0], argv);
    _exit(127);
  }
  int st = 0;
  if (pid < 0 || waitpid(pid, &st, 0) != pid || !WIFEXITED(st)) return -1;
  return WEXITSTATUS(st);
}

static double largest(const float *b, int64_t n) {
  double m = 0;
  for (int64_t i = 0; i < n; i++)
    if (fabs(b[i]) > m) m = fabs(b[i]);
  return m;
}

static void compare(const char *what, const float *a, const float *b, int64_t n, double scale) {
  double worst = -1;
  int64_t at = 0;
  for (int64_t i = 0; i < n; i++) {
    if (!isfinite(a[i])) fail_msg("%s[%lld] is %g", what, (long long)i, a[i]);
    double base = fmax(fmax(fabs(b[i]), FLOOR * scale), 1e-7);
    double e = fabs((double)a[i] - b[i]) / base;
    if (e > worst) worst = e, at = i;
  }
  if (worst > relative)
    fail_msg("%s[%lld]: %.9g, reference %.9g, relative error %.3g", what, (long long)at, a[at],
             b[at], worst);
}

static const at_array *need(const at_arrays *s, const char *name) {
  const at_array *a = at_arrays_find(s, name);
  if (!a) fail_msg("the output holds no array `%s`", name);
  return a;
}

/* Compares arrays of the same number of elements. */
static void compare_named(const at_arrays *out, const char *name, const at_arrays *ref,
                          const char *ref_name, double scale) {
  const at_array *a = need(out, name), *b = need(ref, ref_name);
  assert_int_equal(at_array_count(a), at_array_count(b));
  int64_t n = at_array_count(b);
  compare(name, a->data, b->data, n, fmax(scale, largest(b->data, n)));
}

static double largest_gradient(const at_arrays *ref) {
  double m = 0;
  for (size_t i = 0; i < ref->n; i++)
    if (strncmp(ref->v[i].name, "g.", 2) == 0)
      m = fmax(m, largest(ref->v[i].data, at_array_count(&ref->v[i])));
  return m;
}

/* The block of picture 0 and caption 0 of a [picture, region, word] array against the
 * reference's [query, key]. */
static void compare_block(const at_arrays *out, const char *name, const at_arrays *ref,
                          const char *ref_name, int t2i) {
  const at_array *a = need(out, name), *b = need(ref, ref_name);
  assert_int_equal(a->ndim, 3);
  int64_t nq = b->shape[0], nk = b->shape[1], n = nq * nk;
  const float *x = a->data;
  float *block = malloc((size_t)n * sizeof *block);
  assert_non_null(block);
  for (int64_t q = 0; q < nq; q++)
    for (int64_t k = 0; k < nk; k++)
      block[q * nk + k] = t2i ? x[k * a->shape[2] + q] : x[q * a->shape[2] + k];
  compare(name, block, b->data, n, largest(b->data, n));
  free(block);
}

static void load(const char *path, at_arrays *out) {
  at_error err = {0};
  if (at_npz_read(path, out, &err) != AT_OK) fail_msg("%s", err.message);
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
  char *argv[] = {(char *)(bin ? bin : "./attune"),
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
                  "--gradients",
                  c->plain ? "--no-pass" : NULL,
                  "gram",
                  NULL};
  assert_int_equal(run(argv), 0);
  at_arrays mine = {0}, theirs = {0};
  load(out, &mine);
  load(ref, &theirs);
  int t2i = strncmp(c->v->reference, "t2i", 3) == 0, gradients = 0;
  double scale = largest_gradient(&theirs);
  bool cancels =
      !strcmp(c->v->reference, "t2i_logsumexp") && !strcmp(c->s->reference, "general_qwk");
  relative = cancels ? RELATIVE_CANCELLING : RELATIVE;
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

int main(void) {
  enum { N = N_SCORES * N_VARIANTS * 2 };
  static parity_case cases[N];
  static struct CMUnitTest tests[N];
  find_references();
  if (!mkdtemp(work_dir)) return 1;
  int n = 0;
  for (int v = 0; v < N_VARIANTS; v++)
    for (int s = 0; s < N_SCORES; s++)
      for (int plain = 0; plain < 2; plain++, n++) {
        cases[n].v = &VARIANTS[v];
        cases[n].s = &SCORES[s];
        cases[n].plain = plain;
        snprintf(cases[n].name, sizeof cases[n].name, "scan_%s_%s%s", VARIANTS[v].reference,
                 SCORES[s].reference, plain ? "_without_gram" : "");
        tests[n] = (struct CMUnitTest){cases[n].name, test_case, NULL, NULL, &cases[n]};
      }
  int rc = cmocka_run_group_tests_name("parity", tests, NULL, NULL);
  rmdir(work_dir);
  return rc;
}
