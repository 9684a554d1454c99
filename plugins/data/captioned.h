/* Pictures with captions in splits: what photos and scenes have in common once their files
 * are read. */
#ifndef ATTUNE_DATA_CAPTIONED_H
#define ATTUNE_DATA_CAPTIONED_H
#include <attune/plugin.h>
#include <stdbool.h>
#include <stddef.h>
#include "marks.h"
#include "text_file.h"

/* ---- the collection ---- */

typedef struct caption {
  char *text;
  char *grounding; /* JSON [[token, object], ...]; NULL: none */
  int64_t picture;
  marks marks; /* what decides */
} caption;

typedef struct picture {
  char *name; /* for people */
  char *path;
  int64_t part[4]; /* x, y, w, h: what counts of it, in pixels of the file; w 0: all */
  char *group;     /* what kind of thing it shows; NULL: not told */
  marks marks;     /* boxes of its objects, in pixels of the picture given out */
  float *feature;  /* [regions, region_width]; NULL: none */
  marks region;    /* their boxes */
  float *count;    /* [kinds]; NULL: none */
} picture;

/* What people said of a picture with a caption, its own or another's. */
typedef struct judgment {
  int64_t picture, caption;
  bool crowd; /* the share of yes among many; else grades of experts, blanks between */
  char text[64];
} judgment;

typedef struct split {
  char *name;
  picture *picture;
  int64_t pictures, cap_pictures;
  caption *caption;
  int64_t captions, cap_captions;
  judgment *judgment;
  int64_t judgments, cap_judgments;
} split;

typedef struct captioned {
  split *split;
  size_t splits;
  int64_t width, height;
  bool cover;                    /* pictures are cut to the shape width : height, not stretched */
  int64_t regions, region_width; /* of every picture; 0: none. Their boxes stand for the objects' */
  int64_t kinds; /* of objects: a picture's field `kinds` says how many it has of each; 0: none */
  bool has_boxes, has_grounding, has_judgments, has_groups;
  unsigned has_marks; /* bits of marks.h's fields of captions */
  uint32_t image, regions_field, count, boxes, name, group, text, link, grounding,
      marks[MARKS_FIELDS]; /* numbers of fields */
  uint32_t judged_picture, judged_caption, expert, crowd;
} captioned;

/* NULL: out of memory. Strings are copied. */
split *captioned_split(captioned *c, const char *name); /* made when absent */
picture *captioned_picture(split *s, const char *name, const char *path);
/* The file `name` in the folder `root`, as `list` names it; *at: its number in the split, -1 where
 * it is not there and `skip` has such left out. Fails with a sentence. */
int captioned_file(const attune_host *host, split *s, const char *root, const char *list,
                   const char *name, bool skip, int64_t *at);
caption *captioned_caption(split *s, const char *text, size_t bytes, int64_t picture);
judgment *captioned_judgment(split *s, int64_t of, int64_t said, bool crowd, const char *text);
#define FIT_OPTION(default_)                                                                    \
  {                                                                                             \
    "fit", ATTUNE_OPTION_ENUM, default_, 0, 0, "stretch|cover",                                 \
        "a picture of another shape is stretched, or the middle of it taken that has the shape" \
  }
#define MISSING_OPTION                                        \
  {                                                           \
    "missing", ATTUNE_OPTION_ENUM, "fail", 0, 0, "fail|skip", \
        "what to do about a picture that is not there"        \
  }
void captioned_free(captioned *c); /* and c itself; NULL is fine */

int captioned_declare(const attune_host *host, attune_schema *schema, captioned *c);
int captioned_read(const attune_host *host, void *instance, const char *split, uint32_t field,
                   int64_t row, void *dst, attune_sink *sink);
void captioned_close(void *instance);

#endif
