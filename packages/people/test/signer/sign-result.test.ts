import { decryptionResultCodec, holderAnswerCodec, type RequestPackage } from '@lux/ceremony/wire'
import { encodeCanonical, sha256Hex, utf8 } from '@lux/crypto'
import { CANARY_PROGRAM } from '@lux/crypto/fhe'
import { beforeAll, expect, test } from 'vitest'
import {
  type Combining,
  combineAnswers,
  encodeHeldShare,
  encodeState,
  freshState,
  type OpenedAnswer,
  openHeldShare,
  openHolderAnswer,
  openShare,
  prepareAnswer,
  refuseRequest,
  type SealedAnswer,
  sealAnswer,
  signResult,
} from '../../src/index.ts'
import { accepted, ruleOf } from '../support/outcome.ts'
import { now, requestFor, shareWorld, type World } from '../support/share-world.ts'

let world: World
let request: RequestPackage
let ciphertexts: Uint8Array[]
let holders: Combining['holders']
let given: SealedAnswer[]
let answers: OpenedAnswer[]
const salt = new Uint8Array(16).fill(7)

const shareOf = (at: number) => {
  const [key, held] = [world.holders[at]!, world.held[at]!]
  const state = encodeState(freshState(), { key, envelope: accepted(openHeldShare(held, key)) })
  return accepted(openShare({ key, share: encodeHeldShare(held), state }))
}
beforeAll(async () => {
  world = await shareWorld()
  ;({ request, ciphertexts } = requestFor(world, shareOf(0), { id: 1, of: [2] }))
  holders = world.holders.map(({ card }) => ({ name: card.name, keys: card.keys }))
  given = await Promise.all(
    [0, 2].map(async (at) =>
      accepted(
        await sealAnswer(
          accepted(prepareAnswer(shareOf(at), { request, ciphertexts, policy: world.policy, now })),
          now,
        ),
      ),
    ),
  )
  answers = await Promise.all(given.map(async (one) => accepted(await opened(one))))
})
const opened = (one: { answer: Uint8Array; sealed: Uint8Array }, of = request, named = holders) =>
  openHolderAnswer(of, named, one, world.combiner.identity)
const combining = (more: Partial<Combining> = {}): Combining => ({
  request,
  pub: world.held[0]!.pub,
  ciphertexts,
  holders,
  answers,
  known: null,
  ...more,
})

test('a requester reads the value, and signs that it came out and not what it is', () => {
  const read = accepted(combineAnswers(combining()))
  expect(read).toMatchObject({ values: [99n], outcome: 'combined', cheaters: [], proved: null })
  const { said, bytes } = accepted(signResult(read, world.people.requester, { now, salt }))
  expect(said).toMatchObject({
    request: read.digest,
    answers: given.map((one) => holderAnswerCodec.payload.digest(one.said)),
    commitment: sha256Hex(salt, encodeCanonical(['99'])),
    time: now,
  })
  const { name, keys } = world.people.requester.card
  const requesters = { role: 'requester', members: [{ name, keys }], quorum: 1 }
  const document = accepted(decryptionResultCodec.file.parse(bytes))
  expect(decryptionResultCodec.verify(document, 'production', [requesters]).ok).toBe(true)
})

test('a value that is not what was encrypted is signed as inconsistent and commits to nothing', () => {
  expect(accepted(combineAnswers(combining({ known: [99n] })))).toMatchObject({ proved: true })
  const read = accepted(combineAnswers(combining({ known: [98n] })))
  expect(read).toMatchObject({ outcome: 'inconsistent', proved: false })
  const { said } = accepted(signResult(read, world.people.requester, { now, salt }))
  expect(said).toMatchObject({ outcome: 'inconsistent', verified: 0, commitment: null })
})

test('RESULT-CANARY a canary is not read without what it was encrypted from', () => {
  const canary = {
    ...request,
    provenance: request.provenance.map((one) => ({
      ...one,
      payload: { ...one.payload, program: CANARY_PROGRAM },
    })),
  }
  expect(ruleOf(combineAnswers(combining({ request: canary })))).toBe('RESULT-CANARY')
  expect(ruleOf(combineAnswers(combining({ request: canary, known: [99n] })))).toBe('accepted')
})

test('REQUEST-ROLE only who asked signs the result', () => {
  const read = accepted(combineAnswers(combining()))
  for (const key of [world.people.mallory, world.people.approver])
    expect(ruleOf(signResult(read, key, { now, salt }))).toBe('REQUEST-ROLE')
})

test('FHE-PARTIALS-FEW ANSWER-01 ANSWER-02 ANSWER-HOLDER ANSWER-SEAL ANSWER-SIGNATURE REQUEST-EXPIRED an answer that is another’s, refused, changed or late is not taken', async () => {
  const [first] = given
  if (first === undefined) throw new Error('nobody answered')
  const { document, resigned } = changes(first)
  expect(ruleOf(combineAnswers(combining({ answers: answers.slice(0, 1) })))).toBe('FHE-PARTIALS-FEW')
  const other = requestFor(world, shareOf(0), { id: 2, of: [2] }).request
  expect(ruleOf(await opened(first, other))).toBe('ANSWER-01')
  const no = accepted(refuseRequest(shareOf(1), { request, reason: 'not today', now }))
  expect(ruleOf(await opened({ answer: no.answer, sealed: first.sealed }))).toBe('ANSWER-01')
  expect(ruleOf(await opened({ ...first, sealed: given[1]!.sealed }))).toBe('ANSWER-SEAL')
  expect(ruleOf(await opened(first, request, holders.toReversed()))).toBe('ANSWER-HOLDER')
  expect(ruleOf(await opened({ ...first, answer: document({ left: { at64: 0, at128: 1 } }) }))).toBe(
    'ANSWER-SIGNATURE',
  )
  expect(ruleOf(await opened({ ...first, answer: resigned({ time: '2026-02-01T00:00:00.000Z' }) }))).toBe(
    'REQUEST-EXPIRED',
  )
  expect(ruleOf(await opened({ ...first, answer: resigned({ spent: 3 }) }))).toBe('ANSWER-02')
  expect(ruleOf(await opened({ ...first, answer: utf8('{}') }))).not.toBe('accepted')
})

/** The answer with something else in it, under its old signature or a new one of the same holder. */
function changes({ answer }: SealedAnswer) {
  const { payload, signatures } = accepted(holderAnswerCodec.file.parse(answer))
  const { identity } = world.holders[0]!
  return {
    document: (change: object) =>
      holderAnswerCodec.file.encode({ payload: { ...payload, ...change }, signatures }),
    resigned: (change: object) => {
      const said = { ...payload, ...change }
      return holderAnswerCodec.file.encode({
        payload: said,
        signatures: [holderAnswerCodec.sign(identity, said, 'production')],
      })
    },
  }
}
