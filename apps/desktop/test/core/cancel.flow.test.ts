import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Hsm, softTokenEnvironment, startHsm } from '@lux/hsm'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { runParts } from '../../src/cli/ceremony/session.ts'
import { findProgram } from '../../src/core/program.ts'
import { beginRehearsal, startCommand } from '../../src/core/rehearsal/begin-rehearsal.ts'
import { driveRehearsal } from '../../src/core/rehearsal/drive-rehearsal.ts'
import { rehearsalPins } from '../../src/core/rehearsal/rehearsal-pins.ts'
import { loadStandIns } from '../../src/core/rehearsal/stand-ins.ts'
import { firstOfLine } from '../../src/core/runs/effects/context.ts'
import { runOn } from '../../src/core/runs/run/load-run.ts'
import type { Run } from '../../src/core/runs/run/run.ts'
import { systemClock, systemEntropy } from '../../src/core/system.ts'

vi.setConfig({ testTimeout: 60_000 })

let dir: string
let hsm: Hsm
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cancel-'))
  const soft = softTokenEnvironment(join(dir, 'token'))
  hsm = await startHsm({ library: soft.library, environment: soft.environment })
})
afterEach(async () => {
  await hsm.close()
  rmSync(dir, { recursive: true, force: true })
})

async function begin(
  changed: (run: Run) => void,
): Promise<{ run: Run; drive: () => Promise<{ why: string }> }> {
  const program = findProgram()
  const script = new Uint8Array(readFileSync(join(program.resources, 'scripts', 'first-run.yaml')))
  const folder = await beginRehearsal({
    folder: dir,
    of: { script, values: {} },
    destinations: [],
    library: hsm.library.sha256,
    measurement: program.measurement,
    entropy: systemEntropy,
    clock: systemClock,
    keyChild: { execPath: program.execPath, entry: program.keyChildEntry },
  })
  const run: Run = runOn(
    folder,
    runParts(program, hsm, { medium: join(dir, 'medium'), lineage: firstOfLine }),
    () => changed(run),
  )
  const standIns = loadStandIns(dir)
  expect(run.submit(startCommand(folder, []))).toBeNull()
  const options = { standIns, pins: rehearsalPins(dir), stopAtSealed: true, now: systemClock.now }
  return { run, drive: () => driveRehearsal(run, options) }
}

test('Cancel ends the making of a threshold key; the run waits for a decision and a retry makes another', async () => {
  let cancelled = false
  const { run, drive } = await begin((one) => {
    // Once the child has said how far it is, it is at work.
    if (cancelled || !one.cancellable || (one.work?.fraction ?? 0) <= 0.1) return
    cancelled = true
    one.cancel()
  })
  expect(await drive()).toMatchObject({ why: 'exception' })
  const [exception] = run.view().exceptions
  expect(exception).toMatchObject({ step: 'deal-shares', choices: ['retry', 'abort'] })
  expect(exception?.happened).toContain('KEY-CHILD-CANCELLED')
  expect(run.folder.state.fhe).toBeNull()
  expect(cancelled).toBe(true)
  expect(run.decide('retry', 'Administrator', 'it was cancelled')).toBeNull()
  expect(run.view().needs).toMatchObject({ kind: 'signatures', what: 'exception', stillNeeded: 2 })
  expect(await drive()).toMatchObject({ why: 'over' })
  expect(run.folder.state.fhe?.shares.length).toBe(3)
  run.folder.close()
})

test('Cancel ends the writing of the bundle; nothing of it is left, and a retry writes it', async () => {
  const told: number[] = []
  let cancelled = false
  const { run, drive } = await begin((one) => {
    if (one.work?.what !== 'write-bundle' || one.work.fraction === null) return
    told.push(one.work.fraction)
    // In the second half it is verified as anybody would.
    if (cancelled || !one.cancellable || one.work.fraction <= 0.5) return
    cancelled = true
    one.cancel()
  })
  expect(await drive()).toMatchObject({ why: 'exception' })
  expect(told).toEqual(told.toSorted((a, b) => a - b))
  const [exception] = run.view().exceptions
  expect(exception).toMatchObject({ step: 'seal', choices: ['retry', 'abort'] })
  expect(exception?.happened).toContain('WORK-CANCELLED')
  expect(readdirSync(dir).filter((name) => name.startsWith('bundle.zip'))).toEqual([])
  expect(run.decide('retry', 'Administrator', 'it was cancelled')).toBeNull()
  expect(await drive()).toMatchObject({ why: 'over' })
  expect(run.folder.state.base).toBe('Sealed')
  run.folder.close()
})

test('a PIN that was typed and not used is gone once its step is over', async () => {
  const { run } = await begin(() => undefined)
  run.enterPin('ceremony', 'user', new Uint8Array([49, 50, 51, 52]))
  expect(run.hasPin('ceremony', 'user')).toBe(true)
  run.interrupted('a test')
  expect(run.hasPin('ceremony', 'user')).toBe(false)
  run.folder.close()
})
