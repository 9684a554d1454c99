/* What people said of pictures with captions, theirs or others: Flickr8k's ExpertAnnotations.txt
 * (picture, NAME#K, three grades from 1 to 4) and CrowdFlowerAnnotations.txt (picture, NAME#K,
 * share of yes, how many yes, how many no), a tab between (Hodosh, Young & Hockenmaier 2013). */
#ifndef ATTUNE_DATA_JUDGMENTS_H
#define ATTUNE_DATA_JUDGMENTS_H
#include "captioned.h"

/* Where a picture or a caption lies. */
typedef struct judged_place {
  int split; /* -1: it was left out */
  int64_t row;
} judged_place;
/* Of caption NAME#number; -1: of the picture. false: there is none. */
typedef bool judged_find(void *ctx, const char *name, long number, judged_place *out);

/* Adds the pairs whose picture and caption are in one split. */
int judgments_read(const attune_host *host, const char *path, bool crowd, captioned *c,
                   judged_find *find, void *ctx);
#endif
