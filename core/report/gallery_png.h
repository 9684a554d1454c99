/* Between the files that draw overlays only. */
#ifndef AT_REPORT_GALLERY_PNG_H
#define AT_REPORT_GALLERY_PNG_H
#include <cairo.h>
#include "core/report/gallery.h"

/* Sizes in units of which a file has RP_ZOOM pixels. */
enum { RP_LONG = 240, RP_TILE = 112, RP_GAP = 14, RP_SMALL = 10, RP_TEXT = 13 };
extern const double at_rp_zoom;

typedef struct rp_sheet {
  cairo_t *c;
  cairo_surface_t *photo; /* NULL: the data have none */
  const rp_photo *of;
  const at_evidence *truth;
  const at_look *l;
} rp_sheet;

/* Width and height of a picture whose longer side is `side`, or of the map's grid without one. */
void at_rp_png_size(const rp_sheet *s, const rp_map *m, double side, double *w, double *h);
/* The picture at (x, y) with the map over it (NULL: nothing), and what decides. */
void at_rp_png_picture(const rp_sheet *s, const rp_map *m, double x, double y, double side);
/* Words from (x, y) in lines of `width`, shaded by the map (NULL: plain); returns the height.
 * `draw` false: measures only. */
double at_rp_png_words(const rp_sheet *s, const rp_map *m, double x, double y, double width,
                       bool draw);
/* One line of text in grey, cut where it is longer than `width`. */
void at_rp_png_label(const rp_sheet *s, const char *text, double x, double y, double width);
/* RGB of a drawing as a PNG file, written atomically. */
at_status at_rp_png_write(cairo_surface_t *drawing, const char *path, at_error *err);
#endif
