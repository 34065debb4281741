import { CKM } from '../pkcs11/constants.ts'
import type { Profile } from './profile.ts'

/** SoftHSM 2.6.1, as it behaved when run. */
export const softhsm: Profile = {
  id: 'softhsm',
  name: 'SoftHSM 2',
  manufacturer: /^SoftHSM/,
  model: /^SoftHSM/,
  wrapCandidates: [CKM.AES_KEY_WRAP_KWP, CKM.AES_KEY_WRAP_PAD, CKM.AES_KEY_WRAP],
  oaepHash: 'sha1',
  unwrapTemplate: true,
  allowedMechanisms: true,
  copyableInCopy: false,
  replication: 'trusted-window',
  soft: true,
  notes: [
    'Its 0x210A (CKM_AES_KEY_WRAP_PAD) is RFC 5649; the standard’s 0x210B is refused.',
    'It has no CKM_ECDSA_SHA256: the digest is made outside the token.',
    'It counts no PIN tries and never locks; it only reports that a wrong PIN was given.',
    'RSA-OAEP takes SHA-1 with MGF1-SHA-1 only, and no label.',
  ],
}
