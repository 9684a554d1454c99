#include "core/run/stepper.h"
#include <stdlib.h>
#include "core/run/train_impl.h"

struct at_stepper {
  trainer t;
  int64_t steps; /* of the epoch at hand; 0: none is */
  bool loaded;   /* a batch that counts as a step when the next one comes */
};

at_status at_stepper_new(at_session *s, at_stepper **out, at_error *err) {
  at_stepper *t = *out = calloc(1, sizeof *t);
  if (!t) return at_nomem(err);
  t->t = (trainer){.s = s, .began = at_clock()};
  at_status st = at_train_open(&t->t, err);
  if (st == AT_OK) return st;
  at_stepper_free(t);
  *out = NULL;
  return st;
}

void at_stepper_free(at_stepper *t) {
  if (!t) return;
  at_session_ahead_end(t->t.s);
  at_train_close(&t->t);
  free(t);
}

at_status at_stepper_load(at_stepper *t, at_error *err) {
  if (t->loaded) {
    t->t.position++;
    t->t.step++;
    if (t->t.average) at_average_take(t->t.average, t->t.s->pool, t->t.step);
  }
  t->loaded = false;
  if (t->t.position == t->steps) {
    t->t.epoch += t->steps > 0;
    t->t.position = 0;
    at_status st = at_train_examples(&t->t, err);
    if (st != AT_OK) return st;
    t->steps = at_train_steps(&t->t);
  }
  at_status st = at_train_batch(&t->t, t->steps, err);
  t->loaded = st == AT_OK;
  return st;
}

at_status at_stepper_forward(at_stepper *t, int loss, at_error *err) {
  return at_train_forward(&t->t, loss, err);
}

void at_stepper_backward(at_stepper *t, int loss) { at_train_backward(&t->t, loss); }

at_status at_stepper_update(at_stepper *t, int loss, at_error *err) {
  return at_train_update(&t->t, loss, at_train_rate(&t->t, t->steps), err);
}

at_exec *at_stepper_exec(const at_stepper *t) { return t->t.s->train; }
double at_stepper_loss(const at_stepper *t, int loss) { return t->t.loss[loss]; }
int64_t at_stepper_batch(const at_stepper *t) { return t->t.batch; }
