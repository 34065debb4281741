import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sha256Hex } from '@lux/crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { resumeCeremony, takeReceipt } from '../../src/cli/ceremony/resume.ts'
import { runCeremony } from '../../src/cli/ceremony/run.ts'
import { custody } from './support/cli.ts'
import { startCore } from './support/core-in-test.ts'
import { makeDestination } from './support/destination.ts'
import { ended, ProductionPlace } from './support/production-place.ts'
import { entriesOf, receiptFor } from './support/run-end.ts'

vi.setConfig({ testTimeout: 180_000 })

let place: ProductionPlace
beforeAll(() => {
  place = new ProductionPlace()
})
afterAll(() => place.remove())
beforeEach(() => place.nextRun())

/** A run on SoftHSM that waits for its officers. */
async function toOpening(): Promise<string> {
  const left = await ended(
    runCeremony(place.plan, place.options({ answers: place.answers(null) }), place.program),
  )
  expect(left).toMatchObject({ exit: 4, json: { waitingFor: ['opening'] } })
  return String((left.json.files as string[])[0])
}

/** Neither a log entry nor a file of the folder's may change; SQLite's own files beside the log are its business. */
function shapeOf(folder: string): unknown {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && !file.name.startsWith('ceremony.db'))
    .map(({ parentPath, name }) => join(parentPath, name))
  return [
    entriesOf(folder).length,
    files.toSorted().map((path) => [path, sha256Hex(new Uint8Array(readFileSync(path)))]),
  ]
}

/** Tokens whose PINs nobody has: asking for one would end the command with another answer. */
const noPins = () => ({ ceremony: place.uri(null), 'ceremony.so': place.uri(null) })

describe('a production run that is resumed while what it awaits has not come', () => {
  test('RESUME-IDLE writes nothing, asks no PIN, and says the same again', async () => {
    const request = await toOpening()
    await ended(resumeCeremony(place.out, { token: noPins() }, place.program))
    const before = shapeOf(place.out)
    for (let time = 0; time < 3; time += 1) {
      const left = await ended(resumeCeremony(place.out, {}, place.program))
      expect(left).toMatchObject({ exit: 4, json: { waitingFor: ['opening'], files: [request] } })
    }
    expect(shapeOf(place.out)).toEqual(before)
  })

  test('RESUME-IDLE judges an answer before it logs in: a refused one is named, and nothing is written', async () => {
    const request = await toOpening()
    place.sign(request, 'Ophelia', true)
    const before = shapeOf(place.out)
    const left = await ended(resumeCeremony(place.out, {}, place.program))
    expect(left).toMatchObject({ exit: 1, json: { code: 'SUBMIT-04', waitingFor: ['opening'] } })
    expect(shapeOf(place.out)).toEqual(before)
    place.sign(request, 'Otto')
    const taken = await ended(resumeCeremony(place.out, {}, place.program))
    expect(taken).toMatchObject({ exit: 1, json: { waitingFor: ['opening'] } })
    expect(readdirSync(join(place.out, 'in', 'taken'))).toEqual([`${basename(request, '.json')}-Otto.json`])
  })

  test('RESUME-IDLE a PIN that nobody is there to type leaves no entry either', async () => {
    const request = await toOpening()
    place.sign(request, 'Otto')
    const before = entriesOf(place.out).length
    const left = await ended(resumeCeremony(place.out, { token: noPins() }, place.program))
    expect(left).toMatchObject({ exit: 4, json: { waitingFor: ['pin'] } })
    expect(entriesOf(place.out).length).toBe(before)
  })

  test('RESUME-IDLE a word that was not given, and a receipt that is not awaited', async () => {
    const answers = place.answers(null, ['clock-check'])
    await ended(runCeremony(place.plan, place.options({ answers }), place.program))
    const before = shapeOf(place.out)
    const left = await ended(resumeCeremony(place.out, { answers }, place.program))
    expect(left).toMatchObject({ exit: 4, json: { step: 'clock-check', waitingFor: ['values'] } })
    writeFileSync(place.file('receipt.json'), '{}')
    const early = await ended(takeReceipt(place.out, place.file('receipt.json'), {}, place.program))
    expect(early).toMatchObject({ exit: 2, json: { code: 'FILE-WRONG-KIND' } })
    expect(shapeOf(place.out)).toEqual(before)
  })
})

test('RESUME-IDLE a rehearsal that waits for the server’s receipt stays as it is, and takes the receipt when it comes', async () => {
  const home = place.file('rehearsal')
  mkdirSync(home)
  const destination = await makeDestination(home)
  const dir = join(home, 'run')
  const script = fileURLToPath(new URL('./support/chain.yaml', import.meta.url))
  const made = await custody([
    'rehearse',
    script,
    '--destination',
    join(home, 'transport.json'),
    '--out',
    dir,
  ])
  expect(made.code).toBe(4)
  const begun = entriesOf(dir).length
  const waits = { exit: 4, json: { waitingFor: ['receipt'] } }
  expect(await ended(resumeCeremony(dir, {}, place.program))).toMatchObject(waits)
  const before = shapeOf(dir)
  expect(await ended(resumeCeremony(dir, {}, place.program))).toMatchObject(waits)
  const other = await receiptFor(dir, destination, (payload) => ({
    ...payload,
    bundleDigest: 'ab'.repeat(32),
  }))
  writeFileSync(join(home, 'other.json'), other)
  expect(await ended(takeReceipt(dir, join(home, 'other.json'), {}, place.program))).toMatchObject({
    exit: 1,
  })
  expect(shapeOf(dir)).toEqual(before)
  expect(entriesOf(dir).length).toBe(begun)
  writeFileSync(join(home, 'receipt.json'), await receiptFor(dir, destination))
  expect(await ended(takeReceipt(dir, join(home, 'receipt.json'), {}, place.program))).toMatchObject({
    exit: 0,
    json: { state: 'Closed' },
  })
  await destination.hsm.close()
  rmSync(home, { recursive: true, force: true })
})

test('RESUME-IDLE a window that is started again and again writes once that it was, and keeps what people were asked', async () => {
  mkdirSync(place.file('store/ceremonies'), { recursive: true })
  const out = place.file('store/ceremonies/run')
  const begun = await ended(
    runCeremony(place.plan, place.options({ out, answers: place.answers(null) }), place.program),
  )
  const asked = (begun.json.files as string[]).map((path) => readFileSync(path))
  const { ceremonyId } = begun.json
  const counts: number[] = []
  for (let time = 0; time < 3; time += 1) {
    const core = await startCore(place.home, place.program)
    expect(await core.call('ceremonies.list', {})).toMatchObject({ ok: true })
    expect(await core.call('ceremonies.view', { id: ceremonyId })).toMatchObject({
      ok: true,
      value: { state: 'paused' },
    })
    await core.stop()
    counts.push(entriesOf(out).length)
  }
  expect(counts[2]).toBe(counts[0])
  const kept = readdirSync(join(out, 'out')).map((name) => readFileSync(join(out, 'out', name)))
  expect(kept).toEqual(asked)
})
