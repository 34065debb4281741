import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CeremonySummary } from '../../src/contract/index.ts'
import { findProgram } from '../../src/core/program.ts'
import { type CoreInTest, startCore } from './support/core-in-test.ts'
import { LedRun } from './support/lead-window.ts'
import { verdictOf } from './support/run-end.ts'

const program = findProgram()
const scripts = readdirSync(join(program.resources, 'scripts')).map((file) => file.replace(/\.yaml$/, ''))
/** Quick to lead, and between them every way to a token: new, taken as it is, attested, copied, wrapped to. */
const earlier = [
  ...['token-initialisation', 'officer-change', 'attested-root', 'root-several'],
  ...['decommission', 'replicate-root', 'root-vendor'],
]

let folder: string
let core: CoreInTest
const unfinished: LedRun[] = []

/** A store as people have it: runs that ended, that were aborted, that were left; and the program was started again in between. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'history-'))
  core = await startCore(folder, program)
  for (const script of earlier) {
    await (await LedRun.rehearse(core, script)).toBundle()
    const aborted = await LedRun.rehearse(core, script)
    await aborted.toLogIn()
    await aborted.ask('ceremonies.abort', { by: 'Administrator', reason: 'another day' })
    // The next start finds it paused.
    await (await LedRun.rehearse(core, script)).toLogIn()
  }
  await core.stop()
  core = await startCore(folder, program)
  for (const script of ['token-initialisation', 'decommission']) {
    const led = await LedRun.rehearse(core, script)
    await led.toLogIn()
    unfinished.push(led)
  }
  const listed = await core.call('ceremonies.list', {})
  // This API answers with the list.
  const { ceremonies } = (listed.ok ? listed.value : {}) as { ceremonies: CeremonySummary[] }
  expect(ceremonies.length).toBeGreaterThan(20)
})
afterAll(async () => {
  await core?.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('HISTORY these are all scripts', () => {
  expect(scripts).toHaveLength(22)
})

test.each(scripts)('HISTORY %s rehearses to an accepted bundle in a store of twenty runs', async (script) => {
  const led = await LedRun.rehearse(core, script)
  const run = await led.toBundle()
  expect(await verdictOf(run.folder)).toBe('accepted')
})

test('HISTORY the runs that were left in the middle are still logged in after all that, and end as well', async () => {
  for (const led of unfinished) {
    expect((await led.view()).tokens).toContainEqual(expect.objectContaining({ session: 'user' }))
    const run = await led.toBundle()
    expect(await verdictOf(run.folder)).toBe('accepted')
  }
})
