import fc from 'fast-check'

/** A way to spoil an honest file: places are fractions of its length. */
const change = fc.oneof(
  fc.record({ do: fc.constant('flip' as const), at: fc.nat(1 << 24), bit: fc.nat(7) }),
  // Counts, lengths and tags stand in front.
  fc.record({ do: fc.constant('flip' as const), at: fc.nat(160), bit: fc.nat(7) }),
  fc.record({
    do: fc.constant('set' as const),
    at: fc.nat(160),
    byte: fc.constantFrom(0, 1, 15, 16, 127, 128, 255),
  }),
  fc.record({ do: fc.constant('word' as const), at: fc.nat(160), byte: fc.constantFrom(0, 255) }),
  fc.record({ do: fc.constant('cut' as const), at: fc.nat(1 << 24) }),
  fc.record({
    do: fc.constant('remove' as const),
    at: fc.nat(1 << 24),
    length: fc.integer({ min: 1, max: 64 }),
  }),
  fc.record({
    do: fc.constant('insert' as const),
    at: fc.nat(1 << 24),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 64 }),
  }),
  fc.record({
    do: fc.constant('repeat' as const),
    at: fc.nat(1 << 24),
    length: fc.integer({ min: 1, max: 64 }),
  }),
)
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never

/** One to three changes. */
export const changes = fc.array(change, { minLength: 1, maxLength: 3 })

export function spoil(sample: Uint8Array, all: readonly Change[]): Uint8Array {
  return all.reduce((bytes, one) => (bytes.length === 0 ? bytes : spoilOnce(bytes, one)), sample)
}

function spoilOnce(bytes: Uint8Array, one: Change): Uint8Array {
  const at = one.at % bytes.length
  const copy = bytes.slice()
  switch (one.do) {
    case 'flip':
      copy[at]! ^= 1 << one.bit
      return copy
    case 'set':
      copy[at] = one.byte
      return copy
    case 'word':
      return copy.fill(one.byte, at, at + 8)
    case 'cut':
      return copy.slice(0, at)
    case 'remove':
      return joined(copy.slice(0, at), copy.slice(at + one.length))
    case 'insert':
      return joined(copy.slice(0, at), one.bytes, copy.slice(at))
    case 'repeat':
      return joined(copy.slice(0, at + one.length), copy.slice(at))
  }
}

const joined = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts))
