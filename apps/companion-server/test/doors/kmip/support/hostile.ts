import { concatBytes } from '@lux/crypto'
import fc from 'fast-check'
import { tags } from '../../../../src/doors/kmip/codec/tags.ts'
import type { Item } from '../../../../src/doors/kmip/codec/ttlv.ts'

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

type Change = {
  readonly kind: 'flip' | 'length' | 'cut' | 'repeat'
  readonly at: number
  /** Of a flip, the bit; of a length, the length; else the bytes cut or repeated. */
  readonly amount: number
  /** At a multiple of 8, where items begin. */
  readonly aligned: boolean
}

// Without the bias to small values: every place of a message is as likely.
const place = fc.noBias(fc.nat(0xffff)).map((value) => value / 0x10000)
const amountOf = {
  flip: fc.nat(7),
  length: fc.oneof(
    fc.nat(64),
    fc.nat(8).map((words) => words * 8),
    fc.constantFrom(0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff),
  ),
  cut: fc.integer({ min: 1, max: 64 }),
  repeat: fc.integer({ min: 1, max: 64 }),
}
const change: fc.Arbitrary<Change> = fc
  .constantFrom('flip' as const, 'length' as const, 'cut' as const, 'repeat' as const)
  .chain((kind) =>
    fc.record({ kind: fc.constant(kind), at: place, amount: amountOf[kind], aligned: fc.boolean() }),
  )

/** What somebody does to a message on its way: bits turned, lengths that lie, parts left out or sent twice. */
export const changes: fc.Arbitrary<readonly Change[]> = fc.array(change, { minLength: 1, maxLength: 4 })

export function spoil(bytes: Uint8Array, all: readonly Change[]): Uint8Array {
  return all.reduce((before, { kind, at: share, amount, aligned }) => {
    if (before.length < 8) return before
    const anywhere = Math.floor(share * before.length)
    const at = aligned || kind === 'length' ? anywhere - (anywhere % 8) : anywhere
    if (kind === 'flip') {
      const after = before.slice()
      after[anywhere] = (after[anywhere] ?? 0) ^ (1 << amount)
      return after
    }
    if (kind === 'length') {
      const after = before.slice()
      new DataView(after.buffer).setUint32(Math.min(at + 4, after.length - 4), amount)
      return after
    }
    const end = at + (aligned ? Math.ceil(amount / 8) * 8 : amount)
    return concatBytes(
      before.subarray(0, kind === 'cut' ? at : end),
      before.subarray(kind === 'cut' ? end : at),
    )
  }, bytes)
}

type Rearrangement = {
  readonly path: readonly number[]
  readonly kind: 'drop' | 'repeat' | 'swap' | 'retag' | 'replace'
  readonly tag: number
  readonly other: Item
}

/** What a client may send that is well-formed and means nothing: fields left out, repeated, in another order or of another type. */
export const rearrangements: fc.Arbitrary<readonly Rearrangement[]> = fc.array(
  fc.record({
    path: fc.array(fc.noBias(fc.nat(0xffff)), { minLength: 1, maxLength: 6 }),
    kind: fc.constantFrom('drop', 'repeat', 'swap', 'retag', 'replace'),
    tag,
    other: leaf,
  }),
  { minLength: 1, maxLength: 3 },
)

export const rearrange = (item: Item, all: readonly Rearrangement[]): Item =>
  all.reduce((before, one) => rearranged(before, one, one.path), item)

function rearranged(item: Item, one: Rearrangement, [step = 0, ...deeper]: readonly number[]): Item {
  if (item.type !== 'structure' || item.value.length === 0) return item
  const at = step % item.value.length
  const child = item.value[at]
  if (child === undefined) return item
  const value = [...item.value]
  if (deeper.length > 0 && child.type === 'structure') value[at] = rearranged(child, one, deeper)
  else if (one.kind === 'drop') value.splice(at, 1)
  else if (one.kind === 'repeat') value.splice(at, 0, child)
  else if (one.kind === 'swap') value.push(...value.splice(at, 1))
  else if (one.kind === 'retag') value[at] = { ...child, tag: one.tag }
  else value[at] = { ...one.other, tag: child.tag }
  return { ...item, value }
}
