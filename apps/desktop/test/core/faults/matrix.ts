import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Destination, makeDestination } from '../support/destination.ts'
import { type Ceremony, ceremonyNamed } from './ceremonies.ts'
import { buildFaultModule, FaultModule } from './fault-module.ts'
import { AtStep, drivePart, logOf, type Part, type Place, patientMs } from './faulty-run.ts'
import { whatIsWrong } from './right-end.ts'

/** The n-th call of a function in a ceremony's run without faults, begun at the step `from` ('': at its start). */
export type CallPoint = { ceremony: string; from: string; step: string; name: string; n: number }

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
  'CKR_GENERAL_ERROR',
  'CKR_FUNCTION_FAILED',
  'CKR_SESSION_HANDLE_INVALID',
  'CKR_DEVICE_REMOVED',
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
  if (fault === 'session-lost' || fault === 'CKR_SESSION_HANDLE_INVALID') return !withoutSession.has(name)
  return fault !== 'flags:USER_PIN_LOCKED' || name === 'C_Login'
}

/**
 * Runs without faults and gives, for each function in each of the ceremony's own steps, its first call, and its last where
 * it changes or gives keys. Keeps the folder at each step that the ceremony names.
 */
export async function recordCalls(shop: Workshop, name: string): Promise<CallPoint[]> {
  const ceremony = ceremonyNamed(name)
  const points = new Map<string, CallPoint>()
  for (const [i, from] of ['', ...ceremony.from].entries()) {
    const until = ceremony.from[i]
    const module = await recordPart(shop, ceremony, { from, ...(until === undefined ? {} : { until }) })
    for (const { step, name: call, n } of callsIn(module.log(), from, until)) {
      if (!ceremony.own.test(step)) continue
      const point = { ceremony: ceremony.name, from, step, name: call, n }
      const first = `${step} ${call} first`
      if (!points.has(first)) points.set(first, point)
      else if (effectful.has(call) || call === 'C_WrapKey') points.set(`${step} ${call} last`, point)
    }
  }
  return [...points.values()]
}

const keptAt = ({ home }: Pick<Workshop, 'home'>, ceremony: string, step: string) =>
  join(home, `kept-${ceremony}-${step}`)

/** Runs a ceremony from the copy kept at one step to the step `until`, or to its end, and records each call of the token. */
async function recordPart(
  shop: Workshop,
  ceremony: Ceremony,
  { from, until }: { from: string; until?: string },
): Promise<FaultModule> {
  const top = mkdtempSync(join(shop.home, 'record-'))
  const module = new FaultModule(shop.built, top)
  const dir = join(top, 'run')
  if (from !== '') cpSync(keptAt(shop, ceremony.name, from), dir, { recursive: true })
  const { destination } = shop
  try {
    const part = await drivePart({ dir, module, destination, ceremony, callTimeoutMs: patientMs }, (step) => {
      module.mark(step)
      if (step === until) throw new AtStep(step)
    })
    if (part.ended !== 'closed' || until !== undefined)
      throw new Error(`a run without faults ended with ${part.code}: ${part.detail}`)
  } catch (error) {
    if (!(error instanceof AtStep) || until === undefined) throw error
    cpSync(dir, keptAt(shop, ceremony.name, until), { recursive: true })
  }
  return module
}

/**
 * Calls with the steps that the marks name. A run that begins at a kept step logs in anew first, and one that is kept closes
 * its sessions: neither is the step's.
 */
function callsIn(
  log: readonly string[],
  from: string,
  until: string | undefined,
): { step: string; name: string; n: number }[] {
  const calls: { step: string; name: string; n: number }[] = []
  let step = from === '' ? 'start' : ''
  let state: 'new' | 'logged-in' | 'resumed' = from === '' ? 'resumed' : 'new'
  for (const line of log) {
    const [name = '', rest = ''] = line.split(' ')
    if (name === '#') {
      if (rest === until) break
      step = rest
      if (state === 'logged-in') state = 'resumed'
    } else if (state === 'resumed') calls.push({ step, name, n: Number(rest) })
    else if (name === 'C_Login') state = 'logged-in'
  }
  return calls
}

/** One run with one fault, then the fault gone and the run taken up again until it is over, then the whole looked at. */
export async function runCell({ home, built, destination }: Workshop, cell: Cell): Promise<Result> {
  const top = mkdtempSync(join(home, 'cell-'))
  const module = new FaultModule(built, top)
  const callTimeoutMs = cell.fault === 'hang' ? 5_000 : patientMs
  const ceremony = ceremonyNamed(cell.ceremony)
  const place: Place = { dir: join(top, 'run'), module, destination, ceremony, callTimeoutMs }
  const done = (verdict: Verdict, code: string, detail = ''): Result => ({ ...cell, verdict, code, detail })
  try {
    if (cell.from !== '') cpSync(keptAt({ home }, cell.ceremony, cell.from), place.dir, { recursive: true })
    module.plan(`${cell.name}@${cell.n}=${cell.fault}`)
    const first = await drivePart(place)
    const { struck } = module
    const codes = codesOf(first, place.dir)
    module.plan()
    let last = first
    for (let round = 0; last.ended !== 'closed' && round < 3; round++) {
      last = await drivePart({ ...place, callTimeoutMs: patientMs })
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
