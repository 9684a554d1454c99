#include "id_list.h"
#include <stdlib.h>
#include <string.h>

int id_list_add(id_list *l, int64_t id, int64_t row) {
  if (l->n == l->cap) {
    int64_t cap = l->cap ? 2 * l->cap : 1024;
    struct id_entry *v = realloc(l->v, (size_t)cap * sizeof *v);
    if (!v) return ATTUNE_NO_MEMORY;
    l->v = v;
    l->cap = cap;
  }
  l->v[l->n++] = (struct id_entry){id, row};
  return ATTUNE_OK;
}

static int by_id(const void *x, const void *y) {
  const struct id_entry *a = x, *b = y;
  if (a->id != b->id) return a->id < b->id ? -1 : 1;
  return (a->row > b->row) - (a->row < b->row);
}

int id_list_sort(const attune_host *host, id_list *l, const char *path, const char *what) {
  if (l->n) qsort(l->v, (size_t)l->n, sizeof *l->v, by_id);
  for (int64_t i = 1; i < l->n; i++)
    if (l->v[i].id == l->v[i - 1].id) {
      host->error(host, "%s: record %lld: the %s %lld is that of record %lld, too", path,
                  (long long)l->v[i].row + 1, what, (long long)l->v[i].id,
                  (long long)l->v[i - 1].row + 1);
      return ATTUNE_BAD_INPUT;
    }
  return ATTUNE_OK;
}

int64_t id_list_find(const id_list *l, int64_t id) {
  int64_t low = 0, high = l->n;
  while (low < high) {
    int64_t mid = low + (high - low) / 2;
    if (l->v[mid].id < id)
      low = mid + 1;
    else
      high = mid;
  }
  return low < l->n && l->v[low].id == id ? l->v[low].row : -1;
}

void id_list_free(id_list *l) {
  free(l->v);
  memset(l, 0, sizeof *l);
}
