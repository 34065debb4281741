import { encodeCanonical, sha256 } from '@lux/crypto'

/** One audited operation. No plaintext, ciphertext or AAD: bodies are there by their SHA-256 alone. */
export type AuditEntry = {
  readonly time: string
  readonly reqId: string
  readonly identity: string | null
  readonly organisation: string | null
  readonly project: string | null
  readonly key: string | null
  readonly version: number | null
  readonly operation: string
  readonly outcome: string
  readonly request: string | null
  readonly reply: string | null
}

const leafTag = Uint8Array.of(0x00)
const chainTag = Uint8Array.of(0x12)

/** SHA-256(0x00 | salt | JCS(entry)). */
export function auditLeaf(salt: Uint8Array, entry: AuditEntry): Uint8Array {
  return sha256(leafTag, salt, encodeCanonical(entry))
}

/** SHA-256(0x12 | previous | leaf); the first of a writer follows 32 zero bytes. */
export function auditHash(previous: Uint8Array, leaf: Uint8Array): Uint8Array {
  return sha256(chainTag, previous, leaf)
}
