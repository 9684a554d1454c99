/* Answers made comparable as the evaluation of VQA does (Antol and others, 2015;
 * github.com/GT-Vision-Lab/VQA, vqaEval.py). */
#ifndef ATTUNE_METRIC_VQA_ANSWER_H
#define ATTUNE_METRIC_VQA_ANSWER_H
#include <stddef.h>

enum { VQA_ANSWER = 512 }; /* bytes of an answer that count, with the NUL */

/* White space at the ends taken away, tabs and line ends made blanks; at most `room` - 1 bytes
 * and a NUL, never cutting a character short. `out` may be `text`. */
void vqa_answer_trim(const char *text, size_t n, char *out, size_t room);

/* Punctuation, lower case, numbers, articles, contractions. A word may grow by a byte or two: what
 * does not fit into `room` is left out. */
void vqa_answer_normal(const char *text, char *out, size_t room);

/* The same as TextVQA's evaluation does it: commas and question marks vanish first, and `'s`
 * becomes a word (m4c_evaluators.py of mmf). */
void vqa_answer_read(const char *text, char *out, size_t room);

/* Equal but for the case of letters of ASCII and Latin-1. */
int vqa_answer_same(const char *a, const char *b);
#endif
