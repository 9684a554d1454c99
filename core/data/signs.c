/* What is on the boards, and where. */
#include "core/data/signs.h"
#include <string.h>

const char *const at_sign_words[] = {
    "air",    "apple",  "art",    "baker",  "ball",   "bank",  "bar",    "bath",  "beach",  "beer",
    "bell",   "bike",   "bird",   "boat",   "book",   "bread", "bus",    "cafe",  "cake",   "camp",
    "car",    "castle", "cat",    "city",   "class",  "clock", "closed", "club",  "coffee", "cold",
    "corn",   "court",  "dance",  "dock",   "dog",    "door",  "east",   "egg",   "exit",   "farm",
    "film",   "fire",   "fish",   "flat",   "forest", "fruit", "fuel",   "game",  "garden", "gas",
    "gate",   "gift",   "gold",   "hall",   "harbor", "hill",  "home",   "hot",   "hotel",  "house",
    "ice",    "inn",    "island", "jazz",   "juice",  "keep",  "kiosk",  "lake",  "lane",   "left",
    "letter", "lift",   "lost",   "lunch",  "mall",   "map",   "market", "meat",  "metro",  "milk",
    "mill",   "museum", "music",  "new",    "news",   "north", "old",    "open",  "paper",  "park",
    "pier",   "pizza",  "plaza",  "pool",   "port",   "post",  "press",  "pub",   "push",   "radio",
    "rent",   "rice",   "right",  "river",  "road",   "room",  "sale",   "salt",  "school", "sea",
    "shoes",  "shop",   "silver", "slow",   "soap",   "soup",  "south",  "spa",   "stage",  "stop",
    "street", "sun",    "taxi",   "tea",    "ticket", "tiger", "toll",   "tools", "tower",  "town",
    "toys",   "train",  "tram",   "tunnel", "wait",   "walk",  "water",  "west",  "wine",   "wood",
    "yard",   "zoo",
};

int at_sign_words_count(void) { return (int)(sizeof at_sign_words / sizeof *at_sign_words); }

bool at_sign_word_known(const char *word) {
  for (int i = 0; i < at_sign_words_count(); i++)
    if (!strcmp(at_sign_words[i], word)) return true;
  return false;
}

/* ---- words ---- */

/* Consonant, vowel, and so on, perhaps a consonant at the end: 4 to 6 letters. */
static void invent(at_dice *d, char *out) {
  static const char consonants[] = "bdfgklmnprstvz", vowels[] = "aeiou";
  do {
    const int n = 4 + at_dice_roll(d, 3);
    for (int i = 0; i < n; i++)
      out[i] = i & 1 ? vowels[at_dice_roll(d, 5)] : consonants[at_dice_roll(d, 14)];
    out[n] = 0;
  } while (at_sign_word_known(out));
}

static void draw_word(at_dice *d, char *out) {
  if (at_dice_roll(d, 5) < 2)
    invent(d, out);
  else
    strcpy(out, at_sign_words[at_dice_roll(d, at_sign_words_count())]);
}

/* A third of the boards say what an earlier one does. */
static void draw_words(at_dice *d, const at_signs *s, int n, at_sign_board *b) {
  const int repeat = at_dice_roll(d, 3), which = at_dice_roll(d, n ? n : 1),
            two = at_dice_roll(d, 4);
  b->n = two ? 1 : 2;
  for (int i = 0; i < b->n; i++) draw_word(d, b->word[i]);
  if (!n || repeat) return;
  b->n = s->board[which].n;
  memcpy(b->word, s->board[which].word, sizeof b->word);
}

/* ---- places ---- */

#define MARGIN 0.02
#define LETTER 0.62 /* wide, of a line's height */
#define EDGE   0.03 /* from a board's edge to its words */

static double line_height(int size) { return size ? 0.105 : 0.07; }

static double word_width(const at_sign_board *b, int i) {
  return (double)strlen(b->word[i]) * LETTER * line_height(b->size);
}

static void size_board(at_sign_board *b) {
  b->box.w = 0;
  for (int i = 0; i < b->n; i++)
    if (word_width(b, i) > b->box.w) b->box.w = word_width(b, i);
  b->box.w += 2 * EDGE;
  b->box.h = b->n * line_height(b->size) + 2 * EDGE;
}

static void place_words(at_sign_board *b) {
  const double h = line_height(b->size);
  for (int i = 0; i < b->n; i++) {
    const double w = word_width(b, i);
    b->word_box[i] =
        (at_scene_box){b->box.x + (b->box.w - w) / 2, b->box.y + EDGE + h * (i + 0.1), w, 0.8 * h};
  }
}

static bool apart(at_scene_box a, at_scene_box b) {
  return a.x + a.w + MARGIN <= b.x || b.x + b.w + MARGIN <= a.x || a.y + a.h + MARGIN <= b.y ||
         b.y + b.h + MARGIN <= a.y;
}

static bool is_free(const at_signs *s, int boards, int shapes, at_scene_box box) {
  for (int i = 0; i < boards; i++)
    if (!apart(box, s->board[i].box)) return false;
  for (int i = 0; i < shapes; i++)
    if (!apart(box, at_scene_object_box(&s->shape[i]))) return false;
  return true;
}

/* A free place for a box of this size; false: none was found. */
static bool find_place(at_dice *d, const at_signs *s, int boards, int shapes, at_scene_box *box) {
  enum { TRIES = 60 };
  for (int i = 0; i < TRIES; i++) {
    box->x = at_dice_uniform(d, MARGIN, 1 - MARGIN - box->w);
    box->y = at_dice_uniform(d, MARGIN, 1 - MARGIN - box->h);
    if (is_free(s, boards, shapes, *box)) return true;
  }
  return false;
}

/* `n` different numbers below `of`. */
static void draw_different(at_dice *d, int n, int of, int *out) {
  for (int i = 0; i < n; i++) {
    bool again = true;
    while (again) {
      out[i] = at_dice_roll(d, of);
      again = false;
      for (int k = 0; k < i; k++) again = again || out[k] == out[i];
    }
  }
}

static bool draw_boards(at_dice *d, at_signs *s) {
  int color[AT_SIGNS_BOARDS];
  draw_different(d, s->boards, AT_SCENE_COLORS, color);
  for (int i = 0; i < s->boards; i++) {
    at_sign_board *b = &s->board[i];
    *b = (at_sign_board){.color = color[i], .size = at_dice_roll(d, AT_SCENE_SIZES)};
    draw_words(d, s, i, b);
    size_board(b);
    if (!find_place(d, s, i, 0, &b->box)) return false;
    place_words(b);
  }
  return true;
}

static bool draw_shapes(at_dice *d, at_signs *s) {
  int shape[AT_SIGNS_SHAPES];
  draw_different(d, s->shapes, AT_SCENE_SHAPES, shape);
  for (int i = 0; i < s->shapes; i++) {
    at_scene_object *o = &s->shape[i];
    *o = (at_scene_object){.shape = shape[i],
                           .color = at_dice_roll(d, AT_SCENE_COLORS),
                           .texture = at_dice_roll(d, AT_SCENE_TEXTURES),
                           .size = at_dice_roll(d, AT_SCENE_SIZES)};
    o->radius = o->size ? 0.095 : 0.065;
    at_scene_box box = at_scene_object_box(o); /* about 0, 0 */
    const double x = box.x, y = box.y;
    if (!find_place(d, s, s->boards, i, &box)) return false;
    o->x = box.x - x;
    o->y = box.y - y;
  }
  return true;
}

void at_signs_draw(uint64_t seed, uint64_t index, at_signs *out) {
  at_dice d = at_dice_new(seed, "signs.scene", index);
  *out = (at_signs){.seed = seed, .index = index};
  do {
    out->background = at_dice_roll(&d, AT_SCENE_BACKGROUNDS);
    out->boards = 2 + at_dice_roll(&d, AT_SIGNS_BOARDS - 1);
    out->shapes = 1 + at_dice_roll(&d, AT_SIGNS_SHAPES);
  } while (!draw_boards(&d, out) || !draw_shapes(&d, out));
}
