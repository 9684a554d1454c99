/* Between the files of this room only. */
#ifndef AT_GENERATE_GENERATE_IMPL_H
#define AT_GENERATE_GENERATE_IMPL_H
#include "core/data/image.h"
#include "core/generate/generate.h"
#include "core/run/make.h"

/* Picture `of` of the last run at every stage, and the words that its places attended to most. */
at_status at_generate_attention(const at_maker *m, int64_t of, const char *path, at_error *err);
#endif
