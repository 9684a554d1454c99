/* The same examples through every model that is compared. */
#include "core/report/gallery.h"
#include <stdlib.h>
#include <string.h>

enum { CANDIDATES = 200, USUAL_QUESTIONS = 12, USUAL_PAIRS = 6 };

/* ---- sides ---- */

static at_status make_sides(rp_gallery *g, const at_report *r, at_error *err) {
  g->seeds = r->n_groups == 1 && r->group[0].n > 1;
  g->n_sides = g->seeds ? r->group[0].n : r->n_groups;
  g->side = AT_NEW_ARRAY(g->arena, rp_side, g->n_sides + 1);
  if (!g->side) return at_nomem(err);
  for (size_t i = 0; i < g->n_sides; i++) {
    rp_side *s = &g->side[i];
    s->run = g->seeds ? r->group[0].run[i] : r->group[i].run[0];
    const char *seed = g->seeds ? at_rp_setting(&r->run[s->run], "seed") : NULL;
    s->label = g->seeds ? at_arena_printf(g->arena, "seed %s", seed ? seed : r->run[s->run].dir)
                        : r->group[i].label;
    if (!s->label) return at_nomem(err);
  }
  return AT_OK;
}

/* ---- choosing ---- */

static at_status candidate_of(const rp_gallery *g, const at_look *l, size_t row, rp_candidate *c,
                              at_error *err) {
  *c = (rp_candidate){.row = row, .right = at_rp_is_right(l), .similarity = l->similarity};
  c->type = at_arena_strdup(g->arena, l->type ? l->type : "");
  c->text = at_arena_strdup(g->arena, l->text ? l->text : "");
  return c->type && c->text ? AT_OK : at_nomem(err);
}

static at_status make_examples(rp_gallery *g, const size_t *row, at_error *err) {
  g->example = AT_NEW_ARRAY(g->arena, rp_example, g->n + 1);
  if (!g->example) return at_nomem(err);
  for (size_t i = 0; i < g->n; i++) {
    rp_example *e = &g->example[i];
    e->row = row[i];
    e->photo = RP_NO_PHOTO;
    e->look = AT_NEW_ARRAY(g->arena, at_look, g->n_sides);
    e->there = AT_NEW_ARRAY(g->arena, bool, g->n_sides);
    if (!e->look || !e->there) return at_nomem(err);
  }
  return AT_OK;
}

static at_status choose(rp_gallery *g, size_t side, void *session, const rp_opened *about,
                        at_error *err) {
  size_t want = g->want ? g->want : about->answers ? USUAL_QUESTIONS : USUAL_PAIRS;
  size_t most = want > CANDIDATES ? want : CANDIDATES, rows = about->rows;
  size_t n = rows < most ? rows : most;
  rp_candidate *c = AT_NEW_ARRAY(g->arena, rp_candidate, n);
  size_t *row = AT_NEW_ARRAY(g->arena, size_t, n);
  at_status s = c && row ? AT_OK : at_nomem(err);
  g->n_seen = g->seen_right = 0;
  for (size_t i = 0; s == AT_OK && i < n; i++) {
    at_look l = {0};
    /* the quotient and the rest apart: i * rows may not fit */
    size_t at = rows / n * i + rows % n * i / n;
    if ((s = g->src->look(session, at, &l, err)) != AT_OK) break;
    s = candidate_of(g, &l, at, &c[i], err);
    g->seen_right += c[i].right;
    g->src->free_look(&l);
  }
  g->n_seen = n;
  g->answers = about->answers;
  g->reference = side;
  if (s == AT_OK) s = at_rp_choose(c, n, g->answers, want, row, &g->n, &g->n_right, err);
  return s == AT_OK ? make_examples(g, row, err) : s;
}

/* ---- looking ---- */

/* What the page does not show is not kept. */
static void slim(at_look *l) {
  free(l->rgb);
  l->rgb = NULL;
  for (size_t i = 0; i < l->n_attention; i++) {
    free(l->attention[i].score);
    l->attention[i].score = NULL;
  }
}

static at_status look(rp_gallery *g, rp_example *e, size_t side, void *session, at_error *err) {
  at_status s = g->src->look(session, e->row, &e->look[side], err);
  if (s != AT_OK) return s;
  e->there[side] = true;
  if (e->photo == RP_NO_PHOTO) s = at_rp_photo_add(g, &e->look[side], &e->photo, err);
  slim(&e->look[side]);
  if (s == AT_OK && g->src->truth && !e->truth_known) {
    s = g->src->truth(session, e->row, &e->truth, err);
    e->truth_known = s == AT_OK;
  }
  return s;
}

static at_status visit(rp_gallery *g, size_t side, void *session, const rp_opened *about,
                       at_error *err) {
  at_status s = AT_OK;
  if (!about->rows)
    return at_fail(err, AT_EINPUT, "the split `%s` has no %s", g->split,
                   about->answers ? "questions" : "pairs");
  if (!g->example) s = choose(g, side, session, about, err);
  if (s == AT_OK && about->answers != g->answers)
    s = at_fail(err, AT_EINPUT, "it %s", g->answers ? "answers no questions" : "compares no pairs");
  if (s == AT_OK && about->word_axis &&
      !(g->side[side].word_axis = at_arena_strdup(g->arena, about->word_axis)))
    s = at_nomem(err);
  for (size_t i = 0; s == AT_OK && i < g->n; i++) {
    if (g->example[i].row >= about->rows)
      return at_fail(err, AT_EINPUT, "its data has no row %zu", g->example[i].row);
    s = look(g, &g->example[i], side, session, err);
  }
  return s;
}

static void tell_problem(rp_gallery *g, size_t side, const at_error *why) {
  at_text_add(&g->problems, "<p class=\"problem\">No pictures, or not all, of ");
  at_rp_escape(&g->problems, g->side[side].label);
  at_text_add(&g->problems, ": ");
  at_rp_escape(&g->problems, why->message);
  at_text_add(&g->problems, ".</p>\n");
}

at_status at_rp_gallery_collect(rp_gallery *g, const at_report *r, const rp_source *src,
                                const at_report_options *o, at_error *err) {
  *g = (rp_gallery){.src = src, .split = o->split && *o->split ? o->split : "test"};
  g->want = o->pairs > 0 ? (size_t)o->pairs : 0;
  g->pixels = o->overlays != NULL;
  g->arena = at_arena_new();
  at_status s = g->arena ? make_sides(g, r, err) : at_nomem(err);
  for (size_t i = 0; s == AT_OK && i < g->n_sides; i++) {
    void *session = NULL;
    rp_opened about = {0};
    at_error why = {0};
    at_status st =
        src->open(src->ctx, r->run[g->side[i].run].dir, g->split, &session, &about, &why);
    if (st == AT_OK) {
      st = visit(g, i, session, &about, &why);
      src->close(session);
    }
    if (st == AT_ENOMEM) s = at_nomem(err);
    if (st != AT_OK) tell_problem(g, i, &why);
  }
  return s;
}

void at_rp_gallery_free(rp_gallery *g) {
  for (size_t i = 0; g->example && i < g->n; i++) {
    for (size_t k = 0; g->example[i].there && k < g->n_sides; k++)
      if (g->example[i].there[k]) g->src->free_look(&g->example[i].look[k]);
    at_evidence_free(&g->example[i].truth);
  }
  at_rp_photos_free(g);
  at_text_free(&g->problems);
  at_arena_free(g->arena);
  *g = (rp_gallery){0};
}
