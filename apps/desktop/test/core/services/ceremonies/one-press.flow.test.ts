import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ScriptView } from '../../../../src/contract/index.ts'
import { findProgram } from '../../../../src/core/program.ts'
import { filledIn, firstMissing } from '../../../../src/renderer/components/fields.tsx'
import { type CoreInTest, startCore } from '../../support/core-in-test.ts'

const program = findProgram()
const names = readdirSync(join(program.resources, 'scripts')).map((file) => file.replace('.yaml', ''))
const folder = mkdtempSync(join(tmpdir(), 'lux-press-'))
let core: CoreInTest

beforeAll(async () => {
  core = await startCore(folder, program)
})
afterAll(async () => {
  await core.stop()
  rmSync(folder, { recursive: true })
})

test.each(names)('one press starts a rehearsal of %s, with the form as it stands', async (script) => {
  const listed = await core.call('ceremonies.scripts', {})
  // The shape that core's own contract gives it.
  const scripts = listed.ok ? (listed.value as { scripts: ScriptView[] }).scripts : []
  const fields = scripts.find(({ id }) => id === script)?.fields ?? []
  expect(fields.map(({ name }) => name)).toContain('title')
  expect(firstMissing(fields, {})).toBe(null)
  const started = await core.call('ceremonies.startRehearsal', { script, values: filledIn(fields, {}) })
  expect(started).toEqual({ ok: true, value: { id: expect.stringMatching(/^[0-9a-f]{32}$/) } })
  const { id } = started.ok ? Object(started.value) : { id: '' }
  expect(await core.call('ceremonies.view', { id })).toMatchObject({
    ok: true,
    value: { domain: 'rehearsal', current: { number: 1, mayProceed: true } },
  })
})

test('STEP-05 in the window too a clock that differs by more than five minutes stops the run until officers sign what is decided', async () => {
  const started = await core.call('ceremonies.startRehearsal', { script: 'first-run', values: {} })
  const { id } = started.ok ? Object(started.value) : { id: '' }
  await core.call('ceremonies.proceed', { id, step: 'roll-call', by: 'Administrator' })
  const read = (time: number, readAt?: string) => {
    const values = { 'wall-clock': new Date(time).toISOString() }
    const input = readAt === undefined ? { values } : { values, readAt }
    return core.call('ceremonies.proceed', { id, step: 'clock-check', by: 'Witness One', input })
  }
  const off = Date.now() - 20 * 60_000
  // What was read long before it is sent is a clock that differs, whatever the window says: the entry's own time is later.
  expect(await read(off, new Date(off).toISOString())).toMatchObject({
    ok: true,
    value: { state: 'exception', exception: { code: 'STEP-05', decisions: ['continue', 'abort'] } },
  })
  expect(await read(Date.now())).toMatchObject({ ok: false, error: { code: 'RUN-06' } })
  const reason = 'the clock on the wall stands still'
  const decided = { id, by: 'Operator', decision: 'continue', reason }
  expect(await core.call('ceremonies.decide', decided)).toMatchObject({ ok: true })
  for (const name of ['Officer One', 'Officer Two'])
    expect(await core.call('ceremonies.signAsStandIn', { id, what: 'exception', name })).toMatchObject({
      ok: true,
    })
  const remark = { kind: 'deviation', step: 'clock-check', decided: 'continue' }
  expect(await core.call('ceremonies.view', { id })).toMatchObject({
    ok: true,
    value: { current: { number: 2 }, remarks: [remark] },
  })
  expect(await read(off)).toMatchObject({ ok: true, value: { current: { number: 3 } } })
})
