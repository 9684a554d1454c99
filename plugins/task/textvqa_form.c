#include "textvqa_form.h"
#include <stdlib.h>
#include <string.h>

/* ---- tokens ---- */

int64_t tv_tokens_count(const char *lines) {
  int64_t n = 0;
  for (const char *at = lines; *at; n++) {
    at += strcspn(at, "\n");
    at += *at == '\n';
  }
  return n;
}

void tv_tokens_free(tv_tokens *t) {
  free(t->text);
  free(t->first);
  free(t->key);
  free(t->loose);
  free(t->held);
  memset(t, 0, sizeof *t);
}

/* A line without anything is a token as well: it has its number. */
static void cut_lines(tv_tokens *t) {
  char *at = t->held;
  for (int64_t i = 0; i < t->n; i++) {
    t->text[i] = at;
    at += strcspn(at, "\n");
    if (*at) *at++ = 0;
  }
}

int tv_tokens_read(const char *lines, int64_t most, tv_match match, tv_tokens *out) {
  enum { MOST_WORDS = 64 };
  const char *begin[MOST_WORDS];
  int64_t length[MOST_WORDS], words = 0;
  const int64_t n = tv_tokens_count(lines);
  *out = (tv_tokens){.n = n < most ? n : most, .held = strdup(lines)};
  out->text = calloc((size_t)out->n + 1, sizeof *out->text);
  out->first = calloc((size_t)out->n + 1, sizeof *out->first);
  if (!out->held || !out->text || !out->first) return -1;
  cut_lines(out);
  for (int64_t i = 0; i < out->n; i++) {
    int64_t k = tv_split(out->text[i], begin, length, MOST_WORDS);
    out->first[i + 1] = words += k < MOST_WORDS ? k : MOST_WORDS;
  }
  out->key = malloc(((size_t)words + 1) * sizeof *out->key);
  out->loose = malloc(((size_t)words + 1) * sizeof *out->loose);
  if (!out->key || !out->loose) return -1;
  for (int64_t i = 0; i < out->n; i++) {
    int64_t k = tv_split(out->text[i], begin, length, MOST_WORDS);
    for (int64_t w = 0; w < k && w < MOST_WORDS; w++) {
      tv_key(begin[w], length[w], match, 0, out->key[out->first[i] + w]);
      tv_key(begin[w], length[w], match, 1, out->loose[out->first[i] + w]);
    }
  }
  return 0;
}

/* ---- what can stand where ---- */

typedef struct finding {
  const tv_vocabulary *v;
  const tv_tokens *t;
  char (*key)[TV_WORD], (*loose)[TV_WORD]; /* [words] of the answer */
  int64_t words, units, cap;
  tv_unit *unit;
} finding;

static int add(finding *f, tv_step step, int64_t words) {
  if (f->units == f->cap) {
    int64_t cap = f->cap ? 2 * f->cap : 16;
    tv_unit *v = realloc(f->unit, (size_t)cap * sizeof *v);
    if (!v) return -1;
    f->unit = v;
    f->cap = cap;
  }
  f->unit[f->units++] = (tv_unit){step, (int32_t)words};
  return 0;
}

static int says(const finding *f, int64_t token, int64_t at, int loose) {
  const tv_tokens *t = f->t;
  const int64_t n = t->first[token + 1] - t->first[token];
  if (!n || at + n > f->words) return 0;
  for (int64_t w = 0; w < n; w++) {
    const char *ours = loose ? t->loose[t->first[token] + w] : t->key[t->first[token] + w];
    if (strcmp(ours, loose ? f->loose[at + w] : f->key[at + w])) return 0;
  }
  return 1;
}

static int add_at(finding *f, int64_t at, int loose) {
  int64_t id = tv_vocabulary_find(f->v, loose ? f->loose[at] : f->key[at], loose);
  if (id >= 0 && add(f, (tv_step){0, (int32_t)id}, 1)) return -1;
  for (int64_t i = 0; i < f->t->n; i++)
    if (says(f, i, at, loose) &&
        add(f, (tv_step){1, (int32_t)i}, f->t->first[i + 1] - f->t->first[i]))
      return -1;
  return 0;
}

static void find_costs(tv_form *f) {
  f->cost[f->words] = 0;
  for (int64_t at = f->words; at-- > 0;) {
    f->cost[at] = TV_NEVER;
    for (int64_t u = f->first[at]; u < f->first[at + 1]; u++) {
      int32_t rest = f->cost[at + f->unit[u].words];
      if (rest + 1 < f->cost[at]) f->cost[at] = rest + 1;
    }
  }
}

static int find_units(finding *f, tv_form *out) {
  for (int64_t at = 0; at < f->words; at++) {
    out->first[at] = f->units;
    if (add_at(f, at, 0)) return -1;
    if (f->v->match == TV_LOOSE && f->units == out->first[at] && add_at(f, at, 1)) return -1;
  }
  out->first[f->words] = f->units;
  return 0;
}

int tv_form_find(const tv_vocabulary *v, const tv_tokens *t, const char *answer, tv_form *out) {
  enum { MOST = 512 };
  const char *begin[MOST];
  int64_t length[MOST], n = tv_split(answer, begin, length, MOST);
  if (n > MOST) n = MOST;
  finding f = {.v = v, .t = t, .words = n};
  *out = (tv_form){.words = n};
  f.key = malloc(((size_t)n + 1) * sizeof *f.key);
  f.loose = malloc(((size_t)n + 1) * sizeof *f.loose);
  out->first = calloc((size_t)n + 1, sizeof *out->first);
  out->cost = calloc((size_t)n + 1, sizeof *out->cost);
  int rc = f.key && f.loose && out->first && out->cost ? 0 : -1;
  for (int64_t i = 0; !rc && i < n; i++) {
    tv_key(begin[i], length[i], v->match, 0, f.key[i]);
    tv_key(begin[i], length[i], v->match, 1, f.loose[i]);
  }
  if (!rc) rc = find_units(&f, out);
  out->unit = f.unit;
  if (!rc) find_costs(out);
  free(f.key);
  free(f.loose);
  if (rc) tv_form_free(out);
  return rc;
}

void tv_form_free(tv_form *f) {
  free(f->first);
  free(f->unit);
  free(f->cost);
  memset(f, 0, sizeof *f);
}

int tv_form_fits(const tv_form *f, int64_t steps) { return f->words > 0 && f->cost[0] < steps; }

int64_t tv_form_choices(const tv_form *f, int64_t at, int64_t left, int64_t k, tv_unit *out) {
  int64_t n = 0;
  for (int64_t u = f->first[at]; u < f->first[at + 1]; u++) {
    if (f->cost[at + f->unit[u].words] + 1 > left) continue;
    if (n++ == k) *out = f->unit[u];
  }
  return n;
}

/* ---- texts ---- */

static const char *say(const tv_vocabulary *v, const tv_tokens *t, tv_step s) {
  if (s.kind) return s.index >= 0 && s.index < t->n ? t->text[s.index] : "";
  return s.index >= TV_FIRST && s.index < v->n ? v->word[s.index] : "";
}

char *tv_text(const tv_vocabulary *v, const tv_tokens *t, const tv_step *step, int64_t n) {
  size_t room = 1;
  for (int64_t i = 0; i < n; i++) room += strlen(say(v, t, step[i])) + 1;
  char *text = malloc(room), *at = text;
  for (int64_t i = 0; text && i < n; i++) {
    const char *word = say(v, t, step[i]);
    size_t k = strlen(word);
    if (at > text && k) *at++ = ' ';
    memcpy(at, word, k);
    at += k;
  }
  if (text) *at = 0;
  return text;
}

char *tv_form_best(const tv_vocabulary *v, const tv_tokens *t, const tv_form *f, int64_t steps) {
  tv_step *step = calloc((size_t)steps + 1, sizeof *step);
  int64_t n = 0;
  for (int64_t at = 0; step && at < f->words && n < steps;) {
    tv_unit u = {.words = 1};
    const int whole = f->cost[at] < TV_NEVER;
    int64_t k = tv_form_choices(f, at, whole ? f->cost[at] : 2 * TV_NEVER, 0, &u);
    if (k) step[n++] = u.step;
    at += u.words;
  }
  char *text = step ? tv_text(v, t, step, n) : NULL;
  free(step);
  return text;
}
