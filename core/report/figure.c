/* Figures as they stand on the page. */
#include "core/report/report_impl.h"

void at_rp_figure(const rp_plate *c, const char *caption, at_text *t) {
  at_text_add(t, c->fixed ? "<figure class=\"fixed\">\n" : "<figure>\n");
  at_rp_plate_svg(c, false, t);
  at_text_add(t, "<figcaption>");
  at_rp_escape(t, caption);
  at_text_add(t, "</figcaption>\n</figure>\n");
}

void at_rp_legend(const at_report *r, at_text *t) {
  at_text_add(t, "<ul class=\"legend\">\n");
  for (size_t g = 0; g < r->n_groups; g++) {
    at_text_addf(t,
                 "<li><svg class=\"key\" viewBox=\"0 0 28 10\" aria-hidden=\"true\"><g "
                 "class=\"c%zu d%zu\" color=\"#%06x\"><line x1=\"0\" y1=\"5\" x2=\"28\" y2=\"5\" "
                 "class=\"line\" stroke=\"currentColor\" stroke-width=\"1.8\"/></g></svg>",
                 g % RP_INKS, g / RP_INKS % 4, (unsigned)at_rp_ink(g));
    at_rp_escape(t, r->group[g].label);
    at_text_add(t, "</li>\n");
  }
  at_text_add(t, "</ul>\n");
}

void at_rp_keys(const at_report *r, rp_plate *c) {
  const char **label = AT_NEW_ARRAY(c->a, const char *, r->n_groups + 1);
  for (size_t g = 0; label && g < r->n_groups; g++) label[g] = r->group[g].label;
  if (label)
    at_rp_put_keys(c, label, r->n_groups);
  else
    c->failed = true;
}
