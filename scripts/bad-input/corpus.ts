import { createHash } from 'node:crypto'

/** JSON as it is parsed. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

/** One hostile input: what was done to it, and its bytes. */
export type Case = { name: string; bytes: Uint8Array }

/** Numbers below `most` that are the same on every machine: SHA-256 in counter mode over a name. */
function dice(name: string): (most: number) => number {
  let at = 0
  return (most) => createHash('sha256').update(`${name}/${at++}`).digest().readUInt32BE(0) % Math.max(1, most)
}

/** A few of a list, always the same ones. */
export function some<T>(list: readonly T[], count: number, name: string): T[] {
  const roll = dice(name)
  const left = [...list]
  return Array.from({ length: Math.min(count, list.length) }, () => left.splice(roll(left.length), 1)).flat()
}

/** Bytes with a bit turned, cut short, or longer, by places that the name chooses. */
export function spoiltBytes(bytes: Uint8Array, count: number, name: string): Case[] {
  const roll = dice(`${name} bytes`)
  const flipped = Array.from({ length: count }, () => {
    const place = roll(bytes.length)
    const bit = roll(8)
    const spoilt = bytes.slice()
    spoilt[place] = (spoilt[place] ?? 0) ^ (1 << bit)
    return { name: `${name}: bit ${bit} of byte ${place}`, bytes: spoilt }
  })
  const cut = [0, 1, bytes.length >> 1, bytes.length - 1].map((length) => ({
    name: `${name}: cut to ${length} bytes`,
    bytes: bytes.slice(0, length),
  }))
  return [...flipped, ...cut, { name: `${name}: a byte more`, bytes: Uint8Array.from([...bytes, 0]) }]
}

// No 2: a `v` of 2 was no version when the list was frozen, and is one now.
const others: readonly Json[] = [null, -1, 3, 'x', '6b'.repeat(32), false, [], {}]

/** A value with each of some places left out, of another kind, or with a stranger beside it. */
export function spoiltJson(value: Json, count: number, name: string): { name: string; value: Json }[] {
  const all = placesOf(value).filter((path) => path.length > 0)
  return some(all, count, `${name} places`).flatMap((path) => {
    const where = `${name}: ${path.join('.')}`
    const [other] = some(others, 1, where)
    return [
      { name: `${where} left out`, value: withValue(value, path, undefined) },
      { name: `${where} is ${JSON.stringify(other)}`, value: withValue(value, path, other ?? null) },
      { name: `${where} beside a stranger`, value: withValue(value, [...path.slice(0, -1), 'stranger'], 1) },
    ]
  })
}

/** A text with some lines left out, twice, or with another value. */
export function spoiltLines(text: string, count: number, name: string): Case[] {
  const lines = text.split('\n')
  const encode = (changed: readonly string[]) => new TextEncoder().encode(changed.join('\n'))
  const places = some(
    lines.map((_line, at) => at),
    count,
    `${name} lines`,
  )
  return places.flatMap((at) => {
    const line = lines[at] ?? ''
    const put = (...by: string[]) => encode([...lines.slice(0, at), ...by, ...lines.slice(at + 1)])
    const key = /^( *(?:- )?[A-Za-z]+: )/.exec(line)?.[1]
    const values =
      key === undefined ? [] : some(['1', 'null', "'x'", '[]', '{}', 'true', '&a b'], 2, `${name} ${at}`)
    return [
      { name: `${name}: line ${at + 1} left out`, bytes: put() },
      { name: `${name}: line ${at + 1} twice`, bytes: put(line, line) },
      { name: `${name}: line ${at + 1} and a tab`, bytes: put(`\t${line}`) },
      ...values.map((by) => ({ name: `${name}: line ${at + 1} is ${by}`, bytes: put(`${key}${by}`) })),
    ]
  })
}

type Path = (string | number)[]

function placesOf(value: Json): Path[] {
  if (typeof value !== 'object' || value === null) return [[]]
  const below: [string | number, Json][] = Array.isArray(value)
    ? value.map((one, at) => [at, one])
    : Object.entries(value)
  return [[], ...below.flatMap(([key, one]) => placesOf(one).map((path): Path => [key, ...path]))]
}

function withValue(value: Json, [key, ...path]: Path, by: Json | undefined): Json {
  const set = (here: Json) => (path.length === 0 ? by : withValue(here, path, by))
  if (Array.isArray(value)) {
    // A stranger beside an item of a list is one more item.
    if (typeof key !== 'number') return [...value, by ?? null]
    return value.flatMap((one, at) => (at === key ? (set(one) ?? []) : [one]))
  }
  if (typeof value !== 'object' || value === null || key === undefined) return by ?? null
  const { [key]: here = null, ...rest } = value
  const next = set(here)
  return next === undefined ? rest : { ...rest, [key]: next }
}
