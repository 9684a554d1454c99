#include "textvqa_decode.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NO_MEMORY = -3 };

/* An answer begun, or finished. */
typedef struct hypothesis {
  tv_step *step; /* [steps] */
  int64_t n;
  double score, logits;
  int64_t from; /* where it stood among those begun, a step ago */
  int finished;
} hypothesis;

/* A step more: of which answer begun, and what; `at` -1: that one is finished and stays. */
typedef struct candidate {
  int64_t from;
  tv_step step;
  double score, logits;
  int stays;
} candidate;

typedef struct beam {
  hypothesis *v, *next; /* [beam] */
  int64_t n;
} beam;

typedef struct decoding {
  const tv_decoding *d;
  beam *beam;      /* [questions] */
  tv_begun *begun; /* [questions * beam] */
  int64_t *place; /* [questions * beam] where a begun answer stands among the scores; -1: nowhere */
  candidate *best; /* [beam] */
} decoding;

static double log_sigmoid(double x) { return x < 0 ? x - log1p(exp(x)) : -log1p(exp(-x)); }

/* Greater is better; of equals the earlier stays before. */
static void insert(candidate *best, int64_t *n, int64_t most, candidate c) {
  int64_t at = *n;
  while (at > 0 && best[at - 1].score < c.score) at--;
  if (at == most) return;
  if (*n < most) ++*n;
  memmove(best + at + 1, best + at, (size_t)(*n - 1 - at) * sizeof *best);
  best[at] = c;
}

static void expand(const decoding *k, int64_t q, int64_t h, const tv_scores *s, int64_t *n) {
  const tv_decoding *d = k->d;
  const hypothesis *from = &k->beam[q].v[h];
  const int64_t at = k->place[q * d->beam + h];
  const float *words = s->words + at * d->vocabulary, *tokens = s->tokens + at * s->stride;
  for (int64_t i = 0; i < d->vocabulary + d->tokens[q]; i++) {
    const int token = i >= d->vocabulary;
    const double logit = (double)(token ? tokens[i - d->vocabulary] : words[i]);
    if (i == TV_BEGIN || isnan(logit)) continue;
    const double score = from->score + log_sigmoid(logit);
    if (*n == d->beam && score <= k->best[d->beam - 1].score) continue;
    insert(
        k->best, n, d->beam,
        (candidate){
            h, {token, (int32_t)(token ? i - d->vocabulary : i)}, score, from->logits + logit, 0});
  }
}

static void take(const decoding *k, int64_t q, int64_t n) {
  const tv_decoding *d = k->d;
  beam *b = &k->beam[q];
  for (int64_t i = 0; i < n; i++) {
    const candidate *c = &k->best[i];
    const hypothesis *from = &b->v[c->from];
    hypothesis *to = &b->next[i];
    memcpy(to->step, from->step, (size_t)from->n * sizeof *to->step);
    to->n = from->n;
    to->score = c->score;
    to->logits = c->logits;
    to->from = k->place[q * d->beam + c->from];
    to->finished = 1;
    if (c->stays) continue;
    const int end = !c->step.kind && c->step.index == TV_END;
    to->step[to->n++] = c->step;
    to->finished = end || to->n == d->steps;
  }
  hypothesis *v = b->v;
  b->v = b->next;
  b->next = v;
  b->n = n;
}

/* One step of all questions that are not done: scores only fall, so that one is done when its best
 * answer is finished. */
static int step(decoding *k, int64_t *open) {
  const tv_decoding *d = k->d;
  tv_scores s;
  int64_t n = 0;
  for (int64_t q = 0; q < d->questions; q++) {
    const beam *b = &k->beam[q];
    for (int64_t h = 0; h < b->n; h++) {
      const int wanted = !b->v[0].finished && !b->v[h].finished;
      k->place[q * d->beam + h] = wanted ? n : -1;
      if (wanted)
        k->begun[n++] = (tv_begun){q, b->v[h].step, b->v[h].n, b->v[h].n ? b->v[h].from : -1};
    }
  }
  *open = n;
  if (!n) return 0;
  int rc = d->next(d->ctx, k->begun, n, &s);
  for (int64_t q = 0; !rc && q < d->questions; q++) {
    const beam *b = &k->beam[q];
    int64_t found = 0;
    if (b->v[0].finished) continue;
    for (int64_t h = 0; h < b->n; h++)
      if (b->v[h].finished)
        insert(k->best, &found, d->beam, (candidate){h, {0, 0}, b->v[h].score, b->v[h].logits, 1});
    for (int64_t h = 0; h < b->n; h++)
      if (!b->v[h].finished) expand(k, q, h, &s, &found);
    if (found)
      take(k, q, found);
    else
      k->beam[q].v[0].finished = 1; /* nothing but numbers that are none */
  }
  return rc;
}

static int make_room(decoding *k) {
  const tv_decoding *d = k->d;
  const size_t q = (size_t)d->questions, all = q * (size_t)d->beam;
  k->beam = calloc(q + 1, sizeof *k->beam);
  k->begun = calloc(all + 1, sizeof *k->begun);
  k->place = calloc(all + 1, sizeof *k->place);
  k->best = calloc((size_t)d->beam + 1, sizeof *k->best);
  if (!k->beam || !k->begun || !k->place || !k->best) return NO_MEMORY;
  for (int64_t i = 0; i < d->questions; i++) {
    beam *b = &k->beam[i];
    b->n = 1;
    b->v = calloc((size_t)d->beam, sizeof *b->v);
    b->next = calloc((size_t)d->beam, sizeof *b->next);
    if (!b->v || !b->next) return NO_MEMORY;
    for (int64_t h = 0; h < d->beam; h++) {
      b->v[h].step = calloc((size_t)d->steps + 1, sizeof *b->v[h].step);
      b->next[h].step = calloc((size_t)d->steps + 1, sizeof *b->v[h].step);
      if (!b->v[h].step || !b->next[h].step) return NO_MEMORY;
    }
  }
  return 0;
}

static void free_room(decoding *k) {
  for (int64_t i = 0; k->beam && i < k->d->questions; i++) {
    beam *b = &k->beam[i];
    for (int64_t h = 0; h < k->d->beam; h++) {
      if (b->v) free(b->v[h].step);
      if (b->next) free(b->next[h].step);
    }
    free(b->v);
    free(b->next);
  }
  free(k->beam);
  free(k->begun);
  free(k->place);
  free(k->best);
}

static int give(const decoding *k, tv_answer *out) {
  for (int64_t q = 0; q < k->d->questions; q++) {
    const hypothesis *h = &k->beam[q].v[0];
    const int64_t all = h->n;
    tv_answer *a = &out[q];
    a->n = h->n;
    if (a->n && !h->step[a->n - 1].kind && h->step[a->n - 1].index == TV_END) a->n--;
    a->score = h->score;
    a->logit = all ? h->logits / (double)all : 0;
    a->step = malloc(((size_t)a->n + 1) * sizeof *a->step);
    if (!a->step) return NO_MEMORY;
    memcpy(a->step, h->step, (size_t)a->n * sizeof *a->step);
  }
  return 0;
}

int tv_decode(const tv_decoding *d, tv_answer *out) {
  decoding k = {.d = d};
  int64_t open = 1;
  memset(out, 0, (size_t)d->questions * sizeof *out);
  int rc = make_room(&k);
  for (int64_t i = 0; !rc && open && i < d->steps; i++) rc = step(&k, &open);
  if (!rc) rc = give(&k, out);
  free_room(&k);
  if (rc) tv_answers_free(out, d->questions);
  return rc;
}

void tv_answers_free(tv_answer *a, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    free(a[i].step);
    a[i].step = NULL;
  }
}
