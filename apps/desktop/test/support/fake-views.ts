import type { CurrentStep, RunView, StepView } from '../../src/contract/index.ts'
import { token } from './fake-tokens.ts'

/** Planned data of one training ceremony, and its people. */

export const words = (
  'aardvark adroitness absurd adviser accrue aftermath acme aggregate adrift alkali adult almighty afflict ' +
  'amulet ahead amusement aimless antenna algol applicant allow apollo'
).split(' ')
export const hex = 'f3a1c0de5b7724e19d80aa31c6b2470e8d1f6b5594c23ab07e11d9c8f2a46b3d'
export const ok = (value: unknown): unknown => ({ ok: true, value })

/** What a step of a kind has shown, as core tells it. */
function resultsOf(kind: string): StepView['results'] {
  if (kind === 'probe-token')
    return [
      { name: 'wrap-mechanism', value: 'CKM_AES_KEY_WRAP_PAD', form: 'text' },
      { name: 'evidence-level', value: 'E1', form: 'text' },
      { name: 'attacks-held', value: '13', form: 'number' },
    ]
  if (kind === 'prove-possession') return [{ name: 'possession', value: hex, form: 'hex', words }]
  return []
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
  startedAt: state === 'pending' ? null : '2026-11-24T16:00:00.000Z',
  results: state === 'done' ? resultsOf(kind) : [],
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
      ownDevices: [],
    },
  ],
  facts: [{ name: 'serial', value: token.serial, form: 'code' }],
  procedure: [],
  compares: [{ what: 'opening', digest: hex, words }],
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
  policyWords: words,
  people: [
    { name: 'Ada Lindqvist', role: 'administrator', standIn: true },
    { name: 'Omar Haddad', role: 'officer', standIn: true },
    { name: 'Mei Tanaka', role: 'officer', standIn: true },
    { name: 'Lena Brandt', role: 'officer', standIn: true },
  ],
  here: null,
  inRoom: [
    { role: 'administrator', names: ['Ada Lindqvist'], atLeast: 1 },
    { role: 'officer', names: ['Omar Haddad', 'Mei Tanaka', 'Lena Brandt'], atLeast: 2 },
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
        { ...step(1, 'roll-call', 'Roll call', 'done'), byHand: true, says: 'who is here' },
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
  unstated: [],
  epochLive: null,
  carried: null,
  mayState: true,
  statementCommands: null,
  evidence: [
    { id: 'ceremony', level: 'ceremony', evidence: 'E2' },
    { id: 'root-kek', level: 'root', evidence: 'E1' },
  ],
  checkpoints: [{ size: 12, root: hex, words, signedBy: ['Ruth Weiss'], missing: ['Ivo Novak'] }],
  keys: [
    {
      id: 'root-kek',
      name: 'Root KEK',
      level: 'root',
      parent: null,
      step: null,
      state: 'before',
      madeAt: null,
    },
    {
      id: 'org-kek',
      name: 'Northwind',
      level: 'organisation',
      parent: 'root-kek',
      step: 3,
      state: 'made',
      madeAt: '2026-11-24T16:05:00.000Z',
    },
    {
      id: 'data-key',
      name: 'Billing',
      level: 'data',
      parent: 'org-kek',
      step: 5,
      state: 'todo',
      madeAt: null,
    },
    { id: 'fhe', name: 'fhe', level: 'threshold', parent: null, step: 4, state: 'now', madeAt: null },
  ],
  gathered: [
    { what: 'opening', present: ['Omar Haddad', 'Mei Tanaka'], missing: ['Lena Brandt'], required: 2 },
    { what: 'bundle', present: [], missing: ['Omar Haddad', 'Mei Tanaka', 'Lena Brandt'], required: 2 },
  ],
  remarks: [
    {
      kind: 'note',
      step: 's1',
      at: '2026-11-24T16:02:00.000Z',
      by: 'Mei Tanaka',
      text: 'The door stood open for a minute.',
      decided: null,
      compared: null,
    },
    {
      kind: 'deviation',
      step: 's3',
      at: '2026-11-24T16:04:00.000Z',
      by: '',
      text: 'HSM-PIN-WRONG: the PIN is wrong',
      decided: 'retry',
      compared: null,
    },
  ],
  progress: { done: 3, total: 7 },
  work: null,
  keyLeft: null,
  leftOnTokens: [],
  bundle: null,
  may: { pause: true, resume: false, abort: true, cancel: false, note: true, hear: true, deviate: true },
}

export const broken: RunView = {
  ...run,
  id: 'c2',
  state: 'exception',
  current: null,
  exception: {
    id: '1',
    step: 's5',
    about: 'failed',
    code: 'HSM-CRASHED',
    happened: 'the library ended with SIGSEGV',
    expected: 'one AES-256 key with every attribute of the template',
    decisions: ['retry', 'abort'],
    signers: { required: 2, names: ['Omar Haddad', 'Mei Tanaka', 'Lena Brandt'] },
    compared: null,
  },
}

export const closed: RunView = {
  ...run,
  id: 'c3',
  state: 'closed',
  current: null,
  bundle: { path: '/store/ceremonies/c3/bundle.zip', digest: hex, words, bytes: 61_400_000 },
  progress: { done: 7, total: 7 },
  may: { pause: false, resume: false, abort: false, cancel: false, note: false, hear: false, deviate: false },
}

/** It left its signing key and two keys that the plan wanted on the token. */
export const aborted: RunView = {
  ...closed,
  id: 'c8',
  state: 'aborted',
  bundle: null,
  progress: { done: 4, total: 7 },
  keyLeft: token.serial,
  leftOnTokens: [
    { serial: token.serial, ckaId: '4c55582d00000001', label: 'northwind/root-kek' },
    { serial: token.serial, ckaId: '4c55582d00000002', label: 'northwind/billing/data' },
  ],
}
