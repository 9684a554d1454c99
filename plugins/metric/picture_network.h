/* Rows of numbers that another network gives for pictures: what metrics of pictures share. */
#ifndef ATTUNE_METRIC_PICTURE_NETWORK_H
#define ATTUNE_METRIC_PICTURE_NETWORK_H
#include <attune/plugin.h>
#include "picture_math.h"

#define PICTURE_NETWORK_OPTIONS                                                                 \
  ATTUNE_PATH_OPTION("weights", "", "of a model file: its weights, a safetensors file"),        \
      ATTUNE_STRING_OPTION("arguments", "",                                                     \
                           "of a model file: its arguments, \"side=75 classes=50\""),           \
      ATTUNE_ENUM_OPTION("pixels", "run", "run|unit|signed",                                    \
                         "how it takes pictures: as `data.pixels` of its run says, 0 .. 1, -1 " \
                         ".. 1; a model file must be told")

/* Loads the network of the options `network` and those above for pictures of the batch's size. */
int picture_network_open(const attune_host *host, const attune_options *o, const char *outputs,
                         const attune_pictures *b, attune_network **out);

/* Rows [total, width]; zeroed at first. */
typedef struct picture_rows {
  float *v;
  int64_t n, total, width;
} picture_rows;

/* Appends what `output` is for pictures [count, height, width, 3]: all its numbers of each, a row.
 * No more than `total` rows in all, which counts in the first call. */
int picture_rows_see(const attune_host *host, attune_network *net, const char *output,
                     const uint8_t *rgb, int64_t count, int64_t height, int64_t width,
                     int64_t total, picture_rows *rows);
/* The same for texts. */
int picture_rows_read(const attune_host *host, attune_network *net, const char *output,
                      const char *const *text, int64_t count, int64_t total, picture_rows *rows);

/* "fid.scene_judge", its parts cut where they are long. */
void picture_result_name(char out[64], const char *what, const char *network);
/* A mean and, as "WHAT_deviation.NETWORK", its deviation. */
int picture_result_spread(const attune_host *host, attune_results *r, const char *what,
                          const char *network, const spread *v, int higher_is_better);
#endif
