import { wipe } from './bytes.ts'

// Chromium 130 and Safari 17 lack Symbol.dispose; compiled `using` then looks for this registered symbol instead.
// The cast holds: on such a host the two names stand for one and the same symbol.
const dispose: typeof Symbol.dispose =
  Symbol.dispose ?? (Symbol.for('Symbol.dispose') as typeof Symbol.dispose)

/**
 * Bytes that are lent, never given: printed as `[secret]` everywhere, wiped on dispose. What clears memory for
 * certain is the end of the process, since an engine may have copied the bytes.
 */
export class Secret {
  #bytes: Uint8Array | null

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Takes the array itself, without a copy: the caller gives it up, and it is wiped with the secret. */
  static take(bytes: Uint8Array): Secret {
    return new Secret(bytes)
  }

  /** Length in bytes. Throws once wiped. */
  get length(): number {
    return this.#open().length
  }

  /** Lends the bytes to `borrow`, which must not keep them. Throws once wiped. */
  use<Result>(borrow: (bytes: Uint8Array) => Result): Result {
    return borrow(this.#open())
  }

  /** Overwrites the bytes; again is harmless. Any later use throws. */
  wipe(): void {
    if (this.#bytes) wipe(this.#bytes)
    this.#bytes = null
  }

  [dispose](): void {
    this.wipe()
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  // What Node's console.log and util.inspect print.
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]'
  }

  #open(): Uint8Array {
    if (!this.#bytes) throw new Error('secret: already wiped')
    return this.#bytes
  }
}
