import { AT, DIGEST_OFFSET, MASK_OFFSET, MESSAGE_STRIDE, PREFIX_BYTES } from '../kernel-layout.ts'
import {
  type Code,
  call,
  count,
  func,
  get,
  i32,
  i32Locals,
  int,
  lanes,
  loop,
  mem,
  set,
  transpose,
  v128Locals,
} from './wat.ts'

const primes: readonly number[] = firstPrimes(64)

/** K of FIPS 180-4 section 4.2.2: the first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
export const ROUND_CONSTANTS: readonly number[] = primes.map((p) => fraction(BigInt(p), 3n))
/** H(0) of section 5.3.3: the same of the square roots of the first 8. */
const INITIAL_STATE: readonly number[] = primes.slice(0, 8).map((p) => fraction(BigInt(p), 2n))

function firstPrimes(n: number): number[] {
  const found: number[] = []
  for (let i = 2; found.length < n; i++) if (found.every((p) => i % p !== 0)) found.push(i)
  return found
}

/** floor(p^(1/root) 2^32) mod 2^32, by bisection in integers. */
function fraction(p: bigint, root: bigint): number {
  const target = p << (32n * root)
  let low = 0n
  let high = p << 32n
  while (high - low > 1n) {
    const middle = (low + high) >> 1n
    if (middle ** root <= target) low = middle
    else high = middle
  }
  return Number(low & 0xffff_ffffn)
}

const STATE = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] as const
const BYTE_SWAP = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12]

/** Rotations and shifts of one word, xored; a rotation is two shifts, so nothing is ored first. */
function sigma(x: Code, rotations: readonly number[], shifts: readonly number[] = []): Code {
  return lanes.xor(
    ...rotations.flatMap((n) => [lanes.shr(x, n), lanes.shl(x, 32 - n)]),
    ...shifts.map((n) => lanes.shr(x, n)),
  )
}

/** One round of four lanes; names rotate instead of values. `ab` holds a xor b of the round before, which is b xor c now. */
function round(t: number, constant: Code): Code {
  const name = (i: number): string => STATE[(i + 8 * 8 - t) % 8] ?? ''
  const [a, b, d] = [name(0), name(1), name(3)]
  const [e, f, g, h] = [name(4), name(5), name(6), name(7)]
  const choose = lanes.xor(get(g), lanes.and(get(e), lanes.xor(get(f), get(g))))
  return [
    set(h, lanes.add(get(h), constant, mem.v128(int(0), AT.SCHEDULES + 16 * (t % 16)))),
    set(h, lanes.add(get(h), choose, sigma(get(e), [6, 11, 25]))),
    set(d, lanes.add(get(d), get(h))),
    set('next', lanes.xor(get(a), get(b))),
    set(
      h,
      lanes.add(get(h), lanes.xor(get(b), lanes.and(get('next'), get('ab'))), sigma(get(a), [2, 13, 22])),
    ),
    set('ab', get('next')),
  ].join('\n')
}

/** w[t] = s1(w[t-2]) + w[t-7] + s0(w[t-15]) + w[t-16], in place. */
function schedule(t: number): Code {
  const w = (i: number): Code => mem.v128(int(0), AT.SCHEDULES + 16 * ((t + i) % 16))
  return [
    set('x0', w(1)),
    set('x1', w(14)),
    mem.putV128(
      int(0),
      AT.SCHEDULES + 16 * t,
      lanes.add(w(0), w(9), sigma(get('x0'), [7, 18], [3]), sigma(get('x1'), [17, 19], [10])),
    ),
  ].join('\n')
}

/** SHA-256 of the padded messages in four neighbouring slots, `bytes` each, side by side: at the end of each slot. */
const hashFour = func(
  {
    name: 'hashFour',
    exported: true,
    parameters: { slot: 'i32', bytes: 'i32' },
    locals: {
      ...i32Locals('at', 'sixteen', 'from'),
      ...v128Locals(...STATE, 'ab', 'next', 'x0', 'x1', 'x2', 'x3', ...count(4).map((i) => `r${i}`)),
    },
  },
  ...INITIAL_STATE.map((h, i) => mem.putV128(int(0), AT.STATES + 16 * i, lanes.splat(int(h)))),
  loop(
    'at',
    64,
    get('bytes'),
    set('from', i32.add(get('slot'), get('at'))),
    ...count(4).flatMap((quarter) => [
      ...count(4).map((lane) => {
        const words = mem.v128(get('from'), lane * MESSAGE_STRIDE + MASK_OFFSET - PREFIX_BYTES + 16 * quarter)
        return set(`r${lane}`, lanes.shuffle(words, words, BYTE_SWAP))
      }),
      transpose(
        count(4).map((i) => `r${i}`),
        (word, value) => mem.putV128(int(0), AT.SCHEDULES + 16 * (4 * quarter + word), value),
      ),
    ]),
    ...STATE.map((name, i) => set(name, mem.v128(int(0), AT.STATES + 16 * i))),
    set('ab', lanes.xor(get('b'), get('c'))),
    ...count(16).map((t) => round(t, mem.splat(int(0), AT.ROUND_CONSTANTS + 4 * t))),
    set('sixteen', int(64)),
    loop(
      'sixteen',
      64,
      int(256),
      ...count(16).flatMap((t) => [
        schedule(t),
        round(t, mem.splat(get('sixteen'), AT.ROUND_CONSTANTS + 4 * t)),
      ]),
    ),
    ...STATE.map((name, i) =>
      mem.putV128(int(0), AT.STATES + 16 * i, lanes.add(get(name), mem.v128(int(0), AT.STATES + 16 * i))),
    ),
  ),
  ...count(2).flatMap((half) => [
    ...count(4).map((i) => {
      const words = mem.v128(int(0), AT.STATES + 64 * half + 16 * i)
      return set(`r${i}`, lanes.shuffle(words, words, BYTE_SWAP))
    }),
    transpose(
      count(4).map((i) => `r${i}`),
      (lane, value) => mem.putV128(get('slot'), lane * MESSAGE_STRIDE + DIGEST_OFFSET + 16 * half, value),
    ),
  ]),
)

/** The same value with its bytes reversed. */
function swap(x: string): Code {
  return i32.or(
    i32.and(`(i32.rotl ${get(x)} (i32.const 8))`, int(0x00ff00ff)),
    i32.and(i32.rotr(get(x), 8), int(0xff00ff00)),
  )
}

function scalarSigma(x: Code, rotations: readonly number[], shift?: number): Code {
  const rotated = rotations.map((n) => i32.rotr(x, n))
  return i32.xor(...rotated, ...(shift === undefined ? [] : [i32.shr(x, shift)]))
}

/** One block at `block` into STATE: short secrets, so one lane is enough. */
const compress = func(
  { name: 'compress', parameters: { block: 'i32' }, locals: i32Locals('t', ...STATE, 'w', 'x') },
  loop(
    't',
    4,
    int(64),
    set('x', mem.i32(i32.add(get('block'), get('t')), 0)),
    mem.putI32(get('t'), AT.SCHEDULE, swap('x')),
  ),
  ...STATE.map((name, i) => set(name, mem.i32(int(0), AT.STATE + 4 * i))),
  set('t', int(0)),
  loop(
    't',
    4,
    int(256),
    set('w', i32.and(get('t'), int(63))),
    set('x', mem.i32(get('w'), AT.SCHEDULE)),
    set(
      'h',
      i32.add(
        get('h'),
        scalarSigma(get('e'), [6, 11, 25]),
        i32.xor(get('g'), i32.and(get('e'), i32.xor(get('f'), get('g')))),
        mem.i32(get('t'), AT.ROUND_CONSTANTS),
        get('x'),
      ),
    ),
    // The word that takes this one's place sixteen rounds on.
    mem.putI32(
      get('w'),
      AT.SCHEDULE,
      i32.add(
        get('x'),
        scalarSigma(scheduleWord(1), [7, 18], 3),
        scheduleWord(9),
        scalarSigma(scheduleWord(14), [17, 19], 10),
      ),
    ),
    set('x', i32.add(get('d'), get('h'))),
    set(
      'h',
      i32.add(
        get('h'),
        scalarSigma(get('a'), [2, 13, 22]),
        i32.xor(i32.and(get('a'), i32.xor(get('b'), get('c'))), i32.and(get('b'), get('c'))),
      ),
    ),
    set('d', get('c')),
    set('c', get('b')),
    set('b', get('a')),
    set('a', get('h')),
    set('h', get('g')),
    set('g', get('f')),
    set('f', get('e')),
    set('e', get('x')),
  ),
  ...STATE.map((name, i) =>
    mem.putI32(int(0), AT.STATE + 4 * i, i32.add(get(name), mem.i32(int(0), AT.STATE + 4 * i))),
  ),
)

function scheduleWord(i: number): Code {
  return mem.i32(i32.and(i32.add(get('w'), int(4 * i)), int(63)), AT.SCHEDULE)
}

/** SHA-256 of `length` bytes at `at`, which are padded in place: the digest goes to `out`. */
const hash = func(
  {
    name: 'hash',
    parameters: { at: 'i32', length: 'i32', out: 'i32' },
    locals: i32Locals('padded', 'i', 'x'),
  },
  set('padded', i32.and(i32.add(get('length'), int(72)), int(~63))),
  `(memory.fill ${i32.add(get('at'), get('length'))} ${int(0)} ${i32.sub(get('padded'), get('length'))})`,
  `(i32.store8 ${i32.add(get('at'), get('length'))} ${int(0x80)})`,
  // The length in bits fits two bytes here.
  `(i32.store8 offset=0 ${i32.add(get('at'), i32.sub(get('padded'), int(2)))} ${i32.shr(get('length'), 5)})`,
  `(i32.store8 offset=0 ${i32.add(get('at'), i32.sub(get('padded'), int(1)))} ${i32.shl(get('length'), 3)})`,
  ...INITIAL_STATE.map((h, i) => mem.putI32(int(0), AT.STATE + 4 * i, int(h))),
  loop('i', 64, get('padded'), call('compress', i32.add(get('at'), get('i')))),
  set('i', int(0)),
  loop(
    'i',
    4,
    int(32),
    set('x', mem.i32(get('i'), AT.STATE)),
    mem.putI32(i32.add(get('out'), get('i')), 0, swap('x')),
  ),
)

/** HMAC-SHA-256 (RFC 2104) of the message at INNER + 64 under the key at KEY, which is zeroed: into MAC. */
const hmac = func(
  {
    name: 'hmac',
    exported: true,
    parameters: { keyLength: 'i32', messageLength: 'i32' },
    locals: i32Locals('i'),
  },
  `(if (i32.gt_u ${get('keyLength')} ${int(64)}) (then
${call('hash', int(AT.KEY), get('keyLength'), int(AT.MAC))}
(memory.copy ${int(AT.KEY)} ${int(AT.MAC)} ${int(32)})
${set('keyLength', int(32))}))`,
  `(memory.fill ${i32.add(int(AT.KEY), get('keyLength'))} ${int(0)} ${i32.sub(int(AT.INNER - AT.KEY), get('keyLength'))})`,
  loop(
    'i',
    4,
    int(64),
    mem.putI32(get('i'), AT.INNER, i32.xor(mem.i32(get('i'), AT.KEY), int(0x36363636))),
    mem.putI32(get('i'), AT.OUTER, i32.xor(mem.i32(get('i'), AT.KEY), int(0x5c5c5c5c))),
  ),
  call('hash', int(AT.INNER), i32.add(get('messageLength'), int(64)), int(AT.OUTER + 64)),
  call('hash', int(AT.OUTER), int(96), int(AT.MAC)),
  `(memory.fill ${int(AT.KEY)} ${int(0)} ${int(64)})`,
  `(memory.fill ${int(AT.INNER)} ${int(0)} ${int(AT.MAC - AT.INNER)})`,
)

export const shaFunctions: readonly Code[] = [hashFour, compress, hash, hmac]
