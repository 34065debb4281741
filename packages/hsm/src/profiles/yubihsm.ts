import { type Profile, takesAll } from './profile.ts'

/** YubiHSM 2 through yubihsm_pkcs11, from Yubico's documents. Not run on hardware. */
export const yubihsm: Profile = {
  id: 'yubihsm',
  name: 'YubiHSM 2',
  kind: 'hsm',
  manufacturer: /^Yubico/i,
  model: /^YubiHSM/i,
  verifiedOn: null,
  sources: [
    'https://docs.yubico.com/hardware/yubihsm-2/hsm-2-user-guide/hsm2-backup-restore.html',
    'https://docs.yubico.com/software/yubihsm-2/component-reference/hsm2-ref-pkcs11.html',
    'https://docs.yubico.com/hardware/yubihsm-2/hsm-2-user-guide/hsm2-core-concepts.html',
    'https://docs.yubico.com/hardware/oid/oid-product-arc.html',
  ],
  libraries: [
    '/usr/lib/*/pkcs11/yubihsm_pkcs11.so',
    '/usr/lib64/pkcs11/yubihsm_pkcs11.so',
    '/usr/local/lib/pkcs11/yubihsm_pkcs11.so',
  ],
  environment: ['YUBIHSM_PKCS11_CONF'],
  soft: false,
  pin: {
    form: 'four hex digits of the authentication key’s id, then its password of 8 bytes or more, such as 0001password',
    factorySoPin: null,
    userTries: null,
    showsState: false,
  },
  initialise: {
    by: 'vendor-tool',
    again: false,
    how: 'yubihsm-setup and yubihsm-shell; there is no security officer and no PIN management',
  },
  sharedSerial: false,
  wrapCandidates: [],
  oaepHash: 'sha256',
  gcmNonce: 'caller',
  ...takesAll,
  copyableInCopy: false,
  replication: 'vendor-wrap',
  replicationBy:
    'objects leave wrapped by AES-CCM under a wrap key that both devices hold, with yubihsm-shell',
  replicationSteps: [
    {
      id: 'yubihsm-wrapkey',
      words: 'Put one wrap key, with export-wrapped and import-wrapped, into both devices.',
      command:
        'yubihsm-shell -a put-wrap-key -i WRAP-ID -c export-wrapped,import-wrapped --delegated DELEGATED --in WRAP-FILE',
    },
    {
      id: 'yubihsm-export',
      words: 'Export the object from the device that has the key; it needs exportable-under-wrap.',
      command: 'yubihsm-shell -a get-wrapped --wrap-id WRAP-ID -i OBJECT-ID -t OBJECT-TYPE --out OBJECT.yhw',
    },
    {
      id: 'yubihsm-import',
      words: 'Import it into the other device.',
      command: 'yubihsm-shell -a put-wrapped --wrap-id WRAP-ID --in OBJECT.yhw',
    },
  ],
  attestation: {
    format: 'yubihsm',
    how: 'yubihsm-shell sign-attestation-certificate: firmware, serial, origin, domains, capabilities, id and label of an asymmetric key; the chain ends at Yubico’s root',
  },
  plan: { initialise: false, keyWrapping: false, trustedWindow: false, sealing: false },
  notes: [
    'A wrap key is an object of its own kind and wraps by AES-CCM (0xD9554204), with a nonce: no KW or KWP, so no possession proof, and no attack probe that passes: its keys stay at E0, attested or not.',
    'CKM_YUBICO_RSA_WRAP (0xD9554209) and CKM_RSA_AES_KEY_WRAP wrap by a public wrap key, which a user of PKCS#11 can make: the probe tries both.',
    'Its templates are lists of what is known: WRAP_WITH_TRUSTED, ALLOWED_MECHANISMS and UNWRAP_TEMPLATE of a pair are refused.',
    'An object has a two-byte id; the library keeps a longer CKA_ID beside it since its version 2.4.',
    'Every key is kept on the device; there are no session keys.',
    'The connector’s address stands in yubihsm_pkcs11.conf (YUBIHSM_PKCS11_CONF).',
  ],
}
