import { describe, expect, it } from 'vitest'
import { type Card, cardCodec } from '../../src/exports/documents.ts'
import {
  checkNewPolicy,
  checkPolicy,
  checkSuccessor,
  deriveRehearsalPolicy,
  encodePolicyFile,
  fingerprintWords,
  newPolicy,
  type Policy,
  parsePolicyFile,
  policyDigest,
  policyDocument,
  withChanges,
} from '../../src/exports/policy.ts'
import { makePerson, makeServer, type Person, sampleRecipient } from '../support/people.ts'

const officers = ['Ada', 'Berta', 'Cem'].map((name) => makePerson('officer', name, 'production'))
const newcomers = ['Dora', 'Emil'].map((name) => makePerson('officer', name, 'production'))
const witness = makePerson('witness', 'Wim', 'production')
const server = makeServer('server', 'production')

/** Of version 1, as these were made. */
function policyOf(people: readonly Person[], more: Partial<Parameters<typeof newPolicy>[0]> = {}): Policy {
  const { oldest: _since3, ...policy } = policyNow(people, more)
  return { ...policy, v: more.hardware === undefined ? 1 : 2 }
}

function policyNow(people: readonly Person[], more: Partial<Parameters<typeof newPolicy>[0]> = {}): Policy {
  return newPolicy({
    organisation: { id: 'acme', name: 'Acme' },
    domain: 'production',
    expiry: '2027-01-01T00:00:00.000Z',
    officers: people.map(({ card }) => card),
    officerQuorum: 2,
    witnesses: [witness.card],
    witnessQuorum: 1,
    servers: [{ name: 'server', card: server.card }],
    ...more,
  })
}

function signed(policy: Policy, people: readonly Person[]) {
  return {
    policy,
    signatures: people.map(({ identity }) => policyDocument.sign(identity, policy, policy.domain)),
  }
}

/** A witness's card with one half of somebody's hybrid key. */
const halfOf = ({ keys }: Card): Card => {
  const { card } = makePerson('witness', 'Wanda', 'production')
  return { ...card, keys: { ...card.keys, mlDsa65: keys.mlDsa65! } }
}

describe('policy file', () => {
  it('is accepted from canonical bytes with a quorum of its officers', () => {
    const file = signed(policyOf(officers), officers.slice(0, 2))
    const parsed = parsePolicyFile(encodePolicyFile(file))
    expect(parsed.ok && checkPolicy(parsed.value)).toMatchObject({ ok: true })
    expect(fingerprintWords(file.policy)).toHaveLength(32)
  })

  it('POLICY-TOOL no new production policy lists a checkout; one that was signed stays what it is', () => {
    const acceptedTools = ['ab'.repeat(32), `dev:${'cd'.repeat(20)}`]
    const policy = policyNow(officers, { acceptedTools })
    expect(checkNewPolicy(policy)).toMatchObject({ ok: false, rule: 'POLICY-TOOL' })
    expect(checkPolicy(signed(policy, officers.slice(0, 2)))).toMatchObject({ ok: true })
    expect(checkNewPolicy({ ...policy, domain: 'rehearsal' })).toMatchObject({ ok: true })
    expect(checkNewPolicy({ ...policy, acceptedTools: ['ab'.repeat(32)] })).toMatchObject({ ok: true })
    expect(checkNewPolicy({ ...policy, acceptedTools: [], officerQuorum: 9 })).toMatchObject({
      rule: 'POLICY-QUORUM-IMPOSSIBLE',
    })
  })

  it('POLICY-MALFORMED says of carrying always or never, or nothing, and nothing else', () => {
    const policy = policyOf(officers)
    for (const carrying of ['always', 'never'] as const)
      expect(policyDocument.payload.check({ ...policy, fhe: { ...policy.fhe, carrying } }).ok).toBe(true)
    expect(
      policyDocument.payload.check({ ...policy, fhe: { ...policy.fhe, carrying: 'often' } }),
    ).toMatchObject({
      rule: 'POLICY-MALFORMED',
    })
  })

  it('QUORUM-SHORT, SIGNATURE-… one officer short, a stranger, a repeated and a foreign-domain signature are refused', () => {
    const policy = policyOf(officers)
    const two = signed(policy, officers.slice(0, 2))
    expect(checkPolicy(signed(policy, officers.slice(0, 1)))).toMatchObject({ rule: 'QUORUM-SHORT' })
    expect(checkPolicy(signed(policy, [...officers, witness]))).toMatchObject({ rule: 'SIGNATURE-UNKNOWN' })
    const repeated = { policy, signatures: [...two.signatures, two.signatures[0]!] }
    expect(checkPolicy(repeated)).toMatchObject({ rule: 'SIGNATURE-DUPLICATE' })
    const rehearsed = officers.map(({ identity }) => policyDocument.sign(identity, policy, 'rehearsal'))
    expect(checkPolicy({ policy, signatures: rehearsed })).toMatchObject({ rule: 'SIGNATURE-INVALID' })
  })

  it('POLICY-… what cannot mean anything is refused', () => {
    const cases: [string, Policy][] = [
      ['POLICY-QUORUM-IMPOSSIBLE', policyOf(officers, { officerQuorum: 4 })],
      ['POLICY-QUORUM-IMPOSSIBLE', policyOf(officers, { witnessQuorum: 2 })],
      ['POLICY-PREVIOUS', policyOf(officers, { previous: '00'.repeat(32) })],
      ['POLICY-PREVIOUS', policyOf(officers, { version: 2 })],
      ['POLICY-KEY-TWICE', policyOf(officers, { witnesses: [officers[0]!.card], witnessQuorum: 1 })],
      ['POLICY-KEY-TWICE', policyOf(officers, { witnesses: [halfOf(officers[0]!.card)], witnessQuorum: 1 })],
      ['POLICY-ALGORITHM', { ...policyOf(officers), algorithms: { signatures: ['ed25519'], keys: [] } }],
    ]
    for (const [rule, policy] of cases) expect(checkPolicy(signed(policy, officers))).toMatchObject({ rule })
  })

  it('POLICY-MALFORMED unknown members and a card listed twice are refused', () => {
    const file = signed(policyOf(officers), officers)
    const text = new TextDecoder().decode(encodePolicyFile(file))
    const extra = text.replace('{"policy":{', '{"policy":{"aa":1,')
    expect(parsePolicyFile(new TextEncoder().encode(extra))).toMatchObject({ rule: 'POLICY-MALFORMED' })
    expect(() => encodePolicyFile(signed(policyOf([officers[0]!, officers[0]!]), officers))).toThrow(
      RangeError,
    )
  })
})

describe('policy succession', () => {
  const current = policyOf(officers)
  const next = policyOf([officers[0]!, ...newcomers], { version: 2, previous: policyDigest(current) })

  it('takes a version signed by k officers of the old and k of the new', () => {
    const file = signed(next, [officers[0]!, officers[1]!, newcomers[0]!])
    expect(checkSuccessor(current, file)).toMatchObject({ ok: true })
    expect(checkPolicy(file)).toMatchObject({ ok: true })
  })

  it('POLICY-QUORUM refuses when either version is one officer short', () => {
    const oldShort = signed(next, [officers[0]!, ...newcomers])
    const newShort = signed(next, officers)
    expect(checkSuccessor(current, oldShort)).toMatchObject({ rule: 'POLICY-QUORUM' })
    expect(checkSuccessor(current, newShort)).toMatchObject({ rule: 'POLICY-QUORUM' })
  })

  it('POLICY-… refuses a skipped version, another predecessor, domain or organisation, and a stranger', () => {
    const all = [...officers, ...newcomers]
    const cases: [string, Policy][] = [
      ['POLICY-VERSION', { ...next, version: 3 }],
      ['POLICY-PREVIOUS', { ...next, previous: '00'.repeat(32) }],
      ['POLICY-DOMAIN', { ...next, domain: 'rehearsal' }],
      ['POLICY-ORGANISATION', { ...next, organisation: { id: 'other', name: 'Acme' } }],
    ]
    for (const [rule, policy] of cases)
      expect(checkSuccessor(current, signed(policy, all))).toMatchObject({ rule })
    expect(checkSuccessor(current, signed(next, [...all, witness]))).toMatchObject({
      rule: 'SIGNATURE-UNKNOWN',
    })
  })
})

describe('rehearsal policy', () => {
  const policy = policyOf(officers)
  const playedBy = (domain: 'production' | 'rehearsal') =>
    new Map(
      [...officers, witness].map(({ card }) => [
        cardCodec.digest(card),
        makePerson(card.kind, card.name, domain).card,
      ]),
    )
  const servers = new Map([[policy.audiences[0]!.audience, makeServer('server', 'rehearsal').card]])

  it('keeps quorums and counts and no listed key', () => {
    const derived = deriveRehearsalPolicy(policy, {
      cards: playedBy('rehearsal'),
      servers,
      tool: `dev:${'0'.repeat(40)}`,
    })
    if (!derived.ok) throw new Error(derived.detail)
    expect(policy).not.toHaveProperty('oldest')
    expect(checkNewPolicy(derived.value)).toMatchObject({ ok: true })
    expect(derived.value).toMatchObject({
      v: 3,
      oldest: { card: 1, run: 3 },
      domain: 'rehearsal',
      officerQuorum: 2,
      witnessQuorum: 1,
      softTokens: true,
    })
    const listed = JSON.stringify(policy)
    for (const { keys } of [...derived.value.officers, ...derived.value.witnesses]) {
      for (const key of Object.values(keys)) expect(listed).not.toContain(key)
    }
    expect(derived.value.audiences[0]!.audience).not.toBe(policy.audiences[0]!.audience)
    const hidden = { ...policy, organisation: { id: 'acme', name: 'Ac\u200bme' } }
    expect(
      deriveRehearsalPolicy(hidden, { cards: playedBy('rehearsal'), servers, tool: 'ab'.repeat(32) }),
    ).toMatchObject({ rule: 'POLICY-MALFORMED', detail: expect.stringContaining('organisation') })
  })

  it('pins the rehearsal’s own vendor and none of the real ones', () => {
    const root = (name: string, digit: string) =>
      ({ name, certificate: digit.repeat(64), format: 'luna' }) as const
    const vouched = { ...policy, attestationRoots: [root('Vendor', 'a'), root('Other', 'b')] }
    const played = { cards: playedBy('rehearsal'), servers, tool: `dev:${'0'.repeat(40)}` }
    const none = deriveRehearsalPolicy(vouched, played)
    expect(none.ok && 'attestationRoots' in none.value).toBe(false)
    const attestationRoot = root('Rehearsal vendor', 'c')
    expect(deriveRehearsalPolicy(vouched, { ...played, attestationRoot })).toMatchObject({
      value: { attestationRoots: [attestationRoot] },
    })
  })

  it('has one stand-in ask, encrypt and combine for all whom the policy names outside the room, and names nobody where it names nobody', () => {
    const asking = ['Rex', 'Rita'].map((name) => makePerson('requester', name, 'production').card)
    const outside = policyOf(officers, { requesters: asking, combiners: [] })
    const outsiders = (domain: 'production' | 'rehearsal') => ({
      cards: (['requester', 'encryptor'] as const).map((kind) => makePerson(kind, kind, domain).card),
      combiner: sampleRecipient('rehearsal'),
    })
    const played = { cards: playedBy('rehearsal'), servers, tool: `dev:${'0'.repeat(40)}` }
    expect(deriveRehearsalPolicy(outside, played)).toMatchObject({ rule: 'STAND-IN-MISSING' })
    const derived = deriveRehearsalPolicy(outside, { ...played, outsiders: outsiders('rehearsal') })
    if (!derived.ok) throw new Error(derived.detail)
    expect(derived.value.requesters.map(({ name }) => name)).toEqual(['requester'])
    expect(derived.value.encryptors).toEqual([])
    expect(derived.value.combiners.at(-1)).toEqual({
      name: 'rehearsal',
      recipient: sampleRecipient('rehearsal'),
    })
    const real = { ...played, outsiders: outsiders('production') }
    expect(deriveRehearsalPolicy(outside, real)).toMatchObject({ rule: 'STAND-IN-DOMAIN' })
  })

  it('STAND-IN-MISSING, STAND-IN-DOMAIN refuse a gap and a production card', () => {
    const tool = `dev:${'0'.repeat(40)}`
    expect(deriveRehearsalPolicy(policy, { cards: new Map(), servers, tool })).toMatchObject({
      rule: 'STAND-IN-MISSING',
    })
    const production = { cards: playedBy('production'), servers, tool }
    expect(deriveRehearsalPolicy(policy, production)).toMatchObject({ rule: 'STAND-IN-DOMAIN' })
  })
})

describe('changes of a policy of version 2', () => {
  const first = policyOf(officers)
  const [ada, berta, cem] = officers
  const [dora] = newcomers
  const change = (person: Person, what: 'added' | 'removed') => ({
    role: 'officer' as const,
    name: person.card.name,
    card: cardCodec.digest(person.card),
    change: what,
    reason: '',
  })
  const next = (changes: Policy['changes']): Policy => ({
    ...policyOf([ada!, berta!, dora!], { version: 2, previous: policyDigest(first) }),
    v: 2,
    ...(changes === undefined ? {} : { changes }),
  })
  const follow = (policy: Policy) => checkSuccessor(first, signed(policy, [ada!, berta!]))

  it('POLICY-CHANGES are exactly who came and who left', () => {
    const sound = [change(dora!, 'added'), change(cem!, 'removed')]
    expect(follow(next(sound))).toMatchObject({ ok: true })
    expect(follow(next(sound.toReversed()))).toMatchObject({ ok: true })
    for (const wrong of [undefined, sound.slice(0, 1), sound.slice(1), [...sound, change(berta!, 'added')]])
      expect(follow(next(wrong))).toMatchObject({ ok: false, rule: 'POLICY-CHANGES' })
    const approver = { ...change(dora!, 'added'), role: 'approver' as const }
    expect(follow(next([approver, ...sound]))).toMatchObject({ ok: false, rule: 'POLICY-CHANGES' })
    expect(follow({ ...next(undefined), v: 1 })).toMatchObject({ ok: true })
  })

  it('POLICY-CHANGES an officer who has left cannot leave again, in one version or the next', () => {
    const made = withChanges(first, next(undefined), 'moved away')
    expect(made.changes).toEqual([
      { ...change(dora!, 'added'), reason: 'moved away' },
      { ...change(cem!, 'removed'), reason: 'moved away' },
    ])
    expect(follow(made)).toMatchObject({ ok: true })
    const twice = { ...made, changes: [...(made.changes ?? []), change(cem!, 'removed')] }
    expect(policyDocument.payload.check(twice)).toMatchObject({
      ok: false,
      detail: expect.stringContaining('a change is listed twice'),
    })
    const third: Policy = {
      ...policyOf([ada!, berta!], { version: 3, previous: policyDigest(made) }),
      v: 2,
      changes: [change(dora!, 'removed'), change(cem!, 'removed')],
    }
    const followed = (policy: Policy) => checkSuccessor(made, signed(policy, [ada!, berta!]))
    expect(followed(third)).toMatchObject({ ok: false, rule: 'POLICY-CHANGES' })
    expect(followed({ ...third, changes: [change(dora!, 'removed')] })).toMatchObject({ ok: true })
    expect(withChanges(made, made, '')).toBe(made)
  })

  it('POLICY-CHANGES of a first version are refused', () => {
    const policy: Policy = { ...first, v: 2, changes: [change(cem!, 'removed')] }
    expect(checkPolicy(signed(policy, [ada!, berta!]))).toMatchObject({ ok: false, rule: 'POLICY-CHANGES' })
  })

  it('a policy of version 2 is read as it was', () => {
    const hardware = [{ maker: 'Example', model: 'HSM 3000' }]
    const policy = policyOf(officers, { hardware })
    expect(policy).toMatchObject({ v: 2, hardware })
    const parsed = parsePolicyFile(encodePolicyFile(signed(policy, officers)))
    expect(parsed.ok && checkPolicy(parsed.value)).toMatchObject({ ok: true })
  })
})

describe('POLICY-OLDEST', () => {
  const first = policyNow(officers, { oldest: { card: 2, run: 3 } })
  const next = (more: Partial<Policy>): Policy => ({
    ...policyNow(officers, { version: 2, previous: policyDigest(first), oldest: { card: 2, run: 3 } }),
    ...more,
  })
  const follow = (policy: Policy) => checkSuccessor(first, signed(policy, officers))

  it('a new policy is of version 3 and accepts runs of today, and cards of before whoever it lists: holders are in no list', () => {
    expect(policyNow(officers)).toMatchObject({ v: 3, oldest: { card: 1, run: 3 } })
    const cards = officers.map(({ card }): Card => ({ ...card, v: 3 }))
    expect(policyNow(officers, { officers: cards, witnesses: [], witnessQuorum: 0 })).toMatchObject({
      oldest: { card: 1, run: 3 },
    })
  })

  it('nobody makes or signs one of before, nor one that takes runs of before; such a one that was signed stays what it is', () => {
    const refused = { ok: false, rule: 'POLICY-OLDEST' }
    for (const old of [policyOf(officers), { ...policyOf(officers), v: 2 as const }]) {
      expect(checkNewPolicy(old)).toMatchObject(refused)
      expect(checkPolicy(signed(old, officers.slice(0, 2)))).toMatchObject({ ok: true })
    }
    expect(checkNewPolicy(policyNow(officers, { oldest: { card: 1, run: 2 } }))).toMatchObject(refused)
    expect(checkNewPolicy(policyNow(officers))).toMatchObject({ ok: true })
  })

  it('nobody goes back: neither the format nor what it accepts gets older', () => {
    expect(follow(next({}))).toMatchObject({ ok: true })
    expect(follow(next({ oldest: { card: 3, run: 3 } }))).toMatchObject({ ok: true })
    const { oldest: _gone, ...older } = next({})
    for (const lower of [
      next({ oldest: { card: 1, run: 3 } }),
      next({ oldest: { card: 2, run: 2 } }),
      { ...older, v: 2 as const },
    ])
      expect(follow(lower)).toMatchObject({ ok: false, rule: 'POLICY-OLDEST' })
  })
})
