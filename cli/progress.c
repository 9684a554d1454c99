/* Progress on stderr: one line that is drawn over on a terminal, few plain lines elsewhere. */
#include <math.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "cli/cli.h"
#include "core/base/clock.h"

static volatile sig_atomic_t interrupted;

static void interrupt(int number) {
  (void)number;
  interrupted = 1;
}

void cli_progress_start(cli_progress *p) {
  /* The first signal asks for a checkpoint and an end; a second one ends at once. */
  struct sigaction a = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};
  sigaction(SIGINT, &a, NULL);
  sigaction(SIGTERM, &a, NULL);
  *p = (cli_progress){.terminal = isatty(STDERR_FILENO), .last = -1e9};
  at_busy_listen(cli_progress_busy, p);
}

static void duration(char *buf, size_t n, double seconds) {
  long s = seconds >= 0 && seconds < 1e8 ? (long)(seconds + 0.5) : -1;
  if (s < 0)
    snprintf(buf, n, "?");
  else if (s >= 3600)
    snprintf(buf, n, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
  else
    snprintf(buf, n, "%ld:%02ld", s / 60, s % 60);
}

static void bar(char *buf, int width, const at_progress *p) {
  int full = p->steps > 0 ? (int)((double)width * (double)p->step / (double)p->steps) : 0;
  for (int i = 0; i < width; i++) buf[i] = i < full ? '#' : '.';
  buf[width] = 0;
}

static void line(char *buf, size_t n, const at_progress *p) {
  char left[32], picture[24], metric[160] = "";
  duration(left, sizeof left, p->seconds_left);
  bar(picture, 20, p);
  if (p->metric)
    snprintf(metric, sizeof metric, " %.64s %.2f (best %.2f)", p->metric, p->value, p->best);
  if (p->steps > 0)
    snprintf(buf, n, "%s %lld/%lld [%s] %lld/%lld loss %.4f%s %.0f/s %s left", p->phase,
             (long long)p->epoch, (long long)p->epochs, picture, (long long)p->step,
             (long long)p->steps, p->loss, metric, p->examples_per_s, left);
  else
    snprintf(buf, n, "%s %lld", p->phase, (long long)p->step);
}

/* One digit tells percents apart; what lies between -1 and 1, as a share, needs more. */
static void say_result(const char *before, const char *name, double value, const char *after) {
  fprintf(stderr, " %s%s %.*f%s", before, name, fabs(value) < 1 && value != 0 ? 3 : 1, value,
          after);
}

static void results_line(const at_progress *p) {
  fprintf(stderr, "%s %lld/%lld", p->phase, (long long)p->epoch, (long long)p->epochs);
  if (p->step < p->steps) fprintf(stderr, " %lld/%lld", (long long)p->step, (long long)p->steps);
  fprintf(stderr, ":");
  for (size_t i = 0; i < p->n_results; i++)
    say_result("", p->results[i].name, p->results[i].value, "");
  if (p->metric && isfinite(p->best)) say_result("(best ", p->metric, p->best, ")");
  fprintf(stderr, "\n");
}

/* "reading ...r/val.questions.jsonl: 40 %": of a long name its end says most. */
static void busy_line(char *buf, size_t n, const at_busy_now *now) {
  enum { NAME = 48 };
  const size_t length = strlen(now->what);
  const char *cut = length > NAME ? now->what + length - NAME : now->what;
  while ((*cut & 0xc0) == 0x80) cut++; /* within a character */
  int k = snprintf(buf, n, "%s %s%s", now->doing, cut > now->what ? "..." : "", cut);
  if (k < 0 || (size_t)k >= n) return;
  if (now->total > 0)
    snprintf(buf + k, n - (size_t)k, ": %.0f %%", 100 * (double)now->done / (double)now->total);
  else
    snprintf(buf + k, n - (size_t)k, ": %lld", (long long)now->done);
}

static void show(cli_progress *c, const char *text, double t) {
  if (c->terminal)
    fprintf(stderr, "\r%s\033[K", text);
  else
    fprintf(stderr, "%s\n", text);
  fflush(stderr);
  c->shown = true;
  c->last = t;
}

/* What takes no longer than a second is not worth a line. */
bool cli_progress_busy(void *ctx, const at_busy_now *now) {
  cli_progress *c = ctx;
  const double t = at_clock();
  if (c->busy <= 0) c->busy = t;
  const double since = c->last > c->busy ? c->last : c->busy;
  if (t - c->busy >= 1 && t - since >= (c->terminal ? 0.1 : 15)) {
    char text[256];
    busy_line(text, sizeof text, now);
    show(c, text, t);
  }
  return !interrupted;
}

int cli_progress_tell(void *ctx, const at_progress *p) {
  cli_progress *c = ctx;
  double t = at_clock();
  c->busy = 0;
  if (p->results) {
    if (c->terminal && c->shown) fprintf(stderr, "\r\033[K");
    results_line(p);
    c->shown = false;
    c->last = t;
    return interrupted;
  }
  if (t - c->last >= (c->terminal ? 0.1 : 15)) {
    char text[512];
    line(text, sizeof text, p);
    if (c->terminal || p->steps > 0) show(c, text, t);
  }
  return interrupted;
}

bool cli_progress_stopped(void) { return interrupted; }

void cli_progress_end(cli_progress *c) {
  if (c->terminal && c->shown) fprintf(stderr, "\r\033[K");
  c->shown = false;
  at_busy_listen(NULL, NULL);
}

/* ---- results ---- */

void cli_print_json_string(FILE *fp, const char *s) {
  fputc('"', fp);
  for (const unsigned char *c = (const unsigned char *)s; *c; c++) {
    if (*c == '"' || *c == '\\')
      fprintf(fp, "\\%c", *c);
    else if (*c < 0x20)
      fprintf(fp, "\\u%04x", *c);
    else
      fputc(*c, fp);
  }
  fputc('"', fp);
}

void cli_print_results(FILE *fp, const at_result *r, size_t n, bool json) {
  int width = 12;
  for (size_t i = 0; i < n; i++)
    if ((int)strlen(r[i].name) > width) width = (int)strlen(r[i].name);
  if (json) fprintf(fp, "{");
  for (size_t i = 0; i < n; i++) {
    if (json) {
      if (i) fprintf(fp, ", ");
      cli_print_json_string(fp, r[i].name);
      fprintf(fp, ": %.9g", r[i].value);
    } else {
      fprintf(fp, "%-*s %8.2f\n", width, r[i].name, r[i].value);
    }
  }
  if (json) fprintf(fp, "}\n");
}
