/* What a model has, by name, and what its values look like. */
#include <string.h>
#include "core/embed/embed.h"
#include "core/run/run.h"

/* ---- parts ---- */

size_t attune_model_count(const attune_model *model, attune_part part) {
  if (!model) return 0;
  switch (part) {
    case ATTUNE_INPUTS: return (size_t)model->g->n_input;
    case ATTUNE_OUTPUTS: return (size_t)model->g->n_output;
    case ATTUNE_LOSSES: return (size_t)model->n_losses;
    case ATTUNE_PARAMETERS: return (size_t)model->g->n_param;
    case ATTUNE_ATTENTIONS: return (size_t)model->g->n_attend;
  }
  return 0;
}

static const at_node *part_node(const attune_model *m, attune_part part, size_t i) {
  const at_graph *g = m->g;
  switch (part) {
    case ATTUNE_INPUTS: return g->input[i];
    case ATTUNE_OUTPUTS: return g->output[i].node;
    case ATTUNE_LOSSES: return at_graph_loss(g, (int)i);
    case ATTUNE_PARAMETERS: return g->param[i];
    case ATTUNE_ATTENTIONS: return g->attend[i].weight;
  }
  return NULL;
}

const char *at_model_name(const attune_model *m, attune_part part, size_t i) {
  const at_graph *g = m->g;
  switch (part) {
    case ATTUNE_INPUTS: return g->input[i]->name;
    case ATTUNE_OUTPUTS: return g->output[i].name;
    case ATTUNE_LOSSES: return g->n_objective ? g->objective[i].name : "loss";
    case ATTUNE_PARAMETERS: return g->param[i]->pname;
    case ATTUNE_ATTENTIONS: return g->attend[i].name;
  }
  return "";
}

int at_model_find(const attune_model *m, attune_part part, const char *name) {
  const size_t n = attune_model_count(m, part);
  for (size_t i = 0; name && i < n; i++)
    if (!strcmp(at_model_name(m, part, i), name)) return (int)i;
  return -1;
}

at_status at_model_lacks(attune_model *m, attune_part part, const char *kind, const char *name,
                         at_error *err) {
  enum { SHOWN = 24 };
  const char *names[256];
  const size_t all = attune_model_count(m, part);
  size_t n = 0;
  if (!name) return at_fail(err, AT_EINPUT, "the name of the %s is NULL", kind);
  for (; n < all && n < 256; n++) names[n] = at_model_name(m, part, n);
  const char *near = at_suggest(name, names, n);
  at_text t = {0};
  for (size_t i = 0; i < n && i < SHOWN; i++) at_text_addf(&t, "%s%s", i ? ", " : "", names[i]);
  if (n > SHOWN) at_text_add(&t, ", ...");
  at_status s = near ? at_fail(err, AT_EINPUT, "the model has no %s `%s`; did you mean `%s`?", kind,
                               name, near)
                     : at_fail(err, AT_EINPUT, "the model has no %s `%s`; it has %s", kind, name,
                               t.data ? t.data : "none");
  at_text_free(&t);
  return s;
}

/* ---- values ---- */

static uint32_t role_of(const attune_model *m, const at_node *n, const at_attend *block, int d) {
  if (!block) return ATTUNE_NO_ROLE;
  if (n->dim[d].axis == block->over) return ATTUNE_KEYS;
  if (d == at_attend_head_dim(m->g, n, block->over)) return ATTUNE_HEADS;
  return d == at_attend_query_dim(m->g, n, block->over) ? ATTUNE_ASKS : ATTUNE_NO_ROLE;
}

static uint32_t kind_of(const at_axis *a) {
  static const uint32_t kinds[] = {[AT_BATCH] = ATTUNE_BATCH_AXIS,
                                   [AT_SEQUENCE] = ATTUNE_SEQUENCE_AXIS,
                                   [AT_FEATURE] = ATTUNE_FEATURE_AXIS};
  return kinds[a->kind];
}

void at_values_fill(const attune_model *m, const at_node *n, const char *name,
                    const at_attend *block, const void *data, attune_values *out) {
  const at_exec *x = m->ran >= 0 ? m->x[m->ran] : NULL;
  *out =
      (attune_values){.size = sizeof *out,
                      .type = n->type == AT_TOKEN ? ATTUNE_TOKENS : ATTUNE_REALS,
                      .name = name,
                      .score = block ? block->score_name : NULL,
                      .count = 1,
                      .vocabulary = n->type == AT_TOKEN && at_node_is_input(n) ? n->vocabulary : -1,
                      .trained = at_node_is_parameter(n) && !n->frozen,
                      .axis_count = (uint32_t)n->ndim};
  if (n->type == AT_TOKEN)
    out->tokens = data;
  else
    out->reals = data;
  for (int d = n->ndim - 1; d >= 0; d--) {
    const at_axis *a = n->dim[d].axis >= 0 ? &m->g->axis[n->dim[d].axis] : NULL;
    const int64_t size = x ? at_x_dim(x, n, d) : n->dim[d].size;
    out->axis[d] = (attune_axis){.name = a ? a->name : "",
                                 .of = a && a->parent >= 0 ? m->g->axis[a->parent].name : NULL,
                                 .size = size,
                                 .stride = out->count,
                                 .kind = a ? kind_of(a) : ATTUNE_PLACES,
                                 .role = role_of(m, n, block, d),
                                 .padded = n->dim[d].padded};
    out->count = out->count < 0 || size < 0 ? -1 : out->count * size;
  }
}

attune_status attune_model_describe(attune_model *model, attune_part part, size_t i,
                                    attune_values *out, attune_error *error) {
  at_call k;
  attune_values v;
  if (!at_call_begin(&k, model ? model->c : NULL, error)) return at_call_end(&k, AT_EINPUT);
  at_status s = at_struct_check(out, sizeof *out, "attune_values", &k.e);
  const size_t n = attune_model_count(model, part);
  if (s == AT_OK && i >= n)
    s = at_fail(&k.e, AT_EINPUT, "number %zu of part %d is asked for, and the model has %zu", i,
                (int)part, n);
  if (s == AT_OK) {
    at_values_fill(model, part_node(model, part, i), at_model_name(model, part, i),
                   part == ATTUNE_ATTENTIONS ? &model->g->attend[i] : NULL, NULL, &v);
    at_struct_give(out, &v, sizeof v);
  }
  return at_call_end(&k, s);
}
