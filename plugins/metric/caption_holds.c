/* Whether pictures made of captions of scenes hold what the captions ask for, by their pixels. */
#include <attune/plugin.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include "scene_holds.h"

/* Pictures of other captions that a caption is held against, for chance. */
enum { MOST_OTHERS = 100 };

typedef struct holding {
  int64_t n, total;
  scene_meaning *meaning;  /* [total] */
  int64_t *picture;        /* [total] rows of the data's own pictures; -1: there is none */
  scene_view *made, *real; /* [total] */
} holding;

static void end(void *state) {
  holding *h = state;
  free(h->meaning);
  free(h->picture);
  free(h->made);
  free(h->real);
  free(h);
}

static int begin(const attune_host *host, const attune_options *o, void **state) {
  (void)host, (void)o;
  *state = calloc(1, sizeof(holding));
  return *state ? ATTUNE_OK : ATTUNE_NO_MEMORY;
}

static int make_room(holding *h, int64_t total) {
  const size_t n = (size_t)total + 1;
  h->total = total;
  h->meaning = calloc(n, sizeof *h->meaning);
  h->picture = calloc(n, sizeof *h->picture);
  h->made = calloc(n, sizeof *h->made);
  h->real = calloc(n, sizeof *h->real);
  return h->meaning && h->picture && h->made && h->real ? ATTUNE_OK : ATTUNE_NO_MEMORY;
}

static int pictures(const attune_host *host, const attune_options *o, void *state,
                    const attune_pictures *b) {
  holding *h = state;
  const int64_t each = b->height * b->width * 3;
  (void)host, (void)o;
  int rc = h->total ? ATTUNE_OK : make_room(h, b->total);
  for (int64_t i = 0; !rc && i < b->count && h->n < h->total; i++, h->n++) {
    scene_caption_read(b->caption[i], &h->meaning[h->n]);
    h->picture[h->n] = b->picture ? b->picture[i] : -1;
    bool ok = scene_pixels_read(b->made + i * each, b->height, b->width, &h->made[h->n]);
    if (b->real)
      ok = ok && scene_pixels_read(b->real + i * each, b->height, b->width, &h->real[h->n]);
    if (!ok) rc = ATTUNE_NO_MEMORY;
  }
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

/* Each caption against pictures of others, as many of every one, not of its own scene. */
static void add_others(const holding *h, shares *s) {
  const int64_t others = h->n - 1 < MOST_OTHERS ? h->n - 1 : MOST_OTHERS;
  for (int64_t i = 0; i < h->n; i++)
    for (int64_t k = 1; k <= others; k++) {
      const int64_t j = (i + k * (h->n - 1) / others) % h->n;
      if (h->picture[i] < 0 || h->picture[i] != h->picture[j]) add(s, &h->meaning[i], &h->made[j]);
    }
}

static const char *const check_names[SCENE_CHECKS] = {"colors", "numbers", "places", "relations"};

static int give(const attune_host *host, attune_results *r, const char *name, const char *suffix,
                double held, double asked, int better) {
  char full[64];
  snprintf(full, sizeof full, "holds_%s%s", name, suffix);
  return asked > 0 ? host->result(r, full, 100 * held / asked, better) : ATTUNE_OK;
}

static int give_shares(const attune_host *host, attune_results *r, const shares *s,
                       const char *suffix) {
  const int better = *suffix ? -1 : 1;
  int rc = give(host, r, "all", suffix, s->whole, s->captions, better);
  for (int c = 0; !rc && c < SCENE_CHECKS; c++)
    rc = give(host, r, check_names[c], suffix, s->held[c], s->asked[c], better);
  return rc;
}

static int give_unnamed(const attune_host *host, const holding *h, const scene_view *v,
                        const char *name, attune_results *r) {
  double sum = 0;
  for (int64_t i = 0; i < h->n; i++) {
    int all, unnamed;
    scene_colors(&h->meaning[i], &v[i], &all, &unnamed);
    sum += unnamed;
  }
  return host->result(r, name, sum / (double)h->n, -1);
}

static int conclude(const attune_host *host, const attune_options *o, void *state,
                    const attune_prediction *p, attune_results *r) {
  const holding *h = state;
  shares made = {0}, others = {0}, real = {0};
  bool has_real = h->n > 0;
  (void)o, (void)p;
  for (int64_t i = 0; i < h->n; i++) {
    has_real = has_real && h->picture[i] >= 0;
    add(&made, &h->meaning[i], &h->made[i]);
  }
  for (int64_t i = 0; has_real && i < h->n; i++) add(&real, &h->meaning[i], &h->real[i]);
  if (made.captions < 1) {
    host->error(host,
                "no caption asks for what can be checked: none names a colour of scenes with "
                "its shape, as \"a red circle\" does");
    return ATTUNE_BAD_INPUT;
  }
  add_others(h, &others);
  int rc = give_shares(host, r, &made, "");
  if (!rc) rc = give_shares(host, r, &others, "_chance");
  if (!rc && has_real) rc = give_shares(host, r, &real, "_ceiling");
  if (!rc) rc = give_unnamed(host, h, h->made, "unnamed_colors", r);
  return rc || !has_real ? rc : give_unnamed(host, h, h->real, "unnamed_colors_real", r);
}

static int compute(const attune_host *host, const attune_options *o, const attune_prediction *p,
                   attune_results *r) {
  (void)o, (void)p, (void)r;
  host->error(host, "the task gives no pictures");
  return ATTUNE_FAILED;
}

static const attune_metric metric = {
    .item =
        {sizeof(attune_metric), ATTUNE_METRIC, "caption_holds",
         "what pictures of scenes hold of what their captions ask for",
         "Percent of what captions of made scenes ask for that their pictures hold, by pixels "
         "alone: colours are told from\n"
         "paints, pixels of one colour that hang together are a blob, and a blob of less than 0.3 "
         "percent of the picture is\n"
         "none. holds_colors: every colour named is there; holds_numbers: as many blobs of it at "
         "least; holds_places: one in the\n"
         "corner, near the edge, outermost; holds_relations: two of the two colours stand so; "
         "holds_all: captions of which all\n"
         "this is so. A phrase without a colour is passed over: pixels tell no shapes. NAME_chance "
         "is the same with pictures of\n"
         "other captions (100 for each), NAME_ceiling with the data's own pictures. "
         "unnamed_colors: how many more colours a\n"
         "picture has, beside those of the data's own. For pictures of 48 pixels and more.",
         NULL},
    .task = "generation",
    .compute = compute,
    .begin = begin,
    .pictures = pictures,
    .conclude = conclude,
    .end = end,
};
static const attune_item *const items[] = {&metric.item};
ATTUNE_PLUGIN("caption_holds", "1.0", "Apache-2.0", items)
