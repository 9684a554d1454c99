/* The section of attention pictures, and files of them. */
#include "core/report/gallery.h"

at_status at_rp_attention(const at_report *r, const rp_source *src, const at_report_options *o,
                          at_text *out, at_error *err) {
  rp_gallery g;
  at_status s = at_rp_gallery_collect(&g, r, src, o, err);
  if (s == AT_OK) s = at_rp_gallery_page(&g, out, err);
  if (s == AT_OK && o->overlays) s = at_rp_overlays(&g, o->overlays, err);
  at_rp_gallery_free(&g);
  return s;
}
