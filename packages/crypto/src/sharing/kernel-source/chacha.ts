import { AT } from '../kernel-layout.ts'
import {
  type Code,
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

// "expand 32-byte k", RFC 8439 section 2.3.
const CONSTANTS = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]
const ROTATE_16 = '2 3 0 1 6 7 4 5 10 11 8 9 14 15 12 13'
const ROTATE_8 = '3 0 1 2 7 4 5 6 11 8 9 10 15 12 13 14'

/**
 * Two groups of four blocks, each a state of sixteen vectors s0..s15 and t0..t15: one group alone leaves the processor
 * waiting for its own results.
 */
const GROUPS = ['s', 't'] as const
const LANES = 4 * GROUPS.length

function every(write: (group: string, number: number) => readonly Code[]): Code[] {
  return GROUPS.flatMap((group, number) => write(group, number))
}

const words = (group: string): string[] => count(16).map((i) => group + i)

function rotate(x: Code, n: number): Code {
  // Engines know this one as two halves swapped, and the other only as a table.
  if (n === 16) return `(i8x16.shuffle ${ROTATE_16} ${x} ${x})`
  if (n === 8) return `(i8x16.swizzle ${x} (v128.const i8x16 ${ROTATE_8}))`
  return lanes.xor(lanes.shl(x, n), lanes.shr(x, 32 - n))
}

/** a += b, c = (c ^ a) <<< n, in both groups by turns. */
function mix(a: number, b: number, c: number, n: number): Code[] {
  return [
    ...every((g) => [set(g + a, lanes.add(get(g + a), get(g + b)))]),
    ...every((g) => [set(g + c, lanes.xor(get(g + c), get(g + a)))]),
    ...every((g) => [set(g + c, rotate(get(g + c), n))]),
  ]
}

function quarterRound(a: number, b: number, c: number, d: number): Code[] {
  return [...mix(a, b, d, 16), ...mix(c, d, b, 12), ...mix(a, b, d, 8), ...mix(c, d, b, 7)]
}

/** Twenty rounds, without the addition at the end. */
const permute: readonly Code[] = [
  ...every((g) => CONSTANTS.map((c, i) => set(g + i, lanes.splat(int(c))))),
  set('round', int(0)),
  loop(
    'round',
    1,
    int(10),
    ...count(4).flatMap((i) => quarterRound(i, 4 + i, 8 + i, 12 + i)),
    ...count(4).flatMap((i) => quarterRound(i, 4 + ((i + 1) % 4), 8 + ((i + 2) % 4), 12 + ((i + 3) % 4))),
  ),
]

/** Adds the initial state, of which `initial` gives words, and stores four words of each block `stride` bytes apart. */
function store(
  { first, base, stride }: { first: number; base: number; stride: number },
  initial: (word: number, group: string) => Code,
): Code[] {
  return every((g, group) => [
    ...count(4).map((i) => set(g + (first + i), lanes.add(get(g + (first + i)), initial(first + i, g)))),
    transpose(
      count(4).map((i) => g + (first + i)),
      (lane, value) => mem.putV128(get('at'), base + stride * (4 * group + lane), value),
    ),
  ])
}

const locals = {
  ...i32Locals('at', 'round'),
  ...v128Locals('x0', 'x1', 'x2', 'x3', ...GROUPS.flatMap(words)),
}

/** ChaCha20 (RFC 8439, zero nonce, counter 0) under MAC: `bytes`, a multiple of 512, into STREAM. */
const stream = func(
  {
    name: 'stream',
    parameters: { bytes: 'i32' },
    locals: { ...locals, ...v128Locals('counter-s', 'counter-t') },
  },
  ...every((g, group) => [
    set(
      `counter-${g}`,
      `(v128.const i32x4 ${count(4)
        .map((i) => 4 * group + i)
        .join(' ')})`,
    ),
  ]),
  loop(
    'at',
    64 * LANES,
    get('bytes'),
    ...every((g) => [
      ...count(8).map((i) => set(g + (4 + i), mem.splat(int(0), AT.MAC + 4 * i))),
      set(`${g}12`, get(`counter-${g}`)),
      ...count(3).map((i) => set(g + (13 + i), lanes.splat(int(0)))),
    ]),
    ...permute,
    ...[0, 4, 8, 12].flatMap((first) =>
      store({ first, base: AT.STREAM + 4 * first, stride: 64 }, (word, g) => {
        if (word < 4) return lanes.splat(int(CONSTANTS[word] ?? 0))
        if (word < 12) return mem.splat(int(0), AT.MAC + 4 * (word - 4))
        return word === 12 ? get(`counter-${g}`) : lanes.splat(int(0))
      }),
    ),
    ...every((g) => [set(`counter-${g}`, lanes.add(get(`counter-${g}`), lanes.splat(int(LANES))))]),
  ),
)

/**
 * The first 16 bytes of XChaCha20 (draft-irtf-cfrg-xchacha) of each flood key with nonce digest[0..24), counter 0, into
 * NOISE. `digest` is an address, `sets` a multiple of 8.
 */
const flood = func(
  {
    name: 'flood',
    parameters: { digest: 'i32', sets: 'i32' },
    locals: { ...locals, ...i32Locals('end', 'keys', 'pass') },
  },
  set('end', i32.shl(get('sets'), 4)),
  loop(
    'at',
    16 * LANES,
    get('end'),
    set('keys', i32.add(int(AT.FLOOD_KEYS), i32.shl(get('at'), 1))),
    // HChaCha20 first: the key, and half of the nonce where counter and nonce stand.
    ...every((g, group) => [
      ...count(8).map((i) => set(g + (4 + i), mem.v128(get('keys'), 128 * group + 16 * i))),
      ...count(4).map((i) => set(g + (12 + i), mem.splat(get('digest'), 4 * i))),
    ]),
    set('pass', int(0)),
    loop(
      'pass',
      1,
      int(2),
      ...permute,
      // Its words 0-3 and 12-15 are the key of ChaCha20 with counter 0 and nonce 0 || digest[16..24). What the second pass
      // leaves here is not used.
      ...every((g) => [
        ...count(4).map((i) => set(g + (4 + i), get(g + i))),
        ...count(4).map((i) => set(g + (8 + i), get(g + (12 + i)))),
        ...count(2).map((i) => set(g + (12 + i), lanes.splat(int(0)))),
        ...count(2).map((i) => set(g + (14 + i), mem.splat(get('digest'), 16 + 4 * i))),
      ]),
    ),
    ...store({ first: 0, base: AT.NOISE, stride: 16 }, (word) => lanes.splat(int(CONSTANTS[word] ?? 0))),
  ),
)

export const chachaFunctions: readonly Code[] = [stream, flood]
