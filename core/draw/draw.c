#include "core/draw/draw.h"
#include <string.h>
#include "core/draw/draw_impl.h"

static const char *const names[] = {"dot", "svg", "json"};
enum { FORMATS = sizeof names / sizeof *names };

at_status at_draw_format_of(const char *name, at_draw_format *out, at_error *err) {
  for (int i = 0; i < FORMATS; i++)
    if (!strcmp(names[i], name)) {
      *out = (at_draw_format)i;
      return AT_OK;
    }
  return at_fail(err, AT_EINPUT,
                 "there is no picture of type `%s`; it must be one of dot, svg, json", name);
}

static at_status draw_svg(const at_picture *p, at_text *out, at_error *err) {
  at_text dot = {0};
  if (p->n_box > AT_DRAW_MOST)
    return at_fail(
        err, AT_EINPUT,
        "the picture of `%s` has %d boxes, and %d can be laid out; -T dot gives its text",
        p->g->name, p->n_box, AT_DRAW_MOST);
  at_status s = at_draw_dot(p, &dot, err);
  if (s == AT_OK) s = at_draw_layout(dot.data, p->g->name, out, err);
  at_text_free(&dot);
  return s;
}

at_status at_draw(const at_graph *g, at_draw_format f, at_text *out, at_error *err) {
  static at_status (*const draw[])(const at_picture *, at_text *, at_error *) = {
      [AT_DRAW_DOT] = at_draw_dot, [AT_DRAW_SVG] = draw_svg, [AT_DRAW_JSON] = at_draw_json};
  at_picture p;
  at_status s = at_picture_make(g, &p, err);
  if (s == AT_OK) s = draw[f](&p, out, err);
  at_arena_free(p.arena);
  return s;
}
