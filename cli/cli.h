/* What the subcommands share. A subcommand reads its arguments, calls the library, prints. */
#ifndef AT_CLI_CLI_H
#define AT_CLI_CLI_H
#include <stdio.h>
#include "core/base/busy.h"
#include "core/base/status.h"
#include "core/plugin/plugin.h"
#include "core/run/run.h"

typedef struct cli_command {
  const char *name;
  const char *usage;                  /* without "attune NAME" */
  const char *summary;                /* one line */
  int (*main)(int argc, char **argv); /* argv[0] is the command's name; the exit status */
} cli_command;

extern const cli_command cli_commands[]; /* ended by a NULL name */
const cli_command *cli_find(const char *name);

int cli_bench(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_show(int argc, char **argv);
int cli_fmt(int argc, char **argv);
int cli_generate(int argc, char **argv);
int cli_graph(int argc, char **argv);
int cli_run(int argc, char **argv);
int cli_train(int argc, char **argv);
int cli_eval(int argc, char **argv);
int cli_explain(int argc, char **argv);
int cli_sweep(int argc, char **argv);
int cli_report(int argc, char **argv);
int cli_data(int argc, char **argv);
int cli_data_make(int argc, char **argv);
int cli_ops(int argc, char **argv);
int cli_plugin(int argc, char **argv);
int cli_plugin_check(int argc, char **argv);
int cli_plugin_new(int argc, char **argv);
int cli_help(int argc, char **argv);

/* ---- arguments (args.c) ---- */

typedef enum cli_type { CLI_FLAG, CLI_TEXT, CLI_INT, CLI_LIST } cli_type;
enum { CLI_MOST = 256 };
typedef struct cli_list {
  const char *v[CLI_MOST];
  size_t n;
} cli_list;
/* One option; `at` is bool *, const char **, int64_t * or cli_list *. */
typedef struct cli_option {
  const char *name; /* "set": --set */
  char letter;      /* 0: none */
  cli_type type;
  void *at;
  int64_t min, max; /* INT */
} cli_option;

/* Options may stand anywhere; what is left goes to `rest`. 0, or 2 after a sentence on stderr.
 * `options` ends with a NULL name. --help prints the usage and exits 0 through *done. */
int cli_parse(int argc, char **argv, const cli_option *options, cli_list *rest, size_t least,
              size_t most, bool *done);
/* "type,length:4" of what was given one by one; the caller frees; NULL: none, or out of memory. */
char *cli_joined(const cli_list *l);
/* Whether a path is of a run file, by its ending. */
bool cli_is_yaml(const char *path);
/* 1234567 as "1.23 M"; steps of 1000, of bytes 1024. */
const char *cli_short(double v, bool bytes, char *buf, size_t n);
int cli_usage(const char *command); /* prints it to stderr; 2 */

/* ---- ending ---- */

/* "attune: SENTENCE" on stderr; the exit status. */
int cli_fail(const at_error *err);
/* The same, but silent where diagnostics that were shown hold an error: they said it. */
int cli_fail_shown(const at_text *shown, const at_error *err);
/* Flushes stdout; 1 when what was printed did not arrive (a full disk). */
int cli_done(void);

/* ---- memory (allocations.c) ---- */

/* How often attune itself asked for memory so far, on all threads; what libraries and plugins ask
 * for is not among it. */
int64_t cli_allocations(void);

/* ---- progress (progress.c) ---- */

typedef struct cli_progress {
  bool terminal, shown;
  double last; /* seconds at the last line */
  double busy; /* since when nothing but at_busy is heard; 0: it is not */
  char phase[256];
} cli_progress;
/* From here on SIGINT and SIGTERM stop long work, which shows where it is. `p` stays where it is
 * until the end. */
void cli_progress_start(cli_progress *p);
int cli_progress_tell(
    void *ctx, const at_progress *p); /* an at_progress_fn; non-zero after SIGINT or SIGTERM */
void cli_progress_end(cli_progress *p);
bool cli_progress_stopped(void);                           /* a signal came */
bool cli_progress_busy(void *ctx, const at_busy_now *now); /* an at_busy_fn */

/* Results of an evaluation, as a table or as JSON. */
void cli_print_results(FILE *fp, const at_result *r, size_t n, bool json);
void cli_print_json_string(FILE *fp, const char *s);
#endif
