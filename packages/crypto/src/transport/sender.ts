import { accept, type Outcome } from '../outcome.ts'
import { type Carried, digestOf, ENVELOPE_OVERHEAD, makeEnvelope, tooLarge } from './envelope.ts'
import type { ErasureCode } from './erasure-code.ts'
import { frameText, MAX_OBJECT, symbolsOf } from './frame.ts'
import { payloadTypes } from './payload-types.ts'
import { type Profile, symbolSizeFor } from './profiles.ts'

/** Above this a payload goes as a file alone. */
export const MAX_SENT = MAX_OBJECT - ENVELOPE_OVERHEAD
/** Above these a file is offered first. */
const FILE_FIRST_BYTES = 150 * 1024
const FILE_FIRST_SECONDS = 60
/** Repair frames of a short payload, so that a lap is not over at once. */
const LEAST_REPAIR = 8

/** How a payload of `length` bytes is best carried at a profile. */
export function wayFor(length: number, profile: Profile): 'qr' | 'file-first' | 'file' {
  if (length > MAX_SENT) return 'file'
  return length > FILE_FIRST_BYTES || idealSeconds(length, profile) > FILE_FIRST_SECONDS ? 'file-first' : 'qr'
}

/** Seconds until each source frame was shown once. */
export function idealSeconds(length: number, profile: Profile): number {
  const object = length + ENVELOPE_OVERHEAD
  return symbolsOf({ length: object, symbolSize: symbolSizeFor(object, profile) }) / profile.framesPerSecond
}

/** The frames of one payload, in the order in which they are shown, without end. */
export type Sender = {
  readonly profile: Profile
  readonly source: number
  readonly repair: number
  /** One frame holds all: it stands still, and its code may be of the smallest version that takes it. */
  readonly single: boolean
  /** The text of the QR code at a position, 0 or more. */
  textAt(position: number): string
}

/**
 * Cuts a payload into frames: the source frames in order, then the repair frames shuffled, then all of them, shuffled anew each lap. So no
 * rhythm of a camera always misses the same ones. The same payload gives the same frames, so a restarted sender continues where it was.
 * Refuses TRANSFER-TOO-LARGE.
 */
export function createSender(carried: Carried, profile: Profile, code: ErasureCode): Outcome<Sender> {
  if (carried.payload.length > MAX_SENT) return tooLarge(carried.payload.length, MAX_SENT)
  const envelope = makeEnvelope(carried)
  const { length } = envelope
  const symbolSize = symbolSizeFor(length, profile)
  const source = symbolsOf({ length, symbolSize })
  const repair = source === 1 ? 0 : Math.max(source, LEAST_REPAIR)
  const session = digestOf(envelope).slice(0, 4)
  const header = { type: payloadTypes[carried.type], session, length, symbolSize }
  const packets = code.encode(envelope, symbolSize, repair)
  if (packets.length !== source + repair) throw new Error('code: gave another number of packets')
  const seed = new DataView(session.buffer).getUint32(0)
  let lap: { number: number; order: readonly number[] } = { number: -1, order: [] }
  const indexAt = (position: number): number => {
    if (position < source || repair === 0) return position % source
    const number = Math.floor(position / packets.length)
    if (lap.number !== number) {
      const order = number === 0 ? range(source, packets.length) : range(0, packets.length)
      lap = { number, order: shuffled(order, seed ^ Math.imul(number + 1, 0x9e3779b1)) }
    }
    return lap.order[number === 0 ? position - source : position % packets.length] ?? 0
  }
  return accept({
    profile,
    source,
    repair,
    single: source === 1,
    textAt(position) {
      if (!Number.isSafeInteger(position) || position < 0)
        throw new RangeError('position: expected an integer from 0')
      return frameText(header, packets[indexAt(position)] ?? new Uint8Array())
    },
  })
}

/** An animation: it starts on a press, can be paused, and be looked through frame by frame (WCAG 2.2.2). */
export type Playing = { readonly phase: 'ready' | 'playing' | 'paused'; readonly position: number }
export type PlayingEvent = 'play' | 'pause' | 'tick' | 'next' | 'previous'

export const notStarted: Playing = { phase: 'ready', position: 0 }

/** The animation after an event. `tick` comes from the caller's clock, at the profile's rate; a step by hand pauses. */
export function advance(state: Playing, event: PlayingEvent): Playing {
  const { phase, position } = state
  if (event === 'play') return { phase: 'playing', position }
  if (event === 'pause') return phase === 'playing' ? { phase: 'paused', position } : state
  if (event === 'tick') return phase === 'playing' ? { phase, position: position + 1 } : state
  return { phase: 'paused', position: event === 'next' ? position + 1 : Math.max(0, position - 1) }
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, at) => from + at)
}

/** Fisher and Yates by Marsaglia's xorshift32: an order to show frames in, which is no secret. */
function shuffled(order: readonly number[], seed: number): number[] {
  const out = [...order]
  let state = seed | 0 || 1
  for (let at = out.length - 1; at > 0; at--) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    const other = (state >>> 0) % (at + 1)
    const one = out[at] ?? 0
    out[at] = out[other] ?? 0
    out[other] = one
  }
  return out
}
