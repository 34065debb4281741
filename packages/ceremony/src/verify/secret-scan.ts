import { concatBytes, utf8 } from '@lux/crypto'

// The name in the header of a client key that tfhe wrote with safe_serialize.
const clientKey = utf8('high_level_api::ClientKey')
const share = utf8('lux-shr1')

/** Looks for a whole FHE key or a bare share in a blob as its chunks go by. */
export function secretScan(): { push(chunk: Uint8Array): void; found(): string | null } {
  let tail: Uint8Array = new Uint8Array()
  let first = true
  let found: string | null = null
  return {
    push(chunk) {
      if (found !== null) return
      const window = concatBytes(tail, chunk)
      if (includes(window, clientKey)) found = 'an FHE client key'
      if (first && startsWith(chunk, share)) found = 'a share in the clear'
      if (first && isBooleanClientKey(chunk)) found = 'a Boolean FHE client key'
      first = false
      tail = window.slice(-clientKey.length + 1)
    },
    found: () => found,
  }
}

/** bincode of a tfhe BooleanClientKey starts with u64 n and n words of 0 or 1, see @lux/crypto binary-key.ts. */
function isBooleanClientKey(bytes: Uint8Array): boolean {
  if (bytes.length < 8) return false
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const n = view.getBigUint64(0, true)
  if (n < 64n || n > 65_536n || bytes.length < 8 + 4 * Number(n)) return false
  for (let i = 0; i < Number(n); i++) if (view.getUint32(8 + 4 * i, true) > 1) return false
  return true
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return start.every((byte, index) => bytes[index] === byte)
}

function includes(bytes: Uint8Array, wanted: Uint8Array): boolean {
  const [head] = wanted
  if (head === undefined) return true
  for (let at = bytes.indexOf(head); at >= 0; at = bytes.indexOf(head, at + 1)) {
    if (startsWith(bytes.subarray(at, at + wanted.length), wanted)) return true
  }
  return false
}
