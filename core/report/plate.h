/* A drawing, made once and written as SVG, for the page and as a file, and as PDF.
 *
 * How a thing looks is a word or several: "tick mid", "line", "bar", ...; plate.c lists them. The
 * page's style sheet rules the same words, so that a drawing follows its light and dark. */
#ifndef AT_REPORT_PLATE_H
#define AT_REPORT_PLATE_H
#include <stdint.h>
#include "core/base/arena.h"
#include "core/base/status.h"
#include "core/base/text.h"

typedef enum rp_shape {
  RP_TEXT_AT,
  RP_LINE,
  RP_CIRCLE,
  RP_RECT,
  RP_PATH,
  RP_OPEN,
  RP_CLOSE
} rp_shape;

typedef struct rp_thing {
  rp_shape shape;
  const char *look; /* words */
  const char *text; /* of a text; of a group what it says to who points at it, NULL: nothing */
  double v[4];      /* x y; x1 y1 x2 y2; x y r; x y w h */
  double turn;      /* degrees, of a text about its place */
  double *xy;       /* of a path: n points */
  size_t n, ink;    /* ink: of a group, see at_rp_ink */
  int32_t rgb;      /* of a rect: 0xRRGGBB; -1: as its look says */
  bool closed;
  bool aside; /* in files alone: below what the page has */
} rp_thing;

typedef struct rp_plate {
  at_arena *a;
  double w, h;
  const char *name, *title,
      *about; /* of its file without ending; heading; what it shows, in words */
  rp_thing *thing;
  size_t n, cap;
  double more; /* height that files have below */
  bool aside;  /* what is put now is for files alone */
  bool fixed;  /* on the page in its own size, to be scrolled where there is no room */
  bool failed; /* out of memory: nothing more is drawn */
} rp_plate;

/* Drawings of a report, in an arena of their own. */
typedef struct rp_figures {
  at_arena *a;
  rp_plate **v;
  size_t n, cap;
} rp_figures;
at_status at_rp_figures_new(rp_figures *f, at_error *err);
void at_rp_figures_free(rp_figures *f);
/* `name` becomes one that a file may have and that no other figure has. NULL: out of memory. */
rp_plate *at_rp_plate_new(rp_figures *f, const char *name, const char *title);

void at_rp_put_text(rp_plate *c, double x, double y, const char *look, const char *text);
void at_rp_put_turned(rp_plate *c, double x, double y, double degrees, const char *look,
                      const char *text);
void at_rp_put_line(rp_plate *c, const char *look, double x1, double y1, double x2, double y2);
void at_rp_put_circle(rp_plate *c, const char *look, double x, double y, double r);
void at_rp_put_rect(rp_plate *c, const char *look, double x, double y, double w, double h,
                    int32_t rgb);
/* The points are copied. */
void at_rp_put_path(rp_plate *c, const char *look, const double *xy, size_t n, bool closed);
/* What follows until the end is in the ink of the i-th group of the report. */
void at_rp_put_group(rp_plate *c, size_t i, const char *title);
void at_rp_put_end(rp_plate *c);

/* Keys to the inks, in rows below, for files: the page has its own. After w and h are set. */
void at_rp_put_keys(rp_plate *c, const char *const *label, size_t n);

/* Eight inks, then the same with another dash. */
enum { RP_INKS = 8 };
uint32_t at_rp_ink(size_t i); /* 0xRRGGBB on white */

/* What a word of a look means on white. Unset: NULL, 0, -1. */
typedef struct rp_look {
  const char *word;
  int32_t fill, stroke; /* 0xRRGGBB; RP_NO_INK, RP_OWN_INK: that of the group */
  double width, opacity, size;
  char anchor; /* 'm', 'e', 's' */
  bool bold, round;
} rp_look;
enum { RP_NO_INK = -1, RP_OWN_INK = -2 };
rp_look at_rp_look(const char *words, rp_shape shape); /* all of them together */

/* `file`: stands alone, for light paper. */
void at_rp_plate_svg(const rp_plate *c, bool file, at_text *t);
/* 1 unit is 0.75 pt. The bytes do not depend on the time. */
at_status at_rp_plate_pdf(const rp_plate *c, at_text *t, at_error *err);
/* NAME.svg and NAME.pdf of all figures in `dir`. */
at_status at_rp_figures_write(const rp_figures *f, const char *dir, at_error *err);
#endif
