#include "scene_holds.h"
#include <math.h>
#include <string.h>

static double middle_x(const scene_blob *b) { return (b->x0 + b->x1) / 2; }
static double middle_y(const scene_blob *b) { return (b->y0 + b->y1) / 2; }
static double extent(const scene_blob *b) { return sqrt((b->x1 - b->x0) * (b->y1 - b->y0)); }

/* Whether a blob may be of a phrase: all that is known of it fits. */
static bool fits(const scene_blob *b, const scene_phrase *p) {
  return (p->color < 0 || b->color == p->color) && (b->shape < 0 || b->shape == p->shape);
}

/* Whether such a view can tell that at all. */
static bool tells(const scene_view *v, const scene_phrase *p) { return v->judged || p->color >= 0; }

static int count(const scene_view *v, const scene_phrase *p) {
  int n = 0;
  for (int i = 0; i < v->n; i++) n += fits(&v->blob[i], p);
  return n;
}

static bool lies_in(const scene_view *v, const scene_phrase *of, const scene_place *p) {
  for (int i = 0; i < v->n; i++) {
    const double x = middle_x(&v->blob[i]), y = middle_y(&v->blob[i]);
    if (fits(&v->blob[i], of) && x >= p->x0 && x <= p->x1 && y >= p->y0 && y <= p->y1) return true;
  }
  return false;
}

static bool is_outermost(const scene_view *v, const scene_phrase *of, scene_way way) {
  int best = -1;
  double least = 0;
  for (int i = 0; i < v->n; i++) {
    const double at = way <= SCENE_RIGHTMOST ? middle_x(&v->blob[i]) : middle_y(&v->blob[i]);
    const double d = way == SCENE_LEFTMOST || way == SCENE_TOPMOST ? at : -at;
    if (best >= 0 && d >= least) continue;
    best = i;
    least = d;
  }
  return best >= 0 && fits(&v->blob[best], of);
}

static bool clearly(double along, double across) { return along >= 0.12 && along > fabs(across); }

static double gap(const scene_blob *a, const scene_blob *b) {
  const double dx = fmax(fmax(b->x0 - a->x1, a->x0 - b->x1), 0);
  const double dy = fmax(fmax(b->y0 - a->y1, a->y0 - b->y1), 0);
  return hypot(dx, dy);
}

static bool is_between(const scene_blob *o, const scene_blob *p, const scene_blob *q) {
  const double ux = middle_x(q) - middle_x(p), uy = middle_y(q) - middle_y(p);
  const double vx = middle_x(o) - middle_x(p), vy = middle_y(o) - middle_y(p);
  const double length = ux * ux + uy * uy, along = ux * vx + uy * vy, across = ux * vy - uy * vx;
  return along >= 0.25 * length && along <= 0.75 * length && fabs(across) <= 0.2 * length;
}

static bool related(scene_relation r, const scene_blob *a, const scene_blob *b,
                    const scene_blob *c) {
  const double dx = middle_x(b) - middle_x(a), dy = middle_y(b) - middle_y(a);
  switch (r) {
    case SCENE_LEFT_OF: return clearly(dx, dy);
    case SCENE_RIGHT_OF: return clearly(-dx, dy);
    case SCENE_ABOVE: return clearly(dy, dx);
    case SCENE_BELOW: return clearly(-dy, dx);
    case SCENE_NEXT_TO: return gap(a, b) < 0.10;
    case SCENE_BIGGER: return extent(a) > extent(b);
    case SCENE_SMALLER: return extent(a) < extent(b);
    case SCENE_BETWEEN: return is_between(a, b, c);
    case SCENE_IN_FRONT:
    case SCENE_BEHIND: break;
  }
  return false;
}

/* Blobs i, j, k of the three phrases, of which no two are the same; without `c` two. */
static bool any_related(const scene_view *v, scene_relation r, const scene_phrase *a,
                        const scene_phrase *b, const scene_phrase *c) {
  for (int i = 0; i < v->n; i++)
    for (int j = 0; j < v->n; j++)
      for (int k = 0; k < (c ? v->n : 1); k++) {
        if (i == j || !fits(&v->blob[i], a) || !fits(&v->blob[j], b)) continue;
        if (c && (k == i || k == j || !fits(&v->blob[k], c))) continue;
        if (related(r, &v->blob[i], &v->blob[j], c ? &v->blob[k] : NULL)) return true;
      }
  return false;
}

static void note(scene_tally *t, scene_check c, bool held) {
  t->asked[c]++;
  t->held[c] += held;
}

static bool tells_relation(const scene_view *v, scene_relation r) {
  if (r == SCENE_IN_FRONT || r == SCENE_BEHIND) return false;
  return !v->judged || (r != SCENE_NEXT_TO && r != SCENE_BIGGER && r != SCENE_SMALLER);
}

static void check_relations(const scene_meaning *m, const scene_view *v, scene_tally *out) {
  for (int i = 0; i < m->relations; i++) {
    const scene_relation r = m->relation[i].is;
    const scene_phrase *a = &m->phrase[m->relation[i].a], *b = &m->phrase[m->relation[i].b],
                       *c = r == SCENE_BETWEEN ? &m->phrase[m->relation[i].c] : NULL;
    if (!tells_relation(v, r) || !tells(v, a) || !tells(v, b) || (c && !tells(v, c))) continue;
    note(out, SCENE_CHECK_RELATIONS, any_related(v, r, a, b, c));
  }
}

static void check_phrase(const scene_phrase *p, const scene_view *v, scene_tally *out) {
  const scene_phrase shape = {p->shape, -1, -1, -1, 0};
  if (v->judged) note(out, SCENE_CHECK_SHAPES, count(v, &shape) > 0);
  if (!tells(v, p)) return;
  if (p->color >= 0) note(out, v->judged ? SCENE_CHECK_PAIRS : SCENE_CHECK_COLORS, count(v, p) > 0);
  if (p->number > 1) note(out, SCENE_CHECK_NUMBERS, count(v, p) >= p->number);
}

void scene_holds(const scene_meaning *m, const scene_view *v, scene_tally *out) {
  memset(out, 0, sizeof *out);
  for (int i = 0; i < m->phrases; i++) check_phrase(&m->phrase[i], v, out);
  for (int i = 0; i < m->places; i++) {
    const scene_phrase *of = &m->phrase[m->place[i].of];
    if (tells(v, of)) note(out, SCENE_CHECK_PLACES, lies_in(v, of, &m->place[i].in));
  }
  for (int i = 0; i < m->extremes; i++) {
    const scene_phrase *of = &m->phrase[m->extreme[i].of];
    if (tells(v, of)) note(out, SCENE_CHECK_PLACES, is_outermost(v, of, m->extreme[i].way));
  }
  check_relations(m, v, out);
}

int scene_unnamed_colors(const scene_meaning *m, const scene_view *v) {
  int n = 0;
  for (int c = 0; c < SCENE_COLORS; c++) {
    bool named = false, there = false;
    for (int i = 0; i < m->phrases; i++) named |= m->phrase[i].color == c;
    for (int i = 0; i < v->n; i++) there |= v->blob[i].color == c;
    n += there && !named;
  }
  return n;
}
