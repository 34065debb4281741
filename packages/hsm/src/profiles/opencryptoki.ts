import { CKM } from '../constants.ts'
import type { Profile } from './profile.ts'

/** openCryptoki's soft token, as it behaved when run. */
export const opencryptoki: Profile = {
  id: 'opencryptoki',
  name: 'openCryptoki soft token',
  kind: 'software',
  manufacturer: /^IBM/i,
  model: /^(IBM SoftTok|Soft)$/i,
  verifiedOn: 'openCryptoki 3.8.1 on Debian 12 and 3.23 on Debian 13',
  sources: ['https://github.com/opencryptoki/opencryptoki'],
  libraries: ['/usr/lib/*/libopencryptoki.so.0', '/usr/lib64/opencryptoki/libopencryptoki.so.0'],
  environment: [],
  soft: true,
  pin: {
    form: '4 to 8 bytes; not the factory’s own 87654321 and 12345678',
    factorySoPin: '87654321',
    userTries: 3,
    showsState: true,
  },
  initialise: {
    by: 'library',
    again: false,
    how: 'the factory’s SO PIN is used once and changed; erasing a token that is in use leaves openCryptoki 3.8.1 with one that nobody can open, so it is refused',
  },
  sharedSerial: true,
  wrapCandidates: [CKM.AES_KEY_WRAP_KWP, CKM.AES_KEY_WRAP_PAD, CKM.AES_KEY_WRAP],
  oaepHash: 'sha1',
  gcmNonce: 'caller',
  leavesOut: { private: [], public: [] },
  copyableInCopy: false,
  replication: 'none',
  replicationBy: 'no key can be marked as trusted',
  replicationSteps: [],
  attestation: { format: 'none', how: 'a program attests nothing about itself' },
  plan: { initialise: true, keyWrapping: false, trustedWindow: false, sealing: true },
  notes: [
    'It wraps by AES-CBC with padding only, which has no integrity: no root KEK.',
    'Its daemon pkcsslotd has to run and its user has to be in the group pkcs11, else the library does not start.',
    'Every soft token shows the serial number 123 (3.8.1) or none at all (3.23).',
    'Version 3.8.1 has no elliptic curves and no GCM.',
    'KEY_GEN_MECHANISM cannot be read: a key cannot be adopted after a crash.',
  ],
}
