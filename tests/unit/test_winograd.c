/* The short way of 3 x 3 convolutions against loops in double: result, both gradients, any
 * padding, sides that no tile fits, more tiles than are worked on at a time; equal bits on one
 * and three threads. */
#include "cm.h"
#include "core/base/random.h"
#include "core/graph/winograd.h"

typedef struct arrays {
  at_winograd c;
  int64_t nx, ny, nw;
  float *x, *y, *w, *scratch;
} arrays;

static float *numbers(int64_t n, uint64_t stream) {
  const at_random r = {.seed = 3, .stream = stream};
  float *v = malloc((size_t)n * sizeof *v);
  for (int64_t i = 0; i < n; i++) v[i] = at_random_normal(&r, (uint64_t)i);
  return v;
}

static void make(arrays *a, at_winograd c) {
  c.oh = c.h + 2 * c.pad - 2;
  c.ow = c.w + 2 * c.pad - 2;
  *a = (arrays){.c = c,
                .nx = c.images * c.h * c.w * c.from,
                .ny = c.images * c.oh * c.ow * c.to,
                .nw = c.from * c.to * 9};
  a->x = numbers(a->nx, 1);
  a->y = numbers(a->ny, 2);
  a->w = numbers(a->nw, 3);
  a->scratch = malloc(at_winograd_scratch(&c) * sizeof(float));
}

static void drop(arrays *a) {
  free(a->x);
  free(a->y);
  free(a->w);
  free(a->scratch);
}

typedef enum product { INTO_Y, INTO_X, INTO_W } product;

/* What each product adds to its result, by definition. */
static void by_loops(const arrays *a, product into, double *sum) {
  const at_winograd *c = &a->c;
  for (int64_t k = 0; k < c->images * c->oh * c->ow * 9; k++) {
    int64_t kx = k % 3, ky = k / 3 % 3, p = k / 9, ox = p % c->ow, oy = p / c->ow % c->oh;
    int64_t y = oy + ky - c->pad, x = ox + kx - c->pad, image = p / c->ow / c->oh;
    if (y < 0 || y >= c->h || x < 0 || x >= c->w) continue;
    for (int64_t o = 0; o < c->to; o++)
      for (int64_t i = 0; i < c->from; i++) {
        int64_t ix = ((image * c->h + y) * c->w + x) * c->from + i, iy = p * c->to + o;
        int64_t iw = (o * c->from + i) * 9 + ky * 3 + kx;
        if (into == INTO_Y) sum[iy] += (double)a->x[ix] * a->w[iw];
        if (into == INTO_X) sum[ix] += (double)a->y[iy] * a->w[iw];
        if (into == INTO_W) sum[iw] += (double)a->y[iy] * a->x[ix];
      }
  }
}

static int64_t result(const arrays *a, product into, at_pool *pool, float **out) {
  const int64_t n = into == INTO_Y ? a->ny : into == INTO_X ? a->nx : a->nw;
  *out = numbers(n, 4); /* all add to what is there */
  if (into == INTO_Y) at_winograd_forward(pool, &a->c, a->w, a->x, *out, a->scratch);
  if (into == INTO_X) at_winograd_into_x(pool, &a->c, a->w, a->y, *out, a->scratch);
  if (into == INTO_W) at_winograd_into_weight(pool, &a->c, a->x, a->y, *out, a->scratch);
  return n;
}

static void check(const arrays *a, product into) {
  float *got, *again, *before;
  at_pool *pool;
  assert_int_equal(at_pool_new(3, &pool, NULL), AT_OK);
  int64_t n = result(a, into, NULL, &got);
  result(a, into, pool, &again);
  assert_memory_equal(got, again, (size_t)n * sizeof *got);
  before = numbers(n, 4);
  double *want = calloc((size_t)n, sizeof *want), square = 0;
  by_loops(a, into, want);
  for (int64_t i = 0; i < n; i++) square += want[i] * want[i];
  const double size = sqrt(square / (double)n);
  for (int64_t i = 0; i < n; i++)
    if (!(fabs(got[i] - before[i] - want[i]) <= 4e-6 * size))
      fail_msg("product %d, pad %lld: [%lld] is %.8g, by definition %.8g of about %.3g", (int)into,
               (long long)a->c.pad, (long long)i, got[i] - before[i], want[i], size);
  at_pool_free(pool);
  free(got);
  free(again);
  free(before);
  free(want);
}

static void test_all(void **state) {
  (void)state;
  static const at_winograd shapes[] = {
      {.images = 12, .h = 5, .w = 4, .from = 33, .to = 70, .pad = 1},
      {.images = 22, .h = 3, .w = 7, .from = 64, .to = 32, .pad = 0},
      {.images = 17, .h = 1, .w = 2, .from = 40, .to = 36, .pad = 2},
      {.images = 17, .h = 11, .w = 12, .from = 32, .to = 32, .pad = 1}, /* 612 tiles */
  };
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    arrays a;
    make(&a, shapes[i]);
    assert_true(at_winograd_pays(&a.c));
    check(&a, INTO_Y);
    check(&a, INTO_X);
    check(&a, INTO_W);
    drop(&a);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_all)};
  return cmocka_run_group_tests_name("winograd", tests, NULL, NULL);
}
