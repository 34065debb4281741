import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Hsm, rootTemplate, softTokenEnvironment, startHsm, type Token } from '@lux/hsm'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { exceptionOutcome, nextForPeople } from '../../src/cli/ceremony/outcome.ts'
import { runParts } from '../../src/cli/ceremony/session.ts'
import { findProgram } from '../../src/core/program.ts'
import { beginRehearsal, startCommand } from '../../src/core/rehearsal/begin-rehearsal.ts'
import { driveRehearsal } from '../../src/core/rehearsal/drive-rehearsal.ts'
import { rehearsalPins } from '../../src/core/rehearsal/rehearsal-pins.ts'
import { readDestination } from '../../src/core/rehearsal/rehearsal-request.ts'
import { loadStandIns } from '../../src/core/rehearsal/stand-ins.ts'
import { firstOfLine } from '../../src/core/runs/effects/context.ts'
import { runOn } from '../../src/core/runs/run/load-run.ts'
import { systemClock, systemEntropy } from '../../src/core/system.ts'
import { type Destination, makeDestination } from './support/destination.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const stranger = '5a'.repeat(16)

let dir: string
let hsm: Hsm
let destination: Destination
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'window-'))
  const soft = softTokenEnvironment(join(dir, 'token'))
  hsm = await startHsm({ ...soft, callTimeoutMs: 60_000, loadTimeoutMs: 60_000 })
  destination = await makeDestination(dir)
})
afterEach(async () => {
  await Promise.all([hsm.close(), destination.hsm.close()])
  rmSync(dir, { recursive: true, force: true })
})

/** The same tokens, but for what `trouble` has in their place. */
function withTrouble(trouble: (token: Token) => Partial<Token>): Hsm {
  const own = (of: object, member: PropertyKey): unknown => {
    const value: unknown = Reflect.get(of, member)
    return typeof value === 'function' ? value.bind(of) : value
  }
  return new Proxy(hsm, {
    get: (of, member) =>
      member === 'token'
        ? (serial: string) => ({ ...of.token(serial), ...trouble(of.token(serial)) })
        : own(of, member),
  })
}

async function begin(tokens: Hsm, destinations: ReturnType<typeof readDestination>[]) {
  const program = findProgram()
  const at = join(dir, 'run')
  const folder = await beginRehearsal({
    folder: at,
    of: { script: new Uint8Array(readFileSync(join(import.meta.dirname, 'support/chain.yaml'))), values: {} },
    destinations,
    library: hsm.library.sha256,
    measurement: program.measurement,
    entropy: systemEntropy,
    clock: systemClock,
    keyChild: { execPath: program.execPath, entry: program.keyChildEntry },
  })
  const parts = runParts(program, tokens, { medium: join(dir, 'medium'), lineage: firstOfLine })
  const run = runOn(folder, parts, () => undefined)
  const standIns = loadStandIns(at)
  expect(run.submit(startCommand(folder, destinations))).toBeNull()
  const options = { standIns, pins: rehearsalPins(at), stopAtSealed: true, now: systemClock.now }
  return { folder, run, drive: () => driveRehearsal(run, options) }
}

test('INVENTORY an object that was planted while the root’s window was open is asked about at once, before the root is used', async () => {
  let planted = false
  const tokens = withTrouble((token) => ({
    async commitTrustedWindow() {
      if (!planted)
        await token.generateAes({ id: stranger, label: 'spare', bits: 256, template: rootTemplate })
      planted = true
      return token.commitTrustedWindow()
    },
  }))
  const { folder, run, drive } = await begin(tokens, [readDestination(join(dir, 'transport.json'))])
  expect(await drive()).toMatchObject({ why: 'exception' })
  const [exception] = run.view().exceptions
  expect(exception).toMatchObject({
    step: 'generate-root',
    expected: 'only objects that the plan names',
    happened: `secret spare ${stranger}`,
    choices: ['retry', 'abort'],
  })
  expect(folder.state.keys).toEqual([])

  const serial = folder.state.tokens.find(({ role }) => role === 'ceremony')?.serial ?? ''
  await hsm.token(serial).destroy({ id: stranger, class: 'secret' })
  expect(run.decide('retry', 'Administrator', 'the object was taken away')).toBeNull()
  expect(await drive()).toMatchObject({ why: 'sealed' })
  expect(folder.state.keys.filter(({ level }) => level === 'root')).toHaveLength(1)
  folder.close()
})

test('DISK-FULL under a step’s own work is an exception that says to free space first, and a retry goes on', async () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  let told = false
  const tokens = withTrouble((token) => ({
    async probe() {
      if (told) return token.probe()
      told = true
      throw full
    },
  }))
  const { folder, run, drive } = await begin(tokens, [])
  expect(await drive()).toMatchObject({ why: 'exception' })
  const [exception] = run.view().exceptions
  expect(exception).toMatchObject({ step: 'probe-token', about: 'failed', choices: ['retry', 'abort'] })
  expect(exception?.happened).toMatch(/^DISK-FULL: ENOSPC/)
  const ended = exceptionOutcome(run.view(), '/run')
  const remedy = /^Free space first, .* Then: custody ceremony resume \/run --decide retry\|abort$/
  expect(ended.json).toMatchObject({ code: 'EXCEPTION-OPEN', remedy: expect.stringMatching(remedy) })
  expect(ended.text).toContain('What to do: Free space first, ')
  expect(nextForPeople(run.view(), { folder: '/run', files: [], unanswered: false })).toEqual([
    expect.stringMatching(/^first: Free space first, /),
    expect.anything(),
    expect.anything(),
  ])

  expect(run.decide('retry', 'Administrator', 'there is room again')).toBeNull()
  expect(await drive()).toMatchObject({ why: 'over' })
  folder.close()
})
