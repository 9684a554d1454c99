/* Checks of the file as a whole. */
#include <dlfcn.h>
#include <malloc.h>
#include <string.h>
#include "core/check/check_impl.h"
#include "core/plugin/plugin_impl.h"

at_check_outcome ck_load(ck *c) {
  if (at_registry_file(c->path, &c->reg, &c->err) == AT_OK) return AT_CHECK_PASS;
  size_t n = strlen(c->path);
  const char *m = c->err.message; /* begins with the path, which the reader knows */
  return ck_fail(c, "%s", strncmp(m, c->path, n) ? m : m + n + 2 * (m[n] == ':'));
}

at_check_outcome ck_entry(ck *c) {
  at_library l;
  attune_plugin_entry_fn entry;
  if (at_library_open(c->path, &l, &c->err) != AT_OK) return ck_err(c, "load");
  void *symbol = dlsym(l.handle, ATTUNE_ENTRY_SYMBOL);
  memcpy(&entry, &symbol, sizeof entry);
  at_host_begin();
  const attune_plugin *again = entry(&at_host_table);
  at_host_end(0, NULL, "entry", NULL);
  /* A host of the future: larger, and of a later minor version. */
  attune_host later = at_host_table;
  later.abi_minor += 9;
  later.size += 64;
  at_host_begin();
  const attune_plugin *then = entry(&later);
  at_host_end(0, NULL, "entry", NULL);
  if (again != l.plugin) return ck_fail(c, "a second call of the entry gives another descriptor");
  if (then != l.plugin)
    return ck_fail(c, "the entry of a host of version %u.%u is declined or gets another descriptor",
                   (unsigned)later.abi_major, (unsigned)later.abi_minor);
  at_library_close(&l);
  return AT_CHECK_PASS;
}

static size_t in_use(void) {
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
  const struct mallinfo2 m = mallinfo2();
  return m.uordblks + m.hblkhd;
#else
  return 0;
#endif
}

at_check_outcome ck_unload(ck *c) {
  enum { WARM = 8, TIMES = 64, MOST_BYTES = 16 };
  size_t before = 0;
  for (int i = 0; i < WARM + TIMES; i++) {
    at_library l;
    if (i == WARM) before = in_use();
    if (at_library_open(c->path, &l, &c->err) != AT_OK) return ck_err(c, "opened once more");
    at_library_close(&l);
  }
  size_t now = in_use();
  if (now > before + TIMES * MOST_BYTES)
    return ck_fail(c, "each time that it is loaded and unloaded %zu bytes stay behind",
                   (now - before) / TIMES);
  return AT_CHECK_PASS;
}
