import { spawnSync } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { peekBundle } from '@lux/ceremony/bundle'
import { type Card, cardCodec } from '@lux/ceremony/wire'
import { sha256Hex, toHex } from '@lux/crypto'
import { parsePublic } from '@lux/crypto/fhe'
import { fileReader } from '@lux/node-files'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { FheDevices } from './support/fhe-devices.ts'
import { FhePeople } from './support/fhe-people.ts'
import { FheRuns } from './support/fhe-runs.ts'
import { verdictOf } from './support/run-end.ts'

// Part of `npm run interop`, which builds the evaluator: a key of mode S is made, dealt, computed with and opened in production,
// nothing frozen and nobody standing in. Minutes, 331 MB of server key and 3 GB of memory.

vi.setConfig({ testTimeout: 60 * 60_000, hookTimeout: 5 * 60_000 })

const evaluator = process.env.LUX_EVALUATOR ?? ''
const encryptor = fileURLToPath(new URL('../../../../examples/fhe-evaluator/encrypt.ts', import.meta.url))
const domain = 'production'

let place: FhePeople
let devices: FheDevices
let runs: FheRuns
beforeAll(async () => {
  place = await FhePeople.gathered({}, { Eva: enrolEvaluator, Enno: enrolEncryptor })
  devices = new FheDevices(place)
  runs = new FheRuns(place)
})
afterAll(() => place.remove())

function ran(program: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${args[0]} ended with ${status}: ${stderr}`)
}

function cardAt(path: string): Card {
  const card = cardCodec.parse(new Uint8Array(readFileSync(path)))
  if (!card.ok) throw new Error(card.detail)
  return card.value
}

function enrolEvaluator(home: string): Card {
  const [key, card] = [`${home}/native.key`, `${home}/native.json`] as const
  ran(evaluator, 'enrol', 'Eva', domain, key, card)
  return cardAt(card)
}

function enrolEncryptor(home: string): Card {
  const [key, card] = [`${home}/intake.key`, `${home}/intake.json`] as const
  ran(process.execPath, encryptor, 'enrol', 'Enno', domain, key, card)
  return cardAt(card)
}

/** The reference string that the bundle names. */
async function stringOf(bundle: string): Promise<string> {
  const reader = fileReader(bundle)
  const peeked = await peekBundle(reader)
  reader.close()
  return (peeked.ok && peeked.value.predicate.fhe?.crs) || ''
}

function step<T>(what: string, began: number, value: T): T {
  process.stdout.write(`production: ${what}: ${((performance.now() - began) / 1000).toFixed(1)} s\n`)
  return value
}

test('FHE-PRODUCTION a fresh key of mode S is dealt with a reference string, native tfhe-rs admits what is signed and what is proven, computes, and holders open what it squashed', async () => {
  let began = performance.now()
  await runs.deal(devices, ['Hal', 'Ida', 'Jan'], { fheMode: 'S', fheSquash: true, fheInputs: 'proven' })
  step('ceremony, from roll call to closed', began, null)
  expect(await verdictOf(place.file('deal'))).toBe('accepted')
  const fhe = (name: string) => place.file('deal', 'fhe', name)
  const { header } = parsePublic(new Uint8Array(readFileSync(fhe('public.bin'))))
  const keyId = toHex(header.keyId)
  expect(statSync(fhe('server-key.bin')).size).toBeGreaterThan(300_000_000)
  const crs = { file: fhe('crs.bin'), sha256: await stringOf(place.file('deal', 'bundle.zip')) }
  expect(sha256Hex(new Uint8Array(readFileSync(crs.file)))).toBe(crs.sha256)

  began = performance.now()
  const inputs = place.file('salaries.bin')
  const values = ['u64:5200', 'u64:4100']
  ran(
    ...([process.execPath, encryptor, 'encrypt', place.file('intake.key'), domain, keyId] as const),
    ...[fhe('compact-public-key.bin'), inputs, ...values],
  )
  step('encrypted and signed', began, null)
  began = performance.now()
  const vote = place.file('vote-17.bin')
  ran(
    ...([process.execPath, encryptor, 'prove', crs.file, 'station-17', keyId] as const),
    ...[fhe('compact-public-key.bin'), vote, 'u64:33'],
  )
  step('encrypted and proven', began, null)
  began = performance.now()
  const written = (name: string, value: object) => {
    writeFileSync(place.file(name), JSON.stringify(value))
    return place.file(name)
  }
  const config = written('config.json', {
    v: 1,
    domain,
    keyId,
    crs,
    encryptors: ['intake.json'],
    identity: 'native.key',
    compactPublicKey: fhe('compact-public-key.bin'),
    serverKey: fhe('server-key.bin'),
  })
  const jobOf = (submitter: string) => ({
    v: 1,
    program: 'sum of salaries 1',
    inputs: [
      {
        file: 'salaries.bin',
        signature: 'salaries.bin.signed.json',
        values: ['a', 'b'].map((name) => ({ name, kind: 'u64' })),
      },
      { file: 'vote-17.bin', submitter, values: [{ name: 'c', kind: 'u64' }] },
    ],
    steps: [
      { name: 'both', operation: 'add', of: ['a', 'b'] },
      { name: 'sum', operation: 'add', of: ['both', 'c'] },
    ],
    outputs: ['sum'],
  })
  const stolen = written('stolen.json', jobOf('station-18'))
  expect(() => ran(evaluator, 'run', config, stolen, place.file('never'))).toThrow(
    'ADMIT-PROOF: the proof does not verify',
  )
  step('a proof handed in by somebody else refused', began, null)
  began = performance.now()
  ran(evaluator, 'run', config, written('job.json', jobOf('station-17')), place.file('results'))
  step('admitted, added, squashed and signed', began, null)

  began = performance.now()
  const [sum, provenance] = ['results/sum.squashed.bin', 'results/sum.provenance.json']
  const question = await devices.request(fhe('public.bin'), sum, 'the sum', true, provenance)
  for (const name of ['Hal', 'Ida', 'Jan']) {
    const answer = await devices.answer(`${name}.0`, question, sum, place.file(`${name}.answer.json`))
    expect(answer).toMatchObject({ exit: 0, json: { spent: 16, left: { at64: 0, at128: 984 } } })
  }
  const sealed = ['Hal', 'Ida', 'Jan'].map((name) => place.file(`${name}.answer.age`))
  const policy = ['--request', question, '--policy', place.file('policy.json')]
  const combined = await devices.combine(fhe('public.bin'), sum, sealed, ...policy)
  step('requested, approved, answered by three holders, combined', began, null)
  expect(combined).toMatchObject({
    exit: 0,
    json: { type: 'u64', value: '9333', verified: 1, cheaters: [], claim: 'verified against any 1' },
  })
  process.stdout.write(`production: sum = ${combined.json.value} (u64), ${combined.json.claim}\n`)
})
