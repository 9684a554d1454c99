/* LMDB through its library, where attune was built with it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "object_files.h"
#ifdef HAVE_LMDB
#include <lmdb.h>

typedef struct store {
  MDB_env *env;
  MDB_dbi set;
} store;

static int bad(const attune_host *host, const char *path, int rc) {
  host->error(host, "%s: %s", path, mdb_strerror(rc));
  return ATTUNE_BAD_INPUT;
}

/* Without locks: it is only read, and by this program alone. */
int object_lmdb_open(const attune_host *host, const char *path, void **out) {
  struct stat st;
  MDB_txn *txn = NULL;
  store *s = calloc(1, sizeof *s);
  *out = s;
  if (!s) return ATTUNE_NO_MEMORY;
  const bool folder = !stat(path, &st) && S_ISDIR(st.st_mode);
  const unsigned flags =
      MDB_RDONLY | MDB_NOLOCK | MDB_NOTLS | MDB_NORDAHEAD | (folder ? 0 : MDB_NOSUBDIR);
  int rc = mdb_env_create(&s->env);
  if (!rc) rc = mdb_env_open(s->env, path, flags, 0);
  if (!rc) rc = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &txn);
  if (!rc) rc = mdb_dbi_open(txn, NULL, 0, &s->set);
  if (rc && txn) mdb_txn_abort(txn);
  if (!rc) rc = mdb_txn_commit(txn);
  return rc ? bad(host, path, rc) : ATTUNE_OK;
}

int object_lmdb_get(const attune_host *host, const void *lmdb, const char *path, const char *key,
                    unsigned char **out, size_t *n) {
  const store *s = lmdb;
  MDB_txn *txn;
  size_t length = strlen(key);
  char *own = host->scratch(host, length + 1);
  if (!own) return ATTUNE_NO_MEMORY;
  memcpy(own, key, length);
  MDB_val k = {length, own}, v;
  *n = 0;
  int rc = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &txn);
  if (rc) return bad(host, path, rc);
  rc = mdb_get(txn, s->set, &k, &v);
  if (!rc && out && !(*out = host->scratch(host, v.mv_size + 1))) rc = ENOMEM;
  if (!rc) *n = v.mv_size;
  if (!rc && out) memcpy(*out, v.mv_data, v.mv_size);
  mdb_txn_abort(txn);
  return rc && rc != MDB_NOTFOUND ? bad(host, path, rc) : ATTUNE_OK;
}

void object_lmdb_close(void *lmdb) {
  store *s = lmdb;
  if (s && s->env) mdb_env_close(s->env);
  free(s);
}
#else

int object_lmdb_open(const attune_host *host, const char *path, void **out) {
  *out = NULL;
  host->error(
      host, "%s: this attune was built without LMDB; install liblmdb-dev and build it again", path);
  return ATTUNE_BAD_INPUT;
}

int object_lmdb_get(const attune_host *host, const void *lmdb, const char *path, const char *key,
                    unsigned char **out, size_t *n) {
  (void)host, (void)lmdb, (void)path, (void)key, (void)out;
  *n = 0;
  return ATTUNE_FAILED;
}

void object_lmdb_close(void *lmdb) { (void)lmdb; }
#endif
