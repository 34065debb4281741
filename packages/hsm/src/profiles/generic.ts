import { CKM } from '../pkcs11/constants.ts'
import type { Profile } from './profile.ts'

/** Any token that no profile knows: everything is tried and read back, nothing is assumed. */
export const generic: Profile = {
  id: 'generic',
  name: 'Unknown token',
  manufacturer: /.*/,
  model: /.*/,
  wrapCandidates: [CKM.AES_KEY_WRAP_KWP, CKM.AES_KEY_WRAP_PAD, CKM.AES_KEY_WRAP],
  oaepHash: 'sha256',
  unwrapTemplate: true,
  allowedMechanisms: true,
  copyableInCopy: true,
  replication: 'none',
  soft: false,
  notes: ['No profile knows this token. Only what the probe proves is relied on.'],
}
