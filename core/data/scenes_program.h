/* Programs of questions: phrases, chains of them, what these select in a scene.  Internal to the
 * view of questions. */
#ifndef AT_DATA_SCENES_PROGRAM_H
#define AT_DATA_SCENES_PROGRAM_H
#include "core/data/scenes_ask.h"
#include "core/data/scenes_words.h"

enum { AT_SIZE, AT_COLOR, AT_TEXTURE, AT_SHAPE, AT_ATTRIBUTES };
extern const struct at_scene_attribute {
  const char *name;
  const char *const *value;
  int n;
} at_scene_attributes[AT_ATTRIBUTES];

/* Relations of questions: those of captions, then "of the same ..." for every attribute. */
enum { AT_SAME = AT_RELATIONS, AT_LINKS = AT_RELATIONS + AT_ATTRIBUTES, AT_NO_LINK = -1 };
extern const char *const at_scene_link_names[AT_LINKS]; /* as programs call them */
/* Attributes that the relation speaks of, a bit each. */
int at_scene_link_attributes(int link);

typedef struct at_scene_facts {
  const at_scene *s;
  at_scene_set all, has[AT_ATTRIBUTES][AT_SCENE_SHAPES];
  /* [r][b]: objects that have relation r to b; that do not, but one might say so. */
  at_scene_set holds[AT_LINKS][AT_SCENE_MAX_OBJECTS], doubt[AT_LINKS][AT_SCENE_MAX_OBJECTS];
} at_scene_facts;
void at_scene_facts_find(const at_scene *s, at_scene_facts *out);
int at_scene_value(const at_scene_object *o, int attribute);
int at_scene_count(at_scene_set v);
int at_scene_first(at_scene_set v); /* of a set that is not empty */

/* "large red thing", of the objects that have `link` to the one object of the next phrase. */
typedef struct at_scene_phrase {
  int value[AT_ATTRIBUTES]; /* index of its name; -1: not said */
  int link;                 /* AT_NO_LINK: of all objects */
} at_scene_phrase;

enum { AT_CHAIN = 4 };
typedef struct at_scene_chain {
  int n; /* phrase[n - 1] has no link */
  at_scene_phrase phrase[AT_CHAIN];
  at_scene_set set[AT_CHAIN]; /* what each selects */
} at_scene_chain;

/* Objects that fit the words, link or not. */
at_scene_set at_scene_fit(const at_scene_facts *f, const at_scene_phrase *p);
/* Fills the sets.  False: a phrase that must be of one object (all but the first, and with `one`
 * the first) is not; its link is not needed for that; objects come back; or a link is in doubt. */
bool at_scene_follow(const at_scene_facts *f, at_scene_chain *c, bool one);

typedef enum at_scene_ask_kind {
  AT_ASK_EXIST,
  AT_ASK_COUNT,
  AT_ASK_QUERY, /* an attribute of a's object */
  AT_ASK_MORE,  /* a's objects than b's */
  AT_ASK_FEWER,
  AT_ASK_EQUAL,
  AT_ASK_SAME, /* an attribute of a's object and b's */
  AT_ASK_LINK, /* does a's object have the relation to b's */
  AT_ASK_KINDS
} at_scene_ask_kind;

typedef struct at_scene_program {
  at_scene_ask_kind kind;
  int attribute; /* of QUERY and SAME */
  int link;      /* of LINK */
  at_scene_chain a, b;
} at_scene_program;

bool at_scene_program_pairs(const at_scene_program *p); /* b counts */
bool at_scene_program_one(const at_scene_program *p);   /* a, and b, are of one object */
/* Follows the chains; NULL: the question is ill-posed. */
const char *at_scene_program_run(const at_scene_facts *f, at_scene_program *p);
const char *at_scene_program_type(const at_scene_program *p);
/* Program, type, steps, selected and referred of a program that was run. */
bool at_scene_program_note(const at_scene_program *p, at_scene_question *out);

/* The question in words; false: it does not fit, or this kind of chain has no words. */
bool at_scene_program_say(const at_scene_facts *f, at_dice *d, const at_scene_program *p,
                          at_scene_question *out);
#endif
