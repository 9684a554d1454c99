/* A drawing as SVG: words of a look are classes, which the page rules; attributes keep the look of
 * one that was taken out of the page. */
#include <string.h>
#include "core/report/plate.h"
#include "core/report/report_impl.h"

static void number(at_text *t, const char *name, double v) {
  char buf[RP_NUMBER];
  at_text_addf(t, " %s=\"%s\"", name, at_rp_number(buf, v, 1));
}

static void color(at_text *t, const char *name, int32_t c) {
  if (c == RP_NO_INK)
    at_text_addf(t, " %s=\"none\"", name);
  else if (c == RP_OWN_INK)
    at_text_addf(t, " %s=\"currentColor\"", name);
  else
    at_text_addf(t, " %s=\"#%06x\"", name, (unsigned)c);
}

static void attributes(at_text *t, const rp_thing *o, size_t ink) {
  static const char *const dash[] = {"", "7 3", "2 3", "9 3 2 3"};
  rp_look l = at_rp_look(o->look, o->shape);
  char buf[RP_NUMBER];
  if (*o->look) at_text_addf(t, " class=\"%s\"", o->look);
  if (o->shape == RP_TEXT_AT) {
    color(t, "fill", l.fill);
    at_text_addf(t, " font-size=\"%s\"", at_rp_number(buf, l.size, 0));
    if (l.anchor != 's') at_text_addf(t, " text-anchor=\"%s\"", l.anchor == 'm' ? "middle" : "end");
    if (l.bold) at_text_add(t, " font-weight=\"700\"");
    return;
  }
  if (o->shape == RP_RECT && o->rgb >= 0)
    at_text_addf(t, " style=\"fill:#%06x\"", (unsigned)o->rgb);
  else if (o->shape != RP_LINE)
    color(t, "fill", l.fill);
  if (l.stroke == RP_NO_INK) {
    if (l.opacity < 1) at_text_addf(t, " opacity=\"%s\"", at_rp_number(buf, l.opacity, 2));
    return;
  }
  color(t, "stroke", l.stroke);
  at_text_addf(t, " stroke-width=\"%s\"", at_rp_number(buf, l.width, 1));
  if (l.opacity < 1) at_text_addf(t, " opacity=\"%s\"", at_rp_number(buf, l.opacity, 2));
  if (l.round) at_text_add(t, " stroke-linecap=\"round\"");
  if (strstr(o->look, "line") && *dash[ink / RP_INKS % 4])
    at_text_addf(t, " stroke-dasharray=\"%s\"", dash[ink / RP_INKS % 4]);
}

static void text(at_text *t, const rp_thing *o, size_t ink) {
  char x[RP_NUMBER], y[RP_NUMBER], d[RP_NUMBER];
  at_text_add(t, "<text");
  number(t, "x", o->v[0]);
  number(t, "y", o->v[1]);
  attributes(t, o, ink);
  if (o->turn != 0)
    at_text_addf(t, " transform=\"rotate(%s %s %s)\"", at_rp_number(d, o->turn, 0),
                 at_rp_number(x, o->v[0], 1), at_rp_number(y, o->v[1], 1));
  at_text_add(t, ">");
  at_rp_escape(t, o->text);
  at_text_add(t, "</text>\n");
}

static void simple(at_text *t, const rp_thing *o, size_t ink) {
  static const char *const name[] = {NULL, "line", "circle", "rect"};
  static const char *const place[][4] = {
      {NULL}, {"x1", "y1", "x2", "y2"}, {"cx", "cy", "r", NULL}, {"x", "y", "width", "height"}};
  at_text_addf(t, "<%s", name[o->shape]);
  for (size_t i = 0; i < 4 && place[o->shape][i]; i++) number(t, place[o->shape][i], o->v[i]);
  attributes(t, o, ink);
  at_text_add(t, "/>\n");
}

static void path(at_text *t, const rp_thing *o, size_t ink) {
  char x[RP_NUMBER], y[RP_NUMBER];
  at_text_add(t, "<path");
  attributes(t, o, ink);
  at_text_add(t, " d=\"");
  for (size_t i = 0; i < o->n; i++)
    at_text_addf(t, "%c%s %s", i ? 'L' : 'M', at_rp_number(x, o->xy[2 * i], 1),
                 at_rp_number(y, o->xy[2 * i + 1], 1));
  at_text_add(t, o->closed ? "Z\"/>\n" : "\"/>\n");
}

static void open_group(at_text *t, const rp_thing *o) {
  at_text_addf(t, "<g class=\"c%zu d%zu\" color=\"#%06x\">", o->ink % RP_INKS, o->ink / RP_INKS % 4,
               (unsigned)at_rp_ink(o->ink));
  if (!o->text) return;
  at_text_add(t, "<title>");
  at_rp_escape(t, o->text);
  at_text_add(t, "</title>\n");
}

static void head(const rp_plate *c, bool file, at_text *t) {
  const double h = c->h + (file ? c->more : 0);
  at_text_addf(t, "<svg%s viewBox=\"0 0 %.0f %.0f\"",
               file ? " xmlns=\"http://www.w3.org/2000/svg\"" : "", c->w, h);
  if (!file && c->fixed) at_text_addf(t, " style=\"width:%.0fpx\"", c->w);
  if (file) at_text_addf(t, " width=\"%.0f\" height=\"%.0f\"", c->w, h);
  at_text_add(t, " role=\"img\" font-family=\"sans-serif\" font-size=\"12\" aria-label=\"");
  at_rp_escape(t, c->title);
  at_text_add(t, ". ");
  at_rp_escape(t, c->about);
  at_text_add(t, "\">\n<title>");
  at_rp_escape(t, c->title);
  at_text_add(t, "</title>\n");
}

void at_rp_plate_svg(const rp_plate *c, bool file, at_text *t) {
  size_t ink = 0;
  head(c, file, t);
  for (size_t i = 0; i < c->n; i++) {
    const rp_thing *o = &c->thing[i];
    if (o->aside && !file) continue;
    switch (o->shape) {
      case RP_TEXT_AT: text(t, o, ink); break;
      case RP_PATH: path(t, o, ink); break;
      case RP_OPEN:
        ink = o->ink;
        open_group(t, o);
        break;
      case RP_CLOSE:
        ink = 0;
        at_text_add(t, "</g>\n");
        break;
      default: simple(t, o, ink);
    }
  }
  at_text_add(t, "</svg>\n");
  t->failed |= c->failed;
}
