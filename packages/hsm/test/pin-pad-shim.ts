import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A stand-in for a token with its own PIN pad and the PKCS#11 3.0 interface: SoftHSM, where a null PIN means that "the
 * person" types 12345678 (and 11112222 as a new one), C_LoginUser knows the user `alice`, and C_SessionCancel answers.
 */
const source = (softhsm: string) => `
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>
/* Newer headers declare it with types of their own. */
#define C_GetInterfaceList declared_interface_list
#include <p11-kit/pkcs11.h>
#undef C_GetInterfaceList
struct list30 { CK_VERSION version; void *f[92]; };
struct iface { char *name; void *list; CK_FLAGS flags; };
static CK_FUNCTION_LIST *real; static CK_FUNCTION_LIST mine; static struct list30 modern; static int cancelled;
static CK_UTF8CHAR pad[] = "12345678", fresh[] = "11112222";
static CK_RV info(CK_SLOT_ID s, CK_TOKEN_INFO_PTR i) { CK_RV r = real->C_GetTokenInfo(s, i); if (r == CKR_OK) i->flags |= CKF_PROTECTED_AUTHENTICATION_PATH; return r; }
static CK_RV login(CK_SESSION_HANDLE s, CK_USER_TYPE u, CK_UTF8CHAR_PTR p, CK_ULONG n) { return p ? real->C_Login(s, u, p, n) : real->C_Login(s, u, pad, 8); }
static CK_RV setpin(CK_SESSION_HANDLE s, CK_UTF8CHAR_PTR o, CK_ULONG n, CK_UTF8CHAR_PTR w, CK_ULONG m) { return o ? real->C_SetPIN(s, o, n, w, m) : real->C_SetPIN(s, pad, 8, fresh, 8); }
static CK_RV loginuser(CK_SESSION_HANDLE s, CK_USER_TYPE u, CK_UTF8CHAR_PTR p, CK_ULONG n, CK_UTF8CHAR_PTR name, CK_ULONG m) { return m == 5 && !memcmp(name, "alice", 5) ? login(s, u, p, n) : CKR_USER_TYPE_INVALID; }
static CK_RV cancel(CK_SESSION_HANDLE s, CK_FLAGS f) { cancelled++; return CKR_OK; }
static void make(void) {
  if (real) return;
  void *h = dlopen("${softhsm}", RTLD_NOW);
  CK_RV (*get)(CK_FUNCTION_LIST_PTR_PTR) = (CK_RV (*)(CK_FUNCTION_LIST_PTR_PTR)) dlsym(h, "C_GetFunctionList");
  get(&real); mine = *real; mine.C_GetTokenInfo = info; mine.C_Login = login; mine.C_SetPIN = setpin;
  memcpy(modern.f, (char *)&mine + offsetof(CK_FUNCTION_LIST, C_Initialize), 68 * sizeof(void *));
  modern.version.major = 3; modern.version.minor = 0; modern.f[70] = (void *)loginuser; modern.f[71] = (void *)cancel;
}
CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR out) { make(); *out = &mine; return CKR_OK; }
CK_RV C_GetInterfaceList(struct iface *out, CK_ULONG *n) {
  make();
  if (out) { out[0].name = "PKCS 11"; out[0].list = &mine; out[0].flags = 0; out[1].name = "PKCS 11"; out[1].list = &modern; out[1].flags = 0; }
  *n = 2; return CKR_OK;
}
`

export function buildPinPad(folder: string, softhsm: string): string {
  const code = join(folder, 'pin-pad.c')
  const out = join(folder, 'pin-pad.so')
  writeFileSync(code, source(softhsm))
  execFileSync('gcc', ['-shared', '-fPIC', '-w', '-I/usr/include/p11-kit-1', '-o', out, code, '-ldl'])
  return out
}
