/* Pictures with tokens of text in them and questions about them, in splits: what the readers of
 * text-VQA have in common once their files are read. Fields, beside those of asked.h:
 *
 *   picture.token        items [n, features], ocr_features.h
 *   picture.token_box    items [n, 4]: x0 y0 x1 y1 as shares of the picture
 *   picture.token_crop   items [n, h, 2 h, 3], where the reader's option asks for them, ocr_crops.h
 *   picture.token_text   a line each; an empty text is one token without a character
 *   picture.object       items [n, features], where the data have objects
 *   picture.object_box   items [n, 4], likewise */
#ifndef ATTUNE_DATA_OCR_H
#define ATTUNE_DATA_OCR_H
#include "asked.h"
#include "ocr_crops.h"
#include "ocr_features.h"
#include "ocr_tokens.h"

typedef struct ocr_picture {
  ocr_tokens tokens;
  float *object, *object_box; /* [objects, object_width], [objects, 4] */
  int64_t objects;            /* 0: one of zeros is given */
  ocr_crops_kept crops;
} ocr_picture;

typedef struct ocr ocr;
/* Objects that are kept in files: *feature [*n, object_width], *box [*n, 4], both scratch, either
 * NULL where it is not wanted. [worker] */
typedef int ocr_objects_fn(const attune_host *host, const ocr *o, size_t part, int64_t picture,
                           float **feature, float **box, int64_t *n);

typedef struct ocr_part { /* beside asked->part[i] */
  ocr_picture *picture;
  int64_t n, cap;
} ocr_part;

struct ocr {
  asked *asked; /* owned */
  ocr_part *part;
  size_t parts;
  ocr_features features;
  ocr_crops crops;
  ocr_split split;
  int64_t limit;
  int64_t object_width;    /* 0: there are no objects */
  ocr_objects_fn *objects; /* NULL: they are the pictures' own */
  void *files;             /* the reader's, for `objects` */
  void (*close_files)(void *files);
  struct {
    uint32_t token, token_box, token_crop, token_text, object, object_box;
  } field;
};

#define OCR_LIMIT_OPTION(limit_)                                                               \
  {                                                                                            \
    "limit", ATTUNE_OPTION_INT, limit_, 1, 100000, NULL,                                       \
        "tokens of a picture: of one that has more the first are given, and that is said once" \
  }

ocr *ocr_new(void);
void ocr_free(ocr *o); /* NULL is fine */
/* The picture beside asked->part[part].picture[picture], made when absent; NULL: out of memory. */
ocr_picture *ocr_picture_at(ocr *o, size_t part, int64_t picture);
/* Cuts tokens at the limit, reads vectors, says what is to be said, and declares all fields. */
int ocr_declare(const attune_host *host, const attune_options *options, attune_schema *schema,
                ocr *o);
int ocr_read(const attune_host *host, void *instance, const char *split, uint32_t field,
             int64_t row, void *dst, attune_sink *sink);
void ocr_close(void *instance);
#endif
