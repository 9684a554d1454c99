/* What `attune bench` gathers: costs worked out by hand, places, and that watching changes no bits.
 */
#include "cm.h"
#include "core/bench/bench.h"
#include "core/bench/bench_impl.h"
#include "core/bench/machine.h"

static at_registry *registry;

/* Of 10 items: linear 2 10 4 3 = 240 FLOPs, relu 30, linear 2 10 3 2 = 120, normalize 3 20 = 60,
 * cross entropy 4 20 = 80. `x` wants no gradient, so the first linear goes back once. */
static const char small[] =
    "model small(d = 3) {\n"
    "  input x: real [item, f = 4]\n"
    "  input t: token(2) [item]\n"
    "  let h = x |> linear(f -> d) @fc |> relu\n"
    "  output y = h |> linear(d -> c = 2) @out |> normalize(c)\n"
    "  loss cross_entropy(y, t, c)\n"
    "}\n";

/* `again`: values of cheap operators, made once more on the way back; two modules deep. */
static const char nested[] =
    "module inner(x) {\n"
    "  return x |> linear(f -> f) @fc |> tanh\n"
    "}\n"
    "module outer(x) {\n"
    "  return inner(x) @a |> inner @b |> relu\n"
    "}\n"
    "model nested {\n"
    "  input x: real [item, f = 4]\n"
    "  output y = outer(x) @first |> outer @second\n"
    "  loss y |> mean_all\n"
    "}\n";

static int64_t three_each(void) {
  static int64_t asked;
  return asked += 3;
}

static void bench(const char *text, at_bench_options o, at_bench *out) {
  at_error err = {0};
  at_text messages = {0};
  o.path = "here.att";
  o.text = text;
  o.batch = 10;
  o.threads = o.threads ? o.threads : 1;
  o.repeat = o.repeat ? o.repeat : 3;
  if (at_bench_measure(registry, &o, out, &messages, &err))
    fail_msg("%s%s", err.message, messages.data ? messages.data : "");
  at_text_free(&messages);
}

static const at_bench_spot *line(const at_bench *b, int number) {
  for (int i = 0; i < b->line.n; i++)
    if (b->line.v[i].line == number) return &b->line.v[i];
  fail_msg("line %d took no time", number);
  return NULL;
}

static const at_bench_spot *named(const at_bench_spots *all, const char *name) {
  for (int i = 0; i < all->n; i++)
    if (!strcmp(all->v[i].name, name)) return &all->v[i];
  fail_msg("there is no `%s`", name);
  return NULL;
}

/* Parts of 3, 1, 1, 2 and 4 seconds, in half a second more: two threads are at 3 + 4 and 1 + 1 + 2,
 * four at 3, 1 + 4, 1 and 2. */
static void work_is_dealt_to_more_threads(void **state) {
  (void)state;
  static const double seconds[] = {3, 1, 1, 2, 4}, all = 11.5;
  static const double with[AT_BENCH_WIDTHS] = {11, 7, 5, 4, 4, 4, 4};
  at_error err = {0};
  at_pool *pool = NULL;
  at_bench_scaling *s = NULL;
  assert_int_equal(at_pool_new(1, &pool, &err), AT_OK);
  assert_int_equal(at_bench_scaling_new(pool, &s, &err), AT_OK);
  for (int twice = 1; twice <= 2; twice++) {
    for (size_t i = 0; i < 5; i++) at_bench_scaling_told(s, i, 5, seconds[i]);
    at_bench_scaling_told(s, 5, 5, all);
    const at_bench_wide now = at_bench_scaling_clock(s, twice * (all + 2));
    for (int w = 0; w < AT_BENCH_WIDTHS; w++) assert_true(now.seconds[w] == twice * (with[w] + 2));
    assert_true(now.alone == twice * 2);
    assert_int_equal(now.works, twice);
    assert_int_equal(now.parts, twice * 5);
  }
  at_bench_scaling_free(s);
  assert_int_equal(at_pool_threads(pool), 1);
  at_pool_free(pool);
}

static void costs_are_those_by_hand(void **state) {
  (void)state;
  at_bench b;
  bench(small, (at_bench_options){.profile = true}, &b);
  assert_true(b.time[AT_BENCH_FORWARD].flops == 530);
  assert_true(b.time[AT_BENCH_BACKWARD].flops == 240 + 30 + 2 * 120 + 60 + 80);
  assert_true(b.time[AT_BENCH_STEP].flops == 530 + 650);
  /* read: 40 15 / 30 / 30 8 / 20 / 20 10; written: 30 / 30 / 20 / 20 / 1 */
  assert_true(b.time[AT_BENCH_FORWARD].bytes ==
              4 * (55 + 30 + 38 + 20 + 30 + 30 + 30 + 20 + 20 + 1));
  assert_true(b.time[AT_BENCH_UPDATE].bytes == 32 * (12 + 3 + 6 + 2));
  assert_true(at_bench_sum(line(&b, 4)).flops == 2 * 240 + 2 * 30);
  assert_true(at_bench_sum(line(&b, 5)).flops == 3 * 120 + 2 * 60);
  assert_true(at_bench_sum(named(&b.op, "linear")).flops == 840);
  assert_int_equal(named(&b.op, "linear")->nodes, 2);
  at_bench_close(&b);
}

static void lines_have_their_places(void **state) {
  (void)state;
  at_bench b;
  bench(small, (at_bench_options){.profile = true}, &b);
  assert_int_equal(b.line.n, 3);
  const at_bench_spot *loss = line(&b, 6);
  assert_string_equal(loss->path, "here.att");
  assert_int_equal(loss->column, 8);
  assert_int_equal(loss->size, (int)strlen("loss cross_entropy(y, t, c)"));
  assert_memory_equal(loss->text, "loss cross_entropy(y, t, c)", (size_t)loss->size);
  assert_non_null(strstr(line(&b, 5)->name, "normalize"));
  assert_non_null(strstr(line(&b, 5)->name, "linear"));
  assert_int_equal(b.op.n, 4);
  at_bench_close(&b);
}

static void all_parts_are_the_whole(void **state) {
  (void)state;
  at_bench b;
  bench(nested, (at_bench_options){.profile = true}, &b);
  double lines = b.load + b.update + b.between, ops = lines;
  for (int i = 0; i < b.line.n; i++) lines += at_bench_sum(&b.line.v[i]).seconds;
  for (int i = 0; i < b.op.n; i++) ops += at_bench_sum(&b.op.v[i]).seconds;
  assert_true(fabs(lines - b.total) < 1e-6 * b.total);
  assert_true(fabs(ops - b.total) < 1e-6 * b.total);
  for (int i = 1; i < b.line.n; i++)
    assert_true(at_bench_sum(&b.line.v[i - 1]).seconds >= at_bench_sum(&b.line.v[i]).seconds);
  at_bench_close(&b);
}

static void modules_count_for_those_in_them(void **state) {
  (void)state;
  at_bench b;
  bench(nested, (at_bench_options){.profile = true}, &b);
  const at_bench_spot *first = named(&b.module, "first"), *a = named(&b.module, "first.a");
  assert_int_equal(a->nodes, 2);
  assert_int_equal(first->nodes, 5);
  assert_true(at_bench_sum(first).flops > 2 * at_bench_sum(a).flops);
  assert_int_equal(line(&b, 2)->nodes, 8);
  at_bench_close(&b);
}

static void watching_changes_no_bits(void **state) {
  (void)state;
  at_bench with, without, threads;
  bench(nested, (at_bench_options){.profile = true}, &with);
  bench(nested, (at_bench_options){0}, &without);
  bench(nested, (at_bench_options){.threads = 3}, &threads);
  assert_true(with.weights == without.weights && with.loss == without.loss);
  assert_true(threads.weights == without.weights);
  assert_false(without.profiled);
  at_bench_close(&with);
  at_bench_close(&without);
  at_bench_close(&threads);
  bench(nested, (at_bench_options){.repeat = 4}, &without);
  assert_true(with.weights != without.weights);
  at_bench_close(&without);
}

static void allocations_are_those_of_each_phase(void **state) {
  (void)state;
  at_bench b;
  bench(small, (at_bench_options){.allocations = three_each}, &b);
  assert_int_equal(b.time[AT_BENCH_LOAD].allocations, 3);
  assert_int_equal(b.time[AT_BENCH_UPDATE].most, 3);
  assert_int_equal(b.time[AT_BENCH_STEP].allocations, 12);
  at_bench_close(&b);
  bench(small, (at_bench_options){0}, &b);
  assert_int_equal(b.time[AT_BENCH_STEP].allocations, -1);
  at_bench_close(&b);
}

static void a_model_without_a_loss_goes_forward(void **state) {
  (void)state;
  at_bench b;
  bench("model half {\n  input x: real [item, f = 4]\n  output y = x |> relu\n}\n",
        (at_bench_options){.profile = true}, &b);
  assert_int_equal(b.losses, 0);
  assert_true(b.time[AT_BENCH_FORWARD].flops == 40);
  assert_true(b.time[AT_BENCH_BACKWARD].median == 0);
  assert_true(isnan(b.loss));
  at_bench_close(&b);
}

static void the_machine_has_rates(void **state) {
  (void)state;
  assert_true(at_machine_copy(NULL) > 1e6);
}

static int start(void **state) {
  (void)state;
  return at_registry_new(NULL, 0, &registry, NULL) != AT_OK;
}

static int stop(void **state) {
  (void)state;
  at_registry_free(registry);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(work_is_dealt_to_more_threads),
      cmocka_unit_test(costs_are_those_by_hand),
      cmocka_unit_test(lines_have_their_places),
      cmocka_unit_test(all_parts_are_the_whole),
      cmocka_unit_test(modules_count_for_those_in_them),
      cmocka_unit_test(watching_changes_no_bits),
      cmocka_unit_test(allocations_are_those_of_each_phase),
      cmocka_unit_test(a_model_without_a_loss_goes_forward),
      cmocka_unit_test(the_machine_has_rates),
  };
  return cmocka_run_group_tests(tests, start, stop);
}
