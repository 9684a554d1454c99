/* libattune, through its public header: the same numbers as inside, and what training makes of
 * them. */
#include <pthread.h>
#include <unistd.h>
#include "core/graph/pass.h"
#include "core/run/once.h"
#include "tests/unit/embed_use.h"

/* ---- as the inside has it ---- */

static void put(at_arrays *set, const char *name, at_dtype type, int ndim, const int64_t *shape,
                const void *data) {
  at_array *a = at_arrays_add(set);
  assert_int_equal(at_array_init(a, name, type, ndim, shape, NULL), AT_OK);
  memcpy(a->data, data, (size_t)at_array_count(a) * at_dtype_size(type));
}

static void inside(at_arrays *out, const char *path, bool gradients) {
  const int64_t image_shape[] = {PICTURES, REGIONS, FEATURES}, words[] = {WORDS},
                rows[] = {CAPTIONS};
  float image[PICTURES * REGIONS * FEATURES];
  int64_t lengths[CAPTIONS];
  at_arrays in = {0};
  at_registry *reg;
  at_error err = {0};
  fill_image(image);
  for (int i = 0; i < CAPTIONS; i++) lengths[i] = OFFSETS[i + 1] - OFFSETS[i];
  put(&in, "image", AT_F32, 3, image_shape, image);
  put(&in, "caption", AT_I32, 1, words, TOKENS);
  put(&in, "word.lengths", AT_I64, 1, rows, lengths);
  const at_once o = {.model = path,
                     .inputs = &in,
                     .inputs_path = "in",
                     .gradients = gradients,
                     .training = gradients,
                     .passes = AT_PASS_ALL,
                     .threads = 1,
                     .seed = 9};
  assert_int_equal(at_registry_new(NULL, 0, &reg, &err), AT_OK);
  if (at_run_once(reg, &o, out, NULL, &err) != AT_OK) fail_msg("%s", err.message);
  at_registry_free(reg);
  at_arrays_free(&in);
}

/* Axes may stand in another order; sizes tell them apart. */
static void same_values(const at_array *want, const attune_values *got) {
  int64_t stride[AT_ARRAY_MAX_DIM], place[AT_ARRAY_MAX_DIM] = {0}, n = at_array_count(want);
  assert_int_equal(got->axis_count, want->ndim);
  assert_int_equal(got->count, n);
  for (int d = 0; d < want->ndim; d++) {
    stride[d] = -1;
    for (uint32_t a = 0; a < got->axis_count; a++)
      if (got->axis[a].size == want->shape[d]) stride[d] = got->axis[a].stride;
    assert_true(stride[d] > 0);
  }
  for (int64_t i = 0; i < n; i++) {
    int64_t at = 0;
    for (int d = 0; d < want->ndim; d++) at += place[d] * stride[d];
    if (got->reals[at] != ((const float *)want->data)[i])
      fail_msg("%s: number %d is %g, not %g", want->name, (int)i, (double)got->reals[at],
               (double)((const float *)want->data)[i]);
    for (int d = want->ndim - 1; d >= 0 && ++place[d] == want->shape[d]; d--) place[d] = 0;
  }
}

static void the_same_numbers(void **state) {
  char path[] = "/tmp/attune-embed.XXXXXX";
  at_arrays plain = {0}, learned = {0};
  attune_values v = {.size = sizeof v}, s = {.size = sizeof s};
  attune_error *e = attune_error_new();
  attune_context *c = opened(1, e);
  attune_model *m = loaded(c, SMALL, NULL, 0, 9, e);
  double loss;
  (void)state;
  const int fd = mkstemp(path);
  FILE *fp = fdopen(fd, "w");
  assert_non_null(fp);
  fputs(SMALL, fp);
  fclose(fp);
  inside(&plain, path, false);
  inside(&learned, path, true);
  remove(path);
  give(m, e);
  OK(attune_model_forward(m, 0, e));
  OK(attune_model_output(m, "similarity", &v, e));
  same_values(at_arrays_find(&plain, "out.similarity"), &v);
  OK(attune_model_attention(m, "align", &v, &s, e));
  same_values(at_arrays_find(&plain, "attend.align.weight"), &v);
  same_values(at_arrays_find(&plain, "attend.align.score"), &s);
  OK(attune_model_forward(m, ATTUNE_WITH_LOSSES, e));
  OK(attune_model_loss(m, NULL, &loss, e));
  assert_true(loss == (double)*(float *)at_arrays_find(&plain, "loss")->data);
  OK(attune_model_gradients(m, e));
  OK(attune_model_loss(m, "loss", &loss, e));
  assert_true(loss == (double)*(float *)at_arrays_find(&learned, "loss")->data);
  const size_t n = attune_model_count(m, ATTUNE_PARAMETERS);
  assert_true(n >= 4);
  for (size_t i = 0; i < n; i++) {
    char name[128];
    OK(attune_model_describe(m, ATTUNE_PARAMETERS, i, &v, e));
    assert_int_equal(v.trained, 1);
    snprintf(name, sizeof name, "g.%s", v.name);
    OK(attune_model_gradient(m, v.name, &v, e));
    const at_array *want = at_arrays_find(&learned, name);
    assert_int_equal(v.count, at_array_count(want));
    assert_memory_equal(v.reals, want->data, (size_t)v.count * sizeof(float));
  }
  at_arrays_free(&plain);
  at_arrays_free(&learned);
  attune_model_free(m);
  attune_close(c);
  attune_error_free(e);
}

/* ---- what there is ---- */

static const attune_axis *axis_of(const attune_values *v, const char *name) {
  for (uint32_t a = 0; a < v->axis_count; a++)
    if (!strcmp(v->axis[a].name, name)) return &v->axis[a];
  fail_msg("%s has no axis %s", v->name, name);
  return NULL;
}

static void described(void **state) {
  static const char *const arguments[] = {"score=scaled_dot"};
  attune_values v = {.size = sizeof v};
  attune_error *e = attune_error_new();
  attune_context *c = opened(1, e);
  attune_model *m = loaded(c, SMALL, arguments, 1, 0, e);
  const int64_t *offsets;
  int64_t rows;
  (void)state;
  assert_int_equal(attune_model_count(m, ATTUNE_INPUTS), 2);
  assert_int_equal(attune_model_count(m, ATTUNE_LOSSES), 1);
  assert_int_equal(attune_model_count(m, (attune_part)77), 0);
  OK(attune_model_describe(m, ATTUNE_INPUTS, 0, &v, e));
  assert_string_equal(v.name, "image");
  assert_int_equal(v.type, ATTUNE_REALS);
  assert_int_equal(v.count, -1);
  assert_int_equal(axis_of(&v, "picture")->kind, ATTUNE_BATCH_AXIS);
  assert_int_equal(axis_of(&v, "picture")->size, -1);
  assert_int_equal(axis_of(&v, "feature")->size, FEATURES);
  assert_null(v.reals);
  OK(attune_model_describe(m, ATTUNE_INPUTS, 1, &v, e));
  assert_int_equal(v.type, ATTUNE_TOKENS);
  assert_int_equal(v.vocabulary, IDS);
  assert_string_equal(axis_of(&v, "word")->of, "caption");
  OK(attune_model_describe(m, ATTUNE_ATTENTIONS, 0, &v, e));
  assert_string_equal(v.name, "align");
  assert_string_equal(v.score, "scaled_dot");
  assert_int_equal(axis_of(&v, "region")->role, ATTUNE_KEYS);
  assert_int_equal(axis_of(&v, "word")->role, ATTUNE_ASKS);
  assert_int_equal(axis_of(&v, "picture")->role, ATTUNE_NO_ROLE);
  give(m, e);
  OK(attune_model_forward(m, 0, e));
  OK(attune_model_describe(m, ATTUNE_INPUTS, 0, &v, e));
  assert_int_equal(v.count, PICTURES * REGIONS * FEATURES);
  OK(attune_model_attention(m, "align", &v, NULL, e));
  assert_int_equal(axis_of(&v, "word")->size, WORDS);
  /* Whatever asks, its weights add up to one. */
  const attune_axis *keys = axis_of(&v, "region");
  for (int64_t i = 0; i < v.count; i++) {
    double sum = 0;
    if (i / keys->stride % keys->size) continue;
    for (int64_t k = 0; k < keys->size; k++) sum += (double)v.reals[i + k * keys->stride];
    assert_true(fabs(sum - 1) < 1e-5);
  }
  OK(attune_model_offsets(m, "word", &offsets, &rows, e));
  assert_int_equal(rows, CAPTIONS);
  assert_memory_equal(offsets, OFFSETS, sizeof OFFSETS);
  attune_close(c); /* the model holds it */
  OK(attune_model_forward(m, 0, e));
  attune_model_free(m);
  attune_error_free(e);
}

/* ---- training ---- */

static float *copied(attune_model *m, const char *name, size_t *n, attune_error *e) {
  attune_values v = {.size = sizeof v};
  OK(attune_model_parameter(m, name, &v, e));
  *n = (size_t)v.count;
  float *out = malloc(*n * sizeof *out);
  assert_non_null(out);
  memcpy(out, v.reals, *n * sizeof *out);
  return out;
}

/* The first step of Adam: each weight goes rate * g / (|g| + eps), a norm above clip shortens g. */
static void a_step(void **state) {
  attune_values g = {.size = sizeof g}, v = {.size = sizeof v};
  attune_error *e = attune_error_new();
  attune_context *c = opened(1, e);
  attune_model *m = loaded(c, SMALL, NULL, 0, 1, e);
  attune_adam adam = {sizeof adam, 0, 0.9, 0.999, 1e-2, 0, 0};
  double first, last;
  size_t n;
  (void)state;
  give(m, e);
  OK(attune_model_set_adam(m, &adam, e));
  OK(attune_model_gradients(m, e));
  assert_int_equal(attune_model_steps(m), 0);
  OK(attune_model_gradient(m, "img.weight", &g, e));
  float *before = copied(m, "img.weight", &n, e), *grad = malloc(n * sizeof *grad);
  assert_non_null(grad);
  memcpy(grad, g.reals, n * sizeof *grad);
  OK(attune_model_step(m, 0.01, e));
  assert_int_equal(attune_model_steps(m), 1);
  OK(attune_model_loss(m, NULL, &first, e));
  OK(attune_model_parameter(m, "img.weight", &v, e));
  double moved = 0;
  for (size_t i = 0; i < n; i++) {
    const double want = (double)before[i] - 0.01 * (double)grad[i] / (fabs((double)grad[i]) + 1e-2);
    assert_true(fabs(want - (double)v.reals[i]) < 2e-6);
    moved += fabs((double)grad[i]);
  }
  assert_true(moved > 1e-4);
  assert_int_equal(attune_model_gradient(m, "img.weight", &g, e), ATTUNE_BAD_INPUT);
  for (int i = 0; i < 60; i++) OK(attune_model_step(m, 0.01, e));
  OK(attune_model_loss(m, NULL, &last, e));
  if (!(last < 0.7 * first)) fail_msg("the loss went from %g to %g", first, last);
  /* Outputs of a step may be read, its attention is not kept. */
  OK(attune_model_output(m, "similarity", &v, e));
  REFUSED(attune_model_attention(m, "align", &v, NULL, e), "after attune_model_forward");
  free(before);
  free(grad);
  attune_model_free(m);
  attune_close(c);
  attune_error_free(e);
}

static void kept_in_files(void **state) {
  static const char *const arguments[] = {"keep=0.7"};
  const char *dir = getenv("TMPDIR");
  char path[256], plain[300];
  attune_error *e = attune_error_new();
  attune_context *c = opened(2, e);
  attune_model *m = loaded(c, SMALL, arguments, 1, 4, e),
               *other = loaded(c, SMALL, arguments, 1, 8, e);
  size_t n, n2;
  (void)state;
  snprintf(path, sizeof path, "%s/attune-embed-%d", dir ? dir : "/tmp", (int)getpid());
  snprintf(plain, sizeof plain, "%s-plain", path);
  give(m, e);
  give(other, e);
  for (int i = 0; i < 3; i++) OK(attune_model_step(m, 0.01, e));
  OK(attune_model_save(m, path, ATTUNE_WITH_TRAINING, e));
  OK(attune_model_save(m, plain, 0, e));
  OK(attune_model_restore(other, path, ATTUNE_WITH_TRAINING, e));
  assert_int_equal(attune_model_steps(other), 3);
  for (int i = 0; i < 3; i++) {
    OK(attune_model_step(m, 0.01, e));
    OK(attune_model_step(other, 0.01, e));
  }
  float *a = copied(m, "words.weight", &n, e), *b = copied(other, "words.weight", &n2, e);
  assert_int_equal(n, n2);
  assert_memory_equal(a, b, n * sizeof *a);
  free(a);
  free(b);
  REFUSED(attune_model_restore(other, plain, ATTUNE_WITH_TRAINING, e), "adam");
  assert_int_equal(attune_model_steps(other), 6);
  OK(attune_model_restore(other, plain, 0, e));
  assert_int_equal(attune_model_steps(other), 0);
  OK(attune_model_restore(m, path, 0, e));
  a = copied(m, "img.bias", &n, e), b = copied(other, "img.bias", &n, e);
  assert_memory_equal(a, b, n * sizeof *a);
  /* What is replaced is what is read; drawing again gives the seed's own. */
  a[0] = 42;
  OK(attune_model_set_parameter(m, "img.bias", a, n, e));
  free(b);
  b = copied(m, "img.bias", &n, e);
  assert_true(b[0] == 42.0F);
  OK(attune_model_draw(m, 8, e));
  OK(attune_model_draw(other, 8, e));
  free(a);
  free(b);
  a = copied(m, "words.weight", &n, e), b = copied(other, "words.weight", &n, e);
  assert_memory_equal(a, b, n * sizeof *a);
  free(a);
  free(b);
  remove(path);
  remove(plain);
  attune_model_free(m);
  attune_model_free(other);
  attune_close(c);
  attune_error_free(e);
}

static const char ADVERSARY[] =
    "module critic(x, d) {\n  return x |> linear(d -> one = 1) |> squeeze(one)\n}\n"
    "model adversary(d = 8, z = 4) {\n"
    "  input real_one: real [example, d]\n"
    "  let fake = real_one |> noise(-> z) |> linear(z -> d) @generator\n"
    "  instance judge = critic(d = d) @critic\n"
    "  loss critic = (bce(judge(real_one), target = 1) |> mean_all)\n"
    "    + (bce(judge(detach(fake)), target = 0) |> mean_all) updates critic\n"
    "  loss generator = bce(judge(fake), target = 1) |> mean_all updates generator\n"
    "  output fake\n}\n";

/* Each loss moves its own; a later one sees what the ones before it did. */
static void several_losses(void **state) {
  float ones[5 * 8];
  attune_values v = {.size = sizeof v};
  attune_error *e = attune_error_new();
  attune_context *c = opened(1, e);
  attune_model *m = loaded(c, ADVERSARY, NULL, 0, 3, e);
  double critic, generator, both, at_same;
  (void)state;
  for (int i = 0; i < 40; i++) ones[i] = 1 + 0.1F * (float)(i % 7);
  OK(attune_model_set_size(m, "example", 5, e));
  OK(attune_model_set_reals(m, "real_one", ones, 40, e));
  assert_int_equal(attune_model_count(m, ATTUNE_LOSSES), 2);
  OK(attune_model_forward(m, ATTUNE_WITH_LOSSES, e));
  OK(attune_model_loss(m, "generator", &generator, e));
  OK(attune_model_gradients(m, e));
  OK(attune_model_loss(m, "generator", &at_same, e));
  assert_true(generator == at_same);
  OK(attune_model_loss(m, "critic", &critic, e));
  OK(attune_model_loss(m, NULL, &both, e));
  assert_true(fabs(both - at_same - critic) < 1e-6);
  OK(attune_model_step(m, 0.1, e));
  OK(attune_model_loss(m, "critic", &both, e));
  OK(attune_model_loss(m, "generator", &generator, e));
  assert_true(both == critic);
  assert_true(fabs(generator - at_same) > 1e-3);
  OK(attune_model_describe(m, ATTUNE_LOSSES, 1, &v, e));
  assert_string_equal(v.name, "generator");
  assert_int_equal(v.axis_count, 0);
  attune_model_free(m);
  attune_close(c);
  attune_error_free(e);
}

/* ---- threads ---- */

typedef struct job {
  uint32_t threads;
  float weight[D * FEATURES];
} job;

static void *work(void *ctx) {
  job *j = ctx;
  attune_values v = {.size = sizeof v};
  attune_error *e = attune_error_new();
  attune_context *c = opened(j->threads, e);
  attune_model *m = loaded(c, SMALL, NULL, 0, 2, e);
  give(m, e);
  for (int i = 0; i < 25; i++) OK(attune_model_step(m, 0.02, e));
  OK(attune_model_parameter(m, "img.weight", &v, e));
  assert_int_equal(v.count, D * FEATURES);
  memcpy(j->weight, v.reals, sizeof j->weight);
  attune_model_free(m);
  attune_close(c);
  attune_error_free(e);
  return NULL;
}

static void contexts_at_once(void **state) {
  enum { MANY = 4 };
  static job j[MANY + 1];
  pthread_t t[MANY];
  (void)state;
  for (int i = 0; i <= MANY; i++) j[i].threads = (uint32_t)i + 1;
  for (int i = 0; i < MANY; i++) assert_int_equal(pthread_create(&t[i], NULL, work, &j[i]), 0);
  for (int i = 0; i < MANY; i++) pthread_join(t[i], NULL);
  work(&j[MANY]);
  for (int i = 0; i < MANY; i++)
    assert_memory_equal(j[i].weight, j[MANY].weight, sizeof j[i].weight);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_same_numbers), cmocka_unit_test(described),
      cmocka_unit_test(a_step),           cmocka_unit_test(kept_in_files),
      cmocka_unit_test(several_losses),   cmocka_unit_test(contexts_at_once)};
  return cmocka_run_group_tests_name("embed", tests, NULL, NULL);
}
