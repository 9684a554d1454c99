/* Words with what they point at. */
#include "core/data/scenes_words.h"
#include <stdio.h>
#include <string.h>

void at_scene_glue(at_scene_writing *w, const char *bytes, size_t n) {
  if (w->at + n >= AT_CAPTION_TEXT) {
    w->failed = true;
    return;
  }
  memcpy(w->c->text + w->at, bytes, n);
  w->at += n;
  w->c->text[w->at] = '\0';
}

void at_scene_word(at_scene_writing *w, const char *word, at_scene_set who) {
  at_scene_caption *c = w->c;
  if (w->at) at_scene_glue(w, " ", 1);
  int begin = (int)w->at;
  at_scene_glue(w, word, strlen(word));
  if (w->failed || c->n == AT_CAPTION_TOKENS) {
    w->failed = true;
    return;
  }
  c->token[c->n].begin = begin;
  c->token[c->n].end = (int)w->at;
  for (int i = 0; i < w->s->n; i++) {
    if (!(who >> i & 1)) continue;
    if (c->n_pairs == AT_CAPTION_PAIRS) {
      w->failed = true;
      return;
    }
    c->pair[c->n_pairs].token = c->n;
    c->pair[c->n_pairs++].object = i;
  }
  c->n++;
}

void at_scene_words(at_scene_writing *w, const char *text) {
  char one[32];
  while (*text) {
    size_t n = strcspn(text, " ");
    snprintf(one, sizeof one, "%.*s", (int)n, text);
    at_scene_word(w, one, 0);
    text += n + (text[n] == ' ');
  }
}

void at_scene_plural(char *out, size_t cap, const char *noun) {
  size_t n = strlen(noun);
  bool hisses = n >= 2 && (!strcmp(noun + n - 2, "ss") || !strcmp(noun + n - 2, "sh"));
  snprintf(out, cap, "%s%s", noun, hisses ? "es" : "s");
}

const char *at_scene_either(at_dice *d, const char *a, const char *b) {
  return at_dice_roll(d, 2) ? a : b;
}
