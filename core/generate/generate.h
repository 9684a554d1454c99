/* Pictures of captions as files: singly, on the way from one to another, with what was attended to.
 */
#ifndef AT_GENERATE_GENERATE_H
#define AT_GENERATE_GENERATE_H
#include "core/base/text.h"
#include "core/run/run.h"

typedef struct at_generate_options {
  const char *caption;
  const char *between; /* another caption; NULL: none */
  bool between_noises, attention;
  int64_t count; /* noises */
  int64_t steps; /* pictures of a way */
  uint64_t seed; /* of the noises */
  const char *dir;
} at_generate_options;

/* Files in `dir`, which is made: 0.png ... and, of several, grid.png; with `between` between.png, a
 * row for each noise; with `between_noises` noises.png, a row from each noise to the next; with
 * `attention` 0-attention.png ... . Their paths are appended to `paths`, a line each, and what
 * there is to say of unknown words to `said`. EINPUT: a caption of no words, or a model that makes
 * none. */
at_status at_generate(at_session *s, const at_generate_options *o, at_text *paths, at_text *said,
                      at_error *err);
#endif
