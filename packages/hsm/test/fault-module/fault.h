/* A PKCS#11 module that hands every call on to another one and does what a plan says at chosen calls. */
#ifndef FAULT_H
#define FAULT_H

#define CRYPTOKI_GNU 1 /* struct ck_… instead of typedefs */
#include <p11-kit/pkcs11.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every function of the list but C_GetFunctionList, in the standard's order. */
enum function {
#define FUNCTION(name, parameters, arguments, session, output) AT_##name,
#include "functions.h"
#undef FUNCTION
  FUNCTIONS
};

extern const char *const function_names[FUNCTIONS];

enum kind {
  NOTHING,
  RETURN_CODE,    /* CKR_… or a number */
  HANG,           /* never comes back */
  SEGV,           /* writes to address 0 */
  TELL_PIN,       /* writes a line with a PIN to standard error, then aborts */
  ABORT,          /* abort(3) */
  EXIT,           /* exit(3) from inside the call */
  EXIT_TWICE,     /* exit(3), and its handler calls exit(3) again */
  HANG_AT_EXIT,   /* the call works; an exit handler then never returns */
  HOLD,           /* waits for as long as any rule of the plan says hold, then the call works */
  SLOW,           /* slow:MILLISECONDS, then the call works */
  TRUNCATE,       /* half of what came back is said to be there */
  GARBAGE_LENGTH, /* the length that comes back is absurd */
  SESSION_LOST,   /* every session is really closed first */
  REMOVED,        /* sessions closed, and the token is gone for as long as this plan stands */
  FLAGS,          /* flags:NAME|NAME, added to the token's flags for as long as this plan stands */
  ALTER,          /* alter:NAME=NUMBER, what the library is asked for of this attribute */
  REFUSES,        /* refuses:NAME|NAME=0:CODE, the answer to a template that has one of these attributes */
  LACKS,          /* lacks:NAME|NAME, read as absent: a length of -1, and CKR_ATTRIBUTE_TYPE_INVALID or OK (lacks-ok) */
  MISREAD         /* misread:NAME, one bit of what comes back for this attribute is another */
};

#define MOST_NAMES 32

struct fault {
  enum kind kind;
  bool after; /* the token has done its work before it goes wrong */
  unsigned long value;
  unsigned long attribute; /* of ALTER and MISREAD */
  unsigned long names[MOST_NAMES]; /* of REFUSES and LACKS */
  int flags[MOST_NAMES];           /* of REFUSES: the value alone that is refused, or -1 */
  size_t count;
};

/* What a call gives back, for TRUNCATE, GARBAGE_LENGTH and MISREAD; TEMPLATE: what it asks for, for ALTER. */
struct output {
  enum { NO_OUTPUT, BYTES, COUNT, ATTRIBUTES, TEMPLATE } what;
  const void *bytes;
  unsigned long *length;
  struct ck_attribute *attributes;
  unsigned long count;
  /* The public half's template of a pair. */
  const struct ck_attribute *others;
  unsigned long others_count;
};

extern struct ck_function_list *real;

/* Counts and logs one call and gives what the plan says about it. */
struct fault meet(enum function function);
/* Whether a fault took the token away, and what flags were added, under the plan that stands now. */
bool token_is_gone(void);
unsigned long added_flags(void);
bool plan_holds(void);
void take_token_away(void);
void add_flags(unsigned long flags);

/* True when the call must not be handed on; its answer is in `rv`. */
bool before_call(const struct fault *fault, enum function function, const struct output *output, ck_rv_t *rv);
ck_rv_t after_call(const struct fault *fault, ck_rv_t rv, const struct output *output);

bool parse_fault(const char *text, struct fault *fault);

#endif
