/* The numbers and arrays in a pickled dict of Python, as MMF keeps features in LMDB: nothing is
 * imported or called, and of numpy only arrays, scalars and their types are known.
 *
 * Protocols 3 to 5, without persistent ids, buffers out of band and extensions. Dicts within lists
 * or arrays of objects count as if their items were the outer dict's. */
#ifndef ATTUNE_DATA_PICKLE_DICT_H
#define ATTUNE_DATA_PICKLE_DICT_H
#include <attune/plugin.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct pickle_array {
  const unsigned char *data; /* in the pickle, not aligned; little-endian */
  int64_t shape[4];
  int ndim, size; /* size: bytes of a float, 4 or 8 */
  bool fortran;   /* the first axis runs fastest */
} pickle_array;

typedef struct pickle_item {
  const char *key; /* in the pickle, not ended by a NUL */
  size_t n_key;
  bool is_array;
  double number;
  pickle_array array;
} pickle_item;

enum { PICKLE_ITEMS = 64 }; /* more are passed over */
/* out[PICKLE_ITEMS]; scratch memory is the host's. 0, ATTUNE_NO_MEMORY, or ATTUNE_BAD_INPUT with a
 * sentence in *why. [worker] */
int pickle_dict(const attune_host *host, const unsigned char *bytes, size_t n, pickle_item *out,
                int *items, const char **why);
/* The first of the names that is there, and an array or a number; NULL: none is. Names end with
 * NULL. */
const pickle_item *pickle_find(const pickle_item *v, int items, bool array,
                               const char *const *names);
/* float[count of elements] in C order. */
void pickle_copy(const pickle_array *a, float *dst);
#endif
