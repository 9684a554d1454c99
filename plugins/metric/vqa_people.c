#include "vqa_people.h"
#include <string.h>

int vqa_people_split(const char *text, vqa_text out[VQA_PEOPLE]) {
  int n = 0;
  while (*text && n < VQA_PEOPLE) {
    size_t length = strcspn(text, "\t");
    vqa_answer_trim(text, length, out[n++], sizeof *out);
    text += length + (text[length] == '\t');
  }
  return n;
}

double vqa_people_agree(const char *given, vqa_text *people, int n) {
  int same = 0;
  for (int i = 0; i < n; i++) same += vqa_answer_same(people[i], given);
  double with = same > 3 ? 1 : (same - 1) / 3.0, without = same >= 3 ? 1 : same / 3.0;
  return n ? (same * with + (n - same) * without) / n : 0;
}
