/* Numbers and text as they are shown. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "core/report/report_impl.h"

const char *at_rp_number(char buf[RP_NUMBER], double v, int decimals) {
  if (decimals < 0 || fabs(v) >= 1e12)
    snprintf(buf, RP_NUMBER, "%.3g", v);
  else
    snprintf(buf, RP_NUMBER, "%.*f", decimals > 12 ? 12 : decimals, v);
  for (char *p = buf; *p; p++)
    if (*p == ',') *p = '.';
  /* "-0.00" says no more than "0.00" */
  if (buf[0] == '-' && !buf[strspn(buf, "-0.")]) memmove(buf, buf + 1, strlen(buf));
  return buf;
}

int at_rp_decimals(double largest) {
  static const struct {
    double from;
    int decimals;
  } rule[] = {{1e6, -1}, {100, 1}, {1, 2}, {0.1, 3}, {0.001, 4}};
  for (size_t i = 0; i < sizeof rule / sizeof *rule; i++)
    if (largest >= rule[i].from) return rule[i].decimals;
  return largest > 0 ? -1 : 2;
}

/* ---- UTF-8 ---- */

static const uint32_t REPLACEMENT = 0xFFFD;

/* The next character of s and how many bytes it takes; REPLACEMENT and 1 when the bytes
 * are not UTF-8. */
static uint32_t next_char(const char *s, size_t *len) {
  static const struct {
    unsigned char mask, lead;
    uint32_t least;
  } form[] = {{0x80, 0x00, 0}, {0xE0, 0xC0, 0x80}, {0xF0, 0xE0, 0x800}, {0xF8, 0xF0, 0x10000}};
  const unsigned char *u = (const unsigned char *)s;
  *len = 1;
  for (size_t n = 0; n < 4; n++) {
    if ((u[0] & form[n].mask) != form[n].lead) continue;
    uint32_t c = u[0] & (unsigned char)~form[n].mask;
    for (size_t i = 1; i <= n; i++) {
      if ((u[i] & 0xC0) != 0x80) return REPLACEMENT;
      c = c << 6 | (u[i] & 0x3F);
    }
    if (c < form[n].least || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) return REPLACEMENT;
    *len = n + 1;
    return c;
  }
  return REPLACEMENT;
}

static bool within(uint32_t c, const uint32_t (*range)[2], size_t n) {
  for (size_t i = 0; i < n; i++)
    if (c >= range[i][0] && c <= range[i][1]) return true;
  return false;
}

/* The blocks that matter in captions and file names, not all of Unicode. */
static size_t cells(uint32_t c) {
  static const uint32_t none[][2] = {{0x300, 0x36F},   {0x483, 0x489},   {0x591, 0x5BD},
                                     {0x610, 0x61A},   {0x64B, 0x65F},   {0x1AB0, 0x1AFF},
                                     {0x1DC0, 0x1DFF}, {0x200B, 0x200F}, {0x20D0, 0x20FF},
                                     {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}};
  static const uint32_t two[][2] = {{0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},
                                    {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},
                                    {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F},
                                    {0x1F680, 0x1F6FF}, {0x1F900, 0x1FAFF}, {0x20000, 0x3FFFD}};
  if (c < 0x300) return 1;
  if (within(c, none, sizeof none / sizeof *none)) return 0;
  return within(c, two, sizeof two / sizeof *two) ? 2 : 1;
}

size_t at_rp_columns(const char *utf8) {
  size_t n = 0, len;
  for (const char *s = utf8; *s; s += len) n += cells(next_char(s, &len));
  return n;
}

void at_rp_pad(at_text *t, size_t n) {
  while (n--) at_text_add(t, " ");
}

void at_rp_right(at_text *t, const char *s, size_t width) {
  size_t w = at_rp_columns(s);
  if (w < width) at_rp_pad(t, width - w);
  at_text_add(t, s);
}

void at_rp_left(at_text *t, const char *s, size_t width) {
  size_t w = at_rp_columns(s);
  at_text_add(t, s);
  if (w < width) at_rp_pad(t, width - w);
}

/* Characters that XML and HTML do not allow, and those that would break a line of a table. */
static bool unprintable(uint32_t c) { return c < 0x20 || (c >= 0x7F && c < 0xA0); }

void at_rp_escape(at_text *t, const char *s) {
  size_t len;
  for (; *s; s += len) {
    uint32_t c = next_char(s, &len);
    if (c == '\n' || c == '\t' || c == '\r')
      at_text_add(t, " ");
    else if (c == REPLACEMENT || unprintable(c))
      at_text_add(t, "\xEF\xBF\xBD");
    else if (c == '&')
      at_text_add(t, "&amp;");
    else if (c == '<')
      at_text_add(t, "&lt;");
    else if (c == '>')
      at_text_add(t, "&gt;");
    else if (c == '"')
      at_text_add(t, "&quot;");
    else if (c == '\'')
      at_text_add(t, "&#39;");
    else
      at_text_addn(t, s, len);
  }
}

static char *take(at_arena *a, at_text *t) {
  char *out = t->failed ? NULL : at_arena_strdup(a, t->data ? t->data : "");
  at_text_free(t);
  return out;
}

char *at_rp_clean(at_arena *a, const char *s) {
  at_text t = {0};
  size_t len;
  for (; *s; s += len) {
    uint32_t c = next_char(s, &len);
    if (c == '\n' || c == '\t' || c == '\r')
      at_text_add(&t, " ");
    else if (c == REPLACEMENT || unprintable(c))
      at_text_add(&t, "\xEF\xBF\xBD");
    else
      at_text_addn(&t, s, len);
  }
  return take(a, &t);
}

char *at_rp_shorten(at_arena *a, const char *s, size_t most) {
  at_text t = {0};
  size_t n = 0, len, cut = 0;
  const char *p = s;
  for (; *p; p += len, n++) {
    next_char(p, &len);
    if (n + 1 == most) cut = (size_t)(p - s);
  }
  if (n <= most) return at_arena_strdup(a, s);
  at_text_addn(&t, s, cut);
  at_text_add(&t, "…");
  return take(a, &t);
}

void at_rp_base64(at_text *t, const void *bytes, size_t n) {
  static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const unsigned char *b = bytes;
  for (size_t i = 0; i < n; i += 3) {
    size_t left = n - i;
    uint32_t v =
        (uint32_t)b[i] << 16 | (left > 1 ? (uint32_t)b[i + 1] << 8 : 0) | (left > 2 ? b[i + 2] : 0);
    char four[4] = {digit[v >> 18], digit[v >> 12 & 63], left > 1 ? digit[v >> 6 & 63] : '=',
                    left > 2 ? digit[v & 63] : '='};
    at_text_addn(t, four, 4);
  }
}
