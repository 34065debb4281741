/* A PKCS#11 module that is SoftHSM behind a vendor's rules (rules.h). It knows no vendor. */
#include "rules.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct ck_function_list *real;
static _Atomic bool is_so;
static _Atomic unsigned long open_sessions;

static ck_slot_id_t slot_of_sessions;

static const bool has_session[FUNCTIONS] = {
#define FUNCTION(name, parameters, arguments, session, output) session,
#include "../fault-module/functions.h"
#undef FUNCTION
};

static void closed(unsigned long sessions) {
  open_sessions = sessions;
  if (sessions == 0) is_so = false;
}

/* A file NAME.idle beside the module is an idle time that has passed: every session has ended. */
static bool was_idle(void) {
  if (!beside(".idle")) return false;
  real->C_CloseAllSessions(slot_of_sessions);
  closed(0);
  return true;
}

static ck_rv_t refused(enum function function) {
  if (rules.idle != CKR_OK && has_session[function] && was_idle()) return rules.idle;
  if (rules.refusals[function] != CKR_OK) return rules.refusals[function];
  return is_so ? CKR_OK : rules.without_so[function];
}

#define UNLESS_REFUSED(name)                     \
  const ck_rv_t at_once = refused(AT_##name); \
  if (at_once != CKR_OK) return at_once

#define FUNCTION(name, parameters, arguments, session, output) \
  static ck_rv_t on_##name parameters {                        \
    UNLESS_REFUSED(name);                                      \
    return real->name arguments;                               \
  }
#include "../fault-module/functions.h"
#undef FUNCTION

static void pad(unsigned char *to, size_t size, const struct saying *saying) {
  if (!saying->said) return;
  const size_t length = strlen(saying->text);
  memset(to, ' ', size);
  memcpy(to, saying->text, length < size ? length : size);
}

#define PAD(field, saying) pad(field, sizeof(field), saying)

static ck_rv_t get_info(struct ck_info *info) {
  const ck_rv_t rv = on_C_GetInfo(info);
  if (rv != CKR_OK) return rv;
  PAD(info->manufacturer_id, &rules.library_maker);
  PAD(info->library_description, &rules.library_name);
  return CKR_OK;
}

/* SoftHSM's blank slot is no part of a token that its vendor's tool has set up. */
static ck_rv_t slot_list(unsigned char present, ck_slot_id_t *list, unsigned long *count) {
  UNLESS_REFUSED(C_GetSlotList);
  ck_slot_id_t all[64];
  unsigned long there = 64, used = 0;
  const ck_rv_t rv = real->C_GetSlotList(present, all, &there);
  if (rv != CKR_OK) return rv;
  for (unsigned long at = 0; at < there; at++) {
    struct ck_token_info info;
    if (real->C_GetTokenInfo(all[at], &info) == CKR_OK && info.flags & CKF_TOKEN_INITIALIZED) all[used++] = all[at];
  }
  const bool fits = used <= *count;
  *count = used;
  if (!list) return CKR_OK;
  if (!fits) return CKR_BUFFER_TOO_SMALL;
  memcpy(list, all, used * sizeof *all);
  return CKR_OK;
}

static ck_rv_t slot_info(ck_slot_id_t slot, struct ck_slot_info *info) {
  const ck_rv_t rv = on_C_GetSlotInfo(slot, info);
  if (rv != CKR_OK) return rv;
  PAD(info->manufacturer_id, &rules.slot_maker);
  PAD(info->slot_description, &rules.slot_name);
  return CKR_OK;
}

static ck_rv_t token_info(ck_slot_id_t slot, struct ck_token_info *info) {
  const ck_rv_t rv = on_C_GetTokenInfo(slot, info);
  if (rv != CKR_OK) return rv;
  PAD(info->manufacturer_id, &rules.maker);
  PAD(info->model, &rules.model);
  PAD(info->label, &rules.label);
  PAD(info->serial_number, &rules.serial);
  if (!is_so) PAD(info->serial_number, &rules.serial_until_so);
  if (rules.longest_pin) {
    info->min_pin_len = rules.shortest_pin;
    info->max_pin_len = rules.longest_pin;
  }
  return CKR_OK;
}

static ck_rv_t mechanism_list(ck_slot_id_t slot, ck_mechanism_type_t *list, unsigned long *count) {
  UNLESS_REFUSED(C_GetMechanismList);
  ck_mechanism_type_t all[512];
  unsigned long used = rules.only ? 0 : 256;
  const ck_rv_t rv = rules.only ? CKR_OK : real->C_GetMechanismList(slot, all, &used);
  if (rv != CKR_OK) return rv;
  unsigned long kept = 0;
  for (unsigned long at = 0; at < used; at++) {
    size_t named = 0;
    while (named < rules.mechanism_count && rules.mechanisms[named].number != all[at]) named++;
    if (named == rules.mechanism_count) all[kept++] = all[at];
  }
  for (size_t at = 0; at < rules.mechanism_count; at++)
    if (!rules.mechanisms[at].absent) all[kept++] = rules.mechanisms[at].number;
  const bool fits = kept <= *count;
  *count = kept;
  if (!list) return CKR_OK;
  if (!fits) return CKR_BUFFER_TOO_SMALL;
  memcpy(list, all, kept * sizeof *all);
  return CKR_OK;
}

static ck_rv_t mechanism_info(ck_slot_id_t slot, ck_mechanism_type_t type, struct ck_mechanism_info *info) {
  UNLESS_REFUSED(C_GetMechanismInfo);
  const struct mechanism *one = mechanism_for(type, 0);
  if (!one) return CKR_MECHANISM_INVALID;
  const ck_rv_t rv = real->C_GetMechanismInfo(slot, one->real, info);
  if (one->flags == ~0ul) return rv;
  if (rv != CKR_OK) *info = (struct ck_mechanism_info){0};
  info->flags = one->flags;
  return CKR_OK;
}

static ck_rv_t open_session(ck_slot_id_t slot, ck_flags_t flags, void *application, ck_notify_t notify,
                            ck_session_handle_t *session) {
  if (!(flags & CKF_RW_SESSION) && rules.read_only != CKR_OK) return rules.read_only;
  if (rules.sessions.most && open_sessions >= rules.sessions.most) return rules.sessions.code;
  const ck_rv_t rv = on_C_OpenSession(slot, flags, application, notify, session);
  if (rv != CKR_OK) return rv;
  open_sessions++;
  slot_of_sessions = slot;
  return CKR_OK;
}

static ck_rv_t close_session(ck_session_handle_t session) {
  const ck_rv_t rv = on_C_CloseSession(session);
  if (rv == CKR_OK) closed(open_sessions - 1);
  return rv;
}

static ck_rv_t close_all_sessions(ck_slot_id_t slot) {
  const ck_rv_t rv = on_C_CloseAllSessions(slot);
  if (rv == CKR_OK) closed(0);
  return rv;
}

static ck_rv_t session_info(ck_session_handle_t session, struct ck_session_info *info) {
  const ck_rv_t rv = on_C_GetSessionInfo(session, info);
  if (rv == CKR_OK && is_so) info->state = CKS_RW_SO_FUNCTIONS;
  return rv;
}

static ck_rv_t login(ck_session_handle_t session, ck_user_type_t user, unsigned char *pin, unsigned long length) {
  UNLESS_REFUSED(C_Login);
  if (user == CKU_SO && rules.so_login != CKR_OK) return rules.so_login;
  if (rules.longest_pin && (length < rules.shortest_pin || length > rules.longest_pin)) return CKR_PIN_LEN_RANGE;
  const ck_user_type_t as = user == CKU_SO && rules.so_is_user ? CKU_USER : user;
  const ck_rv_t rv = real->C_Login(session, as, pin, length);
  if (rv == CKR_OK) is_so = user == CKU_SO;
  return rv;
}

static ck_rv_t logout(ck_session_handle_t session) {
  const ck_rv_t rv = on_C_Logout(session);
  if (rv == CKR_OK) is_so = false;
  return rv;
}

#define MOST 64

/* What the library is asked for in the place of a template. */
struct asked {
  struct ck_attribute list[MOST], inner[2][MOST];
  unsigned long numbers[3][MOST];
  unsigned char flags[MOST];
  unsigned long count;
  size_t inners, lists;
};

/* Numbers of mechanisms are the vendor's outside and the library's inside. */
static void to_library(struct asked *asked, struct ck_attribute *one) {
  const unsigned long count = one->value_len / sizeof(unsigned long);
  if (asked->lists == 3 || count > MOST || !one->value) abort();
  unsigned long *numbers = asked->numbers[asked->lists++];
  memcpy(numbers, one->value, count * sizeof *numbers);
  for (unsigned long at = 0; at < count; at++) {
    const struct mechanism *known = mechanism_for(numbers[at], 0);
    if (known) numbers[at] = known->real;
  }
  one->value = numbers;
}

static void to_vendor(const struct ck_attribute *one) {
  unsigned long *numbers = one->value;
  if (!numbers || one->value_len == (unsigned long)-1) return;
  for (unsigned long at = 0; at < one->value_len / sizeof *numbers; at++) {
    size_t known = 0;
    while (known < rules.mechanism_count && rules.mechanisms[known].real != numbers[at]) known++;
    if (known < rules.mechanism_count) numbers[at] = rules.mechanisms[known].number;
  }
}

#define IS_TEMPLATE(type) ((type) == CKA_WRAP_TEMPLATE || (type) == CKA_UNWRAP_TEMPLATE)

static void copy_inner(struct asked *asked, struct ck_attribute *one) {
  const unsigned long count = one->value_len / sizeof(struct ck_attribute);
  if (asked->inners == 2 || count > MOST) abort();
  struct ck_attribute *inner = asked->inner[asked->inners++];
  memcpy(inner, one->value, one->value_len);
  for (unsigned long at = 0; at < count; at++)
    if (inner[at].type == CKA_ALLOWED_MECHANISMS) to_library(asked, &inner[at]);
  one->value = inner;
}

static ck_rv_t add(struct asked *asked, const struct ck_attribute *given, const struct rule *rule) {
  if (rule && rule->action == REFUSE) return rule->value;
  if (rule && rule->action == DROP) return CKR_OK;
  if (asked->count == MOST) return CKR_HOST_MEMORY;
  struct ck_attribute *one = &asked->list[asked->count];
  *one = *given;
  if (rule && rule->action == REPLACE) {
    asked->flags[asked->count] = (unsigned char)rule->value;
    one->value = &asked->flags[asked->count];
    one->value_len = 1;
  }
  asked->count++;
  if (one->type == CKA_ALLOWED_MECHANISMS) to_library(asked, one);
  if (IS_TEMPLATE(one->type) && one->value_len) copy_inner(asked, one);
  return CKR_OK;
}

static bool has(const struct ck_attribute *list, unsigned long count, unsigned long type) {
  for (unsigned long at = 0; at < count; at++)
    if (list[at].type == type) return true;
  return false;
}

static ck_rv_t ask(struct asked *asked, enum how how, enum class class, const struct ck_attribute *list,
                   unsigned long count) {
  asked->count = asked->inners = asked->lists = 0;
  for (unsigned long at = 0; at < count; at++) {
    const struct rule *rule = rule_for(rules.templates, rules.template_count, how, class, &list[at]);
    const ck_rv_t rv = add(asked, &list[at], rule);
    if (rv != CKR_OK) return rv;
  }
  for (size_t at = 0; at < rules.default_count; at++) {
    const struct rule *rule = &rules.defaults[at];
    if (!(rule->hows & 1u << how) || !(rule->classes & 1u << class) || has(asked->list, asked->count, rule->type)) continue;
    const unsigned char flag = (unsigned char)rule->flag;
    const struct ck_attribute one = {rule->type, (void *)&flag, 1};
    const ck_rv_t rv = add(asked, &one, &(struct rule){.action = REPLACE, .value = flag});
    if (rv != CKR_OK) return rv;
  }
  return CKR_OK;
}

static enum class class_from(unsigned long value) {
  if (value == CKO_SECRET_KEY) return SECRET;
  if (value == CKO_PRIVATE_KEY) return PRIVATE;
  return value == CKO_PUBLIC_KEY ? PUBLIC : OTHER;
}

static enum class class_in(const struct ck_attribute *list, unsigned long count) {
  for (unsigned long at = 0; at < count; at++)
    if (list[at].type == CKA_CLASS && list[at].value) return class_from(*(const unsigned long *)list[at].value);
  return SECRET;
}

static enum class class_of(ck_session_handle_t session, ck_object_handle_t object) {
  unsigned long value = (unsigned long)-1;
  struct ck_attribute one = {CKA_CLASS, &value, sizeof value};
  return real->C_GetAttributeValue(session, object, &one, 1) == CKR_OK ? class_from(value) : OTHER;
}

/* Whether another key of the class has the identifier. */
static bool is_taken(ck_session_handle_t session, enum class class, const struct asked *asked) {
  static const unsigned long numbers[CLASSES] = {CKO_SECRET_KEY, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKO_DATA};
  ck_object_handle_t object;
  unsigned long found = 0;
  for (unsigned long at = 0; at < asked->count; at++) {
    if (asked->list[at].type != CKA_ID) continue;
    struct ck_attribute wanted[] = {asked->list[at], {CKA_CLASS, (void *)&numbers[class], sizeof(unsigned long)}};
    if (real->C_FindObjectsInit(session, wanted, 2) != CKR_OK) return false;
    real->C_FindObjects(session, &object, 1, &found);
    real->C_FindObjectsFinal(session);
  }
  return found > 0;
}

static ck_rv_t ask_for_new(struct asked *asked, ck_session_handle_t session, enum how how, enum class class,
                           const struct ck_attribute *list, unsigned long count) {
  const ck_rv_t rv = ask(asked, how, class, list, count);
  if (rv != CKR_OK || rules.same_id == CKR_OK) return rv;
  return is_taken(session, class, asked) ? rules.same_id : CKR_OK;
}

/* CK_GCM_PARAMS. */
struct gcm {
  unsigned char *nonce;
  unsigned long length, bits;
  unsigned char *data;
  unsigned long data_length, tag_bits;
};

#define MOST_NONCE 16

/* The nonce that the token made for an encryption of this session, which goes behind the tag. */
static struct {
  ck_session_handle_t session;
  unsigned char nonce[MOST_NONCE];
} made_nonces[64];

static unsigned char *made_nonce(ck_session_handle_t session, bool make) {
  for (size_t at = 0; at < sizeof made_nonces / sizeof *made_nonces; at++) {
    if (made_nonces[at].session != session && !(make && made_nonces[at].session == 0)) continue;
    made_nonces[at].session = session;
    return made_nonces[at].nonce;
  }
  return NULL;
}

static void forget_nonce(ck_session_handle_t session) {
  for (size_t at = 0; at < sizeof made_nonces / sizeof *made_nonces; at++)
    if (made_nonces[at].session == session) made_nonces[at].session = 0;
}

static void fill_at_random(unsigned char *to, unsigned long length) {
  FILE *random = fopen("/dev/urandom", "r");
  if (!random || fread(to, 1, length, random) != length) abort();
  fclose(random);
}

/* The library's own number; the vendor's rule of nonces. */
static ck_rv_t to_real(ck_session_handle_t session, const struct ck_mechanism *given, unsigned long use,
                       struct ck_mechanism *out) {
  static _Thread_local struct gcm own;
  const struct mechanism *known = mechanism_for(given->mechanism, use);
  if (!known) return CKR_MECHANISM_INVALID;
  *out = *given;
  out->mechanism = known->real;
  if (out->mechanism != CKM_AES_GCM || !(use & (CKF_ENCRYPT | CKF_WRAP))) return CKR_OK;
  struct gcm *gcm = out->parameter;
  if (rules.gcm_written) {
    if (gcm->length < rules.gcm_written) return CKR_MECHANISM_PARAM_INVALID;
    fill_at_random(gcm->nonce, rules.gcm_written);
  }
  if (!rules.gcm_appended) return CKR_OK;
  if (gcm->nonce) return CKR_MECHANISM_PARAM_INVALID;
  own = *gcm;
  own.nonce = made_nonce(session, true);
  if (!own.nonce) return CKR_SESSION_COUNT;
  fill_at_random(own.nonce, rules.gcm_appended);
  own.length = rules.gcm_appended;
  own.bits = rules.gcm_appended * 8;
  out->parameter = &own;
  return CKR_OK;
}

#define REAL(use)                                        \
  struct ck_mechanism real_mechanism;                    \
  const ck_rv_t known = to_real(session, m, use, &real_mechanism); \
  if (known != CKR_OK) return known

#define BEGIN(name, use)                                                                               \
  static ck_rv_t own_##name(ck_session_handle_t session, struct ck_mechanism *m, ck_object_handle_t key) { \
    UNLESS_REFUSED(name);                                                                              \
    REAL(use);                                                                                         \
    return real->name(session, &real_mechanism, key);                                                  \
  }
BEGIN(C_EncryptInit, CKF_ENCRYPT)
BEGIN(C_DecryptInit, CKF_DECRYPT)
BEGIN(C_SignInit, CKF_SIGN)
BEGIN(C_VerifyInit, CKF_VERIFY)

static ck_rv_t encrypt(ck_session_handle_t session, unsigned char *in, unsigned long length, unsigned char *out,
                       unsigned long *out_length) {
  UNLESS_REFUSED(C_Encrypt);
  const unsigned long room = *out_length;
  const unsigned char *nonce = made_nonce(session, false);
  const ck_rv_t rv = real->C_Encrypt(session, in, length, out, out_length);
  if (!nonce || rv != CKR_OK) return rv;
  if (out && *out_length + rules.gcm_appended > room) return CKR_BUFFER_TOO_SMALL;
  if (out) memcpy(out + *out_length, nonce, rules.gcm_appended);
  *out_length += rules.gcm_appended;
  if (out) forget_nonce(session);
  return CKR_OK;
}

static ck_rv_t digest_init(ck_session_handle_t session, struct ck_mechanism *m) {
  UNLESS_REFUSED(C_DigestInit);
  REAL(CKF_DIGEST);
  return real->C_DigestInit(session, &real_mechanism);
}

static ck_rv_t create_object(ck_session_handle_t session, struct ck_attribute *list, unsigned long count,
                             ck_object_handle_t *made) {
  UNLESS_REFUSED(C_CreateObject);
  struct asked asked;
  const ck_rv_t rv = ask_for_new(&asked, session, CREATE, class_in(list, count), list, count);
  return rv == CKR_OK ? real->C_CreateObject(session, asked.list, asked.count, made) : rv;
}

static ck_rv_t copy_object(ck_session_handle_t session, ck_object_handle_t object, struct ck_attribute *list,
                           unsigned long count, ck_object_handle_t *made) {
  UNLESS_REFUSED(C_CopyObject);
  struct asked asked;
  const ck_rv_t rv = ask(&asked, COPY, class_of(session, object), list, count);
  return rv == CKR_OK ? real->C_CopyObject(session, object, asked.list, asked.count, made) : rv;
}

static ck_rv_t set_values(ck_session_handle_t session, ck_object_handle_t object, struct ck_attribute *list,
                          unsigned long count) {
  UNLESS_REFUSED(C_SetAttributeValue);
  struct asked asked;
  const ck_rv_t rv = ask(&asked, SET, class_of(session, object), list, count);
  if (rv != CKR_OK || asked.count == 0) return rv;
  return real->C_SetAttributeValue(session, object, asked.list, asked.count);
}

static ck_rv_t generate_key(ck_session_handle_t session, struct ck_mechanism *m, struct ck_attribute *list,
                            unsigned long count, ck_object_handle_t *made) {
  UNLESS_REFUSED(C_GenerateKey);
  REAL(CKF_GENERATE);
  struct asked asked;
  const ck_rv_t rv = ask_for_new(&asked, session, GENERATE, SECRET, list, count);
  return rv == CKR_OK ? real->C_GenerateKey(session, &real_mechanism, asked.list, asked.count, made) : rv;
}

static ck_rv_t generate_pair(ck_session_handle_t session, struct ck_mechanism *m, struct ck_attribute *public_list,
                             unsigned long public_count, struct ck_attribute *private_list,
                             unsigned long private_count, ck_object_handle_t *public_key,
                             ck_object_handle_t *private_key) {
  UNLESS_REFUSED(C_GenerateKeyPair);
  REAL(CKF_GENERATE_KEY_PAIR);
  struct asked first, second;
  ck_rv_t rv = ask_for_new(&first, session, PAIR, PUBLIC, public_list, public_count);
  if (rv == CKR_OK) rv = ask_for_new(&second, session, PAIR, PRIVATE, private_list, private_count);
  if (rv != CKR_OK) return rv;
  return real->C_GenerateKeyPair(session, &real_mechanism, first.list, first.count, second.list, second.count,
                                 public_key, private_key);
}

static ck_rv_t wrap_key(ck_session_handle_t session, struct ck_mechanism *m, ck_object_handle_t by,
                        ck_object_handle_t key, unsigned char *out, unsigned long *length) {
  UNLESS_REFUSED(C_WrapKey);
  REAL(CKF_WRAP);
  return real->C_WrapKey(session, &real_mechanism, by, key, out, length);
}

static ck_rv_t unwrap_key(ck_session_handle_t session, struct ck_mechanism *m, ck_object_handle_t by,
                          unsigned char *in, unsigned long length, struct ck_attribute *list, unsigned long count,
                          ck_object_handle_t *made) {
  UNLESS_REFUSED(C_UnwrapKey);
  REAL(CKF_UNWRAP);
  struct asked asked;
  const ck_rv_t rv = ask_for_new(&asked, session, UNWRAP, class_in(list, count), list, count);
  return rv == CKR_OK ? real->C_UnwrapKey(session, &real_mechanism, by, in, length, asked.list, asked.count, made) : rv;
}

static ck_rv_t derive_key(ck_session_handle_t session, struct ck_mechanism *m, ck_object_handle_t base,
                          struct ck_attribute *list, unsigned long count, ck_object_handle_t *made) {
  UNLESS_REFUSED(C_DeriveKey);
  REAL(CKF_DERIVE);
  struct asked asked;
  const ck_rv_t rv = ask_for_new(&asked, session, DERIVE, class_in(list, count), list, count);
  return rv == CKR_OK ? real->C_DeriveKey(session, &real_mechanism, base, asked.list, asked.count, made) : rv;
}

static ck_rv_t give(struct ck_attribute *one, unsigned char flag) {
  const unsigned long room = one->value_len;
  one->value_len = 1;
  if (!one->value) return CKR_OK;
  if (room < 1) return CKR_BUFFER_TOO_SMALL;
  *(unsigned char *)one->value = flag;
  return CKR_OK;
}

static ck_rv_t lacks(struct ck_attribute *one, ck_rv_t rv) {
  one->value_len = (unsigned long)-1;
  return rv;
}

static ck_rv_t read_real(ck_session_handle_t session, ck_object_handle_t object, struct ck_attribute *one) {
  const ck_rv_t rv = real->C_GetAttributeValue(session, object, one, 1);
  if (rv != CKR_OK) return rv;
  if (one->type == CKA_ALLOWED_MECHANISMS) to_vendor(one);
  const struct ck_attribute *inner = IS_TEMPLATE(one->type) ? one->value : NULL;
  for (unsigned long at = 0; inner && at < one->value_len / sizeof *inner; at++)
    if (inner[at].type == CKA_ALLOWED_MECHANISMS) to_vendor(&inner[at]);
  return rv;
}

static ck_rv_t read_value(ck_session_handle_t session, ck_object_handle_t object, enum class class,
                          struct ck_attribute *one) {
  struct ck_attribute other = {one->type, NULL, 0};
  const struct rule *rule = rule_for(rules.readings, rules.reading_count, GENERATE, class, &other);
  switch (rule ? rule->action : TAKE) {
    case ABSENT: return lacks(one, CKR_ATTRIBUTE_TYPE_INVALID);
    case ABSENT_OK: return lacks(one, CKR_OK);
    case REFUSE: return lacks(one, rule->value);
    case REPLACE: return give(one, (unsigned char)rule->value);
    case ID_INSTEAD: {
      struct ck_attribute id = {CKA_ID, one->value, one->value_len};
      const ck_rv_t rv = real->C_GetAttributeValue(session, object, &id, 1);
      one->value_len = id.value_len;
      return rv;
    }
    case ODD_LENGTH:
      /* An empty one, or none, is a single byte. */
      real->C_GetAttributeValue(session, object, &other, 1);
      if (other.value_len == 0 || other.value_len == (unsigned long)-1) return give(one, 0);
      return read_real(session, object, one);
    default: return read_real(session, object, one);
  }
}

static ck_rv_t read_values(ck_session_handle_t session, ck_object_handle_t object, struct ck_attribute *list,
                           unsigned long count) {
  UNLESS_REFUSED(C_GetAttributeValue);
  const enum class class = class_of(session, object);
  ck_rv_t rv = CKR_OK;
  for (unsigned long at = 0; at < count; at++) {
    const ck_rv_t one = read_value(session, object, class, &list[at]);
    if (one != CKR_OK) rv = one;
  }
  return rv;
}

static struct ck_function_list list = {
    .version = {2, 40},
#define FUNCTION(name, parameters, arguments, session, output) .name = on_##name,
#include "../fault-module/functions.h"
#undef FUNCTION
    .C_GetFunctionList = C_GetFunctionList,
};

ck_rv_t C_GetFunctionList(struct ck_function_list **out) {
  if (!real) {
    void *library = dlopen(REAL_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    CK_C_GetFunctionList get = NULL;
    if (library) *(void **)&get = dlsym(library, "C_GetFunctionList");
    if (!get || get(&real) != CKR_OK) {
      fprintf(stderr, "stand-in: %s: %s\n", REAL_LIBRARY, library ? "no function list" : dlerror());
      return CKR_LIBRARY_LOAD_FAILED;
    }
    read_rules();
    list.C_GetInfo = get_info;
    list.C_GetSlotList = slot_list;
    list.C_GetSlotInfo = slot_info;
    list.C_GetTokenInfo = token_info;
    list.C_GetMechanismList = mechanism_list;
    list.C_GetMechanismInfo = mechanism_info;
    list.C_OpenSession = open_session;
    list.C_CloseSession = close_session;
    list.C_CloseAllSessions = close_all_sessions;
    list.C_GetSessionInfo = session_info;
    list.C_Login = login;
    list.C_Logout = logout;
    list.C_CreateObject = create_object;
    list.C_CopyObject = copy_object;
    list.C_SetAttributeValue = set_values;
    list.C_GetAttributeValue = read_values;
    list.C_EncryptInit = own_C_EncryptInit;
    list.C_Encrypt = encrypt;
    list.C_DecryptInit = own_C_DecryptInit;
    list.C_SignInit = own_C_SignInit;
    list.C_VerifyInit = own_C_VerifyInit;
    list.C_DigestInit = digest_init;
    list.C_GenerateKey = generate_key;
    list.C_GenerateKeyPair = generate_pair;
    list.C_WrapKey = wrap_key;
    list.C_UnwrapKey = unwrap_key;
    list.C_DeriveKey = derive_key;
  }
  *out = &list;
  return CKR_OK;
}
