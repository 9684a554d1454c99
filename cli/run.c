/* attune run: a model once on given arrays. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "cli/cli.h"
#include "core/base/text.h"
#include "core/data/npz.h"
#include "core/data/safetensors.h"
#include "core/graph/pass.h"
#include "core/run/once.h"

static at_status read_arrays(const char *path, at_arrays *out, at_error *err) {
  size_t n = strlen(path);
  bool npz = n > 4 && !strcmp(path + n - 4, ".npz");
  return npz ? at_npz_read(path, out, err) : at_safetensors_read(path, out, NULL, err);
}

/* Names, shapes and norms: enough to see that everything is there and finite. */
static void print_summary(const at_arrays *a) {
  for (size_t i = 0; i < a->n; i++) {
    double sum = 0;
    for (int64_t k = 0; k < at_array_count(&a->v[i]); k++) {
      double v = (double)((const float *)a->v[i].data)[k];
      sum += v * v;
    }
    printf("%-40s [", a->v[i].name);
    for (int d = 0; d < a->v[i].ndim; d++)
      printf("%s%lld", d ? ", " : "", (long long)a->v[i].shape[d]);
    printf("] norm %.6g\n", sqrt(sum));
  }
}

int cli_run(int argc, char **argv) {
  cli_list set = {.n = 0}, rename = {.n = 0}, without = {.n = 0}, rest;
  const char *inputs = NULL, *weights = NULL, *out = NULL, *prefix = "";
  int64_t threads = 1, seed = 0, random = 0;
  bool done, gradients = false, training = false;
  const cli_option options[] = {{"set", 's', CLI_LIST, &set, 0, 0},
                                {"inputs", 'i', CLI_TEXT, &inputs, 0, 0},
                                {"weights", 'w', CLI_TEXT, &weights, 0, 0},
                                {"prefix", 0, CLI_TEXT, &prefix, 0, 0},
                                {"rename", 0, CLI_LIST, &rename, 0, 0},
                                {"out", 'o', CLI_TEXT, &out, 0, 0},
                                {"random", 'r', CLI_INT, &random, 1, 65536},
                                {"training", 0, CLI_FLAG, &training, 0, 0},
                                {"gradients", 'g', CLI_FLAG, &gradients, 0, 0},
                                {"no-pass", 0, CLI_LIST, &without, 0, 0},
                                {"threads", 't', CLI_INT, &threads, 1, 1024},
                                {"seed", 0, CLI_INT, &seed, 0, INT64_MAX},
                                {0}};
  int rc = cli_parse(argc, argv, options, &rest, 1, 1, &done);
  if (rc || done) return rc;
  if (!inputs == !random || (!out && !random)) return cli_usage(argv[0]);
  at_arrays in = {0}, w = {0}, result = {0};
  at_text messages = {0};
  at_registry *reg = NULL;
  at_error err = {0};
  at_once o = {.model = rest.v[0],
               .set = set.v,
               .n_set = set.n,
               .inputs = inputs ? &in : NULL,
               .random = random,
               .training = training,
               .inputs_path = inputs,
               .rename = rename.v,
               .n_rename = rename.n,
               .weights_path = weights,
               .prefix = prefix,
               .gradients = gradients,
               .threads = (int)threads,
               .seed = (uint64_t)seed};
  unsigned left_out;
  at_status s = at_pass_bits(without.v, without.n, &left_out, &err);
  o.passes = AT_PASS_ALL & ~left_out;
  if (s == AT_OK && inputs) s = read_arrays(inputs, &in, &err);
  if (s == AT_OK && weights) s = read_arrays(weights, &w, &err);
  if (weights) o.weights = &w;
  if (s == AT_OK) s = at_registry_new(NULL, 0, &reg, &err);
  if (s == AT_OK) s = at_run_once(reg, &o, &result, &messages, &err);
  if (messages.data) fputs(messages.data, stderr);
  if (s == AT_OK && !out) print_summary(&result);
  if (s == AT_OK && out) s = at_npz_write(out, &result, AT_NPZ_STORED, &err);
  rc = s == AT_OK ? 0 : cli_fail_shown(&messages, &err);
  at_registry_free(reg);
  at_text_free(&messages);
  at_arrays_free(&in);
  at_arrays_free(&w);
  at_arrays_free(&result);
  return rc;
}
