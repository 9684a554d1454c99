/* Data sets that attune makes: a folder that is there whole or not at all, and pictures in rows of
 * an array with lines of text beside them.
 *
 * Work goes on in DIR.tmp.<pid>, renamed at the end. meta.json names the generator, so that only
 * what a generator made is ever replaced. */
#ifndef AT_DATA_MADE_H
#define AT_DATA_MADE_H
#include <stdbool.h>
#include <stdint.h>
#include "core/base/status.h"
#include "core/base/text.h"
#include "core/base/thread.h"
#include "core/data/image.h"

/* ---- the folder ---- */

typedef struct at_made_kind {
  const char *generator;    /* as meta.json has it */
  const char *const *files; /* beside meta.json; ends with NULL. Other files stay where they are */
  bool images;              /* and DIR/images/000000.png ... */
} at_made_kind;

typedef struct at_made {
  const at_made_kind *kind;
  char *dir, *tmp, *old; /* tmp: where to write */
  bool begun;
} at_made;

/* Refuses a folder that holds anything else than, by force, a set of this kind; makes the
 * temporary one. On failure *m needs no end. */
at_status at_made_begin(at_made *m, const at_made_kind *kind, const char *dir, bool force,
                        at_error *err);
at_status at_made_commit(at_made *m, at_error *err);
void at_made_end(at_made *m); /* removes what was not committed */

/* Writes DIR/meta.json and frees the text. */
at_status at_made_write_meta(const char *dir, at_text *text, at_error *err);

/* ---- rows ---- */

enum { AT_MADE_TEXTS = 4 };
typedef struct at_made_row {
  unsigned char *pixels;       /* zeros at first */
  at_text text[AT_MADE_TEXTS]; /* of each file of text, what this row adds to it */
} at_made_row;

/* Called on any thread; must depend on `index` alone. */
typedef at_status at_made_draw(void *ctx, int64_t index, at_made_row *row, at_error *err);
/* Called on the calling thread after every few pictures; false stops. */
typedef bool at_made_progress(void *ctx, int64_t done, int64_t total);

typedef struct at_made_rows {
  /* names of the files in the folder; NULL: no more. array NULL: pictures are files of their own,
   * images/000000.png and so on, in a folder that is there */
  const char *array, *text[AT_MADE_TEXTS];
  const char *head[AT_MADE_TEXTS]; /* what a file of text begins with; NULL: nothing */
  int64_t count, height, width;    /* of pictures with three channels */
  at_made_draw *draw;
  void *ctx;
  at_made_progress *progress; /* may be NULL */
  void *progress_ctx;
  int64_t done, total; /* pictures of the set before these, and of all of it */
} at_made_rows;

/* Draws all rows and writes them in order, whatever the pool, which may be NULL. */
/* DIR/images/000007.png. */
at_status at_made_write_png(const char *dir, int64_t number, const at_image *m, at_error *err);
at_status at_made_write(const at_made *m, const at_made_rows *r, at_pool *pool, at_error *err);
#endif
