/* The canonical form of a model file.
 *
 * Tokens stay what they are and in their order (but for `;`, which nobody needs): only the
 * space between them is new, so that the tree cannot change.  A statement, a clause and a
 * closing brace each begin a line; a line longer than WIDTH is broken where the nesting is
 * least, as late as possible.  Comments stay on the line that they end, or before the line
 * that they precede; one empty line between statements is kept. */
#include <string.h>
#include "dsl/parse.h"
#include "dsl/parser.h"

enum { WIDTH = 100, STEP = 2, FARTHEST = 60 };

typedef struct token {
  int kind;
  at_span span;
  int width;              /* characters */
  bool space;             /* before it, on one line */
  int rank;               /* of a line's break before it; small: rather there; -1: never */
  at_ast_comment *before; /* comments between the token before and this one, [n_before] */
  int n_before;
} token;

typedef struct format {
  const at_source *src;
  token *t;
  int n;
  at_text *out;
  int column;
  int open[AT_DSL_MAX_DEPTH], n_open; /* columns behind the brackets that are open */
  bool in_attend[AT_DSL_MAX_DEPTH];   /* of each block: whether it holds clauses */
  int n_block;
  uint32_t last; /* end of what was printed last, in the source */
  bool any;      /* something was printed */
} format;

/* ---- which space, which breaks ---- */

static bool is_opening(int k) { return k == LPAREN || k == LBRACKET; }
static bool is_closing(int k) { return k == RPAREN || k == RBRACKET; }

static bool is_binary(int k) {
  return k == PLUS || k == MINUS || k == STAR || k == SLASH || k == EQ || k == NE || k == LT ||
         k == LE || k == GT || k == GE || k == AND || k == OR || k == PIPE;
}

/* A minus behind these belongs to one number. */
static bool expects_operand(int k) {
  return is_binary(k) || is_opening(k) || k == COMMA || k == EQUALS || k == ARROW || k == NOT ||
         k == TO || k == IF || k == RETURN || k == LOSS || k == FROM || k == LBRACE;
}

static bool space_between(int before2, int before, int k) {
  bool sign = before == MINUS && expects_operand(before2);
  if (is_opening(before) || sign) return false;
  if (is_closing(k) || k == COMMA || k == COLON || k == ELLIPSIS || k == SEMICOLON) return false;
  if (k == DOT)
    return before == SCOPE || before == NUMBER; /* `@a .b` is not `@a.b`, `1 .b` no `1.` */
  if (before == DOT) return false;
  if (k == LPAREN) return before != NAME && before != SCOPE;
  if (k == LBRACKET) return before != SCOPE;
  return true;
}

static int rank_of(int before, int k, int depth) {
  int own = -1;
  if (before == COMMA) own = 0;
  if (k == PIPE) own = 1;
  if (k == OR || k == AND) own = 2;
  if (k == EQ || k == NE || k == LT || k == LE || k == GT || k == GE) own = 3;
  if (k == PLUS || k == MINUS) own = 4;
  if (k == STAR || k == SLASH) own = 5;
  return own < 0 ? -1 : 8 * depth + own;
}

static int characters(const at_source *src, at_span s) {
  int n = 0;
  for (uint32_t i = s.begin; i < s.end; i++) n += ((unsigned char)src->text[i] & 0xc0) != 0x80;
  return n;
}

static void measure(format *f) {
  int depth = 0;
  for (int i = 0; i < f->n; i++) {
    token *t = &f->t[i];
    int before = i ? f->t[i - 1].kind : 0, before2 = i > 1 ? f->t[i - 2].kind : 0;
    bool sign = t->kind == MINUS && (i == 0 || expects_operand(before));
    if (is_closing(t->kind) && depth) depth--;
    t->width = characters(f->src, t->span);
    t->space = i && space_between(i > 1 ? before2 : COMMA, before, t->kind);
    t->rank = i && !(sign && before != COMMA) ? rank_of(before, t->kind, depth) : -1;
    if (is_opening(t->kind)) depth++;
  }
}

/* ---- printing ---- */

static void newline(format *f, int indent) {
  at_text_add(f->out, "\n");
  for (int i = 0; i < indent; i++) at_text_add(f->out, " ");
  f->column = indent;
}

static void put(format *f, const token *t, bool space) {
  if (space) at_text_add(f->out, " ");
  at_text_addn(f->out, f->src->text + t->span.begin, t->span.end - t->span.begin);
  f->column += t->width + space;
  if (is_opening(t->kind) && f->n_open < AT_DSL_MAX_DEPTH) f->open[f->n_open++] = f->column;
  if (is_closing(t->kind) && f->n_open) f->n_open--;
  f->last = t->span.end;
  f->any = true;
}

static void put_comment(format *f, const at_ast_comment *c) {
  uint32_t end = c->span.end;
  while (end > c->span.begin + 1 && strchr(" \t\r\f\v", f->src->text[end - 1])) end--;
  at_text_addn(f->out, f->src->text + c->span.begin, end - c->span.begin);
  f->last = c->span.end;
  f->any = true;
}

static int lines_between(const format *f, uint32_t from, uint32_t to) {
  int n = 0;
  for (uint32_t i = from; i < to; i++) n += f->src->text[i] == '\n';
  return n;
}

/* A comment on the line of the code before it. */
static bool trails(const format *f, uint32_t code_end, const at_ast_comment *c) {
  return f->any && lines_between(f, code_end, c->span.begin) == 0;
}

/* The first of the comments before t that does not trail the token before it. */
static const at_ast_comment *put_trailing(format *f, const token *t) {
  const at_ast_comment *c = t->n_before ? t->before : NULL;
  if (!c || !trails(f, f->last, c)) return c;
  at_text_add(f->out, "  ");
  put_comment(f, c);
  return t->n_before > 1 ? c->next : NULL;
}

/* ---- a line and where it is broken ---- */

static int hanging(const format *f, int indent) {
  if (!f->n_open) return indent + 2 * STEP;
  int at = f->open[f->n_open - 1];
  return at <= FARTHEST ? at : indent + 2 * STEP;
}

/* Where tokens from `from` on are broken; `to`: they fit. */
static int break_at(const format *f, int from, int to) {
  int column = f->column, best = -1;
  for (int i = from; i < to; i++) {
    const token *t = &f->t[i];
    if (i > from && t->n_before) break; /* a comment breaks it anyhow */
    if (i > from && t->rank >= 0 && (best < 0 || t->rank <= f->t[best].rank)) best = i;
    column += t->width + (i > from && t->space);
    if (column > WIDTH && best > from) return best;
  }
  return to;
}

static void put_line(format *f, int from, int to, int indent) {
  int next = break_at(f, from, to);
  for (int i = from; i < to; i++) {
    const token *t = &f->t[i];
    bool fresh = i == from;
    if (i > from && t->n_before) {
      const at_ast_comment *c = put_trailing(f, t);
      for (int left = c ? t->n_before - (c != t->before) : 0; left; left--, c = c->next) {
        newline(f, hanging(f, indent));
        put_comment(f, c);
      }
      newline(f, hanging(f, indent));
      fresh = true;
      next = break_at(f, i, to);
    } else if (i == next) {
      newline(f, hanging(f, indent));
      fresh = true;
      next = break_at(f, i, to);
    }
    put(f, t, t->space && !fresh);
  }
}

/* ---- lines ---- */

static bool begins_line(const format *f, int i, int depth) {
  static const int words[] = {MODEL,  MODULE, INCLUDE, INPUT, PARAM, LET,    INSTANCE, ATTEND,
                              OUTPUT, RETURN, LOSS,    NEXT,  IF,    REPEAT, FREEZE,   IMPORT};
  int k = f->t[i].kind, before = i ? f->t[i - 1].kind : SEMICOLON;
  bool clauses = f->n_block && f->in_attend[f->n_block - 1];
  if (depth) return false;
  if (before == LBRACE || before == SEMICOLON || k == RBRACE || k == END) return true;
  if (before == RBRACE) return k != ELSE;
  if (clauses) return k == NAME && i + 1 < f->n && f->t[i + 1].kind == EQUALS;
  if (before == ELSE || before == DOT || before == RECOMPUTE) return false;
  for (size_t w = 0; w < sizeof words / sizeof *words; w++)
    if (k == words[w]) return true;
  return false;
}

static void start_line(format *f, uint32_t begin, bool after_brace, bool apart, int indent) {
  bool empty = apart || (!after_brace && lines_between(f, f->last, begin) > 1);
  if (!f->any) return;
  if (empty) at_text_add(f->out, "\n");
  newline(f, indent);
}

/* Tokens [from, to) as one line, with the comments before it. */
static void line(format *f, int from, int to) {
  const token *t = &f->t[from];
  bool after_brace = from && f->t[from - 1].kind == LBRACE, closes = t->kind == RBRACE;
  bool apart = (t->kind == MODEL || t->kind == MODULE) && f->any;
  int inner = STEP * f->n_block;
  const at_ast_comment *c = put_trailing(f, t);
  for (int left = c ? t->n_before - (c != t->before) : 0; left; left--, c = c->next) {
    start_line(f, c->span.begin, after_brace, apart, inner);
    put_comment(f, c);
    after_brace = apart = false;
  }
  if (closes && f->n_block) f->n_block--;
  f->n_open = 0;
  f->column = STEP * f->n_block;
  if (t->kind == END) return;
  start_line(f, t->span.begin, after_brace || closes, apart, STEP * f->n_block);
  put_line(f, from, to, STEP * f->n_block);
  if (f->t[to - 1].kind == LBRACE && f->n_block < AT_DSL_MAX_DEPTH)
    f->in_attend[f->n_block++] = t->kind == ATTEND;
}

static void all_lines(format *f) {
  for (int from = 0; from < f->n;) {
    int to = from + 1, depth = is_opening(f->t[from].kind);
    for (; to < f->n; to++) {
      /* what stands behind a brace begins a line of the block that the brace opens or ends */
      bool ended = f->t[to - 1].kind == LBRACE || (f->t[from].kind == RBRACE && to == from + 1);
      if (ended ? f->t[to].kind != ELSE || f->t[to - 1].kind == LBRACE : begins_line(f, to, depth))
        break;
      if (is_opening(f->t[to].kind)) depth++;
      if (is_closing(f->t[to].kind) && depth) depth--;
    }
    line(f, from, to);
    from = to;
  }
  if (f->any) at_text_add(f->out, "\n");
}

/* ---- what there is to print ---- */

/* `;` goes; what comments stood before it stand before the next token. */
static at_status gather(format *f, at_arena *arena, const at_token *t, size_t n,
                        at_ast_comment *comments) {
  f->t = AT_NEW_ARRAY(arena, token, n + 1);
  if (!f->t) return AT_ENOMEM;
  for (size_t i = 0; i < n; i++)
    if (t[i].kind != SEMICOLON) f->t[f->n++] = (token){.kind = t[i].kind, .span = t[i].span};
  for (int i = 0; i < f->n && comments; i++) {
    f->t[i].before = comments;
    for (; comments && comments->span.begin < f->t[i].span.begin + (f->t[i].kind == END);
         comments = comments->next)
      f->t[i].n_before++;
  }
  return AT_OK;
}

at_status at_dsl_format(at_arena *arena, const at_source *src, at_diags *diags, at_text *out) {
  at_token *tokens;
  size_t n;
  at_ast *ast;
  format f = {.src = src, .out = out};
  at_status s = at_dsl_parse_alone(arena, src, diags, &ast);
  if (s == AT_OK) s = at_lex_tokens(arena, src, &tokens, &n);
  if (s == AT_OK) s = gather(&f, arena, tokens, n, ast->comments);
  if (s != AT_OK) return s;
  measure(&f);
  all_lines(&f);
  return out->failed ? AT_ENOMEM : AT_OK;
}
