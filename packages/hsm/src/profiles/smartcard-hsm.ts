import { type Profile, takesAll } from './profile.ts'

/** CardContact SmartCard-HSM and Nitrokey HSM 2 through OpenSC, from their documents. Not run on hardware. */
export const smartcardHsm: Profile = {
  id: 'smartcard-hsm',
  name: 'SmartCard-HSM, Nitrokey HSM 2',
  kind: 'card',
  manufacturer: /(CardContact|Nitrokey)/i,
  // A NetHSM says Nitrokey too (nethsm-pkcs11: maker and product of the device).
  model: /^(?!NetHSM)/i,
  verifiedOn: null,
  sources: [
    'https://github.com/OpenSC/OpenSC/wiki/SmartCardHSM',
    'https://python-pkcs11.readthedocs.io/en/stable/opensc.html',
    'https://support.nitrokey.com/t/nitrokey-hsm-pin-so-pin-format-requirements/2564',
  ],
  libraries: [
    '/usr/lib/*/opensc-pkcs11.so',
    '/usr/lib64/opensc-pkcs11.so',
    '/usr/lib/*/pkcs11/libsc-hsm-pkcs11.so',
  ],
  environment: ['OPENSC_CONF'],
  needsNoVariable: true,
  byPcsc: true,
  soft: false,
  pin: {
    form: 'user PIN of 6 to 15 characters, SO PIN of exactly 16 hex digits',
    limitsOf: ['user'],
    factorySoPin: null,
    userTries: 3,
    showsState: true,
  },
  initialise: {
    by: 'vendor-tool',
    again: false,
    how: 'sc-hsm-tool --initialize; the SO PIN has 15 tries for the card’s whole life and cannot be unblocked',
  },
  sharedSerial: false,
  wrapCandidates: [],
  oaepHash: 'sha256',
  gcmNonce: 'caller',
  ...takesAll,
  copyableInCopy: false,
  replication: 'vendor-wrap',
  replicationBy:
    'sc-hsm-tool --wrap-key under a device key encryption key (DKEK) that several cards were given',
  replicationSteps: [
    {
      id: 'smartcard-dkek',
      words: 'Both cards were initialised with the same DKEK shares; check the key check value of the DKEK.',
      command: 'sc-hsm-tool',
    },
    {
      id: 'smartcard-export',
      words: 'Export the key from the card that has it.',
      command: 'sc-hsm-tool --wrap-key KEY.bin --key-reference REFERENCE',
    },
    {
      id: 'smartcard-import',
      words: 'Import it into the other card.',
      command: 'sc-hsm-tool --unwrap-key KEY.bin --key-reference REFERENCE',
    },
  ],
  attestation: {
    format: 'unread',
    how: 'a key’s public half is signed by the device’s own key as a card-verifiable certificate; this tool does not read it',
  },
  plan: { initialise: false, keyWrapping: false, trustedWindow: false, sealing: false },
  notes: [
    'Keys are RSA and elliptic curves, and AES in later versions; none wraps by KW or KWP through PKCS#11.',
    'Session keys are not supported: everything is kept on the card.',
    'An officer’s credential, not a custody root.',
  ],
}
