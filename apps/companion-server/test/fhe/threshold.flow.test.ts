import { readFileSync } from 'node:fs'
import { askedCiphertexts, requestDigest } from '@lux/ceremony/wire'
import { toHex } from '@lux/crypto'
import { expect, test } from 'vitest'
import { maxCiphertext } from '../../src/threshold/ciphertexts.ts'
import { native, otherCombiner, people } from '../support/threshold-bundle.ts'
import { answerOf } from '../support/threshold-requests.ts'
import { base, both, dealt, id, minimum, sha256, sum, thresholdServer } from '../support/threshold-server.ts'
import { squashedOf } from '../support/wide-ciphertext.ts'

const fresh = new Uint8Array(
  readFileSync(new URL('../../../../packages/crypto/vectors/fhe/fresh-u8.bin', import.meta.url)),
)
const on = thresholdServer('threshold')
const { get, post, put, ask, asked, answer, stateOf, budget } = on

test('FHE-SERVER-01 an imported key is listed with its epoch, holders and budget, to its organisation and operators alone', async () => {
  for (const who of ['user', 'operator'] as const)
    expect((await on.list(who)).json()).toMatchObject({
      keys: [{ id: toHex(dealt.keyId), orgId: 'org', name: 'votes', mode: 'S', t: 2, n: 3, epoch: 0 }],
    })
  expect((await get('user', '')).json().key).toMatchObject({
    epochId: toHex(dealt.epochId),
    combiner: on.combiner(),
    holders: [{ index: 1, name: 'Hana' }, { index: 2 }, { index: 3 }],
    budget: { total: 10, spent: 0, reserved: 0 },
    ciphertexts: { used: 0, total: 4 * 2 ** 30 },
  })
  expect((await on.inject({ method: 'GET', url: base })).statusCode).toBe(401)
  const absent = await on.inject({
    method: 'GET',
    url: `/api/v1/fhe/keys/${'0'.repeat(64)}`,
    headers: on.as('user'),
  })
  const { database } = on.services()
  await database.updateTable('fhe_key').set({ organisation_id: null }).execute()
  const hidden = await get('user', '')
  expect([hidden.statusCode, hidden.json().message]).toEqual([404, absent.json().message])
  await database.updateTable('fhe_key').set({ organisation_id: 'org' }).execute()
})

test('FHE-SERVER-02 public parts come byte for byte, whole or one range of them', async () => {
  expect((await get('user', '/public-key')).rawPayload.equals(dealt.compact)).toBe(true)
  expect((await get('user', '/public')).rawPayload.equals(dealt.pub)).toBe(true)
  const string = await get('user', '/crs')
  expect(string.rawPayload.equals(dealt.string)).toBe(true)
  expect(string.headers).toMatchObject({ etag: `"${sha256(dealt.string)}"` })
  expect((await get('user', '')).json().key).toMatchObject({ crs: sha256(dealt.string) })
  const range = (value: string) =>
    on.inject({
      method: 'GET',
      url: `${base}/server-key`,
      headers: { ...on.as('user'), range: value },
    })
  const whole = await get('user', '/server-key')
  expect(whole.headers).toMatchObject({ 'accept-ranges': 'bytes', etag: `"${sha256(dealt.server)}"` })
  expect(whole.headers['audit-receipt']).toMatch(/^v1;/)
  expect(whole.rawPayload.equals(dealt.server)).toBe(true)
  const part = await range('bytes=1000-1999')
  expect([part.statusCode, part.headers['content-range']]).toEqual([206, 'bytes 1000-1999/100000'])
  expect(part.rawPayload.equals(dealt.server.slice(1000, 2000))).toBe(true)
  expect((await range('bytes=-10')).rawPayload.equals(dealt.server.slice(-10))).toBe(true)
  const outside = await range('bytes=100000-')
  expect([outside.statusCode, outside.headers['content-range']]).toEqual([416, 'bytes */100000'])
})

test.each([1024, 2048])(
  'FHE-SERVER-03 a squashed value of %i bits, the widest that tfhe has, is kept',
  async (bits) => {
    const file = squashedOf(bits)
    expect((await put(file)).json()).toMatchObject({
      ciphertext: { type: `u${bits}`, width: 128, blocks: bits / 4, size: file.length },
    })
  },
)

test('FHE-SERVER-03 an uploaded ciphertext gets the digest that requests name; what is not one is refused by name', async () => {
  const [kept, again] = [await put(sum), await put(sum)]
  expect(kept.json()).toMatchObject({
    ciphertext: { type: 'u8', width: 128, blocks: 2, sha256: sha256(sum) },
  })
  expect(kept.json().ciphertext.digest).toBe(askedCiphertexts(asked(0, sum))[0]?.digest)
  expect([again.statusCode, again.json()]).toEqual([200, kept.json()])
  expect((await put(sum, sha256(minimum))).json()).toMatchObject({
    statusCode: 400,
    code: 'CIPHERTEXT-DIGEST',
  })
  expect((await put(native('inputs.bin'))).json()).toMatchObject({ statusCode: 400, code: 'FHE-BARE-LIST' })
  // The key squashes: no holder answers a fresh one, so it takes no room.
  expect((await put(fresh)).json()).toMatchObject({ statusCode: 400, code: 'REQUEST-MODE' })
  expect((await put(new Uint8Array(maxCiphertext + 1))).json()).toMatchObject({
    statusCode: 413,
    code: 'CIPHERTEXT-TOO-LARGE',
  })
  expect((await put(both, sha256(both), 'operator')).statusCode).toBe(403)
  expect((await get('operator', `/ciphertexts/${sha256(sum)}`)).rawPayload.equals(sum)).toBe(true)
})

test.each([
  ['REQUEST-COMBINER', 'a stranger’s combiner', { combiner: `age1pq1${'p'.repeat(1952)}` }, {}],
  ['REQUEST-COMBINER', 'another combiner of the policy', { combiner: otherCombiner }, {}],
  ['REQUEST-EPOCH', 'another epoch', { epochId: 'e'.repeat(64) }, {}],
  ['REQUEST-KEY', 'another key', { keyId: 'e'.repeat(64) }, {}],
  ['REQUEST-EXPIRY-FAR', 'for a year', { expiry: '2099-01-01T00:00:00.000Z' }, {}],
  ['REQUEST-REQUESTER', 'signed by a stranger', {}, { askedBy: people.evaluator.identity }],
  ['REQUEST-APPROVALS', 'one approval short', {}, { approvers: [people.approvers[0]!.identity] }],
  ['PROVENANCE-SIGNER', 'vouched for by a stranger', {}, { vouchedBy: people.requester.identity }],
] as const)('%s refuses a request: %s', async (rule, _what, request, change) => {
  const given = asked(90, sum, { ...change, request: (sound) => ({ ...sound, ...request }) })
  expect((await ask(given)).json()).toMatchObject({ statusCode: 400, code: rule })
  expect((await get('user', `/decrypt-requests/${id(90)}`)).statusCode).toBe(404)
})

test('REQUEST-EXPIRED and REQUEST-CIPHERTEXT refuse one that is late, and one whose ciphertext was not uploaded', async () => {
  const late = asked(91, sum, { request: (one) => ({ ...one, expiry: new Date().toISOString() }) })
  expect((await ask(late)).json()).toMatchObject({ statusCode: 409, code: 'REQUEST-EXPIRED' })
  expect((await ask(asked(92, both))).json()).toMatchObject({ statusCode: 400, code: 'REQUEST-CIPHERTEXT' })
})

test('FHE-SERVER-04 two holders’ answers make it ready, a third raises what is verified, and the asker reads the value once', async () => {
  const given = asked(1, sum)
  const opened = await ask(given)
  expect([opened.statusCode, opened.json().request]).toMatchObject([
    202,
    { state: 'open', digest: requestDigest(given.request.payload) },
  ])
  expect(await (await ask(given)).json()).toEqual(opened.json())
  expect((await get('operator', `/decrypt-requests/${id(1)}`)).json().package).toEqual(given)
  expect(await budget()).toEqual({ total: 10, spent: 0, reserved: 2 })

  const first = await answerOf(dealt, { holder: 1, given, file: sum })
  expect((await answer(1, first)).json().request).toMatchObject({ state: 'open', claim: null })
  expect(await budget()).toEqual({ total: 10, spent: 2, reserved: 0 })
  expect((await answer(1, first)).statusCode).toBe(200)
  const other = await answerOf(dealt, { holder: 1, given, file: sum })
  expect((await answer(1, other)).json()).toMatchObject({ statusCode: 409, code: 'ANSWER-TWICE' })
  expect((await post('user', `/decrypt-requests/${id(1)}/release`, {})).json()).toMatchObject({
    statusCode: 409,
    code: 'REQUEST-STATE',
  })

  const second = await answer(1, await answerOf(dealt, { holder: 3, given, file: sum }))
  expect(second.json().request).toMatchObject({
    state: 'ready',
    verified: 0,
    claim: 'not verified against a malicious holder',
  })
  const third = await answer(1, await answerOf(dealt, { holder: 2, given, file: sum }))
  expect(third.json().request).toMatchObject({ state: 'ready', verified: 1, claim: 'verified against any 1' })

  expect((await post('operator', `/decrypt-requests/${id(1)}/release`, {})).statusCode).toBe(403)
  const released = await post('user', `/decrypt-requests/${id(1)}/release`, {})
  expect(released.json().request).toMatchObject({ state: 'released', claim: 'verified against any 1' })
  expect(released.body.includes('"21"')).toBe(false)
  expect((await get('operator', `/decrypt-requests/${id(1)}/result`)).statusCode).toBe(403)
  const read = await get('user', `/decrypt-requests/${id(1)}/result`)
  expect(read.json()).toEqual({
    results: [{ type: 'u8', value: '21' }],
    verified: 1,
    cheaters: [],
    claim: 'verified against any 1',
  })
  expect(read.headers['audit-receipt']).toMatch(/^v1;/)
  expect((await get('user', `/decrypt-requests/${id(1)}/result`)).json()).toMatchObject({
    code: 'REQUEST-STATE',
  })
  expect(await stateOf(1)).toMatchObject({ state: 'closed', claim: 'verified against any 1' })
})

test('REQUEST-REPLAYED an id is used once in the key’s life', async () => {
  const again = asked(1, sum, { request: (one) => ({ ...one, purpose: 'once more' }) })
  expect((await ask(again)).json()).toMatchObject({ statusCode: 409, code: 'REQUEST-REPLAYED' })
})

test('FHE-SERVER-05 an answer that is not the holder’s own to this request is refused by name', async () => {
  await put(minimum)
  const given = asked(2, minimum)
  expect((await ask(given)).statusCode).toBe(202)
  const of = { holder: 1, given, file: minimum }
  const refused = async (n: number, body: object) => (await answer(n, body)).json().code
  const elsewhere = await answerOf(dealt, { holder: 1, given: asked(1, sum), file: sum })
  expect(await refused(2, elsewhere)).toBe('ANSWER-01')
  expect(await refused(2, await answerOf(dealt, of, { signedBy: people.holders[1]!.identity }))).toBe(
    'ANSWER-SIGNATURE',
  )
  expect(await refused(2, await answerOf(dealt, of, { answer: (a) => ({ ...a, holder: 2 }) }))).toBe(
    'ANSWER-HOLDER',
  )
  expect(await refused(2, await answerOf(dealt, of, { answer: (a) => ({ ...a, spent: 3 }) }))).toBe(
    'ANSWER-02',
  )
  const sound = await answerOf(dealt, of)
  const swapped = await answerOf(dealt, of)
  expect(await refused(2, { ...sound, sealed: swapped.sealed })).toBe('ANSWER-SEAL')
  // Signed by the holder over another request, and sealed as if it were of this one.
  const partOfOther = await answerOf(
    dealt,
    { holder: 1, given: asked(3, minimum), file: minimum },
    {
      answer: (a) => ({ ...a, request: requestDigest(given.request.payload) }),
    },
  )
  expect(await refused(2, partOfOther)).toBe('FHE-REQUEST-OTHER')
  const broken = await answerOf(dealt, of, {
    partial(bytes) {
      const changed = bytes.slice()
      changed[200]! ^= 1
      return changed
    },
  })
  expect(await refused(2, broken)).toBe('FHE-PARTIAL-SIGNATURE')
  expect((await stateOf(2)).answers).toEqual([])
  expect((await answer(2, sound)).statusCode).toBe(200)
})

test('FHE-FILE-DAMAGED a holder’s card that was changed in the database answers nothing', async () => {
  const { database } = on.services()
  const given = asked(9, sum)
  await ask(given)
  const where = () => database.updateTable('fhe_share_commitment').where('holder_index', '=', 1)
  const { card } = await database
    .selectFrom('fhe_share_commitment')
    .select('card')
    .where('holder_index', '=', 1)
    .executeTakeFirstOrThrow()
  const { keys } = people.requester.card
  await where()
    .set({ card: card?.replace(/"keys":\{.*?\}/, `"keys":${JSON.stringify(keys)}`) ?? null })
    .execute()
  const reply = await answer(
    9,
    await answerOf(dealt, { holder: 1, given, file: sum }, { signedBy: people.requester.identity }),
  )
  expect(reply.json()).toMatchObject({ statusCode: 503, error: 'FHE-FILE-DAMAGED' })
  await where().set({ card }).execute()
})
