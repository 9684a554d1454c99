/* A score plugin that VARIANT makes wrong in one way; 10 is right, and newer than its host;
 * 12 is right, and older: of interface 1.0. 11 is not what its form says. */
#include <attune/plugin.h>

static int compose(const attune_host *host, attune_build *build, const attune_options *options,
                   attune_value query, attune_value key, attune_value *score) {
  (void)options;
#if VARIANT == 9
  return host->contract(build, query, key, score); /* the query first: the other layout */
#elif VARIANT == 11
  int rc = host->contract(build, key, query, score);
  return rc ? rc : host->apply(build, *score, ATTUNE_TANH, 0, score);
#else
  return host->contract(build, key, query, score);
#endif
}

#if VARIANT == 11
static int says(const attune_host *host, const attune_options *options, int64_t depth,
                attune_form *out) {
  (void)host;
  (void)options;
  (void)depth;
  out->product = ATTUNE_DOT;
  return 0;
}
#else
#define says NULL
#endif

static const attune_option options_table[] = {
#if VARIANT == 5
    {"level", ATTUNE_OPTION_INT, "many", 0, 9, NULL, "a default that is no number"},
#endif
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL},
};

/* What a later minor version may append. */
typedef struct grown_score {
  attune_score score;
  int (*later)(void);
} grown_score;

static const grown_score item = {
    .score = {.item = {.size = VARIANT == 2    ? 8
                               : VARIANT == 10 ? sizeof(grown_score)
                               : VARIANT == 12 ? offsetof(attune_score, form)
                                               : sizeof(attune_score),
                       .kind = ATTUNE_SCORE,
                       .name = VARIANT == 3    ? "Bad Name"
                               : VARIANT == 10 ? "grown"
                               : VARIANT == 11 ? "liar"
                               : VARIANT == 12 ? "old"
                                               : "odd",
                       .summary = "a test",
                       .doc = "a test",
                       .options = options_table},
              .compose = VARIANT == 4
                             ? (int (*)(const attune_host *, attune_build *, const attune_options *,
                                        attune_value, attune_value, attune_value *))0
                             : compose,
              .form = says},
};
static const attune_item *const items[] = {&item.score.item, &item.score.item};

ATTUNE_EXPORT const attune_plugin *attune_plugin_entry(const attune_host *host);
const attune_plugin *attune_plugin_entry(const attune_host *host) {
  static const attune_plugin plugin = {
      .size = sizeof(attune_plugin),
      .abi_major = VARIANT == 1 ? ATTUNE_ABI_MAJOR + 1 : ATTUNE_ABI_MAJOR,
      .abi_minor = VARIANT == 10 ? ATTUNE_ABI_MINOR + 7 : ATTUNE_ABI_MINOR,
      .name = "broken",
      .version = "1",
      .license = "Apache-2.0",
      .item_count = VARIANT == 6   ? 2
                    : VARIANT == 8 ? 0
                                   : 1,
      .items = items,
  };
#if VARIANT == 7
  host->error(host, "not on a %s", "Monday");
  return 0;
#endif
  (void)host;
  return &plugin;
}
