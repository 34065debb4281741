import { concatBytes, encodeCanonical, fromHex, type Json, lp, sha256, toHex, u64be, utf8 } from '@lux/crypto'
import { type Entry, type Header, headerCodec } from './schema.ts'

const leafTag = Uint8Array.of(0x00)
const factTag = Uint8Array.of(0x10)
const headerTag = Uint8Array.of(0x11)
const nodeTag = Uint8Array.of(0x12)

/** Salted digest of a fact: SHA-256(0x10 || salt16 || JCS(fact)), SPEC.md 3.2. `salt` is 32 hex digits. */
export function factHash(salt: string, fact: { readonly [key: string]: Json }): Uint8Array {
  return sha256(factTag, fromHex(salt, 16), encodeCanonical(fact))
}

/** RFC 9162 leaf: SHA-256(0x00 || u64be(seq) || lp(time) || lp(stepId) || lp(kind) || fact), SPEC.md 3.2. */
export function leafHash(entry: Entry): Uint8Array {
  const { seq, time, stepId, kind } = entry
  const fact = 'factHash' in entry ? fromHex(entry.factHash, 32) : factHash(entry.salt, entry.fact)
  return sha256(leafTag, u64be(BigInt(seq)), text(time), text(stepId), text(kind), fact)
}

/** node_0 = SHA-256(0x11 || JCS(header)). */
export function headerNode(header: Header): Uint8Array {
  return sha256(headerTag, headerCodec.encode(header))
}

/** node_i = SHA-256(0x12 || node_(i-1) || leaf_i). */
export function nextNode(node: Uint8Array, leaf: Uint8Array): Uint8Array {
  return sha256(concatBytes(nodeTag, node, leaf))
}

/** The entry with its fact taken out; leaf and chain stay as they are. */
export function redact(entry: Entry): Entry {
  if ('factHash' in entry) return entry
  const { seq, time, stepId, kind } = entry
  return { seq, time, stepId, kind, factHash: toHex(factHash(entry.salt, entry.fact)) }
}

function text(value: string): Uint8Array {
  return lp(utf8(value))
}
