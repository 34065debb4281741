import { deterministicEntropy, encodeCanonical, generateIdentity, sha256, sha256Hex, utf8 } from '@lux/crypto'
import { describe, expect, it } from 'vitest'
import { planApprovalCodec } from '../../src/documents/ceremony/plan-approval.ts'
import { checkLock, diffDigest, diffPlans, type LockFacts } from '../../src/exports/plan.ts'
import { copyOf, planOf } from '../engine/plans.ts'
import { sign } from '../engine/seats.ts'

const digest = (text: string) => sha256Hex(utf8(text))
const officers = ['Ada', 'Ben', 'Cleo'].map((name) => ({
  name,
  identity: generateIdentity(deterministicEntropy(sha256(utf8(name))), ['ed25519']),
}))
const group = {
  role: 'officer',
  members: officers.map(({ name, identity }) => ({ name, keys: identity.keys })),
  quorum: 2,
}
const facts: LockFacts = {
  planHash: digest('plan'),
  policyDigest: digest('policy'),
  rehearsalDigest: digest('rehearsal'),
  officers: group,
}

function lock(
  change: Record<string, unknown> = {},
  signers = [0, 1],
  domain: 'production' | 'rehearsal' = 'production',
) {
  const body = {
    planHash: facts.planHash,
    rehearsalDigest: digest('rehearsal'),
    diffDigest: null as string | null,
  }
  const payload = planApprovalCodec.signedBytes({ domain, ...body })
  const signatures = signers.map((index) => sign(officers[index]!.identity, 'plan-approval', domain, payload))
  return encodeCanonical({ ...body, policyDigest: facts.policyDigest, signatures, ...change })
}

const detail = (bytes: Uint8Array, change: Partial<LockFacts> = {}) => {
  const checked = checkLock(bytes, { ...facts, ...change })
  if (checked.ok) return checked.approvedBy.join()
  expect(checked.refusals.map(({ rule }) => rule)).toEqual(['PLAN-05'])
  return checked.refusals[0]!.detail
}

describe('a lock', () => {
  it('is taken when k officers approved this plan after its rehearsal', () => {
    expect(detail(lock())).toBe('Ada,Ben')
  })

  it('PLAN-05 is refused one officer short', () => {
    expect(detail(lock({}, [0]))).toContain('QUORUM-SHORT')
  })

  it('PLAN-05 is refused for another plan, policy, rehearsal or change', () => {
    expect(detail(lock(), { planHash: digest('other') })).toContain('it locks the plan')
    expect(detail(lock(), { policyDigest: digest('other') })).toContain('it names the policy')
    expect(detail(lock(), { rehearsalDigest: digest('other') })).toContain('it names the rehearsal')
    expect(detail(lock(), { diffDigest: digest('other') })).toContain('it approves the change none')
  })

  it('PLAN-05 is refused with a signature of a stranger, of a rehearsal, or twice by one', () => {
    expect(detail(lock(), { officers: { ...group, members: group.members.slice(1) } })).toContain(
      'SIGNATURE-UNKNOWN',
    )
    expect(detail(lock({}, [0, 1], 'rehearsal'))).toContain('SIGNATURE-INVALID')
    expect(detail(lock({}, [0, 0]))).toContain('SIGNATURE-DUPLICATE')
  })

  it('PLAN-05 is refused with an unknown field, or when it is no JSON', () => {
    expect(detail(lock({ extra: 1 }))).toContain('extra')
    expect(detail(utf8('{'))).toContain('JSON')
  })
})

describe('the difference of two plans', () => {
  const { plan } = planOf('first-run', 'rehearsal')

  it('is empty for equal plans', () => {
    expect(diffPlans(plan, copyOf(plan))).toEqual([])
  })

  it('names every changed, added and removed entry by its path', () => {
    const copy = copyOf(plan)
    copy.title = 'Other'
    copy.fhe!.t = 3
    copy.people.pop()
    delete copy.tokens[0]!.label
    const found = diffPlans(plan, copy).map(({ path }) => path)
    expect(found).toEqual(['title', `people[${plan.people.length - 1}]`, 'tokens[0].label', 'fhe.t'])
  })

  it('has a digest that binds both plans and every change', () => {
    const copy = copyOf(plan)
    copy.title = 'Other'
    const changes = diffPlans(plan, copy)
    const one = diffDigest(digest('a'), digest('b'), changes)
    expect(one).toMatch(/^[0-9a-f]{64}$/)
    expect(diffDigest(digest('b'), digest('a'), changes)).not.toBe(one)
    expect(diffDigest(digest('a'), digest('b'), [])).not.toBe(one)
  })
})
