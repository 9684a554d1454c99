#include "core/run/trained.h"
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"
#include "core/run/run_impl.h"
#include "core/train/checkpoint.h"

bool at_is_run_dir(const char *path) { return at_file_in(path, "run.yaml"); }

at_status at_trained_open(const char *dir, at_trained *t, at_error *err) {
  *t = (at_trained){.dir = strdup(dir), .classes = -1};
  char *file = at_rundir_path(dir, "run.yaml"), *words = at_rundir_path(dir, "vocabulary.json");
  at_status st = t->dir && file && words ? AT_OK : at_nomem(err);
  if (st == AT_OK) st = at_run_load(file, NULL, 0, &t->run, err);
  if (st == AT_OK) t->model = at_run_get(t->run, "model");
  if (st == AT_OK) st = at_run_arguments(t->run, &t->set, &t->n_set, err);
  if (st == AT_OK && at_file_exists(words)) st = at_vocab_read(words, &t->vocab, err);
  if (st == AT_OK) st = at_labels_count(dir, &t->classes, err);
  free(file);
  free(words);
  return st;
}

void at_trained_close(at_trained *t) {
  at_vocab_free(t->vocab);
  at_run_free(t->run);
  free(t->dir);
  *t = (at_trained){.classes = -1};
}

int64_t at_trained_ids(const at_trained *t, const at_graph *g, const at_node *input) {
  if (g->axis[input->dim[0].axis].parent < 0) return t->classes;
  return t->vocab ? (int64_t)at_vocab_size(t->vocab) : -1;
}

at_status at_trained_weights(const char *dir, const at_run *run, at_params *params, at_error *err) {
  char *best = at_rundir_path(dir, "best.safetensors"),
       *last = at_rundir_path(dir, "last.safetensors");
  at_status st = best && last ? AT_OK : at_nomem(err);
  if (st == AT_OK && at_file_exists(best))
    st = at_checkpoint_read(best, params, NULL, NULL, NULL, err);
  else if (st == AT_OK && !at_file_exists(last))
    st = at_fail(err, AT_EINPUT, "%s: this run has no weights yet; train it first", dir);
  else if (st == AT_OK && at_run_number(run, "train.average") > 0)
    st = at_checkpoint_read_average(last, params, err);
  else if (st == AT_OK)
    st = at_checkpoint_read(last, params, NULL, NULL, NULL, err);
  free(best);
  free(last);
  return st;
}
