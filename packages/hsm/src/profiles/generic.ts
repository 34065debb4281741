import { CKM } from '../constants.ts'
import { type Profile, takesAll } from './profile.ts'

/** Any token that no profile knows: everything is tried and read back, nothing is assumed. */
export const generic: Profile = {
  id: 'generic',
  name: 'Unknown token',
  kind: 'hsm',
  manufacturer: /.*/i,
  model: /.*/i,
  verifiedOn: null,
  sources: [],
  libraries: [],
  environment: [],
  soft: false,
  pin: { form: 'as its manual says', factorySoPin: null, userTries: null, showsState: true },
  initialise: { by: 'library', again: true, how: 'tried as the standard has it' },
  sharedSerial: false,
  wrapCandidates: [CKM.AES_KEY_WRAP_KWP, CKM.AES_KEY_WRAP_PAD, CKM.AES_KEY_WRAP],
  oaepHash: 'sha256',
  gcmNonce: 'caller',
  ...takesAll,
  copyableInCopy: true,
  replication: 'none',
  replicationBy: 'unknown',
  replicationSteps: [],
  attestation: { format: 'none', how: 'unknown' },
  plan: { initialise: true, keyWrapping: true, trustedWindow: true, sealing: true },
  notes: ['No profile knows this token. Only what the probe proves is relied on.'],
}
