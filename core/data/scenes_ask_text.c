/* Wording of questions.
 *
 * A pattern is words, of which those behind a `*` decide, and places to fill: %a, %t and %p are the
 * first chain as "a thing", "the thing" and "things", %T and %P the second as "the thing" and
 * "things", %q and %r the first without its relation and the relation alone, %l the relation that
 * is asked for, and ~ the attribute. */
#include <stdio.h>
#include <string.h>
#include "core/data/scenes_program.h"

typedef struct asking {
  at_scene_writing w;
  const at_scene_facts *f;
  const at_scene_program *p;
  at_scene_question *q;
} asking;

typedef enum article { A, THE, MANY } article;

static int roll(asking *a, int bound) { return at_dice_roll(a->w.d, bound); }

/* ---- words ---- */

/* A word that decides, and what it points at. */
static void telling(asking *a, const char *word, at_scene_set who) {
  if (a->q->n_words == AT_CAPTION_TOKENS) {
    a->w.failed = true;
    return;
  }
  a->q->word[a->q->n_words++] = a->q->say.n;
  at_scene_word(&a->w, word, who);
}

/* "to the *left of": words, those behind a star telling. */
static void starred(asking *a, const char *text, at_scene_set who) {
  char one[32];
  while (*text) {
    size_t n = strcspn(text, " ");
    bool tells = *text == '*';
    snprintf(one, sizeof one, "%.*s", (int)n - tells, text + tells);
    if (tells)
      telling(a, one, who);
    else
      at_scene_words(&a->w, one);
    text += n + (text[n] == ' ');
  }
}

static void say_link(asking *a, int link, at_scene_set who) {
  static const char *const texts[AT_RELATIONS][2] = {
      [AT_LEFT_OF] = {"*left of", "to the *left of"},
      [AT_RIGHT_OF] = {"*right of", "to the *right of"},
      [AT_ABOVE] = {"*above", "*higher than"},
      [AT_BELOW] = {"*below", "*lower than"},
      [AT_NEXT_TO] = {"*next to", "*beside"},
      [AT_COVERS] = {"in *front of", "partly in *front of"},
      [AT_COVERED_BY] = {"partly *behind", "*behind"},
      [AT_BIGGER] = {"*bigger than", "*larger than"},
      [AT_SMALLER] = {"*smaller than", "*smaller than"},
  };
  char same[48];
  if (link < AT_SAME) {
    starred(a, texts[link][roll(a, 2)], who);
    return;
  }
  snprintf(same, sizeof same, "of the *same *%s as", at_scene_attributes[link - AT_SAME].name);
  starred(a, same, who);
}

/* ---- phrases ---- */

/* Words before the noun; NULL: not said. */
static void adjectives(asking *a, const at_scene_phrase *p, const char *out[3]) {
  static const char *const sizes[AT_SCENE_SIZES][2] = {{"small", "little"}, {"large", "big"}};
  const int *v = p->value;
  const char *color = v[AT_COLOR] < 0 ? NULL : at_scene_color_names[v[AT_COLOR]];
  const char *texture = v[AT_TEXTURE] < 0 ? NULL : at_scene_texture_names[v[AT_TEXTURE]];
  const bool swap = texture && (v[AT_TEXTURE] == 0 || roll(a, 2));
  out[0] = v[AT_SIZE] < 0 ? NULL : sizes[v[AT_SIZE]][roll(a, 2)];
  out[1] = swap ? texture : color;
  out[2] = swap ? color : texture;
}

/* The object that a link starts from fits the words too: then it is an *other* that is meant. */
static bool is_other(const asking *a, const at_scene_chain *c, int i) {
  const at_scene_phrase *p = &c->phrase[i];
  return p->link >= AT_SAME && (at_scene_fit(a->f, p) & c->set[i + 1]);
}

static void say_article(asking *a, article how, bool other, const char *next) {
  const char *text = how == THE ? (other ? "the other" : "the")
                     : how == A ? (other                    ? "another"
                                   : strchr("aeiou", *next) ? "an"
                                                            : "a")
                     : other    ? "other"
                                : "";
  at_scene_words(&a->w, text);
}

static void say_noun(asking *a, const at_scene_chain *c, int i, article how) {
  const at_scene_phrase *p = &c->phrase[i];
  const char *said[3], *noun, *next;
  char many[32];
  adjectives(a, p, said);
  noun = p->value[AT_SHAPE] < 0 ? at_scene_either(a->w.d, "thing", "object")
                                : at_scene_shape_names[p->value[AT_SHAPE]];
  next = noun;
  for (int k = 2; k >= 0; k--)
    if (said[k]) next = said[k];
  say_article(a, how, is_other(a, c, i), next);
  for (int k = 0; k < 3; k++)
    if (said[k]) telling(a, said[k], c->set[i]);
  at_scene_plural(many, sizeof many, noun);
  if (p->value[AT_SHAPE] < 0)
    at_scene_word(&a->w, how == MANY ? many : noun, c->set[i]);
  else
    telling(a, how == MANY ? many : noun, c->set[i]);
}

static void say_phrase(asking *a, const at_scene_chain *c, int i, article how);

static void say_relation(asking *a, const at_scene_chain *c, int i) {
  say_link(a, c->phrase[i].link, c->set[i]);
  say_phrase(a, c, i + 1, THE);
}

/* A relation behind "that is" belongs to the noun before it, and so leaves no doubt of which. */
static void say_phrase(asking *a, const at_scene_chain *c, int i, article how) {
  say_noun(a, c, i, how);
  if (c->phrase[i].link == AT_NO_LINK) return;
  if (i || how == THE || roll(a, 2)) at_scene_words(&a->w, how == MANY ? "that are" : "that is");
  say_relation(a, c, i);
}

/* ---- patterns ---- */

enum { ANY, ALONE, LINKED, BARE }; /* what the first chain must be for the pattern to fit */

static const struct pattern {
  int kind, attribute; /* -1: of every attribute */
  int needs;
  const char *text;
} patterns[] = {
    {AT_ASK_EXIST, -1, ANY, "is there %a"},
    {AT_ASK_EXIST, -1, ANY, "are there any %p"},
    {AT_ASK_EXIST, -1, ANY, "can you see %a"},
    {AT_ASK_EXIST, -1, LINKED, "are any %q %r"},
    {AT_ASK_COUNT, -1, ALONE, "how *many %p are there"},
    {AT_ASK_COUNT, -1, ALONE, "how *many %p does the picture show"},
    {AT_ASK_COUNT, -1, ANY, "what is the *number of %p"},
    {AT_ASK_COUNT, -1, LINKED, "how *many %q are %r"},
    {AT_ASK_QUERY, AT_SIZE, ANY, "what *size is %t"},
    {AT_ASK_QUERY, AT_SIZE, ANY, "how *big is %t"},
    {AT_ASK_QUERY, AT_COLOR, ANY, "what *color is %t"},
    {AT_ASK_QUERY, AT_COLOR, ANY, "which *color does %t have"},
    {AT_ASK_QUERY, AT_TEXTURE, ANY, "which *texture does %t have"},
    {AT_ASK_QUERY, AT_TEXTURE, ANY, "what *pattern does %t have"},
    {AT_ASK_QUERY, AT_SHAPE, ANY, "what *shape is %t"},
    {AT_ASK_QUERY, AT_SHAPE, ANY, "which *shape does %t have"},
    {AT_ASK_QUERY, AT_SHAPE, BARE, "what *shape is %r"},
    {AT_ASK_QUERY, -1, ANY, "what is the *~ of %t"},
    {AT_ASK_MORE, -1, ANY, "are there *more %p than %P"},
    {AT_ASK_MORE, -1, ANY, "is the *number of %p *greater than the *number of %P"},
    {AT_ASK_FEWER, -1, ANY, "are there *fewer %p than %P"},
    {AT_ASK_FEWER, -1, ANY, "is the *number of %p *smaller than the *number of %P"},
    {AT_ASK_EQUAL, -1, ANY, "are there *as *many %p as %P"},
    {AT_ASK_EQUAL, -1, ANY, "is the *number of %p the *same as the *number of %P"},
    {AT_ASK_SAME, -1, ANY, "is %t of the *same *~ as %T"},
    {AT_ASK_SAME, -1, ANY, "does %t have the *same *~ as %T"},
    {AT_ASK_SAME, -1, ALONE, "do %t and %T have the *same *~"},
    {AT_ASK_LINK, -1, ANY, "is %t %l %T"},
    {AT_ASK_LINK, -1, ANY, "does %t lie %l %T"},
};

static bool suits(const struct pattern *t, const at_scene_program *p) {
  const at_scene_phrase *head = &p->a.phrase[0];
  bool said = false;
  for (int k = 0; k < AT_ATTRIBUTES; k++) said = said || head->value[k] >= 0;
  if (t->kind != (int)p->kind || (t->attribute >= 0 && t->attribute != p->attribute)) return false;
  if (strstr(t->text, "lie") && at_scene_link_attributes(p->link)) return false;
  switch (t->needs) {
    case ALONE: return head->link == AT_NO_LINK;
    case LINKED: return head->link != AT_NO_LINK;
    case BARE: return head->link != AT_NO_LINK && head->link < AT_BIGGER && !said;
    default: return true;
  }
}

static const char *pick(asking *a) {
  enum { N = sizeof patterns / sizeof *patterns };
  int fit[N], n = 0;
  for (int i = 0; i < N; i++)
    if (suits(&patterns[i], a->p)) fit[n++] = i;
  return n ? patterns[fit[roll(a, n)]].text : NULL;
}

static void fill(asking *a, char place) {
  const at_scene_program *p = a->p;
  switch (place) {
    case 'a': say_phrase(a, &p->a, 0, A); break;
    case 't': say_phrase(a, &p->a, 0, THE); break;
    case 'p': say_phrase(a, &p->a, 0, MANY); break;
    case 'T': say_phrase(a, &p->b, 0, THE); break;
    case 'P': say_phrase(a, &p->b, 0, MANY); break;
    case 'q': say_noun(a, &p->a, 0, MANY); break;
    case 'r': say_relation(a, &p->a, 0); break;
    default: say_link(a, p->link, a->q->selected); break;
  }
}

bool at_scene_program_say(const at_scene_facts *f, at_dice *d, const at_scene_program *p,
                          at_scene_question *out) {
  asking a = {{f->s, d, &out->say, 0, false}, f, p, out};
  const char *text = pick(&a);
  char one[32];
  if (!text) return false;
  for (size_t n; *text; text += n + (text[n] == ' ')) {
    n = strcspn(text, " ");
    snprintf(one, sizeof one, "%.*s", (int)n, text);
    if (*text == '%')
      fill(&a, text[1]);
    else if (!strcmp(one, "*~"))
      telling(&a, at_scene_attributes[p->attribute].name, out->selected);
    else
      starred(&a, one, out->selected);
  }
  at_scene_glue(&a.w, "?", 1);
  return !a.w.failed;
}
