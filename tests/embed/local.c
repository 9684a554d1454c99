/* local LIBRARY: libattune opened by dlopen, its symbols seen by nobody else, and a model in it
 * with a score out of a plugin. */
#include <attune/attune.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define FIND(name_)                                      \
  do {                                                   \
    void *symbol = dlsym(library, "attune_" #name_);     \
    if (!symbol) return fprintf(stderr, "%s\n", #name_); \
    memcpy(&name_, &symbol, sizeof symbol);              \
  } while (0)

static const char TEXT[] =
    "model m(d = 3) {\n  input x: real [example, item = 4, d]\n  input q: real [example, d]\n"
    "  attend look(query = q, key = x, value = x, over = item, along = d) {\n"
    "    score = additive\n    weigh = softmax\n  }\n  output y = look\n}\n";

int main(int argc, char **argv) {
  void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
  if (!library) return fprintf(stderr, "%s\n", dlerror());
  attune_status (*open)(const attune_settings *, attune_context **, attune_error *);
  attune_status (*model_load)(attune_context *, const attune_model_source *, attune_model **,
                              attune_error *);
  attune_status (*model_set_size)(attune_model *, const char *, int64_t, attune_error *);
  attune_status (*model_set_reals)(attune_model *, const char *, const float *, size_t,
                                   attune_error *);
  attune_status (*model_forward)(attune_model *, uint32_t, attune_error *);
  attune_status (*model_attention)(attune_model *, const char *, attune_values *, attune_values *,
                                   attune_error *);
  attune_error *(*error_new)(void);
  void (*error_free)(attune_error *);
  const char *(*error_message)(const attune_error *);
  void (*model_free)(attune_model *);
  void (*close)(attune_context *);
  FIND(open);
  FIND(close);
  FIND(model_load);
  FIND(model_free);
  FIND(model_set_size);
  FIND(model_set_reals);
  FIND(model_forward);
  FIND(model_attention);
  FIND(error_new);
  FIND(error_free);
  FIND(error_message);
  attune_context *c = NULL;
  attune_model *m = NULL;
  attune_error *e = error_new();
  const attune_model_source source = {.size = sizeof source, .text = TEXT};
  attune_values w = {.size = sizeof w};
  float x[24], q[6];
  for (int i = 0; i < 24; i++) x[i] = (float)(i % 5) - 2;
  for (int i = 0; i < 6; i++) q[i] = (float)i;
  int rc = open(NULL, &c, e) || model_load(c, &source, &m, e) ||
           model_set_size(m, "example", 2, e) || model_set_reals(m, "x", x, 24, e) ||
           model_set_reals(m, "q", q, 6, e) || model_forward(m, 0, e) ||
           model_attention(m, "look", &w, NULL, e);
  float sum = 0;
  for (int64_t i = 0; !rc && i < w.count; i++) sum += w.reals[i];
  if (rc)
    printf("%s\n", error_message(e));
  else
    printf("%s %d %.3f\n", w.score, (int)w.count, (double)sum);
  model_free(m);
  close(c);
  error_free(e);
  return dlclose(library) || rc;
}
