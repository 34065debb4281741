import { AT } from '../kernel-layout.ts'
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

// "expand 32-byte k", RFC 8439 section 2.3.
const CONSTANTS = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]

const s = (i: number): string => `s${i}`
const core = (i: number): number => AT.CORE + 16 * i

function rotate(x: Code, n: number): Code {
  return lanes.xor(lanes.shl(x, n), lanes.shr(x, 32 - n))
}

/** a += b, c = (c ^ a) <<< n. */
function mix(a: number, b: number, c: number, n: number): Code {
  return [
    set(s(a), lanes.add(get(s(a)), get(s(b)))),
    set(s(c), lanes.xor(get(s(c)), get(s(a)))),
    set(s(c), rotate(get(s(c)), n)),
  ].join('\n')
}

function quarterRound(a: number, b: number, c: number, d: number): Code {
  return [mix(a, b, d, 16), mix(c, d, b, 12), mix(a, b, d, 8), mix(c, d, b, 7)].join('\n')
}

/** Twenty rounds on the four states in CORE, without the addition at the end. */
const permute = func(
  { name: 'permute', locals: { ...v128Locals(...count(16).map(s)), ...i32Locals('round') } },
  ...count(16).map((i) => set(s(i), mem.v128(int(0), core(i)))),
  loop(
    'round',
    1,
    int(10),
    ...count(4).map((i) => quarterRound(i, 4 + i, 8 + i, 12 + i)),
    ...count(4).map((i) => quarterRound(i, 4 + ((i + 1) % 4), 8 + ((i + 2) % 4), 12 + ((i + 3) % 4))),
  ),
  ...count(16).map((i) => mem.putV128(int(0), core(i), get(s(i)))),
)

const constants: readonly Code[] = CONSTANTS.map((c, i) => mem.putV128(int(0), core(i), lanes.splat(int(c))))

/** ChaCha20 (RFC 8439, zero nonce, counter 0) under MAC: `bytes`, a multiple of 256, into STREAM. */
const stream = func(
  {
    name: 'stream',
    parameters: { bytes: 'i32' },
    locals: {
      ...i32Locals('at'),
      ...v128Locals('x0', 'x1', 'x2', 'x3', ...count(4).map((i) => `r${i}`), 'counter'),
    },
  },
  set('counter', '(v128.const i32x4 0 1 2 3)'),
  loop(
    'at',
    256,
    get('bytes'),
    ...constants,
    ...count(8).map((i) => mem.putV128(int(0), core(4 + i), mem.splat(int(0), AT.MAC + 4 * i))),
    mem.putV128(int(0), core(12), get('counter')),
    ...count(3).map((i) => mem.putV128(int(0), core(13 + i), lanes.splat(int(0)))),
    call('permute'),
    ...count(4).flatMap((group) => [
      ...count(4).map((i) => {
        const word = 4 * group + i
        const initial =
          group === 0
            ? lanes.splat(int(CONSTANTS[i] ?? 0))
            : group < 3
              ? mem.splat(int(0), AT.MAC + 4 * (word - 4))
              : i === 0
                ? get('counter')
                : lanes.splat(int(0))
        return set(`r${i}`, lanes.add(mem.v128(int(0), core(word)), initial))
      }),
      // Lane l holds word `group` of block l.
      transpose(
        count(4).map((i) => `r${i}`),
        (block, value) => mem.putV128(get('at'), AT.STREAM + 64 * block + 16 * group, value),
      ),
    ]),
    set('counter', lanes.add(get('counter'), lanes.splat(int(4)))),
  ),
)

/**
 * The first 16 bytes of XChaCha20 (draft-irtf-cfrg-xchacha) of each flood key with nonce digest[0..24), counter 0: four
 * sets at a time, into NOISE. `digest` is an address, `sets` a multiple of 4.
 */
const flood = func(
  {
    name: 'flood',
    parameters: { digest: 'i32', sets: 'i32' },
    locals: {
      ...i32Locals('at', 'end', 'keys'),
      ...v128Locals('x0', 'x1', 'x2', 'x3', ...count(4).map((i) => `r${i}`)),
    },
  },
  set('end', i32.shl(get('sets'), 4)),
  loop(
    'at',
    64,
    get('end'),
    // HChaCha20: the subkey is words 0-3 and 12-15 of the bare permutation.
    ...constants,
    set('keys', i32.add(int(AT.FLOOD_KEYS), i32.shl(get('at'), 1))),
    ...count(8).map((i) => mem.putV128(int(0), core(4 + i), mem.v128(get('keys'), 16 * i))),
    ...count(4).map((i) => mem.putV128(int(0), core(12 + i), mem.splat(get('digest'), 4 * i))),
    call('permute'),
    ...count(4).map((i) => mem.putV128(int(0), core(4 + i), mem.v128(int(0), core(i)))),
    ...count(4).map((i) => mem.putV128(int(0), core(8 + i), mem.v128(int(0), core(12 + i)))),
    // ChaCha20 under it: counter 0, nonce 0 || digest[16..24).
    ...constants,
    ...count(2).map((i) => mem.putV128(int(0), core(12 + i), lanes.splat(int(0)))),
    ...count(2).map((i) => mem.putV128(int(0), core(14 + i), mem.splat(get('digest'), 16 + 4 * i))),
    call('permute'),
    ...count(4).map((i) =>
      set(`r${i}`, lanes.add(mem.v128(int(0), core(i)), lanes.splat(int(CONSTANTS[i] ?? 0)))),
    ),
    transpose(
      count(4).map((i) => `r${i}`),
      (lane, value) => mem.putV128(get('at'), AT.NOISE + 16 * lane, value),
    ),
  ),
)

export const chachaFunctions: readonly Code[] = [permute, stream, flood]
