/* Single operators, each as a small model of its own: shapes that the models of examples/ have. */
#include <stdlib.h>
#include <string.h>
#include "core/bench/bench_impl.h"

typedef struct op_case {
  const char *op, *shape;
  int64_t batch;      /* of the axis `item` */
  const char *inputs; /* x, and maybe others */
  const char *output; /* of them, by the operator */
} op_case;

static const op_case cases[] = {
    {"linear", "[128, 1024] -> 1024", 128, "input x: real [item, f = 1024]",
     "x |> linear(f -> d = 1024)"},
    {"linear", "[2912, 768] -> 3072", 2912, "input x: real [item, f = 768]",
     "x |> linear(f -> d = 3072)"},
    {"conv2d", "3 x 3, [16, 256, 14, 14] -> 256", 16,
     "input x: real [item, y = 14, x = 14, c = 256]", "x |> conv2d(y, x, c -> d = 256)"},
    {"conv2d", "3 x 3, [8, 64, 64, 64] -> 64", 8, "input x: real [item, y = 64, x = 64, c = 64]",
     "x |> conv2d(y, x, c -> d = 64)"},
    {"conv2d", "3 x 3, [16, 3, 64, 64] -> 32", 16, "input x: real [item, y = 64, x = 64, c = 3]",
     "x |> conv2d(y, x, c -> d = 32)"},
    {"conv2d", "4 x 4, stride 2, [8, 64, 64, 64] -> 128", 8,
     "input x: real [item, y = 64, x = 64, c = 64]",
     "x |> conv2d(y, x, c -> d = 128, kernel = 4, stride = 2, padding = 1)"},
    {"contract", "[64, 36, 512] . [64, 12, 512]", 64,
     "input x: real [item, r = 36, d = 512] input q: real [item, word: sequence = 12, d = 512]",
     "contract(x, q, d)"},
    {"lstm", "64 rows of 16, 256 -> 256", 64, "input x: real [item, word..., f = 256]",
     "x |> lstm(word, f -> d = 256)"},
    {"gru", "64 rows of 16, 256 -> 256", 64, "input x: real [item, word..., f = 256]",
     "x |> gru(word, f -> d = 256)"},
    {"softmax", "[64, 1024, 36]", 64, "input x: real [item, s: sequence = 1024, r: sequence = 36]",
     "x |> softmax(r)"},
    {"layer_norm", "[2912, 768]", 2912, "input x: real [item, f = 768]", "x |> layer_norm(f)"},
    {"batch_norm", "[8, 64, 64, 64]", 8, "input x: real [item, y = 64, x = 64, c = 64]",
     "x |> batch_norm(c)"},
    {"normalize", "[4608, 1024]", 4608, "input x: real [item, f = 1024]", "x |> normalize(f)"},
    {"max_pool2d", "2 x 2, [8, 64, 64, 64]", 8, "input x: real [item, y = 64, x = 64, c = 64]",
     "x |> max_pool2d(y, x, size = 2)"},
    {"relu", "[2912, 3072]", 2912, "input x: real [item, f = 3072]", "x |> relu"},
    {"leaky_relu", "[8, 64, 64, 64]", 8, "input x: real [item, y = 64, x = 64, c = 64]",
     "x |> leaky_relu(0.2)"},
    {"gelu", "[2912, 3072]", 2912, "input x: real [item, f = 3072]", "x |> gelu"},
    {"dropout", "[2912, 768]", 2912, "input x: real [item, f = 768]", "x |> dropout(0.1)"},
    {"embed", "1536 of [10000, 300]", 1536, "input x: token(10000) [item]",
     "x |> embed(-> d = 300)"},
    {"concat", "[2912, 768] and [2912, 768]", 2912,
     "input x: real [item, f = 768] input z: real [item, g = 768]", "concat(x, z, [f, g] -> both)"},
};
enum { CASES = sizeof cases / sizeof *cases };

static at_status no_such(const char *name, at_error *err) {
  const char *names[CASES + 1] = {"all"};
  size_t n = 1;
  at_text t = {0};
  for (int i = 0; i < CASES; i++)
    if (!i || strcmp(cases[i].op, cases[i - 1].op) != 0) names[n++] = cases[i].op;
  const char *near = at_suggest(name, names, n);
  for (size_t i = 1; i < n; i++) at_text_addf(&t, "%s%s", i > 1 ? ", " : "", names[i]);
  at_status st =
      near ? at_fail(err, AT_EINPUT, "no shapes are known of an operator `%s`; did you mean `%s`?",
                     name, near)
           : at_fail(err, AT_EINPUT,
                     "no shapes are known of an operator `%s`; they are of all, or of %s", name,
                     t.data ? t.data : "");
  at_text_free(&t);
  return st;
}

static at_status measure(at_registry *reg, const op_case *c, at_bench_cases *all, at_error *err) {
  at_text text = {0}, messages = {0};
  at_bench b = {0};
  at_bench_options o = {.path = c->op,
                        .batch = c->batch,
                        .threads = all->threads,
                        .repeat = all->repeat,
                        .profile = true,
                        .input_grads = true,
                        .machine = all->n ? &all->machine : NULL};
  const char *const length[] = {"word=16"};
  if (strstr(c->inputs, "word...")) {
    o.size = length;
    o.n_size = 1;
  }
  at_text_addf(&text, "model case {\n%s\noutput made = %s\nloss made |> mean_all\n}\n", c->inputs,
               c->output);
  o.text = text.data;
  at_status st = text.failed ? at_nomem(err) : at_bench_measure(reg, &o, &b, &messages, err);
  at_bench_case *to = &all->v[all->n];
  *to = (at_bench_case){.op = c->op, .shape = c->shape};
  for (int i = 0; st == AT_OK && i < b.op.n; i++)
    if (!strcmp(b.op.v[i].name, c->op)) {
      to->way[0] = b.op.v[i].part[AT_EXEC_FORWARD];
      to->way[1] = b.op.v[i].part[AT_EXEC_BACKWARD];
    }
  if (st == AT_OK) {
    all->machine = b.machine;
    all->threads = b.threads;
    all->n++;
  }
  at_bench_close(&b);
  at_text_free(&text);
  at_text_free(&messages);
  return st;
}

at_status at_bench_ops(at_registry *reg, const char *name, int threads, int repeat,
                       at_bench_cases *out, at_error *err) {
  *out = (at_bench_cases){.threads = threads, .repeat = repeat};
  at_status st = (out->v = calloc(CASES, sizeof *out->v)) ? AT_OK : at_nomem(err);
  for (int i = 0; st == AT_OK && i < CASES; i++)
    if (!strcmp(name, "all") || !strcmp(name, cases[i].op)) st = measure(reg, &cases[i], out, err);
  return st == AT_OK && !out->n ? no_such(name, err) : st;
}

void at_bench_cases_free(at_bench_cases *c) {
  free(c->v);
  c->v = NULL;
}
