import {
  type DecryptionRequest,
  decryptionApprovalCodec,
  decryptionRequestCodec,
  type RequestPackage,
} from '@lux/ceremony/wire'
import { beforeAll, expect, test } from 'vitest'
import {
  checkAskable,
  checkAskedMode,
  enrol,
  type KnownKey,
  openHeldShare,
  signDecryptionRequest,
} from '../../src/index.ts'
import { accepted, ruleOf } from '../support/outcome.ts'
import { entropyOf, now, requestFor, shareWorld, type World } from '../support/share-world.ts'

let world: World
let unsigned: RequestPackage
beforeAll(async () => {
  world = await shareWorld()
  const envelope = accepted(openHeldShare(world.held[0]!, world.holders[0]!))
  const { request } = requestFor(world, { envelope }, { id: 1, of: [0] })
  unsigned = { ...request, request: { ...request.request, signatures: [] }, approvals: [] }
})

test('a requester signs and an approver approves, each the same bytes under a context of their own', () => {
  const { requester, approver } = world.people
  const asked = accepted(signDecryptionRequest('requester', unsigned, requester))
  const both = accepted(signDecryptionRequest('approver', asked, approver))
  const { payload, signatures } = both.request
  expect(signatures).toEqual([decryptionRequestCodec.sign(requester.identity, payload, payload.domain)])
  expect(both.approvals).toEqual([decryptionApprovalCodec.sign(approver.identity, payload, payload.domain)])
  expect(ruleOf(signDecryptionRequest('requester', both, requester))).toBe('REQUEST-SIGNED')
  expect(ruleOf(signDecryptionRequest('approver', both, approver))).toBe('REQUEST-SIGNED')
})

test('REQUEST-ROLE REQUEST-DOMAIN neither signs for the other, for another person, nor in the other domain', async () => {
  const { requester, approver, mallory } = world.people
  expect(ruleOf(signDecryptionRequest('approver', unsigned, requester))).toBe('REQUEST-ROLE')
  expect(ruleOf(signDecryptionRequest('requester', unsigned, approver))).toBe('REQUEST-ROLE')
  expect(ruleOf(signDecryptionRequest('requester', unsigned, mallory))).toBe('REQUEST-ROLE')
  const domain = approver.card.domain === 'production' ? 'rehearsal' : 'production'
  const elsewhere = accepted(
    await enrol({ kind: 'approver', domain, name: 'Abe' }, entropyOf('elsewhere')),
  ).key
  expect(ruleOf(signDecryptionRequest('approver', unsigned, elsewhere))).toBe('REQUEST-DOMAIN')
})

test('REQUEST-MODE REQUEST-BUDGET REQUEST-EXPIRED PROVENANCE-SIGNER what no holder answers is refused to who makes it and who approves it', () => {
  const { policy, people } = world
  const [{ pub } = { pub: new Uint8Array() }] = world.held
  const asks = (
    given: RequestPackage,
    change: Partial<KnownKey> = {},
    signed: 'unsigned' | 'signed' = 'unsigned',
  ) => ruleOf(checkAskable(given, { policy, pub, now, ...change }, signed))
  expect(asks(unsigned)).toBe('accepted')
  const payload = unsigned.request.payload as Extract<DecryptionRequest, { v: 1 }>
  const withPayload = (change: Partial<typeof payload>): RequestPackage => ({
    ...unsigned,
    request: { payload: { ...payload, ...change }, signatures: [] },
  })
  // The key squashes: a fresh ciphertext is answered by nobody.
  expect(ruleOf(checkAskedMode('F', pub, null))).toBe('REQUEST-MODE')
  expect(ruleOf(checkAskedMode('S', pub, null))).toBe('accepted')
  expect(asks(withPayload({ mode: 'F' }))).toBe('REQUEST-MODE')
  expect(asks(withPayload({ epochId: 'e'.repeat(64) }))).toBe('REQUEST-EPOCH')
  expect(asks(withPayload({ requester: 'Nobody' }))).toBe('REQUEST-REQUESTER')
  expect(asks(unsigned, { now: payload.expiry })).toBe('REQUEST-EXPIRED')
  const small = { ...policy, fhe: { ...policy.fhe, budgets: { k64: 0, k128: 1 } } }
  expect(asks(withPayload({ budget: 2 }), { policy: small })).toBe('REQUEST-BUDGET')
  expect(asks(unsigned, { policy: { ...policy, evaluators: [] } })).toBe('PROVENANCE-SIGNER')
  // An approver sees besides whether the requester asks.
  expect(asks(unsigned, {}, 'signed')).toBe('REQUEST-REQUESTER')
  const asked = accepted(signDecryptionRequest('requester', unsigned, people.requester))
  expect(asks(asked, {}, 'signed')).toBe('accepted')
})
