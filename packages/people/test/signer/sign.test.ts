import {
  approvalOverrideCodec,
  decryptionApprovalCodec,
  exceptionCodec,
  type SignatureRequest,
  signatureAnswerCodec,
} from '@lux/ceremony/wire'
import { parseDocument, sha256Hex, signatureContext, toBase64, utf8, verifySignature } from '@lux/crypto'
import { beforeAll, expect, test } from 'vitest'
import {
  type Enrolment,
  enrol,
  explainRequest,
  openHeldShare,
  type PersonKey,
  prepareSignature,
  signAnswer,
  signingOf,
} from '../../src/index.ts'
import { accepted, ruleOf } from '../support/outcome.ts'
import { entropyOf, now, openingOf, requestFor, shareWorld, type World } from '../support/share-world.ts'

let world: World
let subject: Uint8Array
let request: SignatureRequest
const key = async (kind: Enrolment['kind'], domain: Enrolment['domain'] = 'production'): Promise<PersonKey> =>
  accepted(await enrol({ kind, domain, name: 'Grace' }, entropyOf(`${kind} ${domain}`))).key
beforeAll(async () => {
  world = await shareWorld()
  const { payload } = parseDocument(openingOf(world, '7c'.repeat(16)), { maxBytes: 1 << 20 })
  subject = utf8(JSON.stringify(payload))
  request = {
    v: 1,
    kind: 'signature-request',
    what: 'opening',
    domain: 'production',
    subject: toBase64(subject),
    lines: ['a title'],
  }
})

test('an officer reads what the bytes say before what the workstation says, and signs those very bytes', async () => {
  const { officer } = world
  const prepared = accepted(prepareSignature(accepted(signingOf('officer', request)), officer, {}, now))
  expect(prepared.lines).toContain('ceremony   7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c')
  expect(prepared.lines.at(-1)).toBe('| a title')
  const { answer, memory } = signAnswer(prepared)
  expect(memory).toBeNull()
  const said = accepted(signatureAnswerCodec.parse(answer))
  expect(said).toMatchObject({ what: 'opening', domain: 'production', subject: sha256Hex(subject) })
  const context = signatureContext('opening', 'production')
  expect(verifySignature(officer.card.keys, context, subject, said.signature).ok).toBe(true)
})

test('REQUEST-ROLE REQUEST-DOMAIN nobody signs what their key is not for, nor in the other domain', async () => {
  for (const kind of ['witness', 'approver', 'holder', 'requester', 'administrator'] as const)
    expect(ruleOf(signingOf(kind, request))).toBe('REQUEST-ROLE')
  expect(ruleOf(signingOf('officer', { ...request, domain: 'rehearsal' }))).toBe('REQUEST-DOMAIN')
  const signing = accepted(signingOf('officer', request))
  expect(ruleOf(prepareSignature(signing, await key('witness'), {}, now))).toBe('REQUEST-ROLE')
  expect(ruleOf(prepareSignature(signing, await key('officer', 'rehearsal'), {}, now))).toBe('REQUEST-DOMAIN')
  expect(ruleOf(signingOf('officer', { ...request, what: 'bundle' }))).toBe('REQUEST-SUBJECT')
})

const printsIn = (bytes: Uint8Array): string[] =>
  accepted(
    explainRequest({ ...request, what: 'decryption-approval', subject: toBase64(bytes) }),
  ).facts.flatMap(({ print, name }) => (print === true ? name : []))

test('a purpose is never among the fingerprints, whatever stands in it', () => {
  const held = world.held[0]!
  const envelope = accepted(openHeldShare({ ...held, content: held.content.slice() }, world.holders[0]!))
  const asked = requestFor(world, { envelope }, { id: 1, of: [0] }).request.request.payload
  const purpose = `open everything ${'ab'.repeat(16)}`
  expect(printsIn(decryptionApprovalCodec.signedBytes({ ...asked, purpose }))).toEqual([
    'key',
    'epoch',
    'ciphertext',
    'answers to',
  ])
})

const claimedIn = (what: SignatureRequest['what'], bytes: Uint8Array): string[] =>
  accepted(explainRequest({ ...request, what, subject: toBase64(bytes) })).facts.flatMap((fact) =>
    fact.whose === 'claimed' ? fact.name : [],
  )

test('what people wrote is claimed: who asks for a decryption and why, and what is said of an exception', () => {
  const held = world.held[0]!
  const envelope = accepted(openHeldShare({ ...held, content: held.content.slice() }, world.holders[0]!))
  const asked = requestFor(world, { envelope }, { id: 1, of: [0] }).request.request.payload
  expect(claimedIn('decryption-approval', decryptionApprovalCodec.signedBytes(asked))).toEqual([
    'what',
    'purpose',
    'requester',
  ])
  const digest = '11'.repeat(32)
  const decision = exceptionCodec.signedBytes({
    ...{
      v: 1,
      kind: 'exception-decision',
      domain: 'production',
      ceremonyId: held.ceremonyId,
      planHash: digest,
    },
    exception: 1,
    stepId: 'deal-shares',
    attempt: 2,
    about: 'failed',
    decided: 'retry',
    by: 'Ada',
    expected: 'every share is proved',
    happened: 'one token went missing',
    reason: 'it was found',
    head: { size: '41', node: digest, root: digest },
  })
  expect(claimedIn('exception', decision)).toEqual(['expected', 'happened', 'proposed'])
})

test('an officer stands in for a server’s approvers, for one change of one server, and not after its end', () => {
  const digest = '11'.repeat(32)
  const override = {
    v: 1,
    kind: 'approval-override',
    domain: 'production',
    ...{ audience: digest, policy: '22'.repeat(32) },
    ...{ organisation: 'bank', request: 'r-1', asker: 'i-1', operation: 'role.take' },
    ...{ asked: 'ends user\u202e of ada', until: '2100-01-01T00:00:00.000Z' },
  } as const
  const bytes = approvalOverrideCodec.signedBytes(override)
  const asked = { ...request, what: 'approval-override', subject: toBase64(bytes) } as const
  const prepared = accepted(prepareSignature(accepted(signingOf('officer', asked)), world.officer, {}, now))
  // What the server says of the change is its claim, and turns no line round.
  expect(claimedIn('approval-override', bytes)).toEqual(['what', 'requester'])
  expect(prepared.lines.join()).not.toContain('\u202e')
  expect(prepared.lines).toContain('organisation bank')
  const { signature } = accepted(signatureAnswerCodec.parse(signAnswer(prepared).answer))
  const context = signatureContext('approval-override', 'production')
  expect(verifySignature(world.officer.card.keys, context, bytes, signature).ok).toBe(true)
  expect(ruleOf(signingOf('approver', asked))).toBe('REQUEST-ROLE')
  const late = '2100-01-01T00:00:00.000Z'
  expect(ruleOf(prepareSignature(accepted(signingOf('officer', asked)), world.officer, {}, late))).toBe(
    'REQUEST-EXPIRED',
  )
  const more = utf8(JSON.stringify({ ...JSON.parse(new TextDecoder().decode(bytes)), zone: 1 }))
  expect(ruleOf(signingOf('officer', { ...asked, subject: toBase64(more) }))).toBe(
    'APPROVAL-OVERRIDE-MALFORMED',
  )
})
