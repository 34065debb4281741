import type {
  BlockedReason,
  Compared,
  CurrentStep,
  Fact,
  Field,
  Need,
  RunView,
} from '../../../contract/index.ts'
import { firstMissing } from '../../components/fields.tsx'
import { actorsHere, type Next, nextOf, readsAloud } from '../../stage/phase.ts'
import { awayFrom, playedAlone, stillNeeded } from '../../stage/run-people.ts'
import type { Room } from '../../stores/room.ts'
import { cardsUnheard, inHand, saysHeard } from './heard.ts'

export type SignNeed = Extract<Need, { need: 'sign' }>
type PinNeed = Extract<Need, { need: 'pin' }>

/** The words that are read now. */
export type ReadingNow = {
  compared: Compared
  card: number
  /** Cards that nobody heard yet, of all words of the step. */
  left: number
  /** The step ends with this card: nothing more is pressed. */
  endsHere: boolean
  /** People have to say that they heard it all; those who have. */
  heardBy: readonly string[] | null
}

/** What the stage shows of the step in hand. */
export type StepInHand = {
  next: Next
  alone: boolean
  /** Who may act and is in the room. Where several may, whoever does says so. */
  peers: string[]
  /** Who may act, and is not in the room. */
  away: string[]
  /** At the roll call: whom the steps and the quorums still need here. Nobody, once officers signed to go on without them. */
  lacking: string[]
  /** The machine is at work, and nobody is asked for anything. */
  works: boolean
  sign: SignNeed | null
  pin: PinNeed | null
  confirms: string[]
  fields: Field[]
  /** The field that is read off another clock. */
  clock: Field | null
  /** Officers sign what happened, and not what the step asks for. */
  deciding: boolean
  /** Without what is signed or read aloud: that stands there in words already. */
  facts: Fact[]
  aloud: boolean
  reading: ReadingNow | null
}

export function stepInHand(
  view: RunView,
  step: CurrentStep,
  room: Pick<Room, 'heard' | 'heardBy' | 'here'>,
): StepInHand {
  const alone = playedAlone(view)
  const absent = awayFrom(view)
  const acting = view.people.filter(({ role }) => role === step.actor.role).map(({ name }) => name)
  const excepted = view.remarks.some(({ step: at, decided }) => at === step.id && decided === 'continue')
  const sign = step.needs.find((need) => need.need === 'sign') ?? null
  const fields = step.needs.flatMap((need) => (need.need === 'values' ? need.fields : []))
  const aloud = readsAloud(step)
  const isInWords = (value: string) =>
    value === sign?.digest || (aloud && step.compares.some(({ digest }) => digest === value))
  return {
    next: nextOf(view, step, room),
    alone,
    peers: actorsHere(view, step).map(({ name }) => name),
    away: acting.filter((name) => absent.has(name)),
    lacking: step.says === 'who is here' && !excepted ? stillNeeded(view, room.here) : [],
    works: step.blocked === 'machine-works' && step.needs.length === 0,
    sign,
    pin: step.needs.find((need) => need.need === 'pin') ?? null,
    confirms: step.needs.flatMap((need) => (need.need === 'confirm' ? [need.text] : [])),
    fields,
    clock: (step.says === 'the time' ? fields.find(({ type }) => type === 'time') : undefined) ?? null,
    deciding: sign?.what === 'exception',
    facts: step.facts.filter(({ value, form }) => form !== 'words' && !isInWords(value)),
    aloud,
    reading: aloud ? readingNow(view, step, room, alone) : null,
  }
}

function readingNow(
  view: RunView,
  step: CurrentStep,
  { heard, heardBy }: Pick<Room, 'heard' | 'heardBy'>,
  alone: boolean,
): ReadingNow | null {
  const now = inHand(step.compares, heard)
  if (now === null) return null
  const left = cardsUnheard(step.compares, heard)
  const says = saysHeard(view, now)
  return {
    ...now,
    left,
    endsHere: alone || (left === 1 && step.byHand === true),
    heardBy: says === null ? null : (heardBy[says] ?? []),
  }
}

/** What people entered at this window so far. */
export type Entered = {
  by: string
  confirmed: Readonly<Record<string, boolean>>
  values: Readonly<Record<string, string>>
  here: readonly string[]
}

/** Why the step cannot go on yet: the first reason, in the order in which people meet them. */
export type WhyNot =
  | { why: 'waits-for'; names: string[] }
  | { why: 'blocked'; reason: BlockedReason }
  | { why: 'value'; field: Field }
  | { why: 'roll' | 'away'; names: string[] }
  | { why: 'confirm' | 'clock' | 'pin-locked' | 'who' | 'heard' }

export function whyNot(step: CurrentStep, inHand: StepInHand, entered: Entered): WhyNot | null {
  const { alone, away, clock, confirms, fields, lacking, peers, pin, reading, sign } = inHand
  const { blocked } = step
  if (blocked === 'signatures-missing' && sign !== null) return { why: 'waits-for', names: unsigned(sign) }
  // The PIN is typed on this very step.
  if (blocked !== null && blocked !== 'pin-missing') return { why: 'blocked', reason: blocked }
  if (step.says === 'who is here' && !alone && (entered.here.length === 0 || lacking.length > 0))
    return { why: 'roll', names: lacking }
  if (sign === null && away.length > 0 && peers.length === 0) return { why: 'away', names: away }
  if (confirms.some((text) => entered.confirmed[text] !== true)) return { why: 'confirm' }
  const field = firstMissing(fields, entered.values)
  if (field !== null) return field === clock ? { why: 'clock' } : { why: 'value', field }
  if (pin?.pin.state === 'locked') return { why: 'pin-locked' }
  if (entered.by === '' && peers.length > 1) return { why: 'who' }
  // Whoever reads aloud hears nobody: another has to say that the words were heard.
  return reading?.heardBy?.some((name) => name !== entered.by) === false ? { why: 'heard' } : null
}

/** Who has not signed, as many as there are: any of them may be among those who are needed. */
export function unsigned({ signers }: SignNeed): string[] {
  return signers.filter(({ signed }) => !signed).map(({ name }) => name)
}

/** How many signatures are still needed. */
export function signaturesMissing({ signers, required }: SignNeed): number {
  return Math.max(0, required - signers.filter(({ signed }) => signed).length)
}
