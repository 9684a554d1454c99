/* A small model behind <attune/attune.h>, for the tests of libattune. */
#ifndef TESTS_EMBED_USE_H
#define TESTS_EMBED_USE_H
#include <attune/attune.h>
#include "tests/unit/cm.h"

/* Sizes are all different, so that a size tells an axis. */
enum { PICTURES = 3, REGIONS = 4, FEATURES = 7, CAPTIONS = 5, WORDS = 11, IDS = 13, D = 6 };

static const char SMALL[] =
    "model small(d = 6, e = 2, keep = 1, score = general) {\n"
    "  input image: real [picture, region, feature]\n"
    "  input caption: token [caption, word...]\n"
    "  let v = image |> linear(feature -> d) @img\n"
    "  let w = caption |> embed(e) @embed |> linear(e -> d) @words |> dropout(1 - keep)\n"
    "  attend align(query = w, key = v, value = v, over = region, along = d) {\n"
    "    score = score\n    weigh = softmax\n  }\n"
    "  output similarity = cosine(w, align, d) |> mean(word)\n"
    "  let gap = 1 - similarity\n"
    "  loss gap * gap |> mean_all\n}\n";

static const int64_t OFFSETS[CAPTIONS + 1] = {0, 2, 3, 6, 7, 11};
static const int32_t TOKENS[WORDS] = {1, 12, 3, 4, 5, 6, 7, 8, 9, 10, 2};

static inline void fill_image(float *image) {
  for (int i = 0; i < PICTURES * REGIONS * FEATURES; i++)
    image[i] = sinf((float)(i * i % 97)) + 0.25F * (float)(i % 5);
}

#define OK(call)                                                                                  \
  do {                                                                                            \
    if ((call) != ATTUNE_OK) fail_msg("%s\n%s", attune_error_message(e), attune_error_detail(e)); \
  } while (0)

/* The call fails with BAD_INPUT, and says `sentence` somewhere. */
#define REFUSED(call, sentence)                                                              \
  do {                                                                                       \
    assert_int_equal((call), ATTUNE_BAD_INPUT);                                              \
    assert_int_equal(attune_error_status(e), ATTUNE_BAD_INPUT);                              \
    if (!strstr(attune_error_message(e), sentence)) fail_msg("%s", attune_error_message(e)); \
  } while (0)

static inline attune_context *opened(uint32_t threads, attune_error *e) {
  attune_context *c;
  attune_settings settings = {.size = sizeof settings};
  settings.threads = threads;
  OK(attune_open(&settings, &c, e));
  return c;
}

static inline attune_model *loaded(attune_context *c, const char *text,
                                   const char *const *arguments, uint32_t n, uint64_t seed,
                                   attune_error *e) {
  static const char *const sizes[] = {"region=4", "feature=7", "caption=13"};
  attune_model *m;
  attune_model_source source = {.size = sizeof source};
  source.text = text;
  source.arguments = arguments;
  source.argument_count = n;
  source.sizes = text == SMALL ? sizes : NULL;
  source.size_count = text == SMALL ? 3 : 0;
  source.seed = seed;
  OK(attune_model_load(c, &source, &m, e));
  return m;
}

static inline void give(attune_model *m, attune_error *e) {
  float image[PICTURES * REGIONS * FEATURES];
  fill_image(image);
  OK(attune_model_set_size(m, "picture", PICTURES, e));
  OK(attune_model_set_ragged(m, "word", OFFSETS, CAPTIONS, e));
  OK(attune_model_set_reals(m, "image", image, sizeof image / sizeof *image, e));
  OK(attune_model_set_tokens(m, "caption", TOKENS, WORDS, e));
}
#endif
