import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { possessionChallenge } from '@lux/ceremony'
import { fromHex, type Json, sha256Hex } from '@lux/crypto'
import { HsmError, softTokenEnvironment, startHsm } from '@lux/hsm'
import { ExpectedError } from '@lux/node-files'
import { runParts } from '../../../src/cli/ceremony/session.ts'
import { findProgram } from '../../../src/core/program.ts'
import { beginRehearsal, startCommand } from '../../../src/core/rehearsal/begin-rehearsal.ts'
import { driveRehearsal, type Halt } from '../../../src/core/rehearsal/drive-rehearsal.ts'
import { rehearsalPins } from '../../../src/core/rehearsal/rehearsal-pins.ts'
import { makeStandInTokens } from '../../../src/core/rehearsal/stand-in-tokens.ts'
import { loadStandIns } from '../../../src/core/rehearsal/stand-ins.ts'
import { firstOfLine } from '../../../src/core/runs/effects/context.ts'
import { takeAnswer } from '../../../src/core/runs/exchange/take-answer.ts'
import { RunFolder } from '../../../src/core/runs/folder/run-folder.ts'
import { loadRun, type RunParts } from '../../../src/core/runs/run/load-run.ts'
import type { Run } from '../../../src/core/runs/run/run.ts'
import { leader } from '../../../src/core/runs/run/run.ts'
import { systemClock, systemEntropy } from '../../../src/core/system.ts'
import type { Destination } from '../support/destination.ts'
import type { Ceremony } from './ceremonies.ts'
import type { FaultModule } from './fault-module.ts'

/** Host and key child as they are built (`npm run build`): a run starts them five times, and from sources twice as long. */
const built = (entry: string) => fileURLToPath(new URL(`../../../out/core/${entry}.js`, import.meta.url))
export const hostEntry = built('hsm-host')
const program = { ...findProgram(), hostEntry, keyChildEntry: built('key-child') }

export type Place = {
  dir: string
  module: FaultModule
  destination: Destination
  ceremony: Ceremony
  callTimeoutMs: number
}

/** How one process's part of a run ended: at its end, with a question to people, or with a typed error. */
export type Part = { ended: 'closed' | 'exception' | 'error'; code: string; detail: string }

/** What a call may take where nothing goes wrong: the matrix runs on machines that are busy with other things. */
export const patientMs = 60_000

/** Thrown out of a run that is kept where it stands. */
export class AtStep extends Error {}

/** One process's part of a ceremony's rehearsal, from where it stands to Closed. Throws what is no typed error. */
export async function drivePart(
  place: Place,
  onStep: (step: string) => void = () => undefined,
): Promise<Part> {
  try {
    return await partOf(place, onStep)
  } catch (error) {
    if (!(error instanceof HsmError || error instanceof ExpectedError)) throw error
    return { ended: 'error', code: error.code, detail: error.detail }
  }
}

async function partOf(place: Place, onStep: (step: string) => void): Promise<Part> {
  const { dir, module, destination, callTimeoutMs } = place
  if (!existsSync(join(dir, tokensFile))) {
    await prepare(place).catch((error: unknown) => {
      throw new Error('nothing went wrong yet, and the ceremony could not be prepared', { cause: error })
    })
  }
  const { environment } = softTokenEnvironment(join(dir, 'token'))
  const times = { callTimeoutMs, loadTimeoutMs: patientMs }
  const hsm = await startHsm({ library: module.path, environment, hostEntry, ...times })
  let run: Run | null = null
  try {
    const parts = runParts(program, hsm, { medium: join(dir, 'medium'), lineage: firstOfLine })
    run = open(place, parts)
    hsm.onRestart(({ reason }) => run?.hostRestarted(reason))
    const drive = () => follow(run as Run, dir, onStep)
    decideRetry(run)
    let halt = await drive()
    if (halt.why === 'receipt') {
      refuseNone(takeAnswer(run, await receiptOf(run.folder, destination)))
      halt = await drive()
    }
    if (halt.why === 'over') return { ended: 'closed', code: '', detail: run.view().state }
    return {
      ended: 'exception',
      code: /HSM-[A-Z-]+|[A-Z]+-[A-Z-]+/.exec(halt.detail)?.[0] ?? '',
      detail: halt.detail,
    }
  } finally {
    run?.folder.close()
    await hsm.close()
  }
}

/** What there is before a ceremony: its folder, and the tokens that it takes as they are. Nothing in it goes wrong. */
async function prepare({ dir, destination, ceremony, module }: Place): Promise<void> {
  mkdirSync(dir, { recursive: true })
  const folder = await beginRehearsal({
    folder: dir,
    of: { script: ceremony.script, values: ceremony.values },
    destinations: ceremony.server ? [served(destination)] : [],
    library: sha256Hex(readFileSync(module.path)),
    measurement: program.measurement,
    entropy: systemEntropy,
    clock: systemClock,
    keyChild: { execPath: program.execPath, entry: program.keyChildEntry },
  })
  const { library, environment } = softTokenEnvironment(join(dir, 'token'))
  const times = { callTimeoutMs: patientMs, loadTimeoutMs: patientMs }
  const hsm = await startHsm({ library, environment, hostEntry, ...times })
  try {
    const tokens = await makeStandInTokens(folder.plan, hsm, rehearsalPins(dir))
    writeFileSync(join(dir, tokensFile), JSON.stringify(tokens))
  } finally {
    await hsm.close()
    folder.close()
  }
}

const tokensFile = 'tokens-before.json'

function served({ folder, card }: Destination) {
  const transport = JSON.parse(readFileSync(join(folder, 'transport.json'), 'utf8')) as Json
  return { name: 'server', card, transport }
}

function open({ dir, destination, ceremony }: Place, parts: RunParts): Run {
  const run = loadRun(dir, parts, () => undefined)
  const { folder } = run
  if (folder.state.started) return run
  // Written by `prepare`.
  const tokens = JSON.parse(readFileSync(join(dir, tokensFile), 'utf8')) as { role: string; serial: string }[]
  const start = startCommand(folder, ceremony.server ? [served(destination)] : [])
  refuseNone(run.submit({ ...start, tokens }))
  return run
}

function follow(run: Run, dir: string, onStep: (step: string) => void): Promise<Halt> {
  return driveRehearsal(run, {
    standIns: loadStandIns(dir),
    pins: rehearsalPins(dir),
    stopAtSealed: false,
    now: systemClock.now,
    onStep: ({ current }) => onStep(current ?? 'end'),
  })
}

/** What the person at an exception says once the fault is gone. */
function decideRetry(run: Run): void {
  const open = run.view().exceptions.find(({ decision }) => decision === null)
  if (open === undefined) return
  refuseNone(run.decide('retry', leader(run), 'repaired'))
}

function refuseNone(refusal: { rule: string; detail: string } | null): void {
  if (refusal !== null) throw new ExpectedError(refusal.rule, refusal.detail)
}

export function logOf(dir: string): { kind: string; stepId: string; fact: Json }[] {
  if (!existsSync(join(dir, 'ceremony.db'))) return []
  const folder = RunFolder.open(dir)
  try {
    return [...folder.entries()].map(({ kind, stepId, fact }) => ({ kind, stepId, fact }))
  } finally {
    folder.close()
  }
}

/** The server's answer to the bundle: it takes the root out of the blob into its own token and proves it. */
export function receiptOf(folder: RunFolder, destination: Destination): Promise<Uint8Array> {
  const { state, blobs } = folder
  const root = state.keys.find(({ level }) => level === 'root')
  const blob = root?.blobs[0]
  if (root === undefined || blob === undefined || state.bundle === null)
    throw new Error('no bundle with a root')
  return destination.receive({
    sealed: blobs.get(blob.sealed),
    challenge: fromHex(possessionChallenge(root.bornIn, root.rootId)),
    ceremonyId: state.ceremonyId,
    bundleDigest: state.bundle.digest,
    rootId: root.rootId,
    policyDigest: state.policyDigest,
  })
}
