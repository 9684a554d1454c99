#include "core/data/convert.h"
#include <string.h>

static float float_of_bits(uint32_t bits) {
  float f;
  memcpy(&f, &bits, sizeof f);
  return f;
}

float at_half_to_float(uint16_t h) {
  uint32_t sign = (uint32_t)(h & 0x8000u) << 16;
  uint32_t exponent = (h >> 10) & 0x1fu, fraction = h & 0x3ffu;
  if (exponent == 31) return float_of_bits(sign | 0x7f800000u | fraction << 13);
  if (exponent == 0) { /* zero or subnormal: fraction * 2^-24, exact in float32 */
    float magnitude = (float)fraction * 0x1p-24f;
    return sign ? -magnitude : magnitude;
  }
  return float_of_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

float at_bfloat16_to_float(uint16_t b) { return float_of_bits((uint32_t)b << 16); }

uint16_t at_load_u16(const unsigned char *p) { return (uint16_t)(p[0] | p[1] << 8); }

uint32_t at_load_u32(const unsigned char *p) {
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint64_t at_load_u64(const unsigned char *p) {
  return at_load_u32(p) | (uint64_t)at_load_u32(p + 4) << 32;
}

void at_store_u16(unsigned char *p, uint16_t v) {
  p[0] = (unsigned char)v;
  p[1] = (unsigned char)(v >> 8);
}

void at_store_u32(unsigned char *p, uint32_t v) {
  at_store_u16(p, (uint16_t)v);
  at_store_u16(p + 2, (uint16_t)(v >> 16));
}

void at_store_u64(unsigned char *p, uint64_t v) {
  at_store_u32(p, (uint32_t)v);
  at_store_u32(p + 4, (uint32_t)(v >> 32));
}
