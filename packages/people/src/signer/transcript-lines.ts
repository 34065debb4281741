import type { Entry } from '@lux/ceremony/transcript'
import { fromBase64, type Json, sha256Hex } from '@lux/crypto'
import { escapeForTerminal } from '../safe-text.ts'

/** Longest value on one line, in characters. A longer one gets a line for each member, unless it holds only plain values. */
const maxCompact = 120
/** Base64 lengths of the ML-DSA-65 half of a key and of a signature. Nobody reads these, and they would bury the rest. */
const unread = [2604, 4412]
const plainName = /^[A-Za-z][A-Za-z0-9_.-]*$/

/**
 * Entries as people read them: number, time, step and kind, then all members of the fact, one on each line. Only the ML-DSA half of a key
 * or signature is shortened, to its length and hash.
 */
export function entryLines(entries: readonly Entry[]): string[] {
  return entries.flatMap((entry) => {
    const { seq, time, stepId, kind } = entry
    const head = `${seq.padStart(5)}  ${time}  ${stepId}  ${kind}`
    if (!('fact' in entry)) return [`${head}  redacted, its hash is ${entry.factHash}`]
    return [head, ...members(entry.fact, '         ')]
  })
}

function members(value: { readonly [name: string]: Json }, pad: string): string[] {
  return Object.entries(value).flatMap(([name, inner]) => told(`${pad}${nameOf(name)}:`, inner, pad))
}

/** A plain or short value is one line. Any other is a line for its name and one for each member. */
function told(lead: string, value: Json, pad: string): string[] {
  const whole = compact(value)
  if (isPlain(value) || whole.length <= maxCompact) return [`${lead} ${whole}`]
  const inside = `${pad}  `
  if (isList(value)) return [lead, ...value.flatMap((item) => told(`${inside}-`, item, inside))]
  // What is neither plain nor a list has members.
  return [lead, ...members(value as { [name: string]: Json }, inside)]
}

/** Texts are quoted as in JSON, so that no text can imitate a member or a line. */
function compact(value: Json): string {
  if (isList(value)) return `[${value.map(compact).join(', ')}]`
  if (typeof value !== 'object' || value === null) return escapeForTerminal(JSON.stringify(value))
  const hybrid = 'ed25519' in value || 'p256' in value
  const all = Object.entries(value).map(([name, inner]) => {
    const half = hybrid && name === 'mlDsa65' ? shortened(inner) : null
    return `${nameOf(name)}: ${half ?? compact(inner)}`
  })
  return `{${all.join(', ')}}`
}

/** Null where the text is no such half. */
function shortened(value: Json): string | null {
  if (typeof value !== 'string' || !unread.includes(value.length)) return null
  try {
    const bytes = fromBase64(value)
    return `(${bytes.length} bytes, SHA-256 ${sha256Hex(bytes)})`
  } catch {
    return null
  }
}

function nameOf(name: string): string {
  return plainName.test(name) ? name : escapeForTerminal(JSON.stringify(name))
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

/** A list or object without further ones inside, such as a key's attributes. */
function isPlain(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return true
  return Object.values(value).every((inner) => typeof inner !== 'object' || inner === null)
}
