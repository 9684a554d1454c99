/* A metric called by its spelling. */
#ifndef TESTS_METRIC_CALL_H
#define TESTS_METRIC_CALL_H
#include "tests/unit/cm.h"
#include "core/plugin/plugin_impl.h"

/* What at_metric_compute says; the spelling itself must be right. */
static inline at_status metric_call(at_registry *reg, const char *spec, const attune_prediction *p,
                                    at_result **r, size_t *n, at_error *err) {
  char *name;
  at_option_value *v;
  size_t k;
  const at_item *it;
  attune_options *o;
  assert_int_equal(at_spec_parse(spec, &name, &v, &k, err), AT_OK);
  assert_int_equal(at_registry_find(reg, ATTUNE_METRIC, name, &it, err), AT_OK);
  assert_int_equal(at_options_new(it, v, k, NULL, &o, err), AT_OK);
  *r = NULL;
  *n = 0;
  at_status s = at_metric_compute(it, o, p, r, n, err);
  at_options_free(o);
  free(name);
  free(v);
  return s;
}
#endif
