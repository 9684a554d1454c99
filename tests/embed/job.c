/* job train RUN DIR STEPS [THREADS] | job resume RUN DIR | job evaluate DIR: run files through
 * libattune; STEPS, where it is not 0, is when progress asks for the end. Prints results and phases
 * on standard output; whatever else comes out came from the library. */
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

int main(int argc, char **argv) {
  seen s = {0};
  attune_context *c = NULL;
  attune_error *e = attune_error_new();
  attune_settings settings = {.size = sizeof settings, .log = hear};
  attune_job job = {.size = sizeof job, .progress = watch, .result = take, .data = &s};
  if (argc < 3) return 2;
  setlocale(LC_ALL, "");
  const int trains = strcmp(argv[1], "evaluate") != 0;
  job.run = trains ? argv[2] : NULL;
  job.dir = trains ? argv[3] : argv[2];
  job.resume = !strcmp(argv[1], "resume");
  s.most = trains && argc > 4 ? atol(argv[4]) : 0;
  job.threads = argc > 5 ? (uint32_t)atoi(argv[5]) : 0;
  int rc = attune_open(&settings, &c, e);
  if (!rc) rc = trains ? attune_train(c, &job, e) : attune_evaluate(c, &job, e);
  printf("status %d steps %ld evaluated %d unfit %d\n", rc, s.steps, s.evaluated, s.unfit);
  if (rc) printf("%s\n", attune_error_message(e));
  char half[8];
  snprintf(half, sizeof half, "%.1f", 0.5);
  printf("half is %s\n", half);
  attune_close(c);
  attune_error_free(e);
  return rc ? 1 : 0;
}
