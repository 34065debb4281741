/** Below this length a loop is several times faster than Node's own call. */
const few = 128

/** Zeroes from 0 to `end`. */
export function wipeBytes(bytes: Uint8Array, end = bytes.length): void {
  if (end > few) bytes.fill(0, 0, end)
  else for (let at = 0; at < end; at++) bytes[at] = 0
}

/** The first `length` bytes of `from`, to `into` at `start`. */
export function copyBytes(from: Uint8Array, length: number, into: Uint8Array, start = 0): void {
  if (length > few) into.set(from.length === length ? from : from.subarray(0, length), start)
  else for (let at = 0; at < length; at++) into[start + at] = from[at] ?? 0
}
