/* What was measured, as JSON. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/bench/bench.h"
#include "core/level/level.h"

static json_t *number(double v) { return isfinite(v) ? json_real(v) : json_null(); }
static json_t *count(int64_t n) { return n >= 0 ? json_integer(n) : json_null(); }
static json_t *share(double v, double of) { return of > 0 ? number(v / of) : json_null(); }

static json_t *wide(const at_bench_wide *w) {
  json_t *seconds = json_object();
  char threads[16];
  for (int i = 0; i < AT_BENCH_WIDTHS; i++) {
    snprintf(threads, sizeof threads, "%d", at_bench_widths[i]);
    json_object_set_new(seconds, threads, json_real(w->seconds[i]));
  }
  return json_pack("{s:o, s:f, s:I, s:I}", "seconds", seconds, "alone_s", w->alone, "works",
                   (json_int_t)w->works, "parts", (json_int_t)w->parts);
}

static json_t *phase(const at_bench *b, int i) {
  const at_bench_time *t = &b->time[i];
  json_t *o =
      json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:o, s:o, s:o, s:o}", "median_s", t->median,
                "least_s", t->least, "flops", t->flops, "bytes", t->bytes, "flops_per_s",
                t->flop_rate, "bytes_per_s", t->rate, "of_sgemm",
                share(t->flop_rate, b->machine.sgemm), "of_copy", share(t->rate, b->machine.copy),
                "allocations", count(t->allocations), "most_allocations", count(t->most));
  if (o && b->scaled) json_object_set_new(o, "threads", wide(&t->wide));
  return o;
}

static const char *const part_names[AT_EXEC_PARTS] = {"forward", "again", "backward"};

static json_t *part(const at_bench_part *p) {
  return json_pack("{s:f, s:f, s:f, s:o, s:o}", "seconds", p->seconds, "flops", p->flops, "bytes",
                   p->bytes, "flops_per_s", share(p->flops, p->seconds), "bytes_per_s",
                   share(p->bytes, p->seconds));
}

static json_t *spot(const at_bench *b, const at_bench_spot *s, const char *name) {
  const at_bench_part all = at_bench_sum(s);
  json_t *o = json_object();
  if (s->path) {
    json_object_set_new(o, "file", json_string(s->path));
    json_object_set_new(o, "line", json_integer(s->line));
    json_object_set_new(o, "column", json_integer(s->column));
    json_object_set_new(o, "text", json_stringn(s->text, (size_t)s->size));
  }
  json_object_set_new(o, name, json_string(s->name));
  json_object_set_new(o, "nodes", json_integer(s->nodes));
  json_object_set_new(o, "seconds", json_real(all.seconds));
  json_object_set_new(o, "share", share(all.seconds, b->total));
  json_object_set_new(o, "flops", json_real(all.flops));
  json_object_set_new(o, "bytes", json_real(all.bytes));
  for (int i = 0; i < AT_EXEC_PARTS; i++) json_object_set_new(o, part_names[i], part(&s->part[i]));
  if (b->scaled) json_object_set_new(o, "threads", wide(&s->wide));
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

static at_status print(json_t *root, at_text *out, at_error *err) {
  if (!root) return at_nomem(err);
  char *text = json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(17));
  json_decref(root);
  if (!text) return at_nomem(err);
  at_text_addf(out, "%s\n", text);
  free(text);
  return out->failed ? at_nomem(err) : AT_OK;
}

at_status at_bench_json(const at_bench *b, at_text *out, at_error *err) {
  char weights[17];
  json_t *phases = json_object();
  snprintf(weights, sizeof weights, "%016" PRIx64, b->weights);
  for (int i = 0; i < AT_BENCH_PHASES; i++)
    if (b->losses || i == AT_BENCH_LOAD || i == AT_BENCH_FORWARD || i == AT_BENCH_STEP)
      json_object_set_new(phases, at_bench_phase_names[i], phase(b, i));
  json_t *root =
      json_pack("{s:s, s:s, s:I, s:i, s:i, s:i, s:o, s:o, s:f, s:f, s:f, s:f, s:o, s:b, s:s}",
                "model", b->model, "instructions", at_level(), "batch", (json_int_t)b->batch,
                "threads", b->threads, "repeat", b->repeat, "losses", b->losses, "phases", phases,
                "sizes", sizes(b), "sgemm_flops_per_s", b->machine.sgemm, "copy_bytes_per_s",
                b->machine.copy, "planned_bytes", b->planned, "peak_bytes", b->peak, "loss",
                number(b->loss), "finite", b->finite, "weights", weights);
  if (root && b->profiled) json_object_set_new(root, "profile", profile(b));
  return print(root, out, err);
}

at_status at_bench_cases_json(const at_bench_cases *c, at_text *out, at_error *err) {
  json_t *list = json_array();
  for (int i = 0; i < c->n; i++)
    json_array_append_new(
        list, json_pack("{s:s, s:s, s:o, s:o}", "operator", c->v[i].op, "shape", c->v[i].shape,
                        "forward", part(&c->v[i].way[0]), "backward", part(&c->v[i].way[1])));
  return print(json_pack("{s:s, s:i, s:i, s:f, s:f, s:o}", "instructions", at_level(), "threads",
                         c->threads, "repeat", c->repeat, "sgemm_flops_per_s", c->machine.sgemm,
                         "copy_bytes_per_s", c->machine.copy, "cases", list),
               out, err);
}

at_status at_bench_evaluation_json(const at_bench_evaluation *e, at_text *out, at_error *err) {
  json_t *rows = json_object(), *results = json_object();
  for (int i = 0; i < e->n_table; i++)
    json_object_set_new(rows, e->table[i].table, json_integer((json_int_t)e->table[i].rows));
  for (size_t i = 0; i < e->n_result; i++)
    json_object_set_new(results, e->result[i].name, number(e->result[i].value));
  return print(json_pack("{s:s, s:o, s:i, s:i, s:f, s:f, s:f, s:o}", "split", e->split, "rows",
                         rows, "threads", e->threads, "repeat", e->repeat, "median_s", e->median,
                         "least_s", e->least, "peak_bytes", e->peak, "results", results),
               out, err);
}
