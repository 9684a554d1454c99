/* Parity of MAC, AttnGAN and M4C with another framework, for every score function: forward,
 * losses and every gradient, through `attune run`.  Tables say what is called what. */
#include <unistd.h>
#include "core/data/npz.h"
#include "reference.h"

/* How an array of the reference becomes one of the model, or one of the model's is compared. */
typedef enum form {
  AS_IT_IS,
  PICTURE, /* [n, channel, y, x]: channels last */
  LENGTHS, /* a mask [rows, longest]: how many are 1 */
  TURNED,  /* [a, b]: [b, a] */
  WORDS,   /* first 9 of [rows, longest, 14], rows of `loss_mask` packed */
  TOKENS   /* the others, each with its column of steps */
} form;

typedef struct pairing {
  const char *theirs, *ours;
  form form;
} pairing;

typedef struct model_case {
  const char *name; /* of the reference files */
  const char *model;
  const char *set[12];
  const char *option;
  const pairing *names, *inputs, *outputs; /* each ends with NULL */
  void (*more)(const at_arrays *ref, at_arrays *in);
  int gradients; /* how many there are at least */
} model_case;

/* ---- tables ---- */

static const pairing mac_names[] = {
    {"_att.lin_b", "_att.lin.bias", 0}, {"_att.lin", "_att.lin.weight", 0},
    {"q_step.2", "q_step.3", 0},        {"q_step.1", "q_step.2", 0},
    {"q_step.0", "q_step.1", 0},        {0}};
static const pairing mac_inputs[] = {{"in.images", "in.image", PICTURE},
                                     {"in.questions", "in.question", AS_IT_IS},
                                     {"in.lengths", "question.lengths", AS_IT_IS},
                                     {"in.answers", "in.answer", AS_IT_IS},
                                     {0}};
static const pairing mac_outputs[] = {{"loss", "loss", AS_IT_IS},
                                      {"out.logits", "out.logits", AS_IT_IS},
                                      {"out.memory", "out.memory", AS_IT_IS},
                                      {"out.read_att_last", "attend.read.3.weight", AS_IT_IS},
                                      {0}};

static const pairing gan_names[] = {{"D.0.body.0.", "D.0.look.first.", 0},
                                    {"D.0.body.2.", "D.0.look.down.0.", 0},
                                    {"D.0.body.3.", "D.0.look.down_bn.0.", 0},
                                    {"D.1.body.0.", "D.1.look.first.", 0},
                                    {"D.1.body.2.", "D.1.look.down.0.", 0},
                                    {"D.1.body.3.", "D.1.look.down_bn.0.", 0},
                                    {"D.1.body.5.", "D.1.look.down.1.", 0},
                                    {"D.1.body.6.", "D.1.look.down_bn.1.", 0},
                                    {"D.1.body.8.", "D.1.look.same.0.conv.", 0},
                                    {"D.1.body.9.", "D.1.look.same.0.bn.", 0},
                                    {".joint.0.", ".with_text.joint.conv.", 0},
                                    {".joint.1.", ".with_text.joint.bn.", 0},
                                    {".uncond_out.", ".alone.out.", 0},
                                    {".cond_out.", ".with_text.cond.out.", 0},
                                    {"to_rgb.0.", "to_rgb.0.conv.", 0},
                                    {"to_rgb.1.", "to_rgb.1.conv.", 0},
                                    {"E.convs.2.", "E.convs.1.", 0},
                                    {0}};
static const pairing gan_inputs[] = {
    {"in.real.0", "in.real_0", PICTURE},       {"in.real.1", "in.real_1", PICTURE},
    {"in.sent", "in.sentence", AS_IT_IS},      {"in.z", "in.start", AS_IT_IS},
    {"in.eps", "in.shift", AS_IT_IS},          {"in.words", "in.words", AS_IT_IS},
    {"in.lengths", "words.lengths", AS_IT_IS}, {0}};
static const pairing gan_outputs[] = {{"loss.D0", "loss.d_0", AS_IT_IS},
                                      {"loss.D1", "loss.d_1", AS_IT_IS},
                                      {"loss.G", "loss.g", AS_IT_IS},
                                      {"out.fake.0", "out.fake_0", PICTURE},
                                      {"out.fake.1", "out.fake_1", PICTURE},
                                      {"out.word_sims", "out.word_sims", TURNED},
                                      {0}};

static const pairing m4c_names[] = {
    {"obj_", "object.", 0}, {"ocr_feat", "token.feat", 0}, {"ocr_box", "token.box", 0}, {0}};
static const pairing m4c_inputs[] = {
    {"in.question", "in.question", AS_IT_IS},   {"in.q_mask", "word.lengths", LENGTHS},
    {"in.obj", "in.object", AS_IT_IS},          {"in.obj_box", "in.object_box", AS_IT_IS},
    {"in.obj_mask", "object.lengths", LENGTHS}, {"in.ocr", "in.token", AS_IT_IS},
    {"in.ocr_box", "in.token_box", AS_IT_IS},   {"in.ocr_mask", "token.lengths", LENGTHS},
    {"in.loss_mask", "step.lengths", LENGTHS},  {0}};
static const pairing m4c_outputs[] = {{"loss", "loss", AS_IT_IS},
                                      {"out.logits", "out.of_words", WORDS},
                                      {"out.logits", "out.of_tokens", TOKENS},
                                      {0}};

/* ---- arrays ---- */

static at_array *add(at_arrays *s, const char *name, at_dtype type, int ndim,
                     const int64_t *shape) {
  at_array *a = at_arrays_add(s);
  assert_non_null(a);
  assert_int_equal(at_array_init(a, name, type, ndim, shape, NULL), AT_OK);
  return a;
}

static void channels_last(const at_array *a, float *to) {
  int64_t c = a->shape[1], cells = a->shape[2] * a->shape[3];
  for (int64_t i = 0; i < a->shape[0]; i++)
    for (int64_t k = 0; k < c; k++)
      for (int64_t p = 0; p < cells; p++)
        to[(i * cells + p) * c + k] = ((float *)a->data)[(i * c + k) * cells + p];
}

static void take_input(const at_arrays *ref, const pairing *p, at_arrays *in) {
  const at_array *a = reference_need(ref, p->theirs);
  if (p->form == PICTURE) {
    const int64_t shape[] = {a->shape[0], a->shape[2], a->shape[3], a->shape[1]};
    channels_last(a, add(in, p->ours, AT_F32, 4, shape)->data);
  } else if (p->form == LENGTHS) {
    int64_t *n = add(in, p->ours, AT_I64, 1, a->shape)->data;
    for (int64_t i = 0; i < at_array_count(a); i++)
      n[i / a->shape[1]] += ((float *)a->data)[i] != 0;
  } else {
    at_array *b = add(in, p->ours, a->dtype, a->ndim, a->shape);
    memcpy(b->data, a->data, (size_t)at_array_count(a) * at_dtype_size(a->dtype));
  }
}

/* The name here of a parameter there. */
static void rename_parameter(const pairing *names, const char *theirs, char ours[200]) {
  for (; names->theirs; names++) {
    const char *at = strstr(theirs, names->theirs);
    if (!at) continue;
    snprintf(ours, 200, "%.*s%s%s", (int)(at - theirs), theirs, names->ours,
             at + strlen(names->theirs));
    return;
  }
  snprintf(ours, 200, "%s", theirs);
}

/* A vector there may be a matrix of one row here, a number a vector of one. */
static void take_weights(const at_arrays *ref, const model_case *m, at_arrays *in) {
  for (size_t i = 0; i < ref->n; i++) {
    const at_array *a = &ref->v[i];
    char name[200];
    int64_t shape[AT_ARRAY_MAX_DIM] = {1};
    if (strncmp(a->name, "w.", 2)) continue;
    rename_parameter(m->names, a->name, name);
    bool row = strstr(name, "_att.lin.") != NULL;
    for (int d = 0; d < a->ndim; d++) shape[d + row] = a->shape[d];
    at_array *b = add(in, name, a->dtype, a->ndim + row, shape);
    memcpy(b->data, a->data, (size_t)at_array_count(a) * at_dtype_size(a->dtype));
  }
}

enum { M4C_WORDS = 9 };

/* M4C's answers so far, in one number there, are a kind and a number here; its targets lie side
 * by side there. */
static void m4c_more(const at_arrays *ref, at_arrays *in) {
  const at_array *before = reference_need(ref, "in.prev"), *t = reference_need(ref, "in.targets");
  const int64_t tokens = t->shape[2] - M4C_WORDS, rows = t->shape[0] * t->shape[1];
  const int64_t words_shape[] = {t->shape[0], t->shape[1], M4C_WORDS};
  const int64_t tokens_shape[] = {t->shape[0], t->shape[1], tokens};
  int64_t *kind = add(in, "in.kind", AT_I64, 2, before->shape)->data;
  int64_t *which = add(in, "in.answered", AT_I64, 2, before->shape)->data;
  float *w = add(in, "in.to_word", AT_F32, 3, words_shape)->data;
  float *k = add(in, "in.to_token", AT_F32, 3, tokens_shape)->data;
  for (int64_t i = 0; i < rows; i++) {
    int64_t id = ((int64_t *)before->data)[i];
    const float *row = (float *)t->data + i * t->shape[2];
    kind[i] = id >= M4C_WORDS;
    which[i] = id >= M4C_WORDS ? id - M4C_WORDS : id;
    memcpy(w + i * M4C_WORDS, row, M4C_WORDS * sizeof *w);
    memcpy(k + i * tokens, row + M4C_WORDS, (size_t)tokens * sizeof *k);
  }
}

/* ---- comparison ---- */

/* What of the reference stands where in ours, in the order of ours. */
static int64_t reorder(const at_arrays *ref, const pairing *p, const at_array *b, float *to) {
  const float *from = b->data;
  int64_t n = at_array_count(b), at = 0;
  if (p->form == PICTURE) {
    channels_last(b, to);
    return n;
  }
  if (p->form == TURNED) {
    for (int64_t i = 0; i < n; i++) to[i] = from[i % b->shape[0] * b->shape[1] + i / b->shape[0]];
    return n;
  }
  if (p->form != WORDS && p->form != TOKENS) {
    memcpy(to, from, (size_t)n * sizeof *to);
    return n;
  }
  const float *used = reference_need(ref, "in.loss_mask")->data;
  const float *here = reference_need(ref, "in.ocr_mask")->data;
  const int64_t tokens = b->shape[2] - M4C_WORDS;
  int64_t longest = 0; /* ours are padded no further */
  for (int64_t i = 0; i < b->shape[0] * tokens; i++)
    if (here[i] != 0 && i % tokens >= longest) longest = i % tokens + 1;
  int64_t rows = 0, used_rows = 0;
  for (int64_t i = 0; i < b->shape[0] * b->shape[1]; i++) used_rows += used[i] != 0;
  for (int64_t i = 0; i < b->shape[0] * b->shape[1]; i++) {
    const float *row = from + i * b->shape[2], *mask = here + i / b->shape[1] * tokens;
    if (used[i] == 0) continue;
    for (int64_t k = 0; p->form == WORDS && k < M4C_WORDS; k++) to[at++] = row[k];
    for (int64_t k = 0; p->form == TOKENS && k < longest; k++, at++)
      to[k * used_rows + rows] = mask[k] != 0 ? row[M4C_WORDS + k] : 0;
    rows++;
  }
  return at;
}

static void compare_output(const at_arrays *mine, const at_arrays *ref, const pairing *p) {
  const at_array *a = reference_need(mine, p->ours), *b = reference_need(ref, p->theirs);
  float *want = malloc((size_t)at_array_count(b) * sizeof *want + 1);
  assert_non_null(want);
  int64_t n = reorder(ref, p, b, want);
  if (n != at_array_count(a))
    fail_msg("%s has %lld numbers, the reference %lld", p->ours, (long long)at_array_count(a),
             (long long)n);
  reference_compare(p->ours, a->data, want, n, reference_largest(want, n), REFERENCE_RELATIVE);
  free(want);
}

static int compare_gradients(const at_arrays *mine, const at_arrays *ref, const model_case *m) {
  double scale = reference_largest_gradient(ref);
  int seen = 0;
  for (size_t i = 0; i < ref->n; i++) {
    char name[200];
    const at_array *b = &ref->v[i];
    if (strncmp(b->name, "g.", 2)) continue;
    rename_parameter(m->names, b->name, name);
    const at_array *a = reference_need(mine, name);
    assert_int_equal(at_array_count(a), at_array_count(b));
    reference_compare(name, a->data, b->data, at_array_count(b), scale, REFERENCE_RELATIVE);
    seen++;
  }
  return seen;
}

/* As many numbers are trained here as there. */
static void compare_counts(const at_arrays *mine, const at_arrays *ref) {
  int64_t here = 0, there = 0;
  for (size_t i = 0; i < mine->n; i++)
    if (!strncmp(mine->v[i].name, "g.", 2)) here += at_array_count(&mine->v[i]);
  for (size_t i = 0; i < ref->n; i++)
    if (!strncmp(ref->v[i].name, "g.", 2)) there += at_array_count(&ref->v[i]);
  assert_int_equal(here, there);
}

/* ---- cases ---- */

static const model_case MODELS[] = {
    {.name = "mac_inter",
     .model = "mac.att",
     .set = {"d=8", "e=6", "steps=3", "answers=4", "side=3", "feature=5"},
     .names = mac_names,
     .inputs = mac_inputs,
     .outputs = mac_outputs,
     .gradients = 40},
    {.name = "mac_plain",
     .model = "mac.att",
     .set = {"d=8", "e=6", "steps=3", "answers=4", "side=3", "feature=5", "per_dimension=false"},
     .names = mac_names,
     .inputs = mac_inputs,
     .outputs = mac_outputs,
     .gradients = 36},
    {.name = "attngan",
     .model = "attngan.att",
     .set = {"gf=2", "df=2", "e=6", "z=5", "code=4", "ups=2", "residuals=1", "layers=2",
             "codes=given", "features=given"},
     .option = "--training",
     .names = gan_names,
     .inputs = gan_inputs,
     .outputs = gan_outputs,
     .gradients = 49},
    {.name = "m4c",
     .model = "m4c.att",
     .set = {"d=12", "heads=3", "layers=2", "ffn=20", "object_size=7", "token_size=8"},
     .names = m4c_names,
     .inputs = m4c_inputs,
     .outputs = m4c_outputs,
     .more = m4c_more,
     .gradients = 60},
};
enum { N_MODELS = sizeof MODELS / sizeof MODELS[0] };

typedef struct parity_case {
  const model_case *m;
  const score_case *s;
  int without; /* reference_without */
  char name[160];
} parity_case;

static char work_dir[] = "/tmp/attune-parity-XXXXXX";

static void run_case(const parity_case *c, const char *given, const char *out) {
  char model[4400], score[200];
  const char *top = getenv("top_srcdir"), *bin = getenv("ATTUNE");
  char *argv[64] = {(char *)(bin ? bin : "./attune"),
                    "run",
                    model,
                    "--inputs",
                    (char *)given,
                    "--weights",
                    (char *)given,
                    "--prefix",
                    "w.",
                    "--out",
                    (char *)out,
                    "--gradients",
                    "--set",
                    score};
  int n = 14;
  snprintf(model, sizeof model, "%s/examples/models/%s", top ? top : ".", c->m->model);
  snprintf(score, sizeof score, "score=%s", c->s->spec);
  for (int i = 0; c->m->set[i]; i++) {
    argv[n++] = "--set";
    argv[n++] = (char *)c->m->set[i];
  }
  if (c->m->option) argv[n++] = (char *)c->m->option;
  reference_without(c->without, argv, n);
  assert_int_equal(reference_run(argv), 0);
}

static void test_case(void **state) {
  const parity_case *c = *state;
  char path[4400], given[200], out[200];
  at_arrays ref = {0}, in = {0}, mine = {0};
  at_error err = {0};
  if (!reference_dir[0]) {
    print_message("skipped: no reference arrays; set ATTUNE_SHARED\n");
    skip();
  }
  snprintf(path, sizeof path, "%s/%s_%s.npz", reference_dir, c->m->name, c->s->reference);
  snprintf(given, sizeof given, "%s/in.npz", work_dir);
  snprintf(out, sizeof out, "%s/out.npz", work_dir);
  reference_load(path, &ref);
  for (const pairing *p = c->m->inputs; p->theirs; p++) take_input(&ref, p, &in);
  if (c->m->more) c->m->more(&ref, &in);
  take_weights(&ref, c->m, &in);
  if (at_npz_write(given, &in, AT_NPZ_STORED, &err) != AT_OK) fail_msg("%s", err.message);
  run_case(c, given, out);
  reference_load(out, &mine);
  for (const pairing *p = c->m->outputs; p->theirs; p++) compare_output(&mine, &ref, p);
  assert_true(compare_gradients(&mine, &ref, c->m) >= c->m->gradients);
  compare_counts(&mine, &ref);
  unlink(given);
  unlink(out);
  at_arrays_free(&ref);
  at_arrays_free(&in);
  at_arrays_free(&mine);
}

static parity_case cases[N_MODELS * (N_SCORES + 32)];
static struct CMUnitTest tests[sizeof cases / sizeof cases[0]];
static size_t n_case;

static void add_case(const model_case *m, const score_case *s, int without) {
  char end[40];
  assert_true(n_case < sizeof cases / sizeof cases[0]);
  parity_case *c = &cases[n_case];
  *c = (parity_case){.m = m, .s = s, .without = without};
  reference_without_name(without, end);
  snprintf(c->name, sizeof c->name, "%s_%s%s", m->name, s->reference, end);
  tests[n_case++] = (struct CMUnitTest){c->name, test_case, NULL, NULL, c};
}

/* Every score; the first also without each pass and without all. */
int main(void) {
  reference_find();
  if (!mkdtemp(work_dir)) return 1;
  for (int m = 0; m < N_MODELS; m++) {
    for (int s = 0; s < N_SCORES; s++) add_case(&MODELS[m], &SCORES[s], REFERENCE_NONE);
    for (int p = 0; p < reference_passes(); p++) add_case(&MODELS[m], &SCORES[0], p);
    add_case(&MODELS[m], &SCORES[0], REFERENCE_ALL);
  }
  int rc = _cmocka_run_group_tests("parity of models", tests, n_case, NULL, NULL);
  rmdir(work_dir);
  return rc;
}
