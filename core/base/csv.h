/* Fields of a CSV line (RFC 4180). Whoever writes ends a line with "\r\n". */
#ifndef AT_BASE_CSV_H
#define AT_BASE_CSV_H
#include "core/base/text.h"

/* A comma before it unless it is the first of its line; quoted where it must be. */
void at_csv_field(at_text *t, const char *s, bool first);
/* A comma and 12 digits; nothing behind the comma when it is no finite number. */
void at_csv_number(at_text *t, double v);
#endif
