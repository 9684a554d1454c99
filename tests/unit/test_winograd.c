/* The short ways of convolutions against loops in double: result, both gradients, any padding,
 * sides that no tile fits, channels that no block fits, more tiles than are worked on at a time;
 * equal bits on one and three threads. */
#include "cm.h"
#include "core/base/random.h"
#include "core/graph/tile.h"

typedef struct arrays {
  const at_tiled *way;
  int64_t by; /* each number of x stands for so many each way */
  at_tiling c;
  int64_t nx, ny, nw;
  float *x, *y, *w, *scratch;
} arrays;

static float *numbers(int64_t n, uint64_t stream) {
  const at_random r = {.seed = 3, .stream = stream};
  float *v = malloc((size_t)n * sizeof *v);
  for (int64_t i = 0; i < n; i++) v[i] = at_random_normal(&r, (uint64_t)i);
  return v;
}

static void make(arrays *a, const at_tiled *way, at_tiling c) {
  const int64_t by = way == at_tiled_find("doubled") ? 2 : 1;
  c.side = way->side;
  c.oh = (c.h * by + 2 * c.pad - way->kernel) / way->stride + 1;
  c.ow = (c.w * by + 2 * c.pad - way->kernel) / way->stride + 1;
  *a = (arrays){.way = way,
                .by = by,
                .c = c,
                .nx = c.images * c.h * c.w * c.from,
                .ny = c.images * c.oh * c.ow * c.to,
                .nw = c.from * c.to * way->kernel * way->kernel};
  a->x = numbers(a->nx, 1);
  a->y = numbers(a->ny, 2);
  a->w = numbers(a->nw, 3);
  a->scratch = malloc(way->scratch(&c) * sizeof(float));
}

static void drop(arrays *a) {
  free(a->x);
  free(a->y);
  free(a->w);
  free(a->scratch);
}

typedef enum product { INTO_Y, INTO_X, INTO_W } product;

/* [taps, rows, columns] of w [to, from, taps], whose rows are `to` or `from`. */
static double *by_taps(const arrays *a, bool to_rows) {
  const int64_t taps = a->way->kernel * a->way->kernel, pairs = a->c.to * a->c.from;
  double *v = malloc((size_t)a->nw * sizeof *v);
  for (int64_t o = 0; o < a->c.to; o++)
    for (int64_t i = 0; i < a->c.from; i++)
      for (int64_t t = 0; t < taps; t++)
        v[t * pairs + (to_rows ? o * a->c.from + i : i * a->c.to + o)] =
            a->w[(o * a->c.from + i) * taps + t];
  return v;
}

static void add(double *restrict sum, double by, const double *restrict v, int64_t n) {
  for (int64_t i = 0; i < n; i++) sum[i] += by * v[i];
}

static double *doubles(const float *from, int64_t n) {
  double *v = malloc((size_t)n * sizeof *v);
  for (int64_t i = 0; i < n; i++) v[i] = from[i];
  return v;
}

/* What each product adds to its result, by definition; of weights as by_taps has them. */
static void by_loops(const arrays *a, product into, double *sum) {
  const at_tiling *c = &a->c;
  const int64_t side = a->way->kernel, taps = side * side, from = c->from, to = c->to;
  double *dx = doubles(a->x, a->nx), *dy = doubles(a->y, a->ny), *w = by_taps(a, into == INTO_X);
  for (int64_t k = 0; k < c->images * c->oh * c->ow * taps; k++) {
    const int64_t tap = k % taps, p = k / taps, ox = p % c->ow, oy = p / c->ow % c->oh;
    const int64_t y = oy * a->way->stride + tap / side - c->pad;
    const int64_t x = ox * a->way->stride + tap % side - c->pad;
    if (y < 0 || y >= c->h * a->by || x < 0 || x >= c->w * a->by) continue;
    const int64_t at_x = ((p / c->ow / c->oh * c->h + y / a->by) * c->w + x / a->by) * from,
                  at_y = p * to;
    const int64_t at_w = tap * from * to;
    for (int64_t i = 0; into == INTO_Y && i < from; i++)
      add(sum + at_y, dx[at_x + i], w + at_w + i * to, to);
    for (int64_t o = 0; into == INTO_X && o < to; o++)
      add(sum + at_x, dy[at_y + o], w + at_w + o * from, from);
    for (int64_t o = 0; into == INTO_W && o < to; o++)
      add(sum + at_w + o * from, dy[at_y + o], dx + at_x, from);
  }
  free(dx);
  free(dy);
  free(w);
}

/* The same, of weights as they lie in memory. */
static double *defined(const arrays *a, product into, int64_t n) {
  double *sum = calloc((size_t)n, sizeof *sum);
  by_loops(a, into, sum);
  if (into != INTO_W) return sum;
  const int64_t taps = a->way->kernel * a->way->kernel;
  double *w = malloc((size_t)n * sizeof *w);
  for (int64_t i = 0; i < n; i++) w[i] = sum[i % taps * (n / taps) + i / taps];
  free(sum);
  return w;
}

/* All products add to what is there. */
static float *there(int64_t n) {
  float *v = malloc((size_t)n * sizeof *v);
  at_random_uniforms(&(at_random){.seed = 3, .stream = 4}, 0, (size_t)n, v);
  return v;
}

static int64_t result(const arrays *a, product into, at_pool *pool, float **out) {
  const int64_t n = into == INTO_Y ? a->ny : into == INTO_X ? a->nx : a->nw;
  *out = there(n);
  if (into == INTO_Y) a->way->forward(pool, &a->c, a->w, a->x, *out, a->scratch);
  if (into == INTO_X) a->way->into_x(pool, &a->c, a->w, a->y, *out, a->scratch);
  if (into == INTO_W) a->way->into_weight(pool, &a->c, a->x, a->y, *out, a->scratch);
  return n;
}

/* In the place of what is there. */
static void written(const arrays *a, product into, const double *want, double most) {
  arrays b = *a;
  float *got;
  b.c.assign = true;
  const int64_t n = result(&b, into, NULL, &got);
  for (int64_t i = 0; i < n; i++) assert_true(fabs(got[i] - want[i]) <= most);
  free(got);
}

static void check(const arrays *a, product into) {
  float *got, *again, *before;
  at_pool *pool;
  assert_int_equal(at_pool_new(3, &pool, NULL), AT_OK);
  int64_t n = result(a, into, NULL, &got);
  result(a, into, pool, &again);
  assert_memory_equal(got, again, (size_t)n * sizeof *got);
  before = there(n);
  double *want = defined(a, into, n), square = 0, off = 0;
  for (int64_t i = 0; i < n; i++) square += want[i] * want[i];
  const double size = sqrt(square / (double)n);
  /* Larger tiles round larger sums. */
  const double most = a->way->side < 4 || a->by > 1 ? 9e-6 : a->way->kernel == 3 ? 1.8e-5 : 3e-5;
  for (int64_t i = 0; i < n; i++) {
    const double error = got[i] - before[i] - want[i];
    off += error * error;
    if (!(fabs(error) <= most * size))
      fail_msg(
          "kernel %lld, product %d, pad %lld: [%lld] is %.8g, by definition %.8g of about %.3g",
          (long long)a->way->kernel, (int)into, (long long)a->c.pad, (long long)i,
          got[i] - before[i], want[i], size);
  }
  off = sqrt(off / (double)n);
  /* A weight's gradient sums over all tiles: where that product is BLIS's, in pieces as long as it
   * takes them on the processor, which are 640 on aarch64; core/tensor/direct.c has 256. */
  const bool pieces = into == INTO_W && a->way->kernel == 4 && a->way->side < 4;
  if (!(off <= most / (pieces ? 9 : 12) * size))
    fail_msg("kernel %lld, product %d, pad %lld: off by %.3g on the average, of about %.3g",
             (long long)a->way->kernel, (int)into, (long long)a->c.pad, off, size);
  if (into == INTO_Y || (into == INTO_X && a->way->writes_x)) written(a, into, want, most * size);
  at_pool_free(pool);
  free(got);
  free(again);
  free(before);
  free(want);
}

static void test_all(void **state) {
  (void)state;
  const struct {
    const at_tiled *way;
    at_tiling c;
  } cases[] = {
      {at_tiled_find("winograd_two"),
       {.images = 12, .h = 5, .w = 4, .from = 33, .to = 70, .pad = 1}},
      {at_tiled_find("winograd_two"),
       {.images = 22, .h = 3, .w = 7, .from = 64, .to = 32, .pad = 0}},
      {at_tiled_find("winograd_two"),
       {.images = 17, .h = 1, .w = 2, .from = 40, .to = 36, .pad = 2}},
      {at_tiled_find("winograd_two"),
       {.images = 17, .h = 11, .w = 12, .from = 32, .to = 32, .pad = 1}}, /* 612 tiles */
      {at_tiled_find("winograd_four"),
       {.images = 32, .h = 5, .w = 7, .from = 33, .to = 70, .pad = 1}},
      {at_tiled_find("winograd_four"),
       {.images = 70, .h = 6, .w = 6, .from = 64, .to = 32, .pad = 0}},
      {at_tiled_find("winograd_four"),
       {.images = 65, .h = 2, .w = 1, .from = 40, .to = 36, .pad = 2}},
      {at_tiled_find("winograd_four"),
       {.images = 17, .h = 16, .w = 15, .from = 32, .to = 32, .pad = 1}}, /* 272 tiles */
      /* tiles of half a side at both edges, and chunks that lack some kinds of tiles */
      {at_tiled_find("winograd_four"),
       {.images = 30, .h = 10, .w = 14, .from = 40, .to = 33, .pad = 1}},
      {at_tiled_find("halving"), {.images = 33, .h = 7, .w = 8, .from = 33, .to = 70, .pad = 1}},
      {at_tiled_find("halving"), {.images = 80, .h = 4, .w = 6, .from = 64, .to = 32, .pad = 0}},
      {at_tiled_find("halving"), {.images = 70, .h = 2, .w = 1, .from = 70, .to = 49, .pad = 2}},
      {at_tiled_find("halving"),
       {.images = 90, .h = 17, .w = 16, .from = 32, .to = 32, .pad = 1}}, /* 1440 tiles */
      {at_tiled_find("quarters"), {.images = 33, .h = 15, .w = 16, .from = 33, .to = 70, .pad = 1}},
      {at_tiled_find("quarters"), {.images = 80, .h = 10, .w = 9, .from = 64, .to = 32, .pad = 0}},
      {at_tiled_find("quarters"), {.images = 70, .h = 5, .w = 6, .from = 70, .to = 49, .pad = 2}},
      {at_tiled_find("quarters"),
       {.images = 22, .h = 33, .w = 32, .from = 40, .to = 33, .pad = 1}}, /* several chunks */
      /* few channels made; bands of less than a picture */
      {at_tiled_find("narrow"), {.images = 5, .h = 7, .w = 9, .from = 33, .to = 3, .pad = 1}},
      {at_tiled_find("narrow"), {.images = 3, .h = 90, .w = 100, .from = 16, .to = 5, .pad = 1}},
      {at_tiled_find("narrow"), {.images = 20, .h = 3, .w = 4, .from = 40, .to = 1, .pad = 0}},
      {at_tiled_find("narrow"), {.images = 17, .h = 1, .w = 2, .from = 20, .to = 4, .pad = 2}},
      /* edges of all kinds, odd sides, chunks that lack some kinds of tiles */
      {at_tiled_find("doubled"), {.images = 3, .h = 9, .w = 12, .from = 33, .to = 70, .pad = 1}},
      {at_tiled_find("doubled"), {.images = 20, .h = 8, .w = 17, .from = 64, .to = 36, .pad = 1}},
      {at_tiled_find("doubled"), {.images = 1, .h = 10, .w = 8, .from = 300, .to = 270, .pad = 1}},
      /* few tiles: weights by blocks, of which the last ones are smaller */
      {at_tiled_find("winograd_two"),
       {.images = 8, .h = 4, .w = 4, .from = 133, .to = 500, .pad = 1}},
      {at_tiled_find("winograd_two"),
       {.images = 16, .h = 4, .w = 3, .from = 300, .to = 128, .pad = 0}},
      {at_tiled_find("winograd_four"),
       {.images = 8, .h = 8, .w = 7, .from = 161, .to = 130, .pad = 1}},
      {at_tiled_find("halving"), {.images = 8, .h = 8, .w = 8, .from = 128, .to = 450, .pad = 1}},
      {at_tiled_find("quarters"),
       {.images = 8, .h = 16, .w = 15, .from = 133, .to = 150, .pad = 1}},
      {at_tiled_find("quarters"),
       {.images = 16, .h = 10, .w = 9, .from = 128, .to = 131, .pad = 0}},
      {at_tiled_find("halving"), {.images = 17, .h = 5, .w = 4, .from = 260, .to = 131, .pad = 0}},
      /* more weights, and tiles, than are worked on at a time */
      {at_tiled_find("halving"), {.images = 110, .h = 3, .w = 4, .from = 390, .to = 70, .pad = 1}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    arrays a;
    make(&a, cases[i].way, cases[i].c);
    assert_true(cases[i].way->pays(&a.c));
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
