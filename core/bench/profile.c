/* Where a step spends its time: node by node, then by line, operator and module. */
#include <stdlib.h>
#include <string.h>
#include "core/base/clock.h"
#include "core/bench/bench_impl.h"
#include "dsl/ast.h"

/* ---- told by the executor ---- */

/* What the executor did since the last node belongs to this one: gradients set to zero, tails. */
static void watch(void *ctx, const at_node *n, at_exec_part part) {
  at_bench_profile *p = ctx;
  p->now[n->id * AT_EXEC_PARTS + (int)part] += at_clock() - p->last;
  const at_cost w = at_exec_cost(p->s->x, n, part);
  p->cost[n->id * AT_EXEC_PARTS + (int)part].flops += w.flops;
  p->cost[n->id * AT_EXEC_PARTS + (int)part].bytes += w.bytes;
  if (p->scaling) {
    const at_bench_wide now = at_bench_scaling_clock(p->scaling, at_clock());
    at_bench_wide *all = &p->wide[p->step * p->s->g->n_node + n->id];
    at_bench_wide_add(all, &now, 1);
    at_bench_wide_add(all, &p->wide_last, -1);
    p->wide_last = at_bench_scaling_clock(p->scaling, at_clock());
  }
  p->last = at_clock();
}

at_status at_bench_profile_new(at_bench_subject *s, int steps, const at_bench_scaling *scaling,
                               at_bench_profile **out, at_error *err) {
  const size_t parts = (size_t)s->g->n_node * AT_EXEC_PARTS;
  at_bench_profile *p = *out = calloc(1, sizeof *p);
  if (!p) return at_nomem(err);
  p->s = s;
  p->steps = steps;
  p->now = calloc(parts + 1, sizeof *p->now);
  p->all = calloc(parts + 1, (size_t)steps * sizeof *p->all);
  p->between = calloc((size_t)steps, sizeof *p->between);
  p->cost = calloc(parts + 1, sizeof *p->cost);
  p->scaling = scaling;
  if (scaling) p->wide = calloc((size_t)s->g->n_node + 1, (size_t)steps * sizeof *p->wide);
  return p->now && p->all && p->between && p->cost && (p->wide || !scaling) ? AT_OK : at_nomem(err);
}

void at_bench_profile_free(at_bench_profile *p) {
  if (!p) return;
  free(p->now);
  free(p->all);
  free(p->between);
  free(p->cost);
  free(p->wide);
  free(p);
}

void at_bench_profile_step(at_bench_profile *p) {
  if (!p) return;
  memset(p->now, 0, (size_t)p->s->g->n_node * AT_EXEC_PARTS * sizeof *p->now);
  memset(p->cost, 0, (size_t)p->s->g->n_node * AT_EXEC_PARTS * sizeof *p->cost);
}

void at_bench_profile_begin(at_bench_profile *p) {
  if (!p) return;
  at_exec_watch(p->s->x, watch, p);
  p->wide_last = at_bench_scaling_clock(p->scaling, at_clock());
  p->last = at_clock();
}

void at_bench_profile_end(at_bench_profile *p) {
  if (!p) return;
  p->between[p->step] += at_clock() - p->last;
  at_exec_watch(p->s->x, NULL, NULL);
}

void at_bench_profile_taken(at_bench_profile *p) {
  if (!p) return;
  for (int i = 0; i < p->s->g->n_node * AT_EXEC_PARTS; i++)
    p->all[(size_t)i * (size_t)p->steps + (size_t)p->step] = (float)p->now[i];
  p->step++;
}

/* ---- gathered ---- */

static void add_part(at_bench_part *to, const at_bench_part *p) {
  to->seconds += p->seconds;
  to->flops += p->flops;
  to->bytes += p->bytes;
}

at_bench_part at_bench_sum(const at_bench_spot *s) {
  at_bench_part all = {0, 0, 0};
  for (int i = 0; i < AT_EXEC_PARTS; i++) add_part(&all, &s->part[i]);
  return all;
}

static double seconds_of(const at_bench_spot *s) { return at_bench_sum(s).seconds; }

typedef struct gather {
  const at_bench_profile *p;
  at_arena *arena;
  double *v;           /* [steps] */
  at_bench_spot *node; /* [nodes] */
} gather;

static double median_of(const gather *g, int id, at_exec_part part) {
  const at_bench_profile *p = g->p;
  const float *all = p->all + (size_t)(id * AT_EXEC_PARTS + (int)part) * (size_t)p->steps;
  for (int i = 0; i < p->steps; i++) g->v[i] = (double)all[i];
  return at_bench_median(g->v, p->steps);
}

static void find_place(const at_bench_subject *s, const at_node *n, at_bench_spot *out) {
  if (n->span.file < 0) return;
  const at_source *src = at_source_of(s->source, n->span);
  out->path = src->path;
  at_source_place(src, n->span.begin, &out->line, &out->column);
  const char *begin = src->text + n->span.begin, *end = begin, *last = src->text + src->size;
  while (begin > src->text && begin[-1] != '\n') begin--;
  while (end < last && *end != '\n') end++;
  while (begin < end && (*begin == ' ' || *begin == '\t')) begin++;
  while (end > begin && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r')) end--;
  out->text = begin;
  out->size = (int)(end - begin);
}

static void measure_nodes(gather *g) {
  const at_bench_subject *s = g->p->s;
  for (int i = 0; i < s->g->n_node; i++) {
    at_bench_spot *n = &g->node[i];
    *n = (at_bench_spot){.name = s->g->node[i]->op->name, .nodes = 1};
    for (int k = 0; k < AT_EXEC_PARTS; k++) {
      const at_cost *c = &g->p->cost[i * AT_EXEC_PARTS + k];
      n->part[k] = (at_bench_part){median_of(g, i, (at_exec_part)k), c->flops, c->bytes};
    }
    const size_t nodes = (size_t)s->g->n_node;
    if (g->p->wide) n->wide = at_bench_wide_median(g->p->wide + i, nodes, g->p->steps, g->v);
    find_place(s, s->g->node[i], n);
  }
}

static void add(at_bench_spot *to, const at_bench_spot *n) {
  to->nodes++;
  for (int i = 0; i < AT_EXEC_PARTS; i++) add_part(&to->part[i], &n->part[i]);
  at_bench_wide_add(&to->wide, &n->wide, 1);
}

/* The spot of that key, made when there is none. */
static at_bench_spot *spot(at_bench_spots *all, const at_bench_spot *key) {
  for (int i = 0; i < all->n; i++) {
    const at_bench_spot *s = &all->v[i];
    if (key->line ? s->line == key->line && s->path == key->path
                  : !s->line && !strcmp(s->name, key->name))
      return &all->v[i];
  }
  all->v[all->n] = *key;
  return &all->v[all->n++];
}

static int by_seconds(const void *a, const void *b) {
  const double x = seconds_of(a), y = seconds_of(b);
  return (x < y) - (x > y);
}

/* Of nodes that ran; `order` is theirs, the largest first, so that a line's place is that of its
 * largest, and its operators stand in their order. */
static at_status gather_lines(gather *g, const at_bench_spot *order, int n, at_bench *out,
                              at_error *err) {
  for (int i = 0; i < n; i++) {
    at_bench_spot key = order[i];
    key.nodes = 0;
    memset(key.part, 0, sizeof key.part);
    key.wide = (at_bench_wide){.alone = 0};
    if (!key.line) key.name = "";
    at_bench_spot *s = spot(&out->line, &key);
    add(s, &order[i]);
    const size_t size = strlen(order[i].name);
    const char *at = strstr(s->name, order[i].name);
    while (at && ((at > s->name && at[-1] != ' ') || (at[size] && at[size] != ',')))
      at = strstr(at + 1, order[i].name);
    if (at || !key.line) continue;
    char *names = AT_NEW_ARRAY(g->arena, char, strlen(s->name) + size + 3);
    if (!names) return at_nomem(err);
    strcpy(names, s->name);
    strcat(names, ", ");
    s->name = strcat(names, order[i].name);
  }
  return AT_OK;
}

static void gather_ops(const at_bench_spot *order, int n, at_bench *out) {
  for (int i = 0; i < n; i++)
    add(spot(&out->op, &(at_bench_spot){.name = order[i].name}), &order[i]);
}

/* "a.b.c" counts for "a.b" and for "a" too. */
static at_status gather_modules(gather *g, at_bench *out, at_error *err) {
  const at_graph *graph = g->p->s->g;
  for (int i = 0; i < graph->n_node; i++) {
    const char *path = graph->node[i]->module;
    if (!path || seconds_of(&g->node[i]) <= 0) continue;
    for (const char *dot = path; dot; dot = *dot ? dot + 1 : NULL) {
      dot += strcspn(dot, ".");
      const char *name = at_arena_strndup(g->arena, path, (size_t)(dot - path));
      if (!name) return at_nomem(err);
      add(spot(&out->module, &(at_bench_spot){.name = name}), &g->node[i]);
    }
  }
  return AT_OK;
}

/* A module that holds one other and nothing beside it says no more than that one. */
static void drop_shells(at_bench_spots *all) {
  int n = 0;
  for (int i = 0; i < all->n; i++) {
    const at_bench_spot *a = &all->v[i];
    const size_t size = strlen(a->name);
    bool shell = false;
    for (int k = i + 1; k < all->n && !shell; k++)
      shell = all->v[k].nodes == a->nodes && !strncmp(all->v[k].name, a->name, size) &&
              all->v[k].name[size] == '.';
    if (!shell) all->v[n++] = *a;
  }
  all->n = n;
}

static void sort(at_bench_spots *s) { qsort(s->v, (size_t)s->n, sizeof *s->v, by_seconds); }

static at_status make_room(gather *g, at_bench *out, at_error *err) {
  const at_graph *graph = g->p->s->g;
  const size_t n = (size_t)graph->n_node + 1;
  size_t modules = 1;
  for (int i = 0; i < graph->n_node; i++)
    for (const char *c = graph->node[i]->module; c && *c; c++) modules += *c == '.' || !c[1];
  g->v = AT_NEW_ARRAY(g->arena, double, (size_t)g->p->steps);
  g->node = AT_NEW_ARRAY(g->arena, at_bench_spot, n);
  out->line.v = AT_NEW_ARRAY(g->arena, at_bench_spot, n);
  out->op.v = AT_NEW_ARRAY(g->arena, at_bench_spot, n);
  out->module.v = AT_NEW_ARRAY(g->arena, at_bench_spot, modules);
  return g->v && g->node && out->line.v && out->op.v && out->module.v ? AT_OK : at_nomem(err);
}

at_status at_bench_profile_gather(const at_bench_profile *p, at_bench *out, at_error *err) {
  gather g = {.p = p, .arena = p->s->arena};
  at_status st = make_room(&g, out, err);
  at_bench_spot *order = AT_NEW_ARRAY(g.arena, at_bench_spot, (size_t)p->s->g->n_node + 1);
  int n = 0;
  if (st == AT_OK && !order) st = at_nomem(err);
  if (st != AT_OK) return st;
  measure_nodes(&g);
  for (int i = 0; i < p->s->g->n_node; i++)
    if (seconds_of(&g.node[i]) > 0) order[n++] = g.node[i];
  qsort(order, (size_t)n, sizeof *order, by_seconds);
  st = gather_lines(&g, order, n, out, err);
  if (st == AT_OK) st = gather_modules(&g, out, err);
  if (st != AT_OK) return st;
  gather_ops(order, n, out);
  drop_shells(&out->module);
  sort(&out->line);
  sort(&out->op);
  sort(&out->module);
  out->load = out->time[AT_BENCH_LOAD].median;
  out->update = out->time[AT_BENCH_UPDATE].median;
  out->between = at_bench_median(p->between, p->steps);
  out->total = out->load + out->update + out->between;
  for (int i = 0; i < out->line.n; i++) out->total += seconds_of(&out->line.v[i]);
  return AT_OK;
}
