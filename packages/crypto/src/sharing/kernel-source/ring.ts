import { AT, DIGEST_OFFSET, FACTOR_STRIDE, MASK_OFFSET, VECTOR_BYTES } from '../kernel-layout.ts'
import {
  type Code,
  call,
  count,
  func,
  get,
  i32,
  i32Locals,
  i64,
  i64Locals,
  int,
  long,
  loop,
  mem,
  set,
} from './wat.ts'

const LOW = long('0xffffffff')

/** dst[j] += f * src[j] mod 2^64, j < n words. */
const axpy64 = func(
  {
    name: 'axpy64',
    exported: true,
    parameters: { dst: 'i32', src: 'i32', n: 'i32', f: 'i64' },
    locals: i32Locals('j'),
  },
  set('n', i32.shl(get('n'), 3)),
  loop(
    'j',
    8,
    get('n'),
    mem.putI64(
      i32.add(get('dst'), get('j')),
      0,
      i64.add(
        mem.i64(i32.add(get('dst'), get('j')), 0),
        i64.mul(mem.i64(i32.add(get('src'), get('j')), 0), get('f')),
      ),
    ),
  ),
)

/**
 * Schoolbook product of the halves a0, a1 and b0, b1 of two words: p and q hold bits 0-31 and 32-95 without a carry
 * lost, `high` is what is worth 2^64: a1 b1, the carries and the two cross products.
 */
function product(cross: Code): { readonly steps: readonly Code[]; readonly high: Code } {
  return {
    steps: [
      set('p', i64.mul(get('a0'), get('b0'))),
      set('m', i64.add(i64.mul(get('a1'), get('b0')), i64.shr(get('p'), 32))),
      set('q', i64.add(i64.mul(get('a0'), get('b1')), i64.and(get('m'), LOW))),
    ],
    high: i64.add(i64.mul(get('a1'), get('b1')), i64.shr(get('m'), 32), i64.shr(get('q'), 32), cross),
  }
}

/** dst[j] += (fh:fl) * src[j] mod 2^128, j < n words. */
const axpy128 = ((): Code => {
  const cross = i64.add(
    i64.mul(mem.i64(get('src'), 0), get('fh')),
    i64.mul(mem.i64(get('src'), 8), get('fl')),
  )
  const { steps, high } = product(cross)
  return func(
    {
      name: 'axpy128',
      exported: true,
      parameters: { dst: 'i32', src: 'i32', n: 'i32', fl: 'i64', fh: 'i64' },
      locals: { ...i64Locals('a0', 'a1', 'b0', 'b1', 'p', 'm', 'q', 'low', 'sum') },
    },
    set('n', i32.add(get('dst'), i32.shl(get('n'), 4))),
    set('a0', i64.and(get('fl'), LOW)),
    set('a1', i64.shr(get('fl'), 32)),
    loop(
      'dst',
      16,
      get('n'),
      set('b0', mem.half(get('src'), 0)),
      set('b1', mem.half(get('src'), 4)),
      ...steps,
      set('low', i64.or(i64.shl(get('q'), 32), i64.and(get('p'), LOW))),
      set('sum', i64.add(mem.i64(get('dst'), 0), get('low'))),
      mem.putI64(get('dst'), 8, i64.add(mem.i64(get('dst'), 8), high, i64.less(get('sum'), get('low')))),
      mem.putI64(get('dst'), 0, get('sum')),
      set('src', i32.add(get('src'), int(16))),
    ),
  )
})()

/** 16 bytes at `out` = sum of a[j] * b[j] mod 2^64, j < n words. */
const dot64 = func(
  {
    name: 'dot64',
    exported: true,
    parameters: { a: 'i32', b: 'i32', n: 'i32', out: 'i32' },
    locals: { ...i64Locals('sum') },
  },
  set('n', i32.add(get('a'), i32.shl(get('n'), 3))),
  loop(
    'a',
    8,
    get('n'),
    set('sum', i64.add(get('sum'), i64.mul(mem.i64(get('a'), 0), mem.i64(get('b'), 0)))),
    set('b', i32.add(get('b'), int(8))),
  ),
  mem.putI64(get('out'), 0, get('sum')),
  mem.putI64(get('out'), 8, long(0)),
)

/**
 * 16 bytes at `out` and 16 after them = sum of a[j] * b[j] mod 2^128, j < n words, n <= 2^31, for b and for the vector
 * `stride` bytes after it: bits 0-31 and 32-63 are summed apart and carried once, at the end.
 */
const dotPair128 = ((): Code => {
  const multiply = (b: Code, v: string): Code[] => {
    const cross = i64.add(
      i64.mul(mem.i64(get('a'), 0), mem.i64(b, 8)),
      i64.mul(mem.i64(get('a'), 8), mem.i64(b, 0)),
    )
    const { steps, high } = product(cross)
    return [
      set('b0', mem.half(b, 0)),
      set('b1', mem.half(b, 4)),
      ...steps,
      set(`${v}0`, i64.add(get(`${v}0`), i64.and(get('p'), LOW))),
      set(`${v}1`, i64.add(get(`${v}1`), i64.and(get('q'), LOW))),
      set(`${v}2`, i64.add(get(`${v}2`), high)),
    ]
  }
  const finish = (v: string, offset: number): Code[] => [
    set('low', i64.add(get(`${v}0`), i64.shl(get(`${v}1`), 32))),
    mem.putI64(get('out'), offset, get('low')),
    mem.putI64(
      get('out'),
      offset + 8,
      i64.add(get(`${v}2`), i64.shr(get(`${v}1`), 32), i64.less(get('low'), get(`${v}0`))),
    ),
  ]
  return func(
    {
      name: 'dotPair128',
      exported: true,
      parameters: { a: 'i32', b: 'i32', stride: 'i32', n: 'i32', out: 'i32' },
      locals: {
        ...i32Locals('second'),
        ...i64Locals('a0', 'a1', 'b0', 'b1', 'p', 'm', 'q', 's0', 's1', 's2', 't0', 't1', 't2', 'low'),
      },
    },
    set('n', i32.add(get('a'), i32.shl(get('n'), 4))),
    set('second', i32.add(get('b'), get('stride'))),
    loop(
      'a',
      16,
      get('n'),
      set('a0', mem.half(get('a'), 0)),
      set('a1', mem.half(get('a'), 4)),
      ...multiply(get('b'), 's'),
      ...multiply(get('second'), 't'),
      set('b', i32.add(get('b'), int(16))),
      set('second', i32.add(get('second'), int(16))),
    ),
    ...finish('s', 0),
    ...finish('t', 16),
  )
})()

/** 128-bit words: dst = a - b. */
const subtract = func(
  { name: 'subtract', parameters: { dst: 'i32', a: 'i32', b: 'i32' }, locals: i64Locals('low', 'borrow') },
  set('low', i64.sub(mem.i64(get('a'), 0), mem.i64(get('b'), 0))),
  set('borrow', i64.less(mem.i64(get('a'), 0), mem.i64(get('b'), 0))),
  mem.putI64(get('dst'), 8, i64.sub(i64.sub(mem.i64(get('a'), 8), mem.i64(get('b'), 8)), get('borrow'))),
  mem.putI64(get('dst'), 0, get('low')),
)

/** 128-bit words: dst += a. */
const increase = func(
  { name: 'increase', parameters: { dst: 'i32', a: 'i32' }, locals: i64Locals('low') },
  set('low', i64.add(mem.i64(get('dst'), 0), mem.i64(get('a'), 0))),
  mem.putI64(
    get('dst'),
    8,
    i64.add(mem.i64(get('dst'), 8), mem.i64(get('a'), 8), i64.less(get('low'), mem.i64(get('a'), 0))),
  ),
  mem.putI64(get('dst'), 0, get('low')),
)

/** NOISE[j] = (NOISE[j] mod 2^(k+1)) - 2^k as a 128-bit word; the masks and 2^k are given as halves. */
const centre = func(
  {
    name: 'centre',
    parameters: { sets: 'i32', maskLow: 'i64', maskHigh: 'i64', topLow: 'i64', topHigh: 'i64' },
    locals: { ...i32Locals('j'), ...i64Locals('low', 'difference') },
  },
  set('sets', i32.shl(get('sets'), 4)),
  loop(
    'j',
    16,
    get('sets'),
    set('low', i64.and(mem.i64(get('j'), AT.NOISE), get('maskLow'))),
    set('difference', i64.sub(get('low'), get('topLow'))),
    mem.putI64(
      get('j'),
      AT.NOISE + 8,
      i64.sub(
        i64.sub(i64.and(mem.i64(get('j'), AT.NOISE + 8), get('maskHigh')), get('topHigh')),
        i64.less(get('low'), get('topLow')),
      ),
    ),
    mem.putI64(get('j'), AT.NOISE, get('difference')),
  ),
)

const coefficient = (base: number, c: number): Code => int(base + 16 * c)

/** <mask, S> of every coefficient into TERM. */
const products128 = [0, 2].map((c) =>
  call(
    'dotPair128',
    get('mask'),
    int(AT.VECTORS + c * VECTOR_BYTES),
    int(VECTOR_BYTES),
    get('words'),
    coefficient(AT.TERM, c),
  ),
)
const products64 = count(4).map((c) =>
  call('dot64', get('mask'), int(AT.VECTORS + c * VECTOR_BYTES), get('words'), coefficient(AT.TERM, c)),
)

/** ELEMENT += X^position (body - <mask, S> + sum of f_A e_A) of the block at `slot`, which has its digest. */
const partial = func(
  {
    name: 'partial',
    exported: true,
    parameters: {
      slot: 'i32',
      position: 'i32',
      wide: 'i32',
      words: 'i32',
      sets: 'i32',
      maskLow: 'i64',
      maskHigh: 'i64',
      topLow: 'i64',
      topHigh: 'i64',
    },
    locals: i32Locals('mask', 'body'),
  },
  set('mask', i32.add(get('slot'), int(MASK_OFFSET))),
  // Sets come in eights; those added to fill up have the factor 0.
  call('flood', i32.add(get('slot'), int(DIGEST_OFFSET)), get('sets')),
  call('centre', get('sets'), get('maskLow'), get('maskHigh'), get('topLow'), get('topHigh')),
  ...[0, 2].map((c) =>
    call(
      'dotPair128',
      int(AT.NOISE),
      int(AT.FACTORS + c * FACTOR_STRIDE),
      int(FACTOR_STRIDE),
      get('sets'),
      coefficient(AT.PARTIAL, c),
    ),
  ),
  `(if ${get('wide')} (then ${products128.join('\n')}) (else ${products64.join('\n')}))`,
  ...count(4).map((c) =>
    call('subtract', coefficient(AT.PARTIAL, c), coefficient(AT.PARTIAL, c), coefficient(AT.TERM, c)),
  ),
  `(if ${get('wide')}
(then ${set('body', i32.add(get('mask'), i32.shl(get('words'), 4)))}
${mem.putI64(int(0), AT.TERM, mem.i64(get('body'), 0))}
${mem.putI64(int(0), AT.TERM + 8, mem.i64(get('body'), 8))})
(else ${mem.putI64(int(0), AT.TERM, mem.i64(i32.add(get('mask'), i32.shl(get('words'), 3)), 0))}
${mem.putI64(int(0), AT.TERM + 8, long(0))}))`,
  call('increase', coefficient(AT.PARTIAL, 0), int(AT.TERM)),
  // X^4 = -X - 1, so X (a0, a1, a2, a3) = (-a3, a0 - a3, a1, a2).
  `(block $placed (loop $shift (br_if $placed (i32.eqz ${get('position')}))`,
  `(memory.copy ${int(AT.TERM)} ${coefficient(AT.PARTIAL, 3)} ${int(16)})`,
  `(memory.copy ${coefficient(AT.PARTIAL, 1)} ${coefficient(AT.PARTIAL, 0)} ${int(48)})`,
  `(memory.fill ${coefficient(AT.PARTIAL, 0)} ${int(0)} ${int(16)})`,
  call('subtract', coefficient(AT.PARTIAL, 0), coefficient(AT.PARTIAL, 0), int(AT.TERM)),
  call('subtract', coefficient(AT.PARTIAL, 1), coefficient(AT.PARTIAL, 1), int(AT.TERM)),
  set('position', i32.sub(get('position'), int(1))),
  '(br $shift)))',
  ...count(4).map((c) => call('increase', coefficient(AT.ELEMENT, c), coefficient(AT.PARTIAL, c))),
  // Neither bare noise nor an unpacked term stays behind.
  `(memory.fill ${int(AT.PARTIAL)} ${int(0)} ${int(AT.ELEMENT - AT.PARTIAL)})`,
)

export const ringFunctions: readonly Code[] = [
  axpy64,
  axpy128,
  dot64,
  dotPair128,
  subtract,
  increase,
  centre,
  partial,
]
