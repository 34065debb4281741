import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A stand-in for a token with its own PIN pad and the PKCS#11 3.0 interface: SoftHSM, where a null PIN means that "the
 * person" types 12345678 (87654321 as security officer, 11112222 as a new one), C_LoginUser knows the user `alice`, and
 * C_SessionCancel answers. What the person does otherwise stands in a file, see `atPad`; every entry is counted in another.
 */
const source = (softhsm: string, acts: string, entries: string) => `
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>
#include <stdio.h>
#include <unistd.h>
/* Newer headers declare it with types of their own. */
#define C_GetInterfaceList declared_interface_list
#include <p11-kit/pkcs11.h>
#undef C_GetInterfaceList
struct list30 { CK_VERSION version; void *f[92]; };
struct iface { char *name; void *list; CK_FLAGS flags; };
static CK_FUNCTION_LIST *real; static CK_FUNCTION_LIST mine; static struct list30 modern; static int cancelled;
static CK_UTF8CHAR pad[] = "12345678", officer[] = "87654321", fresh[] = "11112222", wrong[] = "00000000";
static char act(void) { char c = 'o'; FILE *f = fopen("${acts}", "r"); if (f) { c = (char) fgetc(f); fclose(f); } return c; }
/* o: types; w: types wrongly; c: presses the pad's own cancel; r: refuses; n: nobody is there (until the file says else). */
static char person(void) {
  char c; FILE *f = fopen("${entries}", "a"); if (f) { fputc('1', f); fclose(f); }
  while ((c = act()) == 'n') usleep(20000);
  return c;
}
static CK_RV info(CK_SLOT_ID s, CK_TOKEN_INFO_PTR i) { CK_RV r = real->C_GetTokenInfo(s, i); if (r == CKR_OK) i->flags |= CKF_PROTECTED_AUTHENTICATION_PATH; return r; }
static CK_RV login(CK_SESSION_HANDLE s, CK_USER_TYPE u, CK_UTF8CHAR_PTR p, CK_ULONG n) {
  if (p) return real->C_Login(s, u, p, n);
  switch (person()) { case 'c': return CKR_FUNCTION_CANCELED; case 'r': return 0x200; case 'w': return real->C_Login(s, u, wrong, 8); }
  return real->C_Login(s, u, u == CKU_SO ? officer : pad, 8);
}
static CK_RV inittoken(CK_SLOT_ID s, CK_UTF8CHAR_PTR p, CK_ULONG n, CK_UTF8CHAR_PTR l) {
  if (p) return real->C_InitToken(s, p, n, l);
  return person() == 'c' ? CKR_FUNCTION_CANCELED : real->C_InitToken(s, officer, 8, l);
}
static CK_RV initpin(CK_SESSION_HANDLE s, CK_UTF8CHAR_PTR p, CK_ULONG n) {
  if (p) return real->C_InitPIN(s, p, n);
  return person() == 'c' ? CKR_FUNCTION_CANCELED : real->C_InitPIN(s, pad, 8);
}
static CK_RV setpin(CK_SESSION_HANDLE s, CK_UTF8CHAR_PTR o, CK_ULONG n, CK_UTF8CHAR_PTR w, CK_ULONG m) {
  if (o) return real->C_SetPIN(s, o, n, w, m);
  switch (person()) { case 'c': return CKR_FUNCTION_CANCELED; case 'w': return real->C_SetPIN(s, wrong, 8, fresh, 8); }
  return real->C_SetPIN(s, pad, 8, fresh, 8);
}
static CK_RV loginuser(CK_SESSION_HANDLE s, CK_USER_TYPE u, CK_UTF8CHAR_PTR p, CK_ULONG n, CK_UTF8CHAR_PTR name, CK_ULONG m) { return m == 5 && !memcmp(name, "alice", 5) ? login(s, u, p, n) : CKR_USER_TYPE_INVALID; }
static CK_RV cancel(CK_SESSION_HANDLE s, CK_FLAGS f) { cancelled++; return CKR_OK; }
static void make(void) {
  if (real) return;
  void *h = dlopen("${softhsm}", RTLD_NOW);
  CK_RV (*get)(CK_FUNCTION_LIST_PTR_PTR) = (CK_RV (*)(CK_FUNCTION_LIST_PTR_PTR)) dlsym(h, "C_GetFunctionList");
  get(&real); mine = *real; mine.C_GetTokenInfo = info; mine.C_Login = login; mine.C_SetPIN = setpin; mine.C_InitToken = inittoken; mine.C_InitPIN = initpin;
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
  // By SoftHSM's own name, so that it is given SOFTHSM2_CONF.
  const out = join(folder, 'libsofthsm2.so')
  writeFileSync(code, source(softhsm, actFile(folder), join(folder, 'pad-entries')))
  execFileSync('gcc', ['-shared', '-fPIC', '-w', '-I/usr/include/p11-kit-1', '-o', out, code, '-ldl'])
  return out
}

const actFile = (folder: string) => join(folder, 'pad-act')

/** What the person at the pad built in `folder` does from now on. */
export function atPad(
  folder: string,
  act: 'types' | 'types wrongly' | 'cancels' | 'refuses' | 'nobody',
): void {
  const letters = { types: 'o', 'types wrongly': 'w', cancels: 'c', refuses: 'r', nobody: 'n' }
  writeFileSync(actFile(folder), letters[act])
}

/** How often the token has asked at its pad since the last time this was called. */
export function padEntries(folder: string): number {
  const path = join(folder, 'pad-entries')
  const count = existsSync(path) ? readFileSync(path).length : 0
  rmSync(path, { force: true })
  return count
}
