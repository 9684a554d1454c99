/* Time of a score against that of `dot`, for information: no machine is the same as another. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/clock.h"
#include "core/check/check_impl.h"

enum { LEAST_TIMES = 2, MOST_TIMES = 50 };
/* seconds */
#define LONG_ENOUGH 0.05
#define SLOW        0.05 /* larger ones are not tried after that */

/* Seconds of one forward and backward, the least of several. */
static double seconds(ck *c, const char *spec, const ck_dims *d) {
  ck_net w;
  double least = -1, begin = at_clock();
  if (!ck_net_open(c, spec, d, NULL, &w)) return -1;
  float *grad = ck_weights(c, w.n);
  for (int i = 0; grad && i < MOST_TIMES && (i < LEAST_TIMES || at_clock() - begin < LONG_ENOUGH);
       i++) {
    const double t = at_clock();
    ck_net_forward(&w);
    ck_net_backward(&w, grad);
    const double s = at_clock() - t;
    if (least < 0 || s < least) least = s;
  }
  free(grad);
  ck_net_close(&w);
  return least;
}

at_check_outcome ck_speed(ck *c) {
  static const ck_dims dims[] = {{CK_APART, 4, 36, 4, {10, 12, 9, 11}, 64},
                                 {CK_APART, 16, 36, 4, {40, 40, 40, 40}, 64},
                                 {CK_APART, 16, 36, 4, {40, 40, 40, 40}, 512}};
  static const char *const names[] = {"144 x 42 pairs at d = 64", "576 x 160 at 64",
                                      "576 x 160 at 512"};
  enum { N = sizeof dims / sizeof *dims };
  at_registry *own = c->reg, *all = NULL;
  char text[400] = "";
  if (at_registry_new(NULL, 0, &all, &c->err) != AT_OK) return ck_err(c, "dot");
  double mine = 0;
  for (int i = 0; i < N && mine < SLOW; i++) {
    mine = seconds(c, c->spec, &dims[i]);
    c->reg = all;
    const double dot = mine < 0 ? -1 : seconds(c, "dot", &dims[i]);
    c->reg = own;
    if (dot <= 0) break;
    const size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, "%s%s %.1f", used ? ", " : "", names[i], mine / dot);
  }
  at_registry_free(all);
  if (!*text) return ck_skip(c, "%s", c->err.message);
  return ck_note(c, "times that of dot: %s", text);
}
