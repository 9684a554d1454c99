/* The section of attention pictures: every group's run is opened once, and shown in the gallery
 * that suits it. */
#include <string.h>
#include "core/report/report_impl.h"

typedef struct section {
  const at_report *r;
  const rp_source *src;
  const char *split;
  rp_pairs *pairs;
  rp_asked *asked;
  at_text problems;
} section;

static void tell_problem(section *s, size_t group, const at_error *why) {
  at_text_add(&s->problems, "<p class=\"problem\">No pictures, or not all, of ");
  at_rp_escape(&s->problems, s->r->group[group].label);
  at_text_add(&s->problems, ": ");
  at_rp_escape(&s->problems, why->message);
  at_text_add(&s->problems, ".</p>\n");
}

/* The first run of the group stands for it. What fails is told on the page and the other
 * groups go on; only a lack of memory ends the report. */
static at_status visit_group(section *s, size_t group, at_error *err) {
  const rp_run *run = &s->r->run[s->r->group[group].run[0]];
  rp_opened about = {0};
  rp_visit v = {.r = s->r, .src = s->src, .group = group, .about = &about};
  at_error why = {0};
  at_status st = s->src->open(s->src->ctx, run->dir, s->split, &v.session, &about, &why);
  if (st == AT_OK) {
    if (!about.rows)
      st = at_fail(&why, AT_EINPUT, "the split `%s` has no %s", s->split,
                   about.answers ? "questions" : "pairs");
    else
      st =
          about.answers ? at_rp_asked_add(s->asked, &v, &why) : at_rp_pairs_add(s->pairs, &v, &why);
    s->src->close(v.session);
  }
  if (st == AT_ENOMEM) return at_nomem(err);
  if (st != AT_OK) tell_problem(s, group, &why);
  return AT_OK;
}

at_status at_rp_attention(const at_report *r, const rp_source *src, const at_report_options *o,
                          at_text *out, at_error *err) {
  section s = {.r = r, .src = src, .split = o->split && *o->split ? o->split : "test"};
  s.pairs = at_rp_pairs_new(s.split, o->pairs);
  s.asked = at_rp_asked_new(s.split, o->pairs);
  at_status st = s.pairs && s.asked ? AT_OK : at_nomem(err);
  for (size_t g = 0; st == AT_OK && g < r->n_groups; g++) st = visit_group(&s, g, err);
  if (st == AT_OK) {
    at_text_add(out, "<section id=\"attention\">\n<h2>Attention</h2>\n");
    if (s.problems.data) at_text_add(out, s.problems.data);
    at_rp_pairs_write(s.pairs, r, out);
    at_rp_asked_write(s.asked, r, out);
    at_text_add(out, "</section>\n");
    out->failed |= s.problems.failed;
  }
  at_text_free(&s.problems);
  at_rp_pairs_free(s.pairs);
  at_rp_asked_free(s.asked);
  return st;
}
