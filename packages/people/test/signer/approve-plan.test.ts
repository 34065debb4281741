import type { BundleVerdict } from '@lux/ceremony/bundle'
import type { Plan } from '@lux/ceremony/plan'
import { policyDigest } from '@lux/ceremony/policy'
import {
  type PlanApproval,
  type SignatureAnswer,
  type SignatureRequest,
  signatureAnswerCodec,
} from '@lux/ceremony/wire'
import { sha256Hex, utf8 } from '@lux/crypto'
import { beforeAll, expect, test } from 'vitest'
import { plan as sample } from '../../../ceremony/test/plan/spoilt.ts'
import {
  checkLockable,
  checkPlanAnswer,
  type Explained,
  lockPlan,
  planApprovalRequest,
  policyBehind,
  prepareSignature,
  rehearsedPlan,
  signAnswer,
  signingOf,
} from '../../src/index.ts'
import { accepted, ruleOf } from '../support/outcome.ts'
import { now, shareWorld, type World } from '../support/share-world.ts'

const planOf = (title: string): Uint8Array => utf8(`${JSON.stringify({ ...sample, title })}\n`)
const bytes = planOf('A root for Acme')
const hash = sha256Hex(bytes)
const approval: PlanApproval = {
  domain: 'production',
  planHash: hash,
  rehearsalDigest: '22'.repeat(32),
  diffDigest: null,
}
let world: World
beforeAll(async () => {
  world = await shareWorld()
})

/** A verified bundle, as far as it is looked at. */
function verdictOf(predicate: object, verdict: BundleVerdict['verdict'] = 'signers-unknown') {
  const contents = {
    predicate: { domain: 'rehearsal', planHash: hash, ...predicate },
    digest: approval.rehearsalDigest,
    read: () => Promise.resolve({ ok: true, value: utf8('no plan') }),
  } as unknown as BundleVerdict['contents']
  return { verdict, failed: ['MANIFEST-SIGNATURES'], contents } as const
}
const rehearsed = (verdict: Parameters<typeof rehearsedPlan>[1]) =>
  rehearsedPlan({ plan: {} as Plan, hash }, verdict)

const prepare = (request: SignatureRequest) =>
  prepareSignature(accepted(signingOf('officer', request)), world.officer, {}, now)

function answerTo(asked: PlanApproval, plan = bytes): SignatureAnswer {
  const prepared = accepted(
    prepare(
      planApprovalRequest(
        { approval: asked, changes: [], ran: [] },
        { bytes: plan, title: 'a title\u0007', warnings: [] },
      ),
    ),
  )
  expect(prepared.lines).toEqual(expect.arrayContaining([...prepared.plan]))
  expect(prepared.plan.at(0)).toMatch(/^A(nother plan| root for Acme)$/)
  expect(prepared.lines.at(-1)).toBe('| a title ')
  return accepted(signatureAnswerCodec.parse(signAnswer(prepared).answer))
}

test('officers approve a plan with its rehearsal, and their answers lock it', async () => {
  expect(accepted(await rehearsed(verdictOf({})))).toEqual({ approval, changes: [], before: null, ran: [] })
  const signature = accepted(checkPlanAnswer(approval, answerTo(approval)))
  const locked = lockPlan(approval, [signature], world.policy)
  expect(locked).toMatchObject({ ok: true, approvedBy: ['Ada'] })
})

test('REHEARSAL-REFUSED REHEARSAL-DOMAIN REHEARSAL-PLAN only a sound rehearsal of a plan stands behind it', async () => {
  expect(ruleOf(await rehearsed(verdictOf({}, 'refused')))).toBe('REHEARSAL-REFUSED')
  expect(ruleOf(await rehearsed(verdictOf({ domain: 'production' })))).toBe('REHEARSAL-DOMAIN')
  expect(ruleOf(await rehearsed(verdictOf({ planHash: '33'.repeat(32) })))).toBe('REHEARSAL-PLAN')
})

test('ANSWER-OTHER PLAN-05 an answer to another plan is not taken, and without a quorum nothing is locked', () => {
  const another = planOf('Another plan')
  const other = answerTo({ ...approval, planHash: sha256Hex(another) }, another)
  expect(ruleOf(checkPlanAnswer(approval, other))).toBe('ANSWER-OTHER')
  for (const signatures of [[], [other.signature]])
    expect(lockPlan(approval, signatures, world.policy)).toMatchObject({
      ok: false,
      refusals: [{ rule: 'PLAN-05' }],
    })
})

test('POLICY-DOMAIN POLICY-EXPIRED POLICY-DIGEST a plan is locked for production, in time, under the policy that it names', () => {
  const { policy } = world
  const plan = (of: typeof policy) => ({ v: 3, policy: policyDigest(of) }) as Plan
  expect(ruleOf(checkLockable(plan(policy), policy, now))).toBe('accepted')
  const [training, late] = [
    { ...policy, domain: 'rehearsal' as const },
    { ...policy, expiry: '2026-01-01T00:00:00.000Z' },
  ]
  expect(ruleOf(checkLockable(plan(training), training, now))).toBe('POLICY-DOMAIN')
  expect(ruleOf(checkLockable(plan(late), late, now))).toBe('POLICY-EXPIRED')
  expect(ruleOf(checkLockable(plan(late), policy, now))).toBe('POLICY-DIGEST')
})

test('POLICY-OLDEST nobody approves or locks a plan of before, nor signs a run that its policy does not take', () => {
  const { policy, officer } = world
  const file = { policy, signatures: [] }
  for (const v of [1, 2] as const) {
    const old = utf8(`${JSON.stringify({ ...sample, v })}\n`)
    const asked = { ...approval, planHash: sha256Hex(old) }
    expect(
      ruleOf(
        prepare(
          planApprovalRequest(
            { approval: asked, changes: [], ran: [] },
            { bytes: old, title: '', warnings: [] },
          ),
        ),
      ),
    ).toBe('POLICY-OLDEST')
    const plan = { v, policy: policyDigest(policy) } as Plan
    expect(ruleOf(checkLockable(plan, policy, now))).toBe('POLICY-OLDEST')
    const { oldest: _, ...rest } = policy
    const before = { ...rest, v: 2 as const }
    const under = { ...plan, policy: policyDigest(before) }
    expect(ruleOf(checkLockable(under, before, now))).toBe('accepted')
  }
  for (const [version, rule] of [
    [3, 'accepted'],
    [2, 'POLICY-OLDEST'],
    [null, 'accepted'],
  ] as const) {
    const explained = { policy: policyDigest(policy), version } as Explained
    const request = { what: 'bundle', domain: 'production' } as SignatureRequest
    expect(ruleOf(policyBehind({ kind: 'officer', request, explained }, officer, [file]))).toBe(rule)
  }
})

test('REQUEST-PLAN nobody approves a plan that did not come with the request, or that is another one', () => {
  const { plan: _, ...without } = planApprovalRequest(
    { approval, changes: [], ran: [] },
    { bytes, title: '', warnings: [] },
  )
  expect(ruleOf(prepare(without))).toBe('REQUEST-PLAN')
  for (const wrong of [planOf('Another plan'), utf8('no plan')])
    expect(
      ruleOf(
        prepare(
          planApprovalRequest({ approval, changes: [], ran: [] }, { bytes: wrong, title: '', warnings: [] }),
        ),
      ),
    ).toBe('REQUEST-PLAN')
})

test('officers read on what a plan was rehearsed', () => {
  const ran = [{ role: 'ceremony', maker: 'SoftHSM project', model: 'SoftHSM v2', firmware: '2.6' }]
  const { lines } = planApprovalRequest({ approval, changes: [], ran }, { bytes, title: 'a', warnings: [] })
  expect(lines).toContain('rehearsed, ceremony: on SoftHSM project, SoftHSM v2, firmware 2.6')
})
