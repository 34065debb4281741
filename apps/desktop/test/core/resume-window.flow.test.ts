import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { runCeremony } from '../../src/cli/ceremony/run.ts'
import type { RunView, TranscriptPage } from '../../src/contract/index.ts'
import { type CoreInTest, startCore } from './support/core-in-test.ts'
import { ended, ProductionPlace } from './support/production-place.ts'

vi.setConfig({ testTimeout: 120_000 })

let place: ProductionPlace
let core: CoreInTest
let out: string
let id: string
let request: string
beforeAll(() => {
  place = new ProductionPlace()
})
afterAll(() => place.remove())
beforeEach(async () => {
  place.nextRun()
  mkdirSync(place.file('store/ceremonies'), { recursive: true })
  out = place.file(`store/ceremonies/${basename(place.out)}`)
  const left = await ended(
    runCeremony(place.plan, place.options({ out, answers: place.answers(null) }), place.program),
  )
  expect(left).toMatchObject({ exit: 4, json: { waitingFor: ['opening'] } })
  id = String(left.json.ceremonyId)
  core = await startCore(place.home, place.program)
  // A folder that another program made is noted when it is listed.
  expect(await core.call('ceremonies.list', {})).toMatchObject({ ok: true })
  const [need] = (await view()).current?.needs ?? []
  request = need?.need === 'sign' ? need.file : ''
})
afterEach(() => core.stop())

async function view(): Promise<RunView> {
  const answer = await core.call('ceremonies.view', { id })
  if (!answer.ok) throw new Error(answer.error.code)
  // This API answers with the run.
  return answer.value as RunView
}

async function page(): Promise<TranscriptPage['entries']> {
  const answer = await core.call('transcript.page', { id, offset: 0, limit: 200 })
  if (!answer.ok) throw new Error(answer.error.code)
  // This API answers with a page.
  return (answer.value as TranscriptPage).entries
}

/** Kinds of all entries so far. */
const entries = async (): Promise<string[]> => (await page()).map(({ kind }) => kind)

const resume = () => core.call('ceremonies.resume', { id, by: 'Ada' })

function chosen(name: string, spoilt = false): string {
  const path = place.file(`answer-of-${name}.json`)
  writeFileSync(path, place.signed(request, name, spoilt))
  core.grant({ use: 'read', path })
  return path
}

test('RESUME-IDLE the window says from whom a file is awaited and where it goes, and Resume writes nothing before', async () => {
  const seen = await view()
  expect(seen).toMatchObject({
    state: 'paused',
    paused: {
      awaits: { from: ['Otto', 'Ophelia'], where: join(out, 'in'), vendor: false, come: false },
    },
    current: { needs: [{ need: 'sign', what: 'opening', file: request }], blocked: 'paused' },
  })
  const before = (await entries()).length
  for (let time = 0; time < 2; time += 1)
    expect(await resume()).toMatchObject({
      ok: false,
      error: { code: 'RESUME-NOTHING', detail: 'opening: Otto, Ophelia' },
    })
  expect((await entries()).length).toBe(before)
  expect(await view()).toEqual(seen)
})

test('RESUME-IDLE an answer is judged before the run resumes with it; the PIN is asked after that', async () => {
  const before = (await entries()).length
  const wrong = await core.call('ceremonies.submitFile', { id, path: chosen('Ophelia', true) })
  expect(wrong).toMatchObject({ ok: false, error: { code: 'SUBMIT-04' } })
  expect((await entries()).length).toBe(before)
  const right = await core.call('ceremonies.submitFile', { id, path: chosen('Otto') })
  expect(right).toMatchObject({
    ok: true,
    value: { paused: null, current: { needs: [{ need: 'pin', user: 'user', taken: false }] } },
  })
  expect((await entries()).slice(before)).toEqual(['run.resumed', 'signature.accepted'])
  // Nobody pressed Resume, so nobody is named.
  expect((await page())[before]?.fact).toContain('"by":"machine"')
  expect(await core.call('ceremonies.submitFile', { id, path: chosen('Ophelia') })).toMatchObject({
    ok: true,
  })
})

test('RESUME-IDLE what was put into the run’s folder by hand is taken by Resume, and what is wrong there is named', async () => {
  const box = join(out, 'in')
  mkdirSync(box, { recursive: true })
  writeFileSync(join(box, 'ophelia.json'), place.signed(request, 'Ophelia', true))
  const before = (await entries()).length
  const refused = await resume()
  expect(refused).toMatchObject({ ok: false, error: { code: 'SUBMIT-04' } })
  expect(JSON.stringify(refused)).toContain('ophelia.json')
  expect((await entries()).length).toBe(before)
  writeFileSync(join(box, 'otto.json'), place.signed(request, 'Otto'))
  expect(await view()).toMatchObject({ paused: { awaits: { come: true } } })
  expect(await resume()).toMatchObject({ ok: true, value: { paused: null } })
  expect(readdirSync(join(box, 'taken'))).toEqual(['otto.json'])
})
