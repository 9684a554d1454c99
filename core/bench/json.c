/* What was measured, as JSON. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/bench/bench.h"

static json_t *number(double v) { return isfinite(v) ? json_real(v) : json_null(); }
static json_t *count(int64_t n) { return n >= 0 ? json_integer(n) : json_null(); }
static json_t *share(double v, double of) { return of > 0 ? number(v / of) : json_null(); }

static json_t *phase(const at_bench *b, int i) {
  const at_bench_time *t = &b->time[i];
  return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:o, s:o, s:o, s:o}", "median_s", t->median,
                   "least_s", t->least, "flops", t->flops, "bytes", t->bytes, "flops_per_s",
                   t->flop_rate, "bytes_per_s", t->rate, "of_sgemm", share(t->flop_rate, b->sgemm),
                   "of_copy", share(t->rate, b->copy), "allocations", count(t->allocations),
                   "most_allocations", count(t->most));
}

static json_t *spot(const at_bench *b, const at_bench_spot *s, const char *name) {
  const double seconds = at_bench_seconds(s);
  json_t *o = json_object();
  if (s->path) {
    json_object_set_new(o, "file", json_string(s->path));
    json_object_set_new(o, "line", json_integer(s->line));
    json_object_set_new(o, "column", json_integer(s->column));
    json_object_set_new(o, "text", json_stringn(s->text, (size_t)s->size));
  }
  json_object_set_new(o, name, json_string(s->name));
  json_object_set_new(o, "nodes", json_integer(s->nodes));
  json_object_set_new(o, "seconds", json_real(seconds));
  json_object_set_new(o, "share", share(seconds, b->total));
  json_object_set_new(o, "forward_s", json_real(s->forward));
  json_object_set_new(o, "again_s", json_real(s->again));
  json_object_set_new(o, "backward_s", json_real(s->backward));
  json_object_set_new(o, "flops", json_real(s->flops));
  json_object_set_new(o, "bytes", json_real(s->bytes));
  json_object_set_new(o, "flops_per_s", share(s->flops, seconds));
  json_object_set_new(o, "bytes_per_s", share(s->bytes, seconds));
  return o;
}

static json_t *spots(const at_bench *b, const at_bench_spots *all, const char *name) {
  json_t *list = json_array();
  for (int i = 0; i < all->n; i++) json_array_append_new(list, spot(b, &all->v[i], name));
  return list;
}

static json_t *profile(const at_bench *b) {
  return json_pack("{s:f, s:o, s:o, s:o, s:f, s:f, s:f}", "seconds", b->total, "lines",
                   spots(b, &b->line, "operators"), "operators", spots(b, &b->op, "operator"),
                   "modules", spots(b, &b->module, "module"), "load_s", b->load, "update_s",
                   b->update, "between_s", b->between);
}

static json_t *sizes(const at_bench *b) {
  json_t *list = json_array();
  for (int i = 0; i < b->n_size; i++)
    json_array_append_new(list,
                          json_pack("{s:s, s:I, s:b}", "name", b->size[i].name, "size",
                                    (json_int_t)b->size[i].size, "assumed", b->size[i].assumed));
  return list;
}

at_status at_bench_json(const at_bench *b, at_text *out, at_error *err) {
  char weights[17];
  json_t *phases = json_object();
  snprintf(weights, sizeof weights, "%016" PRIx64, b->weights);
  for (int i = 0; i < AT_BENCH_PHASES; i++)
    if (b->losses || i == AT_BENCH_LOAD || i == AT_BENCH_FORWARD || i == AT_BENCH_STEP)
      json_object_set_new(phases, at_bench_phase_names[i], phase(b, i));
  json_t *root =
      json_pack("{s:s, s:I, s:i, s:i, s:i, s:o, s:o, s:f, s:f, s:f, s:f, s:o, s:b, s:s}", "model",
                b->model, "batch", (json_int_t)b->batch, "threads", b->threads, "repeat", b->repeat,
                "losses", b->losses, "phases", phases, "sizes", sizes(b), "sgemm_flops_per_s",
                b->sgemm, "copy_bytes_per_s", b->copy, "planned_bytes", b->planned, "peak_bytes",
                b->peak, "loss", number(b->loss), "finite", b->finite, "weights", weights);
  if (!root) return at_nomem(err);
  if (b->profiled) json_object_set_new(root, "profile", profile(b));
  char *text = json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(17));
  json_decref(root);
  if (!text) return at_nomem(err);
  at_text_addf(out, "%s\n", text);
  free(text);
  return out->failed ? at_nomem(err) : AT_OK;
}
