/* Pictures that a model of the task `generation` makes of captions, with noise of one's choice.
 *
 * A noise is a number: the same number gives the same noise for any caption, in any batch. */
#ifndef AT_RUN_MAKE_H
#define AT_RUN_MAKE_H
#include "core/base/text.h"
#include "core/run/run.h"

typedef struct at_maker at_maker;

/* EINPUT: the model makes no `picture` of a caption alone. */
at_status at_maker_new(at_session *s, at_maker **out, at_error *err);
void at_maker_free(at_maker *m); /* NULL is fine */

/* What a picture is made of: a caption, and the way to another; a noise, and the way to another. */
typedef struct at_make {
  const char *caption, *to_caption; /* `to_` NULL: there is no other */
  double caption_share;             /* 0: caption, 1: to_caption */
  uint64_t noise, to_noise;
  double noise_share;
} at_make;

/* Makes n pictures, all at once. Between captions the model gets a mixture of their `caption_code`,
 * and the words of the nearer one. EINPUT: a caption of no words. */
at_status at_maker_run(at_maker *m, const at_make *v, int64_t n, at_error *err);

int64_t at_maker_count(const at_maker *m); /* pictures of the last run */
/* The stages of a model, coarse first; the last is its `picture`. */
int at_maker_stages(const at_maker *m);
void at_maker_size(const at_maker *m, int stage, int64_t *height, int64_t *width);
/* Bytes [n, height, width, 3] of what the last run made. */
void at_maker_picture(const at_maker *m, int stage, uint8_t *rgb);

/* Where the places of a picture attended to words, in the last run. */
int at_maker_blocks(const at_maker *m);
/* Weights of the i-th block for picture `of`: weight[place * words + word], places row after row,
 * each place's sum 1; caller frees. EFAIL: it is no map of places over words. */
at_status at_maker_attention(const at_maker *m, int i, int64_t of, float **weight, int64_t *height,
                             int64_t *width, int64_t *words, const char **name, at_error *err);
/* The words that picture `of` was made of, as the model has them; borrowed. */
const char *at_maker_word(const at_maker *m, int64_t of, int64_t word);

/* Words of a caption that the model does not know, appended to `unknown`, and how many. EINPUT: it
 * has no words. */
at_status at_maker_check(const at_session *s, const char *caption, at_text *unknown, int64_t *n,
                         at_error *err);
#endif
