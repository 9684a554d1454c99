/* Scenes: drawing one from its seed, and the geometry that views share. */
#include "core/data/scenes.h"
#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846

const char *const at_scene_shape_names[AT_SCENE_SHAPES] = {
    "circle", "square", "triangle", "star", "cross", "diamond", "ring", "heart", "moon"};
const char *const at_scene_color_names[AT_SCENE_COLORS] = {"red",    "green",  "blue",  "yellow",
                                                           "purple", "orange", "black", "white"};
const char *const at_scene_texture_names[AT_SCENE_TEXTURES] = {"plain", "striped", "dotted",
                                                               "checked"};
const char *const at_scene_size_names[AT_SCENE_SIZES] = {"small", "large"};

enum { CIRCLE, SQUARE, TRIANGLE, STAR, CROSS, DIAMOND, RING, HEART, MOON };

/* ---- outlines ---- */

static void add_point(at_scene_outline *o, double x, double y) {
  o->x[o->n] = x;
  o->y[o->n++] = y;
}

/* An arc of n points about (cx, 0), both ends included. */
static void add_arc(at_scene_outline *o, double cx, double r, double from, double to, int n) {
  for (int i = 0; i < n; i++) {
    double a = from + (to - from) * i / (n - 1);
    add_point(o, cx + r * cos(a), r * sin(a));
  }
}

static void add_star(at_scene_outline *o) {
  for (int i = 0; i < 10; i++) {
    double r = i % 2 ? 0.50 : 1.14, a = -PI / 2 + i * PI / 5;
    add_point(o, r * cos(a), r * sin(a));
  }
}

static void add_cross(at_scene_outline *o) {
  const double l = 0.98, w = 0.34;
  const double x[12] = {-w, w, w, l, l, w, w, -w, -w, -l, -l, -w};
  const double y[12] = {-l, -l, -w, -w, w, w, l, l, w, w, -w, -w};
  for (int i = 0; i < 12; i++) add_point(o, x[i], y[i]);
}

static void add_heart(at_scene_outline *o) {
  for (int i = 0; i < 48; i++) {
    double t = 2 * PI * i / 48, s = sin(t);
    double y = 13 * cos(t) - 5 * cos(2 * t) - 2 * cos(3 * t) - cos(4 * t);
    add_point(o, s * s * s * 1.04, -y / 15.6);
  }
}

/* A disc without a disc: the two circles meet at +-`open` seen from the first. */
static void add_moon(at_scene_outline *o) {
  const double r = 1.06, cx = 0.52, open = 50 * PI / 180;
  double px = r * cos(open), py = r * sin(open), inner = hypot(px - cx, py);
  double a = atan2(py, px - cx);
  add_arc(o, 0, r, open, 2 * PI - open, 36);
  add_arc(o, cx, inner, 2 * PI - a, a, 26);
}

/* Shifts the outline so that its box is centred, and notes the box. */
static void centre(at_scene_outline *o) {
  double x0 = o->x[0], x1 = x0, y0 = o->y[0], y1 = y0;
  for (int i = 1; i < o->n; i++) {
    x0 = fmin(x0, o->x[i]);
    x1 = fmax(x1, o->x[i]);
    y0 = fmin(y0, o->y[i]);
    y1 = fmax(y1, o->y[i]);
  }
  for (int i = 0; i < o->n; i++) {
    o->x[i] -= (x0 + x1) / 2;
    o->y[i] -= (y0 + y1) / 2;
  }
  o->half_w = (x1 - x0) / 2;
  o->half_h = (y1 - y0) / 2;
}

static void add_polygon(at_scene_outline *o, const double (*xy)[2], int n) {
  for (int i = 0; i < n; i++) add_point(o, xy[i][0], xy[i][1]);
}

void at_scene_shape_outline(int shape, at_scene_outline *o) {
  static const double square[4][2] = {{-.86, -.86}, {.86, -.86}, {.86, .86}, {-.86, .86}};
  static const double triangle[3][2] = {{0, -.96}, {1.08, .9}, {-1.08, .9}};
  static const double diamond[4][2] = {{0, -1.14}, {.78, 0}, {0, 1.14}, {-.78, 0}};
  memset(o, 0, sizeof *o);
  switch (shape) {
    case SQUARE: add_polygon(o, square, 4); break;
    case TRIANGLE: add_polygon(o, triangle, 3); break;
    case STAR: add_star(o); break;
    case CROSS: add_cross(o); break;
    case DIAMOND: add_polygon(o, diamond, 4); break;
    case HEART: add_heart(o); break;
    case MOON: add_moon(o); break;
    case RING: o->hole = 0.52; /* fall through */
    default: add_arc(o, 0, 1, 0, 2 * PI * 63 / 64, 64); break;
  }
  centre(o);
}

at_scene_box at_scene_object_box(const at_scene_object *o) {
  at_scene_outline l;
  at_scene_shape_outline(o->shape, &l);
  double w = l.half_w * o->radius, h = l.half_h * o->radius;
  return (at_scene_box){o->x - w, o->y - h, 2 * w, 2 * h};
}

/* ---- covering ---- */

/* Even-odd rule; (x, y) in the outline's own units. */
static bool inside(const at_scene_outline *o, double x, double y) {
  bool in = false;
  if (o->hole > 0 && x * x + y * y < o->hole * o->hole) return false;
  for (int i = 0, j = o->n - 1; i < o->n; j = i++)
    if ((o->y[i] > y) != (o->y[j] > y) &&
        x < (o->x[j] - o->x[i]) * (y - o->y[i]) / (o->y[j] - o->y[i]) + o->x[i])
      in = !in;
  return in;
}

static bool boxes_meet(at_scene_box a, at_scene_box b, double gap) {
  return a.x < b.x + b.w + gap && b.x < a.x + a.w + gap && a.y < b.y + b.h + gap &&
         b.y < a.y + a.h + gap;
}

/* Part of `below` under the objects from..to-1, by a grid of sample points. */
static double hidden_part(const at_scene *s, int below, int from, int to) {
  enum { GRID = 28 };
  const at_scene_object *b = &s->object[below];
  at_scene_outline shape[AT_SCENE_MAX_OBJECTS];
  at_scene_box box = at_scene_object_box(b);
  bool meet = false;
  int all = 0, under = 0;
  for (int k = from; k < to; k++) {
    at_scene_shape_outline(s->object[k].shape, &shape[k]);
    meet = meet || boxes_meet(box, at_scene_object_box(&s->object[k]), 0);
  }
  if (!meet) return 0;
  at_scene_shape_outline(b->shape, &shape[below]);
  for (int i = 0; i < GRID * GRID; i++) {
    double x = box.x + box.w * (i % GRID + 0.5) / GRID, y = box.y + box.h * (i / GRID + 0.5) / GRID;
    if (!inside(&shape[below], (x - b->x) / b->radius, (y - b->y) / b->radius)) continue;
    all++;
    for (int k = from; k < to; k++) {
      const at_scene_object *a = &s->object[k];
      if (!inside(&shape[k], (x - a->x) / a->radius, (y - a->y) / a->radius)) continue;
      under++;
      break;
    }
  }
  return all ? (double)under / all : 0;
}

double at_scene_hidden_by(const at_scene *s, int below, int above) {
  return above > below ? hidden_part(s, below, above, above + 1) : 0;
}

double at_scene_hidden(const at_scene *s, int object) {
  return hidden_part(s, object, object + 1, s->n);
}

/* ---- relations ---- */

/* Distance between the boxes; 0 when they touch. */
static double box_gap(const at_scene_object *a, const at_scene_object *b) {
  at_scene_box p = at_scene_object_box(a), q = at_scene_object_box(b);
  double dx = fmax(fmax(q.x - (p.x + p.w), p.x - (q.x + q.w)), 0);
  double dy = fmax(fmax(q.y - (p.y + p.h), p.y - (q.y + q.h)), 0);
  return hypot(dx, dy);
}

static bool clearly(double along, double across) { return along >= 0.12 && along > fabs(across); }

bool at_scene_holds(const at_scene *s, at_scene_relation r, int a, int b) {
  const at_scene_object *p = &s->object[a], *q = &s->object[b];
  double dx = q->x - p->x, dy = q->y - p->y;
  switch (r) {
    case AT_LEFT_OF: return clearly(dx, dy);
    case AT_RIGHT_OF: return clearly(-dx, dy);
    case AT_ABOVE: return clearly(dy, dx);
    case AT_BELOW: return clearly(-dy, dx);
    case AT_NEXT_TO:
      return a != b && box_gap(p, q) < 0.10 && at_scene_hidden_by(s, a, b) == 0 &&
             at_scene_hidden_by(s, b, a) == 0;
    case AT_COVERS: return at_scene_hidden_by(s, b, a) >= 0.03;
    case AT_COVERED_BY: return at_scene_hidden_by(s, a, b) >= 0.03;
    case AT_BIGGER: return p->size > q->size;
    case AT_SMALLER: return p->size < q->size;
    case AT_RELATIONS: break;
  }
  return false;
}

/* ---- drawing a scene ---- */

#define MARGIN      0.02
#define MOST_HIDDEN 0.25

/* A third of the objects repeat an earlier one's shape or colour, so that
 * captions have groups to count and a word alone does not tell objects apart. */
static void draw_attributes(at_dice *d, const at_scene *s, int n, at_scene_object *o) {
  o->shape = at_dice_roll(d, AT_SCENE_SHAPES);
  o->color = at_dice_roll(d, AT_SCENE_COLORS);
  o->texture = at_dice_roll(d, 2) ? 0 : 1 + at_dice_roll(d, AT_SCENE_TEXTURES - 1);
  o->size = at_dice_roll(d, AT_SCENE_SIZES);
  int repeat = at_dice_roll(d, 9), which = at_dice_roll(d, n ? n : 1);
  if (n && repeat == 0) o->shape = s->object[which].shape;
  if (n && repeat == 1) o->color = s->object[which].color;
  if (n && repeat == 2) o->shape = s->object[which].shape, o->color = s->object[which].color;
}

/* True when object n, the newest and foremost, may lie where it is. */
static bool fits(at_scene *s, int n, bool may_cover) {
  at_scene_box box = at_scene_object_box(&s->object[n]);
  bool touches = false;
  for (int i = 0; i < n; i++)
    touches = touches || boxes_meet(box, at_scene_object_box(&s->object[i]), 0.02);
  if (!touches) return true;
  if (!may_cover) return false;
  int before = s->n;
  bool ok = true;
  s->n = n + 1;
  for (int i = 0; ok && i < n; i++) ok = at_scene_hidden(s, i) <= MOST_HIDDEN;
  s->n = before;
  return ok;
}

static bool place(at_dice *d, at_scene *s, int n, bool crowded) {
  at_scene_object *o = &s->object[n];
  at_scene_outline l;
  if (crowded) o->size = 0;
  o->radius = o->size ? at_dice_uniform(d, 0.165, 0.195) : at_dice_uniform(d, 0.10, 0.115);
  at_scene_shape_outline(o->shape, &l);
  double w = l.half_w * o->radius + MARGIN, h = l.half_h * o->radius + MARGIN;
  bool may_cover = at_dice_roll(d, 4) == 0;
  for (int i = 0; i < 40; i++) {
    o->x = at_dice_uniform(d, w, 1 - w);
    o->y = at_dice_uniform(d, h, 1 - h);
    if (fits(s, n, may_cover)) return true;
  }
  return false;
}

at_status at_scene_draw(uint64_t seed, uint64_t index, int min_objects, int max_objects,
                        at_scene *out, at_error *err) {
  at_dice d = at_dice_new(seed, "scenes.layout", index);
  memset(out, 0, sizeof *out);
  out->seed = seed;
  out->index = index;
  out->background = at_dice_roll(&d, AT_SCENE_BACKGROUNDS);
  out->n = min_objects + at_dice_roll(&d, max_objects - min_objects + 1);
  for (int attempt = 0; attempt < 1000; attempt++) {
    int n = 0;
    for (; n < out->n; n++) {
      draw_attributes(&d, out, n, &out->object[n]);
      if (!place(&d, out, n, attempt >= 20)) break;
    }
    if (n == out->n) return AT_OK;
  }
  return at_fail(err, AT_EFAIL, "picture %llu: found no place for %d objects; ask for fewer",
                 (unsigned long long)index, out->n);
}
