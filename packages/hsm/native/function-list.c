/*
 * One function list for both callers of a vendor's library (docs/adr/0014). Some libraries (p11-kit) make a new instance for
 * whoever asks for the list, and C_Initialize starts the asked one alone. So this file opens the library and asks once: koffi
 * takes the list from open_function_list, pkcs11js loads this file as if it were the library and gets the same one.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

/* CK_RV and CK_ULONG are unsigned long on every system but Windows. */
typedef unsigned long ck_rv_t;
typedef ck_rv_t (*get_function_list_t)(void **list);

#define CKR_OK 0x00UL
#define CKR_GENERAL_ERROR 0x05UL
#define CKR_ARGUMENTS_BAD 0x07UL

struct opened {
  void *list;
  /* C_GetInterfaceList, PKCS#11 3.0; NULL where the library has none. */
  void *get_interface_list;
  ck_rv_t rv;
};

enum outcome { OPENED, NO_LIBRARY, NO_FUNCTION_LIST };

/* Of this thread: a worker that opens another library meanwhile has a list of its own. */
static _Thread_local void *current;

static void copy_text(char *to, unsigned long room, const char *text) {
  if (room > 0) snprintf(to, room, "%s", text ? text : "cannot be loaded");
}

/* The library stays open to the end of the process: what its threads and exit handlers run must not go away. */
EXPORT int open_function_list(const char *path, struct opened *out, char *why, unsigned long room) {
  memset(out, 0, sizeof *out);
  current = NULL;
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    copy_text(why, room, dlerror());
    return NO_LIBRARY;
  }
  void *symbol = dlsym(library, "C_GetFunctionList");
  if (!symbol) {
    dlclose(library);
    return NO_FUNCTION_LIST;
  }
  out->get_interface_list = dlsym(library, "C_GetInterfaceList");
  out->rv = ((get_function_list_t)symbol)(&out->list);
  if (out->rv == CKR_OK) current = out->list;
  return OPENED;
}

/* For pkcs11js: the list of the library that this thread opened last. */
EXPORT ck_rv_t C_GetFunctionList(void **list) {
  if (!list) return CKR_ARGUMENTS_BAD;
  *list = current;
  return current ? CKR_OK : CKR_GENERAL_ERROR;
}
