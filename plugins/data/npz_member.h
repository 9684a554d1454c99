/* One array out of an .npz file: a zip archive of .npy files, stored or deflated. */
#ifndef ATTUNE_DATA_NPZ_MEMBER_H
#define ATTUNE_DATA_NPZ_MEMBER_H
#include <attune/plugin.h>
#include <stddef.h>

/* The bytes of the member NAME.npy, for free(); *out NULL: there is none of that name. */
int npz_member(const attune_host *host, const char *path, const char *name, unsigned char **out,
               size_t *n);
#endif
