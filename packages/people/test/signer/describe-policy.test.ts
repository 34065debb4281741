import { newPolicy, type Policy, policyDigest } from '@lux/ceremony/policy'
import type { Card, ServerCard } from '@lux/ceremony/wire'
import { deterministicEntropy, generateIdentity, type Scheme } from '@lux/crypto'
import { expect, test } from 'vitest'
import { policyAct, policyLines } from '../../src/index.ts'

const domain = 'production'
const entropy = deterministicEntropy(new Uint8Array(32).fill(7))
const key = (schemes: Scheme[]) => generateIdentity(entropy, schemes).keys
const card = (kind: Card['kind'], name: string): Card => ({
  v: 1,
  kind,
  domain,
  name,
  keys: key(['ed25519', 'mlDsa65']),
})
const recipient = (digit: string) => `age1pq1${digit.repeat(120)}`
const server: ServerCard = {
  v: 1,
  kind: 'server',
  domain,
  deployment: '5e'.repeat(16),
  receiptKey: { p256: key(['p256']).p256 ?? '' },
  requesterKey: { p256: key(['p256']).p256 ?? '' },
  combinerRecipient: recipient('q'),
}

const policy: Policy = {
  ...newPolicy({
    organisation: { id: 'acme', name: 'Acme' },
    domain,
    expiry: '2027-01-01T00:00:00.000Z',
    officers: [card('officer', 'Ada')],
    officerQuorum: 1,
    witnesses: [card('witness', 'Wim')],
    witnessQuorum: 1,
    approvers: [card('approver', 'Abe')],
    approverThreshold: 1,
    requesters: [card('requester', 'Rex')],
    evaluators: [card('evaluator', 'Eve')],
    encryptors: [card('encryptor', 'Enno')],
    combiners: [{ name: 'desk', recipient: recipient('p') }],
    servers: [{ name: 'main', card: server }],
    attestationRoots: [
      {
        name: 'Vendor',
        certificate: 'c0'.repeat(32),
        format: 'luna',
        device: { maker: 'Example', model: 'HSM' },
      },
    ],
    phone: { origin: 'https://phone.acme.example', releaseKey: key(['ed25519']) },
    hardware: [{ maker: 'Example', model: 'HSM 3000' }],
    changes: [{ role: 'officer', name: 'Ada', card: 'a0'.repeat(32), change: 'added', reason: 'new' }],
    machine: { least: 'M2', images: ['e0'.repeat(32)], keys: [{ name: 'Room', key: 'AAAA'.repeat(30) }] },
    softTokens: false,
    acceptedTools: ['b1'.repeat(32)],
  }),
  previous: 'd0'.repeat(32),
}

/** Every text, number and truth of a document, each with the document that has another in its place. */
function altered<T>(value: T, whole: (changed: unknown) => unknown, path = ''): [string, unknown][] {
  if (Array.isArray(value) || (typeof value === 'object' && value !== null))
    return Object.entries(value).flatMap(([name, member]) =>
      altered(
        member,
        (changed) =>
          whole(
            Array.isArray(value)
              ? value.map((one, index) => (String(index) === name ? changed : one))
              : { ...value, [name]: changed },
          ),
        `${path}/${name}`,
      ),
    )
  if (typeof value === 'string')
    return [[path, whole(path.endsWith('algorithms/0') ? 'mlDsa65' : `x${value}`)]]
  return [[path, whole(typeof value === 'number' ? value + 1 : !value)]]
}

/** What is shown of it: in English on a terminal, and as names and values for every other language. */
const ways = [
  (one: Policy): string =>
    policyLines(one)
      .map(({ text }) => text)
      .join('\n'),
  (one: Policy): string => JSON.stringify(policyLines(one).map(({ name, values }) => [name, values])),
  (one: Policy): string => JSON.stringify(policyAct(one, null)),
]

test.each(ways)(
  'POLICY-SHOWN whoever signs a policy reads a line of every member of it, the digest aside: %o',
  (shown) => {
    const before = shown(policy)
    const leaves = altered(policy, (changed) => changed).filter(([path]) => !['/v', '/kind'].includes(path))
    expect(leaves.length).toBeGreaterThan(60)
    // Some are no policy any more, which a person never sees: the lines are made of what is there.
    const silent = leaves.filter(([, changed]) => shown(changed as Policy) === before)
    expect(silent.map(([path]) => path)).toEqual([])
  },
)

test('ACT-POLICY against the policy before, who came, who changed keys and who left is marked, and so is each rule', () => {
  const ben = { ...policy.officers[0]!, name: 'Ben', card: 'b0'.repeat(32) }
  const next: Policy = {
    ...policy,
    version: 2,
    previous: policyDigest(policy),
    officers: [policy.officers[0]!, ben],
    officerQuorum: 2,
    witnesses: [{ ...policy.witnesses[0]!, card: 'c1'.repeat(32) }],
    requesters: [],
    acceptedTools: [...policy.acceptedTools, 'b2'.repeat(32)],
    softTokens: true,
  }
  const act = policyAct(next, policy)
  expect(act.since?.values).toEqual({ version: 1 })
  expect(act.people.flatMap(({ name, mark }) => (mark === undefined ? [] : `${name} ${mark}`))).toEqual([
    'Ben new',
    'Wim changed',
    'Rex gone',
  ])
  const marked = act.changes.flatMap(({ told, mark }) => (mark === undefined ? [] : `${told.name} ${mark}`))
  expect(marked).toContain('quorum-officers changed')
  expect(marked).toContain('policy-soft-allowed changed')
  expect(marked).toContain('policy-tool new')
  expect(marked).not.toContain('policy-evidence changed')
  expect(act.changes.find(({ told }) => told.name === 'quorum-officers')?.was?.values).toEqual({ t: 1, n: 1 })
})

test('ACT-POLICY a policy is compared with the very one that it follows and no other, and the first says that it is', () => {
  expect(policyAct({ ...policy, previous: null }, policy).since?.name).toBe('since-first')
  const other = policyAct(policy, { ...policy, version: 7 })
  expect(other.since?.name).toBe('since-nothing')
  expect(other.changes.every(({ mark }) => mark === undefined)).toBe(true)
})
