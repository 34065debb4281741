import { describe, expect, test } from 'vitest'
import { kernelText } from '../../src/sharing/kernel-source/module.ts'
import { flowOf, type PublicLocals } from './kernel-flow.ts'

/** Reviewed: each is an address or a count that the caller gives or that is counted up from one, never a word of memory. */
const PUBLIC: PublicLocals = {
  // `bytes`: of the stream, rounded up from the key's words.
  stream: ['bytes', 'at', 'round'],
  // `digest`: where the block's digest lies; `sets`: C(n-1, t-1), rounded up to eights.
  flood: ['digest', 'sets', 'at', 'end', 'keys', 'pass', 'round'],
  // `slot`: where a block lies; `bytes`: its length, padded.
  hashFour: ['slot', 'bytes', 'at', 'from', 'sixteen'],
  // `w`: t mod 64, where the round's word of the schedule lies.
  compress: ['block', 't', 'w'],
  hash: ['at', 'length', 'out', 'padded', 'i'],
  // Seeds have 32 bytes for each dealer, and messages the length of their fields.
  hmac: ['keyLength', 'messageLength', 'i'],
  axpy64: ['dst', 'src', 'n', 'j'],
  axpy128: ['dst', 'src', 'n'],
  dot64: ['a', 'b', 'n', 'out'],
  dotPair128: ['a', 'b', 'stride', 'n', 'out', 'second'],
  subtract: ['dst', 'a', 'b'],
  increase: ['dst', 'a'],
  centre: ['sets', 'j'],
  // `wide`: whether words have 128 bits; `position`: 0, 1 or 2, the block's place in its ring element.
  partial: ['slot', 'position', 'wide', 'words', 'sets', 'mask', 'body'],
  expand: ['keyLength', 'messageLength', 'bytes'],
  // `index`: of a set in its order.
  keepFloodKey: ['index', 'w', 'to'],
}

/** Reviewed: every condition of the kernel in order, and why no secret is in it. */
const CONDITIONS: readonly (readonly [condition: string, why: string])[] = [
  ['stream: (i32.lt_u (local.get $round) (i32.const 10))', 'double rounds of ChaCha20'],
  ['stream: (i32.lt_u (local.get $at) (local.get $bytes))', 'length of the stream'],
  ['flood: (i32.lt_u (local.get $round) (i32.const 10))', 'double rounds of ChaCha20'],
  ['flood: (i32.lt_u (local.get $pass) (i32.const 2))', 'HChaCha20, then ChaCha20'],
  ['flood: (i32.lt_u (local.get $at) (local.get $end))', 'number of sets'],
  ['hashFour: (i32.lt_u (local.get $sixteen) (i32.const 256))', 'rounds of SHA-256'],
  ['hashFour: (i32.lt_u (local.get $at) (local.get $bytes))', 'length of a block, which is public'],
  ['compress: (i32.lt_u (local.get $t) (i32.const 64))', 'bytes of a message block'],
  ['compress: (i32.lt_u (local.get $t) (i32.const 256))', 'rounds of SHA-256'],
  ['hash: (i32.lt_u (local.get $i) (local.get $padded))', 'length of what is hashed'],
  ['hash: (i32.lt_u (local.get $i) (i32.const 32))', 'bytes of a digest'],
  ['hmac: (i32.gt_u (local.get $keyLength) (i32.const 64))', 'length of the seeds: 32 for each dealer'],
  ['hmac: (i32.lt_u (local.get $i) (i32.const 64))', 'bytes of the padded key'],
  ['axpy64: (i32.lt_u (local.get $j) (local.get $n))', 'words of the vector'],
  ['axpy128: (i32.lt_u (local.get $dst) (local.get $n))', 'words of the vector'],
  ['dot64: (i32.lt_u (local.get $a) (local.get $n))', 'words of the vector'],
  ['dotPair128: (i32.lt_u (local.get $a) (local.get $n))', 'words of the vector, or number of sets'],
  ['centre: (i32.lt_u (local.get $j) (local.get $sets))', 'number of sets'],
  ['partial: (local.get $wide)', 'width of the ciphertext'],
  ['partial: (local.get $wide)', 'width of the ciphertext'],
  ['partial: (i32.eqz (local.get $position))', 'place of the block in its ring element'],
  ['keepFloodKey: (i32.lt_u (local.get $w) (i32.const 32))', 'bytes of a key'],
]

/** Reviewed: no division, no table, no `select`, no indirect call, no bit count, no growing memory. */
const OPERATIONS = [
  ...['block', 'br', 'br_if', 'call', 'else', 'if', 'local.get', 'local.set', 'loop', 'then'],
  ...['add', 'and', 'const', 'eqz', 'gt_u', 'load', 'lt_u', 'or', 'rotl', 'rotr', 'shl'].map(
    (op) => `i32.${op}`,
  ),
  ...['shr_u', 'store', 'store8', 'sub', 'xor'].map((op) => `i32.${op}`),
  ...['add', 'and', 'const', 'extend_i32_u', 'load', 'load32_u', 'lt_u'].map((op) => `i64.${op}`),
  // A multiplication of 64 bits takes the same time for all operands on every 64-bit processor that runs this.
  ...['mul', 'or', 'shl', 'shr_u', 'store', 'sub'].map((op) => `i64.${op}`),
  ...['add', 'shl', 'shr_u', 'splat'].map((op) => `i32x4.${op}`),
  ...['i8x16.shuffle', 'i8x16.swizzle', 'memory.copy', 'memory.fill'],
  ...['and', 'const', 'load', 'load32_splat', 'store', 'xor'].map((op) => `v128.${op}`),
]

const text = kernelText()

/** The kernel with `from`, which is in it, replaced once. */
function changed(from: string, to: string): string {
  expect(text).toContain(from)
  return text.replace(from, () => to)
}

describe('no secret decides what the kernel does or where it reads', () => {
  test('every condition is one that was reviewed, and a new one fails here until it is', () => {
    expect(flowOf(text, PUBLIC).conditions).toEqual(CONDITIONS.map(([condition]) => condition))
  })

  test('every operation is one that was reviewed', () => {
    expect(flowOf(text, PUBLIC).operations).toEqual(OPERATIONS.toSorted())
  })

  test('conditions, addresses and lengths are computed from public locals and constants alone, and those from each other', () => {
    expect(flowOf(text, PUBLIC).leaks).toEqual([])
  })

  const wrapped = '(i32.and (i32.wrap_i64 (local.get $sum)) (i32.const 8))'
  test.each([
    {
      name: 'a loop that ends early on a secret',
      from: '(br_if $next_a (i32.lt_u (local.get $a) (local.get $n)))',
      to: '(br_if $next_a (i32.wrap_i64 (local.get $sum)))',
      leak: 'dot64: a branch on (i32.wrap_i64 (local.get $sum))',
    },
    {
      name: 'a branch on a word of memory',
      from: '(if (local.get $wide)',
      to: '(if (i32.load offset=0 (local.get $slot))',
      leak: 'partial: a branch on (i32.load offset=0 (local.get $slot))',
    },
    {
      name: 'a table looked up by a secret',
      from: '(i64.load offset=0 (local.get $b))',
      to: `(i64.load offset=0 ${wrapped})`,
      leak: `dot64: an address ${wrapped}`,
    },
    {
      name: 'a secret that becomes an address by way of a public local',
      from: '(local.set $w (i32.and (local.get $t) (i32.const 63)))',
      to: '(local.set $w (i32.and (local.get $x) (i32.const 63)))',
      leak: 'compress: w becomes (i32.and (local.get $x) (i32.const 63))',
    },
    {
      name: 'a secret given as a length',
      from: '(call $stream (local.get $bytes))',
      to: '(call $stream (i32.load offset=0 (i32.const 0)))',
      leak: 'expand: bytes of stream is (i32.load offset=0 (i32.const 0))',
    },
    {
      name: 'memory filled as far as a secret says',
      from: '(i32.sub (local.get $padded) (local.get $length)))',
      to: '(i32.sub (local.get $padded) (local.get $x)))',
      leak: 'hash: an operand of memory.fill (i32.sub (local.get $padded) (local.get $x))',
    },
  ])('$name is found', ({ from, to, leak }) => {
    expect(flowOf(changed(from, to), PUBLIC).leaks).toEqual([leak])
  })

  test('a new branch fails even where it is on something public', () => {
    const more = flowOf(changed('(local.set $w ', '(if (local.get $t) (then))(local.set $w '), PUBLIC)
    expect(more.leaks).toEqual([])
    expect(more.conditions).not.toEqual(CONDITIONS.map(([condition]) => condition))
  })
})
