import { copyFileSync, cpSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { resumeCeremony } from '../../src/cli/ceremony/resume.ts'
import type { RunView } from '../../src/contract/index.ts'
import { RunFolder } from '../../src/core/runs/folder/run-folder.ts'
import { type CoreInTest, startCore } from './support/core-in-test.ts'
import { FheDevices } from './support/fhe-devices.ts'
import { FhePeople } from './support/fhe-people.ts'
import { asked, FheRuns } from './support/fhe-runs.ts'
import { ended } from './support/production-place.ts'
import { WindowPerson } from './support/window-person.ts'

vi.setConfig({ testTimeout: 300_000 })

const pins = { so: '13579135', user: '246810' }

let place: FhePeople
let devices: FheDevices
let core: CoreInTest
let person: WindowPerson
let folder: string
let id: string
/** The word of the one who was silent until the epoch could be assembled. */
let jans: string
beforeAll(async () => {
  place = await FhePeople.gathered()
  devices = new FheDevices(place)
  const runs = new FheRuns(place)
  await runs.deal(devices, ['Hal', 'Ida', 'Jan'])
  await runs.planMove('move')
  const first = place.file('deal', 'fhe', 'public.bin')
  const left = await runs.past('move', await runs.begin('move', { public: first }))
  expect(left).toMatchObject({ exit: 4, json: { step: 'approve-epoch' } })
  id = String(left.json.ceremonyId)

  folder = place.file('store', 'ceremonies', 'move')
  mkdirSync(join(folder, '..'), { recursive: true })
  renameSync(place.file('move'), folder)
  await start()
}, 300_000)
afterAll(async () => {
  await core?.stop()
  place?.remove()
})

async function start(): Promise<void> {
  core = await startCore(place.home, place.program)
  // A folder that another program made is noted when it is listed.
  expect(await core.call('ceremonies.list', {})).toMatchObject({ ok: true })
  const signed = (request: string, name: string) => place.signed(request, name)
  person = new WindowPerson({ core, folder: place.home, pins, signed })
}

/** The run as it was before Jan's word, left by a workstation that was switched off. */
async function startAgain(): Promise<void> {
  await core.stop()
  rmSync(folder, { recursive: true })
  cpSync(place.file('before'), folder, { recursive: true })
  await start()
  expect(await view()).toMatchObject({
    state: 'paused',
    unstated: ['Jan'],
    carried: { carried: 1, whole: 2 },
  })
}

async function enterPins(): Promise<void> {
  for (const need of (await view()).current?.needs ?? [])
    if (need.need === 'pin' && !need.taken)
      await person.view('ceremonies.enterPin', { id, token: need.token, user: need.user, pin: pins.user })
}

const view = () => person.view('ceremonies.view', { id })

/** What a holder's own device makes of the request that lies in out/ for it, in a folder of its own. */
async function said(verb: 'approve-epoch' | 'redeal', name: string): Promise<string> {
  const what = verb === 'redeal' ? '-redeal.json' : '-epoch-approval.json'
  const request = readdirSync(join(folder, 'out')).find((file) => file.endsWith(what)) ?? ''
  mkdirSync(place.file(`${verb}-${name}`))
  const out = place.file(`${verb}-${name}`, `${name}.json`)
  expect(await devices.epoch(verb, name, join(folder, 'out', request), out)).toMatchObject({ exit: 0 })
  return out
}

async function at(step: string): Promise<RunView> {
  await vi.waitUntil(async () => {
    const { current } = await view()
    return current?.id === step && current.blocked !== 'machine-works'
  }, 60_000)
  return view()
}

test('EPOCH-02 whoever leads a move in the window is told who has not said what is left, and what that costs', async () => {
  await view()
  await person.take(id, await said('approve-epoch', 'Hal'))
  await enterPins()
  expect(await at('approve-epoch')).toMatchObject({
    unstated: ['Ida', 'Jan'],
    carried: { carried: 0, whole: 2 },
  })
  await person.take(id, await said('approve-epoch', 'Ida'))
  expect(await at('redeal')).toMatchObject({ unstated: ['Jan'], carried: { carried: 1, whole: 2 } })
  for (const name of ['Hal', 'Ida']) await person.take(id, await said('redeal', name))
  const seen = await at('assemble-epoch')
  expect(seen).toMatchObject({
    unstated: ['Jan'],
    carried: { carried: 1, whole: 2 },
    current: { needs: [], mayProceed: true },
  })
  const [group] = seen.statementCommands?.groups ?? []
  expect(group?.who).toEqual(['Jan'])
  const [, request = ''] = /^custody holder approve-epoch run\/(\S+)/.exec(group?.lines[0] ?? '') ?? []
  expect(readdirSync(join(folder, 'out')).map((name) => `out/${name}`)).toContain(request)
})

const heard = { unstated: [], carried: null, statementCommands: null }

test('EPOCH-02 while somebody’s word to assemble the epoch is awaited, a holder’s statement is taken in as a file', async () => {
  cpSync(folder, place.file('before'), { recursive: true })
  jans = await said('approve-epoch', 'Jan')
  expect(await person.take(id, jans)).toMatchObject({
    ...heard,
    current: { id: 'assemble-epoch', mayProceed: true },
  })
})

test('RESUME-IDLE where only a word is awaited behind a pause, a statement is judged before the run resumes with it', async () => {
  await startAgain()
  const again = person.chosen(place.file('approve-epoch-Hal', 'Hal.json'))
  expect(await core.call('ceremonies.submitFile', { id, path: again })).toMatchObject({
    ok: false,
    error: { code: 'SUBMIT-05' },
  })
  expect(await view()).toMatchObject({ state: 'paused', unstated: ['Jan'] })
  expect(await person.take(id, jans)).toMatchObject({ ...heard, paused: null })
})

const stray = { ok: false, error: { code: 'FILE-WRONG-KIND', detail: expect.stringContaining('zz.json') } }

test('EPOCH-02 a file that is no statement is told at Resume and at Proceed, before anything is written, and a statement beside it is taken', async () => {
  await startAgain()
  const file = join(folder, 'in', 'zz.json')
  mkdirSync(join(folder, 'in'), { recursive: true })
  writeFileSync(file, '{}')
  expect(await core.call('ceremonies.resume', { id, by: 'Ada' })).toMatchObject(stray)
  expect(await view()).toMatchObject({ state: 'paused', unstated: ['Jan'] })
  rmSync(file)
  await person.view('ceremonies.resume', { id, by: 'Ada' })
  await enterPins()
  await at('assemble-epoch')
  writeFileSync(file, '{}')
  copyFileSync(jans, join(folder, 'in', 'jan.json'))
  const proceed = { id, step: 'assemble-epoch', by: 'Olga' }
  expect(await core.call('ceremonies.proceed', proceed)).toMatchObject(stray)
  expect(await view()).toMatchObject({ ...heard, current: { id: 'assemble-epoch', mayProceed: true } })
})

test('EPOCH-02 a statement that comes as a file: while only a refused file has come, no PIN is asked and nothing is written', async () => {
  cpSync(place.file('before'), place.file('by-files'), { recursive: true })
  writeFileSync(place.file('by-files', 'in', 'zz.json'), '{}')
  const size = () => {
    const opened = RunFolder.open(place.file('by-files'))
    const { state } = opened
    opened.close()
    return state.size
  }
  const before = size()
  const left = await ended(
    resumeCeremony(place.file('by-files'), { answers: place.answers('move', null) }, place.program),
  )
  expect(left).toMatchObject({
    exit: 1,
    json: { code: 'FILE-WRONG-KIND', step: 'assemble-epoch', waitingFor: ['confirm'] },
  })
  expect(asked(left).some((name) => name.endsWith('-epoch-approval.json'))).toBe(true)
  expect(size()).toBe(before)
})

test('RESUME-IDLE a statement that was put into the run’s folder by hand is taken by Resume, where only a word is awaited', async () => {
  await startAgain()
  mkdirSync(join(folder, 'in'), { recursive: true })
  copyFileSync(jans, join(folder, 'in', 'jan.json'))
  expect(await person.view('ceremonies.resume', { id, by: 'Ada' })).toMatchObject({ ...heard, paused: null })
  expect(readdirSync(join(folder, 'in', 'taken'))).toContain('jan.json')
  await enterPins()
  await at('assemble-epoch')
  await person.view('ceremonies.proceed', { id, step: 'assemble-epoch', by: 'Olga' })
  expect(await at('acknowledge-next')).toMatchObject(heard)
})
