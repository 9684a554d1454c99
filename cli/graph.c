/* attune graph: a model as a picture. */
#include <string.h>
#include "cli/cli.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/draw/draw.h"
#include "core/run/model.h"
#include "dsl/dsl.h"

/* What is asked for, else what the name of the file says, else SVG. */
static const char *type_of(const char *type, const char *file) {
  const char *dot = file ? strrchr(file, '.') : NULL;
  at_draw_format f;
  if (type) return type;
  return dot && at_draw_format_of(dot + 1, &f, NULL) == AT_OK ? dot + 1 : "svg";
}

static at_status put(const char *file, const at_text *t, at_error *err) {
  if (file) return at_file_write(file, t->data, t->len, err);
  fwrite(t->data, 1, t->len, stdout);
  return AT_OK;
}

int cli_graph(int argc, char **argv) {
  cli_list set = {.n = 0}, rest;
  bool done;
  const char *type = NULL, *file = NULL;
  const cli_option options[] = {{"set", 's', CLI_LIST, &set, 0, 0},
                                {"type", 'T', CLI_TEXT, &type, 0, 0},
                                {"out", 'o', CLI_TEXT, &file, 0, 0},
                                {0}};
  int rc = cli_parse(argc, argv, options, &rest, 1, 1, &done);
  if (rc || done) return rc;
  at_registry *reg = NULL;
  at_graph *g = NULL;
  at_error err = {0};
  at_text messages = {0}, out = {0};
  at_draw_format format = AT_DRAW_SVG;
  at_status s = at_draw_format_of(type_of(type, file), &format, &err);
  if (s == AT_OK) s = at_registry_new(NULL, 0, &reg, &err);
  const at_dsl_env env = at_model_env(reg, set.v, set.n);
  if (s == AT_OK) s = at_dsl_load(rest.v[0], &env, &g, &messages, &err);
  if (messages.data) fputs(messages.data, stderr);
  if (s == AT_OK) s = at_draw(g, format, &out, &err);
  if (s == AT_OK) s = put(file, &out, &err);
  at_graph_free(g);
  at_registry_free(reg);
  rc = s == AT_OK ? cli_done() : cli_fail_shown(&messages, &err);
  at_text_free(&messages);
  at_text_free(&out);
  return rc;
}
