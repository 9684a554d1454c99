/* Run files, run directories, sessions, sweeps.
 *
 * A RUN FILE (YAML) names everything a training run depends on. Relative paths in
 * it are relative to the file. Unknown keys, wrong types and values out of range
 * are errors with file:line:col and a near name.
 *
 *   model: ../models/scan_pixels.att
 *   arguments: {score: dot, d: 128}         # parameters of the model
 *   data:
 *     reader: photos(root=..., captions=...) # a data plugin with options
 *     bind: {image: picture.image, caption: caption.text}  # optional: model input <- table.field;
 *                                            # default: a field of the table of the input's batch
 * axis splits: {train: train, validation: dev, test: test}  # optional vocabulary: {tokens: words,
 * threshold: 4, max_words: 40} task: matching                           # a task plugin with
 * options metrics: [recall, median_rank]           # metric plugins with options train: epochs: 20
 *     batch: 64
 *     learning_rate: 0.0005
 *     schedule: {kind: step, factor: 0.1, every: 15}    # epochs; kinds: constant, step, cosine
 *     clip: 2.0
 *     evaluate_every: 1                      # epochs, on `validation`
 *     checkpoint_every: 200                  # steps; and at the end of every epoch
 *     best: rsum                             # the metric that picks best.safetensors
 *   seed: 0
 *   threads: 0                               # 0: all processors
 *
 * A SWEEP FILE adds:   base: RUN.yaml   over: {arguments.score: [dot, ...], seed: [0, 1, 2]}
 * (or the same run keys inline instead of `base`).
 *
 * A RUN DIRECTORY holds: run.yaml (resolved), model.att (text), vocabulary.json,
 * plugins.json (path, version, sha256), machine.json, metrics.jsonl (a line per
 * evaluation and per logging interval), last.safetensors, best.safetensors,
 * results.json (written last: its presence means finished). A SWEEP DIRECTORY
 * holds sweep.yaml and cells/NAME/ run directories. */
#ifndef AT_RUN_RUN_H
#define AT_RUN_RUN_H
#include "core/base/text.h"
#include "core/graph/exec.h"
#include "core/plugin/plugin.h"

typedef struct at_run at_run; /* a resolved run file */

/* `set`: "a.b=value" overrides, values in YAML syntax. `messages` gets the
 * diagnostics of the file when there are any (may be NULL). */
at_status at_run_load(const char *path, const char *const *set, size_t n_set, at_run **out,
                      at_error *err);
void at_run_free(at_run *r);
/* The resolved YAML text; caller frees. */
char *at_run_text(const at_run *r);
const char *at_run_get(const at_run *r,
                       const char *key); /* "arguments.score", "seed" as text; NULL */

/* Its "argument=value" pairs, for the model, in the run's own memory. */
at_status at_run_arguments(const at_run *r, const char *const **out, size_t *n, at_error *err);

/* ---- sessions: a run brought to life --------------------------------------------- */
typedef struct at_session at_session;

/* From a run file (fresh weights by its seed), or from a run directory with the
 * weights of its best.safetensors (or last when there is no best). `messages`
 * receives diagnostics of the model (may be NULL). threads 0: as the run says. */
at_status at_session_new(at_registry *reg, const at_run *run, int threads, at_session **out,
                         at_text *messages, at_error *err);
/* What can be known of a run before its data are read: that there are its task, metrics and reader
 * and they take these options, and that the model is one. */
at_status at_session_check(at_registry *reg, const at_run *run, at_text *messages, at_error *err);
at_status at_session_open(at_registry *reg, const char *dir, int threads, at_session **out,
                          at_text *messages, at_error *err);
/* With other metrics, task, reader or splits, "metrics=[recall]". Paths are relative to `dir`.
 * EINPUT: another key. */
at_status at_session_open_set(at_registry *reg, const char *dir, const char *const *set,
                              size_t n_set, int threads, at_session **out, at_text *messages,
                              at_error *err);
void at_session_free(at_session *s);

/* What the task has to say of what it met and took all the same, a line each; NULL: nothing. */
const char *at_session_said(const at_session *s);

const at_run *at_session_run(const at_session *s);
const at_graph *at_session_graph(const at_session *s);
at_params *at_session_params(at_session *s);
const at_dataset *at_session_dataset(const at_session *s);
/* Data split name for a role "train" "validation" "test", or the name itself. */
const char *at_session_split(const at_session *s, const char *role);

/* ---- progress ------------------------------------------------------------------------ */
typedef struct at_progress {
  const char *phase;                  /* "train", "evaluate validation", "sweep cell 3/10 ..." */
  int64_t epoch, epochs, step, steps; /* within the phase; steps 0: unknown */
  double loss;                        /* NAN when there is none */
  double examples_per_s, seconds_left;
  const char *metric; /* the one that picks the best weights; NULL: nothing was evaluated yet */
  double value, best; /* of it, at the last evaluation and at best; NAN: none */
  const at_result *results;
  size_t n_results; /* after an evaluation, else NULL */
} at_progress;
/* Called on the training thread. Return non-zero to stop after the current step
 * (a checkpoint is written first). */
typedef int at_progress_fn(void *ctx, const at_progress *p);

/* Trains into `dir` (made when absent). resume: continue from last.safetensors if
 * there is one; without it a non-empty dir is EINPUT. Evaluates on `validation`
 * while training and, with the best weights, on `test` at the end. */
at_status at_session_train(at_session *s, const char *dir, bool resume, at_progress_fn *fn,
                           void *ctx, at_error *err);
/* A sentence on how training ended when it stopped early; NULL: nothing to say. */
const char *at_session_outcome(const at_session *s);
/* Runs task + metrics over a split (role or name). Caller frees *results. */
at_status at_session_evaluate(at_session *s, const char *split, at_progress_fn *fn, void *ctx,
                              at_result **results, size_t *n, at_error *err);
/* The same, and what was predicted as JSON lines: one for each row of the table that the answers
 * are of. EINPUT before anything is run: the task chooses no answers. */
typedef struct at_predictions {
  const char *path; /* replaced when all is written */
  bool attention;   /* with the weights of every attend block */
} at_predictions;
at_status at_session_evaluate_file(at_session *s, const char *split, const at_predictions *to,
                                   at_progress_fn *fn, void *ctx, at_result **results, size_t *n,
                                   at_error *err);

/* ---- which rows belong together -------------------------------------------------------- */
enum { AT_MOST_ROWS = 4 };
/* The batch axis whose rows name a row of every other one: captions name their picture,
 * questions as well. EINPUT: there is none. */
at_status at_session_anchor(const at_session *s, const char **table, at_error *err);
/* Rows of every batch axis, in input order, that `row` of the anchor names. */
at_status at_session_linked(const at_session *s, const char *split, int64_t row,
                            int64_t rows[AT_MOST_ROWS], size_t *n, at_error *err);

/* ---- looking at attention ---------------------------------------------------------------- */
/* PARTS: keys are several sequences one after another, or items; at_key_parts says which. */
typedef enum at_over {
  AT_OVER_OTHER,
  AT_OVER_WORDS,
  AT_OVER_CELLS,
  AT_OVER_BOXES,
  AT_OVER_PARTS
} at_over;

/* Keys first .. first + n - 1 of a joined axis. */
typedef struct at_key_part {
  char axis[48];
  at_over over; /* WORDS, BOXES for items of the picture, OTHER */
  int64_t first, n;
  bool asks; /* the task fills it: what it has answered so far, which asks for the rest */
} at_key_part;
enum { AT_MOST_PARTS = 8 };
typedef struct at_key_parts {
  at_key_part v[AT_MOST_PARTS];
  int n; /* 0: the axis is neither joined nor of items */
} at_key_parts;
/* The rows that ask: those of the part that does, else all. */
void at_parts_asking(const at_key_parts *p, int64_t all, int64_t *first, int64_t *n);

/* What stands along an axis of items: its fields NAME_box and NAME_text. */
typedef struct at_items {
  char axis[48];
  int64_t n;
  float *box;  /* [n, 4] x0 y0 x1 y1 as shares of the picture; NULL: the data do not say */
  char **text; /* [n], in `texts`; NULL: they have none */
  char *texts;
} at_items;
void at_items_free(at_items *v, size_t n);
/* Those that a part of the keys is of; NULL: none. */
const at_items *at_items_of(const at_items *v, size_t n, const at_key_part *part);
/* One forward of one row per batch axis (rows[i] for batch axis i in input order). */
typedef struct at_attention {
  char *attend;       /* name of the block: "cell.read.2" */
  char *block, *step; /* its two parts: "cell.read", "2"; step "" outside of a repeat */
  char *query_axis, *key_axis;
  int64_t queries, keys;
  float *weight;           /* [queries, keys]; each row sums to one; the mean over heads */
  float *score;            /* raw scores, the same layout */
  int64_t heads;           /* 1: it has none */
  float *head;             /* weights of each, [heads, queries, keys]; NULL: it has none */
  at_over over;            /* what the keys are */
  int64_t grid_h, grid_w;  /* CELLS: row after row */
  at_key_parts parts;      /* PARTS */
  int64_t ask_first, asks; /* the queries that are shown: all, or those of the part that asks */
} at_attention;
typedef struct at_look {
  at_attention *attention;
  size_t n_attention;
  char **words;
  size_t n_words; /* of the token input, NULL when there is none */
  char *text;     /* the caption as the reader gave it */
  char *name;     /* of the picture */
  uint8_t *rgb;
  int64_t width, height; /* the picture as the model saw it; NULL when the data has none */
  float *boxes;
  int64_t n_boxes; /* x y w h in pixels of `rgb`, one per region; NULL */
  at_items *items; /* of each axis of items */
  size_t n_items;
  int64_t grid_h, grid_w; /* regions are a grid of cells: its shape; 0 when not */
  float similarity;       /* value of the first output for this pair */
  char *expected;         /* answer of the data; NULL: the model chooses among no classes */
  char *predicted;        /* the class of the largest number of its output */
  char *type;             /* the field `type` of what was asked; NULL: there is none */
  float logit;            /* that largest number; NaN: the task makes its answers up */
  char **step;            /* of an answer that was made step by step: what each step says */
  int64_t *step_item;     /* [n_steps] the item that it points at; -1: none */
  size_t n_steps;
} at_look;
/* Whether looks of this session have answers. */
bool at_session_tells(const at_session *s);
/* Of a score or weights over `over`: the dim that is neither a batch axis nor `over` nor the
 * heads', which asks, and that of the heads; -1: none. */
int at_attend_query_dim(const at_graph *g, const at_node *v, int over);
int at_attend_head_dim(const at_graph *g, const at_node *v, int over);
/* Whether they are chosen among classes. */
bool at_session_answers(const at_session *s);
at_status at_session_look(at_session *s, const char *split, const int64_t *rows, size_t n_rows,
                          at_look *out, at_error *err);
void at_look_free(at_look *l);

/* ---- what the data says that decides ------------------------------------------------------- */
/* Of one example. Boxes are in pixels of the picture as the model gets it. */
typedef struct at_evidence {
  float *box; /* [n_boxes, 4] x y w h, of the field `evidence` of a batch axis; NULL: none */
  int64_t n_boxes;
  int64_t *word; /* of the field `evidence_words` beside the text that the model reads; NULL */
  int64_t n_words;
  int64_t first, words; /* the key of word 0, 1 behind <start>; how many words the model is given */
  int64_t width, height; /* of the picture; 0: there is none */
  float *region;         /* [n_regions, 4] of the picture's boxes; NULL */
  int64_t n_regions;
  at_items *items; /* of the picture, as of a look */
  size_t n_items;
} at_evidence;
/* rows[i] of batch axis i, as of a look. Free it also where this fails. Thread-safe. */
at_status at_session_evidence(const at_session *s, const char *split, const int64_t *rows,
                              at_evidence *out, at_error *err);
void at_evidence_free(at_evidence *e);

/* ---- sweeps ---------------------------------------------------------------------------------- */
typedef struct at_sweep at_sweep;
typedef struct at_cell {
  char *name; /* folder name: "score=dot,seed=0" made safe */
  size_t n_keys;
  char **keys, **values; /* what is special about it */
  char *dir;             /* under the sweep directory */
  bool finished;         /* results.json is there */
} at_cell;
at_status at_sweep_load(const char *path, const char *const *set, size_t n_set, const char *dir,
                        at_sweep **out, at_error *err);
void at_sweep_free(at_sweep *w);
const at_cell *at_sweep_cells(const at_sweep *w, size_t *n);
/* The run of a cell; caller frees. */
at_status at_sweep_cell_run(at_sweep *w, size_t cell, at_run **out, at_error *err);
/* Whether a file says `over` or `base`. */
at_status at_is_sweep(const char *path, bool *yes, at_error *err);
/* Looks at every run that is not finished without reading data; `faults` gets a line for each that
 * cannot begin. */
at_status at_sweep_look(at_sweep *w, at_registry *reg, at_text *faults, at_error *err);
/* Trains what is not finished, in order; finished cells are not redone. A cell
 * that fails is reported and the others go on; EFAIL at the end when any failed. */
at_status at_sweep_run(at_sweep *w, at_registry *reg, int threads, at_progress_fn *fn, void *ctx,
                       at_text *failures, at_error *err);
#endif
