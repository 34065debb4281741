/* The same calls from C: raw-hsm LIBRARY PIN, then lines "WORK COUNT" on stdin, answered with milliseconds. */
#define CRYPTOKI_GNU 1
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct ck_function_list *p11;
static ck_session_handle_t session;

static void must(ck_rv_t rv, const char *what) {
  if (rv == CKR_OK) return;
  fprintf(stderr, "%s: 0x%lx\n", what, rv);
  exit(1);
}

static ck_object_handle_t find(const char *label, ck_object_class_t key_class) {
  struct ck_attribute wanted[] = {{CKA_LABEL, (void *)label, strlen(label)}, {CKA_CLASS, &key_class, sizeof key_class}};
  ck_object_handle_t found = 0;
  unsigned long count = 0;
  must(p11->C_FindObjectsInit(session, wanted, 2), "find");
  must(p11->C_FindObjects(session, &found, 1, &count), "find");
  must(p11->C_FindObjectsFinal(session), "find");
  return found;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

int main(int count, char **arguments) {
  if (count != 3) return 2;
  void *library = dlopen(arguments[1], RTLD_NOW);
  CK_C_GetFunctionList get = NULL;
  if (library) *(void **)&get = dlsym(library, "C_GetFunctionList");
  if (!get) return 1;
  must(get(&p11), "function list");
  must(p11->C_Initialize(NULL), "initialise");
  ck_slot_id_t slots[8];
  unsigned long many = 8;
  must(p11->C_GetSlotList(1, slots, &many), "slots");
  must(p11->C_OpenSession(slots[0], CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session), "session");
  must(p11->C_Login(session, CKU_USER, (unsigned char *)arguments[2], strlen(arguments[2])), "log in");
  const ck_object_handle_t kek = find("kek", CKO_SECRET_KEY), data = find("data", CKO_SECRET_KEY);
  const ck_object_handle_t gcm = find("gcm", CKO_SECRET_KEY), ec = find("ec", CKO_PRIVATE_KEY);
  struct ck_mechanism ecdsa = {CKM_ECDSA, NULL, 0}, kwp = {0x210a, NULL, 0};
  /* CK_GCM_PARAMS of PKCS#11 2.40 with its later ulIvBits. */
  struct {
    unsigned char *iv;
    unsigned long iv_length, iv_bits;
    unsigned char *aad;
    unsigned long aad_length, tag_bits;
  } parameter = {0};
  unsigned char nonce[12] = {0}, digest[32] = {7}, plain[1024] = {7}, out[2048];
  parameter.iv = nonce;
  parameter.iv_length = sizeof nonce;
  parameter.iv_bits = 96;
  parameter.tag_bits = 128;
  struct ck_mechanism aes_gcm = {CKM_AES_GCM, &parameter, sizeof parameter};
  char work[16];
  unsigned long times;
  while (scanf("%15s %lu", work, &times) == 2) {
    const double began = now();
    for (unsigned long i = 0; i < times; i++) {
      unsigned long length = sizeof out;
      if (strcmp(work, "sign") == 0) {
        must(p11->C_SignInit(session, &ecdsa, ec), work);
        must(p11->C_Sign(session, digest, sizeof digest, out, &length), work);
      } else if (strcmp(work, "wrap") == 0) {
        must(p11->C_WrapKey(session, &kwp, kek, data, out, &length), work);
      } else {
        memcpy(nonce, &i, sizeof i);
        must(p11->C_EncryptInit(session, &aes_gcm, gcm), work);
        must(p11->C_Encrypt(session, plain, sizeof plain, out, &length), work);
      }
    }
    printf("%f\n", now() - began);
    fflush(stdout);
  }
  return 0;
}
