/* A new plugin as a folder that can be built: what `attune plugin new` writes. */
#ifndef AT_PLUGIN_SCAFFOLD_H
#define AT_PLUGIN_SCAFFOLD_H
#include "core/base/status.h"
#include "core/base/text.h"

/* Copies the skeleton of the kind ("score", "task", "metric", "data") into the new folder `dir`
 * (NULL: the name), with name and licence (an SPDX name; NULL: Apache-2.0) in their places. The
 * paths written are appended to `wrote`, one a line; NULL is fine. */
at_status at_scaffold(const char *kind, const char *name, const char *license, const char *dir,
                      at_text *wrote, at_error *err);
#endif
