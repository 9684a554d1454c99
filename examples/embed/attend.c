/* attend [MODEL.att]: trains attention on made pictures within this program, and shows which region
 * each word of a caption then looks at. The model is named.att.
 *
 * A picture is REGIONS things out of THINGS, each a row of numbers of its own, with noise; its
 * caption names some of them. Nobody says which word is which thing. */
#include <attune/attune.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PICTURES = 24, REGIONS = 4, FEATURES = 12, THINGS = 8, MOST_WORDS = 3, STEPS = 300 };

typedef struct batch {
  float image[PICTURES * REGIONS * FEATURES];
  int32_t caption[PICTURES * MOST_WORDS]; /* rows one after another */
  int64_t offsets[PICTURES + 1];
  int thing[PICTURES][REGIONS];
} batch;

/* ---- made data ---- */

static uint32_t random_below(uint32_t n) {
  static uint64_t state = 1;
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(state >> 33) % n;
}

static void make(batch *b) {
  b->offsets[0] = 0;
  for (int p = 0; p < PICTURES; p++) {
    int all[THINGS];
    for (int t = 0; t < THINGS; t++) all[t] = t;
    for (int r = 0; r < REGIONS; r++) { /* no thing is there twice */
      const int k = r + (int)random_below((uint32_t)(THINGS - r)), t = all[k];
      all[k] = all[r];
      all[r] = b->thing[p][r] = t;
      for (int f = 0; f < FEATURES; f++)
        b->image[(p * REGIONS + r) * FEATURES + f] =
            cosf((float)((t + 1) * (f + 1))) + 0.2f * ((float)random_below(1000) / 500 - 1);
    }
    const int words = 2 + (int)random_below(MOST_WORDS - 1);
    for (int w = 0; w < words; w++) b->caption[b->offsets[p] + w] = b->thing[p][w];
    b->offsets[p + 1] = b->offsets[p] + words;
  }
}

static int give(attune_model *model, const batch *b, attune_error *error) {
  return attune_model_set_size(model, "picture", PICTURES, error) ||
         attune_model_set_ragged(model, "word", b->offsets, PICTURES, error) ||
         attune_model_set_reals(model, "image", b->image, sizeof b->image / sizeof *b->image,
                                error) ||
         attune_model_set_tokens(model, "caption", b->caption, (size_t)b->offsets[PICTURES], error);
}

/* ---- training ---- */

static int train(attune_model *model, batch *b, attune_error *error) {
  const attune_adam adam = {
      .size = sizeof adam, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .clip = 2};
  double loss;
  int failed = attune_model_set_adam(model, &adam, error);
  for (int i = 0; !failed && i < STEPS; i++) {
    make(b);
    failed = give(model, b, error) || attune_model_step(model, 0.003, error) ||
             attune_model_loss(model, NULL, &loss, error);
    if (!failed && (i % 50 == 0 || i == STEPS - 1)) printf("step %3d  loss %.4f\n", i, loss);
  }
  return failed;
}

/* ---- attention ---- */

static const attune_axis *axis_of(const attune_values *v, const char *name) {
  for (uint32_t a = 0; a < v->axis_count; a++)
    if (!strcmp(v->axis[a].name, name)) return &v->axis[a];
  return NULL;
}

/* Where the words of each caption look in its own picture: of the first one as numbers, of all how
 * many look at what they name. */
static int show(attune_model *model, const batch *b, attune_error *error) {
  attune_values weight = {.size = sizeof weight};
  const int64_t *offsets;
  int64_t captions, right = 0;
  if (attune_model_attention(model, "align", &weight, NULL, error) ||
      attune_model_offsets(model, "word", &offsets, &captions, error))
    return 1;
  const attune_axis *word = axis_of(&weight, "word"), *picture = axis_of(&weight, "picture"),
                    *region = axis_of(&weight, "region");
  if (!word || !picture || !region) return 1;
  printf("attention of `%s`, score %s; the first picture has", weight.name, weight.score);
  for (int r = 0; r < REGIONS; r++) printf(" %d", b->thing[0][r]);
  printf("\n");
  for (int64_t c = 0; c < captions; c++)
    for (int64_t w = offsets[c]; w < offsets[c + 1]; w++) {
      const float *row = weight.reals + w * word->stride + c * picture->stride;
      int64_t best = 0;
      if (!c) printf("  thing %d:", (int)b->caption[w]);
      for (int64_t r = 0; r < region->size; r++) {
        if (!c) printf(" %.2f", (double)row[r * region->stride]);
        if (row[r * region->stride] > row[best * region->stride]) best = r;
      }
      if (!c) printf("\n");
      right += b->thing[c][best] == b->caption[w];
    }
  printf("%d of %d words look at what they name\n", (int)right, (int)offsets[captions]);
  return 0;
}

static void print_log(void *data, attune_log_level level, const char *text) {
  (void)data;
  fprintf(stderr, "%s%s\n", level == ATTUNE_LOG_WARNING ? "warning: " : "", text);
}

int main(int argc, char **argv) {
  static const char *const arguments[] = {"score=general", "d=32"}, *const sizes[] = {"region=4",
                                                                                      "feature=12",
                                                                                      "caption=8"};
  static batch b;
  attune_context *context = NULL;
  attune_model *model = NULL;
  attune_error *error = attune_error_new();
  attune_settings settings = {.size = sizeof settings, .threads = 1, .log = print_log};
  attune_model_source source = {.size = sizeof source,
                                .path = argc > 1 ? argv[1] : "named.att",
                                .arguments = arguments,
                                .argument_count = sizeof arguments / sizeof *arguments,
                                .sizes = sizes,
                                .size_count = sizeof sizes / sizeof *sizes,
                                .seed = 1};
  int failed = attune_open(&settings, &context, error) ||
               attune_model_load(context, &source, &model, error) || train(model, &b, error);
  make(&b);
  failed = failed || give(model, &b, error) || attune_model_forward(model, 0, error) ||
           show(model, &b, error);
  if (failed) fprintf(stderr, "%s\n%s", attune_error_message(error), attune_error_detail(error));
  attune_model_free(model);
  attune_close(context);
  attune_error_free(error);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
