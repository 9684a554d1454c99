#include "pickle_dict.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

/* ---- values ---- */

typedef enum kind {
  NONE,
  MARK,
  NUMBER,
  TEXT,   /* of characters or bytes */
  TUPLE,  /* or list, which is only ever appended to */
  DICT,   /* its items are noted when they are set */
  GLOBAL, /* a function or class, by its name */
  ARRAY,  /* number of an array, which may be told later what it is */
  TYPE    /* size of a float, in `number`; 0: no float */
} kind;

typedef struct value {
  kind kind;
  double number;
  const unsigned char *text;
  size_t n; /* of TEXT and TUPLE; of ARRAY its number */
  struct value *item;
} value;

enum { MOST_STACK = 4096, MOST_MEMO = 1 << 16, MOST_ARRAYS = 256 };

typedef struct machine {
  const attune_host *host;
  const unsigned char *at, *end;
  value *stack;
  size_t depth;
  value *memo;
  size_t memos, cap_memos;
  pickle_array array[MOST_ARRAYS];
  bool known[MOST_ARRAYS];
  size_t arrays;
  value key[PICKLE_ITEMS], set[PICKLE_ITEMS];
  int items;
  const char *why;
  bool no_memory, done;
} machine;

static bool fail(machine *m, const char *why) {
  if (!m->why) m->why = why;
  return false;
}

static bool push(machine *m, value v) {
  if (m->depth == MOST_STACK) return fail(m, "it is nested too deep");
  m->stack[m->depth++] = v;
  return true;
}

static const value *pop(machine *m) {
  static const value nothing;
  if (!m->depth) {
    fail(m, "it takes what is not there");
    return &nothing;
  }
  return &m->stack[--m->depth];
}

/* Where the values behind the last mark begin. */
static bool to_mark(machine *m, size_t *first) {
  size_t k = m->depth;
  while (k && m->stack[k - 1].kind != MARK) k--;
  if (!k) return fail(m, "it takes what is not there");
  *first = k;
  return true;
}

static bool number_of(machine *m, size_t bytes, uint64_t *out) {
  *out = 0;
  if ((size_t)(m->end - m->at) < bytes) return fail(m, "it is cut short");
  for (size_t i = 0; i < bytes; i++) *out |= (uint64_t)m->at[i] << 8 * i;
  m->at += bytes;
  return true;
}

static value a_number(double v) { return (value){.kind = NUMBER, .number = v}; }

static bool text_is(const value *v, const char *what) {
  return v->n == strlen(what) && !memcmp(v->text, what, v->n);
}

/* ---- plain operations: `n` is of the table below ---- */

static bool do_skip(machine *m, int n) {
  uint64_t v;
  return number_of(m, (size_t)n, &v);
}

static bool do_stop(machine *m, int n) {
  (void)n;
  return m->done = true;
}

static bool do_kind(machine *m, int n) { return push(m, (value){.kind = (kind)n}); }
static bool do_bool(machine *m, int n) { return push(m, a_number(n)); }

static bool do_int(machine *m, int n) {
  uint64_t v;
  if (!number_of(m, (size_t)n, &v)) return false;
  return push(m, a_number(n == 4 ? (double)(int32_t)v : (double)v));
}

static bool do_long(machine *m, int n) {
  uint64_t bytes, v;
  if (!number_of(m, (size_t)n, &bytes)) return false;
  if (bytes > 8) return fail(m, "a number in it is too large");
  if (!number_of(m, (size_t)bytes, &v)) return false;
  if (bytes && bytes < 8 && (v >> (8 * bytes - 1) & 1)) v |= ~UINT64_C(0) << 8 * bytes;
  return push(m, a_number((double)(int64_t)v));
}

static double float_of(const unsigned char *p, int size, bool big) {
  unsigned char b[8] = {0};
  for (int i = 0; i < size; i++) b[i] = p[big ? size - 1 - i : i];
  float f;
  double d;
  memcpy(&f, b, sizeof f);
  memcpy(&d, b, sizeof d);
  return size == 4 ? (double)f : d;
}

static bool do_float(machine *m, int n) {
  (void)n;
  if (m->end - m->at < 8) return fail(m, "it is cut short");
  m->at += 8;
  return push(m, a_number(float_of(m->at - 8, 8, true)));
}

static bool do_text(machine *m, int n) {
  uint64_t bytes;
  if (!number_of(m, (size_t)n, &bytes)) return false;
  if (bytes > (uint64_t)(m->end - m->at)) return fail(m, "it is cut short");
  m->at += bytes;
  return push(m, (value){.kind = TEXT, .text = m->at - bytes, .n = (size_t)bytes});
}

/* ---- memo ---- */

static bool remember(machine *m, uint64_t i) {
  if (!m->depth || i >= MOST_MEMO) return fail(m, "it remembers too much");
  if (i >= m->cap_memos) {
    const size_t cap = 2 * ((size_t)i + 32);
    value *v = m->host->scratch(m->host, cap * sizeof *v);
    if (!v) {
      m->no_memory = true;
      return false;
    }
    memset(v, 0, cap * sizeof *v);
    if (m->memo) memcpy(v, m->memo, m->cap_memos * sizeof *v);
    m->memo = v;
    m->cap_memos = cap;
  }
  m->memo[i] = m->stack[m->depth - 1];
  if (i >= m->memos) m->memos = (size_t)i + 1;
  return true;
}

static bool do_put(machine *m, int n) {
  uint64_t i = m->memos;
  if (n && !number_of(m, (size_t)n, &i)) return false;
  return remember(m, i);
}

static bool do_get(machine *m, int n) {
  uint64_t i;
  if (!number_of(m, (size_t)n, &i)) return false;
  if (i >= m->memos) return fail(m, "it asks for what it never kept");
  return push(m, m->memo[i]);
}

static bool do_pop(machine *m, int n) {
  (void)n;
  pop(m);
  return !m->why;
}

/* ---- tuples, lists, dicts ---- */

static bool make_tuple(machine *m, size_t first, bool mark) {
  const size_t n = m->depth - first;
  value *item = m->host->scratch(m->host, (n + 1) * sizeof *item);
  if (!item) {
    m->no_memory = true;
    return false;
  }
  memcpy(item, m->stack + first, n * sizeof *item);
  m->depth = first - mark;
  return push(m, (value){.kind = TUPLE, .n = n, .item = item});
}

static bool do_tuple(machine *m, int n) {
  if ((size_t)n > m->depth) return fail(m, "it takes what is not there");
  return make_tuple(m, m->depth - (size_t)n, false);
}

static bool do_marked(machine *m, int n) {
  size_t first;
  (void)n;
  return to_mark(m, &first) && make_tuple(m, first, true);
}

/* What lists hold is not asked for, but its dicts were seen when they were made. */
static bool do_append(machine *m, int n) {
  size_t first = m->depth ? m->depth - 1 : 0;
  if (n && !to_mark(m, &first)) return false;
  if (first < 1 + (size_t)n) return fail(m, "it takes what is not there");
  m->depth = first - (size_t)n;
  return true;
}

static void note(machine *m, const value *key, const value *v) {
  if (key->kind != TEXT || (v->kind != NUMBER && v->kind != ARRAY) || m->items == PICKLE_ITEMS)
    return;
  m->key[m->items] = *key;
  m->set[m->items++] = *v;
}

static bool do_set(machine *m, int n) {
  size_t first = m->depth >= 2 ? m->depth - 2 : 0;
  if (n ? !to_mark(m, &first) : m->depth < 3) return fail(m, "it takes what is not there");
  if ((m->depth - first) % 2) return fail(m, "a dict in it has a key without a value");
  for (size_t i = first; i < m->depth; i += 2) note(m, &m->stack[i], &m->stack[i + 1]);
  m->depth = first - (size_t)n;
  return true;
}

/* ---- numpy ---- */

static bool do_global(machine *m, int n) {
  if (n) { /* module and name are on the stack */
    value name = *pop(m);
    pop(m);
    name.kind = GLOBAL;
    return !m->why && push(m, name);
  }
  const unsigned char *line = memchr(m->at, '\n', (size_t)(m->end - m->at));
  const unsigned char *name = line ? line + 1 : m->end;
  line = memchr(name, '\n', (size_t)(m->end - name));
  if (!line) return fail(m, "it is cut short");
  m->at = line + 1;
  return push(m, (value){.kind = GLOBAL, .text = name, .n = (size_t)(line - name)});
}

static bool new_array(machine *m) {
  if (m->arrays == MOST_ARRAYS) return fail(m, "there are too many arrays in it");
  return push(m, (value){.kind = ARRAY, .n = m->arrays++});
}

static value type_of(const value *name) {
  const bool marked = name->n && (*name->text == '<' || *name->text == '=');
  const value plain = {.text = name->text + marked, .n = name->n - marked};
  const double size = text_is(&plain, "f4") ? 4 : text_is(&plain, "f8") ? 8 : 0;
  return (value){.kind = TYPE, .number = size, .text = name->text, .n = name->n};
}

/* Fills an array; what is no array of floats stays unknown, and is then no item. */
static bool tell_array(machine *m, size_t i, const value *shape, const value *type,
                       const value *data, bool fortran) {
  pickle_array *a = &m->array[i];
  double count = type->number;
  if (type->kind != TYPE || !(type->number > 0) || data->kind != TEXT) return true;
  if (shape->kind != TUPLE || shape->n < 1 || shape->n > 4) return true;
  for (size_t d = 0; d < shape->n; d++) {
    const double size = shape->item[d].number;
    if (shape->item[d].kind != NUMBER || !(size >= 0 && size < 0x1p31)) return true;
    a->shape[d] = (int64_t)size;
    count *= size;
  }
  if (count != (double)data->n) return fail(m, "an array in it is not as large as it says");
  a->ndim = (int)shape->n;
  a->size = (int)type->number;
  a->data = data->text;
  a->fortran = fortran;
  m->known[i] = true;
  return true;
}

static bool reduce_scalar(machine *m, const value *a) {
  if (a->n == 2 && a->item[0].kind == TYPE && a->item[1].kind == TEXT) {
    const double size = a->item[0].number;
    if (size > 0 && (double)a->item[1].n == size)
      return push(m, a_number(float_of(a->item[1].text, (int)size, false)));
    const value i8 = {.text = a->item[0].text, .n = a->item[0].n};
    if (text_is(&i8, "i8") && a->item[1].n == 8) {
      int64_t v;
      memcpy(&v, a->item[1].text, sizeof v);
      return push(m, a_number((double)v));
    }
  }
  return push(m, (value){.kind = NONE});
}

static bool do_reduce(machine *m, int n) {
  const value args = *pop(m), f = *pop(m);
  (void)n;
  if (m->why) return false;
  if (f.kind != GLOBAL || args.kind != TUPLE) return fail(m, "it calls what is no function");
  if (text_is(&f, "_reconstruct")) return new_array(m);
  if (text_is(&f, "dtype") && args.n && args.item[0].kind == TEXT)
    return push(m, type_of(args.item));
  if (text_is(&f, "scalar")) return reduce_scalar(m, &args);
  if (text_is(&f, "_frombuffer") && args.n >= 4) {
    const size_t i = m->arrays;
    return new_array(m) && tell_array(m, i, &args.item[2], &args.item[1], &args.item[0],
                                      args.item[3].kind == TEXT && text_is(&args.item[3], "F"));
  }
  return push(m, (value){.kind = NONE}); /* whatever it is, it is not called */
}

static bool do_build(machine *m, int n) {
  const value state = *pop(m);
  (void)n;
  if (m->why) return false;
  if (!m->depth) return fail(m, "it takes what is not there");
  value *object = &m->stack[m->depth - 1];
  if (object->kind == TYPE && state.kind == TUPLE && state.n > 1 && state.item[1].kind == TEXT &&
      text_is(&state.item[1], ">"))
    object->number = 0; /* big-endian */
  if (object->kind != ARRAY || state.kind != TUPLE || state.n != 5) return true;
  return tell_array(m, object->n, &state.item[1], &state.item[2], &state.item[4],
                    state.item[3].number != 0);
}

/* ---- the operations ---- */

static const struct op {
  bool (*run)(machine *m, int n);
  int n;
} ops[256] = {
    [0x80] = {do_skip, 1},    [0x95] = {do_skip, 8},    ['.'] = {do_stop, 0},
    ['('] = {do_kind, MARK},  ['N'] = {do_kind, NONE},  ['}'] = {do_kind, DICT},
    [']'] = {do_kind, TUPLE}, [')'] = {do_kind, TUPLE}, [0x8f] = {do_kind, TUPLE},
    [0x88] = {do_bool, 1},    [0x89] = {do_bool, 0},    ['J'] = {do_int, 4},
    ['K'] = {do_int, 1},      ['M'] = {do_int, 2},      [0x8a] = {do_long, 1},
    ['G'] = {do_float, 0},    ['X'] = {do_text, 4},     [0x8c] = {do_text, 1},
    [0x8d] = {do_text, 8},    ['B'] = {do_text, 4},     ['C'] = {do_text, 1},
    [0x8e] = {do_text, 8},    [0x96] = {do_text, 8},    ['U'] = {do_text, 1},
    ['T'] = {do_text, 4},     [0x85] = {do_tuple, 1},   [0x86] = {do_tuple, 2},
    [0x87] = {do_tuple, 3},   ['t'] = {do_marked, 0},   ['l'] = {do_marked, 0},
    ['a'] = {do_append, 0},   ['e'] = {do_append, 1},   ['s'] = {do_set, 0},
    ['u'] = {do_set, 1},      ['c'] = {do_global, 0},   [0x93] = {do_global, 1},
    ['R'] = {do_reduce, 0},   [0x81] = {do_reduce, 0},  ['b'] = {do_build, 0},
    ['q'] = {do_put, 1},      ['r'] = {do_put, 4},      [0x94] = {do_put, 0},
    ['h'] = {do_get, 1},      ['j'] = {do_get, 4},      ['0'] = {do_pop, 0},
};

static void give(const machine *m, pickle_item *out, int *items) {
  *items = 0;
  for (int i = 0; i < m->items; i++) {
    const value *v = &m->set[i];
    if (v->kind == ARRAY && !m->known[v->n]) continue;
    pickle_item *to = &out[(*items)++];
    *to = (pickle_item){.key = (const char *)m->key[i].text,
                        .n_key = m->key[i].n,
                        .is_array = v->kind == ARRAY,
                        .number = v->number};
    if (to->is_array) to->array = m->array[v->n];
  }
}

int pickle_dict(const attune_host *host, const unsigned char *bytes, size_t n, pickle_item *out,
                int *items, const char **why) {
  machine *m = host->scratch(host, sizeof *m);
  *why = NULL;
  if (!m) return ATTUNE_NO_MEMORY;
  memset(m, 0, sizeof *m);
  m->host = host;
  m->at = bytes;
  m->end = bytes + n;
  m->stack = host->scratch(host, MOST_STACK * sizeof *m->stack);
  if (!m->stack) return ATTUNE_NO_MEMORY;
  bool ok = true;
  while (ok && !m->done) {
    const struct op *op = m->at < m->end ? &ops[*m->at++] : NULL;
    if (!op)
      ok = fail(m, "it is cut short");
    else
      ok = op->run ? op->run(m, op->n) : fail(m, "it has something that is no number and no array");
  }
  if (m->no_memory) return ATTUNE_NO_MEMORY;
  *why = m->why;
  if (m->why) return ATTUNE_BAD_INPUT;
  give(m, out, items);
  return ATTUNE_OK;
}

const pickle_item *pickle_find(const pickle_item *v, int items, bool array,
                               const char *const *names) {
  for (; *names; names++)
    for (int i = 0; i < items; i++)
      if (v[i].is_array == array && v[i].n_key == strlen(*names) &&
          !memcmp(v[i].key, *names, v[i].n_key))
        return &v[i];
  return NULL;
}

void pickle_copy(const pickle_array *a, float *dst) {
  int64_t count = 1;
  for (int d = 0; d < a->ndim; d++) count *= a->shape[d];
  for (int64_t i = 0; i < count; i++) {
    int64_t at = 0, rest = i, step = 1;
    for (int d = 0; a->fortran && d < a->ndim; d++) step *= a->shape[d];
    for (int d = a->ndim - 1; a->fortran && d >= 0; d--) { /* the last axis runs slowest */
      step /= a->shape[d];
      at += rest % a->shape[d] * step;
      rest /= a->shape[d];
    }
    dst[i] = (float)float_of(a->data + (a->fortran ? at : i) * a->size, a->size, false);
  }
}
