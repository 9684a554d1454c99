/* Sixteen rows of sixteen numbers, turned in registers. */
#ifndef AT_TENSOR_TURN_H
#define AT_TENSOR_TURN_H
#include <stdint.h>
#include <string.h>

enum { AT_TURN = 16 };
typedef float at_turn_row __attribute__((vector_size(AT_TURN * sizeof(float))));

/* to[i][l] = from[l * step + i], i and l below AT_TURN; of the last row only `last` numbers are
 * read, and zeros stand for the others. Row i of one half and row i of the other go side by side
 * until each has all. */
static inline void at_turn(const float *from, int64_t step, size_t last,
                           float (*restrict to)[AT_TURN]) {
  at_turn_row a[AT_TURN], b[AT_TURN];
#pragma GCC unroll 16
  for (int i = 0; i < AT_TURN - 1; i++) memcpy(&a[i], from + i * step, sizeof a[i]);
  float end[AT_TURN] = {0};
  memcpy(end, from + (AT_TURN - 1) * step, last * sizeof *end);
  memcpy(&a[AT_TURN - 1], end, sizeof end);
#pragma GCC unroll 4
  for (int round = 0; round < 4; round++) {
#pragma GCC unroll 8
    for (int i = 0; i < AT_TURN / 2; i++) {
      b[2 * i] = __builtin_shufflevector(a[i], a[i + AT_TURN / 2], 0, 16, 1, 17, 2, 18, 3, 19, 4,
                                         20, 5, 21, 6, 22, 7, 23);
      b[2 * i + 1] = __builtin_shufflevector(a[i], a[i + AT_TURN / 2], 8, 24, 9, 25, 10, 26, 11, 27,
                                             12, 28, 13, 29, 14, 30, 15, 31);
    }
    memcpy(a, b, sizeof a);
  }
#pragma GCC unroll 16
  for (int i = 0; i < AT_TURN; i++) memcpy(to[i], &a[i], sizeof a[i]);
}
#endif
