import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { utf8 } from '@lux/crypto'
import { type Hsm, rootTemplate, softTokenEnvironment, startHsm } from '@lux/hsm'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { runOutcome } from '../../src/cli/ceremony/outcome.ts'
import { runParts } from '../../src/cli/ceremony/session.ts'
import { findProgram } from '../../src/core/program.ts'
import { beginRehearsal, startCommand } from '../../src/core/rehearsal/begin-rehearsal.ts'
import { driveRehearsal } from '../../src/core/rehearsal/drive-rehearsal.ts'
import { rehearsalPins } from '../../src/core/rehearsal/rehearsal-pins.ts'
import { actAsStandIn } from '../../src/core/rehearsal/stand-in-act.ts'
import { makeStandInTokens } from '../../src/core/rehearsal/stand-in-tokens.ts'
import { loadStandIns } from '../../src/core/rehearsal/stand-ins.ts'
import { firstOfLine } from '../../src/core/runs/effects/context.ts'
import { writeRequests } from '../../src/core/runs/exchange/outbox.ts'
import { vendorWorkAt } from '../../src/core/runs/exchange/vendor-procedure.ts'
import { runOn } from '../../src/core/runs/run/load-run.ts'
import type { Run } from '../../src/core/runs/run/run.ts'
import { runViewOf } from '../../src/core/services/run-view/run-view.ts'
import { systemClock, systemEntropy } from '../../src/core/system.ts'

vi.setConfig({ testTimeout: 60_000 })

let dir: string
let hsm: Hsm
let run: Run
/** Serials of the two tokens, and the file of the root in the first one's store. */
let home: string
let spare: string
let rootFile: string
const step = 'replicate-root'
const operator = 'Operator'

const folderOf = (serial: string): string => {
  const tokens = join(dir, 'token', 'tokens')
  return join(tokens, readdirSync(tokens).find((name) => name.replaceAll('-', '').endsWith(serial))!)
}

/** A rehearsal on two real soft tokens, stopped where people turn to the vendor's tool. */
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'replicate-'))
  const soft = softTokenEnvironment(join(dir, 'token'))
  hsm = await startHsm({ library: soft.library, environment: soft.environment })
  const program = findProgram()
  const script = new Uint8Array(readFileSync(join(program.resources, 'scripts', 'replicate-root.yaml')))
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
  run = runOn(
    folder,
    runParts(program, hsm, { medium: join(dir, 'medium'), lineage: firstOfLine }),
    () => undefined,
  )
  const tokens = await makeStandInTokens(folder.plan, hsm, rehearsalPins(dir))
  ;[home = '', spare = ''] = tokens.map(({ serial }) => serial)
  const objects = readdirSync(folderOf(home)).filter((name) => /^[0-9a-f-]+\.object$/.test(name))
  expect(objects).toHaveLength(1)
  rootFile = objects[0]!
  expect(run.submit({ ...startCommand(folder, []), tokens })).toBeNull()
  await expect(drive(step)).rejects.toThrow(`at ${step}`)
})
afterEach(async () => {
  run.folder.close()
  await hsm.close()
  rmSync(dir, { recursive: true, force: true })
})

/** Everybody's part is played, up to a step. */
function drive(until: string) {
  return driveRehearsal(run, {
    standIns: loadStandIns(dir),
    pins: rehearsalPins(dir),
    stopAtSealed: true,
    now: systemClock.now,
    onStep: ({ current }) => {
      if (current === until) throw new Error(`at ${until}`)
    },
  })
}

/** The person says that the vendor's commands were run, and types the other token's PIN. */
async function goOn(pin = rehearsalPins(dir).user): Promise<void> {
  run.enterPin('spare', 'user', utf8(pin))
  await run.pump()
  expect(run.proceed(step, operator, { 'vendor-record': 'log 7' })).toBeNull()
  await run.pump()
}

/** What cloning does, by a program that knows nothing of ours. */
function clone(): void {
  const to = folderOf(spare)
  const lock = rootFile.replace(/object$/, 'lock')
  for (const args of [
    ['cp', join(folderOf(home), rootFile), join(to, rootFile)],
    ['touch', join(to, lock)],
  ])
    expect(spawnSync(args[0]!, args.slice(1)).status).toBe(0)
}

async function retry(): Promise<void> {
  const standIns = loadStandIns(dir)
  expect(run.decide('retry', operator, 'the vendor’s tool is run now')).toBeNull()
  for (const name of ['Officer One', 'Officer Two'])
    await actAsStandIn(run, standIns, { what: 'exception', name, now: systemClock.now() })
  await run.pump()
}

describe('a root that the vendor’s tool brings into another token', () => {
  test('is shown to people in the window, on the command line and as a file, with the names of this run', async () => {
    const view = run.view()
    const command = `partition clone -objects HANDLE -slot SLOT-OF-${spare}`
    const files = writeRequests(run.folder, view)
    expect(JSON.parse(readFileSync(files[0]!, 'utf8'))).toMatchObject({
      kind: 'pin-request',
      names: [operator],
      vendor: { key: 'root-kek', from: home, to: spare, steps: [{}, {}, {}, {}, { command }] },
    })
    const vendor = vendorWorkAt(run.folder)
    expect(runOutcome(view, dir, { files, refused: [], vendor }).text).toContain(`     ${command}\n`)
    const shown = runViewOf(run, {
      standIns: new Set(),
      tokens: await hsm.tokens(),
      requests: files,
      padMs: hsm.padDeadlineMs,
    }).current
    expect(shown?.procedure.at(-1)).toMatchObject({ id: 'luna-clone', command })
    expect(shown?.facts).toContainEqual({ name: 'to-token', value: spare, form: 'code' })
  })

  test('is refused while the other token lacks it, and taken once a copy made outside has put it there', async () => {
    await goOn()
    const [exception] = run.view().exceptions
    expect(exception).toMatchObject({ step, about: 'failed', choices: ['retry', 'abort'] })
    expect(exception?.happened).toMatch(/^HSM-KEY-ABSENT: /)
    expect(run.folder.state.replicas).toEqual([])

    await retry()
    clone()
    await goOn()
    const [replica] = run.folder.state.replicas
    expect(replica).toMatchObject({ token: 'spare', serial: spare, way: 'vendor-clone' })
    expect(replica?.digest).toBe(run.folder.state.proofs[0]?.digest)
    expect(replica?.evidence.attributes).toMatchObject({ EXTRACTABLE: false, MODIFIABLE: false })
    // The commands of the planned kind of token stand in the log, with who said that they were run.
    const entries = [...run.folder.entries()].filter(({ stepId }) => stepId === step)
    expect(entries.filter(({ kind }) => kind === 'step.confirmed').map(({ fact }) => fact)).toMatchObject([
      { by: operator },
      { by: operator, input: { 'vendor-record': 'log 7' } },
    ])
    expect(JSON.stringify(entries)).toContain(`partition clone -objects HANDLE -slot SLOT-OF-${spare}`)
    expect(JSON.stringify(entries)).not.toContain(rehearsalPins(dir).user)
    expect((await drive('none')).why).toBe('over')
  })

  test('is refused for another key under the same CKA_ID', async () => {
    const tool = await hsm.beside()
    const token = tool.token(spare)
    await token.logIn({ user: 'user', pin: utf8(rehearsalPins(dir).user) })
    const { ckaId } = run.folder.state.keys[0]!
    await token.generateAes({ id: ckaId, label: 'root-kek', bits: 256, template: rootTemplate })
    await tool.close()
    await goOn()
    expect(run.view().exceptions[0]).toMatchObject({ step, about: 'mismatch' })
    expect(run.view().exceptions[0]?.happened).toMatch(/^another key, with proof [0-9a-f]{64}$/)
    expect(run.folder.state.replicas).toEqual([])
  })

  test('is refused where the tool brought more than the root', async () => {
    clone()
    const tool = await hsm.beside()
    const token = tool.token(spare)
    await token.logIn({ user: 'user', pin: utf8(rehearsalPins(dir).user) })
    const planted = 'ab'.repeat(16)
    await token.generateAes({ id: planted, label: 'planted', bits: 256, template: rootTemplate })
    await tool.close()
    await goOn()
    expect(run.view().exceptions[0]).toMatchObject({
      about: 'mismatch',
      happened: `secret planted ${planted}`,
    })
  })

  test('costs one try of the PIN and no more when the PIN is wrong', async () => {
    clone()
    await goOn('00000000')
    expect(run.view().exceptions[0]?.happened).toMatch(/^HSM-PIN-WRONG: /)
    expect(run.hasPin('spare', 'user')).toBe(false)
  })
})
