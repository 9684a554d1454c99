/* What a token of a picture is as text, in numbers. Pure functions over UTF-8. */
#ifndef ATTUNE_DATA_OCR_TEXT_H
#define ATTUNE_DATA_OCR_TEXT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a text stops to be UTF-8 (RFC 3629), in bytes; -1: nowhere. */
int64_t ocr_not_utf8(const char *text, size_t n);
/* The next code point, and how many bytes it is long. What is no UTF-8 is a byte. n at least 1. */
uint32_t ocr_code_point(const char *text, size_t n, size_t *bytes);

/* Pyramidal histogram of characters (Almazan, Gordo, Fornes and Valveny, Word spotting and
 * recognition with embedded attributes, 2014), as M4C has it (Hu and others, 2020): the alphabet is
 * a-z0-9, capitals are small, other characters are left out first. A character is in a part of the
 * word when at least half of it is. Levels 2, 3, 4, 5: part after part 36 numbers, 0 or 1; then the
 * two halves of the word once more, 50 frequent pairs of letters each. */
enum { OCR_PHOC = 36 * (2 + 3 + 4 + 5) + 2 * 50 };
void ocr_phoc(const char *text, size_t n, float dst[OCR_PHOC]);

/* Character n-grams hashed (the subwords of Bojanowski and others, 2017, without vectors of their
 * own): the n-grams of 2 to 4 code points of each word, A-Z made small, between `<` and `>`, and
 * the word itself. Each adds +1 or -1 to one of `size` numbers, both chosen by its FNV-1a hash.
 * Adds to dst[size]; words are parted by blanks. */
void ocr_grams(const char *text, size_t n, int64_t size, float *dst);

/* What a text looks like; each 0 .. 1. Of several words a kind holds when it does for one of them;
 * marks around a word do not count. */
enum {
  OCR_NUMBER, /* digits, with . , - between them */
  OCR_AMOUNT, /* a number with two digits behind its last . or , perhaps with RM, USD, $ before */
  OCR_DATE,   /* 25/12/2018, 2018-12-25, 25.12.18, 25 DEC 2018 without its blanks */
  OCR_TIME,   /* 8:13, 20:13:39 */
  OCR_CODE,   /* letters and digits in one word, and no date */
  OCR_DIGITS, /* share of digits among its code points */
  OCR_CAPITALS,
  OCR_MARKS,      /* share of what is neither letter nor digit nor blank */
  OCR_LENGTH,     /* ln(1 + code points) / ln 65, at most 1 */
  OCR_WORD_COUNT, /* words / 12, at most 1 */
  OCR_COLON,      /* it ends with a colon */
  OCR_LOOKS
};
void ocr_looks(const char *text, size_t n, float dst[OCR_LOOKS]);

void ocr_unit(float *v, int64_t n); /* to length 1; zeros stay */
#endif
