/* Errors of the library, and its version. */
#include <stdlib.h>
#include "config.h"
#include "core/embed/embed.h"

const char *attune_version(void) { return PACKAGE_VERSION; }

attune_error *attune_error_new(void) { return calloc(1, sizeof(attune_error)); }

void attune_error_free(attune_error *error) {
  if (!error) return;
  free(error->detail);
  free(error);
}

attune_status attune_error_status(const attune_error *error) {
  return error ? (attune_status)error->e.code : ATTUNE_NO_MEMORY;
}

const char *attune_error_message(const attune_error *error) {
  return error ? error->e.message : "out of memory";
}

const char *attune_error_detail(const attune_error *error) {
  return error && error->detail ? error->detail : "";
}
