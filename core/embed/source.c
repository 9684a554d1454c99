/* Where a model comes from: a text, a file, or a run directory with all that is known of it there.
 */
#include <string.h>
#include "core/embed/embed.h"

static at_status check_source(const attune_model_source *s, at_error *err) {
  if (!s->path && !s->text)
    return at_fail(err, AT_EINPUT, "the source of a model has neither a path nor a text");
  if ((s->argument_count && !s->arguments) || (s->size_count && !s->sizes))
    return at_fail(err, AT_EINPUT, "arguments or sizes are counted, but NULL");
  return AT_OK;
}

static bool says(const attune_model_source *s, const char *name) {
  const size_t n = strlen(name);
  for (size_t i = 0; i < s->size_count; i++)
    if (!strncmp(s->sizes[i], name, n) && s->sizes[i][n] == '=') return true;
  return false;
}

static const at_node *input_of(const at_graph *g, const char *name) {
  for (int i = 0; i < g->n_input; i++)
    if (!strcmp(g->input[i]->name, name)) return g->input[i];
  return NULL;
}

/* The caller's sizes, and the ids that the run knows of. */
static at_status find_sizes(attune_context *c, const attune_model_source *s, at_origin *o,
                            at_error *err) {
  at_model probe;
  at_model_options open = o->o;
  open.n_size = 0;
  at_status st = at_model_open(c->reg, &open, &probe, NULL, err);
  const size_t most = s->size_count + (st == AT_OK ? (size_t)probe.n_size : 0);
  const char **size = AT_NEW_ARRAY(o->arena, const char *, most + 1);
  if (st == AT_OK && !size) st = at_nomem(err);
  size_t n = 0;
  for (; st == AT_OK && n < s->size_count; n++) size[n] = s->sizes[n];
  for (int i = 0; st == AT_OK && i < probe.n_size; i++) {
    const at_model_size *z = &probe.size[i];
    const at_node *in = z->vocabulary ? input_of(probe.g, z->name) : NULL;
    const int64_t ids = in ? at_trained_ids(&o->trained, probe.g, in) : -1;
    if (ids < 0 || says(s, z->name)) continue;
    if (!(size[n++] = at_arena_printf(o->arena, "%s=%lld", z->name, (long long)ids)))
      st = at_nomem(err);
  }
  at_model_close(&probe);
  o->o.size = size;
  o->o.n_size = n;
  return st;
}

static at_status open_run(attune_context *c, const attune_model_source *s, at_origin *o,
                          at_error *err) {
  if (s->argument_count)
    return at_fail(err, AT_EINPUT, "%s: this is a run, which has arguments of its own; give none",
                   s->path);
  at_status st = at_trained_open(s->path, &o->trained, err);
  if (st != AT_OK) return st;
  o->o.path = o->trained.model;
  o->o.set = o->trained.set;
  o->o.n_set = o->trained.n_set;
  return find_sizes(c, s, o, err);
}

at_status at_origin_open(attune_context *c, const attune_model_source *s, at_origin *o,
                         at_error *err) {
  enum { MEASURED = 32 }; /* items of the batch that sizes are tried with */
  *o = (at_origin){.arena = at_arena_new(),
                   .o = {.path = s->path ? s->path : "model",
                         .text = s->text,
                         .set = s->arguments,
                         .n_set = s->argument_count,
                         .size = s->sizes,
                         .n_size = s->size_count,
                         .batch = MEASURED}};
  if (!o->arena) return at_nomem(err);
  at_status st = check_source(s, err);
  if (st == AT_OK && !s->text && at_is_run_dir(s->path)) st = open_run(c, s, o, err);
  return st;
}

void at_origin_close(at_origin *o) {
  at_trained_close(&o->trained);
  at_arena_free(o->arena);
}
