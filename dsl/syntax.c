/* Syntax errors: what was expected, what was found, and the bracket left open. */
#include <stdio.h>
#include <ctype.h>
#include <string.h>
#include "dsl/parse.h"

static char closing(char open) { return open == '(' ? ')' : open == '[' ? ']' : '}'; }

bool at_syntax_open(at_parse *p, char c, at_span span) {
  if (p->n_bracket == AT_DSL_MAX_DEPTH) {
    at_diag_add(p->diags, AT_SEV_ERROR, "nesting", span,
                "brackets are nested more than %d deep; reading stops here", AT_DSL_MAX_DEPTH);
    p->stopped = true;
    return false;
  }
  p->bracket[p->n_bracket++] = (at_bracket){c, span};
  return true;
}

/* A closing bracket that fits an outer one closes those inside too: they lack theirs. */
void at_syntax_close(at_parse *p, char open, at_span span) {
  int i = p->n_bracket;
  while (i > 0 && p->bracket[i - 1].open != open) i--;
  if (p->n_bracket && i < p->n_bracket && p->bracket[p->n_bracket - 1].open != '{') {
    p->lacking = p->bracket[p->n_bracket - 1];
    p->lacking_at = span.begin;
  }
  if (i > 0) p->n_bracket = i - 1;
}

void at_syntax_open_text(at_parse *p, at_span span) {
  at_diag_add(p->diags, AT_SEV_ERROR, "syntax", span, "this text lacks its closing quote")->hint =
      "a text begins and ends with `\"` on one line";
}

/* Bytes of a long text that a message shows: whole characters. */
static size_t shown(const char *text, size_t n) {
  if (n <= 40) return n;
  for (n = 40; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80;) n--;
  return n;
}

void at_syntax_bad_char(at_parse *p, const char *text, size_t n, at_span span) {
  static const struct {
    const char *text, *hint;
  } alike[] = {
      {"\xe2\x86\x92", "an arrow is written `->`"},
      {"\xe2\x88\x92", "minus is written `-`"},
      {"\xe2\x80\x93", "minus is written `-`"},
      {"\xc3\x97", "times is written `*`"},
      {"\xc2\xb7", "times is written `*`"},
      {"\xe2\x80\xa6", "a ragged axis is written with three dots, `word...`"},
      {"\xe2\x96\xb7", "a pipeline is written `|>`"},
      {"|", "a pipeline is written `|>`"},
      {"&", "write `and`"},
      {"!", "write `not`"},
      {"@",
       "a scope name follows `@` at once, as in `@img_fc`; a product is `contract(x, y, axis)`"},
      {"'", "texts stand in `\"`, names without quotes"}};
  unsigned char c = (unsigned char)text[0];
  at_diag *d = c < 32 || c == 127
                   ? at_diag_add(p->diags, AT_SEV_ERROR, "bad-character", span,
                                 "the control character 0x%02x means nothing here", c)
                   : at_diag_add(p->diags, AT_SEV_ERROR, "bad-character", span,
                                 "`%.*s` means nothing here", (int)shown(text, n), text);
  for (size_t i = 0; i < sizeof alike / sizeof *alike; i++)
    if (strlen(alike[i].text) == n && memcmp(alike[i].text, text, n) == 0) d->hint = alike[i].hint;
}

/* ---- what was expected ---- */

typedef struct expectation {
  const char *text[40];
  int n;
  bool value; /* an expression may begin here */
  bool name;
} expectation;

static bool holds(const char *const *list, int n, const char *what) {
  for (int i = 0; i < n; i++)
    if (strcmp(list[i], what) == 0) return true;
  return false;
}

static void put(expectation *e, const char *text) {
  if (e->n < (int)(sizeof e->text / sizeof *e->text)) e->text[e->n++] = text;
}

/* Many tokens together mean one thing to a reader. */
static void gather(expectation *e, const char *const *list, int n) {
  static const char *const begins[] = {"a number", "`(`",    "`[`",  "`-`",
                                       "a name",   "a text", "`not`"};
  static const char *const operators[] = {"`|>`", "`+`", "`-`",  "`*`", "`/`",  "`.`",   "`==`",
                                          "`!=`", "`<`", "`<=`", "`>`", "`>=`", "`and`", "`or`"};
  static const char *const statements[] = {
      "`input`", "`param`",  "`let`",  "`instance`", "`attend`", "`output`", "`return`",
      "`loss`",  "`repeat`", "`next`", "`if`",       "`freeze`", "`import`"};
  enum {
    BEGINS = sizeof begins / sizeof *begins,
    OPERATORS = sizeof operators / sizeof *operators,
    STATEMENTS = sizeof statements / sizeof *statements
  };
  bool goes_on = holds(list, n, "`*`"), statement = holds(list, n, "`let`");
  bool separator = statement || holds(list, n, "`}`");
  e->value = holds(list, n, "a number");
  e->name = holds(list, n, "a name");
  if (e->value) put(e, "an expression");
  for (int i = 0; i < n; i++) {
    if (e->value && holds(begins, BEGINS, list[i])) continue;
    if (goes_on && (holds(operators, OPERATORS, list[i]) || !strcmp(list[i], "`(`"))) continue;
    if (statement && holds(statements, STATEMENTS, list[i])) continue;
    if ((separator && !strcmp(list[i], "`;`")) || !strcmp(list[i], "`@scope`")) continue;
    put(e, list[i]);
  }
  if (statement) put(e, "a statement (let, attend, output, loss, ...)");
}

static const char *join(at_parse *p, const expectation *e) {
  at_text t = {0};
  for (int i = 0; i < e->n; i++)
    at_text_addf(&t, "%s%s", i == 0 ? "" : i + 1 == e->n ? " or " : ", ", e->text[i]);
  const char *s = t.failed || !t.data ? NULL : at_arena_strdup(p->arena, t.data);
  at_text_free(&t);
  return s ? s : "something else";
}

/* ---- what was found ---- */

static const char *quote(at_parse *p, at_span s) {
  size_t n = s.end - s.begin;
  const char *text = p->src->text + s.begin;
  size_t cut = shown(text, n);
  return at_diag_text(p->diags, "`%.*s%s`", (int)cut, text, cut < n ? "..." : "");
}

/* The word or the character that ends before byte `at`. */
static size_t before(const at_source *src, uint32_t at, const char **word) {
  uint32_t end = at, begin;
  while (end > 0 && strchr(" \t\r\n", src->text[end - 1])) end--;
  for (begin = end;
       begin > 0 && (isalnum((unsigned char)src->text[begin - 1]) || src->text[begin - 1] == '_');)
    begin--;
  if (begin == end && end > 0) begin--;
  *word = src->text + begin;
  return end - begin;
}

static bool is_before(const at_source *src, uint32_t at, const char *text) {
  const char *word;
  return before(src, at, &word) == strlen(text) && !strncmp(word, text, strlen(text));
}

static bool is_here(const at_source *src, at_span s, const char *text) {
  return s.end - s.begin == strlen(text) && !strncmp(src->text + s.begin, text, strlen(text));
}

/* A `=` behind the name: someone names a value. */
static bool assigns(const at_source *src, uint32_t at) {
  while (at < src->size && strchr(" \t", src->text[at])) at++;
  return at + 1 < src->size && src->text[at] == '=' && src->text[at + 1] != '=';
}

static bool begins_line(const at_source *src, uint32_t at) {
  while (at > 0 && strchr(" \t", src->text[at - 1])) at--;
  return at == 0 || src->text[at - 1] == '\n';
}

static bool comments(const at_source *src, uint32_t at) {
  return at < src->size && src->text[at] == '/';
}

/* Signs that mean something elsewhere, or too many of them. */
static const char *hint_for_sign(const at_parse *p, const expectation *e, const char *found,
                                 at_span where) {
  const at_source *src = p->src;
  const at_bracket *in = p->n_bracket ? &p->bracket[p->n_bracket - 1] : NULL;
  bool closes = !strcmp(found, "`)`") || !strcmp(found, "`]`") || !strcmp(found, "`}`");
  if (closes && is_before(src, where.begin, ",")) return "leave out the comma before it";
  if (!strcmp(found, "`*`") && is_before(src, where.begin, "*"))
    return "a power is `square(x)` or `x * x`, of numbers `pow(a, b)`";
  if (is_here(src, where, "/") && (is_before(src, where.begin, "/") || comments(src, where.end)))
    return "a comment begins with `#`";
  if (!strcmp(found, "a number") && !e->value && holds(e->text, e->n, "`[`"))
    return "an axis that is made has a name: `-> NAME = SIZE`";
  if (!strcmp(found, "`=`") && is_before(src, where.begin, "loss"))
    return "a loss is written `loss EXPRESSION`, one of several `loss NAME = EXPRESSION`";
  if (!strcmp(found, "`,`") && in && in->open == '(' &&
      (is_before(src, in->span.begin, "real") || is_before(src, in->span.begin, "token")))
    return "axes stand in square brackets: `real [axis, ...]`";
  return NULL;
}

/* What people write who come from other languages. */
static const char *hint_for_habit(const at_parse *p, const expectation *e, const char *found,
                                  at_span where) {
  static const char loop[] = "a loop is written `repeat t = 1 to 3 with h = x { next h = ... }`";
  const at_source *src = p->src;
  bool statement = holds(e->text, e->n, "a statement (let, attend, output, loss, ...)");
  bool name = !strcmp(found, "a name"), equals = holds(e->text, e->n, "`=`");
  if (is_before(src, where.begin, "repeat") || (!strcmp(found, "`{`") && equals && e->n == 1) ||
      (name && (is_here(src, where, "for") || is_here(src, where, "while"))))
    return loop;
  if (statement && name && assigns(src, where.end)) return "a value is named by `let NAME = ...`";
  if (!strcmp(found, "`|>`") && equals)
    return "what is computed needs a name: `output NAME = x |> ...`";
  if (!strcmp(found, "`,`") && holds(e->text, e->n, "`if`"))
    return "clauses of attend follow each other without commas";
  if (!strcmp(found, "`,`") && statement) return "statements follow each other without commas";
  if (!strcmp(found, "`|>`") && is_before(src, where.begin, ";"))
    return "a pipeline goes on without `;`";
  if (!strcmp(found, "`.`") && statement) return "operators have names without dots, as `relu`";
  if (!strcmp(found, "`(`") && statement) return "an operator is called as `x |> f(...)` or `f(x)`";
  if (!strcmp(found, "`[`") && is_before(src, where.begin, ":"))
    return "an input is written `input NAME: real [axis, ...]` or `token [...]`";
  if (!strcmp(found, "`:`") && equals)
    return holds(e->text, e->n, "`,`")
               ? "a parameter is written NAME or NAME = DEFAULT, without a type"
               : "`=` gives a name its meaning; only input and param have `:` and axes";
  return hint_for_sign(p, e, found, where);
}

/* A statement among the clauses of attend. */
static bool lacks_clause_end(const expectation *e, bool keyword) {
  return keyword && e->name && !e->value && holds(e->text, e->n, "`}`");
}

static const char *hint_for(const at_parse *p, const expectation *e, const char *found,
                            bool keyword, at_span where) {
  const char *habit = hint_for_habit(p, e, found, where);
  if (habit) return habit;
  if (lacks_clause_end(e, keyword)) return "the clauses of attend end with `}`";
  if (keyword && e->value && is_here(p->src, where, "attend"))
    return "attend is a statement of its own: `attend NAME(query = ..., ...) { ... }`";
  if (keyword && e->value && begins_line(p->src, where.begin))
    return "a statement begins here, and what stands before it is not complete";
  if (!strcmp(found, "`recompute`") && (e->value || !e->name))
    return "a module is marked where it is declared: `module NAME(...) recompute { ... }`";
  if (keyword && e->name)
    return "the words of the language name nothing of your own; choose another name";
  if (!strcmp(found, "`=`") && holds(e->text, e->n, "`:`"))
    return "an input is written `input NAME: real [axis, ...]`, other values `let NAME = ...`";
  if (holds(e->text, e->n, "`,`") && (!strcmp(found, "a name") || !strcmp(found, "a number")))
    return "a comma may be missing";
  if (holds(e->text, e->n, "`:`") && holds(e->text, e->n, "`,`") && !strcmp(found, "`(`"))
    return "an axis is written NAME, NAME = SIZE, NAME: KIND or NAME...";
  if (holds(e->text, e->n, "`model`"))
    return "a file holds one `model NAME(parameters) { statements }`, modules and includes";
  return NULL;
}

/* A missing bracket shows only later, at what cannot stand inside it. */
static void note_bracket(at_parse *p, const at_unexpected *u, bool unclosed, at_diag *d) {
  static const char *const breaks[] = {"`=`", "`{`"};
  const at_bracket *b = p->n_bracket ? &p->bracket[p->n_bracket - 1] : NULL;
  if (b && b->span.begin == u->where.begin) b = p->n_bracket > 1 ? b - 1 : NULL;
  if (b && !u->end && (b->open == '{' ? !unclosed : !(u->reserved || holds(breaks, 2, u->token))))
    b = NULL;
  if (p->lacking.open && p->lacking_at == u->where.begin) b = &p->lacking;
  if (!b) return;
  d->note =
      at_diag_text(p->diags, "`%c` was opened here and lacks its `%c`", b->open, closing(b->open));
  d->note_span = b->span;
}

void at_syntax_unexpected(at_parse *p, const at_unexpected *u) {
  if (p->stopped || !u->token || !strcmp(u->token, "an unknown character")) return;
  expectation e = {.n = 0};
  gather(&e, u->expected, u->n_expected);
  const char *seen = u->end ? u->token : quote(p, u->where);
  const bool unclosed = lacks_clause_end(&e, u->reserved);
  const char *code = u->reserved && e.name && !unclosed ? "reserved-word" : "syntax";
  const char *what = u->reserved ? "the reserved word " : "";
  at_diag *d;
  if (e.n > 0 && e.n <= 6)
    d = at_diag_add(p->diags, AT_SEV_ERROR, code, u->where,
                    "%s%s is out of place here; expected %s", what, seen, join(p, &e));
  else
    d = at_diag_add(p->diags, AT_SEV_ERROR, code, u->where, "%s%s is out of place here", what,
                    seen);
  d->hint = hint_for(p, &e, u->token, u->reserved, u->where);
  note_bracket(p, u, unclosed, d);
  p->stopped |= unclosed; /* what follows would be read as clauses */
}
