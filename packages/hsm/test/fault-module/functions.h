/* FUNCTION(name, parameters, arguments, has a session, output): PKCS#11 2.40, section 6.1, in its order. */
#define S ck_session_handle_t s
#define B unsigned char *
#define L unsigned long
#define M struct ck_mechanism *m
#define A struct ck_attribute *
#define H ck_object_handle_t
#define NONE ((struct output){NO_OUTPUT, 0, 0, 0, 0, 0, 0})
#define OUT(data, length) ((struct output){BYTES, data, length, 0, 0, 0, 0})
#define MANY(data, length) ((struct output){COUNT, data, length, 0, 0, 0, 0})
#define ASKED(list, count) ((struct output){TEMPLATE, 0, 0, list, count, 0, 0})
#define PAIR(list, count, other, others) ((struct output){TEMPLATE, 0, 0, list, count, other, others})
#define VALUES(list, count) ((struct output){ATTRIBUTES, 0, 0, list, count, 0, 0})

FUNCTION(C_Initialize, (void *a), (a), false, NONE)
FUNCTION(C_Finalize, (void *a), (a), false, NONE)
FUNCTION(C_GetInfo, (struct ck_info * i), (i), false, NONE)
FUNCTION(C_GetSlotList, (unsigned char p, ck_slot_id_t *l, L *n), (p, l, n), false, MANY(l, n))
FUNCTION(C_GetSlotInfo, (ck_slot_id_t t, struct ck_slot_info *i), (t, i), false, NONE)
FUNCTION(C_GetTokenInfo, (ck_slot_id_t t, struct ck_token_info *i), (t, i), false, NONE)
FUNCTION(C_GetMechanismList, (ck_slot_id_t t, ck_mechanism_type_t *l, L *n), (t, l, n), false, MANY(l, n))
FUNCTION(C_GetMechanismInfo, (ck_slot_id_t t, ck_mechanism_type_t y, struct ck_mechanism_info *i), (t, y, i), false, NONE)
FUNCTION(C_InitToken, (ck_slot_id_t t, B p, L n, B l), (t, p, n, l), false, NONE)
FUNCTION(C_InitPIN, (S, B p, L n), (s, p, n), true, NONE)
FUNCTION(C_SetPIN, (S, B o, L on, B p, L n), (s, o, on, p, n), true, NONE)
FUNCTION(C_OpenSession, (ck_slot_id_t t, ck_flags_t f, void *a, ck_notify_t y, ck_session_handle_t *o), (t, f, a, y, o), false, NONE)
FUNCTION(C_CloseSession, (S), (s), true, NONE)
FUNCTION(C_CloseAllSessions, (ck_slot_id_t t), (t), false, NONE)
FUNCTION(C_GetSessionInfo, (S, struct ck_session_info *i), (s, i), true, NONE)
FUNCTION(C_GetOperationState, (S, B o, L *n), (s, o, n), true, OUT(o, n))
FUNCTION(C_SetOperationState, (S, B o, L n, H e, H a), (s, o, n, e, a), true, NONE)
FUNCTION(C_Login, (S, ck_user_type_t u, B p, L n), (s, u, p, n), true, NONE)
FUNCTION(C_Logout, (S), (s), true, NONE)
FUNCTION(C_CreateObject, (S, A t, L n, H *o), (s, t, n, o), true, ASKED(t, n))
FUNCTION(C_CopyObject, (S, H k, A t, L n, H *o), (s, k, t, n, o), true, ASKED(t, n))
FUNCTION(C_DestroyObject, (S, H k), (s, k), true, NONE)
FUNCTION(C_GetObjectSize, (S, H k, L *n), (s, k, n), true, NONE)
FUNCTION(C_GetAttributeValue, (S, H k, A t, L n), (s, k, t, n), true, VALUES(t, n))
FUNCTION(C_SetAttributeValue, (S, H k, A t, L n), (s, k, t, n), true, ASKED(t, n))
FUNCTION(C_FindObjectsInit, (S, A t, L n), (s, t, n), true, NONE)
FUNCTION(C_FindObjects, (S, H *o, L m, L *n), (s, o, m, n), true, MANY(o, n))
FUNCTION(C_FindObjectsFinal, (S), (s), true, NONE)
FUNCTION(C_EncryptInit, (S, M, H k), (s, m, k), true, NONE)
FUNCTION(C_Encrypt, (S, B i, L in, B o, L *n), (s, i, in, o, n), true, OUT(o, n))
FUNCTION(C_EncryptUpdate, (S, B i, L in, B o, L *n), (s, i, in, o, n), true, OUT(o, n))
FUNCTION(C_EncryptFinal, (S, B o, L *n), (s, o, n), true, OUT(o, n))
FUNCTION(C_DecryptInit, (S, M, H k), (s, m, k), true, NONE)
FUNCTION(C_Decrypt, (S, B i, L in, B o, L *n), (s, i, in, o, n), true, OUT(o, n))
FUNCTION(C_DecryptUpdate, (S, B i, L in, B o, L *n), (s, i, in, o, n), true, OUT(o, n))
FUNCTION(C_DecryptFinal, (S, B o, L *n), (s, o, n), true, OUT(o, n))
FUNCTION(C_DigestInit, (S, M), (s, m), true, NONE)
FUNCTION(C_Digest, (S, B i, L in, B o, L *n), (s, i, in, o, n), true, OUT(o, n))
FUNCTION(C_DigestUpdate, (S, B i, L in), (s, i, in), true, NONE)
FUNCTION(C_DigestKey, (S, H k), (s, k), true, NONE)
FUNCTION(C_DigestFinal, (S, B o, L *n), (s, o, n), true, OUT(o, n))
FUNCTION(C_SignInit, (S, M, H k), (s, m, k), true, NONE)
FUNCTION(C_Sign, (S, B i, L in, B o, L *n), (s, i, in, o, n), true, OUT(o, n))
FUNCTION(C_SignUpdate, (S, B i, L in), (s, i, in), true, NONE)
FUNCTION(C_SignFinal, (S, B o, L *n), (s, o, n), true, OUT(o, n))
FUNCTION(C_SignRecoverInit, (S, M, H k), (s, m, k), true, NONE)
FUNCTION(C_SignRecover, (S, B i, L in, B o, L *n), (s, i, in, o, n), true, OUT(o, n))
FUNCTION(C_VerifyInit, (S, M, H k), (s, m, k), true, NONE)
FUNCTION(C_Verify, (S, B i, L in, B g, L gn), (s, i, in, g, gn), true, NONE)
FUNCTION(C_VerifyUpdate, (S, B i, L in), (s, i, in), true, NONE)
FUNCTION(C_VerifyFinal, (S, B g, L gn), (s, g, gn), true, NONE)
FUNCTION(C_VerifyRecoverInit, (S, M, H k), (s, m, k), true, NONE)
FUNCTION(C_VerifyRecover, (S, B g, L gn, B o, L *n), (s, g, gn, o, n), true, OUT(o, n))
FUNCTION(C_DigestEncryptUpdate, (S, B i, L in, B o, L *n), (s, i, in, o, n), true, OUT(o, n))
FUNCTION(C_DecryptDigestUpdate, (S, B i, L in, B o, L *n), (s, i, in, o, n), true, OUT(o, n))
FUNCTION(C_SignEncryptUpdate, (S, B i, L in, B o, L *n), (s, i, in, o, n), true, OUT(o, n))
FUNCTION(C_DecryptVerifyUpdate, (S, B i, L in, B o, L *n), (s, i, in, o, n), true, OUT(o, n))
FUNCTION(C_GenerateKey, (S, M, A t, L n, H *o), (s, m, t, n, o), true, ASKED(t, n))
FUNCTION(C_GenerateKeyPair, (S, M, A t, L n, A u, L un, H *o, H *p), (s, m, t, n, u, un, o, p), true, PAIR(u, un, t, n))
FUNCTION(C_WrapKey, (S, M, H w, H k, B o, L *n), (s, m, w, k, o, n), true, OUT(o, n))
FUNCTION(C_UnwrapKey, (S, M, H w, B i, L in, A t, L n, H *o), (s, m, w, i, in, t, n, o), true, ASKED(t, n))
FUNCTION(C_DeriveKey, (S, M, H k, A t, L n, H *o), (s, m, k, t, n, o), true, ASKED(t, n))
FUNCTION(C_SeedRandom, (S, B i, L in), (s, i, in), true, NONE)
FUNCTION(C_GenerateRandom, (S, B o, L n), (s, o, n), true, NONE)
FUNCTION(C_GetFunctionStatus, (S), (s), true, NONE)
FUNCTION(C_CancelFunction, (S), (s), true, NONE)
FUNCTION(C_WaitForSlotEvent, (ck_flags_t f, ck_slot_id_t *t, void *a), (f, t, a), false, NONE)

#undef S
#undef B
#undef L
#undef M
#undef A
#undef H
#undef NONE
#undef OUT
#undef MANY
#undef ASKED
#undef PAIR
#undef VALUES
