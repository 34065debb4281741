import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkpointCodec } from '@lux/ceremony/transcript'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { abortCeremony } from '../../src/cli/ceremony/abort.ts'
import { FheDevices } from './support/fhe-devices.ts'
import { FhePeople } from './support/fhe-people.ts'
import { asked, FheRuns } from './support/fhe-runs.ts'
import { ended } from './support/production-place.ts'

vi.setConfig({ testTimeout: 300_000 })

const holders = ['Hal', 'Ida', 'Jan']

let place: FhePeople
let devices: FheDevices
let runs: FheRuns
let first = ''
beforeAll(async () => {
  place = await FhePeople.gathered()
  devices = new FheDevices(place)
  runs = new FheRuns(place)
  first = place.file('deal', 'fhe', 'public.bin')
}, 60_000)
afterAll(() => place.remove())

const refusedBy = (code: string) => ({ exit: 1, json: { code } })
const at = (run: string, ...names: string[]) => place.file(run, ...names)

const lines = (run: string) => readFileSync(join(run, 'transcript.jsonl'), 'utf8').split(/(?<=\n)/)
/** What a copy of an aborted run must not get away with. */
const spoilings: readonly [string, (run: string) => void][] = [
  ['shorter', (run) => writeFileSync(join(run, 'transcript.jsonl'), lines(run).slice(0, -1).join(''))],
  [
    'changed',
    (run) =>
      writeFileSync(
        join(run, 'transcript.jsonl'),
        lines(run).join('').replace('"reason":"a complaint"', '"reason":"no complaint"'),
      ),
  ],
  ['no-checkpoints', (run) => rmSync(join(run, 'checkpoints'), { recursive: true })],
  [
    'one-witness',
    (run) => {
      const [name = ''] = readdirSync(join(run, 'checkpoints'))
      const path = join(run, 'checkpoints', name)
      const file = checkpointCodec.file.parse(new Uint8Array(readFileSync(path)))
      if (!file.ok) throw new Error(file.detail)
      const { payload, signatures } = file.value
      writeFileSync(path, checkpointCodec.file.encode({ payload, signatures: signatures.slice(0, 1) }))
    },
  ],
]

describe('an approval in production, people on files', () => {
  test('FHE-PRODUCTION a key is dealt, and there is something to ask of its holders', async () => {
    await runs.deal(devices, holders)
    await devices.encrypt('deal', 'first.bin', 66n, 'u8', 'encrypt 1.0')
  })

  test('HOLDER-LEAVING, EPOCH-LOG: an approval is taken back where the run was aborted, on its whole log and the close-out of its ceremony key alone', async () => {
    await runs.planMove('given-up', { nextKind: 'refresh', nextHolders: holders })
    const left = await runs.past('given-up', await runs.begin('given-up', { public: first }))
    const approval = at('given-up', 'in', 'epoch-3.json')
    expect(await devices.epoch('approve-epoch', 'Jan', asked(left)[0]!, approval)).toMatchObject({ exit: 0 })
    const other = runs.reopened('given-up', 'at-once', (plan) =>
      plan.replace(/^title: .*$/m, 'title: at once'),
    )
    for (const verb of ['approve-epoch', 'redeal'])
      expect(
        await devices.epoch(verb, 'Jan', asked(left)[0]!, place.file('never.json'), '--run', other),
      ).toMatchObject({ exit: 1, json: { code: 'HOLDER-LEAVING', remedy: expect.stringContaining('keep') } })
    expect(
      await devices.epoch('approve-epoch', 'Jan', asked(left)[0]!, place.file('again.json')),
    ).toMatchObject({ exit: 0 })
    const question = await devices.request(first, 'first.bin', 'still the old one', true)
    const answer = (out: string) => devices.answer('Jan.0', question, 'first.bin', place.file(out))
    expect(await answer('never.json')).toMatchObject(refusedBy('HOLDER-LEAVING'))
    expect(await devices.end('keep', 'Jan.0', at('given-up'))).toMatchObject({
      exit: 2,
      json: { code: 'FILE-MISSING' },
    })
    const given = await ended(abortCeremony(at('given-up'), { reason: 'a complaint' }, place.program))
    expect(given).toMatchObject({ exit: 0, json: { state: 'Aborted' } })
    for (const [what, spoil] of spoilings) {
      const spoilt = runs.copyOf('given-up', `given-up-${what}`)
      spoil(spoilt)
      expect([what, (await devices.end('keep', 'Jan.0', spoilt)).json]).toMatchObject([
        what,
        { code: what === 'one-witness' ? 'QUORUM-SHORT' : 'EPOCH-LOG' },
      ])
    }
    expect(await devices.end('keep', 'Jan.0', at('given-up'))).toMatchObject({
      exit: 0,
      json: { state: 'kept' },
    })
    expect(await answer('jan.json')).toMatchObject({ exit: 0, json: { spent: 4 } })
  })

  test('HOLDER-LEAVING an approval is of one run: one that the same plan is begun in again neither goes by it nor is given up by the end of the first', async () => {
    const approve = (run: string, out: string) =>
      devices.epoch('approve-epoch', 'Ida', runs.epochRequest(run), place.file(out))
    expect(await approve('given-up', 'ida.json')).toMatchObject({ exit: 0 })
    runs.planAgain('given-up', 'again')
    await runs.past('again', await runs.begin('again', { public: first }))
    for (const verb of ['approve-epoch', 'redeal'])
      expect(
        await devices.epoch(verb, 'Ida', runs.epochRequest('again'), place.file('never.json')),
      ).toMatchObject(refusedBy('HOLDER-LEAVING'))
    expect(await devices.end('keep', 'Ida.0', at('given-up'))).toMatchObject({ json: { state: 'kept' } })
    const second = await approve('again', 'ida-again.json')
    expect(second).toMatchObject({ exit: 0 })
    const { planHash } = JSON.parse(readFileSync(place.file('ida.json'), 'utf8')).payload
    expect(second.json).toMatchObject({ planHash })
    expect(await devices.end('keep', 'Ida.0', at('given-up'))).toMatchObject(refusedBy('HOLDER-LEAVING'))
    const question = await devices.request(first, 'first.bin', 'counted for the new ones', true)
    expect(await devices.answer('Ida.0', question, 'first.bin', place.file('never.json'))).toMatchObject(
      refusedBy('HOLDER-LEAVING'),
    )
  })
})
