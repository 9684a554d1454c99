/* Whether pictures made of captions of scenes hold what the captions ask for: by their pixels, and
 * by what a network says of them. */
#include <attune/plugin.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include "pictures_missing.h"
#include "scene_holds.h"
#include "scene_judged.h"

static const attune_option options_table[] = {
    ATTUNE_PATH_OPTION("judge", "",
                       "a run of scene_judge.att, which tells shapes from pictures; empty: none"),
    ATTUNE_END_OF_OPTIONS};

/* Pictures of other captions that a caption is held against, for chance. */
enum { MOST_OTHERS = 100 };

enum { PIXELS, JUDGED, WAYS }; /* to look at a picture */

typedef struct holding {
  attune_network *judge; /* NULL: none */
  int64_t n, total;
  scene_meaning *meaning;              /* [total] */
  int64_t *picture;                    /* [total] rows of the data's own pictures; -1: none */
  scene_view *made[WAYS], *real[WAYS]; /* [total] */
} holding;

static void end(void *state) {
  holding *h = state;
  free(h->meaning);
  free(h->picture);
  for (int w = 0; w < WAYS; w++) {
    free(h->made[w]);
    free(h->real[w]);
  }
  free(h);
}

static int begin(const attune_host *host, const attune_options *o, void **state) {
  (void)host, (void)o;
  *state = calloc(1, sizeof(holding));
  return *state ? ATTUNE_OK : ATTUNE_NO_MEMORY;
}

/* ---- looking ---- */

static int open_judge(const attune_host *host, const attune_options *o, holding *h,
                      const attune_pictures *b) {
  const attune_network_spec spec = {.size = sizeof spec,
                                    .model = host->option_text(o, "judge"),
                                    .outputs = "colors shapes",
                                    .height = b->height,
                                    .width = b->width};
  return *spec.model ? host->network(host, &spec, &h->judge) : ATTUNE_OK;
}

static int make_room(holding *h, int64_t total) {
  const size_t n = (size_t)total + 1;
  h->total = total;
  h->meaning = calloc(n, sizeof *h->meaning);
  h->picture = calloc(n, sizeof *h->picture);
  bool ok = h->meaning && h->picture;
  for (int w = 0; w < WAYS; w++) {
    h->made[w] = calloc(n, sizeof(scene_view));
    h->real[w] = calloc(n, sizeof(scene_view));
    ok = ok && h->made[w] && h->real[w];
  }
  return ok ? ATTUNE_OK : ATTUNE_NO_MEMORY;
}

static int see_pixels(const uint8_t *rgb, const attune_pictures *b, scene_view *out) {
  const int64_t each = b->height * b->width * 3;
  for (int64_t i = 0; i < b->count; i++)
    if (!scene_pixels_read(rgb + i * each, b->height, b->width, &out[i])) return ATTUNE_NO_MEMORY;
  return ATTUNE_OK;
}

/* `pixels`: what these say of the same pictures. */
static int see_judged(const attune_host *host, const holding *h, const uint8_t *rgb,
                      const attune_pictures *b, const scene_view *pixels, scene_view *out) {
  attune_array color, shape;
  int rc = host->network_see(h->judge, rgb, b->count, b->height, b->width);
  if (!rc) rc = host->network_output(h->judge, "colors", &color);
  if (!rc) rc = host->network_output(h->judge, "shapes", &shape);
  if (rc) return rc;
  const int64_t cells = color.ndim == 4 ? color.shape[1] * color.shape[2] : 0;
  if (color.ndim != 4 || shape.ndim != 4 || color.shape[3] != SCENE_COLORS ||
      shape.shape[3] != SCENE_SHAPES || shape.shape[1] != color.shape[1] ||
      shape.shape[2] != color.shape[2] || cells > 4096) {
    host->error(host,
                "the judge `%s` must give `colors` [picture, y, x, %d] and `shapes` [picture, y, "
                "x, %d] of at most 4096 cells",
                host->network_name(h->judge), SCENE_COLORS, SCENE_SHAPES);
    return ATTUNE_BAD_INPUT;
  }
  for (int64_t i = 0; i < b->count; i++) {
    scene_judged_read((const float *)color.data + i * cells * SCENE_COLORS,
                      (const float *)shape.data + i * cells * SCENE_SHAPES, color.shape[1],
                      color.shape[2], &out[i]);
    scene_judged_refine(&out[i], &pixels[i]);
  }
  return ATTUNE_OK;
}

static int pictures(const attune_host *host, const attune_options *o, void *state,
                    const attune_pictures *b) {
  holding *h = state;
  int rc = ATTUNE_OK;
  if (!h->total && !(rc = make_room(h, b->total))) rc = open_judge(host, o, h, b);
  if (rc || h->n + b->count > h->total) return rc ? rc : ATTUNE_FAILED;
  for (int64_t i = 0; i < b->count; i++) {
    scene_caption_read(b->caption[i], &h->meaning[h->n + i]);
    h->picture[h->n + i] = b->picture ? b->picture[i] : -1;
  }
  for (int k = 0; !rc && k < (b->real ? 2 : 1); k++) {
    scene_view *const *view = k ? h->real : h->made;
    const uint8_t *rgb = k ? b->real : b->made;
    rc = see_pixels(rgb, b, view[PIXELS] + h->n);
    if (!rc && h->judge) rc = see_judged(host, h, rgb, b, view[PIXELS] + h->n, view[JUDGED] + h->n);
  }
  h->n += b->count;
  return rc;
}

/* ---- shares ---- */

typedef struct shares {
  double asked[SCENE_CHECKS], held[SCENE_CHECKS];
  double captions, whole; /* that ask for something; of which all is held */
} shares;

static void add(shares *s, const scene_meaning *m, const scene_view *v) {
  scene_tally t;
  int asked = 0, held = 0;
  scene_holds(m, v, &t);
  for (int c = 0; c < SCENE_CHECKS; c++) {
    s->asked[c] += t.asked[c];
    s->held[c] += t.held[c];
    asked += t.asked[c];
    held += t.held[c];
  }
  s->captions += asked > 0;
  s->whole += asked > 0 && held == asked;
}

static void add_own(const holding *h, const scene_view *v, shares *s) {
  for (int64_t i = 0; i < h->n; i++) add(s, &h->meaning[i], &v[i]);
}

/* Each caption against pictures of others, as many of every one, not of its own scene. */
static void add_others(const holding *h, const scene_view *v, shares *s) {
  const int64_t others = h->n - 1 < MOST_OTHERS ? h->n - 1 : MOST_OTHERS;
  for (int64_t i = 0; i < h->n; i++)
    for (int64_t k = 1; k <= others; k++) {
      const int64_t j = (i + k * (h->n - 1) / others) % h->n;
      if (h->picture[i] < 0 || h->picture[i] != h->picture[j]) add(s, &h->meaning[i], &v[j]);
    }
}

static const char *const check_names[SCENE_CHECKS] = {"colors",  "shapes", "pairs",
                                                      "numbers", "places", "relations"};

/* "holds_colors_chance", "judged_pairs_chance.scene_judge" */
typedef struct naming {
  const char *way, *suffix, *network;
  int better;
} naming;

static int give(const attune_host *host, attune_results *r, const naming *n, const char *check,
                double held, double asked) {
  char full[64];
  snprintf(full, sizeof full, "%s_%s%s%s%.24s", n->way, check, n->suffix, *n->network ? "." : "",
           n->network);
  return asked > 0 ? host->result(r, full, 100 * held / asked, n->better) : ATTUNE_OK;
}

static int give_shares(const attune_host *host, attune_results *r, const naming *n,
                       const shares *s) {
  int rc = give(host, r, n, "all", s->whole, s->captions);
  for (int c = 0; !rc && c < SCENE_CHECKS; c++)
    rc = give(host, r, n, check_names[c], s->held[c], s->asked[c]);
  return rc;
}

static int give_way(const attune_host *host, attune_results *r, const holding *h, int way,
                    bool has_real) {
  shares made = {0}, others = {0}, real = {0};
  naming n = {way == JUDGED ? "judged" : "holds", "",
              way == JUDGED ? host->network_name(h->judge) : "", 1};
  add_own(h, h->made[way], &made);
  add_others(h, h->made[way], &others);
  if (has_real) add_own(h, h->real[way], &real);
  int rc = give_shares(host, r, &n, &made);
  n.suffix = "_chance";
  n.better = -1;
  if (!rc) rc = give_shares(host, r, &n, &others);
  n.suffix = "_ceiling";
  return rc || !has_real ? rc : give_shares(host, r, &n, &real);
}

static int give_unnamed(const attune_host *host, const holding *h, const scene_view *v,
                        const char *name, attune_results *r) {
  double sum = 0;
  for (int64_t i = 0; i < h->n; i++) sum += scene_unnamed_colors(&h->meaning[i], &v[i]);
  return host->result(r, name, sum / (double)h->n, -1);
}

/* Whether any caption names a colour with its shape. */
static bool asks(const holding *h) {
  for (int64_t i = 0; i < h->n; i++)
    for (int p = 0; p < h->meaning[i].phrases; p++)
      if (h->meaning[i].phrase[p].color >= 0) return true;
  return false;
}

static int conclude(const attune_host *host, const attune_options *o, void *state,
                    const attune_prediction *p, attune_results *r) {
  const holding *h = state;
  bool has_real = h->n > 0;
  (void)o, (void)p;
  for (int64_t i = 0; i < h->n; i++) has_real = has_real && h->picture[i] >= 0;
  if (!asks(h)) {
    host->error(host,
                "no caption asks for what can be checked: none names a colour of scenes with "
                "its shape, as \"a red circle\" does");
    return ATTUNE_BAD_INPUT;
  }
  int rc = give_way(host, r, h, PIXELS, has_real);
  if (!rc && h->judge) rc = give_way(host, r, h, JUDGED, has_real);
  if (!rc) rc = give_unnamed(host, h, h->made[PIXELS], "unnamed_colors", r);
  return rc || !has_real ? rc : give_unnamed(host, h, h->real[PIXELS], "unnamed_colors_real", r);
}

static const attune_metric metric = {
    ATTUNE_ITEM(
        metric, METRIC, "caption_holds",
        "what pictures of scenes hold of what their captions ask for",
        "Percent of what captions of made scenes ask for that their pictures hold. By pixels: "
        "colours are told from paints,\n"
        "pixels of one colour that hang together are a blob, and a blob of less than 0.3 percent "
        "of the picture is none.\n"
        "holds_colors: every colour named is there; holds_numbers: as many blobs of it at least; "
        "holds_places: one in the corner,\n"
        "near the edge, outermost; holds_relations: two of the two colours stand so; holds_all: "
        "captions of which all this is so.\n"
        "A phrase without a colour is passed over: pixels tell no shapes. For pictures of 48 "
        "pixels "
        "and more. With `judge`, a\n"
        "trained scene_judge.att, the same of the objects that it sees: judged_shapes.NETWORK, "
        "judged_pairs (of a colour and a\n"
        "shape), judged_numbers, and judged_places and judged_relations of pairs and shapes, which "
        "stand where the nearest blob does. "
        "NAME_chance is the same with\n"
        "pictures of other captions (100 for each), NAME_ceiling with the data's own pictures: "
        "what a perfect model would get.\n"
        "unnamed_colors: how many more colours a picture has, beside those of the data's own.",
        options_table),
    .task = "generation",
    .compute = pictures_missing,
    .begin = begin,
    .pictures = pictures,
    .conclude = conclude,
    .end = end,
};
static const attune_item *const items[] = {&metric.item};
ATTUNE_PLUGIN("caption_holds", "1.0", "Apache-2.0", items)
