/* Which keys of an attention block decide by the data's own word.
 *
 * A CELL of a grid over the picture is true when at least a quarter of it lies in one box of the
 * evidence, or at least half of that box in it; a box that no cell is true of makes the one true
 * that holds most of it. A REGION is true when it and a box have an IoU of at least 0.5, or when it
 * holds at least half of the box; so is an item of the picture. A WORD is true when the data names
 * it. Of PARTS items alone can be true: where words and items are joined, what decides is in the
 * picture. Evidence outside of the picture, or behind the last word that the model is given, makes
 * nothing true. */
#ifndef AT_EXPLAIN_TRUTH_H
#define AT_EXPLAIN_TRUTH_H
#include "core/run/run.h"

/* The keys of a block in one example, and what lies under them. */
typedef struct at_key_place {
  at_over over;
  int64_t keys;
  int64_t grid_h, grid_w;    /* CELLS: row after row; together they cover the picture evenly */
  const at_key_parts *parts; /* PARTS */
} at_key_place;

/* truth[keys]: 1 or 0; NaN all of them where none is true, or where the data says nothing.
 * share[keys]: how large a key is, of what all keys cover together: cells, words and keys of
 * several parts are equal, regions and items by their area. */
void at_truth_of(const at_key_place *k, const at_evidence *e, float *truth, float *share);

/* The same of the example that has rows[i] of batch axis i, as at_session_look has it. */
at_status at_truth_keys(const at_session *s, const char *split, const int64_t *rows,
                        const at_key_place *k, float *truth, float *share, at_error *err);
#endif
