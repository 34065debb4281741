#include "fault.h"
#include "names.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct {
  const char *name;
  enum kind kind;
} kinds[] = {
    {"hang", HANG},
    {"hold", HOLD},
    {"segv", SEGV},
    {"tell-pin", TELL_PIN},
    {"abort", ABORT},
    {"exit", EXIT},
    {"exit-twice", EXIT_TWICE},
    {"hang-at-exit", HANG_AT_EXIT},
    {"truncate", TRUNCATE},
    {"garbage-length", GARBAGE_LENGTH},
    {"session-lost", SESSION_LOST},
    {"removed", REMOVED},
};

static const struct {
  const char *name;
  unsigned long value;
} flag_names[] = {
#define CKF(name) {#name, CKF_##name}
    CKF(WRITE_PROTECTED),   CKF(USER_PIN_COUNT_LOW),     CKF(USER_PIN_FINAL_TRY), CKF(USER_PIN_LOCKED),
    CKF(SO_PIN_COUNT_LOW),  CKF(USER_PIN_TO_BE_CHANGED), CKF(SO_PIN_FINAL_TRY),   CKF(SO_PIN_LOCKED),
    CKF(SO_PIN_TO_BE_CHANGED),
#undef CKF
};

#define EACH(list) (size_t at = 0; at < sizeof(list) / sizeof(*list); at++)

static bool parse_flags(const char *text, unsigned long *flags) {
  *flags = 0;
  while (*text) {
    const size_t length = strcspn(text, "|");
    bool known = false;
    for EACH(flag_names) {
      if (strlen(flag_names[at].name) != length || strncmp(flag_names[at].name, text, length) != 0) continue;
      *flags |= flag_names[at].value;
      known = true;
    }
    if (!known) return false;
    text += length;
    if (*text == '|') text++;
  }
  return *flags != 0;
}

/* NAME=NUMBER, or NAME alone where nothing is set */
static bool parse_attribute(const char *text, struct fault *fault) {
  const size_t length = strcspn(text, "=");
  char *end;
  if ((text[length] == '=') != (fault->kind == ALTER)) return false;
  if (text[length] == '=') {
    fault->value = strtoul(text + length + 1, &end, 10);
    if (end == text + length + 1 || *end != '\0') return false;
  }
  return attribute_named(text, length, &fault->attribute);
}

/* NAME|NAME up to the end or a colon, which is where `rest` points then. */
static bool parse_names(const char *text, struct fault *fault, const char **rest) {
  for (;;) {
    const size_t length = strcspn(text, "|:=");
    if (fault->count == MOST_NAMES || !attribute_named(text, length, &fault->names[fault->count])) return false;
    fault->flags[fault->count++] = text[length] == '=' ? text[length + 1] - '0' : -1;
    text += length;
    if (*text == '=') {
      if (text[1] != '0' && text[1] != '1') return false;
      text += 2;
    }
    if (*text != '|') break;
    text++;
  }
  *rest = text;
  return true;
}

static bool is_named(const struct fault *fault, unsigned long type) {
  for (size_t at = 0; at < fault->count; at++)
    if (fault->names[at] == type) return true;
  return false;
}

static bool has_named(const struct fault *fault, const struct ck_attribute *list, unsigned long count) {
  for (unsigned long at = 0; list && at < count; at++) {
    for (size_t name = 0; name < fault->count; name++) {
      if (fault->names[name] != list[at].type) continue;
      if (fault->flags[name] < 0) return true;
      if (list[at].value_len == 1 && *(const unsigned char *)list[at].value == fault->flags[name]) return true;
    }
  }
  return false;
}

/* refuses:NAMES:CODE, lacks:NAMES and lacks-ok:NAMES */
static bool parse_dialect(const char *text, struct fault *fault) {
  const char *rest;
  if (strncmp(text, "refuses:", 8) == 0) {
    fault->kind = REFUSES;
    return parse_names(text + 8, fault, &rest) && *rest == ':' && parse_code(rest + 1, &fault->value);
  }
  const bool silent = strncmp(text, "lacks-ok:", 9) == 0;
  if (!silent && strncmp(text, "lacks:", 6) != 0) return false;
  fault->kind = LACKS;
  fault->value = silent ? CKR_OK : CKR_ATTRIBUTE_TYPE_INVALID;
  return parse_names(text + (silent ? 9 : 6), fault, &rest) && *rest == '\0';
}

bool parse_fault(const char *text, struct fault *fault) {
  *fault = (struct fault){0};
  if (strncmp(text, "after:", 6) == 0) {
    fault->after = true;
    text += 6;
  }
  if (strncmp(text, "flags:", 6) == 0) {
    fault->kind = FLAGS;
    return parse_flags(text + 6, &fault->value);
  }
  if (strncmp(text, "refuses:", 8) == 0 || strncmp(text, "lacks", 5) == 0) return parse_dialect(text, fault);
  if (strncmp(text, "alter:", 6) == 0) {
    fault->kind = ALTER;
    return parse_attribute(text + 6, fault);
  }
  if (strncmp(text, "misread:", 8) == 0) {
    fault->kind = MISREAD;
    return parse_attribute(text + 8, fault);
  }
  char *end;
  if (strncmp(text, "slow:", 5) == 0) {
    fault->kind = SLOW;
    fault->value = strtoul(text + 5, &end, 10);
    return end != text + 5 && *end == '\0';
  }
  for EACH(kinds) {
    if (strcmp(text, kinds[at].name) == 0) fault->kind = kinds[at].kind;
  }
  if (fault->kind != NOTHING) return true;
  fault->kind = RETURN_CODE;
  return parse_code(text, &fault->value);
}

static void hang(void) {
  for (;;) pause();
}

static void exit_again(void) { exit(9); }

static void close_all_sessions(void) {
  ck_slot_id_t slots[64];
  unsigned long count = sizeof slots / sizeof *slots;
  if (real->C_GetSlotList(1, slots, &count) != CKR_OK) return;
  for (unsigned long at = 0; at < count; at++) real->C_CloseAllSessions(slots[at]);
}

static void sleep_for(unsigned long milliseconds) {
  const struct timespec time = {(time_t)(milliseconds / 1000), (long)(milliseconds % 1000) * 1000000L};
  nanosleep(&time, NULL);
}

/* What ends the process or never comes back. */
static void strike(enum kind kind) {
  switch (kind) {
    case HANG: hang(); break;
    case SEGV: raise(SIGSEGV); break;
    case TELL_PIN:
      for (int line = 0; line < 2; line++) fprintf(stderr, "debug: C_Login pin=12345678\n");
      fflush(stderr);
      abort();
    case ABORT: abort();
    case EXIT: exit(7);
    case EXIT_TWICE: atexit(exit_again); exit(7);
    default: break;
  }
}

/* The library is asked for another value: the caller's memory stays as it is, its list of pointers is put back after the call. */
static _Thread_local unsigned long other_value;
static _Thread_local void *own_value;

static struct ck_attribute *altered(const struct fault *fault, const struct output *output) {
  if (fault->kind != ALTER || output->what != TEMPLATE) return NULL;
  for (unsigned long at = 0; at < output->count; at++) {
    if (output->attributes[at].type == fault->attribute) return &output->attributes[at];
  }
  return NULL;
}

bool before_call(const struct fault *fault, enum function function, const struct output *output, ck_rv_t *rv) {
  struct ck_attribute *one = altered(fault, output);
  if (one) {
    other_value = fault->value; /* little-endian: its first byte is a CK_BBOOL */
    own_value = one->value;
    one->value = &other_value;
  }
  switch (fault->kind) {
    case ALTER:
    case LACKS:
    case MISREAD: return false;
    case REFUSES:
      *rv = fault->value;
      return output->what == TEMPLATE && (has_named(fault, output->attributes, output->count) ||
                                          has_named(fault, output->others, output->others_count));
    case HANG_AT_EXIT: atexit(hang); return false;
    case SLOW: sleep_for(fault->value); return false;
    case HOLD:
      while (plan_holds()) sleep_for(10);
      return false;
    case SESSION_LOST: close_all_sessions(); return false;
    case FLAGS:
      add_flags(fault->value);
      /* A PIN that is locked now was locked by this very try. */
      if (function != AT_C_Login || !(fault->value & (CKF_USER_PIN_LOCKED | CKF_SO_PIN_LOCKED))) return false;
      *rv = CKR_PIN_LOCKED;
      return true;
    case REMOVED:
      if (!fault->after) {
        close_all_sessions();
        take_token_away();
      }
      return false;
    case RETURN_CODE:
      *rv = fault->value;
      return !fault->after;
    default:
      if (!fault->after) strike(fault->kind);
      return false;
  }
}

#define ABSURD 0x7ffffffffffff000UL

static void spoil(const struct output *output, bool half) {
  if (output->what == ATTRIBUTES) {
    for (unsigned long at = 0; at < output->count; at++) {
      struct ck_attribute *one = &output->attributes[at];
      if (!half) one->value_len = ABSURD;
      else if (one->value && one->value_len != (unsigned long)-1) one->value_len /= 2;
    }
    return;
  }
  if (output->what == NO_OUTPUT || !output->length) return;
  if (!half) *output->length = ABSURD;
  else if (output->bytes) *output->length /= 2;
}

#define IS_TEMPLATE(one) ((one)->type == CKA_WRAP_TEMPLATE || (one)->type == CKA_UNWRAP_TEMPLATE)

/* Flips one bit of the attribute's value, of a template in its first value. A caller that asks for lengths is told the truth. */
static void misread(const struct output *output, unsigned long attribute) {
  for (unsigned long at = 0; output->what == ATTRIBUTES && at < output->count; at++) {
    struct ck_attribute *one = &output->attributes[at];
    if (one->type != attribute || !one->value || one->value_len == 0 || one->value_len == (unsigned long)-1) continue;
    if (IS_TEMPLATE(one)) one = one->value;
    if (one->value) *(unsigned char *)one->value ^= 1;
  }
}

/* The library answered for all of them: what this token does not have is taken out again. */
static ck_rv_t take_out(const struct fault *fault, ck_rv_t rv, const struct output *output) {
  bool found = false;
  for (unsigned long at = 0; output->what == ATTRIBUTES && at < output->count; at++) {
    if (!is_named(fault, output->attributes[at].type)) continue;
    output->attributes[at].value_len = (unsigned long)-1;
    found = true;
  }
  return found ? fault->value : rv;
}

ck_rv_t after_call(const struct fault *fault, ck_rv_t rv, const struct output *output) {
  struct ck_attribute *one = altered(fault, output);
  if (one) one->value = own_value;
  if (fault->kind == TRUNCATE || fault->kind == GARBAGE_LENGTH) spoil(output, fault->kind == TRUNCATE);
  if (fault->kind == LACKS) rv = take_out(fault, rv, output);
  if (fault->kind == MISREAD && rv == CKR_OK) misread(output, fault->attribute);
  if (!fault->after) return rv;
  if (fault->kind == RETURN_CODE) return fault->value;
  if (fault->kind == REMOVED) {
    close_all_sessions();
    take_token_away();
    return CKR_DEVICE_REMOVED;
  }
  strike(fault->kind);
  return rv;
}
