/**
 * What vendors' libraries do with templates, as rules of the fault module. Each rule is of the source beside it; nothing here was
 * seen on hardware. A rule stands for the library's code or its document, not for what we would like.
 */
type Dialect = {
  readonly source: string
  readonly rules: readonly string[]
}

const makers = ['C_GenerateKey', 'C_GenerateKeyPair', 'C_CreateObject', 'C_UnwrapKey', 'C_DeriveKey'] as const

const refuses = (names: readonly string[], code: string, by: readonly string[] = makers): string[] =>
  by.map((name) => `${name}@*=refuses:${names.join('|')}:${code}`)

const lacks = (...names: string[]): string => `C_GetAttributeValue@*=lacks:${names.join('|')}`

const without = (...names: string[]): string[] => names.map((name) => `${name}@*=CKR_FUNCTION_NOT_SUPPORTED`)

export const dialects = {
  yubihsm: {
    source: 'Yubico/yubihsm-shell 2.8.0, pkcs11/: templates are lists of what is known',
    rules: [
      ...refuses(
        [
          'WRAP_WITH_TRUSTED',
          'ALWAYS_AUTHENTICATE',
          'ALLOWED_MECHANISMS',
          'WRAP_TEMPLATE',
          'UNWRAP_TEMPLATE',
        ],
        'CKR_ATTRIBUTE_TYPE_INVALID',
      ),
      lacks('KEY_GEN_MECHANISM'),
      ...without('C_CopyObject', 'C_InitToken', 'C_InitPIN', 'C_SetPIN'),
    ],
  },
  'smartcard-hsm': {
    source:
      'OpenSC/OpenSC 0.27.1, src/pkcs11 and pkcs15-sc-hsm.c: unknown attributes of a pair are ignored, and not read',
    rules: [
      lacks('WRAP_WITH_TRUSTED', 'COPYABLE', 'ALLOWED_MECHANISMS', 'UNWRAP_TEMPLATE'),
      ...without('C_CopyObject', 'C_GenerateKey'),
    ],
  },
  cloudhsm: {
    source:
      'AWS User Guide, Client SDK 5: pkcs11-attributes-interpreting (no COPYABLE, ALLOWED_MECHANISMS, KEY_GEN_MECHANISM; PRIVATE must be true), pkcs11-apis',
    rules: [
      ...refuses(['COPYABLE', 'ALLOWED_MECHANISMS', 'PRIVATE=0'], 'CKR_TEMPLATE_INCONSISTENT', [
        'C_GenerateKey',
        'C_GenerateKeyPair',
        'C_CreateObject',
        'C_DeriveKey',
      ]),
      ...refuses(
        [
          'COPYABLE',
          'ALLOWED_MECHANISMS',
          'WRAP_WITH_TRUSTED',
          'WRAP_TEMPLATE',
          'UNWRAP_TEMPLATE',
          'VALUE_LEN',
        ],
        'CKR_TEMPLATE_INCONSISTENT',
        ['C_UnwrapKey'],
      ),
      lacks('COPYABLE', 'ALLOWED_MECHANISMS', 'KEY_GEN_MECHANISM'),
      ...without('C_CopyObject', 'C_SetAttributeValue', 'C_InitToken', 'C_InitPIN', 'C_SetPIN'),
    ],
  },
  piv: {
    source: 'Yubico/yubico-piv-tool 2.7.2, ykcs11/: MODIFIABLE and WRAP_WITH_TRUSTED are not known',
    rules: [
      ...refuses(['MODIFIABLE', 'WRAP_WITH_TRUSTED'], 'CKR_ATTRIBUTE_TYPE_INVALID'),
      lacks('MODIFIABLE', 'WRAP_WITH_TRUSTED'),
      ...without('C_CopyObject', 'C_SetAttributeValue', 'C_GenerateKey', 'C_WrapKey', 'C_UnwrapKey'),
    ],
  },
} as const satisfies Readonly<Record<string, Dialect>>
