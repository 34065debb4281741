import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findProgram } from '../../src/core/program.ts'
import { type CoreInTest, startCore } from './support/core-in-test.ts'
import { quickKeyChild } from './support/fhe-people.ts'
import { LedRun } from './support/lead-window.ts'
import { verdictOf } from './support/run-end.ts'

/** Their rehearsals copy a token: what an earlier one left logged in must not come between. */
const copying = ['root-vendor', 'replicate-root', 'decommission']

let folder: string
let core: CoreInTest
let unfinished: LedRun
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'history-'))
  core = await startCore(folder, { ...findProgram(), keyChildEntry: quickKeyChild })
  for (const script of copying) {
    const aborted = await LedRun.rehearse(core, script)
    await aborted.toLogIn()
    await aborted.ask('ceremonies.abort', { by: 'Administrator', reason: 'another day' })
    unfinished = await LedRun.rehearse(core, script)
    await unfinished.toLogIn()
  }
})
afterAll(async () => {
  await core?.stop()
  rmSync(folder, { recursive: true, force: true })
})

// The whole table, in a store of more than twenty runs, is history.nightly.ts.
test.each([...copying, 'resharing'])(
  'HISTORY %s rehearses to an accepted bundle beside runs that were aborted, and others that are logged in',
  async (script) => {
    const led = await LedRun.rehearse(core, script)
    const run = await led.toBundle()
    expect(await verdictOf(run.folder)).toBe('accepted')
  },
)

test('HISTORY a run that was left in the middle is still logged in after all that, and ends as well', async () => {
  expect((await unfinished.view()).tokens).toContainEqual(expect.objectContaining({ session: 'user' }))
  const run = await unfinished.toBundle()
  expect(await verdictOf(run.folder)).toBe('accepted')
})
