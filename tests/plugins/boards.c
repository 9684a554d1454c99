/* Pictures with words on red and blue boards, and questions that need reading, all made up: the
 * word on a board is one of its own, so that it can only be pointed at; how many boards there are
 * is said with a word of the vocabulary.
 *
 * A token's numbers are its colour and nothing else. Options make what is odd: a picture without
 * tokens, one with many, an answer that nothing says, bytes that are no UTF-8. */
#include <attune/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PICTURES = 40, KINDS = 3, FEATURES = 6, MOST = 1000 };
enum {
  TOKEN,
  TOKEN_BOX,
  TOKEN_TEXT,
  IMAGE,
  PICTURE_NAME,
  TEXT,
  ANSWER,
  ANSWERS,
  TYPE,
  NAME,
  EVIDENCE,
  LINK,
  FIELDS
};
enum { WIDTH = 40, HEIGHT = 10 };

typedef struct boards {
  int64_t empty, many, length, strange, bytes;
} boards;

static const attune_option options_table[] = {
    {"empty", ATTUNE_OPTION_INT, "-1", -1, 1000, NULL, "a picture without tokens"},
    {"many", ATTUNE_OPTION_INT, "-1", -1, 1000, NULL, "a picture with many"},
    {"length", ATTUNE_OPTION_INT, "600", 4, MOST, NULL, "how many those are"},
    {"strange", ATTUNE_OPTION_INT, "-1", -1, 1000, NULL, "a question whose answer nothing says"},
    {"bytes", ATTUNE_OPTION_INT, "-1", -1, 1000, NULL, "a picture whose tokens are no UTF-8"},
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL}};

static int open_boards(const attune_host *host, const attune_options *options,
                       attune_schema *schema, void **instance) {
  static const char *const splits[] = {"train", "val", "test"};
  static const struct {
    const char *table, *name;
    uint32_t type, size;
  } fields[FIELDS] = {{"picture", "token", ATTUNE_FIELD_ITEMS, FEATURES},
                      {"picture", "token_box", ATTUNE_FIELD_ITEMS, 4},
                      {"picture", "token_text", ATTUNE_FIELD_TEXT, 0},
                      {"picture", "image", ATTUNE_FIELD_IMAGE, 0},
                      {"picture", "name", ATTUNE_FIELD_NAME, 0},
                      {"question", "text", ATTUNE_FIELD_TEXT, 0},
                      {"question", "answer", ATTUNE_FIELD_TEXT, 0},
                      {"question", "answers", ATTUNE_FIELD_TEXT, 0},
                      {"question", "type", ATTUNE_FIELD_TEXT, 0},
                      {"question", "name", ATTUNE_FIELD_NAME, 0},
                      {"question", "evidence", ATTUNE_FIELD_BOXES, 0},
                      {"question", "picture", ATTUNE_FIELD_LINK, 0}};
  boards *b = malloc(sizeof *b);
  if (!b) return ATTUNE_NO_MEMORY;
  *b = (boards){.empty = host->option_int(options, "empty"),
                .many = host->option_int(options, "many"),
                .length = host->option_int(options, "length"),
                .strange = host->option_int(options, "strange"),
                .bytes = host->option_int(options, "bytes")};
  *instance = b;
  int rc = 0;
  for (int s = 0; s < 3 && !rc; s++) {
    rc = host->table(schema, splits[s], "picture", PICTURES);
    if (!rc) rc = host->table(schema, splits[s], "question", PICTURES * KINDS);
  }
  for (int i = 0; i < FIELDS && rc >= 0; i++) {
    attune_field f = {.name = fields[i].name, .type = fields[i].type};
    f.ndim = fields[i].size > 0;
    f.shape[0] = fields[i].size;
    if (f.type == ATTUNE_FIELD_LINK) f.link = "picture";
    if (f.type == ATTUNE_FIELD_IMAGE) {
      f.ndim = 3;
      f.shape[0] = HEIGHT;
      f.shape[1] = WIDTH;
      f.shape[2] = 3;
    }
    rc = host->field(schema, fields[i].table, &f);
  }
  return rc < 0 ? rc : ATTUNE_OK;
}

/* ---- one picture ---- */

static uint32_t mix(uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  return x ^ x >> 16;
}

/* Tokens 0 and 1 are the red board's, 2 is the blue one's, others have no colour. */
typedef struct picture {
  int64_t n, red, blue; /* places of the boards */
  uint32_t key;
} picture;

static picture make(const boards *b, const char *split, int64_t row) {
  picture p = {.key = mix((uint32_t)row * 31u + (uint32_t)split[1])};
  p.n = row == b->empty ? 0 : row == b->many ? b->length : 3 + (int64_t)(p.key % 4);
  p.red = (int64_t)(mix(p.key) % (p.n > 1 ? (uint32_t)p.n - 1 : 1));
  p.blue = p.red < p.n / 2 ? p.n - 1 : 0;
  if (p.n < 3) p.red = p.blue = -9;
  return p;
}

static void word(const picture *p, int64_t i, char out[24]) {
  snprintf(out, 24, "W%03x", (unsigned)(mix(p->key + 7u * (uint32_t)i) & 0xfff));
}

static int colour(const picture *p, int64_t i) {
  return i == p->red ? 0 : i == p->red + 1 ? 1 : i == p->blue ? 2 : 3;
}

static int give_tokens(const attune_host *host, const picture *p, int boxes, attune_sink *sink) {
  const int64_t n = p->n ? p->n : 1, size = boxes ? 4 : FEATURES;
  float *v = host->scratch(host, (size_t)(n * size) * sizeof *v);
  if (!v) return ATTUNE_NO_MEMORY;
  memset(v, 0, (size_t)(n * size) * sizeof *v);
  for (int64_t i = 0; i < p->n; i++) {
    float *at = v + i * size;
    const float x = (float)i / (float)p->n;
    if (boxes) {
      at[0] = x;
      at[2] = x + 1 / (float)p->n;
      at[3] = 1;
    } else {
      at[colour(p, i)] = 1;
      at[4] = x;
    }
  }
  return host->items(sink, v, n);
}

static int give_words(const attune_host *host, const boards *b, int64_t row, const picture *p,
                      attune_sink *sink) {
  char *text = host->scratch(host, (size_t)(p->n + 1) * 24);
  size_t n = 0;
  if (!text) return ATTUNE_NO_MEMORY;
  for (int64_t i = 0; i < p->n; i++) {
    word(p, i, text + n);
    n += strlen(text + n);
    text[n++] = '\n';
  }
  if (row == b->bytes && n) text[0] = (char)0xff;
  return host->text(sink, text, n);
}

/* ---- one question ---- */

static int give(const attune_host *host, attune_sink *sink, const char *text) {
  return host->text(sink, text, strlen(text));
}

static void answer(const boards *b, const picture *p, int64_t row, char out[64]) {
  char one[24], two[24];
  const int kind = (int)(row % KINDS);
  if (row == b->strange) {
    strcpy(out, "neither here nor there");
    return;
  }
  if (!p->n || kind == 2) {
    strcpy(out, p->n > 4 ? "many" : "few");
    return;
  }
  word(p, kind ? p->blue : p->red, one);
  word(p, p->red + 1, two);
  snprintf(out, 64, kind ? "%s" : "%s %s", one, two);
}

/* The tokens that the answer says, in pixels. */
static int give_evidence(const attune_host *host, const picture *p, int kind, attune_sink *sink) {
  float box[8];
  int n = kind == 2 || p->red < 0 ? 0 : kind ? 1 : 2;
  for (int i = 0; i < n; i++) {
    const float wide = (float)WIDTH / (float)p->n;
    box[4 * i] = (float)(kind ? p->blue : p->red + i) * wide;
    box[4 * i + 1] = 0;
    box[4 * i + 2] = wide;
    box[4 * i + 3] = HEIGHT;
  }
  return host->boxes(sink, box, n);
}

static int read_boards(const attune_host *host, void *instance, const char *split, uint32_t field,
                       int64_t row, void *dst, attune_sink *sink) {
  static const char *const texts[KINDS] = {"what does the red board say", "what is on the blue one",
                                           "how many words are there"};
  static const char *const types[KINDS] = {"red", "blue", "count"};
  const boards *b = instance;
  char text[160], said[64];
  const int of_question = field >= TEXT;
  const picture p = make(b, split, of_question ? row / KINDS : row);
  switch (field) {
    case TOKEN: return give_tokens(host, &p, 0, sink);
    case TOKEN_BOX: return give_tokens(host, &p, 1, sink);
    case TOKEN_TEXT: return give_words(host, b, row, &p, sink);
    case TEXT: return give(host, sink, texts[row % KINDS]);
    case TYPE: return give(host, sink, types[row % KINDS]);
    case IMAGE: memset(dst, 128, (size_t)WIDTH * HEIGHT * 3); return ATTUNE_OK;
    case EVIDENCE: return give_evidence(host, &p, (int)(row % KINDS), sink);
    case LINK: *(int64_t *)dst = row / KINDS; return ATTUNE_OK;
    default: break;
  }
  answer(b, &p, row, said);
  snprintf(text, sizeof text, "%s", said);
  if (field == ANSWERS) snprintf(text, sizeof text, "%s\t%s\tnone", said, said);
  if (field == PICTURE_NAME || field == NAME)
    snprintf(text, sizeof text, "%s %lld", of_question ? "question" : "picture", (long long)row);
  return give(host, sink, text);
}

static void close_boards(void *instance) { free(instance); }

static const attune_data reader = {
    .item = {sizeof(attune_data), ATTUNE_DATA, "boards", "words on boards", "for tests",
             options_table},
    .open = open_boards,
    .read = read_boards,
    .close = close_boards,
};
/* ---- answers to the last bit ---- */

/* Sums of the bits of all logits and of all steps, each by its place: equal ones are equal answers.
 */
static int compute_bits(const attune_host *host, const attune_options *options,
                        const attune_prediction *prediction, attune_results *results) {
  attune_array logit, index;
  uint64_t bits = 0, steps = 0;
  (void)options;
  int rc = host->prediction(prediction, "logit", &logit);
  if (!rc) rc = host->prediction(prediction, "step_index", &index);
  for (int64_t i = 0; !rc && i < logit.shape[0]; i++)
    bits = (bits * 31 + ((const uint32_t *)logit.data)[i]) % 15999989;
  for (int64_t i = 0; !rc && i < index.shape[0]; i++)
    steps = (steps * 31 + ((const uint32_t *)index.data)[i]) % 15999989;
  if (!rc) rc = host->result(results, "bits", (double)bits, -1);
  return rc ? rc : host->result(results, "steps", (double)steps, -1);
}

static const attune_metric bits = {
    .item = {sizeof(attune_metric), ATTUNE_METRIC, "answer_bits", "bits of answers", "for tests",
             NULL},
    .task = "textvqa",
    .compute = compute_bits,
};
static const attune_item *const items[] = {&reader.item, &bits.item};
ATTUNE_PLUGIN("boards", "1.0", "Apache-2.0", items)
