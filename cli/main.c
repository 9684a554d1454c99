/* attune: the program. Finds the subcommand. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include "cli/cli.h"
#include "config.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/level/level.h"

const cli_command cli_commands[] = {
    {"check", "MODEL.att|RUN.yaml... [--set KEY=VALUE]... [--no-probe] [--seed N] [--json]",
     "find the mistakes of a model or a study, and cells that are the same function", cli_check},
    {"show",
     "MODEL.att [--set KEY=VALUE]... [--size NAME=N]... [--batch N] [--lines] [--nodes] [--json]",
     "what a model is, and what it costs", cli_show},
    {"bench",
     "MODEL.att|RUN.yaml [--set KEY=VALUE]... [--size NAME=N]... [--batch N] [--threads N] "
     "[--repeat N] [--no-pass NAME]... [--profile] [--scaling] [--json] | "
     "RUN.yaml --evaluate SPLIT [--set KEY=VALUE]... [--threads N] [--repeat N] [--json] | "
     "--op NAME|all [--threads N] [--repeat N] [--json]",
     "how fast a model takes a step, and where the time goes", cli_bench},
    {"fmt", "[--check] [MODEL.att]...", "model files in their canonical form", cli_fmt},
    {"graph",
     "MODEL.att [-T dot|svg|json | --type TYPE] [-o FILE | --out FILE] [--set KEY=VALUE]...",
     "draw a model", cli_graph},
    {"run",
     "MODEL.att --inputs IN.npz|--random N [--out OUT.npz] [--set KEY=VALUE]... [--weights FILE] "
     "[--prefix P] [--rename ARRAY=INPUT]... [--gradients] [--training] [--no-pass NAME] "
     "[--threads N] [--seed S]",
     "run a model once on given arrays", cli_run},
    {"train", "RUN.yaml [--set KEY=VALUE]... [--out DIR] [--resume] [--threads N] [--json]",
     "train a model", cli_train},
    {"eval",
     "DIR [--split S] [--set KEY=VALUE]... [--predictions FILE [--attention]] [--threads N] "
     "[--json]",
     "evaluate a trained model", cli_eval},
    {"explain",
     "DIR... [--split S] [--attend NAME]... [--metric SPEC]... [--by CONDITION]... [--limit N] "
     "[--permutations P] [--seed S] [--compare DIR] [--resume] [--json] [--out DIR] [--threads N]",
     "what the attention of a trained model says, measured", cli_explain},
    {"generate",
     "DIR --caption TEXT --out DIR [--count N] [--seed S] [--between TEXT] [--between-noises] "
     "[--steps N] [--attention] [--threads N] [--json]",
     "pictures of a caption", cli_generate},
    {"sweep", "SWEEP.yaml --out DIR [--set KEY=VALUE]... [--threads N] [--list]",
     "train one model for each combination of values", cli_sweep},
    {"report",
     "DIR... [--out DIR] [--split S] [--metric NAME]... [--by CONDITION]... [--pairs N] "
     "[--overlays] [--no-probe] [--json | --csv | --latex]",
     "tables, curves and attention of trained models", cli_report},
    {"data",
     "make scenes --out DIR [--count N] [--seed S] [--size P] [--objects A..B] [--captions N] "
     "[--questions N] [--force] | "
     "make shapes --queries PREFIX --out DIR [--each N] [--seed S] [--force] | "
     "make signs --out DIR [--count N] [--seed S] [--size P] [--force] | "
     "make sort-of-clevr --out DIR [--train N] [--val N] [--test N] [--seed S] [--force] | "
     "info READER(OPTIONS) [--json]",
     "make data sets; look into one", cli_data},
    {"plugin",
     "list [--json] | info NAME [--json] | new score|task|metric|data NAME [--license L] [--out "
     "DIR] | check FILE.so [--include PATTERN]... [--exclude "
     "PATTERN]... "
     "[--with SPEC]... [--seed N] [--limit SECONDS] [--reproduce CHECK[:ITEM]] [--quiet] [--json] "
     "| "
     "check --list [--json]",
     "which plugins there are, and what they take; the validator of plugins", cli_plugin},
    {"ops", "[NAME] [--json | --mdoc]", "the operators of the model language", cli_ops},
    {"help", "[COMMAND]", "the manual page of a command", cli_help},
    {NULL, NULL, NULL, NULL}};

const cli_command *cli_find(const char *name) {
  for (const cli_command *c = cli_commands; c->name; c++)
    if (!strcmp(c->name, name)) return c;
  return NULL;
}

static void print_commands(FILE *fp) {
  fprintf(fp, "usage: attune COMMAND [ARGUMENTS]\n\n");
  for (const cli_command *c = cli_commands; c->name; c++)
    fprintf(fp, "  %-8s %s\n", c->name, c->summary);
  fprintf(fp, "\n`attune help COMMAND` shows its manual page.\n");
}

static int unknown(const char *name) {
  const char *names[32], *near;
  size_t n = 0;
  for (const cli_command *c = cli_commands; c->name; c++) names[n++] = c->name;
  near = at_suggest(name, names, n);
  if (near)
    fprintf(stderr, "attune: there is no command `%s`; did you mean `%s`?\n", name, near);
  else
    fprintf(stderr, "attune: there is no command `%s`; `attune help` lists them\n", name);
  return 2;
}

static void print_warning(void *ctx, at_log_level level, const char *message) {
  (void)ctx;
  if (level >= AT_LOG_WARN) fprintf(stderr, "attune: warning: %s\n", message);
}

int main(int argc, char **argv) {
  /* Numbers in files and tables are written one way everywhere: LC_NUMERIC stays "C". */
  setlocale(LC_CTYPE, "");
  at_log_set(print_warning, NULL);
  at_error err = {0};
  if (at_level_check(&err) != AT_OK) return cli_fail(&err);
  if (argc < 2) {
    print_commands(stderr);
    return 2;
  }
  if (!strcmp(argv[1], "--version")) {
    printf("attune %s (%s)\n", PACKAGE_VERSION, at_level());
    return cli_done();
  }
  if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
      (!strcmp(argv[1], "help") && argc == 2)) {
    print_commands(stdout);
    return cli_done();
  }
  const cli_command *c = cli_find(argv[1]);
  return c ? c->main(argc - 1, argv + 1) : unknown(argv[1]);
}

int cli_fail(const at_error *err) {
  fflush(stdout);
  fprintf(stderr, "attune: %s\n", err->message[0] ? err->message : "failed");
  return at_exit_code(err->code);
}

int cli_fail_shown(const at_text *shown, const at_error *err) {
  if (!shown->data || !strstr(shown->data, ": error: ")) return cli_fail(err);
  fflush(stdout);
  return at_exit_code(err->code);
}

int cli_done(void) {
  if (fflush(stdout) == 0 && !ferror(stdout)) return 0;
  fprintf(stderr, "attune: the results could not be printed\n");
  return 1;
}
