/* The model language: text -> syntax tree -> checked graph.
 *
 * Nothing here knows plugins: the attend block asks `env->compose` for the
 * score, so the language room depends on graph and base alone. */
#ifndef AT_DSL_DSL_H
#define AT_DSL_DSL_H
#include "core/base/arena.h"
#include "core/base/status.h"
#include "core/base/text.h"
#include "core/graph/graph.h"

/* One source text; spans are byte offsets into it.  Those that it includes hang on
 * `next`, in the order in which they were read: the file of a span is its place there. */
typedef struct at_source at_source;
/* Reads what `from` includes as `path` into the arena; NULL: including is refused. */
typedef at_status (*at_source_read)(at_arena *arena, const at_source *from, const char *path,
                                    at_source *out, at_error *err);
struct at_source {
  const char *path; /* as shown in messages */
  const char *text;
  size_t size;
  at_source_read read;
  at_source *next;
};
/* Reads beside the file `from`. */
at_status at_source_read_beside(at_arena *arena, const at_source *from, const char *path,
                                at_source *out, at_error *err);

enum { AT_DIAG_CALLS = 3 }; /* shown with one message */

/* The path that `from` means by `path`, in the arena; NULL: out of memory. */
char *at_source_beside(at_arena *arena, const at_source *from, const char *path);

typedef enum at_severity { AT_SEV_ERROR, AT_SEV_WARNING } at_severity;

typedef struct at_diag {
  at_severity severity;
  const char *code; /* stable: "unknown-axis" */
  at_span span;
  const char *message; /* "`v` has no axis `word`" */
  const char *hint;    /* "did you mean `words`?" or NULL */
  at_span note_span;   /* file -1: none */
  const char *note;    /* "`d` was made here, with 512" or NULL */
  /* The calls of modules that led there, the innermost first. */
  struct at_diag_call {
    at_span span;
    const char *module;
  } call[AT_DIAG_CALLS];
  int n_call;
} at_diag;

typedef struct at_diags {
  at_arena *arena;
  at_diag *v;
  size_t n, cap;
  size_t errors;
} at_diags;

/* file:line:col: error: message, the source line with tabs kept, carets over
 * the range, the hint, the note with its own place; appended to `out`. */
void at_diags_format(const at_diags *d, const at_source *src, at_text *out);
/* The same for programs: one JSON array; lines and columns from 1, in characters. */
void at_diags_json(const at_diags *d, const at_source *src, at_text *out);

typedef struct at_ast at_ast; /* dsl/ast.h */

/* Parses; *out may be a partial tree when there are errors.  Returns AT_OK when
 * the text was parsed without error, AT_EINPUT when `diags` holds some. */
at_status at_dsl_parse(at_arena *arena, at_source *src, at_diags *diags, at_ast **out);

/* The same, and what it includes is left unread. */
at_status at_dsl_parse_alone(at_arena *arena, const at_source *src, at_diags *diags, at_ast **out);

/* The canonical form of a file, appended to `out`: same tokens, same comments, other space.
 * Formatting it again changes nothing.  AT_EINPUT when it cannot be parsed: see diags. */
at_status at_dsl_format(at_arena *arena, const at_source *src, at_diags *diags, at_text *out);

/* What a model's `score = ...` asks of the plugin world: build the score of
 * `query` against `key` along axis `along` into *score, whose dims must be those
 * of at_contract(key, query, along).  `spec` is the text "general(side=key)".
 * With `interact` products of features are not summed: the score has the dims of query
 * and key together, `along` among them.
 * `each`: the axis of heads that have parameters of their own; -1: they share them.
 * `score_known` (optional) says whether there is a score of that name, `score_names` (optional)
 * what there is, for "did you mean"; a name is looked for among them where nothing else knows it.
 */
typedef struct at_dsl_env {
  void *scores; /* of the three functions below */
  at_status (*compose)(void *scores, at_graph *g, const char *spec, at_node *query, at_node *key,
                       int along, bool interact, int each, const char *scope, at_span span,
                       at_node **score, at_error *err);
  bool (*score_known)(void *scores, const char *name);            /* may be NULL */
  size_t (*score_names)(void *scores, const char *const **names); /* may be NULL */
  /* "k=v" overrides of the model's parameters, as typed on a command line. */
  const char *const *set;
  size_t n_set;
  /* Sizes that the data knows and the file leaves open: axis of an input, and
   * vocabulary of a token input.  Return -1: not known (then the graph is for
   * checking only). NULL: nothing is known. */
  void *ctx;
  int64_t (*axis_size)(void *ctx, const char *input, const char *axis);
  int64_t (*vocabulary)(void *ctx, const char *input);
  bool json; /* at_dsl_load: messages are at_diags_json's array, [] too */
} at_dsl_env;

/* Checks and lowers to a graph.  *out NULL when there were errors. */
at_status at_dsl_lower(const at_ast *ast, const at_source *src, const at_dsl_env *env,
                       at_diags *diags, at_graph **out, at_error *err);

/* Parse + lower of a file.  When there are diagnostics their text is appended
 * to `messages` (may be NULL).  EINPUT when the file has errors. */
at_status at_dsl_load(const char *path, const at_dsl_env *env, at_graph **out, at_text *messages,
                      at_error *err);
/* The same from src->path, or from the `size` bytes of src->text where it is not NULL; the texts of
 * it and of what it includes stay in the arena, so that spans can be shown. */
at_status at_dsl_load_kept(at_arena *arena, at_source *src, const at_dsl_env *env, at_graph **out,
                           at_text *messages, at_error *err);

/* A model that was loaded and what it includes, each as a file of one folder: the model under
 * `name`, the others under the names that they have, without folders. All in the arena. */
typedef struct at_dsl_file {
  const char *name, *text;
} at_dsl_file;
at_status at_dsl_gather(at_arena *arena, const at_source *src, const char *name, at_dsl_file **out,
                        size_t *n, at_error *err);
#endif
