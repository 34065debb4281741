import { AT, LEAST_PAGES, MOST_PAGES } from '../kernel-layout.ts'
import { chachaFunctions } from './chacha.ts'
import { ringFunctions } from './ring.ts'
import { ROUND_CONSTANTS, shaFunctions } from './sha256.ts'
import { call, func, get, i32, i32Locals, int, loop, mem, set } from './wat.ts'

/** PRG: HMAC of the message under the key, then its ChaCha20 stream, into STREAM. */
const expand = func(
  {
    name: 'expand',
    exported: true,
    parameters: { keyLength: 'i32', messageLength: 'i32', bytes: 'i32' },
  },
  call('hmac', get('keyLength'), get('messageLength')),
  call('stream', get('bytes')),
)

/** Keeps MAC as the flood key of set number `index`: word w of four neighbouring sets lies side by side. */
const keepFloodKey = func(
  { name: 'keepFloodKey', exported: true, parameters: { index: 'i32' }, locals: i32Locals('w', 'to') },
  set(
    'to',
    i32.add(
      int(AT.FLOOD_KEYS),
      i32.add(i32.shl(i32.shr(get('index'), 2), 7), i32.shl(i32.and(get('index'), int(3)), 2)),
    ),
  ),
  loop('w', 4, int(32), mem.putI32(i32.add(get('to'), i32.shl(get('w'), 2)), 0, mem.i32(get('w'), AT.MAC))),
)

function table(words: readonly number[]): string {
  return words
    .flatMap((word) => [0, 8, 16, 24].map((shift) => ((word >>> shift) & 255).toString(16).padStart(2, '0')))
    .map((byte) => `\\${byte}`)
    .join('')
}

/**
 * The kernel as WebAssembly text. The only branches are on counts, widths and positions; the only addresses are counted;
 * no secret decides either, as test/sharing/kernel-flow.test.ts shows.
 */
export function kernelText(): string {
  return [
    '(module',
    `(memory (export "memory") ${LEAST_PAGES} ${MOST_PAGES})`,
    `(data (i32.const ${AT.ROUND_CONSTANTS}) "${table(ROUND_CONSTANTS)}")`,
    ...chachaFunctions,
    ...shaFunctions,
    ...ringFunctions,
    expand,
    keepFloodKey,
    ')',
  ].join('\n')
}
