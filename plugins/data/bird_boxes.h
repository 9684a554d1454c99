/* The boxes of CUB-200-2011: images.txt (NUMBER NAME) and bounding_boxes.txt (NUMBER X Y W H). */
#ifndef ATTUNE_DATA_BIRD_BOXES_H
#define ATTUNE_DATA_BIRD_BOXES_H
#include <attune/plugin.h>
#include <stddef.h>

typedef struct bird {
  char *name; /* in `text` */
  int64_t number, box[4];
  int boxed;
} bird;

typedef struct bird_boxes {
  bird *v; /* sorted by name once read */
  size_t n;
  char *text;
} bird_boxes;

/* From the two files in `folder`; fails with a sentence. A zeroed one may be freed. */
int bird_boxes_read(const attune_host *host, const char *folder, bird_boxes *out);
/* x, y, w, h in whole pixels of the picture of that name; NULL: there is none. */
const int64_t *bird_box(const bird_boxes *b, const char *name);
void bird_boxes_free(bird_boxes *b);
#endif
