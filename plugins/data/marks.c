#include "marks.h"
#include "growing.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int marks_box(marks *m, double x, double y, double w, double h) {
  float *v = growing(m->box, m->boxes, &m->cap_boxes, 4, 4 * sizeof *v);
  if (!v) return ATTUNE_NO_MEMORY;
  m->box = v;
  const float box[4] = {(float)x, (float)y, (float)w, (float)h};
  memcpy(v + 4 * m->boxes++, box, sizeof box);
  return ATTUNE_OK;
}

int marks_word(marks *m, int64_t index) {
  int64_t *v = growing(m->word, m->words, &m->cap_words, 4, sizeof *v), at = m->words;
  if (!v) return ATTUNE_NO_MEMORY;
  m->word = v;
  while (at && v[at - 1] > index) at--;
  if (at && v[at - 1] == index) return ATTUNE_OK;
  memmove(v + at + 1, v + at, (size_t)(m->words - at) * sizeof *v);
  v[at] = index;
  m->words++;
  return ATTUNE_OK;
}

void marks_free(marks *m) {
  free(m->box);
  free(m->word);
  memset(m, 0, sizeof *m);
}

int marks_give_boxes(const attune_host *host, attune_sink *sink, const marks *m) {
  return host->boxes(sink, m->box, m->boxes);
}

/* ---- as fields ---- */

int marks_declare(const attune_host *host, attune_schema *schema, const char *table,
                  unsigned wanted, uint32_t number[MARKS_FIELDS]) {
  static const attune_field fields[MARKS_FIELDS] = {
      [MARKS_EVIDENCE] = {.name = "evidence", .type = ATTUNE_FIELD_BOXES},
      [MARKS_WORDS] = {.name = "evidence_words", .type = ATTUNE_FIELD_WORDS},
      [MARKS_OBJECTS] = {.name = "n_objects", .type = ATTUNE_FIELD_TEXT},
      [MARKS_DECIDE] = {.name = "n_evidence", .type = ATTUNE_FIELD_TEXT},
      [MARKS_DISTRACT] = {.name = "n_distractors", .type = ATTUNE_FIELD_TEXT},
      [MARKS_SIZE] = {.name = "evidence_size", .type = ATTUNE_FIELD_TEXT},
  };
  for (int i = 0; i < MARKS_FIELDS; i++) {
    number[i] = UINT32_MAX;
    if (!(wanted >> i & 1)) continue;
    int rc = host->field(schema, table, &fields[i]);
    if (rc < 0) return rc;
    number[i] = (uint32_t)rc;
  }
  return ATTUNE_OK;
}

int marks_field(const uint32_t number[MARKS_FIELDS], uint32_t field) {
  for (int i = 0; i < MARKS_FIELDS; i++)
    if (number[i] == field) return i;
  return -1;
}

static int give_count(const attune_host *host, attune_sink *sink, int64_t n) {
  char text[32];
  return host->text(sink, text, (size_t)snprintf(text, sizeof text, "%lld", (long long)n));
}

static int give_size(const attune_host *host, attune_sink *sink, const marks *m, double pixels) {
  char text[64];
  double sum = 0;
  for (int64_t i = 0; i < m->boxes; i++)
    sum += (double)m->box[4 * i + 2] * (double)m->box[4 * i + 3];
  return host->text(sink, text, (size_t)snprintf(text, sizeof text, "%.4f", sum / pixels));
}

int marks_give(const attune_host *host, attune_sink *sink, const marks *m, int which,
               double pixels) {
  if (which == MARKS_EVIDENCE) return marks_give_boxes(host, sink, m);
  if (which == MARKS_WORDS) return host->words(sink, m->word, m->words);
  if (m->objects < m->boxes || !m->objects) return host->text(sink, "", 0);
  if (which == MARKS_OBJECTS) return give_count(host, sink, m->objects);
  if (which == MARKS_DECIDE) return give_count(host, sink, m->boxes);
  if (which == MARKS_DISTRACT) return give_count(host, sink, m->objects - m->boxes);
  return give_size(host, sink, m, pixels);
}
