/* attune.h: attune within another program; version 1.0 of the library's interface.
 *
 * With this one header and libattune a program loads a model, runs it, trains it and reads where
 * its attention lies, and trains and evaluates what run files describe.
 *
 *     attune_context *context;
 *     attune_model *model;
 *     attune_error *error = attune_error_new();
 *     attune_model_source source = {.size = sizeof source, .path = "model.att"};
 *     if (attune_open(NULL, &context, error) || attune_model_load(context, &source, &model, error))
 *       fprintf(stderr, "%s\n", attune_error_message(error));
 *
 *     cc -std=c11 mine.c $(pkg-config --cflags --libs libattune)
 *
 * CONVENTIONS
 *   Errors   A function that can fail returns an attune_status, 0 when all is well, and takes an
 *            attune_error, which gets a sentence; NULL: nobody wants it. Where nothing else is
 *            said, a function that failed has changed nothing, and *out is NULL.
 *   Owner    What attune_error_new, attune_open and attune_model_load make is the caller's, who
 *            gives it back once, in any order: a context lives on until its last model is freed.
 *            What goes in is copied before the function returns. What is read lies in the model and
 *            is valid until the next call for that model that sets, loads, runs or frees something.
 *   Strings  UTF-8, NUL-terminated. Paths are relative to the working directory.
 *   Structs  The first member is `size`: set it to sizeof, and what you do not use to zero.
 *   Threads  A context and its models are used by one thread at a time, whichever it is; contexts
 *            know nothing of each other and may be used at once. A call that comes while another
 *            one is at work with that context, from a callback as well, is ATTUNE_BAD_INPUT.
 *            Callbacks come on the thread that called. The work inside is spread over threads of
 *            the context, and gives the same bits for any number of them.
 *   Process  The library prints nothing, ends no process and has no settings of its own outside of
 *            a context. During a call the calling thread writes numbers as "C" does; the locale of
 *            the process stays. While the file of a plugin is opened, and at no other time,
 *            handlers of SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT are in place, which refuse a
 *            plugin that crashes there. All contexts share what the loader of the system shares: a
 *            plugin's own static memory, and libraries below it. HDF5 is not safe for threads on
 *            every system: where several contexts read such files, let them do so one at a time.
 *            Environment: ATTUNE_PLUGIN_PATH, read by attune_open; ATTUNE_INSTRUCTIONS, read as the
 *            library is loaded, and refused by attune_open where it asks for what is not there.
 *
 * STABILITY
 *   A program built against any libattune.so.1 runs with every later libattune.so.1: no function
 *   goes, or takes or means something else; structs grow at their end only, and each function reads
 *   and writes no further than `size` says; an enumerator keeps its value. What is added says
 *   "since 1.N" and has the symbol version ATTUNE_1.N. Words of messages, which warnings there are,
 *   numbers to the last bit, and the order of axes in memory are not promised: use the names and
 *   strides. Files of weights are safetensors, and are read by every later version. */
#ifndef ATTUNE_ATTUNE_H
#define ATTUNE_ATTUNE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define ATTUNE_API __attribute__((visibility("default")))
#else
#define ATTUNE_API
#endif

/* As <attune/plugin.h> has it; both may be included. */
#ifndef ATTUNE_HAS_STATUS
#define ATTUNE_HAS_STATUS
typedef enum attune_status {
  ATTUNE_OK = 0,
  ATTUNE_BAD_INPUT = -1, /* the caller's data, files or calls */
  ATTUNE_FAILED = -2,    /* the work failed, or was asked to stop */
  ATTUNE_NO_MEMORY = -3
} attune_status;
#endif

typedef struct attune_error attune_error;
typedef struct attune_context attune_context;
typedef struct attune_model attune_model;

/* ---- the library; any thread ---- */

/* "0.1.0": the version of attune that runs. A literal. */
ATTUNE_API const char *attune_version(void);

/* ---- errors; an error is used by one thread at a time ---- */

/* One to hand to functions, again and again: each call that takes it begins by emptying it.
 * NULL: out of memory. Free it with attune_error_free(). */
ATTUNE_API attune_error *attune_error_new(void);
/* NULL is fine. */
ATTUNE_API void attune_error_free(attune_error *error);
/* What the last call that took it returned. ATTUNE_NO_MEMORY for NULL. */
ATTUNE_API attune_status attune_error_status(const attune_error *error);
/* One sentence without a newline, "" when all was well. Valid until the next call that takes the
 * error. "out of memory" for NULL. */
ATTUNE_API const char *attune_error_message(const attune_error *error);
/* Of a model file with mistakes: each of them with its place, its line and a hint, in several
 * lines; else "". Valid as the message is. */
ATTUNE_API const char *attune_error_detail(const attune_error *error);

/* ---- contexts: where plugins are found, and threads ---- */

typedef enum attune_log_level { ATTUNE_LOG_NOTE = 1, ATTUNE_LOG_WARNING = 2 } attune_log_level;

/* Gets what is worth saying and no error: lines without a newline at the end, several at times. */
typedef void attune_log_fn(void *data, attune_log_level level, const char *text);

typedef struct attune_settings {
  uint32_t size;
  uint32_t threads;               /* that work, the calling one among them; 0: one a processor */
  const char *const *plugin_dirs; /* searched first, then those of ATTUNE_PLUGIN_PATH, then the */
  size_t plugin_dir_count;        /* plugins that came with attune */
  attune_log_fn *log;             /* NULL: nobody listens */
  void *log_data;
} attune_settings;

/* Opens a context. `settings` NULL: as if all were zero. Plugins are looked for when one is asked
 * for first. BAD_INPUT: more than 1024 threads. */
ATTUNE_API attune_status attune_open(const attune_settings *settings, attune_context **out,
                                     attune_error *error);
/* Gives the context back; no call may be at work with it. NULL is fine. */
ATTUNE_API void attune_close(attune_context *context);

/* ---- models ---- */

typedef struct attune_model_source {
  uint32_t size;
  uint32_t reserved;
  const char *path; /* of the file; what it includes lies beside it. Or of a run directory */
  const char *text; /* the model's text, NULL: that of the file. `path` may be NULL then */
  const char *const *arguments; /* "score=general(side=key)", "d=64" */
  size_t argument_count;
  const char *const *sizes; /* sizes that the text leaves open: "feature=2048" of an axis, */
  size_t size_count;        /* "caption=5000" for the number of ids of a token input */
  uint64_t seed;            /* weights are drawn from it, and what training draws */
} attune_model_source;

/* Loads a model and draws its weights. Out of a run directory it comes with the run's arguments,
 * its numbers of ids and its best weights; ids of words are their places in vocabulary.json.
 * BAD_INPUT: mistakes in the text (attune_error_detail), an argument or a size that it does not
 * have, a size that is still open; warnings go to the log. */
ATTUNE_API attune_status attune_model_load(attune_context *context,
                                           const attune_model_source *source, attune_model **out,
                                           attune_error *error);
/* NULL is fine. */
ATTUNE_API void attune_model_free(attune_model *model);

/* ---- what a model has ---- */

typedef enum attune_part {
  ATTUNE_INPUTS = 1,
  ATTUNE_OUTPUTS = 2,
  ATTUNE_LOSSES = 3,
  ATTUNE_PARAMETERS = 4, /* weights, and running averages, which training moves in its own way */
  ATTUNE_ATTENTIONS = 5  /* the weights of attention blocks */
} attune_part;

typedef enum attune_number { ATTUNE_REALS = 1, ATTUNE_TOKENS = 2 } attune_number;

typedef enum attune_axis_kind {
  ATTUNE_PLACES = 0, /* of a parameter, whose axes have no names */
  ATTUNE_BATCH_AXIS = 1,
  ATTUNE_SEQUENCE_AXIS = 2,
  ATTUNE_FEATURE_AXIS = 3
} attune_axis_kind;

typedef enum attune_role {
  ATTUNE_NO_ROLE = 0,
  ATTUNE_ASKS = 1, /* of attention: the axis of the queries */
  ATTUNE_KEYS = 2, /* what is attended over: weights along it add up to 1 */
  ATTUNE_HEADS = 3
} attune_role;

enum { ATTUNE_MOST_AXES = 8 };

/* An axis of a value. A ragged axis, `word` of each `caption`, stands for both: rows of all
 * captions lie one after another, and attune_model_offsets() says where each begins. Of two
 * ragged axes over the same one, queries and keys of self-attention, the second has the size of
 * the longest row instead, `padded`, with zeros behind the end of each. Never grows. */
typedef struct attune_axis {
  const char *name; /* "" of a parameter */
  const char *of;   /* ragged: the batch axis that it has rows for; else NULL */
  int64_t size;     /* -1: not known before inputs are set and the model has run */
  int64_t stride;   /* in numbers, from one place to the next; -1: not known */
  uint32_t kind;    /* attune_axis_kind */
  uint32_t role;    /* attune_role */
  uint32_t padded;
  uint32_t reserved;
} attune_axis;

/* What is there, and, where a function says that it reads, the numbers. */
typedef struct attune_values {
  uint32_t size;
  uint32_t type; /* attune_number */
  const char *name;
  const char *score;  /* of attention: its score function, "general(side=key)"; else NULL */
  int64_t count;      /* of numbers; -1: not known */
  const float *reals; /* [count]; NULL: tokens, or only described */
  const int32_t *tokens;
  int64_t vocabulary; /* of a token input: ids are 0 .. vocabulary - 1; -1: others */
  uint32_t trained;   /* of a parameter: training moves it; else 0 */
  uint32_t axis_count;
  attune_axis axis[ATTUNE_MOST_AXES]; /* in the order of storage, the last one fastest */
} attune_values;

/* How many it has; 0 for a part that there is none of. */
ATTUNE_API size_t attune_model_count(const attune_model *model, attune_part part);
/* The i-th, from 0, without its numbers; sizes as they were in the last run. BAD_INPUT: there are
 * not so many. */
ATTUNE_API attune_status attune_model_describe(attune_model *model, attune_part part, size_t i,
                                               attune_values *out, attune_error *error);

/* ---- inputs: they stay until they are set again ---- */

/* The size of a batch axis, `picture`; at least 1. One that a ragged axis has rows for is known
 * by it, and need not be set. */
ATTUNE_API attune_status attune_model_set_size(attune_model *model, const char *axis, int64_t size,
                                               attune_error *error);
/* Row i of the ragged axis goes from offsets[i] to offsets[i + 1]; offsets[0] is 0, no row is
 * empty, and there are rows + 1 of them. */
ATTUNE_API attune_status attune_model_set_ragged(attune_model *model, const char *axis,
                                                 const int64_t *offsets, int64_t rows,
                                                 attune_error *error);
/* Numbers of an input, dense in the order of its axes as attune_model_describe() has them, which
 * for inputs is that of the model's text. Whether there are as many as the sizes ask for is found
 * when the model runs. */
ATTUNE_API attune_status attune_model_set_reals(attune_model *model, const char *input,
                                                const float *reals, size_t count,
                                                attune_error *error);
/* The same of a token input. Ids are checked when the model runs. */
ATTUNE_API attune_status attune_model_set_tokens(attune_model *model, const char *input,
                                                 const int32_t *tokens, size_t count,
                                                 attune_error *error);

/* ---- running and reading ---- */

enum {
  ATTUNE_WITH_LOSSES = 1u << 0 /* losses too; inputs that only they need must be set */
};

/* Runs the model as it is used after training: outputs and attention; `flags`: what else.
 * BAD_INPUT: an input or a size is missing, or they do not fit together. */
ATTUNE_API attune_status attune_model_forward(attune_model *model, uint32_t flags,
                                              attune_error *error);
/* Reads an output of the last forward, gradients or step. BAD_INPUT: there is none of that name,
 * or the model has not run since something was set. */
ATTUNE_API attune_status attune_model_output(attune_model *model, const char *name,
                                             attune_values *out, attune_error *error);
/* Reads the weights of an attention block after a forward, and its raw scores; either may be NULL.
 * Both have axes of the roles KEYS and, unless one vector asks for each row of a batch, ASKS. */
ATTUNE_API attune_status attune_model_attention(attune_model *model, const char *name,
                                                attune_values *weights, attune_values *scores,
                                                attune_error *error);
/* Of a ragged axis, in the last run: *offsets [*rows + 1], and how long row i is,
 * offsets[i + 1] - offsets[i]. */
ATTUNE_API attune_status attune_model_offsets(attune_model *model, const char *axis,
                                              const int64_t **offsets, int64_t *rows,
                                              attune_error *error);
/* A loss of the last forward with losses, gradients or step. `name` NULL: the sum of all. */
ATTUNE_API attune_status attune_model_loss(attune_model *model, const char *name, double *out,
                                           attune_error *error);

/* ---- training on inputs that are set ---- */

/* Adam (Kingma, Ba, 2015), as AdamW when there is decay (Loshchilov, Hutter, 2019). */
typedef struct attune_adam {
  uint32_t size;
  uint32_t reserved;
  double beta1, beta2, epsilon;
  double clip;  /* largest norm of all gradients together; 0: none is too large */
  double decay; /* each update takes off this share of a weight, times the rate */
} attune_adam;

/* How steps move weights from now on; moments stay. `adam` NULL: as it is at first, 0.9, 0.999,
 * 1e-8, 0, 0. BAD_INPUT: betas outside of [0, 1), epsilon not above 0, others below 0. */
ATTUNE_API attune_status attune_model_set_adam(attune_model *model, const attune_adam *adam,
                                               attune_error *error);
/* One step: forward as in training, backward, update; of a model with several losses each in its
 * turn, on the weights as the one before left them. FAILED: a loss or its gradient is no finite
 * number; weights are as the losses before it left them. */
ATTUNE_API attune_status attune_model_step(attune_model *model, double learning_rate,
                                           attune_error *error);
/* Steps made since weights were drawn, or as the file says that they were restored from. */
ATTUNE_API uint64_t attune_model_steps(const attune_model *model);
/* Forward and backward of the next step, for optimisers of one's own: weights stay, running
 * averages move. With several losses, each parameter's gradient is the sum over those that move
 * it, all at these weights. */
ATTUNE_API attune_status attune_model_gradients(attune_model *model, attune_error *error);
/* Reads the gradient of a parameter after attune_model_gradients(), laid out as the parameter. It
 * stays while parameters are replaced.
 * BAD_INPUT: it is not trained, or gradients were not asked for since something changed. */
ATTUNE_API attune_status attune_model_gradient(attune_model *model, const char *parameter,
                                               attune_values *out, attune_error *error);

/* ---- weights ---- */

/* Draws all weights anew, from this seed, and forgets steps and moments. Weights that the model's
 * text takes from files are taken again. */
ATTUNE_API attune_status attune_model_draw(attune_model *model, uint64_t seed, attune_error *error);
/* Reads a parameter. */
ATTUNE_API attune_status attune_model_parameter(attune_model *model, const char *name,
                                                attune_values *out, attune_error *error);
/* Replaces it; `count` is as attune_model_parameter() says. Outputs and losses stay those of the
 * last run. */
ATTUNE_API attune_status attune_model_set_parameter(attune_model *model, const char *name,
                                                    const float *reals, size_t count,
                                                    attune_error *error);

enum {
  ATTUNE_WITH_TRAINING = 1u << 0 /* seed, steps and moments as well: training goes on from there */
};

/* Writes a safetensors file, which has its name only once it is complete. */
ATTUNE_API attune_status attune_model_save(attune_model *model, const char *path, uint32_t flags,
                                           attune_error *error);
/* All weights from such a file, or from one of a run directory, and forgets steps and moments;
 * with the flag they come from the file. BAD_INPUT: the file is damaged, or of another model. */
ATTUNE_API attune_status attune_model_restore(attune_model *model, const char *path, uint32_t flags,
                                              attune_error *error);

/* ---- run files and run directories: attune-run(5) ---- */

/* How far the work is. Valid during the callback. */
typedef struct attune_progress {
  uint32_t size;
  uint32_t reserved;
  const char *phase; /* "train", "evaluate validation", "reading photos/captions.txt" */
  int64_t epoch, epochs, step, steps; /* within the phase; steps 0: not known */
  double loss;                        /* NaN: none */
  double examples_per_second, seconds_left;
  const char *metric; /* the one that picks the best weights; NULL: none yet */
  double value, best; /* of it, at the last evaluation and the best one; NaN: none */
} attune_progress;

/* Called often, so be quick. Anything but 0 asks for the end: the step at hand is finished, a
 * checkpoint is written where there is something to go on from, and the function returns FAILED. */
typedef int attune_progress_fn(void *data, const attune_progress *progress);

/* A number of an evaluation; `better`: 1 higher, 0 lower, -1 neither. */
typedef void attune_result_fn(void *data, const char *name, double value, int better);

typedef struct attune_job {
  uint32_t size;
  uint32_t resume;        /* training: goes on from the last checkpoint in `dir`, if there is one */
  const char *run;        /* training: the run file */
  const char *dir;        /* the run directory; training makes it */
  const char *split;      /* evaluation: "train", "validation", "test" or a name; NULL: test */
  const char *const *set; /* "train.epochs=3": in the place of what is written */
  size_t set_count;
  uint32_t threads; /* 0: as the run says */
  uint32_t reserved;
  attune_progress_fn *progress; /* NULL: nobody listens, nobody stops */
  attune_result_fn *result;     /* training: of each evaluation on the way; NULL: not wanted */
  void *data;                   /* of both */
} attune_job;

/* Trains as `attune train` does, to the same bits, and writes the same directory; results are in
 * its results.json. BAD_INPUT: the run file, its data or its model do not hold; `dir` is not empty
 * and `resume` is 0. */
ATTUNE_API attune_status attune_train(attune_context *context, const attune_job *job,
                                      attune_error *error);
/* Evaluates the best weights in a run directory, as `attune eval` does. */
ATTUNE_API attune_status attune_evaluate(attune_context *context, const attune_job *job,
                                         attune_error *error);

#ifdef __cplusplus
}
#endif
#endif
