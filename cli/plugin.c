/* attune plugin list, attune plugin info; the way to the others. */
#include <stdlib.h>
#include <string.h>
#include "cli/cli.h"

static const char *option_type(attune_option_type t) {
  static const char *const names[] = {"?",      "whole number", "number", "true or false",
                                      "choice", "text",         "path"};
  return (unsigned)t < sizeof names / sizeof *names ? names[t] : "?";
}

static void print_list(const at_item *it, size_t n) {
  for (size_t i = 0; i < n; i++) {
    printf("%-12s %-22s %s\n", at_kind_name((attune_kind)it[i].item->kind), it[i].item->name,
           it[i].item->summary);
    if (it[i].shadows)
      printf("%-12s %-22s from %s, hides %s\n", "", "", it[i].path, it[i].shadows);
    else if (getenv("ATTUNE_PLUGIN_PATH"))
      printf("%-12s %-22s from %s\n", "", "", it[i].path);
  }
}

static void print_pair(const char *before, const char *key, const char *value) {
  printf("%s", before);
  cli_print_json_string(stdout, key);
  printf(": ");
  if (value)
    cli_print_json_string(stdout, value);
  else
    printf("null");
}

static void print_item_json(const at_item *it, bool full) {
  print_pair("{", "kind", at_kind_name((attune_kind)it->item->kind));
  print_pair(", ", "name", it->item->name);
  print_pair(", ", "summary", it->item->summary);
  print_pair(", ", "version", it->plugin->version);
  print_pair(", ", "license", it->plugin->license);
  print_pair(", ", "path", it->path);
  print_pair(", ", "sha256", at_item_sha256(it));
  print_pair(", ", "hides", it->shadows);
  if (full) {
    print_pair(", ", "doc", it->item->doc);
    printf(", \"options\": [");
    for (const attune_option *o = it->item->options; o && o->name; o++) {
      print_pair(o == it->item->options ? "{" : ", {", "name", o->name);
      print_pair(", ", "type", option_type(o->type));
      print_pair(", ", "default", o->default_text);
      print_pair(", ", "choices", o->choices);
      print_pair(", ", "doc", o->doc);
      printf("}");
    }
    printf("]");
  }
  printf("}");
}

static void print_item(const at_item *it) {
  printf("%s %s: %s\n\n%s\n", at_kind_name((attune_kind)it->item->kind), it->item->name,
         it->item->summary, it->item->doc);
  if (it->item->options && it->item->options->name) printf("\noptions\n");
  for (const attune_option *o = it->item->options; o && o->name; o++) {
    printf("  %-12s %s", o->name,
           o->type == ATTUNE_OPTION_ENUM ? o->choices : option_type(o->type));
    if (o->min != o->max) printf(", %g to %g", o->min, o->max);
    if (o->default_text)
      printf(", default %s", *o->default_text ? o->default_text : "empty");
    else
      printf(", must be given");
    printf("\n               %s\n", o->doc ? o->doc : "");
  }
  printf("\nfrom %s %s (%s)\n%s\nsha256 %s\n", it->plugin->name, it->plugin->version,
         it->plugin->license, it->path, at_item_sha256(it));
  if (it->shadows) printf("hides %s\n", it->shadows);
}

int cli_plugin(int argc, char **argv) {
  for (int i = 1; i < argc; i++) /* the first word that is no option says which */
    if (argv[i][0] != '-') {
      if (!strcmp(argv[i], "check")) return cli_plugin_check(argc, argv);
      if (!strcmp(argv[i], "new")) return cli_plugin_new(argc, argv);
      break;
    }
  cli_list rest;
  bool done, json = false;
  const cli_option options[] = {{"json", 0, CLI_FLAG, &json, 0, 0}, {0}};
  int rc = cli_parse(argc, argv, options, &rest, 1, 2, &done);
  if (rc || done) return rc;
  bool list = !strcmp(rest.v[0], "list") && rest.n == 1,
       info = !strcmp(rest.v[0], "info") && rest.n == 2;
  if (!list && !info) return cli_usage(argv[0]);
  at_error err = {0};
  at_registry *reg = NULL;
  at_text problems = {0};
  const at_item *it = NULL;
  size_t n = 0, found = 0;
  at_status st = at_registry_new(NULL, 0, &reg, &err);
  if (st == AT_OK) st = at_registry_list(reg, &it, &n, &problems, &err);
  if (st == AT_OK && list && json) printf("[");
  for (size_t i = 0; st == AT_OK && i < n; i++) {
    if (list && json) {
      printf("%s", i ? ",\n " : "");
      print_item_json(&it[i], false);
    } else if (info && !strcmp(it[i].item->name, rest.v[1])) {
      if (json)
        print_item_json(&it[i], true);
      else
        print_item(&it[i]);
      if (json) printf("\n");
      found++;
    }
  }
  if (st == AT_OK && list && json) printf("]\n");
  if (st == AT_OK && list && !json) print_list(it, n);
  if (problems.data) fprintf(stderr, "%s", problems.data);
  if (st == AT_OK && info && !found) {
    const char *names[512];
    size_t k = 0;
    for (; k < n && k < 512; k++) names[k] = it[k].item->name;
    const char *near = at_suggest(rest.v[1], names, k);
    st = at_fail(&err, AT_EINPUT, "there is no plugin item `%s`%s%s%s", rest.v[1],
                 near ? "; did you mean `" : "", near ? near : "; `attune plugin list` names them",
                 near ? "`?" : "");
  }
  rc = st == AT_OK ? cli_done() : cli_fail(&err);
  at_text_free(&problems);
  at_registry_free(reg);
  return rc;
}
