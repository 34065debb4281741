import { decryptionApprovalCodec, decryptionRequestCodec, type RequestPackage } from '@lux/ceremony/wire'
import { beforeAll, expect, test } from 'vitest'
import { enrol, openHeldShare, signDecryptionRequest } from '../../src/index.ts'
import { accepted, ruleOf } from '../support/outcome.ts'
import { entropyOf, requestFor, shareWorld, type World } from '../support/share-world.ts'

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
