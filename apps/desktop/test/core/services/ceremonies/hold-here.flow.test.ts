import { mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Result, RunView, TranscriptPage } from '../../../../src/contract/index.ts'
import { openKeyFile } from '../../../../src/core/use-cases/key-file.ts'
import { receiveHere } from '../../../../src/core/use-cases/share-file.ts'
import { passphrase } from '../../../cli/support/people.ts'
import { type CoreInTest, startCore } from '../../support/core-in-test.ts'
import { FhePeople } from '../../support/fhe-people.ts'
import { FheRuns } from '../../support/fhe-runs.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 })

let place: FhePeople
let core: CoreInTest
let run: string
let id: string
beforeAll(async () => {
  place = await FhePeople.gathered()
  const runs = new FheRuns(place)
  place.writePlan('deal', 'threshold-fhe', { holders: ['Hal', 'Ida', 'Jan'] })
  const left = await runs.past('deal', await runs.begin('deal'))
  expect(left).toMatchObject({ exit: 4, json: { waitingFor: ['acknowledgements'] } })
  id = String(left.json.ceremonyId)
  mkdirSync(place.file('store/ceremonies'), { recursive: true })
  run = place.file('store/ceremonies/deal')
  renameSync(place.file('deal'), run)
  core = await startCore(place.home, place.program)
  // A folder that another program made is noted when it is listed.
  expect(await core.call('ceremonies.list', {})).toMatchObject({ ok: true })
})
afterAll(async () => {
  await core?.stop()
  place?.remove()
})

const medium = (name: string) => join(place.home, `${name}.share`)

async function hold(name: string, out: string, key = place.person(name).keyPath): Promise<Result<unknown>> {
  core.grant({ use: 'read', path: key })
  core.grant({ use: 'write', path: out })
  return core.call('ceremonies.holdHere', { id, name, key, passphrase, out })
}

const codeOf = (answer: Result<unknown>) => (answer.ok ? null : answer.error.code)

async function view(): Promise<RunView> {
  const answer = await core.call('ceremonies.view', { id })
  if (!answer.ok) throw new Error(answer.error.detail)
  // This API answers with the run.
  return answer.value as RunView
}

async function proved(): Promise<string[]> {
  const answer = await core.call('transcript.page', { id, offset: 0, limit: 200 })
  if (!answer.ok) throw new Error(answer.error.detail)
  // This API answers with a page.
  const { entries } = answer.value as TranscriptPage
  return entries
    .filter(({ kind, fact }) => kind === 'holder.acknowledged' && fact.includes('"here":true'))
    .map(({ fact }) => String(JSON.parse(fact).name))
}

test('KEY-OF-OTHER FILE-EXISTS nobody proves with the key of another, nor over a file that is there', async () => {
  expect((await view()).paused).toMatchObject({ cause: 'restart', awaits: { from: ['Hal', 'Ida', 'Jan'] } })
  expect(codeOf(await hold('Hal', medium('Hal'), place.person('Ida').keyPath))).toBe('KEY-OF-OTHER')
  expect(codeOf(await hold('Hal', place.file('policy.json')))).toBe('FILE-EXISTS')
  expect(await proved()).toEqual([])
})

test('a holder without a device receives and proves the share in the window, although it was started anew', async () => {
  expect(codeOf(await hold('Hal', medium('Hal')))).toBe(null)
  expect(await proved()).toEqual(['Hal'])
  expect((await view()).paused).toBe(null)
})

test('SHARE-RECEIVED cut off between the share that was kept and the run that heard of it, the same file proves it again', async () => {
  const keyFile = place.person('Ida').keyPath
  const key = await openKeyFile(keyFile, passphrase)
  // All that is done before the run hears of it.
  await receiveHere(run, 2, { key, keyFile, passphrase, out: medium('Ida') })
  expect(await proved()).toEqual(['Hal'])
  expect(codeOf(await hold('Ida', medium('Ida-again')))).toBe('SHARE-RECEIVED')
  expect(codeOf(await hold('Jan', medium('Ida')))).not.toBe(null)
  expect(await proved()).toEqual(['Hal'])
  expect(codeOf(await hold('Ida', medium('Ida')))).toBe(null)
  expect(await proved()).toEqual(['Hal', 'Ida'])
})
