/* Keys of a run file that contradict each other. */
#include <string.h>
#include "core/run/run_impl.h"

static bool plateau(const at_run *r) {
  return !strcmp(at_run_get(r, "train.schedule.kind"), "plateau");
}

static bool no_factor(const at_run *r) {
  double factor = at_run_number(r, "train.schedule.factor");
  return plateau(r) && (factor <= 0 || factor >= 1);
}

static bool blind(const at_run *r) {
  return !*at_run_get(r, "metrics") ||
         (!at_run_int(r, "train.evaluate_every") && !at_run_int(r, "train.evaluate_steps"));
}

static bool blind_patience(const at_run *r) { return at_run_int(r, "train.patience") && blind(r); }

static bool blind_plateau(const at_run *r) { return plateau(r) && blind(r); }

static bool short_patience(const at_run *r) {
  int64_t patience = at_run_int(r, "train.patience");
  return plateau(r) && patience && patience <= at_run_int(r, "train.schedule.patience");
}

static bool decays_all(const at_run *r) {
  return at_run_number(r, "train.weight_decay") * at_run_number(r, "train.learning_rate") >= 1;
}

typedef struct rule {
  const char *key;
  bool (*broken)(const at_run *r);
  const char *sentence;
} rule;

static const rule rules[] = {
    {"train.schedule.factor", no_factor,
     "a plateau multiplies the rate by it; choose one between 0 and 1, not these themselves"},
    {"train.patience", blind_patience,
     "it counts evaluations, and there are none; name `metrics`, and give `train.evaluate_every` "
     "or `train.evaluate_steps`"},
    {"train.schedule.kind", blind_plateau,
     "it follows evaluations, and there are none; name `metrics`, and give `train.evaluate_every` "
     "or `train.evaluate_steps`"},
    {"train.patience", short_patience,
     "training would end before the plateau lowers its rate; make it greater than "
     "`train.schedule.patience`"},
    {"train.weight_decay", decays_all,
     "times `train.learning_rate` it takes off a whole weight at once; make one of the two "
     "smaller"},
};

at_status at_run_rules(const at_run *r, at_error *err) {
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
    if (!rules[i].broken(r)) continue;
    const at_entry *e = at_run_entry(r, rules[i].key);
    return at_fail(err, AT_EINPUT, "%s: `%s` is %s: %s", *e->place ? e->place : r->path, e->key,
                   e->value, rules[i].sentence);
  }
  return AT_OK;
}
