#include "attention_read.h"
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* ---- the arrays ---- */

typedef enum shape { KEYS, EXAMPLES, SHARES, TABLE } shape; /* [K], [n], [T], [n, T] */
typedef struct known {
  const char *name;
  shape shape;
  uint32_t type;
} known;
static const known KNOWN[] = {
    {"weight", KEYS, ATTUNE_F32},
    {"erasure", KEYS, ATTUNE_F32},
    {"removal", KEYS, ATTUNE_F32},
    {"gradient", KEYS, ATTUNE_F32},
    {"gradient_weight", KEYS, ATTUNE_F32},
    {"gradient_input", KEYS, ATTUNE_F32},
    {"integrated", KEYS, ATTUNE_F32},
    {"rollout", KEYS, ATTUNE_F32},
    {"relevance", KEYS, ATTUNE_F32},
    {"other_weight", KEYS, ATTUNE_F32},
    {"scrambled", KEYS, ATTUNE_F32},
    {"truth", KEYS, ATTUNE_F32},
    {"share", KEYS, ATTUNE_F32},
    {"output", EXAMPLES, ATTUNE_F32},
    {"correct", EXAMPLES, ATTUNE_I32},
    {"bins", SHARES, ATTUNE_F32},
    {"without_top", TABLE, ATTUNE_F32},
    {"without_low", TABLE, ATTUNE_F32},
    {"only_top", TABLE, ATTUNE_F32},
    {"right_without_top", TABLE, ATTUNE_I32},
    {"right_without_low", TABLE, ATTUNE_I32},
    {"flip_top", EXAMPLES, ATTUNE_F32},
    {"flip_random", EXAMPLES, ATTUNE_F32},
    {"flip_one_top", EXAMPLES, ATTUNE_I32},
    {"flip_one_random", EXAMPLES, ATTUNE_I32},
    {"permuted", EXAMPLES, ATTUNE_F32},
    {"uniform", EXAMPLES, ATTUNE_F32},
    {"uniform_right", EXAMPLES, ATTUNE_I32},
    {"adversarial", EXAMPLES, ATTUNE_F32},
    {"score_low", EXAMPLES, ATTUNE_F32},
    {"score_high", EXAMPLES, ATTUNE_F32},
    {"score_range", EXAMPLES, ATTUNE_F32},
};

/* Another for each order of the keys: NAME.ORDER. */
static const char *const ORDERED[] = {"without_top",       "without_low",       "only_top",
                                      "right_without_top", "right_without_low", "flip_top",
                                      "flip_one_top"};

/* Why it may be lacking. */
#define NO_CLASS "the answer is no class"
static const struct {
  const char *name, *why;
} WHY[] = {
    {"other_weight", "the run compared with has no block of that name"},
    {"removal", "its keys are no items of an input"},
    {"rollout", "no self-attention over the same keys lies before this block"},
    {"truth", "the data do not say which of its keys decide"},
    {"right_without_top", NO_CLASS},
    {"right_without_low", NO_CLASS},
    {"flip_top", NO_CLASS},
    {"flip_random", NO_CLASS},
    {"flip_one_top", NO_CLASS},
    {"flip_one_random", NO_CLASS},
    {"uniform_right", NO_CLASS},
};

typedef struct reading {
  const attune_host *host;
  const attune_prediction *prediction;
  const char *map, *order;
  int64_t n, keys, most, widest; /* examples; keys in all, of one; numbers of a slot */
  const int64_t *offsets;
  am_space space;
  double *slot[ATTENTION_NEEDS], *value;
  char lacking[512]; /* names, with commas */
  const char *why;   /* the first of them may be lacking */
} reading;

static int malformed(const reading *r, const char *name) {
  r->host->error(r->host, "the array `%s` of what was explained has the wrong type or size", name);
  return ATTUNE_FAILED;
}

static int open_offsets(reading *r) {
  attune_array a;
  int rc = r->host->prediction(r->prediction, "offsets", &a);
  if (rc) return rc;
  if (a.type != ATTUNE_I64 || a.ndim != 1 || a.shape[0] < 1) return malformed(r, "offsets");
  r->offsets = a.data;
  r->n = a.shape[0] - 1;
  if (r->offsets[0]) return malformed(r, "offsets");
  for (int64_t i = 0; i < r->n; i++) {
    if (r->offsets[i + 1] < r->offsets[i]) return malformed(r, "offsets");
    int64_t n = r->offsets[i + 1] - r->offsets[i];
    r->most = n > r->most ? n : r->most;
  }
  r->keys = r->offsets[r->n];
  return ATTUNE_OK;
}

/* The most numbers that an array has for one example. */
static void find_widest(reading *r) {
  attune_array a;
  r->widest = r->most;
  for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
    if (KNOWN[i].shape != SHARES && KNOWN[i].shape != TABLE) continue;
    if (r->host->prediction(r->prediction, KNOWN[i].name, &a) || !a.ndim || a.ndim > 8) continue;
    int64_t n = a.shape[a.ndim - 1];
    r->widest = n > r->widest ? n : r->widest;
  }
}

static double *doubles(const reading *r, int64_t n, int *rc) {
  double *v = r->host->scratch(r->host, ((size_t)n + 1) * sizeof *v);
  if (!v) *rc = ATTUNE_NO_MEMORY;
  return v;
}

static int open_memory(reading *r) {
  int rc = ATTUNE_OK;
  find_widest(r);
  r->value = doubles(r, r->n, &rc);
  for (int i = 0; i < ATTENTION_NEEDS; i++) r->slot[i] = doubles(r, r->widest, &rc);
  for (int i = 0; i < 2; i++) {
    r->space.rank[i] = doubles(r, r->most, &rc);
    r->space.merge[i] = doubles(r, r->most, &rc);
  }
  r->space.pair = r->host->scratch(r->host, ((size_t)r->most + 1) * sizeof *r->space.pair);
  return r->space.pair ? rc : ATTUNE_NO_MEMORY;
}

/* ---- one array ---- */

typedef struct column {
  const known *known;
  attune_array a;
  bool by_size; /* a gradient: its sign says which way, not how much */
} column;

static bool fits(const reading *r, const known *k, const attune_array *a) {
  uint32_t ndim = k->shape == TABLE ? 2 : 1;
  if (a->type != k->type || a->ndim != ndim) return false;
  switch (k->shape) {
    case KEYS: return a->shape[0] == r->keys;
    case EXAMPLES: return a->shape[0] == r->n;
    case SHARES: return a->shape[0] <= r->widest;
    case TABLE: return a->shape[0] == r->n && a->shape[1] <= r->widest;
  }
  return false;
}

static bool is_order(const reading *r) { return r->order && strcmp(r->order, "weight") != 0; }

static const known *find_known(const char *name) {
  for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++)
    if (!strcmp(KNOWN[i].name, name)) return &KNOWN[i];
  return NULL;
}

static bool in_order(const reading *r, const char *name) {
  for (size_t i = 0; is_order(r) && i < sizeof ORDERED / sizeof *ORDERED; i++)
    if (!strcmp(ORDERED[i], name)) return true;
  return false;
}

/* NULL: nothing is known of that. An order is lacking where its map is. */
static const char *why_lacking(const reading *r, const char *name) {
  attune_array a;
  if (in_order(r, name) && r->host->prediction(r->prediction, r->order, &a)) name = r->order;
  for (size_t i = 0; i < sizeof WHY / sizeof *WHY; i++)
    if (!strcmp(WHY[i].name, name)) return WHY[i].why;
  return NULL;
}

static void note_lacking(reading *r, const char *name) {
  size_t n = strlen(name), used = strlen(r->lacking);
  for (const char *c = r->lacking; (c = strstr(c, name)); c += n)
    if ((c == r->lacking || c[-1] == ' ') && (c[n] == ',' || !c[n])) return;
  snprintf(r->lacking + used, sizeof r->lacking - used, "%s%s", used ? ", " : "", name);
}

/* "without_top.rollout" */
static void full_name(const reading *r, const char *name, char out[64]) {
  const bool own = in_order(r, name);
  snprintf(out, 64, "%.40s%s%.20s", name, own ? "." : "", own ? r->order : "");
}

/* *here: whether it is to be had; name: of the array, then. */
static int open_column(reading *r, const char *need, column *c, bool *here, char name[64]) {
  *here = false;
  c->known = find_known(need);
  full_name(r, need, name);
  if (r->host->prediction(r->prediction, name, &c->a)) {
    if (!r->why) r->why = why_lacking(r, need);
    note_lacking(r, name);
    return ATTUNE_OK;
  }
  if (!c->known || !fits(r, c->known, &c->a)) return malformed(r, name);
  c->by_size = !strcmp(need, "gradient");
  *here = true;
  return ATTUNE_OK;
}

/* The numbers of example i. */
static int64_t fill(const reading *r, const column *c, int64_t i, double *to) {
  int64_t from = 0, n = 1;
  switch (c->known->shape) {
    case KEYS: from = r->offsets[i], n = r->offsets[i + 1] - from; break;
    case EXAMPLES: from = i; break;
    case SHARES: n = c->a.shape[0]; break;
    case TABLE: n = c->a.shape[1], from = i * n; break;
  }
  for (int64_t k = 0; k < n; k++) {
    if (c->known->type == ATTUNE_I32) {
      int32_t v = ((const int32_t *)c->a.data)[from + k];
      to[k] = v < 0 ? NAN : v;
    } else {
      double v = (double)((const float *)c->a.data)[from + k];
      to[k] = c->by_size ? fabs(v) : v;
    }
  }
  return n;
}

/* ---- measures ---- */

static const char *real_name(const reading *r, const char *need) {
  return strcmp(need, "map") ? need : r->map;
}

/* A map measured against itself says nothing. */
static bool against_itself(const reading *r, const attention_measure *m) {
  bool asks = false;
  for (int k = 0; k < ATTENTION_NEEDS && m->needs[k]; k++) asks |= !strcmp(m->needs[k], "map");
  for (int k = 0; asks && k < ATTENTION_NEEDS && m->needs[k]; k++)
    if (!strcmp(m->needs[k], r->map)) return true;
  return false;
}

void attention_name(char out[64], const char *measure, const char *map) {
  bool own = map && strcmp(map, "weight");
  snprintf(out, 64, "%.40s%s%.20s", measure, own ? "." : "", own ? map : "");
}

static void measure_all(reading *r, const attention_measure *m, const column *c, double option) {
  attention_example e = {.space = &r->space, .at = m->at, .option = option};
  for (int k = 0; k < ATTENTION_NEEDS; k++) e.value[k] = r->slot[k];
  for (int64_t i = 0; i < r->n; i++) {
    e.n = r->offsets[i + 1] - r->offsets[i];
    for (int k = 0; k < ATTENTION_NEEDS && m->needs[k]; k++)
      e.width[k] = fill(r, &c[k], i, r->slot[k]);
    r->value[i] = m->of(&e);
  }
}

/* *given counts those that were to be had. */
static int report_one(reading *r, attune_results *results, const attention_measure *m,
                      double option, int64_t *given) {
  column c[ATTENTION_NEEDS] = {{0}};
  char name[64], array[64], lacks[160] = "";
  const char *suffix = NULL, *why = NULL;
  for (int k = 0; k < ATTENTION_NEEDS && m->needs[k]; k++) {
    bool here;
    const char *need = real_name(r, m->needs[k]);
    int rc = open_column(r, need, &c[k], &here, array);
    if (rc) return rc;
    if (!strcmp(m->needs[k], "map")) suffix = r->map;
    if (in_order(r, need)) suffix = r->order;
    size_t used = strlen(lacks);
    if (here) continue;
    snprintf(lacks + used, sizeof lacks - used, "%s%s", used ? ", " : "", array);
    if (!why) why = why_lacking(r, need);
  }
  attention_name(name, m->name, suffix);
  if (*lacks) {
    r->host->error(r->host, "needs %s, which this data or model lacks%s%s", lacks, why ? ": " : "",
                   why ? why : "");
    return r->host->each(results, name, NULL, 0, m->higher_is_better);
  }
  measure_all(r, m, c, option);
  ++*given;
  return r->host->each(results, name, r->value, r->n, m->higher_is_better);
}

int attention_report(const attune_host *host, const attune_prediction *prediction,
                     attune_results *results, const attention_metric *m) {
  reading r = {
      .host = host, .prediction = prediction, .map = m->map ? m->map : "weight", .order = m->order};
  int64_t given = 0;
  if (host->size < offsetof(attune_host, each) + sizeof host->each) {
    host->error(host, "%s needs version 1.2 of the plugin interface, this attune has %u.%u",
                m->name, (unsigned)host->abi_major, (unsigned)host->abi_minor);
    return ATTUNE_FAILED;
  }
  int rc = open_offsets(&r);
  if (!rc) rc = open_memory(&r);
  for (int64_t i = 0; !rc && i < m->n; i++)
    if (!against_itself(&r, &m->measure[i]))
      rc = report_one(&r, results, &m->measure[i], m->number, &given);
  if (rc || given || !*r.lacking) return rc;
  host->error(host, "%s needs %s, which this data or model lacks%s%s", m->name, r.lacking,
              r.why ? ": " : "", r.why ? r.why : "");
  return ATTUNE_BAD_INPUT;
}

static const char *choice(const attune_host *host, const attune_options *options,
                          const char *option) {
  static const char *const names[] = {"weight",         "gradient",   "gradient_weight",
                                      "gradient_input", "integrated", "rollout",
                                      "relevance",      "erasure",    "removal"};
  int64_t i = host->option_int(options, option);
  return i >= 0 && i < (int64_t)(sizeof names / sizeof *names) ? names[i] : names[0];
}

const char *attention_map(const attune_host *host, const attune_options *options) {
  return choice(host, options, "map");
}

const char *attention_order(const attune_host *host, const attune_options *options) {
  return choice(host, options, "order");
}

double attention_tau(const attention_example *e) {
  return am_tau_b(e->space, e->value[0], e->value[1], e->n, NULL);
}

double attention_spearman(const attention_example *e) {
  return am_spearman(e->space, e->value[0], e->value[1], e->n);
}
