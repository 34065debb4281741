import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { utf8 } from '@lux/crypto'
import { softTokenEnvironment, startHsm } from '@lux/hsm'
import { rehearsalPins } from '../../../src/core/run/rehearsal-pins.ts'
import { type Destination, makeDestination } from '../support/destination.ts'
import { stateOf, verdictOf } from '../support/run-end.ts'
import { buildFaultModule, FaultModule } from './fault-module.ts'
import { drivePart, logOf, type Part, type Place } from './faulty-run.ts'

/** The n-th call of a function in a run without faults, and the step in which it comes. */
export type CallPoint = { step: string; name: string; n: number }

export type Cell = CallPoint & { fault: string }

/**
 * unseen: the run went on, because nothing depends on the call. resumed: the run paused, looked at the token and went on.
 * exception: the run asked its people, who said retry. stopped: the command ended with a typed error, and a later one
 * went on. failed: anything else, which is a fault of ours.
 */
export type Verdict = 'unseen' | 'resumed' | 'exception' | 'stopped' | 'failed' | 'not-reached'

export type Result = Cell & { verdict: Verdict; code: string; detail: string }

/** What all runs share: a folder, the built fault module, and the server that takes the root. */
export type Workshop = { home: string; built: string; destination: Destination; close(): Promise<void> }

/** In memory where the system has such a place: what is tried here is no disk, and each run waits for a hundred fsyncs. */
export async function openWorkshop(): Promise<Workshop> {
  const home = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'lux-crash-matrix-'))
  const destination = await makeDestination(home)
  return {
    home,
    built: buildFaultModule(join(home, 'built')),
    destination,
    close: async () => {
      await destination.hsm.close()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

export const faults = [
  'CKR_DEVICE_ERROR',
  'after:CKR_DEVICE_ERROR',
  'hang',
  'segv',
  'after:segv',
  'exit',
  'truncate',
  'garbage-length',
  'session-lost',
  'removed',
  'flags:USER_PIN_LOCKED',
] as const

/** What changes something in the token: only there does it matter that the work was done before it went wrong. */
const effectful = new Set([
  'C_InitToken',
  'C_InitPIN',
  'C_Login',
  'C_Logout',
  'C_CreateObject',
  'C_CopyObject',
  'C_DestroyObject',
  'C_GenerateKey',
  'C_GenerateKeyPair',
  'C_UnwrapKey',
])
const givesKeyBytes = new Set(['C_WrapKey', 'C_Sign', 'C_Encrypt', 'C_Decrypt'])
const givesLength = new Set([
  'C_GetSlotList',
  'C_GetMechanismList',
  'C_GetAttributeValue',
  'C_FindObjects',
  'C_Encrypt',
  'C_Decrypt',
  'C_Sign',
  'C_WrapKey',
])
const withoutSession = new Set([
  'C_Initialize',
  'C_Finalize',
  'C_GetInfo',
  'C_GetSlotList',
  'C_GetTokenInfo',
  'C_GetMechanismList',
  'C_InitToken',
  'C_OpenSession',
])

export function applies(name: string, fault: string): boolean {
  if (fault.startsWith('after:')) return effectful.has(name)
  if (fault === 'truncate' || fault === 'garbage-length') return givesLength.has(name)
  if (fault === 'session-lost') return !withoutSession.has(name)
  return fault !== 'flags:USER_PIN_LOCKED' || name === 'C_Login'
}

/** Runs without faults and gives, for each function in each step, its first call, and the last one where it changes or gives keys. */
export async function recordCalls({ home, built, destination }: Workshop): Promise<CallPoint[]> {
  const dir = mkdtempSync(join(home, 'record-'))
  const module = new FaultModule(built, dir)
  const part = await drivePart(
    { dir: join(dir, 'run'), module, destination, callTimeoutMs: 20_000 },
    (step) => module.mark(step),
  )
  if (part.ended !== 'closed') throw new Error(`a run without faults ended with ${part.code}: ${part.detail}`)
  const points = new Map<string, CallPoint>()
  let step = 'start'
  for (const line of module.log()) {
    const [name = '', rest = ''] = line.split(' ')
    if (name === '#') {
      step = rest
      continue
    }
    const first = `${step} ${name} first`
    if (!points.has(first)) points.set(first, { step, name, n: Number(rest) })
    else if (effectful.has(name) || name === 'C_WrapKey')
      points.set(`${step} ${name} last`, { step, name, n: Number(rest) })
  }
  return [...points.values()]
}

/** One run with one fault, then the fault gone and the run taken up again until it is over, then the whole looked at. */
export async function runCell({ home, built, destination }: Workshop, cell: Cell): Promise<Result> {
  const top = mkdtempSync(join(home, 'cell-'))
  const module = new FaultModule(built, top)
  const callTimeoutMs = cell.fault === 'hang' ? 2_500 : 20_000
  const place: Place = { dir: join(top, 'run'), module, destination, callTimeoutMs }
  const done = (verdict: Verdict, code: string, detail = ''): Result => ({ ...cell, verdict, code, detail })
  try {
    module.plan(`${cell.name}@${cell.n}=${cell.fault}`)
    const first = await drivePart(place)
    const { struck } = module
    const codes = codesOf(first, place.dir)
    module.plan()
    let last = first
    for (let round = 0; last.ended !== 'closed' && round < 3; round++) {
      last = await drivePart({ ...place, callTimeoutMs: 20_000 })
    }
    if (last.ended !== 'closed') return done('failed', last.code, `does not end: ${last.detail}`)
    const wrong = await whatIsWrong(place)
    if (wrong !== null) return done('failed', codes.join(' '), wrong)
    if (!struck) return done('not-reached', '')
    return done(verdictOn(first, codes), codes.join(' '), `${first.code} ${first.detail}`.trim())
  } catch (error) {
    return done('failed', '', error instanceof Error ? (error.stack ?? error.message) : 'unknown')
  } finally {
    rmSync(top, { recursive: true, force: true })
  }
}

function verdictOn(first: Part, codes: readonly string[]): Verdict {
  if (first.ended === 'error') return first.code.startsWith('HSM-') ? 'stopped' : 'failed'
  if (first.ended === 'exception') return 'exception'
  return codes.length > 0 ? 'resumed' : 'unseen'
}

/** Typed codes that the command and the log give for what happened. */
function codesOf(part: Part, dir: string): string[] {
  const told = logOf(dir)
    .filter(({ kind }) => ['run.paused', 'step.failed', 'exception.opened'].includes(kind))
    .map(({ fact }) => JSON.stringify(fact))
  const found = [part.code, ...told].flatMap((text) => text.match(/HSM-[A-Z][A-Z-]*[A-Z]/g) ?? [])
  return [...new Set(found)]
}

/** Null when the end is right: one token, exactly the planned objects, every attempt settled, a bundle that is accepted. */
async function whatIsWrong({ dir }: Place): Promise<string | null> {
  const state = stateOf(dir)
  const root = state.keys.find(({ level }) => level === 'root')
  const planned = [`secret ${root?.id} ${root?.ckaId}`]
  const onToken = await lastingObjects(
    dir,
    state.tokens.map(({ serial }) => serial),
  )
  if (JSON.stringify(onToken) !== JSON.stringify(planned)) return `on the token: ${onToken.join(', ')}`
  const keys = state.keys.map(({ id }) => id).join(' ')
  if (keys !== 'root-kek organisation-kek project-kek data-key') return `keys: ${keys}`
  if (state.ceremonyKey?.destroyed !== true) return 'the ceremony key is not destroyed'
  const verdict = await verdictOf(dir)
  if (verdict !== 'accepted') return `the bundle is ${verdict}`
  return unsettled(dir)
}

function unsettled(dir: string): string | null {
  const entries = logOf(dir)
  const of = (kinds: readonly string[]) =>
    entries
      .filter(({ kind }) => kinds.includes(kind))
      .map(({ stepId, fact }) => `${stepId} ${attemptOf(fact)}`)
  const settled = new Set(of(['step.performed', 'step.failed', 'step.reconciled']))
  const open = of(['step.intended']).filter((attempt) => !settled.has(attempt))
  return open.length === 0 ? null : `attempts without an outcome: ${open.join(', ')}`
}

const attemptOf = (fact: unknown): string =>
  typeof fact === 'object' && fact !== null && 'attempt' in fact ? String(fact.attempt) : ''

async function lastingObjects(dir: string, serials: readonly string[]): Promise<string[]> {
  const soft = softTokenEnvironment(join(dir, 'token'))
  const hsm = await startHsm({ library: soft.library, environment: soft.environment })
  try {
    const there = (await hsm.tokens()).filter(({ initialised }) => initialised).map(({ serial }) => serial)
    if (there.join() !== serials.join()) return [`tokens ${there.join(' ')} instead of ${serials.join(' ')}`]
    const token = hsm.token(serials[0] ?? '')
    await token.logIn({ user: 'user', pin: utf8(rehearsalPins(dir).user) })
    const { objects, damaged } = await token.inventory()
    return [
      ...objects
        .filter((object) => object.token)
        .map(({ class: kind, label, id }) => `${kind} ${label} ${id}`),
      ...damaged.map(({ name, reason }) => `damaged ${name}: ${reason}`),
    ].toSorted()
  } finally {
    await hsm.close()
  }
}

/** Every fault at every point, `workers` at a time. */
export async function runMatrix(
  shop: Workshop,
  cells: readonly Cell[],
  options: { workers: number; onResult?: (result: Result, done: number) => void },
): Promise<Result[]> {
  const results: Result[] = []
  const waiting = [...cells]
  const work = async () => {
    for (let cell = waiting.shift(); cell !== undefined; cell = waiting.shift()) {
      const result = await runCell(shop, cell)
      results.push(result)
      options.onResult?.(result, results.length)
    }
  }
  await Promise.all(Array.from({ length: options.workers }, work))
  return results
}

/** What ends or spoils a call in the same way wherever it only looks: there it is tried once for each function. */
const alikeWhereOnlyRead = new Set<string>(['hang', 'exit', 'truncate', 'garbage-length'])

export function cellsOf(points: readonly CallPoint[]): Cell[] {
  const seen = new Set<string>()
  return points.flatMap((point) => {
    const { name } = point
    const again = seen.has(name) && !effectful.has(name) && !givesKeyBytes.has(name)
    seen.add(name)
    return faults
      .filter((fault) => applies(name, fault) && !(again && alikeWhereOnlyRead.has(fault)))
      .map((fault) => ({ ...point, fault }))
  })
}
