/* A YAML document as a tree with places, for run files. */
#ifndef AT_RUN_YAML_H
#define AT_RUN_YAML_H
#include <stddef.h>
#include "core/base/arena.h"
#include "core/base/status.h"
#include "core/base/text.h"

typedef enum at_yaml_kind { AT_YAML_SCALAR, AT_YAML_LIST, AT_YAML_MAP } at_yaml_kind;
typedef struct at_yaml {
  at_yaml_kind kind;
  const char *text;            /* SCALAR */
  size_t n;                    /* LIST, MAP */
  const struct at_yaml **item; /* LIST, MAP: values */
  const struct at_yaml **key;  /* MAP: scalars; no key twice */
  int line, col;               /* from 1 */
} at_yaml;

/* One document; `what` names it in errors "what:line:col: ...". All in `arena`.
 * An empty text gives a MAP of nothing. */
at_status at_yaml_parse(at_arena *arena, const char *text, size_t size, const char *what,
                        const at_yaml **out, at_error *err);

const at_yaml *at_yaml_get(const at_yaml *map, const char *key); /* NULL: none */

/* Appends a scalar so that it reads back as the same text: bare where YAML
 * allows, in double quotes otherwise. */
void at_yaml_put_scalar(at_text *out, const char *text);
/* A value on one line in flow style. */
void at_yaml_put_flow(at_text *out, const at_yaml *v);
#endif
