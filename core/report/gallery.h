/* Between the files of the gallery only: examples, and what each model attends to in them. */
#ifndef AT_REPORT_GALLERY_H
#define AT_REPORT_GALLERY_H
#include "core/data/image.h"
#include "core/report/report_impl.h"

/* ---- maps of attention (gallery_maps.c) ---- */

/* Weights over keys that belong together: one row of a block. */
typedef struct rp_map {
  const at_attention *of;
  int64_t head, query; /* -1: the mean over them, or there is but one */
  bool turned;         /* keys asked: their weights for the word `query`, made to sum to one */
  /* CELLS has a grid, BOXES as many boxes as keys, WORDS as many words; PARTS as its block has */
  at_over over;
  int64_t grid_h, grid_w; /* CELLS */
  size_t keys, most;      /* most: the key of the largest weight */
  double entropy;         /* nats */
  float *weight;          /* [keys] */
  float *shade;           /* 0 to 1: 1 is the largest, or twice an equal share if that is more */
} rp_map;

typedef struct rp_maps {
  rp_map *map; /* block after block: the mean over what asks, each that asks, each head */
  size_t n, left_out;
} rp_maps;

/* In `a`, and as long as the look is. word_axis: the name of the axis of words; NULL: not known. */
at_status at_rp_maps(const at_look *l, const char *word_axis, at_arena *a, rp_maps *out,
                     at_error *err);

int64_t at_rp_asks(const at_attention *a); /* how many rows of it are shown */
enum { RP_LEVELS = 16 };
int at_rp_level(float shade); /* 0 .. RP_LEVELS */
/* Two characters for each weight, of A-Z a-z 0-9 - _ as digits of 6 bits: 0 .. 4095 for 0 .. 1. */
void at_rp_weights_code(at_text *t, const float *weight, size_t n);
/* The keys of the most weight, largest first; returns how many. */
enum { RP_TOP_BOXES = 12 };
size_t at_rp_top_keys(const rp_map *m, size_t top[RP_TOP_BOXES]);
/* The key as it is told: a word, "(row, column)", "box 3", "no. 3". */
void at_rp_key_name(const at_look *l, const rp_map *m, size_t key, at_text *t);
/* "a: 0.750; b: 0.250", largest first, `most` of them at most; to be escaped. */
void at_rp_map_says(const at_look *l, const rp_map *m, size_t most, at_text *t);
/* Whether a key of PARTS is the first of its part. */
bool at_rp_begins_part(const rp_map *m, size_t key);
/* The items of a picture with their keys, of a map over PARTS: false past the last. */
bool at_rp_placed(const at_look *l, const rp_map *m, int i, const at_items **items,
                  const at_key_part **part);
/* What the map is, beside its block: "mean over 7 word", "head 2", "word `red`"; to be escaped. */
void at_rp_map_label(const at_look *l, const rp_map *m, at_text *t);

/* ---- how far models differ (gallery_differ.c) ---- */

/* 1 - the overlap of the weights, sum of min(p, q), over every row of every block that both have
 * in the same shape: the mean of rows, then of blocks. NAN: no block is comparable. */
double at_rp_differ(const at_look *x, const at_look *y);

/* ---- what is shown (gallery_choose.c, gallery.c) ---- */

/* One side of the comparison: a group by its first run, or a run where there is but one group. */
typedef struct rp_side {
  const char *label, *word_axis; /* word_axis: NULL when it is not known */
  size_t run;
} rp_side;

/* A picture, once for all examples that have it. */
typedef struct rp_photo {
  uint64_t hash; /* of the pixels */
  int64_t width, height;
  bool small; /* pixels stay pixels */
  at_text uri;
  uint8_t *rgb; /* NULL unless files are to be drawn of it */
} rp_photo;

typedef struct rp_example {
  size_t row;
  size_t photo;  /* RP_NO_PHOTO: none */
  at_look *look; /* [sides], without pixels and scores */
  bool *there;   /* [sides] */
  at_evidence truth;
  bool truth_known;
} rp_example;

typedef struct rp_gallery {
  at_arena *arena;
  const rp_source *src;
  const char *split;
  bool answers, seeds; /* seeds: the sides are the seeds of one group */
  bool pixels;         /* photos keep theirs */
  size_t want;
  rp_side *side;
  size_t n_sides, reference; /* the side that chose */
  rp_example *example;       /* NULL: nothing was chosen yet */
  size_t n, n_right;         /* n_right: the reference answers right */
  size_t n_seen, seen_right; /* of those that it chose from */
  rp_photo *photo;
  size_t n_photos, cap_photos;
  at_text problems;
} rp_gallery;

/* Looks at the examples through every side. What fails is told in `problems`, and the other sides
 * go on; only a lack of memory ends it. Free it also where this fails. */
at_status at_rp_gallery_collect(rp_gallery *g, const at_report *r, const rp_source *src,
                                const at_report_options *o, at_error *err);
void at_rp_gallery_free(rp_gallery *g);

/* gallery_photo.c: the number of the look's picture among those of the gallery, which it joins
 * where it is not known yet. */
#define RP_NO_PHOTO SIZE_MAX
at_status at_rp_photo_add(rp_gallery *g, const at_look *l, size_t *index, at_error *err);
void at_rp_photos_free(rp_gallery *g);

/* A row that may be shown, as the first model sees it. */
typedef struct rp_candidate {
  size_t row;
  bool right, taken;
  float similarity;
  const char *type, *text;
  size_t asks; /* equal texts have equal numbers */
} rp_candidate;

/* Puts the rows to be shown into row[], `want` at most: of questions half that are right and half
 * that are wrong as far as there are such, even over types and with texts as different as can be;
 * of pairs from the most to the least similar at even distances. */
at_status at_rp_choose(rp_candidate *c, size_t n, bool answers, size_t want, size_t *row,
                       size_t *n_rows, size_t *n_right, at_error *err);
bool at_rp_is_right(const at_look *l);

/* ---- as HTML (gallery_draw.c, gallery_page.c) ---- */

enum { RP_SIDE = 120 }; /* the longer side of a picture, in units of the drawing */

/* One example under one model, about to be drawn. */
typedef struct rp_canvas {
  const at_look *l;
  const at_evidence *truth;
  const char *word_axis, *label;
  size_t photo, example; /* numbers in the ids of what is drawn once: "p3", "t12" */
  bool has_photo, has_truth;
  double w, h; /* of the picture, in units of the drawing */
} rp_canvas;
/* The picture and the words alone, with what decides, which becomes "t12". */
void at_rp_draw_given(const rp_canvas *c, at_text *t);
/* Every block of a look in its step. */
at_status at_rp_draw_steps(const rp_canvas *c, at_text *t, at_error *err);
/* Width and height of the drawing of a picture or, where they are 0, a square. */
void at_rp_drawing(int64_t width, int64_t height, double *w, double *h);
bool at_rp_word_decides(const at_evidence *truth, size_t word);
/* An example under the first side that has it; NULL: none has. */
const at_look *at_rp_any_look(const rp_gallery *g, size_t example);
/* Whether the data say of any example what decides. */
bool at_rp_has_truth(const rp_gallery *g);
/* gallery_tools.c: what the examples are filtered and put in order by. */
at_status at_rp_gallery_tools(const rp_gallery *g, at_text *t, at_error *err);
/* The whole section. */
at_status at_rp_gallery_page(const rp_gallery *g, at_text *t, at_error *err);

/* ---- as PNG (gallery_files.c, gallery_png.c) ---- */

/* Files in `dir`, which is made: NUMBER-SIDE-BLOCK.png, the picture with the weights over it and
 * the words, shaded by the block over words of the same turn where there is one; a block over words
 * alone has the plain picture. -each and -heads: a tile for each that asks, and each head. */
at_status at_rp_overlays(const rp_gallery *g, const char *dir, at_error *err);
/* What is left of a name: letters, digits and what is safe; of 80 bytes at most. */
void at_rp_file_name(at_text *t, const char *s);
#endif
