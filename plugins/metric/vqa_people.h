/* How well an answer agrees with what several people said. */
#ifndef ATTUNE_METRIC_VQA_PEOPLE_H
#define ATTUNE_METRIC_VQA_PEOPLE_H
#include "vqa_answer.h"

enum { VQA_PEOPLE = 64 };
typedef char vqa_text[VQA_ANSWER];

/* Answers that tabs part, trimmed; how many there are. */
int vqa_people_split(const char *text, vqa_text out[VQA_PEOPLE]);

/* The mean over n people of min(1, matches / 3) among the answers of the others. All are comparable
 * already. */
double vqa_people_agree(const char *given, vqa_text *people, int n);
#endif
