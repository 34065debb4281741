/* A vendor's rules: what a token says, takes, refuses, gives back. Read once from NAME.rules beside the module NAME. */
#ifndef RULES_H
#define RULES_H

#define CRYPTOKI_GNU 1 /* struct ck_… instead of typedefs */
#include <p11-kit/pkcs11.h>
#include <stdbool.h>
#include <stddef.h>

/* Every function of the list but C_GetFunctionList, in the standard's order. */
enum function {
#define FUNCTION(name, parameters, arguments, session, output) AT_##name,
#include "../fault-module/functions.h"
#undef FUNCTION
  FUNCTIONS
};

/* How an object comes to be or is changed. */
enum how { GENERATE, PAIR, CREATE, UNWRAP, DERIVE, COPY, SET, HOWS };
enum class { SECRET, PRIVATE, PUBLIC, OTHER, CLASSES };

enum action { TAKE, DROP, REFUSE, REPLACE, ABSENT, ABSENT_OK, ID_INSTEAD, ODD_LENGTH };

struct rule {
  unsigned hows;    /* bits of enum how; of a reading all */
  unsigned classes; /* bits of enum class */
  unsigned long type;
  bool any;         /* of every attribute */
  int flag;         /* with this value alone, or -1 */
  enum action action;
  unsigned long value; /* the code, or the flag that takes its place */
};

struct mechanism {
  unsigned long number;
  unsigned long real;
  unsigned long flags; /* CKF_… of what it does */
  bool absent;         /* not listed either */
};

struct limit {
  unsigned long most; /* 0: none */
  unsigned long code;
};

struct saying {
  bool said;
  char text[65];
};

struct rules {
  struct rule templates[512], readings[256], defaults[64];
  size_t template_count, reading_count, default_count;
  struct mechanism mechanisms[128];
  size_t mechanism_count;
  bool only; /* no others than those; else the library's besides */
  struct saying library_maker, library_name, slot_maker, slot_name, maker, model, label, serial, serial_until_so;
  unsigned long refusals[FUNCTIONS];      /* the answer to every call, or CKR_OK */
  unsigned long without_so[FUNCTIONS];    /* the answer unless the security officer is logged in, or CKR_OK */
  unsigned long shortest_pin, longest_pin; /* 0: as the library has it */
  unsigned long read_only, so_login, same_id; /* answers to a read-only session, a login as SO, a CKA_ID that is taken */
  unsigned long idle; /* what the first call after an idle time is answered, when every session has ended */
  bool so_is_user; /* the security officer sees and uses keys */
  struct limit sessions;
  /* Bytes of AES-GCM's nonce, which the token makes: written over the caller's zeros, or behind the tag of whoever gives none. */
  unsigned long gcm_written, gcm_appended;
};

extern struct rules rules;
extern const char *const function_names[FUNCTIONS];

void read_rules(void);
/* Whether a file of the module's name and this ending is there; it is taken away. */
bool beside(const char *ending);
/* The first rule that fits, or NULL. */
const struct rule *rule_for(const struct rule *list, size_t count, enum how how, enum class class,
                            const struct ck_attribute *one);
/* NULL where the token has no such mechanism for this. */
const struct mechanism *mechanism_for(unsigned long number, unsigned long flag);

#endif
