/* Questions that need reading, and what decides them. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "core/data/signs.h"

const char *const at_sign_kind_names[AT_SIGN_KINDS] = {"read",  "beside", "place", "color",
                                                       "count", "same",   "larger"};

/* ---- words into a question ---- */

static void mark(at_sign_question *q, int word) { q->word[q->words++] = word; }

static void answer_board(at_sign_question *q, const at_sign_board *b) {
  snprintf(q->answer, sizeof q->answer, "%s%s%s", b->word[0], b->n > 1 ? " " : "",
           b->n > 1 ? b->word[1] : "");
}

static bool says_same(const at_sign_board *a, const at_sign_board *b) {
  return a->n == b->n && !strcmp(a->word[0], b->word[0]) &&
         (a->n < 2 || !strcmp(a->word[1], b->word[1]));
}

/* One known word and nothing else. */
static bool is_plain(const at_sign_board *b) { return b->n == 1 && at_sign_word_known(b->word[0]); }

static int boards_saying(const at_signs *s, const char *word, unsigned *which) {
  int n = 0;
  *which = 0;
  for (int i = 0; i < s->boards; i++) {
    if (s->board[i].n != 1 || strcmp(s->board[i].word[0], word) != 0) continue;
    *which |= 1u << i;
    n++;
  }
  return n;
}

/* One of the bits, by lot; -1: there is none. */
static int pick(at_dice *d, unsigned bits) {
  int n = 0, k;
  for (int i = 0; i < 32; i++) n += (int)(bits >> i & 1);
  if (!n) return -1;
  k = at_dice_roll(d, n);
  for (int i = 0; i < 32; i++)
    if ((bits >> i & 1) && !k--) return i;
  return -1;
}

/* ---- kinds: false where the picture cannot be asked so ---- */

static bool ask_read(at_dice *d, const at_signs *s, at_sign_question *q) {
  const int i = at_dice_roll(d, s->boards);
  const char *color = at_scene_color_names[s->board[i].color];
  snprintf(q->text, sizeof q->text, "what is written on the %s board?", color);
  mark(q, 2);
  mark(q, 5);
  mark(q, 6);
  q->boards = 1u << i;
  answer_board(q, &s->board[i]);
  return true;
}

static const char *const sides[4] = {"left of", "right of", "above", "below"};

/* How far the board lies on that side of the shape, and how far off it. */
static void lies(const at_sign_board *b, const at_scene_object *o, int side, double *along,
                 double *across) {
  const double dx = b->box.x + b->box.w / 2 - o->x, dy = b->box.y + b->box.h / 2 - o->y;
  *along = side == 0 ? -dx : side == 1 ? dx : side == 2 ? -dy : dy;
  *across = fabs(side < 2 ? dy : dx);
}

/* The only board that lies there; -1: none, several, or one that nearly does. */
static int only_one(const at_signs *s, const at_scene_object *o, int side) {
  int found = -1;
  for (int i = 0; i < s->boards; i++) {
    double along, across;
    lies(&s->board[i], o, side, &along, &across);
    const bool is = along >= 0.12 && along > 1.2 * across;
    const bool is_not = along < 0.06 || along < 0.8 * across;
    if (!is && !is_not) return -1;
    if (is && found >= 0) return -1;
    if (is) found = i;
  }
  return found;
}

static bool ask_beside(at_dice *d, const at_signs *s, at_sign_question *q) {
  unsigned can = 0;
  for (int k = 0; k < s->shapes; k++)
    for (int side = 0; side < 4; side++)
      if (only_one(s, &s->shape[k], side) >= 0) can |= 1u << (4 * k + side);
  const int which = pick(d, can);
  if (which < 0) return false;
  const int side = which % 4, shape = which / 4, board = only_one(s, &s->shape[shape], side);
  const bool one = s->board[board].n == 1;
  snprintf(q->text, sizeof q->text, one ? "which word is %s the %s?" : "what is written %s the %s?",
           sides[side], at_scene_shape_names[s->shape[shape].shape]);
  mark(q, one ? 1 : 2);
  mark(q, 3);
  mark(q, side < 2 ? 6 : 5);
  q->boards = 1u << board;
  q->shapes = 1u << shape;
  answer_board(q, &s->board[board]);
  return true;
}

static bool ask_place(at_dice *d, const at_signs *s, at_sign_question *q) {
  static const char *const places[4] = {"leftmost", "rightmost", "highest", "lowest"};
  const int place = at_dice_roll(d, 4);
  double best = -9, next = -9;
  int found = 0;
  for (int i = 0; i < s->boards; i++) {
    const at_scene_box b = s->board[i].box;
    const double x = b.x + b.w / 2, y = b.y + b.h / 2;
    const double at = place == 0 ? -x : place == 1 ? x : place == 2 ? -y : y;
    if (at > best) {
      next = best;
      best = at;
      found = i;
    } else if (at > next) {
      next = at;
    }
  }
  if (best - next < 0.08) return false;
  snprintf(q->text, sizeof q->text, "what does the %s board say?", places[place]);
  mark(q, 3);
  mark(q, 4);
  mark(q, 5);
  q->boards = 1u << found;
  answer_board(q, &s->board[found]);
  return true;
}

static bool ask_color(at_dice *d, const at_signs *s, at_sign_question *q) {
  unsigned can = 0, same;
  for (int i = 0; i < s->boards; i++)
    if (is_plain(&s->board[i]) && boards_saying(s, s->board[i].word[0], &same) == 1) can |= 1u << i;
  const int i = pick(d, can);
  if (i < 0) return false;
  snprintf(q->text, sizeof q->text, "what color is the board that says %s?", s->board[i].word[0]);
  mark(q, 1);
  mark(q, 4);
  mark(q, 7);
  q->boards = 1u << i;
  snprintf(q->answer, sizeof q->answer, "%s", at_scene_color_names[s->board[i].color]);
  return true;
}

/* A third of the time for a word that is on no board. */
static bool ask_count(at_dice *d, const at_signs *s, at_sign_question *q) {
  const char *word = at_sign_words[at_dice_roll(d, at_sign_words_count())];
  unsigned can = 0;
  const bool absent = !at_dice_roll(d, 3);
  for (int i = 0; i < s->boards; i++) {
    if (is_plain(&s->board[i])) can |= 1u << i;
    for (int k = 0; k < s->board[i].n; k++)
      if (absent && !strcmp(word, s->board[i].word[k])) return false;
  }
  const int i = pick(d, can);
  if (!absent && i < 0) return false;
  if (!absent) word = s->board[i].word[0];
  snprintf(q->text, sizeof q->text, "how many boards say %s?", word);
  mark(q, 0);
  mark(q, 1);
  mark(q, 4);
  snprintf(q->answer, sizeof q->answer, "%d", boards_saying(s, word, &q->boards));
  for (int k = 0; k < s->boards; k++) /* a word among two says it, too: then it is in doubt */
    if (s->board[k].n == 2 &&
        (!strcmp(s->board[k].word[0], word) || !strcmp(s->board[k].word[1], word)))
      return false;
  return true;
}

/* Yes half of the time where two boards say the same. */
static bool ask_same(at_dice *d, const at_signs *s, at_sign_question *q) {
  const bool yes = at_dice_roll(d, 2);
  unsigned can = 0;
  for (int a = 0; a < s->boards; a++)
    for (int b = 0; b < s->boards; b++)
      if (a != b && says_same(&s->board[a], &s->board[b]) == yes) can |= 1u << (4 * a + b);
  const int which = pick(d, can);
  if (which < 0) return false;
  const int a = which / 4, b = which % 4;
  snprintf(q->text, sizeof q->text, "do the %s board and the %s board say the same?",
           at_scene_color_names[s->board[a].color], at_scene_color_names[s->board[b].color]);
  mark(q, 2);
  mark(q, 6);
  mark(q, 10);
  q->boards = 1u << a | 1u << b;
  snprintf(q->answer, sizeof q->answer, "%s", yes ? "yes" : "no");
  return true;
}

static bool ask_larger(at_dice *d, const at_signs *s, at_sign_question *q) {
  unsigned can = 0, same;
  for (int a = 0; a < s->boards; a++)
    for (int b = 0; b < s->boards; b++)
      if (s->board[a].size != s->board[b].size && is_plain(&s->board[a]) &&
          is_plain(&s->board[b]) && boards_saying(s, s->board[a].word[0], &same) == 1 &&
          boards_saying(s, s->board[b].word[0], &same) == 1)
        can |= 1u << (4 * a + b);
  const int which = pick(d, can);
  if (which < 0) return false;
  const int a = which / 4, b = which % 4;
  snprintf(q->text, sizeof q->text, "which is written larger, %s or %s?", s->board[a].word[0],
           s->board[b].word[0]);
  mark(q, 3);
  mark(q, 4);
  mark(q, 6);
  q->boards = 1u << a | 1u << b;
  answer_board(q, &s->board[s->board[a].size ? a : b]);
  return true;
}

int at_signs_ask(const at_signs *s, at_sign_question out[AT_SIGN_KINDS]) {
  static bool (*const ask[AT_SIGN_KINDS])(at_dice *, const at_signs *, at_sign_question *) = {
      ask_read, ask_beside, ask_place, ask_color, ask_count, ask_same, ask_larger};
  at_dice d = at_dice_new(s->seed, "signs.questions", s->index);
  int n = 0;
  for (int k = 0; k < AT_SIGN_KINDS; k++) {
    out[n] = (at_sign_question){.kind = (at_sign_kind)k};
    n += ask[k](&d, s, &out[n]);
  }
  return n;
}

/* ---- as JSON: all words are letters, nothing is to be escaped ---- */

static int tokens_before(const at_signs *s, int board) {
  int n = 0;
  for (int i = 0; i < board; i++) n += s->board[i].n;
  return n;
}

void at_sign_question_json(const at_signs *s, const at_sign_question *q, at_text *out) {
  const char *between = "";
  at_text_addf(out,
               "{\"picture\": %llu, \"question\": \"%s\", \"answer\": \"%s\", \"type\": \"%s\", "
               "\"evidence\": {\"tokens\": [",
               (unsigned long long)s->index, q->text, q->answer, at_sign_kind_names[q->kind]);
  for (int i = 0; i < s->boards; i++)
    for (int k = 0; (q->boards >> i & 1) && k < s->board[i].n; k++, between = ", ")
      at_text_addf(out, "%s%d", between, tokens_before(s, i) + k);
  at_text_add(out, "], \"objects\": [");
  between = "";
  for (int i = 0; i < s->boards + s->shapes; i++) {
    const unsigned set = i < s->boards ? q->boards >> i : q->shapes >> (i - s->boards);
    if (!(set & 1)) continue;
    at_text_addf(out, "%s%d", between, i);
    between = ", ";
  }
  at_text_add(out, "], \"words\": [");
  for (int i = 0; i < q->words; i++) at_text_addf(out, "%s%d", i ? ", " : "", q->word[i]);
  at_text_add(out, "]}}\n");
}
