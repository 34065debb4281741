import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { PinNeed } from '@lux/ceremony'
import { utf8 } from '@lux/crypto'
import { ExpectedError, readBounded } from '@lux/node-files'
import {
  type CeremonySummary,
  clockReadMs,
  type InputOf,
  type RunView,
  type UnreadableRun,
} from '../../../contract/index.ts'
import { rehearsalPins } from '../../rehearsal/rehearsal-pins.ts'
import { actAsStandIn, standInActs } from '../../rehearsal/stand-in-act.ts'
import { replicateAsStandIn } from '../../rehearsal/stand-in-vendor.ts'
import { maxAnswer } from '../../runs/exchange/take-answer.ts'
import { awaitedVendorFile } from '../../runs/exchange/vendor-procedure.ts'
import type { Run } from '../../runs/run/run.ts'
import { checkSame } from '../../runs/run/same-program.ts'
import { abortRun, decideRun } from '../../use-cases/abort.ts'
import { hearLate, resumePaused, takeFile } from '../../use-cases/paused.ts'
import { isAskedAtPad } from '../run-view/pin-need.ts'
import { runState, runViewOf } from '../run-view/run-view.ts'
import { presentTokens } from '../shared/absent-hsm.ts'
import { refuse } from '../shared/needed.ts'
import { mediumFile, type OpenRun } from '../shared/open-runs.ts'
import { readableRuns } from '../shared/readable-runs.ts'
import { scannedBytes } from '../shared/scanned.ts'
import type { ServiceContext } from '../shared/service-context.ts'
import { answerFiles } from './carried.ts'
import { putRedealt } from './epoch-files.ts'
import { keepSealedPart, maxSealed } from './own-devices.ts'
import { requestsFor } from './requests.ts'

export { listScripts, openProduction, startRehearsal } from './begin-ceremony.ts'

export function listCeremonies(parts: ServiceContext): {
  ceremonies: CeremonySummary[]
  unreadable: UnreadableRun[]
} {
  const { open, unreadable } = readableRuns(parts)
  return { ceremonies: open.map(({ run }) => summaryOf(run)), unreadable }
}

function summaryOf(run: Run): CeremonySummary {
  const view = run.view()
  const step = view.parts.flatMap(({ steps }) => steps).find((one) => one.id === view.current)
  return {
    id: view.ceremonyId,
    title: view.title,
    organisation: view.organisation,
    domain: view.domain,
    state: runState(view.state),
    over: view.over,
    created: run.folder.header.created,
    progress: view.progress,
    at: step === undefined ? null : { id: step.id, do: step.do, title: step.id },
    actor: step === undefined ? null : { role: step.actor, name: step.names.join(', ') },
  }
}

export async function viewRun(parts: ServiceContext, { id }: InputOf<'ceremonies.view'>): Promise<RunView> {
  return shown(parts, id)
}

export async function shown(parts: ServiceContext, id: string): Promise<RunView> {
  const open = parts.runs.get(id)
  const { run, standIns } = open
  // Awaited first: the run may go on meanwhile, and a view is of one moment.
  const tokens = await presentTokens(parts)
  enterStandInPins(run)
  return runViewOf(run, {
    standIns: new Set(standIns.map((one) => one.name)),
    requests: requestsFor(open),
    ...tokens,
  })
}

/** A token that stands in for a planned one was given its PINs by this program, so nobody can be asked for them. */
function enterStandInPins(run: Run): void {
  const { needs } = run.view()
  const { plan, state } = run.folder
  if (needs?.kind !== 'pin' || state.domain !== 'rehearsal') return
  const standIns = new Set(
    plan.tokens.filter(({ serial: planned }) => planned !== 'new').map(({ role }) => role),
  )
  const missing = needs.pins.filter(({ token, user }) => standIns.has(token) && !run.hasPin(token, user))
  if (missing.length === 0) return
  const pins = rehearsalPins(run.folder.path)
  for (const { token, user } of missing) run.enterPin(token, user, utf8(pins[user]))
}

function chooseMedium(open: OpenRun, medium: string): void {
  open.medium = medium
  open.run.folder.writeDocument(mediumFile, medium)
}

export async function proceed(parts: ServiceContext, asked: InputOf<'ceremonies.proceed'>): Promise<RunView> {
  const open = parts.runs.get(asked.id)
  mustBeSame(parts, open.run)
  const { medium = '', ...values } = asked.input?.values ?? {}
  const needs = open.run.view().needs
  if (medium !== '') chooseMedium(open, parts.paths.folder(medium))
  else if (needs?.kind === 'confirm' && needs.willDo === 'write-medium') mustMayStay(open)
  if (needs?.kind === 'pin') await goToPads(parts, open.run, needs.pins)
  if (needs?.kind === 'pin' && needs.again) {
    void open.run.pump()
    return shown(parts, asked.id)
  }
  const awaited = awaitedVendorFile(open.run.folder)
  if (awaited !== null) throw new ExpectedError('ATTESTATION-MISSING', `${awaited} is not there`)
  refuse(await hearLate(open.run))
  await replicateAsStandIn(open.run)
  const moment = readMoment(asked.input?.readAt, parts.clock.now())
  const { heard = [], here } = asked.input ?? {}
  // Stand-ins are always in the room.
  const room = here && [...here, ...open.standIns.map(({ name }) => name)]
  refuse(open.run.proceed(asked.step, nameOf(open, asked.by), values, { now: moment, heard, here: room }))
  return shown(parts, asked.id)
}

/** Nothing of production has left the room while its bundle lies in the store. Refuses STEP-04. */
function mustMayStay({ run }: OpenRun): void {
  if (run.folder.state.domain === 'rehearsal') return
  throw new ExpectedError('STEP-04', 'no folder is chosen for the bundle')
}

/** Whoever presses Proceed stands at the token's own pad: each is asked once for that. */
async function goToPads(parts: ServiceContext, run: Run, pins: readonly PinNeed[]): Promise<void> {
  const tokens = await parts.hsm().tokens()
  for (const need of pins)
    if (!run.hasPin(need.token, need.user) && isAskedAtPad(run, need, tokens))
      run.enterPin(need.token, need.user, 'pin-pad')
}

/** The window sends the actor as shown, which may be several people; the first of them acts. */
function nameOf({ run }: OpenRun, by: string): string {
  const people = run.folder.plan.people.map((person) => person.name)
  if (people.includes(by)) return by
  return by.split(', ').find((one) => people.includes(one)) ?? by
}

export async function signStandIn(
  parts: ServiceContext,
  asked: InputOf<'ceremonies.signAsStandIn'>,
): Promise<RunView> {
  const what = standInActs.find((one) => one === asked.what)
  if (what === undefined) throw new ExpectedError('INPUT-INVALID', 'what')
  const { run, standIns } = parts.runs.get(asked.id)
  refuse(await actAsStandIn(run, standIns, { what, name: asked.name, now: parts.clock.now() }))
  return shown(parts, asked.id)
}

export async function enterPin(
  parts: ServiceContext,
  asked: InputOf<'ceremonies.enterPin'>,
): Promise<RunView> {
  const { run } = parts.runs.get(asked.id)
  mustBeSame(parts, run)
  const role = run.folder.state.tokens.find(
    (one) => one.serial === asked.token || one.role === asked.token,
  )?.role
  if (role === undefined) {
    throw new ExpectedError('TOKEN-UNKNOWN', `the token ${asked.token} has no part in this ceremony`)
  }
  run.enterPin(role, asked.user, utf8(asked.pin))
  return shown(parts, asked.id)
}

/** An officer's, a witness's or a holder's answer, or a server's receipt: what it is shows in the file itself. */
export async function submitFile(
  parts: ServiceContext,
  asked: InputOf<'ceremonies.submitFile'>,
): Promise<RunView> {
  const { run, standIns } = parts.runs.get(asked.id)
  mustBeSame(parts, run)
  const chosen = parts.paths.read(asked.path)
  const bytes = readBounded(chosen, maxAnswer)
  const beside = dirname(chosen)
  keepSealedPart(run, bytes, () => sealedFilesIn(beside))
  refuse(takeFile(run, bytes, beside, standIns.length > 0))
  return shown(parts, asked.id)
}

function* sealedFilesIn(folder: string): Iterable<Uint8Array> {
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.age'))) {
    const file = join(folder, name)
    if (existsSync(file)) yield readBounded(file, maxSealed)
  }
}

/** A person's answer that the window scanned. */
export async function submitCarried(
  parts: ServiceContext,
  asked: InputOf<'ceremonies.submitCarried'>,
): Promise<RunView> {
  const payload = scannedBytes(asked.payload)
  const { run, standIns } = parts.runs.get(asked.id)
  mustBeSame(parts, run)
  const [answer, ...others] = answerFiles(asked.type, payload)
  if (asked.type === 'redeal-package') putRedealt(run.folder, answer, others)
  keepSealedPart(run, answer, () => others)
  refuse(takeFile(run, answer, null, standIns.length > 0))
  return shown(parts, asked.id)
}

export async function pause(
  parts: ServiceContext,
  { id, by }: InputOf<'ceremonies.pause'>,
): Promise<RunView> {
  refuse(parts.runs.get(id).run.submit({ type: 'pause', by, cause: 'person', reason: '' }))
  return shown(parts, id)
}

/** A production run goes on with the build and the library that it began with. Errors: TOOL-UNACCEPTED, PLAN-LIBRARY, HSM-…. */
export function mustBeSame({ program, hsm }: ServiceContext, { folder }: Run): void {
  if (folder.header.domain === 'production') checkSame(folder, hsm().library.sha256, program)
}

/** Where what the run waits for comes as a file and none has come, nothing is written and no PIN is asked: RESUME-NOTHING. */
export async function resume(
  parts: ServiceContext,
  { id, by }: InputOf<'ceremonies.resume'>,
): Promise<RunView> {
  const { run, standIns } = parts.runs.get(id)
  mustBeSame(parts, run)
  const resumed = await resumePaused(run, { by, rehearsed: standIns.length > 0 })
  if (!resumed.ok) refuse(resumed)
  return shown(parts, id)
}

export async function abort(
  parts: ServiceContext,
  { id, by, reason }: InputOf<'ceremonies.abort'>,
): Promise<RunView> {
  const { run } = parts.runs.get(id)
  const aborted = await abortRun(run, { by, reason })
  refuse(aborted.ok ? null : aborted)
  return shown(parts, id)
}

export async function note(
  parts: ServiceContext,
  { id, by, text: said }: InputOf<'ceremonies.note'>,
): Promise<RunView> {
  refuse(parts.runs.get(id).run.submit({ type: 'note', by, text: said }))
  return shown(parts, id)
}

export async function deviate(
  parts: ServiceContext,
  { id, step, by, expected, happened }: InputOf<'ceremonies.deviate'>,
): Promise<RunView> {
  refuse(parts.runs.get(id).run.submit({ type: 'deviate', by, step, expected, happened }))
  return shown(parts, id)
}

export async function differs(
  parts: ServiceContext,
  { id, by, digest, card }: InputOf<'ceremonies.differs'>,
): Promise<RunView> {
  refuse(parts.runs.get(id).run.submit({ type: 'differs', by, digest, card }))
  return shown(parts, id)
}

export async function decideException(
  parts: ServiceContext,
  { id, by, decision, reason }: InputOf<'ceremonies.decide'>,
): Promise<RunView> {
  const { run } = parts.runs.get(id)
  if (decision !== 'abort') mustBeSame(parts, run)
  const decided = await decideRun(run, { decision, by, reason })
  refuse(decided.ok ? null : decided)
  return shown(parts, id)
}

export function cancel(parts: ServiceContext, { id }: InputOf<'ceremonies.cancel'>): Record<string, never> {
  if (parts.files.cancel(id)) return {}
  if (/^[0-9a-f]{32}$/.test(id)) parts.runs.get(id).run.cancel()
  else parts.hsm().cancelPadEntry()
  return {}
}

/**
 * When another clock was read, by this workstation's own: `readAt`, where it lies shortly before `now`, so that the time until somebody
 * presses the button is no difference of the clocks; else `now`. The transcript has `now` alone, so the two are never far apart.
 */
export function readMoment(readAt: string | undefined, now: string): string {
  if (readAt === undefined) return now
  const before = Date.parse(now) - Date.parse(readAt)
  return before >= 0 && before <= clockReadMs ? readAt : now
}
