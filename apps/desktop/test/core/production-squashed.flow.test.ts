import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { peekBundle } from '@lux/ceremony/bundle'
import { sha256Hex } from '@lux/crypto'
import { parsePublic } from '@lux/crypto/fhe'
import { fileReader } from '@lux/node-files'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { RunView } from '../../src/contract/index.ts'
import { enrolled } from '../cli/support/people.ts'
import { type CoreInTest, startCore } from './support/core-in-test.ts'
import { emptyString } from './support/empty-string.ts'
import { FheDevices } from './support/fhe-devices.ts'
import { FhePeople } from './support/fhe-people.ts'
import { FheRuns } from './support/fhe-runs.ts'
import { stateOf, verdictOf } from './support/run-end.ts'
import { WindowPerson } from './support/window-person.ts'

vi.setConfig({ testTimeout: 120_000 })

const native = fileURLToPath(new URL('../../../../packages/crypto/vectors/native/', import.meta.url))
const frozenKeyChild = fileURLToPath(new URL('./support/frozen-key-child.ts', import.meta.url))
const verifier = fileURLToPath(new URL('../../../../tools/verifier/verify.py', import.meta.url))
const modeS = { fheMode: 'S', fheSquash: true }

let place: FhePeople
let devices: FheDevices
let runs: FheRuns
let core: CoreInTest
let dealt = ''
beforeAll(async () => {
  place = await FhePeople.gathered({ keyChildEntry: frozenKeyChild })
  devices = new FheDevices(place)
  runs = new FheRuns(place)
  mkdirSync(place.file('store'))
  core = await startCore(place.home, place.program)
  dealt = place.file('deal', 'fhe', 'public.bin')
}, 60_000)
afterAll(async () => {
  await core.stop()
  place.remove()
})

/** A result of native tfhe-rs, squashed, that the policy's evaluator vouches for. */
async function computed(name: string): Promise<void> {
  copyFileSync(`${native}results/${name}.squashed.bin`, place.file(`${name}.bin`))
  await devices.vouch('Eva', 'deal', `${name}.bin`, 'interop 1', `signature:Enno:${native}inputs.bin`)
}

function personIn(): WindowPerson {
  const pins = { so: '13579135', user: '246810' }
  const signed = (request: string, name: string) => place.signed(request, name)
  return new WindowPerson({ core, folder: place.home, pins, signed })
}

/** A plan of the place with its lock and the epoch that it names, as chosen in the window. */
async function opened(person: WindowPerson, name: string): Promise<{ id: string }> {
  const [plan, lock] = ['yaml', 'lock.json'].map((end) => person.chosen(place.file(`${name}.${end}`)))
  const answer = await core.call('ceremonies.open', { plan, lock, epoch: person.chosen(dealt) })
  if (!answer.ok) throw new Error(`${answer.error.code} ${answer.error.detail}`)
  return Object(answer.value)
}

/** What the window tells holders to work on. */
function fileOf(run: RunView): string {
  const [need] = run.current?.needs ?? []
  return need?.need === 'file' ? (need.file ?? '') : ''
}

const refusedBy = (code: string) => ({ exit: 1, json: { code } })

describe('a threshold key with noise squashing in production (mode S), people on files', () => {
  test('FHE-PRODUCTION it is dealt with shares of both widths and answers squashed blocks alone', async () => {
    await runs.deal(devices, ['Hal', 'Ida', 'Jan'], { ...modeS, fheInputs: 'proven' })
    expect(await verdictOf(place.file('deal'))).toBe('accepted')
    const { header, pub64, pub128 } = parsePublic(new Uint8Array(readFileSync(dealt)))
    expect(header).toMatchObject({ domain: 'production', t: 2, n: 3 })
    expect([pub64.length, pub128.length]).toEqual([16_384, 65_536])

    await computed('product-u64')
    const question = await devices.request(dealt, 'product-u64.bin', 'a product', true)
    for (const name of ['Hal', 'Ida', 'Jan']) {
      const answer = await devices.answer(
        `${name}.0`,
        question,
        'product-u64.bin',
        place.file(`first-${name}.json`),
      )
      // A u64 has 32 blocks, squashed two to one.
      expect(answer).toMatchObject({ exit: 0, json: { spent: 16, left: { at64: 0, at128: 984 } } })
    }
    const sealed = ['Hal', 'Ida', 'Jan'].map((name) => place.file(`first-${name}.age`))
    const policy = ['--request', question, '--policy', place.file('policy.json')]
    expect(await devices.combine(dealt, 'product-u64.bin', sealed, ...policy)).toMatchObject({
      exit: 0,
      json: { type: 'u64', value: '9223372036854812852', verified: 1, cheaters: [] },
    })
  })

  test('the reference string of its proven inputs is in transcript and bundle, for the bits of the plan, as both verifiers see', async () => {
    const made = sha256Hex(emptyString(64))
    expect(sha256Hex(new Uint8Array(readFileSync(place.file('deal', 'fhe', 'crs.bin'))))).toBe(made)
    expect(stateOf(place.file('deal')).fhe?.crs).toEqual({ sha256: made, size: emptyString(64).length })
    const bundle = place.file('deal', 'bundle.zip')
    const reader = fileReader(bundle)
    const peeked = await peekBundle(reader)
    reader.close()
    expect(peeked.ok && peeked.value.predicate.fhe?.crs).toBe(made)
    const second = spawnSync('python3', [verifier, bundle, '--policy', place.file('policy.json')], {
      encoding: 'utf8',
    })
    expect(second.stdout).toMatch(/\naccepted\n$/)
  })

  test('REQUEST-MODE, PROVENANCE-SIGNER: a fresh ciphertext is not asked for, and what nobody of the policy computed neither approved nor answered', async () => {
    await devices.encrypt('deal', 'fresh.bin', 7n, 'u8', 'encrypt 1.0')
    await expect(devices.request(dealt, 'fresh.bin', 'a fresh number', false)).rejects.toThrow('REQUEST-MODE')
    copyFileSync(`${native}results/sum-u8.squashed.bin`, place.file('sum-u8.bin'))
    // An evaluator like any other, whom no policy names.
    place.people.set('Mallory', await enrolled(place.home, 'evaluator', 'Mallory'))
    await devices.vouch('Mallory', 'deal', 'sum-u8.bin', 'interop 1', `signature:Enno:${native}inputs.bin`)
    await expect(devices.request(dealt, 'sum-u8.bin', 'a sum that nobody approves', true)).rejects.toThrow(
      'PROVENANCE-SIGNER',
    )
    const stranger = await devices.request(dealt, 'sum-u8.bin', 'a sum of nobody', false)
    expect(await devices.answer('Hal.0', stranger, 'sum-u8.bin', place.file('never.json'))).toMatchObject(
      refusedBy('PROVENANCE-SIGNER'),
    )
  })

  test('FHE-PUBLIC-OTHER the window leads an opening of that key with the public file that the plan names, and with no other', async () => {
    runs.planOpening('open', { ...modeS, what: 'a product of signed numbers', answers: 2 })
    await computed('product-i64')
    const person = personIn()
    const [plan, lock] = ['open.yaml', 'open.lock.json'].map((name) => person.chosen(place.file(name)))
    const refused = { ok: false, error: { code: 'FHE-PUBLIC-OTHER' } }
    expect(await core.call('ceremonies.open', { plan, lock })).toMatchObject(refused)
    const wrong = person.chosen(place.file('deal', 'fhe', 'compact-public-key.bin'))
    expect(await core.call('ceremonies.open', { plan, lock, epoch: wrong })).toMatchObject(refused)
    expect(await core.call('ceremonies.open', { plan, lock, epoch: dealt })).toMatchObject({
      error: { code: 'SHELL-PATHS' },
    })
    const { id } = await opened(person, 'open')

    let run = await person.lead(id)
    expect(run.current).toMatchObject({ id: 'take-request', needs: [{ what: 'decryption-request' }] })
    const question = await devices.request(dealt, 'product-i64.bin', 'a product of signed numbers', false)
    await person.take(id, question)
    run = await person.lead(id)
    expect(run.current).toMatchObject({ id: 'answer-request', needs: [{ what: 'holder-answer' }] })
    const asked = fileOf(run)
    for (const name of ['Ida', 'Jan']) {
      const out = place.file(`second-${name}.json`)
      expect(await devices.answer(`${name}.0`, asked, 'product-i64.bin', out)).toMatchObject({
        exit: 0,
        json: { decision: 'approved' },
      })
      await person.take(id, out)
    }
    run = await person.lead(id)
    expect(run.current).toMatchObject({ id: 'take-result' })
    const answers = ['Ida', 'Jan'].map((name) => place.file(`second-${name}.json`))
    const out = place.file('result.json')
    const cards = ['--cards', place.file('cards')]
    expect(await devices.result(dealt, 'product-i64.bin', asked, answers, out, ...cards)).toMatchObject({
      exit: 0,
      json: { outcome: 'combined' },
    })
    const sealed = ['second-Ida.age', 'second-Jan.age'].map((name) => place.file(name))
    expect(
      await devices.combine(
        dealt,
        'product-i64.bin',
        sealed,
        '--request',
        asked,
        '--policy',
        place.file('policy.json'),
      ),
    ).toMatchObject({ exit: 0, json: { type: 'i64', value: '5000000035' } })
    await person.take(id, out)
    run = await person.lead(id)
    expect(run).toMatchObject({ state: 'closed', domain: 'production' })
    expect(await verdictOf(run.folder)).toBe('accepted')
  })

  test('REDEAL-FILES, HOLDER-LEAVING: the window leads that key to its next holders, with what dealers wrote beside the file that is chosen, and ends the run so that the old ones go on', async () => {
    await runs.planMove('move', modeS)
    const person = personIn()
    const { id } = await opened(person, 'move')
    let run = await person.lead(id)
    expect(run.current).toMatchObject({ id: 'approve-epoch', needs: [{ what: 'epoch-approval' }] })
    for (const name of ['Hal', 'Ida']) {
      const out = place.file(`epoch-${name}.json`)
      expect(await devices.epoch('approve-epoch', name, fileOf(run), out)).toMatchObject({ exit: 0 })
      await person.take(id, out)
    }
    run = await person.lead(id)
    expect(run.current).toMatchObject({ id: 'redeal', needs: [{ what: 'redeal' }] })
    for (const [at, name] of ['Hal', 'Ida'].entries()) {
      const out = place.file(`redeal-${at + 1}.json`)
      expect(await devices.epoch('redeal', name, fileOf(run), out)).toMatchObject({ exit: 0 })
      const correction = place.file(`correction-${at + 1}.bin`)
      renameSync(correction, `${correction}.away`)
      const alone = await core.call('ceremonies.submitFile', { id, path: person.chosen(out) })
      expect(alone).toMatchObject({ ok: false, error: { code: 'REDEAL-FILES' } })
      renameSync(`${correction}.away`, correction)
      await person.take(id, out)
    }
    run = await person.lead(id)
    expect(run.current).toMatchObject({ id: 'acknowledge-next' })
    const asked = readdirSync(join(run.folder, 'out')).toSorted()
    for (const [at, name] of ['Ida', 'Kim', 'Lea'].entries()) {
      const received = await devices.receiveNext(name, join(run.folder, 'out', asked[at]!))
      // 984 of Hal and 968 of Ida, nothing of Jan who was silent: 484 for any two new ones, less a canary of 256.
      expect(received).toMatchObject({ exit: 0, json: { holder: at + 1, budgets: { at64: 0, at128: 228 } } })
      const out = place.file(`next-${name}.json`)
      await devices.prove(`${name}.1`, name, out)
      await person.take(id, out)
    }
    run = await person.lead(id)
    expect(run.current).toMatchObject({ id: 'take-canary', needs: [{ what: 'decryption-request' }] })

    const given = await person.view('ceremonies.abort', { id, by: 'Ada', reason: 'no canary today' })
    expect(given).toMatchObject({ state: 'aborted' })
    expect(await devices.end('keep', 'Ida.0', run.folder)).toMatchObject({ exit: 0, json: { state: 'kept' } })
  })
})
