/* What metrics ask of other networks, and what they keep. */
#include <string.h>
#include "core/plugin/plugin_impl.h"

static _Thread_local const at_metric_ops *ops;

const at_metric_ops *at_metric_use(const at_metric_ops *now) {
  const at_metric_ops *before = ops;
  ops = now;
  return before;
}

static int no_metric(void) {
  at_error err = {0};
  return at_host_keep(
      at_fail(&err, AT_EFAIL, "networks are for metrics of pictures, while they are asked"), &err);
}

int at_host_network(const attune_host *host, const attune_network_spec *spec,
                    attune_network **out) {
  attune_network_spec s = {0};
  at_error err = {0};
  (void)host;
  *out = NULL;
  if (!ops) return no_metric();
  memcpy(&s, spec, spec->size < sizeof s ? spec->size : sizeof s);
  if (!s.weights) s.weights = "";
  if (!s.arguments) s.arguments = "";
  if (!s.model || !*s.model || !s.outputs || !*s.outputs)
    return at_host_keep(
        at_fail(&err, AT_EFAIL, "a network is asked for without a model, or without outputs"),
        &err);
  return at_host_keep(ops->network(ops->ctx, &s, out, &err), &err);
}

const char *at_host_network_name(const attune_network *n) { return ops ? ops->name(n) : ""; }
uint64_t at_host_network_key(const attune_network *n) { return ops ? ops->key(n) : 0; }

int at_host_network_see(attune_network *n, const uint8_t *rgb, int64_t count, int64_t height,
                        int64_t width) {
  at_error err = {0};
  if (!ops) return no_metric();
  return at_host_keep(ops->see(n, rgb, count, height, width, &err), &err);
}

int at_host_network_read(attune_network *n, const char *const *text, int64_t count) {
  at_error err = {0};
  if (!ops) return no_metric();
  return at_host_keep(ops->read(n, text, count, &err), &err);
}

int at_host_network_output(attune_network *n, const char *name, attune_array *out) {
  at_error err = {0};
  if (!ops) return no_metric();
  return at_host_keep(ops->output(n, name, out, &err), &err);
}

const void *at_host_remembered(const attune_host *host, const char *key, size_t *bytes) {
  (void)host;
  *bytes = 0;
  return ops ? ops->remembered(ops->ctx, key, bytes) : NULL;
}

int at_host_remember(const attune_host *host, const char *key, const void *value, size_t bytes) {
  at_error err = {0};
  (void)host;
  if (!ops) return no_metric();
  return at_host_keep(ops->remember(ops->ctx, key, value, bytes, &err), &err);
}
