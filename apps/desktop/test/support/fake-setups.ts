import type { KnownPerson, SetupPerson, SetupView } from '../../src/contract/index.ts'
import { planAct } from './fake-act.ts'
import { hex, words } from './fake-views.ts'

const person = (role: SetupPerson['role'], name: string, phone = false): SetupPerson => ({
  card: `${name.length.toString(16).padStart(2, '0')}${hex.slice(2, 40)}${Buffer.from(name).toString('hex')}`,
  role,
  name,
  note: null,
  phone,
  words,
})

const officers = ['Amara Okafor', 'Pieter de Vries', 'Lena Fischer']

/** Of an earlier ceremony. */
export const knownOfficers: KnownPerson[] = [
  { ...person('officer', 'Omar Haddad'), title: 'Root 2025' },
  { ...person('witness', 'Mei Tanaka the younger', true), title: 'Root 2025' },
]

/** Everybody is here, and nobody has signed. */
export const setup: SetupView = {
  id: 's1',
  domain: 'production',
  title: 'Root 2026',
  organisation: { id: 'meridian', name: 'Meridian Health Trust' },
  next: 'policy',
  people: [
    person('administrator', 'Ada Lindqvist'),
    person('operator', 'Ines Duarte'),
    person('so', 'Jonas Weber'),
    ...officers.map((name) => person('officer', name, name.startsWith('A'))),
    person('witness', 'Mei Tanaka', true),
    person('witness', 'Tomás Novák'),
  ],
  servers: [{ audience: hex, name: 'main', words, transport: true }],
  policy: {
    adopted: false,
    expiry: '2027-12-31T23:59:59.999Z',
    officerQuorum: 4,
    witnessQuorum: 2,
    approverThreshold: 0,
    softTokens: false,
    leastEvidence: 'E1',
    otherTools: [hex],
    lines: [],
    shown: null,
    digest: hex,
    words,
    signers: officers.map((name) => ({ name, role: 'officer', signed: false, standIn: false })),
    faults: [{ code: 'POLICY-QUORUM-IMPOSSIBLE', step: '', detail: 'officerQuorum is 4 of 3' }],
    warnings: [{ code: 'SETUP-ALL-WITNESSES', step: '', detail: '' }],
  },
  script: {
    id: 'root-kek',
    fields: [
      { name: 'rootKey', type: 'text', label: 'Id of the root key', initial: 'root-kek', optional: true },
      { name: 'serial', type: 'choice', label: 'Serial of the ceremony token', choices: ['7700AB12'] },
      {
        name: 'logIn',
        type: 'choice',
        label: 'Where',
        choices: ['pin', 'pin-pad'],
        initial: 'pin',
        optional: true,
      },
    ],
    values: {},
    rolesMissing: ['so'],
    faults: [{ code: 'PLAN-12', step: 'open-run', detail: 'officers: 1 seated, 2 must sign' }],
    warnings: [{ code: 'PLAN-45', step: '', detail: 'mode F' }],
    hash: null,
    words: [],
  },
  rehearsal: null,
  approval: { shown: null, digest: '', signers: [], required: 2 },
  run: null,
}

/** Rehearsed, and one of two officers approves. */
export const approving: SetupView = {
  ...setup,
  id: 's2',
  next: 'approve',
  policy: {
    ...setup.policy,
    officerQuorum: 2,
    faults: [],
    lines: ['Policy 1 of Meridian Health Trust (meridian)'],
    shown: { ...planAct, what: 'policy' },
  },
  script: { ...setup.script, rolesMissing: [], faults: [], hash: hex, words },
  rehearsal: { id: 'c1', sealed: true, playing: false, failure: null },
  approval: {
    shown: planAct,
    digest: '5a'.repeat(32),
    signers: officers.map((name, at) => ({ name, role: 'officer', signed: at === 0, standIn: false })),
    required: 2,
  },
}
