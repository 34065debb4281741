import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  advance,
  createSender,
  idealSeconds,
  MAX_SENT,
  notStarted,
  type Playing,
  type PlayingEvent,
  parseFrame,
  profiles,
  type Sender,
  wayFor,
} from '../../src/transport/index.ts'
import { code, payloadOf } from './raptorq.ts'

function senderOf(length: number, profile = profiles.gentle): Sender {
  const sender = createSender({ type: 'card', payload: payloadOf(length) }, profile, code)
  if (!sender.ok) throw new Error(sender.rule)
  return sender.value
}

function symbolAt(sender: Sender, position: number): number {
  const frame = parseFrame(sender.textAt(position))
  if (!frame.ok) throw new Error(frame.rule)
  return frame.value.symbolId
}

const lap = (sender: Sender, from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, at) => symbolAt(sender, from + at))
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, at) => from + at)
const sorted = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b)

test('source frames come first and in order, then each repair frame once, shuffled, then all, anew each lap', () => {
  const sender = senderOf(9000)
  const { source, repair } = sender
  const all = source + repair
  expect([source, repair]).toEqual([19, 19])
  expect(lap(sender, 0, source)).toEqual(range(0, source))
  const first = lap(sender, source, all)
  expect(sorted(first)).toEqual(range(source, all))
  expect(first).not.toEqual(sorted(first))
  const second = lap(sender, all, 2 * all)
  const third = lap(sender, 2 * all, 3 * all)
  expect(sorted(second)).toEqual(range(0, all))
  expect(sorted(third)).toEqual(range(0, all))
  expect(third).not.toEqual(second)
  // Back in an earlier lap: the same frames as before.
  expect(lap(sender, source, all)).toEqual(first)
})

test('a restarted sender shows the same payload as the same frames', () => {
  const [one, other] = [senderOf(5000), senderOf(5000)]
  for (let at = 0; at < 60; at++) expect(other.textAt(at)).toBe(one.textAt(at))
})

test('a small payload is one frame that stands still, no larger than it needs', () => {
  const sender = senderOf(100, profiles.default)
  expect([sender.single, sender.source, sender.repair]).toEqual([true, 1, 0])
  expect(sender.textAt(7)).toBe(sender.textAt(0))
  expect(sender.textAt(0).length).toBeLessThan(300)
  expect(senderOf(1000, profiles.default).single).toBe(false)
})

test('TRANSFER-TOO-LARGE more than 1 MiB goes as a file alone', () => {
  const payload = new Uint8Array(MAX_SENT + 1)
  const never = { ...code, encode: () => expect.unreachable() }
  expect(createSender({ type: 'request-package', payload }, profiles.fast, never)).toMatchObject({
    ok: false,
    rule: 'TRANSFER-TOO-LARGE',
  })
})

test.each([
  [6_000, 'default', 'qr'],
  [100_000, 'gentle', 'qr'],
  [150_000, 'gentle', 'file-first'],
  [150_000, 'fast', 'qr'],
  [154_000, 'fast', 'file-first'],
  [150_000, 'reduced', 'file-first'],
  [MAX_SENT, 'fast', 'file-first'],
  [MAX_SENT + 1, 'fast', 'file'],
] as const)('%i bytes at %s are best carried by: %s', (length, name, way) => {
  expect(wayFor(length, profiles[name])).toBe(way)
})

test('70 KB take 11 seconds at best at the default profile', () => {
  expect(Math.round(idealSeconds(70 * 1024, profiles.default))).toBe(11)
})

test('nothing moves before it is started or while it is paused, and a step by hand pauses', () => {
  const after = (...events: PlayingEvent[]): Playing => events.reduce(advance, notStarted)
  expect(after('tick', 'tick')).toEqual({ phase: 'ready', position: 0 })
  expect(after('pause')).toEqual({ phase: 'ready', position: 0 })
  expect(after('play', 'tick', 'tick')).toEqual({ phase: 'playing', position: 2 })
  expect(after('play', 'tick', 'pause', 'tick')).toEqual({ phase: 'paused', position: 1 })
  expect(after('play', 'tick', 'next', 'tick')).toEqual({ phase: 'paused', position: 2 })
  expect(after('play', 'tick', 'pause', 'play', 'tick')).toEqual({ phase: 'playing', position: 2 })
  expect(after('previous')).toEqual({ phase: 'paused', position: 0 })
  expect(after('next', 'next', 'previous')).toEqual({ phase: 'paused', position: 1 })
})

test('whatever is pressed, only ticks while playing and steps move it, by one frame', () => {
  const event = fc.constantFrom<PlayingEvent>('play', 'pause', 'tick', 'next', 'previous')
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (events) => {
      let state = notStarted
      for (const one of events) {
        const next = advance(state, one)
        const moves = one === 'next' || one === 'previous' || (one === 'tick' && state.phase === 'playing')
        const by = next.position - state.position
        if (moves) expect(Math.abs(by)).toBeLessThanOrEqual(1)
        else expect(by).toBe(0)
        expect(next.position).toBeGreaterThanOrEqual(0)
        expect(next.phase === 'playing').toBe(one === 'play' || (one === 'tick' && state.phase === 'playing'))
        state = next
      }
    }),
  )
})
