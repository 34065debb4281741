import { expect, test } from 'vitest'
import { type CheckId, checks } from '../../src/compliance/checks.ts'
import { pdfOf } from '../../src/compliance/document.ts'
import {
  asOf,
  type CredentialFact,
  type Facts,
  type IdentityFact,
  type KeyFact,
} from '../../src/compliance/facts.ts'
import { frameworkIds, frameworks } from '../../src/compliance/frameworks.ts'
import { makeReport } from '../../src/compliance/report.ts'
import { changingOperations, isChange, otherOperations } from '../../src/operations/changes.ts'
import { operationsOfSource } from '../support/operations-of-source.ts'

const to = '2026-11-28T00:00:00.000Z'
const old = '2025-01-01T00:00:00.000Z'
const recent = '2026-11-01T00:00:00.000Z'
const limits = { retentionDays: 365, isChange }

const key = (fields: Partial<KeyFact> = {}): KeyFact => ({
  id: 'k',
  name: 'k',
  project: 'p',
  usage: 'encrypt-decrypt',
  algorithm: 'AES-256',
  current: 1,
  disabled: false,
  exportable: false,
  sensitive: true,
  rotateEveryDays: 90,
  rotateAt: null,
  destroyAt: null,
  compromised: null,
  destroyed: null,
  threshold: false,
  versions: [{ version: 1, origin: 'ceremony', state: 'enabled', bundle: 'b', at: recent }],
  ...fields,
})
const person = (fields: Partial<IdentityFact> = {}): IdentityFact => ({
  id: 'i',
  name: 'Ada',
  username: 'ada',
  provider: null,
  enrolled: true,
  secondFactor: true,
  tokenSeconds: 3600,
  at: recent,
  revoked: null,
  ...fields,
})
const root = {
  level: 'root',
  id: 'r',
  of: 'n',
  version: 1,
  algorithm: 'AES-256',
  origin: 'ceremony',
} as const
const grant = (role: string, organisation: string | null = 'o') => ({
  identity: 'i',
  role,
  organisation,
  project: null,
  conditions: false,
  at: recent,
})
const policy = {
  digest: 'd'.repeat(64),
  version: 1,
  organisation: 'O',
  expiry: '2027-01-01T00:00:00.000Z',
  officers: 3,
  officerQuorum: 2,
  witnesses: 1,
  witnessQuorum: 1,
}
const bundle = {
  digest: 'b',
  ceremony: 'c',
  state: 'imported',
  rule: null,
  at: recent,
  policy: policy.digest,
  people: 5,
  exceptions: 0,
  backups: [{ root: 'r', t: 2, custodians: ['A', 'B', 'C'] }],
}

const approval = {
  id: 'a',
  identity: 'i',
  operation: 'key.export',
  key: 'k',
  needed: 2,
  approvedBy: ['B', 'C'],
  refusedBy: [],
  at: recent,
  expires: recent,
  used: recent,
}
const outside = { id: 'x', name: 'far', project: 'p', provider: 'aws', usage: 'sign-verify', at: recent }
const apiKey: CredentialFact = {
  kind: 'API key',
  id: 'x',
  of: { identity: 'i' },
  at: old,
  expires: null,
  revoked: null,
}
const member = person({ username: null, provider: 'corp', enrolled: false, secondFactor: false })

/** A server in which nothing is missing. */
const review = (at: string, organisation: string | null = 'o') => ({
  id: 'r',
  organisation,
  reviewer: 'Ada',
  identities: 3,
  access: 'ab'.repeat(32),
  at,
})
const whole: Facts = {
  audience: 'a',
  domain: 'production',
  from: old,
  to,
  checkpoint: { seq: '1', hash: 'h', time: recent },
  audit: { verdict: 'whole', covered: 5, writers: 1, oldest: old, dropped: { count: 0, newest: null } },
  operations: [{ operation: 'key.encrypt', outcome: 'ok', count: 1, identities: 1, last: recent }],
  lastUse: { i: recent },
  policies: [policy],
  bundles: [bundle],
  keks: [{ ...root, state: 'current', under: 'token', at: recent }],
  keys: [key()],
  thresholdKeys: [],
  projectsOfPlainKeys: [],
  identities: [person()],
  grants: [grant('auditor')],
  credentials: [],
  reviews: [review(recent)],
  approvals: [approval],
  externalKeys: [],
  organisations: [{ id: 'o', name: 'Training' }],
  tombstones: [],
}

test('COMPLIANCE-06 a server in which nothing is missing has no gap in any check', () => {
  for (const [id, check] of Object.entries(checks)) expect([id, check(whole, limits).gaps]).toEqual([id, []])
})

const cases: readonly (readonly [CheckId, string, Partial<Facts>])[] = [
  ['inventory', 'server: It stores no key.', { keys: [] }],
  ['hierarchy', 'server: It has no root key.', { keks: [] }],
  ['hierarchy', 'server: It is a rehearsal: its keys protect nothing real.', { domain: 'rehearsal' }],
  [
    'generation',
    'k version 1: It was imported: how it was made is not known here.',
    {
      keys: [
        key({ versions: [{ version: 1, origin: 'imported', state: 'enabled', bundle: null, at: recent }] }),
      ],
    },
  ],
  [
    'custodians',
    'threshold key t: One custodian alone is enough.',
    { thresholdKeys: [{ id: 't', t: 1, n: 1, epoch: '1', bundle: 'b', holders: ['A'] }] },
  ],
  [
    'custodians',
    'threshold key t: A holds 2 shares.',
    { thresholdKeys: [{ id: 't', t: 2, n: 3, epoch: '1', bundle: 'b', holders: ['A', 'A', 'B'] }] },
  ],
  ['backups', 'root r: No backup of it is recorded.', { bundles: [{ ...bundle, backups: [] }] }],
  [
    'dual-control',
    'server: No bundle was taken in under a policy: nobody’s dual control is recorded.',
    { policies: [] },
  ],
  [
    'dual-control',
    'policy dddddddddddddddd: One officer alone is enough.',
    { policies: [{ ...policy, officerQuorum: 1 }] },
  ],
  [
    'dual-control',
    'policy dddddddddddddddd: The newest policy has expired.',
    { policies: [{ ...policy, expiry: recent }] },
  ],
  ['rotation', 'k: It has no period of rotation.', { keys: [key({ rotateEveryDays: null })] }],
  ['rotation', 'k: Its rotation was due on 2026-11-01.', { keys: [key({ rotateAt: recent })] }],
  [
    'rotation',
    'k: Its version is 696 days old.',
    {
      keys: [
        key({
          rotateEveryDays: null,
          versions: [{ version: 1, origin: 'online', state: 'enabled', bundle: null, at: old }],
        }),
      ],
    },
  ],
  [
    'retirement',
    'k: It is said to be compromised and is not disabled.',
    { keys: [key({ compromised: recent })] },
  ],
  ['retirement', 'k: Its destruction was due on 2026-11-01.', { keys: [key({ destroyAt: recent })] }],
  ['exports', 'k: It may leave in the clear.', { keys: [key({ exportable: true, sensitive: false })] }],
  ['imports', 'bundle b: Its import did not end.', { bundles: [{ ...bundle, state: 'staged' }] }],
  ['people', 'ada: No second factor is set.', { identities: [person({ secondFactor: false })] }],
  ['grants', 'ada: The role service holds everywhere.', { grants: [grant('service', null)] }],
  ['grants', 'ada: It governs keys and uses keys.', { grants: [grant('crypto-officer'), grant('user')] }],
  ['grants', 'ada: It governs and audits.', { grants: [grant('server-admin', null), grant('auditor')] }],
  ['credentials', 'API key x: It is 696 days old.', { credentials: [apiKey] }],
  [
    'credentials',
    'SCIM token x: When it was made is not recorded.',
    { credentials: [{ ...apiKey, kind: 'SCIM token', of: { name: 'corp' }, at: null }] },
  ],
  [
    'people',
    'Ada: The provider corp says who this is: whether by a second factor is not seen here.',
    { identities: [member] },
  ],
  [
    'approvals',
    'request a: It was used with 1 of 2 approvals that are recorded.',
    { approvals: [{ ...approval, approvedBy: ['B'] }] },
  ],
  [
    'rotation',
    'KEK of project Payments: Its version is 696 days old.',
    {
      keks: [{ ...root, level: 'project', of: 'Payments', state: 'enabled', under: 'o v1', at: old }],
    },
  ],
  [
    'rotation',
    'far: It is kept at aws: whether it is rotated there is not seen here.',
    { externalKeys: [outside] },
  ],
  ['generation', 'far: It is kept at aws: how it was made is not known here.', { externalKeys: [outside] }],
  ['idle', 'ada: Nothing was done with it for 696 days.', { lastUse: { i: old } }],
  ['sessions', 'ada: A log-in lasts 9000000 seconds.', { identities: [person({ tokenSeconds: 9_000_000 })] }],
  ['access-reviews', 'Training: No access review of it is recorded in this period.', { reviews: [] }],
  ['access-reviews', 'Training: Its last access review was 696 days ago.', { reviews: [review(old)] }],
  [
    'access-reviews',
    'Training: Its last access review was 696 days ago.',
    { reviews: [review(old), review(recent, 'p')] },
  ],
  [
    'access-reviews',
    'the whole server: No access review of it is recorded in this period.',
    { grants: [grant('server-admin', null)] },
  ],
  [
    'audit-integrity',
    'audit log: It breaks the rule AUDIT-GAP.',
    { audit: { ...whole.audit, verdict: 'AUDIT-GAP' } },
  ],
  ['audit-integrity', 'audit log: No checkpoint of it is signed.', { checkpoint: null }],
  [
    'audit-retention',
    'audit log: Entries of the last 365 days were dropped.',
    { audit: { ...whole.audit, dropped: { count: 2, newest: recent } } },
  ],
]

test.each(cases)('COMPLIANCE-07 %s names the gap: %s', (check, gap, changed) => {
  const found = checks[check]({ ...whole, ...changed }, limits).gaps.map((one) => `${one.of}: ${one.gap}`)
  expect(found).toContain(gap)
})

test('COMPLIANCE-13 a root that was destroyed or revoked needs no backup and no control, and one that is in use does', () => {
  const of = (check: 'backups' | 'dual-control', state: string) => {
    const gone = { ...root, id: 'gone', origin: 'online', state, under: 'token', at: old }
    return checks[check]({ ...whole, keks: [...whole.keks, gone] }, limits).gaps.map((one) => one.of)
  }
  for (const state of ['destroyed', 'revoked'])
    expect([state, of('backups', state), of('dual-control', state)]).toEqual([state, [], []])
  expect([of('backups', 'current'), of('dual-control', 'current')]).toEqual([['root gone'], ['root gone']])
  // Nothing new comes under it, and it still opens what is there.
  expect([of('backups', 'retained'), of('dual-control', 'retained')]).toEqual([[], ['root gone']])
})

test('COMPLIANCE-09 who logs in through a provider is a person, and a key at a provider is in the inventory', () => {
  const facts: Facts = { ...whole, identities: [member], externalKeys: [outside], credentials: [apiKey] }
  expect(checks.people(facts, limits).rows).toEqual([
    ['', 'Ada', '2026-11-01', 'provider corp', 'not seen here', ''],
  ])
  for (const check of ['idle', 'sessions'] as const)
    expect(checks[check](facts, limits).rows[0]?.slice(0, 2)).toEqual(['Ada', 'person'])
  expect(checks.inventory(facts, limits).rows).toContainEqual([
    ...['far', 'x', 'p', 'sign-verify', '', '', 'kept at aws'],
  ])
  expect(checks.approvals(facts, limits).rows).toEqual([
    ['2026-11-01', 'Ada', 'key.export', 'k', '2', 'B, C', '', '2026-11-01'],
  ])
})

test('COMPLIANCE-08 every check that may name a gap is asked by a control, and every control without one says what is not seen', () => {
  const asked = new Set(frameworkIds.flatMap((id) => frameworks[id].controls.flatMap((one) => one.checks)))
  expect(Object.keys(checks).filter((id) => !asked.has(id as CheckId))).toEqual([])
  for (const id of frameworkIds) {
    const ids = frameworks[id].controls.map((one) => one.id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const one of frameworks[id].controls)
      expect(one.checks.length + one.notSeen.length).toBeGreaterThan(0)
    const report = makeReport(id, { ...whole, keys: [], keks: [], identities: [] }, isChange)
    for (const one of report.controls)
      expect([one.id, one.state === 'not-visible']).toEqual([one.id, one.checks.length === 0])
  }
})

test('COMPLIANCE-11 every operation of the source is a change or none, and a role that was given or a key that was made is one', async () => {
  const listed = [...changingOperations, ...otherOperations]
  expect(new Set(listed).size).toBe(listed.length)
  expect([...(await operationsOfSource())].filter((name) => !listed.includes(name))).toEqual([])
  const times = { outcome: 'ok', count: 1, identities: 1, last: recent }
  const named = (outcome: string) =>
    checks
      .changes(
        {
          ...whole,
          operations: [
            ...['role.give', 'role.take', 'key.create', 'key.shred', 'of-a-later-version', 'key.encrypt'],
            ...['external-key.list', 'person.log-in', 'audit.open', 'audit.retain'],
          ].map((operation) => ({ ...times, operation, outcome })),
        },
        limits,
      )
      .rows.map(([operation]) => operation)
  expect(named('ok')).toEqual(['role.give', 'role.take', 'key.create', 'key.shred', 'of-a-later-version'])
  expect(named('ROLE-DENIED')).toEqual([])
})

test('COMPLIANCE-14 the PDF of one of the first reports, which do not say what has no time, can still be made', async () => {
  const { asOfAsking, ...first } = makeReport('soc2', whole, isChange)
  expect(asOfAsking).not.toEqual([])
  expect(
    Buffer.from(await pdfOf(first))
      .subarray(0, 5)
      .toString(),
  ).toBe('%PDF-')
})

test('COMPLIANCE-15 what a rotation has replaced since the end of the period was in use then, and nothing else is taken for that', () => {
  const row = (version: number, state: string, at: string, of = 'o') => ({
    version,
    state,
    created_at: new Date(at),
    of,
  })
  const seen = (...rows: ReturnType<typeof row>[]) =>
    asOf(new Date(to), 'enabled', rows, ({ of }) => of).map(({ version, state }) => [version, state])
  const later = '2026-12-01T00:00:00.000Z'
  const rotated = row(2, 'enabled', later)
  expect(seen(row(1, 'decrypt-only', old), rotated)).toEqual([[1, 'enabled']])
  expect(seen(row(1, 'destroyed', old), rotated)).toEqual([[1, 'enabled']])
  expect(seen(row(1, 'destroyed', old), row(2, 'decrypt-only', recent), row(3, 'enabled', later))).toEqual([
    [1, 'destroyed'],
    [2, 'enabled'],
  ])
  // Nothing took its place, or that was another’s, or it was revoked.
  expect(seen(row(1, 'destroyed', old))).toEqual([[1, 'destroyed']])
  expect(seen(row(1, 'destroyed', old), row(2, 'enabled', later, 'other'))).toEqual([[1, 'destroyed']])
  expect(seen(row(1, 'revoked', old), rotated)).toEqual([[1, 'revoked']])
  expect(seen(rotated)).toEqual([])
})
