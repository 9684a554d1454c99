#include "core/base/random.h"
#include <math.h>
#include <string.h>

static inline void round_once(uint32_t *c0, uint32_t *c1, uint32_t *c2, uint32_t *c3,
                              const uint32_t k[2]) {
  const uint64_t p0 = (uint64_t)0xD2511F53u * *c0, p1 = (uint64_t)0xCD9E8D57u * *c2;
  *c0 = (uint32_t)(p1 >> 32) ^ *c1 ^ k[0];
  *c1 = (uint32_t)p1;
  *c2 = (uint32_t)(p0 >> 32) ^ *c3 ^ k[1];
  *c3 = (uint32_t)p0;
}

static inline void next_key(uint32_t k[2]) {
  k[0] += 0x9E3779B9u;
  k[1] += 0xBB67AE85u;
}

void at_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
  uint32_t c[4] = {counter[0], counter[1], counter[2], counter[3]}, k[2] = {key[0], key[1]};
  for (int i = 0; i < 10; i++, next_key(k)) round_once(&c[0], &c[1], &c[2], &c[3], k);
  memcpy(out, c, sizeof c);
}

uint64_t at_hash64(const void *bytes, size_t n) {
  const unsigned char *p = bytes;
  uint64_t h = 0xcbf29ce484222325ull;
  for (size_t i = 0; i < n; i++) h = (h ^ p[i]) * 0x100000001b3ull;
  return h;
}

uint64_t at_hash_name(const char *name) { return at_hash64(name, strlen(name)); }

/* counter = index (64 bits), low words of stream and step; key = seed mixed with
 * the high word of the stream. */
static void key_of(const at_random *r, uint32_t key[2]) {
  key[0] = (uint32_t)r->seed;
  key[1] = (uint32_t)(r->seed >> 32) ^ (uint32_t)(r->stream >> 32) * 0x9E3779B9u;
}

static void block_at(const at_random *r, uint64_t index, uint32_t out[4]) {
  const uint32_t counter[4] = {(uint32_t)index, (uint32_t)(index >> 32), (uint32_t)r->stream,
                               (uint32_t)r->step};
  uint32_t key[2];
  key_of(r, key);
  at_philox(counter, key, out);
}

uint32_t at_random_u32(const at_random *r, uint64_t index) {
  uint32_t w[4];
  block_at(r, index / 4, w);
  return w[index % 4];
}

static float uniform_of(uint32_t bits) { return (float)(bits >> 8) * 0x1p-24f; }

float at_random_uniform(const at_random *r, uint64_t index) {
  return uniform_of(at_random_u32(r, index));
}

/* Blocks side by side, so that compilers turn the rounds into vector code. */
enum { BLOCKS = 16 };

static void blocks_at(const at_random *r, uint64_t index, uint32_t c[4][BLOCKS]) {
  uint32_t k[2];
  key_of(r, k);
  for (int b = 0; b < BLOCKS; b++) {
    c[0][b] = (uint32_t)(index + (uint64_t)b);
    c[1][b] = (uint32_t)((index + (uint64_t)b) >> 32);
    c[2][b] = (uint32_t)r->stream;
    c[3][b] = (uint32_t)r->step;
  }
  for (int i = 0; i < 10; i++, next_key(k))
    for (int b = 0; b < BLOCKS; b++) round_once(&c[0][b], &c[1][b], &c[2][b], &c[3][b], k);
}

void at_random_uniforms(const at_random *r, uint64_t first, size_t n, float *out) {
  size_t i = 0;
  for (; i < n && (first + i) % 4; i++) out[i] = at_random_uniform(r, first + i);
  for (; i + (size_t)(4 * BLOCKS) <= n; i += (size_t)(4 * BLOCKS)) {
    uint32_t c[4][BLOCKS];
    blocks_at(r, (first + i) / 4, c);
    for (int b = 0; b < BLOCKS; b++)
      for (int k = 0; k < 4; k++) out[i + (size_t)(4 * b + k)] = uniform_of(c[k][b]);
  }
  for (; i < n; i++) out[i] = at_random_uniform(r, first + i);
}

float at_random_normal(const at_random *r, uint64_t index) {
  uint32_t w[4];
  block_at(r, index / 2, w);
  int half = (int)(index % 2) * 2;
  /* (0, 1]: the logarithm of zero never comes up */
  double u = ((w[half] >> 8) + 1) * 0x1p-24, v = w[half + 1] * 0x1p-32;
  return (float)(sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v));
}

uint64_t at_random_below(const at_random *r, uint64_t index, uint64_t bound) {
  uint32_t w[4];
  block_at(r, index, w);
  uint64_t x = (uint64_t)w[0] << 32 | w[1];
  return (uint64_t)(((unsigned __int128)x * bound) >> 64);
}

void at_random_permutation(const at_random *r, uint32_t *out, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) out[i] = i;
  for (uint32_t i = n; i > 1; i--) {
    uint32_t j = (uint32_t)at_random_below(r, i, i), t = out[i - 1];
    out[i - 1] = out[j];
    out[j] = t;
  }
}
