/* Choosing questions.
 *
 * What is asked is drawn first: the type, the answer that is wanted, then a draft, which says how
 * many relations there are and which attributes are said; then fillings, until one has that answer.
 * A draft of yes or no is taken only where the scene can fill it both ways, so that the form of a
 * question says nothing of its answer. */
#include "core/data/scenes_ask.h"
#include <stdlib.h>
#include <string.h>
#include "core/data/scenes_program.h"

typedef struct choosing {
  at_scene_facts f;
  at_dice d;
} choosing;

/* What stays the same while fillings are tried. */
typedef struct draft {
  at_scene_ask_kind kind;
  int attribute, link;
  int links[2]; /* relations of each chain */
  int said[2];  /* attributes that the first phrase of each says, a bit each */
  int silent;   /* and those that it must not say: they are asked for */
  bool yes;     /* is wanted, where the answer is yes or no */
  int value;    /* is wanted, where it is a number or an attribute */
} draft;

static int roll(choosing *c, int bound) { return at_dice_roll(&c->d, bound); }

/* An index by weights that sum to `total`. */
static int weighed(choosing *c, const int *weight, int total) {
  int i = 0, left = roll(c, total);
  while (left >= weight[i]) left -= weight[i++];
  return i;
}

static int member(choosing *c, at_scene_set v) {
  int k = roll(c, at_scene_count(v));
  while (k--) v &= v - 1;
  return at_scene_first(v);
}

/* ---- phrases and chains ---- */

#define SAID(attribute) (1 << (attribute))

static int draw_said(choosing *c, bool may_be_bare) {
  static const int masks[] = {0,
                              SAID(AT_SHAPE),
                              SAID(AT_COLOR),
                              SAID(AT_SIZE),
                              SAID(AT_TEXTURE),
                              SAID(AT_COLOR) | SAID(AT_SHAPE),
                              SAID(AT_SIZE) | SAID(AT_SHAPE),
                              SAID(AT_TEXTURE) | SAID(AT_SHAPE),
                              SAID(AT_SIZE) | SAID(AT_COLOR),
                              SAID(AT_COLOR) | SAID(AT_TEXTURE),
                              SAID(AT_SIZE) | SAID(AT_COLOR) | SAID(AT_SHAPE),
                              SAID(AT_COLOR) | SAID(AT_TEXTURE) | SAID(AT_SHAPE)};
  static const int weight[] = {4, 6, 5, 2, 2, 4, 2, 2, 2, 2, 1, 1};
  return masks[may_be_bare ? weighed(c, weight, 33) : 1 + weighed(c, weight + 1, 29)];
}

static at_scene_phrase phrase_of(const choosing *c, int object, int said, int link) {
  at_scene_phrase p = {{0}, link};
  for (int k = 0; k < AT_ATTRIBUTES; k++)
    p.value[k] = said & SAID(k) ? at_scene_value(&c->f.s->object[object], k) : -1;
  return p;
}

/* One of the words another one. */
static void change_word(choosing *c, at_scene_phrase *p, int said) {
  if (!said) return;
  int k = roll(c, AT_ATTRIBUTES);
  while (!(said & SAID(k))) k = (k + 1) % AT_ATTRIBUTES;
  p->value[k] = roll(c, at_scene_attributes[k].n);
}

/* A relation that some pair of objects has. */
static int draw_link(choosing *c) {
  static const int weight[AT_LINKS] = {5, 5, 5, 5, 3, 3, 3, 2, 2, 1, 2, 1, 2};
  for (int i = 0; i < 20; i++) {
    int r = weighed(c, weight, 39);
    for (int b = 0; b < c->f.s->n; b++)
      if (c->f.holds[r][b]) return r;
  }
  return AT_NO_LINK;
}

/* From the last phrase to the first: each begins at what an object looks like, mostly one that has
 * the relation; the first, where a `target` is given (not -1), at that one.  Of `silent` attributes
 * neither the first phrase nor its relation speaks. */
static bool draw_chain(choosing *c, int links, int said, int silent, int target,
                       at_scene_chain *out) {
  at_scene_set from = 0;
  memset(out, 0, sizeof *out);
  out->n = links + 1;
  for (int i = links; i >= 0; i--) {
    int link = i < links ? draw_link(c) : AT_NO_LINK, words = i ? draw_said(c, i < links) : said;
    if (i < links && link == AT_NO_LINK) return false;
    int taboo = link == AT_NO_LINK ? 0 : at_scene_link_attributes(link);
    for (int k = 0; i < links && k < AT_ATTRIBUTES; k++)
      if ((taboo & SAID(k)) && out->phrase[i + 1].value[k] >= 0) return false;
    if (!i && ((words | silent) & taboo)) return false;
    words &= ~taboo;
    at_scene_set likely = from ? c->f.holds[link][at_scene_first(from)] : 0;
    int model = likely && roll(c, 4) ? member(c, likely) : roll(c, c->f.s->n);
    if (!i && target >= 0) model = target;
    out->phrase[i] = phrase_of(c, model, words, link);
    if (!i && target < 0 && roll(c, 2)) change_word(c, &out->phrase[0], words);
    if (!i) break;
    at_scene_chain part = *out; /* what is behind must be one object already */
    part.n = out->n - i;
    memmove(part.phrase, out->phrase + i, (size_t)part.n * sizeof *part.phrase);
    if (!at_scene_follow(&c->f, &part, true)) return false;
    from = part.set[0];
  }
  if (!at_scene_follow(&c->f, out, target >= 0)) return false;
  return target < 0 || out->set[0] == (at_scene_set)1 << target;
}

/* ---- drafts ---- */

/* Some two objects have the relation, and some two clearly do not. */
static bool goes_both_ways(const choosing *c, int link) {
  bool yes = false, no = false;
  for (int b = 0; b < c->f.s->n; b++) {
    yes = yes || c->f.holds[link][b];
    no = no || (c->f.all & ~((at_scene_set)1 << b) & ~c->f.holds[link][b] & ~c->f.doubt[link][b]);
  }
  return yes && no;
}

static int draw_links(choosing *c, int most) {
  static const int weight[AT_CHAIN] = {5, 6, 5, 4};
  int n = weighed(c, weight, 20);
  if (most > c->f.s->n - 1) most = c->f.s->n - 1;
  return n > most ? most : n;
}

/* False: the scene gives this kind nothing. */
static bool draw_draft(choosing *c, draft *t) {
  at_scene_program p = {.kind = t->kind};
  const bool one = at_scene_program_one(&p), pairs = at_scene_program_pairs(&p);
  if (pairs && c->f.s->n < 2) return false;
  t->link = t->kind == AT_ASK_LINK ? draw_link(c) : AT_SAME + t->attribute;
  if (t->link >= AT_SAME && t->kind == AT_ASK_LINK) return false;
  if (pairs && one && (t->link == AT_NO_LINK || !goes_both_ways(c, t->link))) return false;
  t->silent = one ? at_scene_link_attributes(t->link) : 0;
  for (int i = 0; i < 1 + pairs; i++) {
    t->links[i] = draw_links(c, !pairs ? AT_CHAIN - 1 : one || !roll(c, 3));
    if (i && !one && t->links[0]) t->links[i] = 0;
    t->said[i] = draw_said(c, t->links[i] || (t->kind == AT_ASK_COUNT && !roll(c, 3)));
    if (t->said[i] & t->silent) return false;
  }
  return true;
}

static bool is_wanted(const draft *t, const char *answer) {
  if (t->kind == AT_ASK_COUNT) return atoi(answer) == t->value;
  if (t->kind == AT_ASK_QUERY)
    return !strcmp(answer, at_scene_attributes[t->attribute].value[t->value]);
  return !strcmp(answer, t->yes ? "yes" : "no");
}

/* "More stars than red stars?" needs no look; nor does a count of nothing against nothing. */
static bool is_idle(const at_scene_program *p) {
  bool clash = false;
  if (at_scene_program_one(p) || !at_scene_program_pairs(p)) return false;
  if (!(p->a.set[0] | p->b.set[0])) return true;
  for (int k = 0; k < AT_ATTRIBUTES; k++) {
    int v = p->a.phrase[0].value[k], w = p->b.phrase[0].value[k];
    clash = clash || (v >= 0 && w >= 0 && v != w);
  }
  return !clash;
}

/* Objects that the two sides may be of; -1: any.  False: there are none with the answer. */
static bool draw_targets(choosing *c, const draft *t, bool one, bool pairs, int target[2]) {
  at_scene_set fit = c->f.all;
  target[0] = target[1] = -1;
  if (!one) return true;
  if (pairs) {
    const int b = target[1] = roll(c, c->f.s->n);
    const at_scene_set other = c->f.all & ~((at_scene_set)1 << b), is = c->f.holds[t->link][b];
    fit = t->yes ? is : other & ~is & ~c->f.doubt[t->link][b];
  } else {
    fit = c->f.has[t->attribute][t->value];
  }
  if (fit) target[0] = member(c, fit);
  return fit != 0;
}

static bool fill_draft(choosing *c, const draft *t, at_scene_program *p) {
  for (int i = 0; i < 40; i++) {
    *p = (at_scene_program){.kind = t->kind, .attribute = t->attribute, .link = t->link};
    const bool one = at_scene_program_one(p), pairs = at_scene_program_pairs(p);
    int target[2];
    if (!draw_targets(c, t, one, pairs, target)) continue;
    if (!draw_chain(c, t->links[0], t->said[0], t->silent, target[0], &p->a)) continue;
    if (pairs && !draw_chain(c, t->links[1], t->said[1], t->silent, target[1], &p->b)) continue;
    const char *answer = at_scene_program_run(&c->f, p);
    if (answer && is_wanted(t, answer) && !is_idle(p)) return true;
  }
  return false;
}

/* ---- questions ---- */

/* By at_scene_question_types, then which of more, fewer and equal.  Types that many scenes refuse
 * weigh more. */
static void draw_kind(choosing *c, draft *t) {
  static const int weight[AT_QUESTION_TYPES] = {3, 4, 2, 9, 4, 10, 2, 2, 7, 2, 8, 3};
  const int type = weighed(c, weight, 56);
  memset(t, 0, sizeof *t);
  t->kind = type == 0   ? AT_ASK_EXIST
            : type == 1 ? AT_ASK_COUNT
            : type < 6  ? AT_ASK_QUERY
            : type == 6 ? (at_scene_ask_kind)(AT_ASK_MORE + roll(c, 3))
            : type < 11 ? AT_ASK_SAME
                        : AT_ASK_LINK;
  t->attribute = type >= 2 && type < 6 ? type - 2 : type >= 7 && type < 11 ? type - 7 : 0;
}

/* False: no object has the value.  Half of all objects are plain, so that is asked for less. */
static bool draw_wanted(choosing *c, draft *t) {
  static const int numbers[AT_SCENE_MAX_OBJECTS + 1] = {2, 2, 4, 5, 5, 5, 5, 5, 5};
  int total = 0;
  for (int i = 0; i <= c->f.s->n; i++) total += numbers[i];
  t->yes = roll(c, 2);
  if (t->kind == AT_ASK_COUNT) t->value = weighed(c, numbers, total);
  if (t->kind != AT_ASK_QUERY) return true;
  t->value = roll(c, at_scene_attributes[t->attribute].n);
  if (t->attribute == AT_TEXTURE && t->value == 0 && roll(c, 2)) return false;
  return c->f.has[t->attribute][t->value] != 0;
}

static bool ask_one(choosing *c, const draft *kind, at_scene_question *out) {
  for (int i = 0; i < 10; i++) {
    draft t = *kind;
    at_scene_program p, other;
    if (!draw_draft(c, &t) || !fill_draft(c, &t, &p)) continue;
    t.yes = !t.yes;
    if (t.kind != AT_ASK_COUNT && t.kind != AT_ASK_QUERY && !fill_draft(c, &t, &other)) continue;
    memset(out, 0, sizeof *out);
    out->answer = at_scene_program_run(&c->f, &p);
    return at_scene_program_note(&p, out) && at_scene_program_say(&c->f, &c->d, &p, out);
  }
  return false;
}

static bool asked_before(const at_scene_question *q, int n) {
  for (int i = 0; i < n; i++)
    if (!strcmp(q[i].program, q[n].program) || !strcmp(q[i].say.text, q[n].say.text)) return true;
  return false;
}

at_status at_scene_ask(const at_scene *s, int n, at_scene_question *out, at_error *err) {
  choosing c = {.d = at_dice_new(s->seed, "scenes.questions", s->index)};
  at_scene_facts_find(s, &c.f);
  for (int i = 0; i < n; i++) {
    bool fresh = false;
    for (int attempt = 0; attempt < 400 && !fresh; attempt++) {
      draft t;
      draw_kind(&c, &t);
      fresh = draw_wanted(&c, &t) && ask_one(&c, &t, &out[i]) && !asked_before(out, i);
    }
    if (!fresh)
      return at_fail(err, AT_EFAIL, "picture %llu: found no question number %d",
                     (unsigned long long)s->index, i);
  }
  return AT_OK;
}

/* ---- as a line ---- */

static void add_set(at_text *t, const char *key, uint32_t v) {
  const char *between = "";
  at_text_addf(t, "\"%s\": [", key);
  for (int i = 0; v; i++, v >>= 1) {
    if (!(v & 1)) continue;
    at_text_addf(t, "%s%d", between, i);
    between = ", ";
  }
  at_text_add(t, "], ");
}

/* Texts are of ASCII letters, spaces and question marks: nothing to escape. */
void at_scene_question_json(const at_scene *s, const at_scene_question *q, at_text *out) {
  const at_scene_caption *c = &q->say;
  at_text_addf(out, "{\"picture\": %llu, \"question\": \"%s\", \"tokens\": [",
               (unsigned long long)s->index, c->text);
  for (int i = 0; i < c->n; i++)
    at_text_addf(out, "%s\"%.*s\"", i ? ", " : "", c->token[i].end - c->token[i].begin,
                 c->text + c->token[i].begin);
  at_text_addf(out, "], \"answer\": \"%s\", \"type\": \"%s\", \"steps\": %d, \"program\": \"%s\", ",
               q->answer, q->type, q->steps, q->program);
  at_text_add(out, "\"evidence\": {");
  add_set(out, "selected", q->selected);
  add_set(out, "referred", q->referred);
  at_text_add(out, "\"words\": [");
  for (int i = 0; i < q->n_words; i++) at_text_addf(out, "%s%d", i ? ", " : "", q->word[i]);
  at_text_add(out, "]}, \"objects\": [");
  for (int i = 0; i < c->n_pairs; i++)
    at_text_addf(out, "%s[%d, %d]", i ? ", " : "", c->pair[i].token, c->pair[i].object);
  at_text_add(out, "]}");
}
