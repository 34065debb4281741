import { execFileSync } from 'node:child_process'
import { readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { askedCiphertexts } from '@lux/ceremony/wire'
import { expect, test, vi } from 'vitest'
import { openClock } from '../../src/platform/clock.ts'
import { maxCiphertext } from '../../src/threshold/ciphertexts.ts'
import { keepTime } from '../../src/threshold/release.ts'
import { native, people } from '../support/threshold-bundle.ts'
import { answerOf, refusalOf, requestFor, shifted } from '../support/threshold-requests.ts'
import { both, dealt, id, minimum, sha256, sum, thresholdServer } from '../support/threshold-server.ts'

const on = thresholdServer('endings')
const { get, post, put, ask, asked, answer, stateOf, budget } = on
const keyNow = async () => (await get('user', '')).json().key

test('FHE-SERVER-06 n - t + 1 refusals refuse a request, and what it reserved is free again', async () => {
  const before = await budget()
  await put(both)
  const given = asked(4, both)
  expect((await ask(given)).json().request).toMatchObject({ state: 'open' })
  expect(await budget()).toEqual({ ...before, reserved: before.reserved + 1 })
  expect((await answer(4, refusalOf(given, 1))).json().request).toMatchObject({ state: 'open' })
  expect((await answer(4, refusalOf(given, 2))).json().request).toMatchObject({ state: 'refused' })
  expect(await budget()).toEqual(before)
  const late = await answerOf(dealt, { holder: 3, given, file: both })
  expect((await answer(4, late)).json()).toMatchObject({ statusCode: 409, code: 'REQUEST-STATE' })
})

test('REQUEST-BUDGET blocks beyond the policy’s count are not asked for; a ciphertext answered in this epoch costs nothing again', async () => {
  const wide = native('results/product-u64.squashed.bin')
  await put(wide)
  expect((await ask(asked(5, wide))).json()).toMatchObject({ statusCode: 409, code: 'REQUEST-BUDGET' })
  await put(sum)
  const given = asked(5, sum)
  expect((await ask(given)).statusCode).toBe(202)
  expect(await budget()).toEqual({ total: 10, spent: 0, reserved: 2 })
  await answer(5, await answerOf(dealt, { holder: 1, given, file: sum }))
  const after = { total: 10, spent: 2, reserved: 0 }
  expect(await budget()).toEqual(after)
  expect((await ask(asked(6, sum))).statusCode).toBe(202)
  expect(await budget()).toEqual(after)
})

test('REQUEST-BUDGET an epoch has what its shares were carried, however much the policy allows', async () => {
  const { database } = on.services()
  const carry = (carried: number | null) => database.updateTable('fhe_epoch').set({ carried }).execute()
  const { spent } = await budget()
  try {
    await carry(spent)
    await put(both)
    expect((await ask(asked(9, both))).json()).toMatchObject({ statusCode: 409, code: 'REQUEST-BUDGET' })
    expect(await budget()).toMatchObject({ total: spent, reserved: 0 })
    await carry(spent + 1)
    expect((await ask(asked(9, both))).statusCode).toBe(202)
  } finally {
    await carry(null)
  }
})

test('FHE-INCONSISTENT a holder who signs a wrong part takes the value back, and nobody is given one', async () => {
  const given = asked(10, sum)
  await ask(given)
  const of = (holder: number) => ({ holder, given, file: sum })
  for (const holder of [1, 2]) await answer(10, await answerOf(dealt, of(holder)))
  expect(await stateOf(10)).toMatchObject({ state: 'ready' })
  const wrong = await answerOf(dealt, of(3), {
    partial: (bytes) => shifted(bytes, people.holders[2]!.identity),
  })
  expect((await answer(10, wrong)).json().request).toMatchObject({
    state: 'open',
    claim: null,
    trouble: expect.stringMatching(/^FHE-INCONSISTENT: .*suspects, unproven: 1, 2, 3/),
  })
  const released = await post('user', `/decrypt-requests/${id(10)}/release`, {})
  expect(released.json()).toMatchObject({ statusCode: 409, code: 'REQUEST-STATE' })
})

test('FHE-SERVER-07 a request that is late takes no answer, and a result that nobody read in an hour is gone', async () => {
  const { database, record } = on.services()
  const state = on.state()
  const past = new Date(Date.now() - 3_700_000)
  const change = (n: number) => database.updateTable('decrypt_request').where('request_id', '=', id(n))
  const given = asked(7, sum)
  await ask(given)
  for (const holder of [1, 2]) await answer(7, await answerOf(dealt, { holder, given, file: sum }))
  await post('user', `/decrypt-requests/${id(7)}/release`, {})
  await change(7).set({ released_at: past }).execute()
  expect((await get('user', `/decrypt-requests/${id(7)}/result`)).json()).toMatchObject({
    code: 'REQUEST-STATE',
  })
  const late = asked(8, sum)
  await ask(late)
  await change(8).set({ expires_at: past }).execute()
  expect(await stateOf(8)).toMatchObject({ state: 'expired' })
  expect((await answer(8, refusalOf(late, 1))).json()).toMatchObject({ code: 'REQUEST-EXPIRED' })
  const rowsNow = () =>
    database
      .selectFrom('decrypt_request')
      .select(['state', 'result'])
      .where('request_id', 'in', [id(7), id(8)])
      .orderBy('request_id')
      .execute()
  // A clock that was moved ends nothing, and takes no value away.
  const before = await rowsNow()
  const month = 30 * 86_400_000
  const ahead = openClock(database, () => Date.now() + month)
  expect(await keepTime({ database, state }, ahead, record)).toMatchObject({ rule: 'CLOCK-MOVED' })
  expect(await rowsNow()).toEqual(before)
  expect(before.map(({ state }) => state)).toEqual(['released', 'open'])
  for (let times = 0; times < 2; times++)
    expect(await keepTime({ database, state }, openClock(database), record)).toMatchObject({ ok: true })
  expect(await rowsNow()).toEqual([
    { state: 'closed', result: null },
    { state: 'expired', result: null },
  ])
  const entries = await database
    .selectFrom('audit')
    .select(['operation', 'identity_id', 'outcome'])
    .where('operation', 'in', ['threshold.expire', 'threshold.drop-result'])
    .orderBy('seq')
    .execute()
  expect(entries.map((one) => Object.values(one)).toSorted()).toEqual([
    ['threshold.drop-result', 'server', 'ok'],
    ['threshold.expire', 'server', 'ok'],
  ])
})

test('FHE-SERVER-09 a ciphertext loses its file a day after its last request ended, or a week after nobody asked for it; its digest stays', async () => {
  const { database, record } = on.services()
  const state = on.state()
  const ago = (days: number) => new Date(Date.now() - days * 86_400_000 - 60_000)
  const sweep = () => keepTime({ database, state }, openClock(database), record)
  const room = async () => (await get('user', '')).json().key.ciphertexts.used
  const kept = async (file: Uint8Array) => (await get('user', `/ciphertexts/${sha256(file)}`)).statusCode
  const uploaded = (file: Uint8Array, at: Date) =>
    database
      .updateTable('fhe_ciphertext')
      .where('sha256', '=', sha256(file))
      .set({ created_at: at })
      .execute()
  const ended = (at: Date) =>
    database.updateTable('decrypt_request').where('request_id', '=', id(20)).set({ ended_at: at }).execute()
  const unasked = native('results/product-u64.squashed.bin')
  for (const file of [minimum, unasked]) await put(file)
  const given = asked(20, minimum)
  expect((await ask(given)).statusCode).toBe(202)
  const used = await room()
  // An open request keeps its ciphertext however old it is; an upload waits a week for one.
  await uploaded(minimum, ago(30))
  await uploaded(unasked, ago(6))
  await sweep()
  expect([await kept(minimum), await kept(unasked), await room()]).toEqual([200, 200, used])

  for (const holder of [1, 2]) await answer(20, refusalOf(given, holder))
  await uploaded(unasked, ago(7))
  await sweep()
  expect([await kept(minimum), await kept(unasked)]).toEqual([200, 404])
  expect(await room()).toBe(used - unasked.length)
  await ended(ago(1))
  await sweep()
  expect([await kept(minimum), await room()]).toEqual([404, used - unasked.length - minimum.length])
  expect(await readdir(state.ciphertexts)).not.toContain(sha256(minimum))
  expect((await ask(asked(21, minimum))).json()).toMatchObject({ code: 'REQUEST-CIPHERTEXT' })
  const entries = database
    .selectFrom('audit')
    .select('outcome')
    .where('operation', '=', 'threshold.remove-ciphertext')
  expect(await entries.execute()).toEqual([{ outcome: 'ok' }, { outcome: 'ok' }])
  // The digest stays, and the same file may come again.
  const { digest } = askedCiphertexts(given)[0]!
  const rows = database.selectFrom('fhe_ciphertext').select('blocks').where('digest', '=', digest)
  expect(await rows.execute()).toEqual([{ blocks: 2 }])
  expect((await put(minimum)).json()).toMatchObject({ ciphertext: { digest } })
  expect(await kept(minimum)).toBe(200)
})

test('FHE-SERVER-09 how long a ciphertext is kept is a setting', async () => {
  const { database, record } = on.services()
  const state = on.state()
  const sweep = () => keepTime({ database, state }, openClock(database), record)
  const kept = async () => (await get('user', `/ciphertexts/${sha256(minimum)}`)).statusCode
  await put(minimum)
  const at = new Date(Date.now() - 2 * 3_600_000 - 60_000)
  const uploads = database.updateTable('fhe_ciphertext').where('sha256', '=', sha256(minimum))
  await uploads.set({ created_at: at }).execute()
  // A request has named it, and ended a day ago.
  vi.stubEnv('CIPHERTEXT_HOURS_AFTER_END', '3')
  try {
    await sweep()
    expect(await kept()).toBe(200)
    vi.stubEnv('CIPHERTEXT_HOURS_AFTER_END', '2')
    await sweep()
    expect(await kept()).toBe(404)
  } finally {
    vi.unstubAllEnvs()
  }
})

test('CIPHERTEXT-DAMAGED a file that was lost is there again when it is uploaded again', async () => {
  const state = on.state()
  await put(sum)
  await rm(join(state.ciphertexts, sha256(sum)))
  expect((await get('user', `/ciphertexts/${sha256(sum)}`)).json()).toMatchObject({ code: 'FHE-FILE-ABSENT' })
  expect((await put(sum)).statusCode).toBe(200)
  expect((await get('user', `/ciphertexts/${sha256(sum)}`)).statusCode).toBe(200)
})

test('FHE-SERVER-09 what a server that died left behind goes with the next sweep, and what arrives stays', async () => {
  const { database, record } = on.services()
  const state = on.state()
  await put(sum)
  const before = await readdir(state.ciphertexts)
  // Between file and row, between row and file, in the middle of writing, and in the middle of arriving.
  const orphans = ['ab'.repeat(32), `.${'cd'.repeat(8)}.part`]
  for (const name of orphans) await writeFile(join(state.ciphertexts, name), 'x')
  const [old, fresh] = ['11', '22'].map((one) => join(state.incoming, `${one.repeat(16)}.part`)) as [
    string,
    string,
  ]
  for (const path of [old, fresh]) await writeFile(path, 'x')
  const past = new Date(Date.now() - 25 * 3_600_000)
  await utimes(old, past, past)
  await keepTime({ database, state }, openClock(database), record)
  expect((await readdir(state.ciphertexts)).toSorted()).toEqual(before.toSorted())
  expect(await readdir(state.incoming)).toEqual([`${'22'.repeat(16)}.part`])
  await rm(fresh)
})

test('DISK-FULL in the middle of an upload: nothing of it is kept, nothing counts, and there is room again for the next', async () => {
  const state = on.state()
  const wide = native('results/product-u64.squashed.bin')
  const room = async () => (await get('user', '')).json().key.ciphertexts.used
  const [used, files] = [await room(), await readdir(state.ciphertexts)]
  const limit = (soft: string) => execFileSync('prlimit', [`--fsize=${soft}:`, '--pid', String(process.pid)])
  limit('500000')
  let refused: Awaited<ReturnType<typeof put>>
  try {
    refused = await put(wide)
  } finally {
    limit('unlimited')
  }
  expect(refused.json()).toMatchObject({ statusCode: 503, code: 'DISK-FULL' })
  expect([await readdir(state.incoming), await readdir(state.ciphertexts), await room()]).toEqual([
    [],
    files,
    used,
  ])
  expect((await put(wide)).statusCode).toBe(200)
})

test('REQUEST-TOO-LARGE what is longer than 64 MiB together is asked for, answered and read, one file in memory at a time', async () => {
  const { database } = on.services()
  for (const file of [sum, minimum]) await put(file)
  // As long as the longest that are taken.
  const rows = database.updateTable('fhe_ciphertext').where('sha256', 'in', [sha256(sum), sha256(minimum)])
  await rows.set({ size: maxCiphertext }).execute()
  try {
    const of = { file: sum, more: [minimum] }
    const given = requestFor(dealt, { id: id(30), ...of, combiner: on.combiner() })
    expect((await ask(given)).json()).toMatchObject({ request: { state: 'open' } })
    for (const holder of [1, 2]) await answer(30, await answerOf(dealt, { holder, given, ...of }))
    await post('user', `/decrypt-requests/${id(30)}/release`, {})
    expect((await get('user', `/decrypt-requests/${id(30)}/result`)).json().results).toEqual([
      { type: 'u8', value: expect.stringMatching(/^\d+$/) },
      { type: 'u8', value: expect.stringMatching(/^\d+$/) },
    ])
  } finally {
    await rows.where('sha256', '=', sha256(sum)).set({ size: sum.length }).execute()
    await rows.where('sha256', '=', sha256(minimum)).set({ size: minimum.length }).execute()
  }
})

test('CIPHERTEXTS-FULL a server-admin says how much a key and an organisation keep, by an act that the log has, and the refusal says what is kept and what ends when', async () => {
  const { database } = on.services()
  const key = await keyNow()
  const used = key.ciphertexts.used
  expect(key.ciphertexts).toEqual({ used, total: 2 ** 32, organisation: { used, total: 2 ** 36 } })
  const limit = (bytes: number, of = `keys/${key.id}`) => on.admin('PUT', `/api/v1/fhe/room/${of}`, { bytes })
  const full = async () => (await put(both)).json()
  const files = (await readdir(on.state().ciphertexts)).length

  // What is kept stays, and the same file again asks for nothing.
  expect((await limit(used)).json()).toEqual({ ciphertexts: { used, total: used } })
  expect((await put(sum)).statusCode).toBe(200)
  await database
    .updateTable('fhe_ciphertext')
    .where('sha256', '=', sha256(both))
    .set({ removed_at: new Date() })
    .execute()
  const left = (await keyNow()).ciphertexts.used
  await limit(left + both.length - 1)
  const { code, message } = await full()
  expect(code).toBe('CIPHERTEXTS-FULL')
  const words = new RegExp(
    `${left} of ${left + both.length - 1} bytes are kept for this key, and ${both.length} more are asked for. ` +
      `Of this key ${files - 1} files are kept: \\d for requests that have not ended; the next goes at \\d{4}-`,
  )
  expect(message).toMatch(words)
  await limit(left + both.length)
  expect((await put(both)).statusCode).toBe(200)

  await database
    .updateTable('fhe_ciphertext')
    .where('sha256', '=', sha256(both))
    .set({ removed_at: new Date() })
    .execute()
  await limit(2 ** 32)
  expect((await limit(left, 'organisations/org')).statusCode).toBe(200)
  expect((await full()).message).toContain(
    `${left} of ${left} bytes are kept for all keys of its organisation`,
  )
  await limit(left + both.length, 'organisations/org')
  expect((await put(both)).statusCode).toBe(200)

  const after = (await keyNow()).ciphertexts
  expect(after.organisation).toEqual({ used: left + both.length, total: left + both.length })
  expect((await on.admin('GET', '/api/v1/fhe/room')).json()).toEqual({
    organisations: [{ organisationId: 'org', ...after.organisation }],
    keys: [{ keyId: key.id, organisationId: 'org', used: after.used, total: 2 ** 32 }],
  })
  const entries = await database
    .selectFrom('audit')
    .select(['operation', 'key_id', 'outcome'])
    .where('operation', 'in', ['threshold.limit-key', 'threshold.limit-organisation'])
    .execute()
  expect(entries.every(({ outcome }) => outcome === 'ok')).toBe(true)
  expect(entries.map(({ operation, key_id }) => [operation, key_id])).toContainEqual([
    'threshold.limit-key',
    key.id,
  ])
  expect(entries).toHaveLength(6)
})

test('CIPHERTEXTS-FULL two uploads at once take no more than there is', async () => {
  const wide = native('results/product-u64.squashed.bin')
  const { database } = on.services()
  await database
    .updateTable('fhe_ciphertext')
    .where('sha256', 'in', [sha256(wide), sha256(both)])
    .set({ removed_at: new Date() })
    .execute()
  const { used } = (await keyNow()).ciphertexts
  await on.admin('PUT', '/api/v1/fhe/room/organisations/org', { bytes: used + wide.length })
  const codes = await Promise.all([wide, both].map(async (file) => (await put(file)).statusCode))
  expect(codes.toSorted()).toEqual([200, 409])
})
