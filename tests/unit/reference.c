#include "reference.h"
#include <math.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/data/npz.h"
#include "core/graph/pass.h"
#include "core/level/level.h"

const score_case SCORES[N_SCORES] = {
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
char reference_dir[4096];

void reference_find(void) {
  const char *shared = getenv("ATTUNE_SHARED"), *top = getenv("top_srcdir");
  char tries[2][4096];
  snprintf(tries[0], sizeof tries[0], "%s/peers/npz", shared ? shared : "/nonexistent");
  snprintf(tries[1], sizeof tries[1], "%s/../shared/peers/npz", top ? top : ".");
  for (int i = 0; i < 2; i++)
    if (access(tries[i], R_OK) == 0) {
      snprintf(reference_dir, sizeof reference_dir, "%s", tries[i]);
      return;
    }
}

int reference_without(int pass, char *argv[], int n) {
  for (int i = 0; at_pass_name(i); i++) {
    if (pass != i && pass != REFERENCE_ALL) continue;
    argv[n++] = "--no-pass";
    argv[n++] = (char *)at_pass_name(i);
  }
  return n;
}

void reference_without_name(int pass, char name[40]) {
  name[0] = 0;
  if (pass >= 0)
    snprintf(name, 40, "_without_%s", pass == REFERENCE_ALL ? "all" : at_pass_name(pass));
}

int reference_passes(void) {
  int n = 0;
  while (at_pass_name(n)) n++;
  return n;
}

int reference_run(char *const argv[]) {
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

double reference_largest(const float *b, int64_t n) {
  double m = 0;
  for (int64_t i = 0; i < n; i++)
    if (fabs(b[i]) > m) m = fabs(b[i]);
  return m;
}

void reference_compare(const char *what, const float *a, const float *b, int64_t n, double scale,
                       double relative) {
  /* Where products are rounded before they are added, gradients of AttnGAN are up to 1.9e-4 off. */
  if (!strcmp(at_level(), "baseline")) relative *= 2;
  double worst = -1;
  int64_t at = 0;
  for (int64_t i = 0; i < n; i++) {
    if (!isfinite(a[i])) fail_msg("%s[%lld] is %g", what, (long long)i, a[i]);
    double base = fmax(fmax(fabs(b[i]), REFERENCE_FLOOR * scale), 1e-7);
    double e = fabs((double)a[i] - b[i]) / base;
    if (e > worst) worst = e, at = i;
  }
  if (worst > relative)
    fail_msg("%s[%lld]: %.9g, reference %.9g, relative error %.3g", what, (long long)at, a[at],
             b[at], worst);
}

const at_array *reference_need(const at_arrays *s, const char *name) {
  const at_array *a = at_arrays_find(s, name);
  if (!a) fail_msg("the output holds no array `%s`", name);
  return a;
}

double reference_largest_gradient(const at_arrays *ref) {
  double m = 0;
  for (size_t i = 0; i < ref->n; i++)
    if (strncmp(ref->v[i].name, "g.", 2) == 0)
      m = fmax(m, reference_largest(ref->v[i].data, at_array_count(&ref->v[i])));
  return m;
}

void reference_load(const char *path, at_arrays *out) {
  at_error err = {0};
  if (at_npz_read(path, out, &err) != AT_OK) fail_msg("%s", err.message);
}
