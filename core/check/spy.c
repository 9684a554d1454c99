/* Which functions of the system a plugin calls: the places where its own object file keeps their
 * addresses are made to point here. Calls that libraries make for it are not seen. */
#include "config.h"
#include <dirent.h>
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "core/check/check_impl.h"

ck_seen ck_spied;

static void allocates(const char *name) {
  __atomic_add_fetch(&ck_spied.allocations, 1, __ATOMIC_RELAXED);
  ck_spied.allocation = name;
}
static void opens(const char *name) {
  ck_spied.files++;
  ck_spied.file = name;
}
static void starts(const char *name) {
  ck_spied.threads++;
  ck_spied.thread = name;
}

static void *spy_malloc(size_t n) {
  allocates("malloc");
  return malloc(n);
}
static void *spy_calloc(size_t n, size_t m) {
  allocates("calloc");
  return calloc(n, m);
}
static void *spy_realloc(void *p, size_t n) {
  if (!p) allocates("realloc");
  return realloc(p, n);
}
static void spy_free(void *p) {
  if (p) __atomic_add_fetch(&ck_spied.frees, 1, __ATOMIC_RELAXED);
  free(p);
}
static int spy_posix_memalign(void **p, size_t align, size_t n) {
  allocates("posix_memalign");
  return posix_memalign(p, align, n);
}
static void *spy_aligned_alloc(size_t align, size_t n) {
  allocates("aligned_alloc");
  return aligned_alloc(align, n);
}
static char *spy_strdup(const char *s) {
  allocates("strdup");
  return strdup(s);
}
static char *spy_strndup(const char *s, size_t n) {
  allocates("strndup");
  return strndup(s, n);
}
static void *spy_mmap(void *at, size_t n, int prot, int flags, int fd, off_t from) {
  if (fd < 0) allocates("mmap");
  return mmap(at, n, prot, flags, fd, from);
}
static int spy_open(const char *path, int flags, mode_t mode) {
  opens("open");
  return open(path, flags, mode);
}
static int spy_openat(int dir, const char *path, int flags, mode_t mode) {
  opens("openat");
  return openat(dir, path, flags, mode);
}
static FILE *spy_fopen(const char *path, const char *mode) {
  opens("fopen");
  return fopen(path, mode);
}
static DIR *spy_opendir(const char *path) {
  opens("opendir");
  return opendir(path);
}
static int spy_thread(pthread_t *t, const pthread_attr_t *a, void *(*fn)(void *), void *ctx) {
  starts("pthread_create");
  return pthread_create(t, a, fn, ctx);
}
static int spy_fork(void) {
  starts("fork");
  errno = EAGAIN;
  return -1;
}
static int spy_system(const char *command) {
  (void)command;
  starts("system");
  return -1;
}
static FILE *spy_popen(const char *command, const char *mode) {
  (void)command, (void)mode;
  starts("popen");
  return NULL;
}

typedef void function(void);
#define SPY(name, fn) \
  { name, (function *)fn }
static const struct spy {
  const char *name;
  function *fn;
} spies[] = {
    SPY("malloc", spy_malloc),
    SPY("calloc", spy_calloc),
    SPY("realloc", spy_realloc),
    SPY("free", spy_free),
    SPY("posix_memalign", spy_posix_memalign),
    SPY("aligned_alloc", spy_aligned_alloc),
    SPY("memalign", spy_aligned_alloc),
    SPY("strdup", spy_strdup),
    SPY("strndup", spy_strndup),
    SPY("mmap", spy_mmap),
    SPY("mmap64", spy_mmap),
    SPY("open", spy_open),
    SPY("open64", spy_open),
    SPY("openat", spy_openat),
    SPY("openat64", spy_openat),
    SPY("fopen", spy_fopen),
    SPY("fopen64", spy_fopen),
    SPY("opendir", spy_opendir),
    SPY("pthread_create", spy_thread),
    SPY("fork", spy_fork),
    SPY("vfork", spy_fork),
    SPY("system", spy_system),
    SPY("popen", spy_popen),
};

/* ---- the object file ---- */

static bool is_address(unsigned type) {
#if defined(__x86_64__)
  return type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT || type == R_X86_64_64;
#elif defined(__aarch64__)
  return type == R_AARCH64_JUMP_SLOT || type == R_AARCH64_GLOB_DAT || type == R_AARCH64_ABS64;
#else
  (void)type;
  return false;
#endif
}

#if defined(__x86_64__) || defined(__aarch64__)
typedef struct object {
  char *base;
  const ElfW(Sym) * symbols;
  const char *names;
} object;

static bool redirect(const object *o, const ElfW(Rela) * r) {
  if (!is_address((unsigned)ELF64_R_TYPE(r->r_info))) return true;
  const char *name = o->names + o->symbols[ELF64_R_SYM(r->r_info)].st_name;
  for (size_t i = 0; i < sizeof spies / sizeof *spies; i++) {
    if (strcmp(spies[i].name, name)) continue;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), at = (size_t)o->base + r->r_offset,
                 begin = at & ~(page - 1);
    /* Addresses are read-only once they are resolved. */
    if (mprotect((void *)begin, at + sizeof(function *) - begin, PROT_READ | PROT_WRITE))
      return false;
    memcpy((void *)at, &spies[i].fn, sizeof spies[i].fn);
  }
  return true;
}

static bool redirect_all(const object *o, const ElfW(Rela) * r, size_t bytes) {
  bool ok = true;
  for (size_t i = 0; r && i < bytes / sizeof *r; i++) ok = ok && redirect(o, &r[i]);
  return ok;
}

bool ck_spy(const ck *c) {
  struct link_map *map = NULL;
  void *handle = dlopen(c->path, RTLD_NOW | RTLD_NOLOAD);
  if (!handle || dlinfo(handle, RTLD_DI_LINKMAP, &map) || !map) return false;
  object o = {.base = (char *)map->l_addr};
  const ElfW(Rela) *jumps = NULL, *data = NULL;
  size_t n_jumps = 0, n_data = 0;
  for (const ElfW(Dyn) *d = map->l_ld; d->d_tag != DT_NULL; d++) switch (d->d_tag) {
      case DT_STRTAB: o.names = (const char *)d->d_un.d_ptr; break;
      case DT_SYMTAB: o.symbols = (const ElfW(Sym) *)d->d_un.d_ptr; break;
      case DT_JMPREL: jumps = (const ElfW(Rela) *)d->d_un.d_ptr; break;
      case DT_PLTRELSZ: n_jumps = d->d_un.d_val; break;
      case DT_RELA: data = (const ElfW(Rela) *)d->d_un.d_ptr; break;
      case DT_RELASZ: n_data = d->d_un.d_val; break;
      default: break;
    }
  memset(&ck_spied, 0, sizeof ck_spied);
  const bool ok =
      o.names && o.symbols && redirect_all(&o, jumps, n_jumps) && redirect_all(&o, data, n_data);
  dlclose(handle);
  return ok;
}
#else
bool ck_spy(const ck *c) {
  (void)c;
  return false;
}
#endif
