import { describe, expect, test } from 'vitest'
import { u32be } from '../../src/index.ts'
import {
  createReceiver,
  type ErasureCode,
  frameText,
  MAX_OBJECT,
  MAX_SYMBOLS,
  profiles,
} from '../../src/transport/index.ts'
import { code, loadCode, payloadOf } from './raptorq.ts'

/** An erasure code that never finishes, and counts what is asked of it. */
function counting() {
  const count = { opened: 0, open: 0, most: 0, added: 0, addedToOne: 0 }
  const erasure: ErasureCode = {
    encode: () => [],
    open() {
      let added = 0
      count.opened++
      count.most = Math.max(count.most, ++count.open)
      return {
        add() {
          count.added++
          count.addedToOne = Math.max(count.addedToOne, ++added)
          return null
        },
        close: () => void count.open--,
      }
    },
  }
  return { count, erasure }
}

const largest = { type: 1, length: MAX_OBJECT, symbolSize: 480 }
const session = (of: number): Uint8Array => u32be(of)

function packet(symbolId: number, size: number): Uint8Array {
  const out = new Uint8Array(4 + size)
  out.set(u32be(symbolId))
  out.set(payloadOf(size, symbolId + 1), 4)
  return out
}

describe('a hostile frame costs bounded work and memory', () => {
  test('at most three decoders are open, however many transfers begin', () => {
    const { count, erasure } = counting()
    const receiver = createReceiver(['card'], erasure)
    for (let of = 0; of < 1000; of++)
      receiver.take(frameText({ ...largest, session: session(of) }, packet(0, 480)))
    expect(count).toEqual({ opened: 1000, open: 3, most: 3, added: 1000, addedToOne: 1 })
    receiver.close()
    expect(count.open).toBe(0)
  })

  test('TRANSFER-DAMAGED symbols that never make a whole are given up after eight more than are needed', () => {
    const { count, erasure } = counting()
    const receiver = createReceiver(['card'], erasure)
    const header = { type: 1, session: session(1), length: 640, symbolSize: 64 }
    const rules: string[] = []
    for (let symbol = 0; symbol < 36; symbol++) {
      const scan = receiver.take(frameText(header, packet(symbol, 64)))
      if (!scan.ok) rules.push(`${symbol} ${scan.rule}`)
    }
    expect(rules).toEqual(['17 TRANSFER-DAMAGED', '35 TRANSFER-DAMAGED'])
    expect(count).toEqual({ opened: 2, open: 0, most: 1, added: 36, addedToOne: 18 })
  })

  test('neither a duplicate frame nor a refused one reaches a decoder', () => {
    const { count, erasure } = counting()
    const receiver = createReceiver(['card'], erasure)
    const header = { ...largest, session: session(1) }
    const text = frameText(header, packet(0, 480))
    for (let time = 0; time < 100; time++) receiver.take(text)
    for (const refused of [
      text.slice(0, -3),
      frameText({ ...header, type: 2 }, packet(1, 480)),
      frameText({ ...header, type: 99 }, packet(1, 480)),
      frameText({ ...header, length: largest.length + 1 }, packet(1, 480)),
      frameText({ ...header, symbolSize: 64 }, packet(1, 64)),
      frameText(header, packet(0x01000001, 480)),
      'A'.repeat(1_000_000),
    ])
      expect(receiver.take(refused).ok).toBe(false)
    expect(count).toEqual({ opened: 1, open: 1, most: 1, added: 1, addedToOne: 1 })
  })

  test('TRANSFER-DAMAGED a decoder that breaks ends its transfer alone', () => {
    const broken: ErasureCode = {
      ...code,
      open: (length, symbolSize) =>
        length === 640
          ? {
              add: () => {
                throw new Error('unreachable')
              },
              close: () => expect.unreachable(),
            }
          : code.open(length, symbolSize),
    }
    const receiver = createReceiver(['card'], broken)
    const other = { type: 1, session: session(2), length: 1280, symbolSize: 64 }
    receiver.take(frameText(other, packet(0, 64)))
    const header = { type: 1, session: session(1), length: 640, symbolSize: 64 }
    expect(receiver.take(frameText(header, packet(0, 64)))).toMatchObject({
      ok: false,
      rule: 'TRANSFER-DAMAGED',
    })
    expect(receiver.take(frameText(other, packet(1, 64)))).toMatchObject({
      ok: true,
      value: { progress: { received: 2 } },
    })
    receiver.close()
  })

  test('a thousand announcements of the largest object take less than 8 MB of the decoder’s memory', async () => {
    const own = await loadCode()
    const before = own.memory()
    const receiver = createReceiver(['card'], own.code)
    for (let of = 0; of < 1000; of++)
      receiver.take(frameText({ ...largest, session: session(of) }, packet(of, 480)))
    expect(own.memory() - before).toBeLessThan(8_000_000)
    // The memory is that of this decoder: an object of theirs, which one of its own would hold, is seen in it.
    own.code.encode(payloadOf(largest.length), largest.symbolSize, 0)
    expect(own.memory() - before).toBeGreaterThan(MAX_OBJECT)
    receiver.close()
  })

  test('TRANSFER-DAMAGED forged repair frames of the largest object are decoded within 8 MB, and come to nothing', async () => {
    const own = await loadCode()
    const before = own.memory()
    const receiver = createReceiver(['card'], own.code)
    const header = { ...largest, session: session(1) }
    const scans = Array.from({ length: MAX_SYMBOLS + 8 }, (_, at) =>
      receiver.take(frameText(header, packet(MAX_SYMBOLS + at, 480))),
    )
    expect(scans.filter(({ ok }) => ok).length).toBeGreaterThanOrEqual(MAX_SYMBOLS - 1)
    expect(scans.find(({ ok }) => !ok)).toMatchObject({ rule: 'TRANSFER-DAMAGED' })
    expect(own.memory() - before).toBeLessThan(8_000_000)
    receiver.close()
  })

  test('no profile needs more symbols than a receiver takes', () => {
    for (const { symbolSize } of Object.values(profiles))
      expect(Math.ceil(MAX_OBJECT / symbolSize)).toBeLessThanOrEqual(MAX_SYMBOLS)
  })

  test('frames of any symbol number up to the last are collected, and the real decoder goes on working', () => {
    const receiver = createReceiver(['card'], code)
    const header = { type: 1, session: session(3), length: 640, symbolSize: 64 }
    const numbers = [0xffff, 0xfffe, 0x8000, 56_403, 56_402, 10, 9, 1, 0, 77, 78, 79]
    const states = numbers.map((symbol) => {
      const scan = receiver.take(frameText(header, packet(symbol, 64)))
      return scan.ok ? scan.value.state : scan.rule
    })
    expect(states).not.toContain('received')
    expect(states.filter((state) => state === 'TRANSFER-DAMAGED')).toHaveLength(1)
    receiver.close()
  })
})
