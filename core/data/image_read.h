/* The two decoders behind at_image_decode. */
#ifndef AT_DATA_IMAGE_READ_H
#define AT_DATA_IMAGE_READ_H
#include "core/data/image.h"

at_status at_image_decode_jpeg(const void *bytes, size_t n, const char *what, at_image *out,
                               at_error *err);
at_status at_image_decode_png(const void *bytes, size_t n, const char *what, at_image *out,
                              at_error *err);
/* Refuses sides outside the limit in words that name the file. */
at_status at_image_check_size(unsigned long w, unsigned long h, const char *what, at_error *err);
#endif
