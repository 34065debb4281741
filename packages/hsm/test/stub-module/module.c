/* A PKCS#11 module of its own: tokens without keys worth the name, that say and answer what build.ts defines. */
#define C_GetInterfaceList declared_interface_list /* newer headers declare it */
#include <p11-kit/pkcs11.h>
#undef C_GetInterfaceList
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef MAJOR
#define MAJOR 2 /* of Cryptoki, in the function list and in C_GetInfo */
#endif
#ifndef LIST_MAJOR
#define LIST_MAJOR MAJOR
#endif
#ifndef LIST_ANSWER
#define LIST_ANSWER CKR_OK /* of C_GetFunctionList */
#endif
#ifndef START_ANSWER
#define START_ANSWER CKR_OK /* of C_Initialize */
#endif
#ifndef INFO_ANSWER
#define INFO_ANSWER CKR_OK /* of C_GetInfo */
#endif
#ifndef FIND_ANSWER
#define FIND_ANSWER CKR_OK /* of C_FindObjectsInit */
#endif
#ifndef SLOTS
#define SLOTS 1 /* numbered from 1, a token in each */
#endif
#ifndef BLANK
#define BLANK 0 /* true: they were never initialised */
#endif
#ifndef SERIAL
#define SERIAL "5551234" /* of every token */
#endif
#ifndef MAKER
#define MAKER "Stub" /* of the tokens, not of the library */
#endif
#ifndef MODEL
#define MODEL "Stub"
#endif
#ifndef HALF
#define HALF 0 /* true: initialised, with the maker's SO PIN and without a user PIN; its PINs are noted too */
#endif
#ifndef UNREADABLE
#define UNREADABLE 0 /* the slot whose token answers C_GetTokenInfo by TOKEN_ANSWER */
#endif
#ifndef TOKEN_ANSWER
#define TOKEN_ANSWER CKR_OK
#endif
#ifndef LABEL
#define LABEL "stub"
#endif
#ifndef KEYS
#define KEYS 0
#endif
#ifndef KEY_LABEL
#define KEY_LABEL "key"
#endif

static CK_ULONG at;
static int made[SLOTS + 1];

static void pad(unsigned char *to, const char *text, size_t size) {
  const size_t length = strlen(text);
  memset(to, ' ', size);
  memcpy(to, text, length < size ? length : size);
}

/* One line a call that changes a token, beside the module. */
static void note(const char *call, CK_ULONG slot) {
  Dl_info self;
  char path[4096];
  dladdr((void *)&note, &self);
  snprintf(path, sizeof path, "%s.log", self.dli_fname);
  FILE *file = fopen(path, "a");
  fprintf(file, "%s %lu\n", call, slot);
  fclose(file);
}

static CK_RV none(void) { return CKR_FUNCTION_NOT_SUPPORTED; }
static CK_RV fine(void) { return CKR_OK; }

#ifdef MISCHIEF
/* What programs may not count on a library to leave alone: streams, signals, and that there is one process. */
static void mischief(void) {
  for (int signal_number = 1; signal_number < 32; signal_number++) signal(signal_number, SIG_IGN);
  for (int i = 0; i < 4096; i++) printf("PIN=12345678 on standard output %d\n", i);
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    sleep(120);
    _exit(0);
  }
  note("forked", child);
}
#endif

static CK_RV start(void *args) {
#ifdef MISCHIEF
  mischief();
#endif
#ifdef HANG
  for (;;) pause();
#endif
  return START_ANSWER;
}

static CK_RV info(CK_INFO *out) {
  memset(out, 0, sizeof *out);
  out->cryptokiVersion.major = MAJOR;
  pad(out->manufacturerID, "Stub", 32);
  pad(out->libraryDescription, "Stub of the tests", 32);
  return INFO_ANSWER;
}

static CK_RV slot_list(CK_BBOOL present, CK_SLOT_ID *list, CK_ULONG *count) {
  for (CK_ULONG i = 0; list && i < SLOTS; i++) list[i] = i + 1;
  *count = SLOTS;
  return CKR_OK;
}

static CK_RV token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *out) {
  if (slot == UNREADABLE) return TOKEN_ANSWER;
  memset(out, 0, sizeof *out);
  pad(out->label, LABEL, 32);
  pad(out->manufacturerID, MAKER, 32);
  pad(out->model, MODEL, 16);
  pad(out->serialNumber, SERIAL, 16);
  out->flags = CKF_LOGIN_REQUIRED;
  if (!BLANK || made[slot]) out->flags |= CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED;
  if (HALF && !made[slot]) out->flags = CKF_LOGIN_REQUIRED | CKF_TOKEN_INITIALIZED | CKF_SO_PIN_TO_BE_CHANGED;
  out->ulMinPinLen = 4;
  out->ulMaxPinLen = 32;
  return CKR_OK;
}

static CK_RV mechanisms(CK_SLOT_ID slot, CK_MECHANISM_TYPE *list, CK_ULONG *count) {
  *count = 0;
  return CKR_OK;
}

static CK_RV init_token(CK_SLOT_ID slot, unsigned char *pin, CK_ULONG length, unsigned char *label) {
  note("C_InitToken", slot);
  made[slot] = 1;
  return CKR_OK;
}

static CK_RV set_pin(CK_SESSION_HANDLE session, unsigned char *old, CK_ULONG o, unsigned char *new, CK_ULONG n) {
  char call[128];
  snprintf(call, sizeof call, "C_SetPIN %.*s %.*s", (int)o, old, (int)n, new);
  note(call, session);
  return CKR_OK;
}

static CK_RV init_pin(CK_SESSION_HANDLE session, unsigned char *pin, CK_ULONG length) {
  char call[64];
  snprintf(call, sizeof call, "C_InitPIN %.*s", (int)length, pin);
  if (HALF) note(call, session);
  made[session] = 1;
  return CKR_OK;
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *app, CK_NOTIFY notify, CK_SESSION_HANDLE *out) {
  *out = slot;
  return CKR_OK;
}

static CK_RV find_start(CK_SESSION_HANDLE session, CK_ATTRIBUTE *wanted, CK_ULONG count) {
  at = 0;
  return FIND_ANSWER;
}

static CK_RV find(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *out, CK_ULONG most, CK_ULONG *count) {
  for (*count = 0; at < KEYS && *count < most; (*count)++) out[*count] = ++at;
  return CKR_OK;
}

static CK_RV attributes(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *asked, CK_ULONG count) {
  const CK_ULONG class = CKO_SECRET_KEY, type = CKK_AES;
  const unsigned char id = object, yes = 1;
  for (CK_ULONG i = 0; i < count; i++) {
    const void *value = &yes;
    CK_ULONG length = 1;
    if (asked[i].type == CKA_CLASS) value = &class, length = sizeof class;
    if (asked[i].type == CKA_KEY_TYPE) value = &type, length = sizeof type;
    if (asked[i].type == CKA_ID) value = &id;
    if (asked[i].type == CKA_LABEL) value = KEY_LABEL, length = sizeof KEY_LABEL - 1;
    if (asked[i].pValue) memcpy(asked[i].pValue, value, length);
    asked[i].ulValueLen = length;
  }
  return CKR_OK;
}

#ifdef INSTANCES
/* 1: the interface of 3.0 has the functions of the list. 2: it has others, which nobody has started. */
static CK_RV other_login(CK_SESSION_HANDLE session) { return CKR_CRYPTOKI_NOT_INITIALIZED; }

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **out);

CK_RV C_GetInterfaceList(void **interfaces, CK_ULONG *count) {
  static struct { unsigned char version[8]; void *functions[92]; } modern = {{3, 0}};
  static char name[] = "PKCS 11";
  CK_FUNCTION_LIST *list;
  *count = 1;
  if (!interfaces) return CKR_OK;
  C_GetFunctionList(&list);
  memcpy(modern.functions, &list->C_Initialize, 68 * sizeof(void *));
  for (int i = 68; i < 92; i++) modern.functions[i] = (void *)fine;
  if (INSTANCES == 2) modern.functions[18] = (void *)other_login;
  interfaces[0] = name;
  interfaces[1] = &modern;
  interfaces[2] = NULL;
  return CKR_OK;
}
#endif

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **out) {
  static CK_FUNCTION_LIST list;
  void **functions = (void **)&list.C_Initialize;
  for (int i = 0; i < 68; i++) functions[i] = (void *)none;
  list.version.major = LIST_MAJOR;
  list.C_Initialize = start;
  list.C_Finalize = (void *)fine;
  list.C_GetInfo = info;
  list.C_GetSlotList = slot_list;
  list.C_GetTokenInfo = token_info;
  list.C_GetMechanismList = mechanisms;
  list.C_InitToken = init_token;
  list.C_InitPIN = init_pin;
  list.C_SetPIN = set_pin;
  list.C_OpenSession = open_session;
  list.C_CloseSession = (void *)fine;
  list.C_Login = (void *)fine;
  list.C_Logout = (void *)fine;
  list.C_FindObjectsInit = find_start;
  list.C_FindObjects = find;
  list.C_FindObjectsFinal = (void *)fine;
  list.C_GetAttributeValue = attributes;
  *out = &list;
  return LIST_ANSWER;
}
