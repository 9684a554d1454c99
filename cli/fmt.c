/* attune fmt: model files in their canonical form. */
#include <stdlib.h>
#include <string.h>
#include "cli/cli.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "dsl/dsl.h"

/* Formats `text`; diagnostics go to stderr. */
static at_status formatted(const char *name, const char *text, size_t n, at_text *out,
                           at_error *err) {
  at_arena *arena = at_arena_new();
  if (!arena) return at_nomem(err);
  at_diags diags = {.arena = arena};
  at_source src = {.path = name, .text = text, .size = n};
  at_text messages = {0};
  at_status s = at_dsl_format(arena, &src, &diags, out);
  at_diags_format(&diags, &src, &messages);
  if (messages.data) fputs(messages.data, stderr);
  if (s == AT_ENOMEM) at_nomem(err);
  if (s == AT_EINPUT) at_fail(err, s, "%s: a file with mistakes is left as it is", name);
  at_text_free(&messages);
  at_arena_free(arena);
  return s;
}

static at_status one_file(const char *path, bool check, bool *differs, at_error *err) {
  char *text = NULL;
  size_t n = 0;
  at_text out = {0};
  at_status s = at_file_read(path, (size_t)1 << 30, &text, &n, err);
  if (s == AT_OK) s = formatted(path, text, n, &out, err);
  bool same = s == AT_OK && out.len == n && (!n || !memcmp(out.data, text, n));
  if (s == AT_OK && !same) {
    *differs = true;
    if (check)
      printf("%s\n", path);
    else
      s = at_file_write(path, out.data ? out.data : "", out.len, err);
  }
  at_text_free(&out);
  free(text);
  return s;
}

static at_status standard_input(bool check, bool *differs, at_error *err) {
  at_text in = {0}, out = {0};
  char piece[65536];
  size_t n;
  while ((n = fread(piece, 1, sizeof piece, stdin)) > 0) at_text_addn(&in, piece, n);
  at_status s = in.failed ? at_nomem(err)
                          : formatted("standard input", in.data ? in.data : "", in.len, &out, err);
  bool same = s == AT_OK && in.len == out.len && (!in.len || !memcmp(in.data, out.data, in.len));
  if (s == AT_OK && !same) *differs = true;
  if (s == AT_OK && !check && out.data) fwrite(out.data, 1, out.len, stdout);
  at_text_free(&in);
  at_text_free(&out);
  return s;
}

int cli_fmt(int argc, char **argv) {
  cli_list rest;
  bool done, check = false, differs = false;
  const cli_option options[] = {{"check", 0, CLI_FLAG, &check, 0, 0}, {0}};
  int rc = cli_parse(argc, argv, options, &rest, 0, CLI_MOST, &done);
  if (rc || done) return rc;
  at_error err = {0};
  if (!rest.n && standard_input(check, &differs, &err) != AT_OK) rc = cli_fail(&err);
  for (size_t i = 0; i < rest.n; i++) {
    at_error e = {0};
    if (one_file(rest.v[i], check, &differs, &e) != AT_OK) rc = cli_fail(&e);
  }
  if (rc) return rc;
  rc = cli_done();
  return rc ? rc : check && differs;
}
