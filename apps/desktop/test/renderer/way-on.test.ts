import { type Command, decide, view as engineView, owed } from '@lux/ceremony'
import { describe, expect, it } from 'vitest'
import { FakeCore } from '../../../../packages/ceremony/test/engine/fake-core.ts'
import { copyOf } from '../../../../packages/ceremony/test/engine/plans.ts'
import { production } from '../../../../packages/ceremony/test/engine/runs.ts'
import type { RunView } from '../../src/contract/index.ts'
import {
  faceOf,
  type Offer,
  offersOf,
  saysSeen,
  seenBefore,
  stepsOf,
} from '../../src/renderer/stage/phase.ts'
import { FakeRun } from '../support/fake-run.ts'

/** Newest version: notes are kept, and the names of whoever saw a result are ticked. */
const plan = { ...copyOf(production.plan), v: 2 as const }
const now = '2026-01-31T09:00:30.000Z'
const titleOf = ({ id }: { id: string }) => `<${id}>`

/** A room with one window: the engine, what core shows of it, and what this window has shown. */
class Room {
  core: FakeCore
  run: FakeRun
  seen: number
  heard: Record<string, number> = {}

  constructor(core: FakeCore, seen?: number) {
    this.core = core
    this.run = new FakeRun(core)
    this.seen = seen ?? seenBefore(this.run.view(), titleOf)
  }

  copy(): Room {
    const disk = structuredClone(this.core.disk)
    const core = new FakeCore(this.core.plan, production.hash, 'production', true, disk)
    core.loggedIn = this.core.loggedIn
    const room = new Room(core, this.seen)
    room.heard = { ...this.heard }
    return room
  }

  /** Whether the machine does something now for which nobody is asked. */
  get works(): boolean {
    const effect = owed(this.core.state)
    return effect !== null && effect.pins.length === 0
  }

  view(): RunView {
    return this.run.view()
  }

  offers(): Offer[] {
    return offersOf(this.view(), this)
  }
}

const asked: Offer[] = ['decide', 'seen', 'resume', 'sign-as', 'file', 'hear', 'proceed']

/** The command that an offer sends, where it is one that needs nothing but the run. */
function commandOf(room: Room, offer: Offer): Command | null {
  const { core } = room
  const view = room.view()
  const step = view.current?.id ?? ''
  const { needs } = engineView(core.state)
  const [watcher] = saysSeen(view)
  switch (offer) {
    case 'seen':
      return watcher === undefined ? null : { type: 'note', by: watcher.name, text: noteOf(room) }
    case 'note':
      return { type: 'note', by: 'Witness One', text: 'The door stood open.' }
    case 'deviate':
      return { type: 'deviate', by: 'Witness One', step, expected: 'the bag 17', happened: 'the bag 18' }
    case 'pause':
      return { type: 'pause', by: 'Operator', cause: 'person', reason: '' }
    case 'abort':
      return { type: 'abort', by: 'Operator', reason: 'over' }
    case 'resume':
      return { type: 'resume', by: 'Operator' }
    case 'differs': {
      const digest = view.current?.compares.find((one) => (room.heard[one.digest] ?? 0) < 8)?.digest ?? ''
      return { type: 'differs', by: 'Witness One', digest, card: 1 }
    }
    case 'decide': {
      const decision = needs?.kind === 'exception' ? (needs.choices[0] ?? 'abort') : 'abort'
      return { type: 'decide-exception', by: 'Officer One', decision, reason: 'as is', head: core.head() }
    }
    case 'proceed':
      return needs?.kind === 'confirm'
        ? {
            type: 'proceed',
            step,
            by: needs.names[0] ?? '',
            heard: heardOf(room),
            here: everybody(view),
            now,
          }
        : null
    default:
      return null
  }
}

/** Digests whose eight cards were all heard. */
const heardOf = ({ heard }: Room) =>
  Object.keys(heard)
    .filter((digest) => heard[digest] === 8)
    .map((digest) => ({ digest, by: ['Witness One'] }))

const everybody = ({ people }: RunView) => people.map(({ name }) => name)

function noteOf(room: Room): string {
  const face = faceOf(room.view(), room)
  return `Seen by Witness One: ${face.kind === 'result' ? titleOf(face.step) : ''}`
}

/** Nothing is offered that the engine refuses, and one of it at least is a way on that destroys nothing. */
function checkStage(room: Room): void {
  const view = room.view()
  const offers = room.offers()
  const at = `${view.current?.id ?? view.state} ${view.state} ${engineView(room.core.state).needs?.kind}`
  for (const offer of offers) {
    const command = commandOf(room, offer)
    if (command === null) continue
    const decision = decide(room.core.state, command)
    expect(decision.ok ? 'taken' : `${offer}: ${decision.rule} ${decision.detail}`, at).toBe('taken')
  }
  if (room.works || engineView(room.core.state).needs === null) return
  expect(
    offers.some((offer) => asked.includes(offer)),
    `a way on at ${at}, of ${offers}`,
  ).toBe(true)
}

/** The room goes on as it is asked to, or the machine does: one thing. False when the run is over. */
function goOn(room: Room): boolean {
  checkStage(room)
  const { core } = room
  if (engineView(core.state).needs === null) return false
  if (room.works) return core.step()
  const [offer] = room.offers().filter((one) => asked.includes(one))
  const face = faceOf(room.view(), room)
  switch (offer) {
    case 'seen': {
      const command = commandOf(room, 'seen')
      if (command !== null) core.must(command)
      if (face.kind === 'result') room.seen = face.step.number
      return true
    }
    case 'hear':
      for (const { digest } of room.view().current?.compares ?? []) room.heard[digest] = 8
      return true
    default:
      // A PIN, a word, a signature, a file, a decision: whatever the engine waits for.
      return core.step()
  }
}

const isOver = (room: Room) => engineView(room.core.state).needs === null

const interrupted = (room: Room) => {
  room.core.loggedIn = false
  room.core.must({ type: 'pause', by: 'machine', cause: 'restart', reason: 'left' })
}

/** What may come in between: each once. Gives the room that is left, or null where it cannot come at this place. */
const disturbances: Record<string, (room: Room) => Room | null> = {
  note: (room) => offered(room, 'note'),
  'a deviation': (room) => offered(room, 'deviate'),
  'other words': (room) => offered(room, 'differs'),
  'a pause': (room) => offered(room, 'pause'),
  'the cover': (room) => {
    if (room.works || isOver(room)) return null
    interrupted(room)
    return room
  },
  'a kill': (room) => {
    if (isOver(room)) return null
    interrupted(room)
    return new Room(room.core)
  },
  'a kill after the work': (room) => {
    const effect = owed(room.core.state)
    if (!room.works || effect === null || effect.kind === 'reconcile' || effect.intent === 'needed')
      return null
    room.core.execute(effect)
    interrupted(room)
    return new Room(room.core)
  },
  'a wrong PIN': (room) => {
    const effect = owed(room.core.state)
    if (effect === null || effect.kind !== 'log-in' || effect.intent === 'needed') return null
    const { step, attempt, kind } = effect
    const failure = { code: 'HSM-PIN-WRONG', detail: '' }
    room.core.must({ type: 'outcome', step, attempt, effect: kind, failure })
    return room
  },
}

function offered(room: Room, offer: Offer): Room | null {
  const command = room.offers().includes(offer) ? commandOf(room, offer) : null
  if (command === null) return null
  room.core.must(command)
  return room
}

const numberOf = (room: Room) => room.view().current?.number ?? Number.POSITIVE_INFINITY
const isPast = (room: Room, number: number) =>
  numberOf(room) > number && faceOf(room.view(), room).kind === 'step'

describe('a run never sticks', () => {
  it('RUN-07 what the stage offers the engine takes, and there is a way on, whatever comes in between', () => {
    const room = new Room(new FakeCore(plan, production.hash, 'production'))
    room.core.must(room.core.startCommand())
    let places = 0
    do {
      for (const [name, disturb] of Object.entries(disturbances)) {
        const left = disturb(room.copy())
        if (left === null) continue
        places++
        const from = numberOf(left)
        // Until the step is done and seen, or the run is over.
        for (let count = 0; !isPast(left, from) && goOn(left); count++)
          if (count > 80) expect.fail(`${name} at ${left.view().current?.id} goes round in circles`)
      }
    } while (goOn(room))
    expect(places).toBeGreaterThan(300)
    expect(stepsOf(room.view()).every(({ state }) => state === 'done')).toBe(true)
  })
})
