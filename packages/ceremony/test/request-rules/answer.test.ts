import { sha256Hex, utf8 } from '@lux/crypto'
import { expect, test } from 'vitest'
import { checkHolderAnswer, type HolderAnswer, holderAnswerCodec } from '../../src/exports/documents.ts'
import { evaluator, requester, sampleRequest } from '../support/sample-request.ts'

const hash = (digit: string) => digit.repeat(64)
const sealed = utf8('a part, sealed')
const { keyId, epochId, expiry, domain } = sampleRequest
const digest = hash('d')
// Two people with keys: who they are otherwise plays no part.
const holders = [
  { name: 'Hana', keys: evaluator.identity.keys },
  { name: 'Hugo', keys: requester.identity.keys },
]
const said: HolderAnswer = {
  v: 1,
  kind: 'holder-answer',
  domain,
  request: digest,
  keyId,
  epochId,
  holder: 1,
  name: 'Hana',
  decision: 'approved',
  reason: '',
  sealed: sha256Hex(sealed),
  spent: 2,
  left: { at64: 0, at128: 8 },
  time: '2020-01-01T00:00:00.000Z',
}

function ruleOf(
  change: Partial<HolderAnswer>,
  more: { by?: typeof evaluator; file?: Uint8Array } = {},
): string {
  const payload = { ...said, ...change }
  const signatures = [holderAnswerCodec.sign((more.by ?? evaluator).identity, payload, payload.domain)]
  const asked = { domain, digest, request: { keyId, epochId, expiry, budget: 2 }, holders }
  const checked = checkHolderAnswer({ payload, signatures }, more.file ?? sealed, asked)
  return checked.ok ? 'accepted' : checked.rule
}

test.each([
  ['accepted', 'to this request, of this holder, in this epoch', {}, {}],
  ['ANSWER-01', 'of an epoch that is over: a lost phone that turned up', { epochId: hash('e') }, {}],
  ['ANSWER-01', 'for another key', { keyId: hash('e') }, {}],
  ['ANSWER-01', 'to another request', { request: hash('e') }, {}],
  ['ANSWER-01', 'of a rehearsal', { domain: domain === 'production' ? 'rehearsal' : 'production' }, {}],
  ['ANSWER-HOLDER', 'of one who is no holder under this number', { holder: 2 }, {}],
  ['ANSWER-HOLDER', 'under a number that nobody has', { holder: 3 }, {}],
  ['ANSWER-SIGNATURE', 'that another holder signed', {}, { by: requester }],
  ['REQUEST-EXPIRED', 'after the request expired', { time: '2999-01-01T00:00:00.000Z' }, {}],
  ['ANSWER-02', 'that spends more than was asked for', { spent: 3 }, {}],
  ['ANSWER-SEAL', 'with another part than was signed', {}, { file: utf8('another') }],
] as const)('%s an answer %s', (rule, _what, change, more) => {
  expect(ruleOf(change, more)).toBe(rule)
})
