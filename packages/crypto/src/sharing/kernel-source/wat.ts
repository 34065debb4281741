/** Folded WebAssembly text. The kernel is written with these few words, so that what is assembled is what is read. */
export type Code = string

export const get = (name: string): Code => `(local.get $${name})`
export const set = (name: string, value: Code): Code => `(local.set $${name} ${value})`
export const int = (n: number): Code => `(i32.const ${n})`
export const long = (n: number | string): Code => `(i64.const ${n})`
export const call = (name: string, ...operands: readonly Code[]): Code =>
  `(call $${name} ${operands.join(' ')})`

type Type = 'i32' | 'i64' | 'v128'

const word = (operation: string) => (at: Code, offset: number, value?: Code) =>
  `(${operation} offset=${offset} ${at}${value === undefined ? '' : ` ${value}`})`
/** Memory: operand, constant offset, and for a store the value. */
export const mem = {
  i32: word('i32.load'),
  i64: word('i64.load'),
  /** The low half of a word, widened. */
  half: word('i64.load32_u'),
  v128: word('v128.load'),
  /** One u32 in all four lanes. */
  splat: word('v128.load32_splat'),
  putI32: word('i32.store'),
  putI64: word('i64.store'),
  putV128: word('v128.store'),
} as const

const two = (operation: string) => (a: Code, b: Code) => `(${operation} ${a} ${b})`
const operations = (type: string) => ({
  add: (...terms: readonly Code[]) => terms.reduce(two(`${type}.add`)),
  sub: two(`${type}.sub`),
  and: two(`${type}.and`),
  or: two(`${type}.or`),
  xor: (...terms: readonly Code[]) => terms.reduce(two(`${type}.xor`)),
  shl: (a: Code, n: number) => `(${type}.shl ${a} (${type}.const ${n}))`,
  shr: (a: Code, n: number) => `(${type}.shr_u ${a} (${type}.const ${n}))`,
  mul: two(`${type}.mul`),
})
export const i32 = { ...operations('i32'), rotr: (a: Code, n: number) => `(i32.rotr ${a} (i32.const ${n}))` }
export const i64 = {
  ...operations('i64'),
  /** 1 where a < b, unsigned, as an i64: a carry, without a branch. */
  less: (a: Code, b: Code) => `(i64.extend_i32_u (i64.lt_u ${a} ${b}))`,
}
/** Four u32 lanes. */
export const lanes = {
  add: (...terms: readonly Code[]) => terms.reduce(two('i32x4.add')),
  and: two('v128.and'),
  xor: (...terms: readonly Code[]) => terms.reduce(two('v128.xor')),
  shl: (a: Code, n: number) => `(i32x4.shl ${a} (i32.const ${n}))`,
  shr: (a: Code, n: number) => `(i32x4.shr_u ${a} (i32.const ${n}))`,
  /** Bytes of a (0-15) and b (16-31). */
  shuffle: (a: Code, b: Code, bytes: readonly number[]) => `(i8x16.shuffle ${bytes.join(' ')} ${a} ${b})`,
  splat: (a: Code) => `(i32x4.splat ${a})`,
}

/** Words 0-3 of a, 4-7 of b. */
function shuffleWords(a: Code, b: Code, words: readonly number[]): Code {
  return lanes.shuffle(
    a,
    b,
    words.flatMap((w) => [0, 1, 2, 3].map((byte) => 4 * w + byte)),
  )
}

/** `into` become the columns of the matrix whose rows are the locals `rows`; the temporaries x0..x3 are v128 locals. */
export function transpose(rows: readonly string[], use: (column: number, value: Code) => Code): Code {
  const [r0 = '', r1 = '', r2 = '', r3 = ''] = rows
  return [
    set('x0', shuffleWords(get(r0), get(r1), [0, 4, 1, 5])),
    set('x1', shuffleWords(get(r2), get(r3), [0, 4, 1, 5])),
    set('x2', shuffleWords(get(r0), get(r1), [2, 6, 3, 7])),
    set('x3', shuffleWords(get(r2), get(r3), [2, 6, 3, 7])),
    use(0, shuffleWords(get('x0'), get('x1'), [0, 1, 4, 5])),
    use(1, shuffleWords(get('x0'), get('x1'), [2, 3, 6, 7])),
    use(2, shuffleWords(get('x2'), get('x3'), [0, 1, 4, 5])),
    use(3, shuffleWords(get('x2'), get('x3'), [2, 3, 6, 7])),
  ].join('\n')
}

export type Signature = {
  readonly name: string
  readonly exported?: boolean
  readonly parameters?: Readonly<Record<string, Type>>
  readonly locals?: Readonly<Record<string, Type>>
}

export function func(
  { name, exported, parameters = {}, locals = {} }: Signature,
  ...body: readonly Code[]
): Code {
  const declare = (word: string, all: Readonly<Record<string, Type>>): Code =>
    Object.entries(all)
      .map(([local, type]) => `(${word} $${local} ${type})`)
      .join(' ')
  return `(func $${name} ${exported ? `(export "${name}")` : ''} ${declare('param', parameters)} ${declare('local', locals)}
${body.join('\n')})`
}

/** The body is run, then again while `counter` plus `step` is below `end`; the counts are public. */
export function loop(counter: string, step: number, end: Code, ...body: readonly Code[]): Code {
  const label = `next_${counter}`
  return `(loop $${label}
${body.join('\n')}
${set(counter, i32.add(get(counter), int(step)))}
(br_if $${label} (i32.lt_u ${get(counter)} ${end})))`
}

export function v128Locals(...names: readonly string[]): Record<string, Type> {
  return Object.fromEntries(names.map((name) => [name, 'v128' as const]))
}

export function i64Locals(...names: readonly string[]): Record<string, Type> {
  return Object.fromEntries(names.map((name) => [name, 'i64' as const]))
}

export function i32Locals(...names: readonly string[]): Record<string, Type> {
  return Object.fromEntries(names.map((name) => [name, 'i32' as const]))
}

export const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i)
