/* The picture as JSON: boxes, edges, attend blocks, calls of modules. */
#include <jansson.h>
#include <stdlib.h>
#include "core/draw/draw_impl.h"

static json_t *boxes(const at_picture *p) {
  json_t *all = json_array();
  for (int i = 0; i < p->n_box; i++) {
    const at_box *b = &p->box[i];
    json_t *ops = json_array();
    for (int k = 0; k < b->n_op; k++) json_array_append_new(ops, json_string(b->op[k]));
    json_t *o =
        json_pack("{s:s, s:s, s:o, s:s, s:I, s:b, s:b}", "id", b->id, "kind",
                  at_box_kind_names[b->kind], "operators", ops, "axes", b->axes, "parameters",
                  (json_int_t)b->params, "open", b->open, "frozen", b->n_param && !b->trained);
    if (b->title) json_object_set_new(o, "title", json_string(b->title));
    if (b->module >= 0) json_object_set_new(o, "module", json_string(p->module[b->module].path));
    if (b->attend >= 0)
      json_object_set_new(o, "attention", json_string(p->g->attend[b->attend].name));
    json_array_append_new(all, o);
  }
  return all;
}

static json_t *edges(const at_picture *p) {
  char label[32];
  json_t *all = json_array();
  for (int i = 0; i < p->n_edge; i++) {
    const at_edge *e = &p->edge[i];
    json_t *o = json_pack("{s:s, s:s}", "from", p->box[e->from].id, "to", p->box[e->to].id);
    if (*at_edge_label(e, label, sizeof label)) json_object_set_new(o, "label", json_string(label));
    json_array_append_new(all, o);
  }
  return all;
}

static json_t *attention(const at_picture *p) {
  const at_graph *g = p->g;
  json_t *all = json_array();
  for (int i = 0; i < g->n_attend; i++) {
    const at_attend *a = &g->attend[i];
    json_array_append_new(
        all, json_pack("{s:s, s:s, s:s, s:s, s:I}", "name", a->name, "score", a->score_name, "over",
                       g->axis[a->over].name, "along", g->axis[a->along].name, "heads",
                       (json_int_t)at_attend_heads(g, a)));
  }
  return all;
}

static json_t *modules(const at_picture *p) {
  json_t *all = json_array();
  for (int i = 0; i < p->n_module; i++) {
    const at_frame *m = &p->module[i];
    json_t *o = json_pack("{s:s}", "path", m->path);
    if (m->parent >= 0) json_object_set_new(o, "in", json_string(p->module[m->parent].path));
    json_array_append_new(all, o);
  }
  return all;
}

at_status at_draw_json(const at_picture *p, at_text *out, at_error *err) {
  json_t *root = json_pack("{s:s, s:o, s:o, s:o, s:o}", "model", p->g->name, "boxes", boxes(p),
                           "edges", edges(p), "attention", attention(p), "modules", modules(p));
  char *text = root ? json_dumps(root, JSON_INDENT(1)) : NULL;
  json_decref(root);
  if (!text) return at_nomem(err);
  at_text_addf(out, "%s\n", text);
  free(text);
  return out->failed ? at_nomem(err) : AT_OK;
}
