/* Ways of convolutions by their names. */
#include <string.h>
#include "core/graph/doubled.h"
#include "core/graph/halving.h"
#include "core/graph/narrow.h"
#include "core/graph/quarters.h"
#include "core/graph/winograd.h"

static const struct named {
  const char *name;
  const at_tiled *way;
} ways[] = {{"winograd_two", &at_winograd_two},
            {"winograd_four", &at_winograd_four},
            {"halving", &at_halving},
            {"quarters", &at_quarters},
            {"narrow", &at_narrow},
            {"doubled", &at_doubled}};

const at_tiled *at_tiled_find(const char *name) {
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
    if (!strcmp(ways[i].name, name)) return ways[i].way;
  return NULL;
}
