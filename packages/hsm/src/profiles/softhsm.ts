import { CKM } from '../constants.ts'
import { type Profile, takesAll } from './profile.ts'

/** SoftHSM 2.6.1, as it behaved when run. */
export const softhsm: Profile = {
  id: 'softhsm',
  name: 'SoftHSM 2',
  kind: 'software',
  manufacturer: /^SoftHSM/i,
  model: /^SoftHSM/i,
  verifiedOn: 'SoftHSM 2.6.1 on Debian 12 and 13',
  sources: ['https://github.com/softhsm/SoftHSMv2'],
  libraries: [
    '/usr/lib/softhsm/libsofthsm2.so',
    '/usr/lib/*/softhsm/libsofthsm2.so',
    '/usr/lib64/pkcs11/libsofthsm2.so',
    '/usr/lib64/softhsm/libsofthsm.so',
    '/usr/local/lib/softhsm/libsofthsm2.so',
    '/opt/homebrew/lib/softhsm/libsofthsm2.so',
  ],
  environment: ['SOFTHSM2_CONF'],
  soft: true,
  pin: { form: '4 to 255 bytes', factorySoPin: null, userTries: null, showsState: false },
  initialise: { by: 'library', again: true, how: 'a free slot is always there' },
  sharedSerial: false,
  wrapCandidates: [CKM.AES_KEY_WRAP_KWP, CKM.AES_KEY_WRAP_PAD, CKM.AES_KEY_WRAP],
  oaepHash: 'sha1',
  gcmNonce: 'caller',
  ...takesAll,
  copyableInCopy: false,
  replication: 'trusted-window',
  replicationBy: 'RSA-OAEP to transport keys that the security officer marked as trusted',
  replicationSteps: [],
  attestation: { format: 'none', how: 'a program attests nothing about itself' },
  plan: { initialise: true, keyWrapping: true, trustedWindow: true, sealing: true },
  notes: [
    'Its 0x210A (CKM_AES_KEY_WRAP_PAD) is RFC 5649; the standard’s 0x210B is refused.',
    'It has no CKM_ECDSA_SHA256: the digest is made outside the token.',
    'It counts no PIN tries and never locks; it only reports that a wrong PIN was given.',
    'RSA-OAEP takes SHA-1 with MGF1-SHA-1 only, and no label.',
  ],
}
