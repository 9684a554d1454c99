/* Readers of text-VQA: small files that hold and that do not, and the published ones. */
#include "tests/unit/data_sets.h"

static const char receipt[] =
    "{\"image\": \"img/1.jpg\", \"split\": \"train\", \"ocr\": [{\"text\": \"ACME SDN BHD\", "
    "\"box\": [0.1, 0.1, 0.5, 0.2]}, {\"text\": \"TOTAL: 9.00\", \"box\": [0, 0.5, 1.5, 0.6]}]}\n"
    "{\"image\": \"img/2.jpg\", \"split\": \"test\", \"ocr\": []}\n";
static const char asked_of_it[] =
    "split\timage\tfield\tquestion\tanswer\tfirst\tlast\n"
    "train\timg/1.jpg\ttotal\twhat is the total\t9.00\t1\t1\n"
    "train\timg/1.jpg\tcompany\twho\tACME BHD\t0\t0\n"
    "test\timg/2.jpg\ttotal\twhat is the total\t1.00\t-1\t-1\n";

static at_status open_sroie(const char *options, const char *lines, const char *questions,
                            at_dataset **out, at_error *err) {
  char spec[1024];
  put_file(in_scratch("sroie"), "receipts.jsonl", lines);
  put_file(in_scratch("sroie"), "qa.tsv", questions);
  snprintf(spec, sizeof spec, "sroie(root=%s%s)", in_scratch("sroie"), options);
  return open_set(spec, out, err);
}

static char *tokens_of(const at_dataset *d, const char *split, int64_t row) {
  static char kept[1 << 16];
  char *text;
  assert_ok(at_dataset_read_text(d, split, field(d, "picture", "token_text"), row, &text, err));
  snprintf(kept, sizeof kept, "%s", text);
  free(text);
  return kept;
}

static int64_t items_of(const at_dataset *d, const char *split, const char *name, int64_t row,
                        float first[4]) {
  float *v;
  int64_t n;
  const at_field *f = field(d, "picture", name);
  assert_ok(at_dataset_read_items(d, split, f, row, &v, &n, err));
  for (int i = 0; i < 4 && i < f->f.shape[0]; i++) first[i] = v[i];
  free(v);
  return n;
}

static void has_notice(const at_dataset *d, const char *what) {
  const char *said;
  for (size_t i = 0; (said = at_dataset_said(d, i)); i++)
    if (strstr(said, what)) return;
  fail_msg("it does not say \"%s\"", what);
}

static void test_sroie(void **state) {
  at_dataset *d;
  float v[4], *box;
  int64_t n;
  at_error e = {0};
  (void)state;
  assert_ok(open_sroie("", receipt, asked_of_it, &d, err));
  assert_string_equal(tokens_of(d, "train", 0),
                      "ACME SDN BHD\nACME\nSDN\nBHD\nTOTAL: 9.00\nTOTAL:\n9.00");
  assert_int_equal(items_of(d, "train", "token", 0, v), 7);
  assert_int_equal(items_of(d, "train", "token_box", 0, v), 7);
  assert_true(v[0] == 0.1f && v[3] == 0.2f);
  has_text(d, "train", "answers", 0, "9.00");
  has_text(d, "train", "type", 1, "company");
  assert_int_equal(link_of(d, "train", 1), 0);
  /* What decides: the token 9.00; the words ACME and BHD, not their line. */
  const at_field *f = field(d, "question", "evidence");
  assert_int_equal(at_dataset_read_boxes(d, "train", f, 0, &box, &n, &e), AT_OK);
  assert_true(n == 1 && fabs((double)box[0] - 224 * 7 / 11.0) < 1e-3 && box[1] == 224);
  free(box);
  assert_int_equal(at_dataset_read_boxes(d, "train", f, 1, &box, &n, &e), AT_OK);
  assert_int_equal(n, 2);
  free(box);
  /* No tokens: one without a character, and that is said. */
  assert_string_equal(tokens_of(d, "test", 0), "");
  assert_int_equal(items_of(d, "test", "token", 0, v), 1);
  has_notice(d, "pictures without a token: 1, the first is img/2.jpg");
  has_notice(d, "boxes that reach beyond them: 1");
  at_dataset_close(d);

  assert_ok(open_sroie(",tokens=lines,words=0,looks=false", receipt, asked_of_it, &d, err));
  assert_string_equal(tokens_of(d, "train", 0), "ACME SDN BHD\nTOTAL: 9.00");
  assert_int_equal(field(d, "picture", "token")->f.shape[0], 604);
  at_dataset_close(d);
  assert_ok(open_sroie(",tokens=words,limit=2", receipt, asked_of_it, &d, err));
  assert_string_equal(tokens_of(d, "train", 0), "ACME\nSDN");
  has_notice(d, "pictures with more than 2 tokens: 1; of these the first 2 are given");
  at_dataset_close(d);
}

static void test_sroie_refuses(void **state) {
  static const struct {
    const char *options, *lines, *questions, *why;
  } bad[] = {
      {"", "{\"image\": \"\xff\"}\n", asked_of_it, "receipts.jsonl:1: byte 12 of it is not UTF-8"},
      {"", "{\"image\": 1", asked_of_it, "receipts.jsonl:1: it is no JSON"},
      {"", "[]\n", asked_of_it, "receipts.jsonl:1: this line is no object"},
      {"", "{\"image\": \"a\", \"split\": \"b\"}\n", asked_of_it,
       "lacks `image`, `split` or `ocr`"},
      {"", "{\"image\": \"a\", \"split\": \"b\", \"ocr\": [{\"text\": \"a\"}]}\n", asked_of_it,
       "lacks its text or its box"},
      {"",
       "{\"image\": \"a\", \"split\": \"b\", \"ocr\": [{\"text\": \"a\", \"box\": [1,0,0,1]}]}\n",
       asked_of_it, "receipts.jsonl:1: its box is none"},
      {"", receipt, "train\timg/1.jpg\ttotal\tq\ta\n", "qa.tsv:1: seven columns are wanted"},
      {"", receipt, "train\timg/3.jpg\ttotal\tq\ta\t0\t0\n", "qa.tsv:1: its image is not in"},
      {"", receipt, "train\timg/1.jpg\ttotal\tq\ta\t0\t0\n", "no questions of the split `test`"},
      {"", "", asked_of_it, "its image is not in"},
      {",words=0,phoc=false,looks=false", receipt, asked_of_it, "one at least is needed"},
      {",vectors=/nowhere.vec", receipt, asked_of_it, "/nowhere.vec: No such file"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    at_dataset *d;
    at_error e = {0};
    assert_int_equal(open_sroie(bad[i].options, bad[i].lines, bad[i].questions, &d, &e), AT_EINPUT);
    if (!strstr(e.message, bad[i].why)) fail_msg("\"%s\" lacks \"%s\"", e.message, bad[i].why);
  }
}

/* The published receipts: how many rows, and what the answers can be made of. */
static void test_sroie_published(void **state) {
  const char *root = shared("sroie");
  char spec[1024];
  at_dataset *d;
  (void)state;
  if (!root) return;
  snprintf(spec, sizeof spec, "sroie(root=%s)", root);
  assert_ok(open_set(spec, &d, err));
  assert_int_equal(at_dataset_rows(d, "train", "picture"), 500);
  assert_int_equal(at_dataset_rows(d, "test", "question"), 252);
  has_text(d, "train", "answer", 3, "9.00");
  assert_null(at_dataset_said(d, 0)); /* the limit is beyond all of them */
  at_dataset_close(d);
  can_be_stopped(spec);
}

/* Fewest tokens that make the answer up, a blank between two; 0: it cannot be made. */
static int steps_to(const char *answer, const char *tokens) {
  int best[1024] = {0};
  const size_t n = strlen(answer);
  assert_true(n + 1 < 1024);
  for (size_t at = 0; at < n; at++) {
    if (at && (answer[at - 1] != ' ' || !best[at])) continue;
    for (const char *t = tokens; *t;) {
      const size_t k = strcspn(t, "\n");
      const size_t end = at + k;
      if (k && !strncmp(answer + at, t, k) && (!answer[end] || answer[end] == ' ')) {
        const size_t to = answer[end] ? end + 1 : end;
        if (!best[to] || best[at] + 1 < best[to]) best[to] = best[at] + 1;
      }
      t += k + (t[k] == '\n');
    }
  }
  return best[n];
}

/* What attune-data(1) says the answers can be made of. */
static void test_sroie_answers(void **state) {
  static const char *const types[] = {"company", "date", "address", "total"};
  static const struct {
    const char *tokens;
    int any[4], twelve[4];
  } want[] = {
      {"lines", {460, 131, 478, 589}, {460, 131, 478, 589}},
      {"words", {607, 619, 488, 622}, {607, 619, 336, 622}},
      {"both", {607, 619, 488, 622}, {607, 619, 488, 622}},
  };
  static const char *const splits[] = {"train", "dev", "test"};
  const char *root = shared("sroie");
  char spec[1024];
  (void)state;
  for (size_t k = 0; root && k < 3; k++) {
    at_dataset *d;
    int any[4] = {0}, twelve[4] = {0}, all[4] = {0};
    snprintf(spec, sizeof spec, "sroie(root=%s,tokens=%s)", root, want[k].tokens);
    assert_ok(open_set(spec, &d, err));
    for (int s = 0; s < 3; s++)
      for (int64_t q = 0; q < at_dataset_rows(d, splits[s], "question"); q++) {
        char *type, *answer;
        int t = 0;
        assert_ok(at_dataset_read_text(d, splits[s], field(d, "question", "type"), q, &type, err));
        assert_ok(
            at_dataset_read_text(d, splits[s], field(d, "question", "answer"), q, &answer, err));
        while (strcmp(types[t], type) != 0) t++;
        const int steps = steps_to(answer, tokens_of(d, splits[s], link_of(d, splits[s], q)));
        all[t]++;
        any[t] += steps > 0;
        twelve[t] += steps > 0 && steps <= 12;
        free(type);
        free(answer);
      }
    for (int t = 0; t < 4; t++) {
      assert_int_equal(all[t], t < 2 ? 626 : 625);
      assert_int_equal(any[t], want[k].any[t]);
      assert_int_equal(twelve[t], want[k].twelve[t]);
    }
    at_dataset_close(d);
  }
}

/* ---- signs ---- */

static at_status open_signs(const char *name, const char *options, at_dataset **out,
                            at_error *err) {
  char spec[1024];
  snprintf(spec, sizeof spec, "signs(root=%s%s)", in_scratch(name), options);
  return open_set(spec, out, err);
}

static void make_signs(const char *name, const char *more) {
  char command[2400];
  snprintf(command, sizeof command,
           "'%s' data make signs --out '%s' --count 40 --seed 5 --size 64 %s >/dev/null",
           getenv("ATTUNE"), in_scratch(name), more);
  assert_int_equal(system(command), 0);
}

static bool same_box(const float *xywh, const float *corners, double side) {
  const double b[4] = {(double)corners[0], (double)corners[1], (double)(corners[2] - corners[0]),
                       (double)(corners[3] - corners[1])};
  for (int i = 0; i < 4; i++)
    if (fabs((double)xywh[i] - side * b[i]) > 1e-3) return false;
  return true;
}

/* The texts of the tokens whose boxes are evidence, a blank between two. */
static void deciding(const at_dataset *d, int64_t q, char *out) {
  float *evidence, *box;
  int64_t n, tokens;
  const int64_t row = link_of(d, "train", q);
  const char *text = tokens_of(d, "train", row);
  assert_ok(
      at_dataset_read_boxes(d, "train", field(d, "question", "evidence"), q, &evidence, &n, err));
  assert_ok(
      at_dataset_read_items(d, "train", field(d, "picture", "token_box"), row, &box, &tokens, err));
  *out = 0;
  for (int64_t t = 0; t < tokens; t++) {
    const int k = (int)strcspn(text, "\n");
    for (int64_t i = 0; i < n; i++)
      if (same_box(evidence + 4 * i, box + 4 * t, 64))
        sprintf(out + strlen(out), "%s%.*s", *out ? " " : "", k, text);
    text += k + (text[k] == '\n');
  }
  free(evidence);
  free(box);
}

static void test_signs(void **state) {
  at_dataset *d;
  float v[4];
  int read = 0;
  (void)state;
  make_signs("signs", "");
  make_signs("again", "");
  char command[2400];
  snprintf(command, sizeof command, "diff -r '%s/signs' '%s/again'", scratch, scratch);
  assert_int_equal(system(command), 0);
  assert_ok(open_signs("signs", "", &d, err));
  assert_int_equal(at_dataset_rows(d, "train", "picture"), 32);
  assert_int_equal(field(d, "picture", "object")->f.shape[0], 20);
  for (int64_t q = 0; q < at_dataset_rows(d, "train", "question"); q++) {
    char *type, *answer, found[256];
    assert_ok(at_dataset_read_text(d, "train", field(d, "question", "type"), q, &type, err));
    assert_ok(at_dataset_read_text(d, "train", field(d, "question", "answer"), q, &answer, err));
    deciding(d, q, found);
    if (!strcmp(type, "read") || !strcmp(type, "beside") || !strcmp(type, "place")) {
      assert_string_equal(found, answer);
      read++;
    }
    free(type);
    free(answer);
  }
  assert_true(read > 60);
  /* A board is [kind, color, size]: three ones. */
  float *objects;
  int64_t n;
  assert_ok(at_dataset_read_items(d, "train", field(d, "picture", "object"), 0, &objects, &n, err));
  for (int64_t i = 0; i < n; i++) {
    float sum = 0;
    for (int k = 0; k < 20; k++) sum += objects[20 * i + k];
    assert_true(sum == 3);
  }
  assert_int_equal(items_of(d, "train", "object_box", 0, v), n);
  free(objects);
  at_dataset_close(d);
}

static void test_misread(void **state) {
  at_dataset *plain, *other;
  int letters = 0, different = 0;
  (void)state;
  assert_ok(open_signs("signs", "", &plain, err));
  assert_ok(open_signs("signs", ",misread=0.2", &other, err));
  for (int64_t row = 0; row < 32; row++) {
    char right[4096];
    snprintf(right, sizeof right, "%s", tokens_of(plain, "train", row));
    const char *read = tokens_of(other, "train", row);
    assert_int_equal(strlen(read), strlen(right));
    for (int i = 0; right[i]; i++) {
      letters += right[i] != '\n';
      different += right[i] != read[i];
    }
  }
  assert_true(letters > 300 && different > letters / 10 && different < letters * 3 / 10);
  at_dataset_close(plain);
  at_dataset_close(other);
}

static void test_signs_refuse(void **state) {
#define PICTURE "{\"id\": 0, \"file\": \"a.png\", \"split\": \"train\", \"width\": 9, \"height\": 9"
#define ASKED   "{\"picture\": 0, \"question\": \"q\", \"answer\": \"a\", \"type\": \"t\""
  static const struct {
    const char *picture, *question, *why;
  } bad[] = {
      {PICTURE "}\n", ASKED ", \"evidence\": {\"tokens\": [0]}}\n",
       "questions.jsonl:1: it names no such token"},
      {PICTURE "}\n", ASKED ", \"evidence\": {\"objects\": [-1]}}\n", "no such object"},
      {PICTURE "}\n", ASKED ", \"evidence\": {\"words\": [\"a\"]}}\n", "no such word"},
      {PICTURE "}\n", "{\"picture\": 1}\n", "a question lacks its text, answer or type"},
      {PICTURE ", \"tokens\": [{\"text\": \"a\"}]}\n", "",
       "signs.jsonl:1: something lacks its box"},
      {PICTURE ", \"objects\": [{\"box\": [0, 0, 1, 1], \"shape\": \"cube\"}]}\n", "",
       "an object has an unknown shape, color or size"},
      {"{\"id\": 1}\n", "", "it lacks its file, its split or its size"},
      {PICTURE "}\n" PICTURE "}\n", "", "signs.jsonl:2: its id is not one more than the last"},
      {PICTURE "}\n", "{\"picture\": 5, \"question\": \"q\", \"answer\": \"a\", \"type\": \"t\"}\n",
       "there is no picture of this question"},
      {PICTURE "}\n", "", "there are no questions of the split `train`"},
      {"", "", "there are no pictures in signs.jsonl"},
      {"{\"id\": \"\xff\"}\n", "", "signs.jsonl:1: byte 9 of it is not UTF-8"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    at_dataset *d;
    at_error e = {0};
    put_file(in_scratch("broken"), "signs.jsonl", bad[i].picture);
    put_file(in_scratch("broken"), "questions.jsonl", bad[i].question);
    assert_int_equal(open_signs("broken", "", &d, &e), AT_EINPUT);
    if (!strstr(e.message, bad[i].why)) fail_msg("\"%s\" lacks \"%s\"", e.message, bad[i].why);
  }
}

/* ---- TextVQA and ST-VQA ---- */

static const char textvqa_questions[] =
    "{\"dataset_name\": \"textvqa\", \"data\": [{\"question\": \"what is written?\", \"image_id\": "
    "\"ab\", \"image_width\": 100, \"image_height\": 50, \"answers\": [\"no\\tentry\", \"stop\", "
    "\"stop\"]}, {\"question\": \"and then?\", \"image_id\": \"ab\", \"answers\": [\"\u5408\"]}, "
    "{\"question\": \"what?\", \"image_id\": \"cd\", \"answers\": [\"a\"]}]}";
static const char textvqa_tokens[] =
    "{\"data\": [{\"image_id\": \"ab\", \"ocr_tokens\": [\"STOP\", \"\u5408\u8a08\"], "
    "\"ocr_info\": "
    "[{\"word\": \"STOP\", \"bounding_box\": {\"width\": 0.5, \"height\": 0.25, \"top_left_x\": "
    "0.25, "
    "\"top_left_y\": 0.125, \"rotation\": 3}}, {\"word\": \"x\", \"bounding_box\": {\"width\": "
    "0.5, "
    "\"height\": 0.5, \"topLeftX\": 0.75, \"topLeftY\": -0.25}}]}, {\"image_id\": \"other\", "
    "\"ocr_tokens\": [\"a\"]}]}";

static at_status open_scene_text(const char *spec, const char *questions, const char *tokens,
                                 at_dataset **out, at_error *err) {
  char full[2048];
  put_file(in_scratch("tv"), "TextVQA_0.5.1_train.json", questions);
  put_file(in_scratch("tv"), "TextVQA_Rosetta_OCR_v0.2_train.json", tokens);
  put_file(in_scratch("tv"), "TextVQA_0.5.1_test.json",
           "{\"data\": [{\"question\": \"q\", \"image_id\": \"t\"}]}");
  put_file(in_scratch("tv"), "TextVQA_Rosetta_OCR_v0.2_test.json", "{\"data\": []}");
  snprintf(full, sizeof full, spec, in_scratch("tv"));
  return open_set(full, out, err);
}

static void test_textvqa(void **state) {
  at_dataset *d;
  float v[4];
  (void)state;
  assert_ok(open_scene_text("textvqa(root=%s)", textvqa_questions, textvqa_tokens, &d, err));
  assert_int_equal(at_dataset_rows(d, "train", "picture"), 2);
  assert_int_equal(at_dataset_rows(d, "train", "question"), 3);
  assert_int_equal(at_dataset_rows(d, "test", "question"), -1);
  has_text(d, "train", "answer", 0, "stop");
  has_text(d, "train", "answers", 0, "no entry\tstop\tstop");
  assert_int_equal(link_of(d, "train", 1), 0);
  assert_int_equal(link_of(d, "train", 2), 1);
  assert_string_equal(tokens_of(d, "train", 0), "STOP\n\u5408\u8a08");
  assert_int_equal(items_of(d, "train", "token_box", 0, v), 2);
  assert_true(v[0] == 0.25f && v[1] == 0.125f && v[2] == 0.75f && v[3] == 0.375f);
  assert_int_equal(items_of(d, "train", "token", 1, v), 1);
  has_notice(d, "pictures without a token: 1, the first is cd");
  has_notice(d, "boxes that reach beyond them: 1, the first is ab");
  /* A picture of two splits has in each the tokens of its file. */
  put_file(in_scratch("tv"), "TextVQA_0.5.1_val.json", textvqa_questions);
  put_file(in_scratch("tv"), "TextVQA_Rosetta_OCR_v0.2_val.json",
           "{\"data\": [{\"image_id\": \"ab\", \"ocr_tokens\": [\"GO\"]}]}");
  at_dataset *both;
  assert_ok(open_scene_text("textvqa(root=%s)", textvqa_questions, textvqa_tokens, &both, err));
  assert_string_equal(tokens_of(both, "val", 0), "GO");
  assert_string_equal(tokens_of(both, "train", 0), "STOP\n\u5408\u8a08");
  at_dataset_close(both);
  remove(in_scratch("tv/TextVQA_0.5.1_val.json"));
  assert_null(at_dataset_field(d, "picture", "image"));
  assert_null(at_dataset_field(d, "picture", "object"));
  at_dataset_close(d);
}

static void test_stvqa(void **state) {
  at_dataset *d;
  char spec[1200];
  int64_t rows[2];
  (void)state;
  put_file(in_scratch("st"), "train_task_3.json",
           "{\"data\": [{\"question\": \"q\", \"answers\": [\"a\"], \"file_path\": "
           "\"coco-text/x.1.jpg\", \"dataset\": \"coco-text\"}, {\"question\": \"p\", \"answers\": "
           "[\"b\"], \"file_path\": \"vizwiz/y.jpg\"}]}");
  put_file(in_scratch("st"), "ocr.json",
           "{\"data\": [{\"image_id\": \"coco-text/x.1\", \"ocr_tokens\": [\"a\"]}]}");
  snprintf(spec, sizeof spec, "stvqa(root=%s/st,ocr=%s/st/ocr.json)", scratch, scratch);
  assert_ok(open_set(spec, &d, err));
  rows[0] = at_dataset_rows(d, "train", "question");
  rows[1] = at_dataset_rows(d, "val", "question");
  assert_int_equal((rows[0] > 0 ? rows[0] : 0) + (rows[1] > 0 ? rows[1] : 0), 2);
  has_text(d, "train", "type", 0, "coco-text");
  assert_string_equal(tokens_of(d, "train", 0), "a");
  at_dataset_close(d);
}

static void test_scene_text_refuses(void **state) {
  static const struct {
    const char *options, *questions, *tokens, *why;
  } bad[] = {
      {"", "{\"data\": [{\"question\": \"q\", \"answers\": [\"a\"]}]}", textvqa_tokens,
       "train.json: record 1: it has no image_id"},
      {"", "{\"data\": [{\"image_id\": \"ab\", \"answers\": [\"a\"]}]}", textvqa_tokens,
       "record 1: it has no question"},
      {"", "{\"data\": [{\"image_id\": \"ab\", \"question\": \"q\", \"answers\": [1]}]}",
       textvqa_tokens, "one of its answers is no text"},
      {"", "{\"data\": [{\"image_id\": \"a\xff\"}]}", textvqa_tokens,
       "record 1: its text is not UTF-8"},
      {"", "{\"data\": []}", textvqa_tokens, "no question in it has answers"},
      {"", textvqa_questions, "{\"data\": [{}]}", "v0.2_train.json: record 1: it has no image_id"},
      {"", textvqa_questions,
       "{\"data\": [{\"image_id\": \"ab\", \"ocr_tokens\": [\"a\"], \"ocr_info\": [{}, {}]}]}",
       "not of the same length"},
      {"", textvqa_questions,
       "{\"data\": [{\"image_id\": \"ab\", \"ocr_tokens\": [\"a\"]}, {\"image_id\": \"ab\", "
       "\"ocr_tokens\": [\"a\"]}]}",
       "record 2: its picture has tokens already"},
      {"", textvqa_questions, "{\"data\": [{\"image_id\": \"ab\", \"ocr_tokens\": [1]}]}",
       "a token is no text"},
      {",objects=/nowhere/{id}.npy", textvqa_questions, textvqa_tokens,
       "record 1: the objects of its picture, /nowhere/ab.npy: No such file"},
      {",objects=/nowhere.bin", textvqa_questions, textvqa_tokens, "objects are in files"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char spec[256];
    at_dataset *d;
    at_error e = {0};
    snprintf(spec, sizeof spec, "textvqa(root=%%s%s)", bad[i].options);
    assert_int_equal(open_scene_text(spec, bad[i].questions, bad[i].tokens, &d, &e), AT_EINPUT);
    if (!strstr(e.message, bad[i].why)) fail_msg("\"%s\" lacks \"%s\"", e.message, bad[i].why);
  }
}

static int begin(void **state) {
  const char *bin = getenv("ATTUNE");
  return !bin || make_scratch(state) || at_registry_new(NULL, 0, &registry, NULL) != AT_OK ? -1 : 0;
}
static int end(void **state) {
  at_registry_free(registry);
  return drop_scratch(state);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sroie),           cmocka_unit_test(test_sroie_refuses),
      cmocka_unit_test(test_sroie_published), cmocka_unit_test(test_sroie_answers),
      cmocka_unit_test(test_signs),           cmocka_unit_test(test_misread),
      cmocka_unit_test(test_signs_refuse),    cmocka_unit_test(test_textvqa),
      cmocka_unit_test(test_stvqa),           cmocka_unit_test(test_scene_text_refuses),
  };
  return cmocka_run_group_tests_name("text_vqa", tests, begin, end);
}
