#include "fault.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

struct ck_function_list *real;

const char *const function_names[FUNCTIONS] = {
#define FUNCTION(name, parameters, arguments, session, output) #name,
#include "functions.h"
#undef FUNCTION
};

#define FUNCTION(name, parameters, arguments, session, given)                                     \
  static ck_rv_t on_##name parameters {                                                           \
    const struct fault fault = meet(AT_##name);                                                   \
    ck_rv_t rv;                                                                                   \
    const struct output output = given;                                                           \
    if (before_call(&fault, AT_##name, &output, &rv)) return rv;                                  \
    if (token_is_gone() && (session)) return CKR_DEVICE_REMOVED;                                  \
    rv = real->name arguments;                                                                    \
    return after_call(&fault, rv, &output);                                                       \
  }
#include "functions.h"
#undef FUNCTION

/* What a removed token and added flags look like from outside. */
static ck_rv_t slot_list(unsigned char present, ck_slot_id_t *list, unsigned long *count) {
  const ck_rv_t rv = on_C_GetSlotList(present, list, count);
  if (rv == CKR_OK && present && token_is_gone()) *count = 0;
  return rv;
}

static ck_rv_t token_info(ck_slot_id_t slot, struct ck_token_info *info) {
  const ck_rv_t rv = on_C_GetTokenInfo(slot, info);
  if (rv == CKR_OK && token_is_gone()) return CKR_TOKEN_NOT_PRESENT;
  if (rv == CKR_OK) info->flags |= added_flags();
  return rv;
}

static ck_rv_t open_session(ck_slot_id_t slot, ck_flags_t flags, void *application, ck_notify_t notify,
                            ck_session_handle_t *session) {
  if (token_is_gone()) return CKR_TOKEN_NOT_PRESENT;
  if ((flags & CKF_RW_SESSION) && (added_flags() & CKF_WRITE_PROTECTED)) return CKR_TOKEN_WRITE_PROTECTED;
  return on_C_OpenSession(slot, flags, application, notify, session);
}

static struct ck_function_list list = {
    .version = {2, 40},
#define FUNCTION(name, parameters, arguments, session, given) .name = on_##name,
#include "functions.h"
#undef FUNCTION
    .C_GetFunctionList = C_GetFunctionList,
};

ck_rv_t C_GetFunctionList(struct ck_function_list **out) {
  const char *named = getenv("FAULT_LIBRARY");
  const char *path = named ? named : REAL_LIBRARY;
  if (!real) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    CK_C_GetFunctionList get = NULL;
    if (library) *(void **)&get = dlsym(library, "C_GetFunctionList");
    if (!get || get(&real) != CKR_OK) {
      fprintf(stderr, "fault module: %s: %s\n", path, library ? "no function list" : dlerror());
      return CKR_LIBRARY_LOAD_FAILED;
    }
    list.C_GetSlotList = slot_list;
    list.C_GetTokenInfo = token_info;
    list.C_OpenSession = open_session;
  }
  *out = &list;
  return CKR_OK;
}
