import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromHex, sha256, toHex, u16be, u32be } from '../../src/index.ts'
import {
  createSender,
  frameText,
  type PayloadType,
  type ProfileName,
  parseFrame,
  profiles,
  toBase45,
} from '../../src/transport/index.ts'
import { vectorJson } from '../vectors.ts'
import { code, payloadOf } from './raptorq.ts'

type Known = {
  senders: {
    type: PayloadType
    payload: string
    profile: ProfileName
    source: number
    frames: { symbolId: number; bytes: string }[]
  }[]
}
const known = vectorJson<Known>('transport/frames.json')
const header = { type: 1, session: new Uint8Array([1, 2, 3, 4]), length: 600, symbolSize: 64 }
const packet = (symbolId: number, size = 64): Uint8Array =>
  new Uint8Array([...u32be(symbolId), ...payloadOf(size)])

/** A frame of any fields with a check that fits. */
function forged(
  fields: Partial<{ version: number; type: number; length: number; symbolSize: number; packet: Uint8Array }>,
): string {
  const { version = 1, type = 1, length = 600, symbolSize = 64 } = fields
  const body = fields.packet ?? packet(0, symbolSize)
  const start = [0x4c, 0x58, version, type, 1, 2, 3, 4, ...u32be(length), ...u16be(symbolSize)]
  const check = sha256(new Uint8Array(start), body).subarray(0, 2)
  return toBase45(new Uint8Array([...start, ...check, ...body]))
}

const ruleOf = (text: string): string => {
  const frame = parseFrame(text)
  return frame.ok ? 'taken' : frame.rule
}

test('a sender shows the frames that another program made, source and repair', () => {
  expect(known.senders.length).toBeGreaterThan(2)
  for (const { type, payload, profile, source, frames } of known.senders) {
    const sender = createSender({ type, payload: fromHex(payload) }, profiles[profile], code)
    if (!sender.ok) throw new Error(sender.rule)
    expect(sender.value.source).toBe(source)
    const shown = new Map<number, string>()
    for (let at = 0; at < sender.value.source + sender.value.repair; at++) {
      const frame = parseFrame(sender.value.textAt(at))
      if (frame.ok) shown.set(frame.value.symbolId, sender.value.textAt(at))
    }
    for (const { symbolId, bytes } of frames) expect(shown.get(symbolId)).toBe(toBase45(fromHex(bytes)))
  }
})

test('a frame comes back with its header, symbol number and packet', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffff }), (symbolId) => {
      const frame = parseFrame(frameText(header, packet(symbolId)))
      expect(frame).toEqual({ ok: true, value: { header, symbolId, packet: packet(symbolId) } })
    }),
  )
})

test('TRANSFER-TORN a frame that is cut, or has one byte changed after its version, is not taken', () => {
  const bytes = [0x4c, 0x58, 1, 1, 1, 2, 3, 4, ...u32be(600), ...u16be(64)]
  const text = forged({})
  const whole = [...bytes, ...sha256(new Uint8Array(bytes), packet(0)).subarray(0, 2), ...packet(0)]
  expect(toBase45(new Uint8Array(whole))).toBe(text)
  for (let at = 3; at < whole.length; at++) {
    const changed = new Uint8Array(whole)
    changed[at]! ^= 0x40
    expect([at, ruleOf(toBase45(changed))]).toEqual([at, 'TRANSFER-TORN'])
    expect([at, ruleOf(toBase45(changed.subarray(0, at)))]).toEqual([at, 'TRANSFER-TORN'])
  }
})

test.each([
  ['taken', forged({})],
  ['TRANSFER-FOREIGN', 'HTTPS://EXAMPLE.ORG'],
  ['TRANSFER-FOREIGN', 'https://example.org'],
  ['TRANSFER-FOREIGN', ''],
  ['TRANSFER-FOREIGN', 'A'.repeat(4_000_000)],
  ['TRANSFER-FOREIGN', 'WIFI:T:WPA;S:guest;P:12345678;;'],
  ['TRANSFER-VERSION', forged({ version: 2 })],
  ['TRANSFER-VERSION', toBase45(new Uint8Array([0x4c, 0x58, 9]))],
  ['TRANSFER-VERSION', toBase45(new Uint8Array([0x4c, 0x58]))],
  ['TRANSFER-TORN', forged({ packet: packet(0x01000000) })],
  ['TRANSFER-TORN', forged({ packet: packet(0x10000) })],
  ['taken', forged({ packet: packet(0xffff) })],
  ['TRANSFER-TORN', forged({ packet: packet(0, 72) })],
  ['TRANSFER-TORN', forged({ packet: new Uint8Array(4) })],
  ['TRANSFER-LENGTH', forged({ length: 0 })],
  ['TRANSFER-LENGTH', forged({ length: 0xffffffff, symbolSize: 1208 })],
  ['taken', forged({ length: 512 * 1024 + 45, symbolSize: 480 })],
  ['TRANSFER-LENGTH', forged({ length: 512 * 1024 + 46, symbolSize: 1208 })],
  ['TRANSFER-LENGTH', forged({ length: 512 * 1024 + 45, symbolSize: 472 })],
  ['TRANSFER-LENGTH', forged({ symbolSize: 56 })],
  ['TRANSFER-LENGTH', forged({ symbolSize: 65 })],
  ['TRANSFER-LENGTH', forged({ symbolSize: 1216 })],
])('%s case %#', (rule, text) => {
  expect(ruleOf(text)).toBe(rule)
})

test('each profile’s frame fills its QR version at level L, and 8 bytes more would not fit', () => {
  // ISO/IEC 18004 table 7: alphanumeric characters at level L.
  const characters: Record<number, number> = { 15: 758, 20: 1249, 25: 1853 }
  for (const { version, symbolSize, framesPerSecond } of Object.values(profiles)) {
    expect(symbolSize % 8).toBe(0)
    expect(framesPerSecond).toBeLessThanOrEqual(12)
    const text = (size: number) => frameText({ ...header, symbolSize: size }, packet(0, size))
    expect(text(symbolSize).length).toBeLessThanOrEqual(characters[version]!)
    expect(text(symbolSize + 8).length).toBeGreaterThan(characters[version]!)
    expect(text(symbolSize)).toMatch(/^[0-9A-Z $%*+\-./:]+$/)
  }
  expect(profiles.reduced.framesPerSecond).toBeLessThanOrEqual(3)
})

test('a frame begins with the same characters, whatever it carries', () => {
  expect(toHex(new TextEncoder().encode(frameText(header, packet(0)).slice(0, 3)))).toBe(
    toHex(new TextEncoder().encode(toBase45(new Uint8Array([0x4c, 0x58])))),
  )
})
