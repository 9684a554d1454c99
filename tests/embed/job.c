/* job train RUN DIR STEPS [THREADS] | job resume RUN DIR | job evaluate DIR | job load DIR SIZE...:
 * run files and run directories through libattune; STEPS, where it is not 0, is when progress asks
 * for the end. Prints results and phases on standard output; whatever else comes out came from the
 * library. */
#include <attune/attune.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct seen {
  long most, steps;
  int evaluated, read, unfit;
} seen;

static int watch(void *data, const attune_progress *p) {
  seen *s = data;
  if (p->size != sizeof *p) s->unfit = 1;
  s->steps += !strcmp(p->phase, "train") && !(p->loss != p->loss);
  s->evaluated |= !strncmp(p->phase, "evaluate ", 9);
  s->read |= !strncmp(p->phase, "reading ", 8);
  return s->most && s->steps >= s->most;
}

static void take(void *data, const char *name, double value, int better) {
  (void)data;
  char text[64];
  snprintf(text, sizeof text, "%.9g", value);
  printf("%s %s %d\n", name, text, better);
}

static void hear(void *data, attune_log_level level, const char *text) {
  (void)data;
  printf("log %d %s\n", (int)level, text);
}

/* All weights together; NaN: a call failed. */
static double total(attune_model *m, attune_error *e) {
  attune_values v = {.size = sizeof v};
  double sum = 0;
  for (size_t i = 0; i < attune_model_count(m, ATTUNE_PARAMETERS); i++) {
    if (attune_model_describe(m, ATTUNE_PARAMETERS, i, &v, e) ||
        attune_model_parameter(m, v.name, &v, e))
      return 0.0 / 0.0;
    for (int64_t k = 0; k < v.count; k++) sum += (double)v.reals[k];
  }
  return sum;
}

/* The trained model itself: its ids, and whether its weights are those of best.safetensors. */
static int load(attune_context *c, const char *dir, const char *const *sizes, int n,
                attune_error *e) {
  attune_model *m = NULL;
  attune_values v = {.size = sizeof v};
  attune_model_source source = {.size = sizeof source, .path = dir, .sizes = sizes};
  char best[4096];
  double sums[3] = {0};
  source.size_count = (size_t)n;
  snprintf(best, sizeof best, "%s/best.safetensors", dir);
  int rc = attune_model_load(c, &source, &m, e);
  for (size_t i = 0; !rc && i < attune_model_count(m, ATTUNE_INPUTS); i++) {
    rc = attune_model_describe(m, ATTUNE_INPUTS, i, &v, e);
    if (!rc && v.type == ATTUNE_TOKENS) printf("%s has %d ids\n", v.name, (int)v.vocabulary);
  }
  if (!rc) sums[0] = total(m, e);
  if (!rc) rc = attune_model_draw(m, 3, e);
  if (!rc) sums[1] = total(m, e);
  if (!rc) rc = attune_model_restore(m, best, 0, e);
  if (!rc) sums[2] = total(m, e);
  if (!rc) printf("%s\n", sums[0] == sums[2] && sums[0] != sums[1] ? "the best" : "others");
  attune_model_free(m);
  return rc;
}

int main(int argc, char **argv) {
  seen s = {0};
  attune_context *c = NULL;
  attune_error *e = attune_error_new();
  attune_settings settings = {.size = sizeof settings, .log = hear};
  attune_job job = {.size = sizeof job, .progress = watch, .result = take, .data = &s};
  if (argc < 3) return 2;
  setlocale(LC_ALL, "");
  const int loads = !strcmp(argv[1], "load"), trains = !loads && strcmp(argv[1], "evaluate");
  if (trains && argc < 4) return 2;
  job.run = trains ? argv[2] : NULL;
  job.dir = trains ? argv[3] : argv[2];
  job.resume = !strcmp(argv[1], "resume");
  s.most = trains && argc > 4 ? atol(argv[4]) : 0;
  job.threads = trains && argc > 5 ? (uint32_t)atoi(argv[5]) : 0;
  int rc = attune_open(&settings, &c, e);
  if (!rc && loads)
    rc = load(c, argv[2], (const char *const *)argv + 3, argc - 3, e);
  else if (!rc)
    rc = trains ? attune_train(c, &job, e) : attune_evaluate(c, &job, e);
  printf("status %d steps %ld evaluated %d unfit %d\n", rc, s.steps, s.evaluated, s.unfit);
  if (rc) printf("%s\n", attune_error_message(e));
  char half[8];
  snprintf(half, sizeof half, "%.1f", 0.5);
  printf("half is %s\n", half);
  attune_close(c);
  attune_error_free(e);
  return rc ? 1 : 0;
}
