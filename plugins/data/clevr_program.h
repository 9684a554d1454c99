/* The programs of CLEVR's questions (Johnson and others, 2017): what they ask, as text, and which
 * objects of the scene they come to. */
#ifndef ATTUNE_DATA_CLEVR_PROGRAM_H
#define ATTUNE_DATA_CLEVR_PROGRAM_H
#include <jansson.h>
#include <stddef.h>

enum { CLEVR_MOST_STEPS = 256, CLEVR_MOST_OBJECTS = 64 };

/* NULL: it is a program; else why it is none. Each step is {function | type, inputs, value_inputs |
 * side_inputs}, and its inputs are steps before it. */
const char *clevr_program_check(const json_t *program);
/* "exist", "count", "compare_integer", "query_attribute", "compare_attribute" or "other", by the
 * last step of a checked program. */
const char *clevr_program_type(const json_t *program);
/* "scene filter_color[red] unique query_shape": steps in order; "equal_shape(3,7)" where the inputs
 * are not just the step before. Cut to `room`. */
size_t clevr_program_text(const json_t *program, char *out, size_t room);
/* The objects that the last question is asked of, as bits. NULL, or why they cannot be found. */
const char *clevr_program_objects(const json_t *program, const json_t *scene,
                                  unsigned long long *out);
#endif
