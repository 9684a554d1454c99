/* The inputs that the task fills: the answer so far, and what should come next. */
#ifndef ATTUNE_TASK_TEXTVQA_FEED_H
#define ATTUNE_TASK_TEXTVQA_FEED_H
#include "textvqa_splits.h"

extern const attune_fed tv_fed[];
int64_t tv_size(const attune_host *host, void *state, const char *input, const char *axis);
int tv_feed(const attune_host *host, const attune_options *options, attune_task_context *context,
            const attune_rows *rows, attune_batch *batch);
#endif
