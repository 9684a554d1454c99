#include "core/level/level.h"
#include "config.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define VARIABLE "ATTUNE_INSTRUCTIONS"

#ifdef AT_LEVELS
typedef void entry(void);

/* names.h, made by tools/level.sh from the objects: ENTRY(0, at_gemm), ... */
#define ENTRY(i, name) extern entry name##_baseline, name##_avx2, name##_avx512;
#include "core/level/names.h"
#undef ENTRY
#define ENTRY(i, name) name##_baseline,
static entry *const baseline[] = {
#include "core/level/names.h"
};
#undef ENTRY
#define ENTRY(i, name) name##_avx2,
static entry *const avx2[] = {
#include "core/level/names.h"
};
#undef ENTRY
#define ENTRY(i, name) name##_avx512,
static entry *const avx512[] = {
#include "core/level/names.h"
};
#undef ENTRY

extern entry *const *at_level_entries; /* hidden, as all is: what the jumps below read */
entry *const *at_level_entries = baseline;

/* r11 holds nothing across a call. */
#define ENTRY(i, name)                              \
  __asm__(".text\n.globl " #name "\n.hidden " #name \
          "\n"                                      \
          ".type " #name                            \
          ", @function\n"                           \
          ".p2align 4\n" #name                      \
          ":\n"                                     \
          "endbr64\n"                               \
          "movq at_level_entries(%rip), %r11\n"     \
          "jmp *8*" #i                              \
          "(%r11)\n"                                \
          ".size " #name ", .-" #name "\n");
#include "core/level/names.h"
#undef ENTRY

/* As configure.ac compiles them. */
static bool has_baseline(void) { return true; }
static bool has_avx2(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
}
static bool has_avx512(void) {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

static const struct level {
  const char *name;
  entry *const *entries;
  bool (*has)(void);
} levels[] = {
    {"baseline", baseline, has_baseline}, {"avx2", avx2, has_avx2}, {"avx512", avx512, has_avx512}};
enum { LEVELS = sizeof levels / sizeof *levels };

static int chosen;

static int find(const char *name) {
  for (int i = 0; i < LEVELS; i++)
    if (!strcmp(levels[i].name, name)) return i;
  return -1;
}

__attribute__((constructor)) static void choose(void) {
  const char *asked = getenv(VARIABLE);
  const int at = asked ? find(asked) : -1;
  __builtin_cpu_init();
  chosen = at >= 0 && levels[at].has() ? at : LEVELS - 1;
  while (!levels[chosen].has()) chosen--;
  at_level_entries = levels[chosen].entries;
}

const char *at_level(void) { return levels[chosen].name; }

at_status at_level_check(at_error *err) {
  const char *asked = getenv(VARIABLE);
  const int at = asked ? find(asked) : chosen;
  if (at < 0)
    return at_fail(err, AT_EINPUT, VARIABLE " is `%s`; it may be baseline, avx2 or avx512", asked);
  if (!levels[at].has())
    return at_fail(err, AT_EINPUT,
                   VARIABLE " is `%s`, which this processor lacks; the best that it has is %s",
                   asked, at_level());
  return AT_OK;
}

#else

const char *at_level(void) { return AT_ONE_LEVEL; }

at_status at_level_check(at_error *err) {
  const char *asked = getenv(VARIABLE);
  if (!asked || !strcmp(asked, at_level())) return AT_OK;
  return at_fail(err, AT_EINPUT, VARIABLE " is `%s`, but all of this build is %s", asked,
                 at_level());
}
#endif
