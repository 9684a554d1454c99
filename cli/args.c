/* Arguments of subcommands, by table. */
#include <inttypes.h>
#include <string.h>
#include "cli/cli.h"
#include "core/base/text.h"

int cli_usage(const char *command) {
  const cli_command *c = cli_find(command);
  fprintf(stderr, "usage: attune %s %s\n", command, c ? c->usage : "");
  return 2;
}

static const cli_option *find(const cli_option *options, const char *word, size_t n) {
  for (const cli_option *o = options; o->name; o++) {
    if (word[0] == '-' && word[1] == '-' && strlen(o->name) == n - 2 &&
        !strncmp(o->name, word + 2, n - 2))
      return o;
    if (n == 2 && word[1] == o->letter && o->letter) return o;
  }
  return NULL;
}

static int unknown(const char *command, const cli_option *options, const char *word, size_t n) {
  const char *names[64], *near;
  char name[128];
  size_t k = 0;
  for (const cli_option *o = options; o->name && k < 64; o++) names[k++] = o->name;
  snprintf(name, sizeof name, "%.*s", (int)(n < 127 ? n : 127), word);
  near = at_suggest(name + strspn(name, "-"), names, k);
  fprintf(stderr, "attune %s: there is no option %s%s%s%s\n", command, name,
          near ? "; did you mean --" : "", near ? near : "", near ? "?" : "");
  return cli_usage(command);
}

static int set(const char *command, const cli_option *o, const char *value) {
  int64_t i;
  cli_list *l = o->at;
  switch (o->type) {
    case CLI_FLAG: break;
    case CLI_TEXT: *(const char **)o->at = value; return 0;
    case CLI_LIST:
      if (l->n < CLI_MOST) l->v[l->n++] = value;
      return 0;
    case CLI_INT:
      if (at_parse_i64(value, &i) && i >= o->min && i <= o->max) {
        *(int64_t *)o->at = i;
        return 0;
      }
      fprintf(stderr,
              "attune %s: --%s is %s; it must be a whole number from %" PRId64 " to %" PRId64 "\n",
              command, o->name, value, o->min, o->max);
      return 2;
  }
  return 0;
}

int cli_parse(int argc, char **argv, const cli_option *options, cli_list *rest, size_t least,
              size_t most, bool *done) {
  *done = false;
  rest->n = 0;
  bool only_rest = false;
  for (int i = 1; i < argc; i++) {
    const char *word = argv[i], *eq = strchr(word, '=');
    if (only_rest || word[0] != '-' || !word[1]) {
      if (rest->n < CLI_MOST) rest->v[rest->n++] = word;
      continue;
    }
    if (!strcmp(word, "--")) {
      only_rest = true;
      continue;
    }
    if (!strcmp(word, "--help") || !strcmp(word, "-h")) {
      printf("usage: attune %s %s\n", argv[0], cli_find(argv[0])->usage);
      *done = true;
      return 0;
    }
    size_t n = word[1] == '-' && eq ? (size_t)(eq - word) : strlen(word);
    const cli_option *o = find(options, word, n);
    if (!o) return unknown(argv[0], options, word, n);
    if (o->type == CLI_FLAG) {
      *(bool *)o->at = true;
      continue;
    }
    const char *value = word[1] == '-' && eq ? eq + 1 : i + 1 < argc ? argv[++i] : NULL;
    if (!value) {
      fprintf(stderr, "attune %s: --%s needs a value\n", argv[0], o->name);
      return cli_usage(argv[0]);
    }
    int rc = set(argv[0], o, value);
    if (rc) return rc;
  }
  return rest->n < least || rest->n > most ? cli_usage(argv[0]) : 0;
}

char *cli_joined(const cli_list *l) {
  at_text t = {0};
  for (size_t i = 0; i < l->n; i++) at_text_addf(&t, "%s%s", i ? "," : "", l->v[i]);
  if (t.failed) at_text_free(&t);
  return t.data;
}

bool cli_is_yaml(const char *path) {
  const char *dot = strrchr(path, '.');
  return dot && (!strcmp(dot, ".yaml") || !strcmp(dot, ".yml"));
}

const char *cli_short(double v, bool bytes, char *buf, size_t n) {
  static const char *const unit[2][6] = {{"", "k", "M", "G", "T", "P"},
                                         {"B", "KiB", "MiB", "GiB", "TiB", "PiB"}};
  const double step = bytes ? 1024 : 1000;
  int i = 0;
  for (; v >= step && i < 5; i++) v /= step;
  snprintf(buf, n, "%.3g %s", v, unit[bytes][i]);
  return buf;
}
