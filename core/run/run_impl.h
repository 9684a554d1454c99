/* Between the files of this room only. */
#ifndef AT_RUN_RUN_IMPL_H
#define AT_RUN_RUN_IMPL_H
#include <jansson.h>
#include "core/base/bundle.h"
#include "core/base/file.h"
#include "core/base/thread.h"
#include "core/data/text_tokens.h"
#include "core/run/batch.h"
#include "core/run/run.h"
#include "core/run/yaml.h"
#include "core/train/optimizer.h"
#include "core/train/schedule.h"
#include "dsl/dsl.h"

/* ---- run files (runfile.c) ---- */

typedef struct at_entry {
  const char *key;   /* "train.epochs" */
  const char *value; /* as text; lists as "a, b" */
  const char *place; /* "run.yaml:3:9", "--set"; "" for defaults */
} at_entry;

struct at_run {
  at_arena *arena;
  const char *path, *dir; /* of the file; dir is absolute */
  at_entry *entry;
  size_t n, cap;
};

/* Entries of a tree; keys named in `skip` (ended by NULL, may be NULL) are passed over. */
at_status at_run_take(at_run *r, const at_yaml *root, const char *what, const char *const *skip,
                      at_error *err);
at_status at_run_override(at_run *r, const char *assignment, at_error *err); /* "a.b=value" */
at_status at_run_finish(at_run *r, at_error *err);      /* defaults, required keys, paths */
at_status at_run_rules(const at_run *r, at_error *err); /* rules.c: keys that contradict others */
at_status at_run_new(const char *path, at_run **out, at_error *err);
at_status at_run_file(at_arena *arena, const char *path, const at_yaml **root, at_error *err);
/* Sets a key outright, as the run directory does with what it resolved. */
at_status at_run_put(at_run *r, const char *key, const char *value, const char *place,
                     at_error *err);
const at_entry *at_run_entry(const at_run *r, const char *key);
double at_run_number(const at_run *r, const char *key);
int64_t at_run_int(const at_run *r, const char *key);
/* Pieces of a list value at commas outside parentheses; in `arena`. */
at_status at_run_list(at_arena *arena, const char *value, const char ***out, size_t *n,
                      at_error *err);

/* ---- a model input and where it comes from (inputs.c) ---- */

typedef struct at_feed {
  const at_node *input;
  const at_field *field; /* NULL: the task fills it */
  at_feed_kind kind;
  int table;   /* index into session->batch */
  int linked;  /* LINK: index into session->batch of the table it points to */
  int64_t row; /* numbers of one row; 1 for tokens */
  /* LINK field by which the table of the batch axis names a row of the field's; NULL: its own */
  const at_field *through;
  int64_t shrink; /* IMAGE: squares of so many pixels become one */
} at_feed;

/* A batch axis, fed from the table of the same name. */
typedef struct at_batch_axis {
  const char *name;
  int axis, ragged; /* ids; ragged -1: none */
  bool linked;      /* rows of another axis point to its rows: a batch has each once */
} at_batch_axis;

/* What was read of one split and is worth keeping: pictures as bytes, captions as numbers. */
typedef struct at_cache {
  char *split;
  size_t n_feeds;
  int64_t *rows;    /* [n_feeds] */
  uint8_t ***image; /* [n_feeds][row], NULL until read */
  int32_t ***token; /* [n_feeds][row]; of labels and links one number */
  int32_t **length; /* [n_feeds][row] */
} at_cache;

enum { AT_MAX_BATCH_AXES = AT_MOST_ROWS, AT_MAX_FEEDS = 16 };

/* The classes of a text that stands for itself: the answers of a task. */
typedef struct at_labels {
  char **name; /* sorted by their bytes, so that a class has its number in every run */
  size_t n;
  const at_field *field; /* whose texts they are; NULL: there are none */
} at_labels;

typedef struct at_stepping at_stepping; /* stepping.c */
typedef struct at_pairs at_pairs;       /* pairs.c */

/* A text that the task keeps with the run. */
typedef struct at_kept {
  char *name, *text;
  struct at_kept *next;
} at_kept;

/* Numbers of a batch that is still to come (ahead.c). */
typedef struct at_early {
  const at_cache *of; /* whose split it is */
  int64_t *rows, n;   /* owned, with room for `cap` */
  size_t cap, bytes;  /* of v */
  float *v;           /* [n, row of the feed], owned */
  bool read;          /* it holds them; while a thread reads, it alone knows */
} at_early;

struct at_session {
  at_registry *reg;
  at_run *run;
  char *dir; /* of an opened run; NULL */
  const at_item *reader, *task;
  attune_options *reader_options, *task_options;
  const at_item **metric;
  attune_options **metric_options;
  size_t n_metrics;
  at_dataset *data;
  void *task_state;
  uint32_t purpose; /* attune_purpose of the batches that are not trained on */
  at_kept *kept;
  at_text said; /* sentences of the task, a line each */
  at_vocab *vocab;
  at_labels labels;
  at_token_mode tokens;
  int64_t max_words;
  bool ends;
  bool signed_pixels; /* -1 .. 1, not 0 .. 1 */
  at_arena *arena;
  at_source source; /* of the model, in the arena: spans of the graph point into it */
  at_graph *graph;
  at_params *params;
  at_graph *training; /* of the graph what losses read: `train` runs it; NULL: no training yet */
  at_params training_params; /* its view of `params` */
  at_pool *pool;
  at_exec *train, *eval, *look, *judge; /* judge: losses, nothing learned */
  at_stepping *stepping;                /* NULL: nobody answers a step at a time */
  attune_network *network;              /* other models that metrics asked for */
  struct at_memory *memory;             /* what they remember */
  const char *folder;                   /* where that lies as files; NULL: nowhere */
  uint64_t seed;
  char *outcome; /* of training, where there is more to say than that it is done; NULL */
  at_batch_axis batch[AT_MAX_BATCH_AXES];
  int n_batch;
  at_feed feed[AT_MAX_FEEDS];
  int n_feeds;
  at_cache **cache;
  size_t n_caches;
  /* pictures */
  bool varies,
      flips;      /* the batch at hand is one to train on: windows are drawn; mirrored ones too */
  uint64_t epoch; /* that they are drawn for */
  int64_t kept_bytes;           /* of all caches */
  struct at_ahead *ahead;       /* NULL: nothing is read ahead */
  at_early early[AT_MAX_FEEDS]; /* of inputs that are numbers */
  /* the batch at hand */
  void *buffer[AT_MAX_FEEDS];
  size_t buffer_bytes[AT_MAX_FEEDS];
  int64_t *offsets[AT_MAX_FEEDS];
  size_t offsets_cap[AT_MAX_FEEDS];
  int64_t *followed; /* rows behind links, of the feed at hand */
  size_t followed_cap;
};

/* Field for an input of the model `g`, its sizes known or not: data.bind, or by name. */
at_status at_session_field(const at_session *s, const at_graph *g, const char *input,
                           const at_field **out, at_error *err);
at_status at_session_bind(at_session *s, at_error *err); /* feeds, from graph and schema */
/* ---- what was read (cache.c) ---- */
at_status at_session_cache(at_session *s, const char *split, at_cache **out, at_error *err);
void at_cache_free(at_cache *c);
/* Binds `x`, whose inputs are of one batch axis alone and none the task's, to rows of that axis. */
at_status at_session_load_side(at_session *s, at_exec *x, const char *split, int side,
                               const int64_t *rows, int64_t count, at_error *err);

/* Room for so many bytes of the batch at hand, and for its n + 1 offsets. */
at_status at_session_reserve(at_session *s, int feed, size_t bytes, at_error *err);
at_status at_session_reserve_offsets(at_session *s, int feed, int64_t n, at_error *err);

/* ---- items (items.c) ---- */
/* Those of n rows, one after another, and their offsets. */
at_status at_session_load_items(at_session *s, at_exec *x, const at_cache *c, int feed,
                                const int64_t *rows, int64_t n, at_error *err);

/* ---- what the task fills (fed.c) ---- */
bool at_session_fed(const at_session *s, const char *input);
attune_rows at_session_rows(const at_session *s, const int64_t *const *rows, const int64_t *counts);
/* Once the inputs that data feed are bound. x NULL: of the feeds `wanted` alone, into the buffers
 * and offsets of the session; else `wanted` is NULL. */
at_status at_session_feed(at_session *s, at_exec *x, const char *split, const int64_t *const *rows,
                          const int64_t *counts, const bool *wanted, at_error *err);

/* ---- answers a step at a time (stepping.c) ---- */
/* The model on rows of which from[i] says which row of the last call each continues, with one step
 * more; NULL: with their first step.  *x: the executor that holds the outputs, of which the last of
 * each row's is the newest.  `whole`: nothing is kept, all is worked out. */
at_status at_session_next(at_session *s, const char *split, const int64_t *const *rows,
                          const int64_t *counts, const int64_t *from, bool whole, at_exec **x,
                          at_error *err);
void at_stepping_free(at_stepping *s);
at_status at_session_keep(at_session *s, const char *name, const char *text, at_error *err);
const char *at_session_kept(at_session *s, const char *name);
at_status at_session_write_kept(const at_session *s, at_bundle *to, at_error *err);
at_status at_session_say(at_session *s, const char *sentence, at_error *err);
void at_session_free_kept(at_session *s);

/* ---- parts and items (parts.c, rollout.c) ---- */
at_status at_session_items(const at_session *s, const char *split, const int64_t *rows,
                           at_items **out, size_t *n, at_error *err);
/* Behind the blocks of a look, which have room for as many more: `rollout` (Abnar and Zuidema,
 * 2020) of those that are layers of self-attention over the same joined keys, the first one first.
 */
at_status at_look_roll(at_look *l, at_error *err);

/* ---- links (linked.c) ---- */
/* The field by which rows of `from` name one of `to`; NULL: there is none. */
const at_field *at_session_link_field(const at_session *s, const char *from, const char *to);
/* The row of a feed's own table that belongs to `row` of its batch axis. */
at_status at_session_follow(const at_session *s, const at_feed *f, const char *split, int64_t row,
                            int64_t *out, at_error *err);

/* ---- pictures (pixels.c) ---- */
/* By how much an input is smaller than what is fed of a picture, in both directions; 0: it is no
 * whole number, or the field no picture. */
int64_t at_pixels_shrink(const at_session *s, const at_node *in, const at_field *f);
/* How many bytes at_pixels_read gives. */
int64_t at_pixels_bytes(const at_feed *f);
/* All of a picture, made smaller as the feed wants it; the caller frees it. */
at_status at_pixels_read(const at_session *s, const at_feed *f, const char *split, int64_t row,
                         uint8_t **out, at_error *err);
/* The bytes that a model's numbers stand for. */
void at_pixels_take(const at_session *s, const float *v, int64_t n, uint8_t *dst);
/* The first picture of a row of `table` at that size; EFAIL: the table has none. */
at_status at_pixels_of(const at_session *s, const char *split, const char *table, int64_t row,
                       int64_t height, int64_t width, uint8_t *rgb, at_error *err);
/* ---- weights of other runs (imports.c) ---- */
/* What the run file imports, beside what the model does. */
at_status at_session_import(at_session *s, at_error *err);
/* The vocabulary of the first run whose weights are imported, NULL where there is none; caller
 * frees. */
at_status at_session_import_words(const at_session *s, char **path, at_error *err);

/* ---- pictures (pictures.c) ---- */
/* Size of dim k of a row as models get it: data.crop, or the field's own. */
int64_t at_session_shape(const at_session *s, const at_field *f, int k);
at_status at_session_check_crop(const at_session *s, const at_field *f, at_error *err);
/* Whether batches are cut and mirrored as `epoch` of training has it, or their middles taken. */
void at_session_vary(at_session *s, bool on, int64_t epoch);
/* Into the feed's buffer, from the cache, which has them; those that there is no room for go. */
void at_session_give_pictures(at_session *s, at_cache *c, int feed, const int64_t *rows, int64_t n);
/* The cache owns `rgb` from here on. */
void at_session_keep_picture(at_session *s, at_cache *c, int feed, int64_t row, uint8_t *rgb);
/* One as models get it, its middle; the caller frees *out. */
at_status at_session_picture(const at_session *s, const char *split, const at_field *f, int64_t row,
                             uint8_t **out, at_error *err);

/* ---- reading ahead (ahead.c) ---- */
/* Begins to read what a later batch of these rows lacks; whoever needs the caches ends it first. */
void at_session_ahead(at_session *s, const char *split, const int64_t *const *rows,
                      const int64_t *counts);
void at_session_ahead_end(at_session *s); /* waits for what was begun, and keeps it */
/* These rows of a feed of numbers were read ahead, and are in its buffer now. */
bool at_session_early(at_session *s, const at_cache *c, int feed, const int64_t *rows, int64_t n);
void at_session_free_early(at_session *s);

/* ---- vocabulary (words.c) ---- */
at_status at_session_words(at_session *s, const char *input, const at_field *f, at_error *err);
/* How the run's texts are cut: into s->tokens, max_words and ends. */
void at_session_reads(at_session *s, const at_run *r);
/* Words, or pieces; as at_tokenise. */
at_status at_session_tokens(const at_session *s, const char *text, at_tokens *out, at_error *err);

/* The numbers that words of a text have, ends included where the run wants them: at least one.
 * Words that have none are appended to `unknown` (NULL: nowhere), ", " between, and counted.
 * Caller frees *id. */
at_status at_session_ids(const at_session *s, const char *text, int32_t **id, int64_t *n,
                         at_text *unknown, int64_t *n_unknown, at_error *err);

/* ---- labels (labels.c) ---- */
/* Of the plain token input `input`: from the run's directory, from data.labels.file, or from
 * the texts of the train split. */
at_status at_session_labels(at_session *s, const at_field *f, at_error *err);
int at_labels_find(const at_labels *l, const char *name); /* -1: no class */
/* Class of a row's text. -1 where data.labels.unknown lets it be none; else EINPUT. */
/* Whether the splits that come after training have classes that are known; EINPUT names the first
 * row that has not, unless such rows count as wrong. */
at_status at_session_labels_known(const at_session *s, at_error *err);
at_status at_session_label(const at_session *s, const char *split, const at_field *f, int64_t row,
                           int32_t *out, at_error *err);
/* min(1, n / 3) of each class that n of the tab-separated answers of a row name. */
at_status at_session_scores(const at_session *s, const char *split, const at_field *f, int64_t row,
                            float *dst, at_error *err);
/* Of the classes that a run directory has; -1: it has none. */
at_status at_labels_count(const char *dir, int64_t *n, at_error *err);
at_status at_labels_write(const at_labels *l, at_bundle *to, at_error *err);
void at_labels_free(at_labels *l);

/* ---- every row with every other (pairs.c) ---- */
/* What each side of the model makes of rows is kept from call to call, so that a task that goes
 * through blocks of both encodes each row once, or once for each block of the other side that is
 * larger than there is room for. */
at_status at_pairs_new(at_session *s, at_pairs **out, at_error *err);
void at_pairs_free(at_pairs *p);
/* Whether `output` is to be had so: a number for each pair of a model that comes apart. */
at_status at_pairs_possible(at_pairs *p, const char *output, bool *yes, at_error *err);
/* to [counts[0], counts[1]]: axes in the session's order. For an output that is possible. */
at_status at_pairs_forward(at_pairs *p, const char *split, const int64_t *const *rows,
                           const int64_t *counts, float *to, at_error *err);
/* Rows of axis i in a block: those whose values are small in all are kept, and blocks of the others
 * go past them. 0: no output of the task's is possible. */
int64_t at_pairs_block(at_pairs *p, const char *split, int i);
/* Rows of axis k of the last forward; how many. */
int64_t at_pairs_rows(const at_pairs *p, int k, const int64_t **row);

/* ---- tasks (task_ops.c, evaluate.c) ---- */
typedef struct at_task_run {
  at_session *s;
  const char *split;
  int64_t *example; /* [n * n_batch] rows */
  size_t n, cap;
  float *out;
  size_t out_cap;
  at_exec *last;   /* whose outputs are asked for: of the last forward or next */
  bool steady;     /* the weights stay as they are as long as this lives */
  at_pairs *pairs; /* NULL: not asked for yet */
  bool by_pairs;   /* the last forward was theirs */
  at_progress_fn *fn;
  void *ctx;
  const char *phase;
  int64_t done;
  char *text;    /* what a task last asked for */
  void **states; /* of the metrics that take pictures; NULL: none is asked */
} at_task_run;
at_task_ops at_session_task_ops(at_task_run *t);
/* `to` NULL: no file. */
at_status at_session_evaluate_into(at_session *s, const char *split, const char *phase,
                                   const at_predictions *to, at_progress_fn *fn, void *ctx,
                                   at_result **results, size_t *n, at_error *err);

/* ---- predictions (predictions.c) ---- */
at_status at_session_write_predictions(at_session *s, const char *split, const attune_prediction *p,
                                       const at_predictions *to, at_progress_fn *fn, void *ctx,
                                       at_error *err);
at_status at_session_predicts(const at_session *s, at_error *err); /* EINPUT: it does not */

/* Parts of predictions' lines: JSON is UTF-8, other bytes become `?`; NULL: null. */
json_t *at_json_text(const char *text);
json_t *at_json_number(double v); /* null where it is none */
/* A text of the row; null where f is NULL. */
at_status at_json_field(const at_session *s, const char *split, const at_field *f, int64_t row,
                        json_t **out, at_error *err);
/* The weights of every attend block, and the words, into `line`. */
at_status at_json_attention(at_session *s, const char *split, int64_t row, json_t *line,
                            at_error *err);
at_status at_json_line(json_t *line, at_writer *to, at_error *err); /* takes the reference */
/* Tells that `row` of n are written; true: nobody waits any more. */
bool at_json_stopped(int64_t row, int64_t n, at_progress_fn *fn, void *ctx);
/* The first field of a table that names its rows to people; NULL: none. */
const at_field *at_session_name_field(const at_session *s, const char *table);

/* ---- predictions of tasks that make answers (predictions_made.c) ---- */
at_status at_session_write_made(at_session *s, const char *split, const attune_prediction *p,
                                const at_predictions *to, at_progress_fn *fn, void *ctx,
                                at_error *err);

/* ---- a made answer (look_made.c) ---- */
at_status at_look_answer(at_session *s, const int64_t *rows, const char *split, at_look *l,
                         at_error *err);

/* ---- looking (look.c) ---- */
/* A look, with or without the picture's own bytes, name and boxes. */
at_status at_session_see(at_session *s, const char *split, const int64_t *rows, size_t n_rows,
                         bool picture, at_look *out, at_error *err);

/* ---- run directories (rundir.c) ---- */
/* *files: what was begun to be written, the run file last; NULL where the run continues one.
 * Nothing else may be written into the folder before it is waited for. */
at_status at_rundir_prepare(at_session *s, const char *dir, bool resume, at_bundle **files,
                            at_error *err);
typedef struct at_train_line {
  int64_t epoch, step;
  double loss;                  /* mean since the line before; of several losses their sum */
  const double *losses, *norms; /* of each objective, where the model has such */
  double rate, norm, examples_per_second, seconds;
} at_train_line;
/* Warns where a plugin is not the file that the run began with. */
void at_rundir_compare_plugins(at_session *s, const char *dir);
at_status at_rundir_log_train(const at_session *s, const char *dir, const at_train_line *l,
                              at_error *err);
at_status at_rundir_log_evaluation(const char *dir, const char *split, int64_t epoch, int64_t step,
                                   const at_result *r, size_t n, double seconds, at_error *err);
/* Training ends here: `metric` is no better since `evaluations`. */
at_status at_rundir_log_stop(const char *dir, int64_t epoch, int64_t step, const char *metric,
                             int64_t evaluations, int64_t best_step, double seconds, at_error *err);
/* Drops lines of steps later than `step`, and what evaluations later than `evaluated` said;
 * *seconds: of the last one kept. */
at_status at_rundir_trim_log(const char *dir, int64_t step, int64_t evaluated, double *seconds,
                             at_error *err);
typedef struct at_run_end {
  const at_result *validation, *test; /* NULL: none */
  size_t n_validation, n_test;
  int64_t steps, best_epoch, best_step;
  bool stopped_early;
  double seconds;
} at_run_end;
at_status at_rundir_results(at_session *s, const char *dir, const at_run_end *end, at_error *err);
char *at_rundir_path(const char *dir, const char *name); /* caller frees */
#endif
