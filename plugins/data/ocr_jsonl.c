#include "ocr_jsonl.h"
#include <stdio.h>
#include <stdlib.h>
#include "ocr_text.h"
#include "reading.h"
#include "text_file.h"

int jsonl_bad(const jsonl *f, const char *why) {
  f->host->error(f->host, "%s:%lld: %s", f->path, (long long)f->line, why);
  return ATTUNE_BAD_INPUT;
}

int jsonl_lines(jsonl *f, const char *root, const char *name,
                int (*each)(void *ctx, char *line, size_t n), void *ctx) {
  char *text = NULL;
  size_t n, length;
  snprintf(f->path, sizeof f->path, "%.4000s/%.500s", root, name);
  f->line = 0;
  int rc = file_read(f->host, f->path, &text, &n);
  for (char *at = text, *l; !rc && (l = next_line(&at, &length));) {
    f->line++;
    if (length) rc = each(ctx, l, length);
    if (!rc) rc = still_reading(f->host, f->path, at - text, (int64_t)n);
  }
  free(text);
  return rc;
}

int jsonl_parse(const jsonl *f, const char *text, size_t n, json_t **out) {
  json_error_t e;
  char why[JSON_ERROR_TEXT_LENGTH + 64];
  *out = json_loadb(text, n, JSON_REJECT_DUPLICATES, &e);
  if (json_is_object(*out)) return ATTUNE_OK;
  if (*out) {
    json_decref(*out);
    *out = NULL;
    return jsonl_bad(f, "this line is no object");
  }
  if (json_error_code(&e) == json_error_out_of_memory) return ATTUNE_NO_MEMORY;
  const int64_t at = ocr_not_utf8(text, n);
  if (at >= 0)
    snprintf(why, sizeof why, "byte %lld of it is not UTF-8", (long long)at + 1);
  else
    snprintf(why, sizeof why, "it is no JSON: %s", e.text);
  return jsonl_bad(f, why);
}
