#include "core/run/yaml.h"
#include <string.h>
#include <yaml.h>

enum { MOST_DEPTH = 16, MOST_NODES = 20000 };

typedef struct reader {
  at_arena *arena;
  yaml_document_t *doc;
  const char *what;
  int nodes; /* aliases are copied out: a small file could name a large tree */
} reader;

static at_status convert(reader *r, int index, int depth, const at_yaml **out, at_error *err);

static at_status convert_items(reader *r, const yaml_node_t *n, at_yaml *v, int depth,
                               at_error *err) {
  size_t most = n->type == YAML_SEQUENCE_NODE
                    ? (size_t)(n->data.sequence.items.top - n->data.sequence.items.start)
                    : (size_t)(n->data.mapping.pairs.top - n->data.mapping.pairs.start);
  at_status s = AT_OK;
  v->item = AT_NEW_ARRAY(r->arena, const at_yaml *, most + 1);
  v->key = AT_NEW_ARRAY(r->arena, const at_yaml *, most + 1);
  if (!v->item || !v->key) return at_nomem(err);
  for (size_t i = 0; s == AT_OK && i < most; i++) {
    if (v->kind == AT_YAML_LIST) {
      s = convert(r, n->data.sequence.items.start[i], depth, &v->item[v->n++], err);
      continue;
    }
    const yaml_node_pair_t *p = &n->data.mapping.pairs.start[i];
    const at_yaml *key;
    if ((s = convert(r, p->key, depth, &key, err)) != AT_OK) return s;
    if (key->kind != AT_YAML_SCALAR)
      return at_fail(err, AT_EINPUT, "%s:%d:%d: a key must be a single word", r->what, key->line,
                     key->col);
    if (at_yaml_get(v, key->text))
      return at_fail(err, AT_EINPUT, "%s:%d:%d: the key `%s` is there twice", r->what, key->line,
                     key->col, key->text);
    s = convert(r, p->value, depth, &v->item[v->n], err);
    v->key[v->n++] = key;
  }
  return s;
}

static at_status convert(reader *r, int index, int depth, const at_yaml **out, at_error *err) {
  const yaml_node_t *n = yaml_document_get_node(r->doc, index);
  at_yaml *v = AT_NEW(r->arena, at_yaml);
  if (!n || !v) return at_nomem(err);
  v->line = (int)n->start_mark.line + 1;
  v->col = (int)n->start_mark.column + 1;
  if (++r->nodes > MOST_NODES || depth > MOST_DEPTH)
    return at_fail(err, AT_EINPUT,
                   "%s:%d:%d: this is nested too deeply or too large for a run file", r->what,
                   v->line, v->col);
  *out = v;
  if (n->type == YAML_SCALAR_NODE) {
    v->kind = AT_YAML_SCALAR;
    v->text = at_arena_strndup(r->arena, (const char *)n->data.scalar.value, n->data.scalar.length);
    if (!v->text) return at_nomem(err);
    if (strlen(v->text) != n->data.scalar.length)
      return at_fail(err, AT_EINPUT, "%s:%d:%d: this text holds a NUL byte", r->what, v->line,
                     v->col);
    return AT_OK;
  }
  v->kind = n->type == YAML_SEQUENCE_NODE ? AT_YAML_LIST : AT_YAML_MAP;
  return convert_items(r, n, v, depth + 1, err);
}

static at_status syntax(const yaml_parser_t *p, const char *what, at_error *err) {
  const yaml_mark_t *m = &p->problem_mark;
  if (p->error == YAML_MEMORY_ERROR) return at_nomem(err);
  return at_fail(err, AT_EINPUT, "%s:%d:%d: this is not YAML: %s%s%s", what, (int)m->line + 1,
                 (int)m->column + 1, p->problem ? p->problem : "unreadable", p->context ? ", " : "",
                 p->context ? p->context : "");
}

at_status at_yaml_parse(at_arena *arena, const char *text, size_t size, const char *what,
                        const at_yaml **out, at_error *err) {
  yaml_parser_t parser;
  yaml_document_t doc;
  at_status s = AT_OK;
  *out = NULL;
  if (!yaml_parser_initialize(&parser)) return at_nomem(err);
  yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
  if (!yaml_parser_load(&parser, &doc)) {
    s = syntax(&parser, what, err);
    yaml_parser_delete(&parser);
    return s;
  }
  if (yaml_document_get_root_node(&doc)) {
    reader r = {arena, &doc, what, 0};
    s = convert(&r, 1, 0, out, err);
  } else {
    at_yaml *empty = AT_NEW(arena, at_yaml);
    if (empty) *empty = (at_yaml){.kind = AT_YAML_MAP, .line = 1, .col = 1};
    *out = empty;
    if (!empty) s = at_nomem(err);
  }
  yaml_document_delete(&doc);
  yaml_parser_delete(&parser);
  return s;
}

const at_yaml *at_yaml_get(const at_yaml *map, const char *key) {
  for (size_t i = 0; map->kind == AT_YAML_MAP && i < map->n; i++)
    if (!strcmp(map->key[i]->text, key)) return map->item[i];
  return NULL;
}

/* ---- writing ---- */

/* Letters, digits and a few signs are never special inside a word. */
static bool bare(const char *s) {
  if (!*s || strlen(s) > 200 || strchr("-.?!&*|>%@` ", *s)) {
    if (!(*s == '.' || (*s == '-' && s[1] >= '0' && s[1] <= '9'))) return false;
  }
  for (const char *c = s; *c; c++) {
    bool word = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9');
    if (!word && !strchr("_-+./()=", *c)) return false;
  }
  return true;
}

void at_yaml_put_scalar(at_text *out, const char *text) {
  if (bare(text)) {
    at_text_add(out, text);
    return;
  }
  at_text_add(out, "\"");
  for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
    if (*c == '"' || *c == '\\')
      at_text_addf(out, "\\%c", *c);
    else if (*c < 0x20 || *c == 0x7f)
      at_text_addf(out, "\\x%02x", *c);
    else
      at_text_addn(out, (const char *)c, 1);
  }
  at_text_add(out, "\"");
}

void at_yaml_put_flow(at_text *out, const at_yaml *v) {
  if (v->kind == AT_YAML_SCALAR) {
    at_yaml_put_scalar(out, v->text);
    return;
  }
  at_text_add(out, v->kind == AT_YAML_LIST ? "[" : "{");
  for (size_t i = 0; i < v->n; i++) {
    if (i) at_text_add(out, ", ");
    if (v->kind == AT_YAML_MAP) {
      at_yaml_put_scalar(out, v->key[i]->text);
      at_text_add(out, ": ");
    }
    at_yaml_put_flow(out, v->item[i]);
  }
  at_text_add(out, v->kind == AT_YAML_LIST ? "]" : "}");
}
