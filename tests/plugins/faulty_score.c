/* A score that is right, s = v . (k * q) / d with a learned v, and, where FAULT names one, wrong in
 * one way: for the check that is meant to find it. Built by tests/e2e/plugin_check.sh. */
#define _GNU_SOURCE
#include <attune/plugin.h>
#include <fcntl.h>
#include <fenv.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
  NONE,
  ONE_SIDE,
  NO_RANGE,
  CRASHES_IN_ENTRY,
  CHANGES_DESCRIPTOR,
  LEAKS_AT_LOAD,
  NO_DOC,
  FAILS_FOR_A_CHOICE,
  LEAKS,
  PRINTS,
  EXITS,
  TAKES_SIGNAL,
  ROUNDS,
  CHANGES_LOCALE,
  OPENS_FILE,
  STARTS_THREAD,
  ALLOCATES,
  OTHER_LAYOUT,
  SHARES_OPTION,
  INFINITE_WHEN_LARGE,
  SUBTRACTS_MEAN,
  DIVIDES_BY_LENGTH,
  SPREADS_NAN,
  SIGN_OF_KEY,
  NO_QUERY_GRADIENT,
  HALF_A_PARAMETER,
  DEAD_PARAMETER,
  LIES,
  KEEPS_SWAP,
  KEEPS_SHIFT,
  KEEPS_ROTATION,
  KEEPS_QUERY_SCALE,
  KEEPS_KEY_SCALE,
  ONE_BUFFER,
  COUNTS_CALLS,
  READS_SCRATCH,
  NAMES_BY_COUNT,
  WRITES_BEYOND,
  READS_BEYOND,
  ASSIGNS,
  WANTS_ALL,
  HANGS
};
#ifndef FAULT
#define FAULT NONE
#endif

static double shared_by;
static float buffer[1 << 16];
static int calls;

static int64_t scratch(const double *number, int64_t keys, int64_t queries, int64_t depth) {
  (void)number, (void)keys, (void)queries;
  return depth;
}

static float dot(const float *v, const float *k, const float *q, int64_t d) {
  float s = 0;
  for (int64_t e = 0; e < d; e++) s += v[e] * k[e] * q[e];
  return s;
}

static void spoil(const attune_kernel_call *c) {
  float *s = c->score, sum = 0;
  (void)s, (void)sum;
  if (FAULT == HANGS)
    for (volatile int i = 0;; i++) continue;
  if (FAULT == COUNTS_CALLS && ++calls > 3) s[0] += 0.5f;
  if (FAULT == READS_SCRATCH && isnan(c->scratch[0])) s[0] += 1;
  if (FAULT == WRITES_BEYOND && c->score_stride > c->queries && c->keys > 1) s[c->queries] = 0;
  if (FAULT == READS_BEYOND) {
    const volatile float *end = c->key + (c->keys - 1) * c->key_stride + c->depth;
    s[0] += 0 * *end;
  }
  for (int64_t i = 0; i < c->keys; i++)
    for (int64_t j = 0; j < c->queries; j++) {
      if (FAULT == SUBTRACTS_MEAN) s[i * c->score_stride + j] -= 0.1f * s[0];
      if (FAULT == SPREADS_NAN) sum += 0 * s[i * c->score_stride + j];
      if (FAULT == INFINITE_WHEN_LARGE && c->queries > 90) s[i * c->score_stride + j] = INFINITY;
    }
  for (int64_t i = 0; i < c->keys && FAULT == SPREADS_NAN; i++)
    for (int64_t j = 0; j < c->queries; j++) s[i * c->score_stride + j] += sum;
}

static float factor(const attune_kernel_call *c) {
  return (float)(FAULT == SHARES_OPTION ? shared_by : c->number[0]) / (float)c->depth;
}

static void forward(const attune_host *host, const attune_kernel_call *c) {
  float *room = FAULT == ONE_BUFFER ? buffer : c->scratch;
  (void)host;
  if (FAULT == ALLOCATES) {
    void *volatile room = calloc(16, 16);
    free(room);
  }
  for (int64_t i = 0; i < c->keys; i++)
    for (int64_t j = 0; j < c->queries; j++) {
      const float *k = c->key + i * c->key_stride, *q = c->query + j * c->query_stride;
      if (FAULT == ONE_BUFFER) { /* the buffer of another thread */
        memcpy(room, k, (size_t)c->depth * sizeof *room);
        if (!j) usleep(20);
        k = room;
      }
      float s = dot(c->parameter[0], k, q, c->depth) * factor(c);
      if (FAULT == DIVIDES_BY_LENGTH) {
        float length = 0;
        for (int64_t e = 0; e < c->depth; e++) length += k[e] * k[e];
        s /= sqrtf(length);
      }
      c->score[i * c->score_stride + j] = s;
    }
  if (FAULT && c->keys && c->queries) spoil(c);
}

static void backward(const attune_host *host, const attune_kernel_call *c) {
  (void)host;
  const float *v = c->parameter[0];
  if (FAULT == ASSIGNS && c->key_grad)
    memset(c->key_grad, 0, (size_t)(c->keys * c->depth) * sizeof *c->key_grad);
  for (int64_t i = 0; i < c->keys; i++)
    for (int64_t j = 0; j < c->queries; j++) {
      const float *k = c->key + i * c->key_stride, *q = c->query + j * c->query_stride;
      const float ds = c->score_grad[i * c->score_grad_stride + j] * factor(c);
      for (int64_t e = 0; e < c->depth; e++) {
        float dk = ds * v[e] * q[e], dq = ds * v[e] * k[e], dv = ds * k[e] * q[e];
        if (FAULT == SIGN_OF_KEY) dk = -dk;
        if (FAULT == NO_QUERY_GRADIENT) dq = 0;
        if (FAULT == HALF_A_PARAMETER && e == c->depth - 1) dv *= 0.5f;
        if (c->key_grad || FAULT == WANTS_ALL) c->key_grad[i * c->depth + e] += dk;
        if (c->query_grad) c->query_grad[j * c->depth + e] += dq;
        if (c->parameter_grad[0]) c->parameter_grad[0][e] += dv;
      }
    }
}

static const attune_kernel kernel = {
    .size = sizeof(attune_kernel),
    .name = "faulty",
    .forward = forward,
    .backward = backward,
    .scratch = scratch,
};

static void *idle(void *p) { return p; }

static void misbehave(void) {
  pthread_t t;
  if (FAULT == LEAKS) {
    char *volatile lost = malloc(40);
    (void)lost;
  }
  if (FAULT == PRINTS) printf("made\n");
  if (FAULT == EXITS) exit(3);
  if (FAULT == TAKES_SIGNAL) signal(SIGUSR1, SIG_IGN);
  if (FAULT == ROUNDS) fesetround(FE_UPWARD);
  if (FAULT == CHANGES_LOCALE) setlocale(LC_ALL, "C.UTF-8");
  if (FAULT == OPENS_FILE) close(open("/dev/null", O_RDONLY));
  if (FAULT == STARTS_THREAD && !pthread_create(&t, NULL, idle, NULL)) pthread_join(t, NULL);
}

static int compose(const attune_host *host, attune_build *build, const attune_options *options,
                   attune_value query, attune_value key, attune_value *score) {
  const double by = host->option_real(options, "by");
  attune_value v[2];
  char name[16] = "v";
  misbehave();
  if (FAULT == ONE_SIDE) {
    int rc = host->linear(build, query, "w", 3, 0, &query);
    return rc ? rc : host->contract(build, key, query, score);
  }
  if (FAULT == OTHER_LAYOUT) return host->contract(build, query, key, score);
  if (FAULT == LIES) {
    int rc = host->contract(build, key, query, score);
    return rc ? rc : host->apply(build, *score, ATTUNE_TANH, 0, score);
  }
  if (FAULT == KEEPS_SWAP) {
    int rc = host->linear(build, query, "w", 0, 0, &query);
    return rc ? rc : host->contract(build, key, query, score);
  }
  if (FAULT == SHARES_OPTION) shared_by = by;
  if (FAULT == FAILS_FOR_A_CHOICE && host->option_int(options, "side")) return ATTUNE_FAILED;
  if (FAULT == NAMES_BY_COUNT) snprintf(name, sizeof name, "v%d", calls++);
  int rc = host->parameter(build, name, 0, ATTUNE_INIT_UNIFORM, &v[0]);
  if (!rc && FAULT == DEAD_PARAMETER)
    rc = host->parameter(build, "never_used", 0, ATTUNE_INIT_UNIFORM, &v[1]);
  return rc ? rc
            : host->kernel(build, &kernel, key, query, v, FAULT == DEAD_PARAMETER ? 2 : 1, &by, 1,
                           score);
}

static int form(const attune_host *host, const attune_options *options, int64_t depth,
                attune_form *out) {
  (void)host, (void)options, (void)depth;
  if (FAULT == LIES) out->product = ATTUNE_DOT;
  out->keeps = ATTUNE_KEEPS_SWAP;
  if (FAULT == KEEPS_SHIFT) out->keeps |= ATTUNE_KEEPS_SHIFT;
  if (FAULT == KEEPS_ROTATION) out->keeps |= ATTUNE_KEEPS_ROTATION;
  if (FAULT == KEEPS_QUERY_SCALE) out->keeps |= ATTUNE_KEEPS_QUERY_SCALE;
  if (FAULT == KEEPS_KEY_SCALE) out->keeps |= ATTUNE_KEEPS_KEY_SCALE;
  return 0;
}

static const attune_option options_table[] = {
    ATTUNE_REAL_OPTION("by", "1", FAULT == NO_RANGE ? 0 : 0.5, FAULT == NO_RANGE ? 0 : 2,
                       "a factor"),
    ATTUNE_ENUM_OPTION("side", "key", "key|query", "no matter"),
    ATTUNE_END_OF_OPTIONS,
};
static const attune_score faulty = {
    .item = ATTUNE_ITEM(score, SCORE, "faulty", "a test", "s = v . (k * q)", options_table),
    .compose = compose,
    .form = form,
};
static const attune_score wordless = {
    .item = ATTUNE_ITEM(score, SCORE, "faulty", "a test", " ", options_table),
    .compose = compose,
    .form = form,
};
static const attune_item *const items[] = {FAULT == NO_DOC ? &wordless.item : &faulty.item};

ATTUNE_EXPORT const attune_plugin *attune_plugin_entry(const attune_host *host);
const attune_plugin *attune_plugin_entry(const attune_host *host) {
  static attune_plugin twice[2];
  const attune_plugin plugin = {
      sizeof plugin, ATTUNE_ABI_MAJOR, ATTUNE_ABI_MINOR, "faulty", "1", "Apache-2.0", 1, items};
  const int which = FAULT == CHANGES_DESCRIPTOR ? calls++ % 2 : 0;
  (void)host;
  if (FAULT == CRASHES_IN_ENTRY) raise(SIGSEGV);
  if (FAULT == LEAKS_AT_LOAD) {
    char *volatile lost = malloc(4000);
    (void)lost;
  }
  twice[which] = plugin;
  return &twice[which];
}
