import type { CurrentStep, RunView, StepView, TokenView, TrialView } from '../../src/contract/index.ts'

/** Planned data of one training ceremony, its token and its people. */

export const words = (
  'aardvark adroitness absurd adviser accrue aftermath acme aggregate adrift alkali adult almighty afflict ' +
  'amulet ahead amusement aimless antenna algol applicant allow apollo'
).split(' ')
export const hex = 'f3a1c0de5b7724e19d80aa31c6b2470e8d1f6b5594c23ab07e11d9c8f2a46b3d'
export const ok = (value: unknown): unknown => ({ ok: true, value })

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
    checks: [
      {
        id: 'wrap-then-decrypt',
        template: 'hardened',
        outcome: 'held',
        detail: 'setting DECRYPT: CKR_ATTRIBUTE_READ_ONLY; decrypting: CKR_KEY_FUNCTION_NOT_PERMITTED',
        said: [
          {
            id: 'decrypt-refused',
            values: { set: 'CKR_ATTRIBUTE_READ_ONLY', answer: 'CKR_KEY_FUNCTION_NOT_PERMITTED' },
          },
        ],
      },
      {
        id: 'reimport-extractable',
        template: 'hardened',
        outcome: 'held',
        detail: 'refused: CKR_TEMPLATE_INCONSISTENT',
        said: [{ id: 'unwrap-refused', values: { answer: 'CKR_TEMPLATE_INCONSISTENT' } }],
      },
      { id: 'copy-escalate', template: 'hardened', outcome: 'unsupported', detail: '', said: [] },
      {
        id: 'wrap-then-decrypt',
        template: 'default',
        outcome: 'broken',
        detail: 'the KEK decrypted a wrapped key to its bytes',
        said: [{ id: 'decrypted-bytes', values: {} }],
      },
      {
        id: 'known-answer',
        template: null,
        outcome: 'held',
        detail: 'gives the known answers of KWP-RFC5649',
        said: [{ id: 'answer-known', values: { standard: 'KWP-RFC5649' } }],
        mechanism: 'CKM_AES_KEY_WRAP_KWP',
      },
    ],
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

export const step = (number: number, kind: string, title: string, state: StepView['state']): StepView => ({
  id: `s${number}`,
  number,
  do: kind,
  title,
  text: `${title}: say aloud what the screen shows, and wait for the witnesses to repeat it.`,
  actor: {
    role: number % 2 ? 'administrator' : 'officer',
    name: number % 2 ? 'Ada Lindqvist' : 'Omar Haddad',
  },
  state,
  doneAt: state === 'done' ? '2026-11-24T16:05:00.000Z' : null,
})

export const current: CurrentStep = {
  ...step(4, 'open-run', 'Sign the opening certificate', 'ready'),
  needs: [
    { need: 'confirm', text: 'Every officer has compared the plan hash with the printed script.' },
    {
      need: 'values',
      fields: [{ name: 'bag', type: 'text', label: 'Serial of the tamper-evident bag' }],
    },
    {
      need: 'pin',
      token: token.serial,
      role: 'ceremony',
      label: token.label,
      user: 'user',
      pin: { state: 'low', left: null },
      padSeconds: null,
      taken: false,
    },
    {
      need: 'sign',
      what: 'opening',
      file: '/store/ceremonies/c1/out/0004-opening.json',
      digest: hex,
      words,
      required: 2,
      signers: [
        { name: 'Omar Haddad', role: 'officer', signed: true, standIn: true },
        { name: 'Mei Tanaka', role: 'officer', signed: false, standIn: true },
        { name: 'Lena Brandt', role: 'officer', signed: false, standIn: true },
      ],
    },
  ],
  facts: [{ name: 'serial', value: token.serial, form: 'code' }],
  procedure: [],
  mayProceed: false,
  blocked: 'signatures-missing',
  failure: null,
}

export const run: RunView = {
  id: 'c1',
  title: 'First run of the root key',
  organisation: 'Northwind Trust',
  domain: 'rehearsal',
  state: 'running',
  created: '2026-11-24T15:59:00.000Z',
  folder: '/store/ceremonies/c1',
  planHash: hex,
  planWords: words,
  policyDigest: hex,
  people: [
    { name: 'Ada Lindqvist', role: 'administrator', standIn: true },
    { name: 'Omar Haddad', role: 'officer', standIn: true },
    { name: 'Mei Tanaka', role: 'officer', standIn: true },
    { name: 'Lena Brandt', role: 'officer', standIn: true },
  ],
  tokens: [
    {
      role: 'ceremony',
      serial: token.serial,
      label: token.label,
      present: true,
      session: 'user',
      pin: token.userPin,
    },
  ],
  parts: [
    {
      id: 'p1',
      kind: 'token-initialisation',
      title: 'Prepare the room and the token',
      steps: [
        step(1, 'roll-call', 'Roll call', 'done'),
        step(2, 'measure-machine', 'Measure the machine', 'done'),
        step(3, 'probe-token', 'Attack the token', 'done'),
        current,
      ],
    },
    {
      id: 'p2',
      kind: 'root-kek',
      title: 'Root key',
      steps: [
        step(5, 'generate-root', 'Generate the root KEK', 'pending'),
        step(6, 'read-back', 'Read the attributes back', 'pending'),
        step(7, 'seal', 'Seal the bundle', 'pending'),
      ],
    },
  ],
  current,
  exception: null,
  paused: null,
  evidence: [
    { id: 'ceremony', level: 'ceremony', evidence: 'E2' },
    { id: 'root-kek', level: 'root', evidence: 'E1' },
  ],
  checkpoints: [{ size: 12, root: hex, words, signedBy: ['Ruth Weiss'], missing: ['Ivo Novak'] }],
  progress: { done: 3, total: 7 },
  work: null,
  bundle: null,
  may: { pause: true, resume: false, abort: true, cancel: false },
}

export const broken: RunView = {
  ...run,
  id: 'c2',
  state: 'exception',
  current: null,
  exception: {
    id: '1',
    step: 's5',
    code: 'HSM-CRASHED',
    happened: 'the library ended with SIGSEGV',
    expected: 'one AES-256 key with every attribute of the template',
    decisions: ['retry', 'abort'],
  },
}

export const closed: RunView = {
  ...run,
  id: 'c3',
  state: 'closed',
  current: null,
  bundle: { path: '/store/ceremonies/c3/bundle.zip', digest: hex, words, bytes: 61_400_000 },
  progress: { done: 7, total: 7 },
  may: { pause: false, resume: false, abort: false, cancel: false },
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
