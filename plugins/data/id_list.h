/* Numbers that files give to their records, to find records by them. */
#ifndef ATTUNE_DATA_ID_LIST_H
#define ATTUNE_DATA_ID_LIST_H
#include <attune/plugin.h>
#include <stdint.h>

typedef struct id_list {
  struct id_entry {
    int64_t id, row;
  } * v;
  int64_t n, cap;
} id_list;

int id_list_add(id_list *l, int64_t id, int64_t row);
/* Sorts them; refuses a number that two rows have. Rows count from 0, records from 1. */
int id_list_sort(const attune_host *host, id_list *l, const char *path, const char *what);
int64_t id_list_find(const id_list *l, int64_t id); /* its row; -1: none. Sorted. */
void id_list_free(id_list *l);
#endif
