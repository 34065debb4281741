import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { PinNeed, RunView } from '@lux/ceremony'
import { isAtPad } from '@lux/ceremony/plan'
import { serverCardCodec, transportCodec } from '@lux/ceremony/wire'
import { accept, type Json, type Outcome, type Refusal, refuse } from '@lux/crypto'
import { ExpectedError, readBounded } from '@lux/node-files'
import { driveRehearsal } from '../rehearsal/drive-rehearsal.ts'
import { rehearsalPins } from '../rehearsal/rehearsal-pins.ts'
import type { RehearsalDestination } from '../rehearsal/rehearsal-request.ts'
import { loadStandIns } from '../rehearsal/stand-ins.ts'
import { Answers, type Decision } from '../runs/exchange/answers.ts'
import { type Taking, takeAnswers } from '../runs/exchange/inbox.ts'
import { writeRequests } from '../runs/exchange/outbox.ts'
import { RunPreview } from '../runs/exchange/preview.ts'
import { type Taker, takeAnswer } from '../runs/exchange/take-answer.ts'
import {
  type VendorAttestation,
  type VendorWork,
  vendorAttestationAt,
  vendorWorkAt,
} from '../runs/exchange/vendor-procedure.ts'
import type { RunFolder } from '../runs/folder/run-folder.ts'
import { leader, type Run } from '../runs/run/run.ts'
import { closeWithPin, type KeyEnd, keyEndOf } from './abort.ts'
import { startRehearsal } from './begin.ts'
import { type AskPin, driveProduction, type Rest } from './drive-production.ts'

/** What people bring to a run that is taken up again. */
export type Brought = { words: Answers; decision: Decision | null; receipt: Uint8Array | null }

/** Where a run was left, and what lies there for people. */
export type RunLeft = {
  readonly view: RunView
  /** Answers that were not taken. */
  readonly refused: Taking['refused']
  /** The step's own word is missing, whatever else it asks for. */
  readonly unanswered: boolean
  /** Those under DIR/out/ that say what is awaited. */
  readonly files: readonly string[]
  /** What people do with the vendor's tool before they answer. */
  readonly vendor: VendorWork | null
  /** What the vendor's tool attests, and where its file goes. */
  readonly attestation: VendorAttestation | null
  readonly keyEnd: KeyEnd | null
}

/** Writes what asks people for what is awaited, and says all of it. */
export function leftOf(
  folder: RunFolder,
  view: RunView,
  { refused, unanswered = false }: Pick<Rest, 'refused' | 'unanswered'>,
): RunLeft {
  return {
    view,
    refused,
    unanswered,
    files: writeRequests(folder, view),
    vendor: vendorWorkAt(folder),
    attestation: vendorAttestationAt(folder),
    keyEnd: keyEndOf(folder),
  }
}

/** A PIN that is asked before the run is touched. `fresh`: it is being chosen. */
export type WantedPin = { need: PinNeed; fresh: boolean }

/** What going on would come to: the run stays where it is, at a rehearsal's open exception too, or it goes on and asks these PINs at once. */
export type Preview =
  | { kind: 'stays'; left: RunLeft }
  | { kind: 'exception'; view: RunView }
  | { kind: 'goes'; pins: readonly WantedPin[] }

/** Neither log nor token is touched. Refuses a receipt that would not be taken, by the engine's rules. */
export function previewRun(folder: RunFolder, brought: Brought): Outcome<Preview> {
  return folder.header.domain === 'rehearsal'
    ? previewRehearsal(folder, brought)
    : previewProduction(folder, brought)
}

function previewProduction(folder: RunFolder, { words, decision, receipt }: Brought): Outcome<Preview> {
  const look = new RunPreview(folder)
  const view = look.view()
  const { may, ...rest } = look.mayGoOn({ words, decided: decision !== null })
  if (!may && receipt === null) return accept({ kind: 'stays', left: leftOf(folder, view, rest) })
  const refused = !may && receipt !== null ? takeReceipt(look, receipt) : null
  return refused ?? accept({ kind: 'goes', pins: pinsAtOnce(folder, view) })
}

/** Stand-ins answer everything but a server's receipt and an open exception. */
function previewRehearsal(
  folder: RunFolder,
  { decision, receipt }: Pick<Brought, 'decision' | 'receipt'>,
): Outcome<Preview> {
  const goes = accept<Preview>({ kind: 'goes', pins: [] })
  if (!folder.state.started) return goes
  const look = new RunPreview(folder)
  const view = look.view()
  if (view.needs?.kind === 'exception' && decision === null) return accept({ kind: 'exception', view })
  if (view.needs?.kind !== 'receipt') return goes
  const { may, refused } = look.mayGoOn({ words: new Answers([]), decided: false })
  if (may) return goes
  if (receipt === null) return accept({ kind: 'stays', left: leftOf(folder, view, { refused }) })
  return takeReceipt(look, receipt) ?? goes
}

/** The run waits for a PIN that nobody is there to type, before anything else. */
export function leftWithoutPin(folder: RunFolder): RunLeft {
  return leftOf(folder, new RunPreview(folder, false).view(), { refused: [] })
}

/** Of each token in use, and of the step itself. */
function pinsAtOnce(folder: RunFolder, { needs }: RunView): WantedPin[] {
  // An exception is decided first, and that needs no token.
  if (needs?.kind === 'exception' || (needs?.kind === 'signatures' && needs.what === 'exception')) return []
  const again = folder.state.tokens
    .filter(({ wanted }) => wanted)
    .map(({ role, serial }) => ({
      need: { token: role, serial, user: 'user' as const, pad: isAtPad(folder.plan, role) },
      fresh: false,
    }))
  if (needs?.kind !== 'pin') return again
  return [...again, ...needs.pins.map((need) => ({ need, fresh: needs.willDo === 'initialise-token' }))]
}

/** Goes on with a production run until people are needed. `by`: who resumes it, its leader where nobody is named. */
export async function resumeProduction(
  run: Run,
  { words, decision, receipt, askPin, by = leader(run) }: Brought & { askPin: AskPin; by?: string },
): Promise<Outcome<RunLeft>> {
  const settings = { answers: words, askPin, by, decision: decision === null ? null : named(run, decision) }
  let rest = await driveProduction(run, settings)
  if (receipt !== null) {
    const refused = takeReceipt(run, receipt)
    if (refused !== null) return refused
    rest = await driveProduction(run, { ...settings, decision: null })
  }
  await closeWithPin(run, askPin)
  return accept(leftOf(run.folder, run.view(), rest))
}

/** How a rehearsal was left: at an exception, for which nobody decides, not even for stand-ins, or as any run. */
export type RehearsalLeft = { kind: 'exception'; view: RunView } | { kind: 'left'; left: RunLeft }

/** Plays a rehearsal on until it is over or waits for what no stand-in has. */
export async function resumeRehearsal(
  run: Run,
  {
    decision,
    receipt,
    now,
    onStep,
  }: Pick<Brought, 'decision' | 'receipt'> & { now: () => string; onStep: (view: RunView) => void },
): Promise<Outcome<RehearsalLeft>> {
  const { folder } = run
  const standIns = loadStandIns(folder.path)
  if (standIns.length === 0) return refuse('STAND-IN-MISSING', `${folder.path} has no stand-ins`)
  if (!folder.state.started) {
    const started = await startRehearsal(run, destinationsOf(folder))
    if (!started.ok) return started
  }
  const drive = () =>
    driveRehearsal(run, {
      standIns,
      pins: rehearsalPins(folder.path),
      stopAtSealed: folder.state.destinations.length === 0,
      now,
      onStep,
    })
  if (decision !== null) {
    const { decision: decided, by, reason } = named(run, decision)
    const refused = run.decide(decided, by, reason)
    if (refused !== null) return refused
  }
  let halt = await drive()
  let rest: Pick<Rest, 'refused'> = { refused: [] }
  if (halt.why === 'receipt') {
    const refused = receipt === null ? null : takeReceipt(run, receipt)
    if (refused !== null) return refused
    if (receipt === null) rest = await takeAnswers(run)
    halt = await drive()
  }
  const view = run.view()
  if (halt.why === 'exception') return accept({ kind: 'exception', view })
  return accept({ kind: 'left', left: leftOf(folder, view, rest) })
}

/** Its refusal names the receipt, which was given and did not lie in in/. */
function takeReceipt(run: Taker, receipt: Uint8Array): Refusal | null {
  const refused = takeAnswer(run, receipt)
  return refused === null ? null : refuse(refused.rule, refused.detail, { option: 'receipt' })
}

function named(run: Run, decision: Decision): Decision {
  return decision.by === '' ? { ...decision, by: leader(run) } : decision
}

/** Server cards and transport files as a rehearsal's folder keeps them. */
function destinationsOf(folder: RunFolder): RehearsalDestination[] {
  const path = join(folder.path, 'transports')
  return (existsSync(path) ? readdirSync(path) : []).map((file) => {
    const transport = transportCodec.file.parse(readBounded(join(path, file), 1 << 20))
    if (!transport.ok) throw new ExpectedError(transport.rule, `${join(path, file)}: ${transport.detail}`)
    const card = serverCardCodec.parse(folder.card(transport.value.payload.audience))
    if (!card.ok) throw new ExpectedError(card.rule, card.detail)
    // A signed document is JSON by its codec.
    return { name: 'server', card: card.value, transport: transport.value as unknown as Json }
  })
}
