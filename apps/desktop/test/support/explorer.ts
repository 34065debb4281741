import {
  type Command,
  type Decision,
  decide,
  type RunView as EngineView,
  view as engineView,
  type OwnEffect,
  owed,
  type State,
} from '@lux/ceremony'
import { answerNeeds } from '../../../../packages/ceremony/test/engine/fake-answers.ts'
import { FakeCore } from '../../../../packages/ceremony/test/engine/fake-core.ts'
import { planOf, type ScriptName } from '../../../../packages/ceremony/test/engine/plans.ts'
import type { RunView } from '../../src/contract/index.ts'
import {
  actorsHere,
  faceOf,
  type Offer,
  offersOf,
  sawIt,
  saysSeen,
  seenBefore,
} from '../../src/renderer/stage/phase.ts'
import { leadersOf, peopleOf, presentIn } from '../../src/renderer/stage/run-people.ts'
import { FakeRun } from './fake-run.ts'

/**
 * Walks a run and its window together. What the room may press is `offersOf`, a pure function of the run's state and of what this window
 * has shown; what becomes of it is the engine's.
 *
 * The abstraction, `keyOf`. Two places are one where these agree: the step, its stage and state, and whether it is tried again; what the
 * run waits for, and of how many people, by role; pause, checkpoint that is due, and the open exception with its choices; which words
 * differed before; which tokens are logged in; who is away, by role; which part is on the screen, and which words were heard. No time,
 * no digest, no name, no text and no number of entries is looked at. From one place the run goes on in one way, so a walk ends where it
 * comes to a place from which another walk came to the run's end.
 */

/** A product as it once was, put back: what core shows, and what the engine decides. */
export type Mutant = {
  view?: (view: RunView, state: State) => RunView
  decide?: (state: State, command: Command) => Decision | null
}

const now = '2026-01-31T09:00:30.000Z'
const titleOf = ({ id }: { id: string }) => `<${id}>`

/** A state is never changed, so what was made of it is made once, however many rooms stand at it. */
type Made = { engine?: EngineView; given?: Command | null; views: Map<boolean, RunView> }
const made = new WeakMap<State, Made>()
const decided = new WeakMap<Command, Decision>()

function madeOf(state: State): Made {
  const known = made.get(state) ?? { views: new Map() }
  made.set(state, known)
  return known
}

function engineOf(state: State): EngineView {
  const known = madeOf(state)
  known.engine ??= engineView(state)
  return known.engine
}

/** A room with one window: the engine, what core shows of it, and what this window has shown. */
export class Room {
  readonly core: FakeCore
  readonly #mutant: Mutant
  seen: number
  heard: Readonly<Record<string, number>>
  /** PINs are typed, and not used yet. */
  pins: boolean
  /** The step at which people are away, or null. */
  awayAt: number | null

  constructor(core: FakeCore, mutant: Mutant, before?: Pick<Room, 'seen' | 'heard' | 'pins' | 'awayAt'>) {
    this.core = core
    this.#mutant = mutant
    this.pins = before?.pins ?? false
    this.awayAt = before?.awayAt ?? null
    this.seen = before?.seen ?? seenBefore(this.view(), titleOf)
    this.heard = before?.heard ?? {}
  }

  fork(): Room {
    return new Room(this.core.fork(), this.#mutant, this)
  }

  /** Another window: it knows what the transcript says. */
  reopened(): Room {
    return new Room(this.core, this.#mutant)
  }

  get engine(): EngineView {
    return engineOf(this.core.state)
  }

  view(): RunView {
    const { state } = this.core
    const { views } = madeOf(state)
    const { works } = this
    const known = views.get(works) ?? new FakeRun(this.core, () => works).view()
    views.set(works, known)
    return this.#mutant.view?.(known, state) ?? known
  }

  decide(command: Command): Decision {
    const known = decided.get(command) ?? this.#mutant.decide?.(this.core.state, command)
    const decision = known ?? decide(this.core.state, command)
    decided.set(command, decision)
    return decision
  }

  /** As the window does: what is refused changes nothing. */
  press(command: Command): void {
    const decision = this.decide(command)
    if (!decision.ok) throw new Error(`${command.type}: ${decision.rule} ${decision.detail}`)
    this.core.take(decision.events)
  }

  /** What somebody hands in, as people's own devices make it; null where a word is awaited. */
  handedIn(): Command | null {
    const known = madeOf(this.core.state)
    if (known.given !== undefined) return known.given
    let given: Command | null = null
    const spy: FakeCore = Object.assign(Object.create(this.core), {
      must: (command: Command) => {
        given ??= command
      },
    })
    answerNeeds(spy)
    known.given = given
    return given
  }

  offers(): Offer[] {
    return offersOf(this.view(), this)
  }

  /** Whether the machine does something now for which nobody is asked. */
  get works(): boolean {
    const effect = owed(this.core.state)
    return effect !== null && (effect.pins.length === 0 || this.pins)
  }

  get isOver(): boolean {
    return this.engine.needs === null
  }
}

const asked: readonly Offer[] = ['decide', 'seen', 'resume', 'sign-as', 'file', 'hear', 'proceed', 'come']
const firstOf = (people: readonly { name: string }[]) => people[0]?.name ?? ''

/** Whoever comes first is whom the room waits for. */
function comes(view: RunView): string {
  const away = peopleOf(view).filter(({ name }) => view.here?.includes(name) === false)
  const needed = away.filter(({ roles }) => roles.includes(view.current?.actor.role ?? ''))
  const leads = leadersOf({ people: view.people, here: away.map(({ name }) => name) })
  return firstOf(leadersOf(view).length === 0 ? leads : [...needed, ...away])
}

/** The commands that an offer sends: one of each answer that is open. */
export function commandsOf(room: Room, offer: Offer): Command[] {
  const { core } = room
  const view = room.view()
  const step = view.current?.id ?? ''
  const { needs } = room.engine
  const leader = firstOf(leadersOf(view))
  const somebody = firstOf(presentIn(view))
  switch (offer) {
    case 'seen': {
      const face = faceOf(view, room)
      const text = `Seen: ${face.kind === 'result' ? titleOf(face.step) : ''}`
      return saysSeen(view).length === 0 ? [] : [{ type: 'note', by: firstOf(sawIt(view)), text }]
    }
    case 'come':
      return [{ type: 'note', by: comes(view), text: 'In the room.' }]
    case 'note':
      return [{ type: 'note', by: firstOf(peopleOf(view).toReversed()), text: 'The door stood open.' }]
    case 'deviate':
      return [{ type: 'deviate', by: somebody, step, expected: 'the bag 17', happened: 'the bag 18' }]
    case 'pause':
      return [{ type: 'pause', by: leader, cause: 'person', reason: '' }]
    case 'abort':
      return [{ type: 'abort', by: leader, reason: 'over' }]
    case 'resume':
      return [{ type: 'resume', by: leader }]
    case 'differs': {
      const digest = view.current?.compares.find((one) => (room.heard[one.digest] ?? 0) < 8)?.digest ?? ''
      return [{ type: 'differs', by: somebody, digest, card: 1 }]
    }
    case 'decide':
      return (view.exception?.decisions ?? []).map((decision) => ({
        ...{ type: 'decide-exception', by: leader, decision, reason: 'as is', head: core.head() },
      }))
    case 'proceed': {
      // What the machine owes is begun by a PIN alone.
      if (needs === null || owed(core.state) !== null || view.current === null) return []
      const values = 'values' in needs ? needs.values : []
      const input = values.map(({ id, format }) => [id, format === 'time' ? '2026-01-31T09:00Z' : '42'])
      const by = firstOf(actorsHere(view, view.current))
      const hearers = presentIn(view).filter(({ name }) => name !== by)
      const heard = Object.keys(room.heard).filter((digest) => room.heard[digest] === 8)
      const roll = view.current.says === 'who is here' ? { here: peopleOf(view).map(({ name }) => name) } : {}
      return [
        {
          ...{ type: 'proceed', step, by, input: Object.fromEntries(input), now, ...roll },
          heard: heard.map((digest) => ({ digest, by: hearers.slice(0, 1).map(({ name }) => name) })),
        },
      ]
    }
    case 'file':
    case 'sign-as': {
      const given = room.handedIn()
      return given === null ? [] : [given]
    }
    default:
      return []
  }
}

/** Why a place is a dead end, or null. Nothing is offered that the engine refuses; one of it is a way on that destroys nothing. */
function faultOf(room: Room): string | null {
  const view = room.view()
  const offers = room.offers()
  for (const { digest, words } of shownWords(view))
    if (!/^[0-9a-f]{64}$/.test(digest) || words.length !== 32) return `no digest to show: ${digest}`
  for (const offer of offers)
    for (const command of commandsOf(room, offer)) {
      const decision = room.decide(command)
      if (!decision.ok) return `${offer} is offered and refused: ${decision.rule} ${decision.detail}`
    }
  if (room.works || room.isOver) return null
  if (!offers.some((offer) => asked.includes(offer))) return `no way on, of ${offers}`
  // What somebody has typed stays in the window, and is taken wherever people are asked.
  if (!offers.includes('note')) return 'what is typed is not taken'
  // With a quorum lost for good people stop, and keep what there is; what was exported is kept already.
  const isKept = ['Exported', 'Receipted'].includes(room.core.state.base)
  const waits = leadersOf(view).length === 0
  return offers.includes('abort') || isKept || waits ? null : 'nobody may stop'
}

function shownWords({ current }: RunView): { digest: string; words: readonly string[] }[] {
  const signed = current?.needs.flatMap((need) => (need.need === 'sign' ? [need] : [])) ?? []
  return [...signed, ...(current?.compares ?? [])]
}

/** The room does what it is asked to, or the machine does: one thing. */
function goOn(room: Room): void {
  const { core } = room
  const effect = owed(core.state)
  if (room.works && effect !== null) {
    core.perform(effect)
    if (effect.kind === 'reconcile' || effect.intent !== 'needed') room.pins = false
    return
  }
  const open = asked.filter((one) => room.offers().includes(one))
  // Whoever was away at a step is there from the next one on.
  const offer = open.includes('come') && room.awayAt !== core.state.current ? 'come' : open[0]
  const face = faceOf(room.view(), room)
  if (offer === 'hear') {
    const compares = room.view().current?.compares ?? []
    room.heard = { ...room.heard, ...Object.fromEntries(compares.map(({ digest }) => [digest, 8])) }
    return
  }
  if (offer === 'proceed') room.pins = room.engine.needs?.kind === 'pin'
  const commands = offer === undefined ? [] : commandsOf(room, offer)
  // Nobody stops for good who can go on.
  const command = commands.find((one) => !('decision' in one && one.decision === 'abort')) ?? commands[0]
  if (command !== undefined) room.press(command)
  if (offer === 'seen' && face.kind === 'result') room.seen = face.step.number
}

/** What the abstraction sees of a place. */
export function keyOf(room: Room): string {
  const { core, heard, seen, pins } = room
  const { state } = core
  const { needs, compares } = room.engine
  const progress = state.steps[state.current]
  const open = state.exceptions.find(({ decision }) => decision === null)
  const count = (name: string) => (needs !== null && name in needs ? Object(needs)[name].length : null)
  const away = state.plan.people.filter(({ name }) => state.here?.includes(name) === false)
  const done = state.steps.findLastIndex((step) => step.state === 'Done') + 1
  return JSON.stringify([
    [state.current, progress?.stage, progress?.state, (progress?.attempt ?? 1) > 1, progress?.intent?.effect],
    [progress?.checkpoint != null, state.base, state.paused, state.due, state.incompatibleHistory],
    [needs?.kind, needs !== null && 'what' in needs ? needs.what : null, owed(state)?.kind],
    [count('present'), count('missing'), count('refused')],
    open && [open.about, open.scope, open.choices, open.compared?.what, open.proposal?.signers.length],
    state.exceptions.flatMap(({ compared }) => compared?.what ?? []),
    state.exceptions.some(({ step, decision }) => step === progress?.step.id && decision === 'continue'),
    state.tokens.map(({ loggedIn, wanted, initialised, probed }) => [loggedIn, wanted, initialised, probed]),
    away.map(({ role }) => role),
    [core.loggedIn, pins, done > seen, compares.map(({ digest }) => heard[digest] === 8)],
  ])
}

function interrupt(room: Room): void {
  room.core.loggedIn = false
  room.pins = false
  room.core.must({ type: 'pause', by: 'machine', cause: 'restart', reason: 'left' })
}

/** Presses what is offered; null where it is not. */
function offered(room: Room, offer: Offer): Room | null {
  const [command] = room.offers().includes(offer) ? commandsOf(room, offer) : []
  if (command === undefined) return null
  room.press(command)
  if (command.type === 'differs') room.heard = { ...room.heard, [command.digest]: 0 }
  return room
}

/** The effect that runs now: its intent is logged or not needed, and its PINs are typed. */
function running(room: Room): OwnEffect | null {
  const effect = owed(room.core.state)
  const runs = room.works && effect !== null && effect.kind !== 'reconcile' && effect.intent !== 'needed'
  return runs ? effect : null
}

function failing(room: Room, code: string, ofPin: boolean): Room | null {
  const effect = running(room)
  if (effect === null || ofPin !== effect.pins.length > 0) return null
  const { step, attempt, kind } = effect
  room.core.must({ type: 'outcome', step, attempt, effect: kind, failure: { code, detail: '' } })
  room.pins = false
  return room
}

/** These are not in the room: as though the roll had been called without them. Somebody stays. */
function without(room: Room, isAway: (roles: readonly string[]) => boolean): Room | null {
  const { core } = room
  if (core.state.here === null || room.isOver || room.works) return null
  const people = peopleOf(room.view())
  const here = people.flatMap(({ name, roles }) => (isAway(roles) ? [] : [name]))
  if (here.length === people.length || here.length === 0) return null
  core.state = { ...core.state, here }
  room.awayAt = core.state.current
  return room
}

const leading = ['administrator', 'operator', 'officer']

/** What may come in between. Gives the room that is left, or null where it cannot come at this place. */
export const disturbances: Readonly<Record<string, (room: Room) => Room | null>> = {
  note: (room) => offered(room, 'note'),
  deviation: (room) => offered(room, 'deviate'),
  'other words': (room) => offered(room, 'differs'),
  pause: (room) => offered(room, 'pause'),
  cover: (room) => {
    if (room.works || room.isOver) return null
    interrupt(room)
    return room
  },
  'leave and resume': (room) => {
    if (room.works || room.isOver) return null
    interrupt(room)
    const left = room.reopened()
    return offered(left, 'resume') ?? left
  },
  'kill before': (room) => {
    if (room.isOver) return null
    interrupt(room)
    return room.reopened()
  },
  'kill after': (room) => {
    const effect = running(room)
    if (effect === null) return null
    room.core.execute(effect)
    interrupt(room)
    return room.reopened()
  },
  'wrong PIN': (room) => failing(room, 'HSM-PIN-WRONG', true),
  'failed effect': (room) => failing(room, 'HSM-DEVICE-ERROR', false),
  'refused signature': (room) => {
    const given = room.offers().includes('file') ? room.handedIn() : null
    if (given?.type !== 'submit') return null
    const { signer, ...parts } = given.signature
    const [[scheme, text = ''] = ['ed25519', '']] = Object.entries(parts)
    const spoilt = { signer, ...parts, [scheme]: `${text[0] === 'A' ? 'B' : 'A'}${text.slice(1)}` }
    if (room.decide({ ...given, signature: spoilt }).ok) throw new Error('a wrong signature is taken')
    return room
  },
  'absent actor': (room) => without(room, (roles) => roles.includes(room.view().current?.actor.role ?? '')),
  'absent leaders': (room) => without(room, (roles) => roles.some((role) => leading.includes(role))),
  'absent quorum': (room) => without(room, (roles) => !roles.includes('administrator')),
}

export type DeadEnd = { script: string; at: string; after: string; why: string }
export type Walk = {
  script: string
  states: number
  edges: number
  /** Walks that end in a stop for good, because nothing else is left: words that differed twice. */
  stops: number
  /** Disturbances that came somewhere. */
  tried: string[]
  /** What may be pressed at each screen where nothing comes in between; `wait` while the machine works. */
  screens: string[]
  deadEnds: DeadEnd[]
}

const whereOf = (room: Room) =>
  `${room.view().current?.id ?? room.view().state} ${room.engine.needs?.kind ?? 'over'}`

/** A room, and what came in between on the way to it. */
type Place = { room: Room; after: string }

class Explorer {
  readonly script: string
  edges = 0
  readonly deadEnds: DeadEnd[] = []
  /** Places from which a walk came to the end. */
  readonly #good = new Set<string>()
  readonly #bad = new Set<string>()
  /** Where which disturbance was tried. */
  readonly #disturbed = new Set<string>()
  readonly #everywhere: boolean
  readonly came = new Set<string>()
  stops = 0

  /** `everywhere`: at each place, and not once while people are asked at a step and once while the machine works. */
  constructor(script: string, everywhere: boolean) {
    this.script = script
    this.#everywhere = everywhere
  }

  get states(): number {
    return this.#good.size + this.#bad.size
  }

  /** Follows the one way on to a place that is known, or to the end. `each` is given the places on the way. */
  follow(from: Room, after: string, each: (room: Room) => void): boolean {
    const path: string[] = []
    for (let room = from; ; ) {
      const key = keyOf(room)
      if (this.#good.has(key)) break
      const why = this.#bad.has(key) ? 'a dead end that is known' : path.includes(key) ? 'a circle' : null
      const fault = why ?? faultAt(room)
      path.push(key)
      if (fault !== null) {
        if (why !== 'a dead end that is known')
          this.deadEnds.push({ script: this.script, at: whereOf(room), after, why: fault })
        for (const one of path) this.#bad.add(one)
        return false
      }
      if (room.isOver) {
        if (room.view().state === 'aborted') this.stops++
        break
      }
      each(room)
      room = room.fork()
      const failed = tried(() => goOn(room))
      this.edges++
      if (failed !== null) {
        this.deadEnds.push({ script: this.script, at: whereOf(room), after, why: failed })
        for (const one of path) this.#bad.add(one)
        return false
      }
    }
    for (const one of path) this.#good.add(one)
    return true
  }

  /** Every disturbance at this place, each on a copy. Gives the places to which they lead, before all is as it was. */
  disturb({ room, after }: Place): Place[] {
    const { state } = room.core
    const at = this.#everywhere ? keyOf(room) : `${state.current} ${room.works}`
    const led: Place[] = []
    for (const [name, disturb] of Object.entries(disturbances)) {
      if (this.#disturbed.has(`${name} ${at}`)) continue
      const chain = after === '' ? name : `${after}, ${name}`
      const copy = room.fork()
      let left: Room | null = null
      const failed = tried(() => {
        left = disturb(copy)
      })
      if (failed !== null)
        this.deadEnds.push({ script: this.script, at: whereOf(room), after: chain, why: failed })
      if (left === null) continue
      this.#disturbed.add(`${name} ${at}`)
      this.came.add(name)
      this.edges++
      this.follow(left, chain, (next) => led.push({ room: next, after: chain }))
    }
    return led
  }
}

function faultAt(room: Room): string | null {
  try {
    return faultOf(room)
  } catch (error) {
    return String(error)
  }
}

function tried(work: () => void): string | null {
  try {
    work()
    return null
  } catch (error) {
    return String(error)
  }
}

/** Walks a script to its end, and at each place tries every disturbance, up to `depth` of them before all is as it was. */
export function explore(
  script: ScriptName,
  options: {
    depth?: number
    everywhere?: boolean
    domain?: 'production' | 'rehearsal'
    mutant?: Mutant
  } = {},
): Walk {
  const { depth = 1, everywhere = false, domain = 'production', mutant = {} } = options
  const { plan, hash } = planOf(script, domain)
  const core = new FakeCore(plan, hash, domain)
  core.must(core.startCommand())
  const explorer = new Explorer(script, everywhere)
  let places: Place[] = []
  explorer.follow(new Room(core, mutant), '', (room) => places.push({ room, after: '' }))
  const screens = places.map(({ room }) => [...(room.works ? ['wait'] : []), ...room.offers()].join(' '))
  for (let count = 0; count < depth; count++) places = places.flatMap((place) => explorer.disturb(place))
  const { came, states, edges, stops, deadEnds } = explorer
  const tried = Object.keys(disturbances).filter((name) => came.has(name))
  return { script, states, edges, stops, tried, screens, deadEnds }
}
