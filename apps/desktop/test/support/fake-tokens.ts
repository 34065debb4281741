import type { ExaminationView, TokenView, TrialView } from '../../src/contract/index.ts'
import { softTokenChecks } from './fake-probe.ts'

/** The tokens of the training ceremony, and what trying one gave. */

export const token: TokenView = {
  serial: 'd1c95aa0b2a6f0e4',
  label: 'rehearsal-root',
  manufacturer: 'SoftHSM project',
  model: 'SoftHSM v2',
  firmware: '2.6',
  profile: 'softhsm',
  profileName: 'SoftHSM 2',
  soft: true,
  replication: 'trusted-window',
  verifiedOn: 'SoftHSM 2.6.1 on Debian 12 and 13',
  initialised: true,
  initialises: 'again',
  pinRules: { userTries: null, showsState: false },
  userPin: { state: 'ok', left: null },
  soPin: { state: 'final', left: 1 },
  padSeconds: null,
  session: 'user',
  capabilities: [
    { id: 'aes-generate', state: 'yes' },
    { id: 'aes-wrap-kwp', state: 'yes' },
    { id: 'rsa-oaep-wrap', state: 'yes' },
    { id: 'allowed-mechanisms', state: 'no' },
  ],
  evidence: 'E1',
  evidenceReasons: [
    {
      code: 'probe-passed',
      holds: true,
      detail: 'the hardened template held',
      said: [{ id: 'template-held', values: {} }],
    },
    { code: 'profile-known', holds: true, detail: 'SoftHSM 2', said: [] },
    {
      code: 'key-attested',
      holds: false,
      detail: 'not attested: a program attests nothing about itself',
      said: [{ id: 'key-unattested', values: { how: 'a program attests nothing about itself' } }],
    },
  ],
  probe: {
    at: '2026-11-24T16:00:00.000Z',
    passed: true,
    checks: [...softTokenChecks],
  },
  ceremonies: ['c1'],
}

/** A model that nobody has run this on, with one try of the user PIN left. */
export const unproved: TokenView = {
  ...token,
  serial: '7700AB12',
  label: 'vault',
  manufacturer: 'Thales',
  model: 'Luna K7',
  profile: 'luna',
  profileName: 'Thales Luna 7',
  verifiedOn: null,
  pinRules: { userTries: 10, showsState: true },
  userPin: { state: 'final', left: 1 },
  soPin: { state: 'low', left: null },
  session: 'none',
  evidence: 'E0',
  evidenceReasons: [
    {
      code: 'profile-hardware',
      holds: false,
      detail: 'not run on hardware by us',
      said: [{ id: 'not-on-hardware', values: {} }],
    },
  ],
  probe: null,
  ceremonies: [],
}

/** A kind that this program initialises once and cannot erase. */
export const onlyOnce: TokenView = {
  ...unproved,
  serial: '0000000000000000',
  label: 'desk',
  manufacturer: 'IBM',
  model: 'SW   TPM',
  profile: 'swtpm',
  profileName: 'Software TPM (swtpm, tpm2-pkcs11)',
  soft: true,
  replication: 'none',
  verifiedOn: 'tpm2-pkcs11 1.9.0 on swtpm 0.7 on Debian 12',
  initialises: 'once',
}

export const examination: ExaminationView = {
  at: '2026-07-31T09:00:00.000Z',
  rows: [
    { label: 'doctor-tried', able: null, text: [{ id: 'tried-keys', values: {} }] },
    { label: 'role-root', able: 'no', text: [{ id: 'unable-keyWrapping', values: { profile: 'tpm2' } }] },
    { label: 'role-officer', able: 'yes', text: [] },
  ],
}

/** One of each way that a trial ends. */
export const trial: TrialView = {
  at: '2026-11-24T16:00:00.000Z',
  results: [
    { group: 'generate', name: 'aes-256', mechanism: 'CKM_AES_KEY_GEN', state: 'proved', detail: '' },
    {
      group: 'generate',
      name: 'p-521',
      mechanism: 'CKM_EC_KEY_PAIR_GEN',
      state: 'untried',
      detail: 'CKR_ATTRIBUTE_VALUE_INVALID',
    },
    { group: 'sign', name: 'ed25519', mechanism: 'CKM_EDDSA', state: 'proved', detail: '' },
    {
      group: 'wrap',
      name: 'aes-kwp',
      mechanism: 'CKM_AES_KEY_WRAP_KWP',
      state: 'wrong',
      detail: 'a wrapped key: other software disagrees',
    },
    {
      group: 'wrap',
      name: 'rsa-oaep-sha256',
      mechanism: 'CKM_RSA_PKCS_OAEP',
      state: 'unsupported',
      detail: 'CKR_ARGUMENTS_BAD',
    },
  ],
}
