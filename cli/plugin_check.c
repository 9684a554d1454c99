/* attune plugin check. */
#include <string.h>
#include "cli/cli.h"
#include "core/check/check.h"

typedef struct telling {
  bool json, quiet;
  long passed, failed, skipped;
  /* Of the item at hand: why it cannot be used, and how many checks say so after the first. */
  at_check_result use;
  long same;
  char crash[128]; /* the first check that did, as --reproduce wants it */
} telling;

static void tell_json(telling *t, const at_check_result *r) {
  printf("%s{\"check\": ", t->passed + t->failed + t->skipped ? ",\n " : "[");
  cli_print_json_string(stdout, r->check);
  if (*r->item) {
    printf(", \"kind\": ");
    cli_print_json_string(stdout, r->kind);
    printf(", \"item\": ");
    cli_print_json_string(stdout, r->item);
  }
  printf(", \"outcome\": \"%s\", \"seconds\": %.3f, \"message\": ",
         at_check_outcome_name(r->outcome), r->seconds);
  cli_print_json_string(stdout, r->message);
  printf("}");
}

static void line(const char *outcome, const char *check, const char *item, const char *message) {
  printf("%-4s  %-19s %-22s %s\n", outcome, check, item, message);
}

static void tell_same(telling *t) {
  char how_many[32];
  snprintf(how_many, sizeof how_many, "%ld more", t->same);
  if (t->same)
    line(at_check_outcome_name(t->use.outcome), how_many, t->use.item, "for the reason of `use`");
  t->same = 0;
}

/* What cannot be used fails or skips nearly all checks, for one reason. */
static bool is_same(const telling *t, const at_check_result *r) {
  return *t->use.message && r->outcome == t->use.outcome && strstr(r->message, t->use.message);
}

static void tell_line(telling *t, const at_check_result *r) {
  const bool use = !strcmp(r->check, "use");
  if (strcmp(r->item, t->use.item) || strcmp(r->kind, t->use.kind)) {
    tell_same(t);
    memset(&t->use, 0, sizeof t->use);
  }
  if (is_same(t, r)) {
    t->same++;
    return;
  }
  if (use && r->outcome != AT_CHECK_PASS) t->use = *r;
  if (r->outcome == AT_CHECK_FAIL || !t->quiet || (use && r->outcome == AT_CHECK_SKIP))
    line(at_check_outcome_name(r->outcome), r->check, r->item, r->message);
  if (r->outcome == AT_CHECK_FAIL && !*t->crash && !strncmp(r->message, "it crashed", 10))
    snprintf(t->crash, sizeof t->crash, "%s%s%s", r->check, *r->item ? ":" : "", r->item);
}

static bool tell(void *ctx, const at_check_result *r) {
  telling *t = ctx;
  if (t->json)
    tell_json(t, r);
  else
    tell_line(t, r);
  t->passed += r->outcome == AT_CHECK_PASS;
  t->failed += r->outcome == AT_CHECK_FAIL;
  t->skipped += r->outcome == AT_CHECK_SKIP;
  fflush(stdout);
  return true;
}

static int list(bool json) {
  at_check_info k;
  for (size_t i = 0; at_check_at(i, &k); i++) {
    if (!json) {
      printf("%-19s %-9s %s\n", k.name, k.of, k.summary);
      continue;
    }
    printf("%s{\"check\": \"%s\", \"of\": \"%s\", \"summary\": ", i ? ",\n " : "[", k.name, k.of);
    cli_print_json_string(stdout, k.summary);
    printf("}");
  }
  if (json) printf("]\n");
  return cli_done();
}

int cli_plugin_check(int argc, char **argv) {
  cli_list rest, include = {.n = 0}, exclude = {.n = 0}, with = {.n = 0};
  bool done, json = false, names = false, quiet = false;
  const char *one = NULL;
  int64_t seed = 1, limit = 0;
  const cli_option options[] = {
      {"json", 0, CLI_FLAG, &json, 0, 0},        {"list", 0, CLI_FLAG, &names, 0, 0},
      {"quiet", 'q', CLI_FLAG, &quiet, 0, 0},    {"include", 0, CLI_LIST, &include, 0, 0},
      {"exclude", 0, CLI_LIST, &exclude, 0, 0},  {"with", 0, CLI_LIST, &with, 0, 0},
      {"seed", 0, CLI_INT, &seed, 0, INT64_MAX}, {"limit", 0, CLI_INT, &limit, 1, 86400},
      {"reproduce", 0, CLI_TEXT, &one, 0, 0},    {0}};
  int rc = cli_parse(argc, argv, options, &rest, 1, 2, &done);
  if (rc || done) return rc;
  if (names && rest.n == 1) return list(json);
  if (names || rest.n != 2) return cli_usage(argv[0]);
  const at_check_options o = {.seed = (uint64_t)seed,
                              .limit = (double)limit,
                              .include = include.v,
                              .n_include = include.n,
                              .exclude = exclude.v,
                              .n_exclude = exclude.n,
                              .with = with.v,
                              .n_with = with.n};
  telling t = {.json = json, .quiet = quiet};
  at_error err = {0};
  at_check_result r;
  at_status s;
  if (one) {
    s = at_check_one(rest.v[1], one, &o, &r, &err);
    if (s == AT_OK) tell(&t, &r);
  } else {
    s = at_check_file(rest.v[1], &o, tell, &t, &err);
  }
  if (json && t.passed + t.failed + t.skipped) printf("]\n");
  if (s != AT_OK) return cli_fail(&err);
  if (!json) tell_same(&t);
  if (*t.crash && !one)
    printf("where it crashes: gdb --args attune plugin check %s --reproduce %s\n", rest.v[1],
           t.crash);
  if (!json) printf("%ld passed, %ld failed, %ld skipped\n", t.passed, t.failed, t.skipped);
  rc = cli_done();
  return rc ? rc : t.failed ? 1 : 0;
}
