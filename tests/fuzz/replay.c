/* Runs a harness over known files, as a test: replay FILE-OR-FOLDER... or, without arguments,
 * the folders that belong to the harness.  A file that takes minutes hangs; memory is bounded. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fuzz.h"

#ifndef HARNESS
#define HARNESS "check"
#endif
#ifndef FOLDERS /* of the source tree, beside the corpus, with commas */
#define FOLDERS ""
#endif
enum { SECONDS = 120 };
static size_t seen;

static int by_name(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static void replay_file(const char *path, size_t size) {
  FILE *fp = fopen(path, "rb");
  unsigned char *bytes = malloc(size + 1);
  if (fp && bytes) {
    size_t n = fread(bytes, 1, size, fp);
    unsigned char *exact = malloc(n ? n : 1); /* so that a read behind the end is seen */
    if (exact) {
      memcpy(exact, bytes, n);
      alarm(SECONDS);
      LLVMFuzzerTestOneInput(exact, n);
      alarm(0);
      seen++;
    }
    free(exact);
  }
  if (fp) fclose(fp);
  free(bytes);
}

static void replay(const char *path) {
  struct stat st;
  if (stat(path, &st)) return;
  if (S_ISREG(st.st_mode)) {
    replay_file(path, (size_t)st.st_size);
    return;
  }
  DIR *d = opendir(path);
  char **names = NULL;
  size_t n = 0;
  for (struct dirent *e; d && (e = readdir(d));) {
    if (e->d_name[0] == '.') continue;
    names = realloc(names, (n + 1) * sizeof *names);
    if (!names || !(names[n] = malloc(strlen(path) + strlen(e->d_name) + 2))) abort();
    sprintf(names[n++], "%s/%s", path, e->d_name);
  }
  if (d) closedir(d);
  if (n) qsort(names, n, sizeof *names, by_name);
  for (size_t i = 0; i < n; i++) {
    replay(names[i]);
    free(names[i]);
  }
  free(names);
}

static void replay_own(void) {
  const char *top = getenv("top_srcdir");
  char folders[] = "tests/fuzz/corpus/" HARNESS "," FOLDERS, path[4096];
  for (char *save, *f = strtok_r(folders, ",", &save); f; f = strtok_r(NULL, ",", &save)) {
    size_t before = seen;
    snprintf(path, sizeof path, "%s/%s", top ? top : ".", f);
    replay(path);
    printf("%sok - %s: %zu files of %s\n", seen > before ? "" : "not ", HARNESS, seen - before, f);
  }
}

int main(int argc, char **argv) {
#if !defined(__SANITIZE_ADDRESS__) /* which reserves more than any limit */
  struct rlimit memory = {(rlim_t)4 << 30, (rlim_t)4 << 30};
  setrlimit(RLIMIT_AS, &memory);
#endif
  int folders = 1;
  for (const char *f = FOLDERS; *f; f++) folders += *f == ',';
  if (argc == 1) printf("1..%d\n", *FOLDERS ? folders + 1 : 1);
  for (int i = 1; i < argc; i++) replay(argv[i]);
  if (argc == 1) replay_own();
  return 0;
}
