#include "ocr_features.h"
#include <string.h>

int ocr_features_open(const attune_host *host, const attune_options *options, ocr_features *f) {
  *f = (ocr_features){.words = host->option_int(options, "words"),
                      .around = host->option_int(options, "around"),
                      .phoc = host->option_int(options, "phoc"),
                      .looks = host->option_int(options, "looks")};
  if (f->words || f->around || f->phoc || f->looks || *host->option_text(options, "vectors"))
    return ATTUNE_OK;
  host->error(host,
              "of words, phoc, looks and around one at least is needed; else there is nothing "
              "to tell of a token");
  return ATTUNE_BAD_INPUT;
}

/* The next word of a token; 0 at the end. */
static size_t next_word(const char *text, size_t n, size_t *at) {
  while (*at < n && text[*at] == ' ') ++*at;
  const char *end = memchr(text + *at, ' ', n - *at);
  return end ? (size_t)(end - text) - *at : n - *at;
}

int ocr_features_want(ocr_features *f, const ocr_tokens *t) {
  for (int64_t i = 0; i < t->n; i++) {
    const char *text = t->text + t->token[i].at;
    size_t at = 0;
    for (size_t k; (k = next_word(text, t->token[i].n, &at)); at += k)
      if (ocr_vectors_want(&f->vectors, text + at, k)) return ATTUNE_NO_MEMORY;
  }
  return ATTUNE_OK;
}

int ocr_features_vectors(const attune_host *host, const attune_options *options, ocr_features *f) {
  const char *path = host->option_text(options, "vectors");
  int rc = *path ? ocr_vectors_read(host, path, &f->vectors) : ATTUNE_OK;
  if (!rc && *path) f->words = f->vectors.width;
  return rc;
}

int64_t ocr_features_width(const ocr_features *f) {
  return f->words + (f->phoc ? OCR_PHOC : 0) + (f->looks ? OCR_LOOKS_WIDTH : 0) + 2 * f->around;
}

/* ---- parts ---- */

static void add_word(const ocr_features *f, const char *word, size_t n, float *dst) {
  float one[OCR_MOST_NUMBERS] = {0};
  const float *v = ocr_vectors_of(&f->vectors, word, n);
  if (v)
    memcpy(one, v, (size_t)f->words * sizeof *one);
  else
    ocr_grams(word, n, f->words, one);
  ocr_unit(one, f->words);
  for (int64_t i = 0; i < f->words; i++) dst[i] += one[i];
}

static void words_of(const ocr_features *f, const char *text, size_t n, float *dst) {
  size_t at = 0;
  for (size_t k; (k = next_word(text, n, &at)); at += k) add_word(f, text + at, k, dst);
  ocr_unit(dst, f->words);
}

static float share(int64_t i, int64_t n) { return n > 1 ? (float)i / (float)(n - 1) : 0; }

static void looks_of(const ocr_tokens *t, int64_t i, const char *text, float *dst) {
  const ocr_token *k = &t->token[i];
  ocr_looks(text, k->n, dst);
  dst[OCR_LOOKS] = share(i, t->n);
  dst[OCR_LOOKS + 1] = share(k->line, t->lines);
  dst[OCR_LOOKS + 2] = k->whole ? 0 : share(k->place, k->of);
  dst[OCR_LOOKS + 3] = k->whole;
}

static void neighbour_of(const ocr_tokens *t, int32_t i, int64_t size, float *dst) {
  if (i < 0) return;
  ocr_grams(t->text + t->token[i].at, t->token[i].n, size, dst);
  ocr_unit(dst, size);
}

void ocr_features_of(const ocr_features *f, const ocr_tokens *t, int64_t i, float *dst) {
  const ocr_token *k = &t->token[i];
  const char *text = t->text + k->at;
  memset(dst, 0, (size_t)ocr_features_width(f) * sizeof *dst);
  if (f->words) words_of(f, text, k->n, dst);
  dst += f->words;
  if (f->phoc) {
    ocr_phoc(text, k->n, dst);
    ocr_unit(dst, OCR_PHOC);
    dst += OCR_PHOC;
  }
  if (f->looks) {
    looks_of(t, i, text, dst);
    dst += OCR_LOOKS_WIDTH;
  }
  neighbour_of(t, k->left, f->around, dst);
  neighbour_of(t, k->up, f->around, dst + f->around);
}
