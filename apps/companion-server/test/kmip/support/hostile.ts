import fc from 'fast-check'
import { tags } from '../../../src/kmip/codec/tags.ts'
import type { Item } from '../../../src/kmip/codec/ttlv.ts'

const tag = fc.oneof(fc.constantFrom(...Object.values(tags)), fc.integer({ min: 0x540000, max: 0x54ffff }))
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })

const leaf: fc.Arbitrary<Item> = fc.oneof(
  fc.record({ tag, type: fc.constant('integer'), value: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }) }),
  fc.record({
    tag,
    type: fc.constantFrom('enumeration', 'interval'),
    value: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  }),
  fc.record({
    tag,
    type: fc.constantFrom('long-integer', 'date-time', 'date-time-extended'),
    value: int64,
  }),
  fc.record({
    tag,
    type: fc.constant('big-integer'),
    value: fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
  }),
  fc.record({ tag, type: fc.constant('boolean'), value: fc.boolean() }),
  fc.record({ tag, type: fc.constant('text-string'), value: fc.string({ unit: 'grapheme', maxLength: 20 }) }),
  fc.record({ tag, type: fc.constant('byte-string'), value: fc.uint8Array({ maxLength: 40 }) }),
)

/** Any tree of items. */
export const items: fc.Arbitrary<Item> = fc.letrec<{ item: Item; structure: Item }>((tie) => ({
  item: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, tie('structure')),
  structure: fc.record({
    tag,
    type: fc.constant('structure'),
    value: fc.array(tie('item'), { maxLength: 6 }),
  }),
})).item

type Change =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'length'; readonly at: number; readonly length: number }
  | { readonly kind: 'cut' | 'repeat'; readonly at: number; readonly count: number }

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant('flip'), at: place, bit: fc.integer({ min: 0, max: 7 }) }),
  fc.record({
    kind: fc.constant('length'),
    at: place,
    length: fc.oneof(
      fc.integer({ min: 0, max: 64 }),
      fc.constantFrom(0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff),
    ),
  }),
  fc.record({
    kind: fc.constantFrom('cut', 'repeat'),
    at: place,
    count: fc.integer({ min: 1, max: 64 }),
  }),
)

/** What somebody does to a message on its way: bits turned, lengths that lie, parts left out or sent twice. */
export const changes: fc.Arbitrary<readonly Change[]> = fc.array(change, { minLength: 1, maxLength: 4 })

export function spoil(bytes: Uint8Array, all: readonly Change[]): Uint8Array {
  return all.reduce((before, one) => {
    if (before.length < 8) return before
    const at = Math.floor(one.at * before.length)
    const after = before.slice()
    if (one.kind === 'flip') {
      after[at] = (after[at] ?? 0) ^ (1 << one.bit)
      return after
    }
    if (one.kind === 'length') {
      // Heads of items begin at multiples of 8, and lengths half-way through them.
      const place = Math.min(Math.floor(at / 8) * 8 + 4, after.length - 4)
      new DataView(after.buffer).setUint32(place, one.length)
      return after
    }
    const part = before.slice(at, at + one.count)
    const rest = one.kind === 'cut' ? before.slice(at + one.count) : before.slice(at)
    return Uint8Array.from([...before.slice(0, at), ...(one.kind === 'cut' ? [] : part), ...rest])
  }, bytes)
}
