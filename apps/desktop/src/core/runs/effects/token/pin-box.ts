import { Secret } from '@lux/crypto'
import { requireTwoPins } from '@lux/hsm'

type User = 'user' | 'so'

/** What a person gave for one log-in: the PIN, or their word that somebody stands at the token's own pad. */
export type GivenPin = Uint8Array | 'pin-pad'

/** PINs between a person's typing and the token: each is lent once, then wiped, whatever the token answers. */
export class PinBox {
  readonly #pins = new Map<string, Secret | 'pin-pad'>()

  /** Takes the array over. A PIN typed again replaces the one before. */
  put(token: string, user: User, pin: GivenPin): void {
    this.drop(token, user)
    this.#pins.set(nameOf(token, user), pin === 'pin-pad' ? pin : Secret.take(pin))
  }

  has(token: string, user: User): boolean {
    return this.#pins.has(nameOf(token, user))
  }

  /** One PIN for both users of a token is refused before either is tried. Errors: HSM-PIN-SAME. */
  requireOther(token: string, user: User, pin: Uint8Array): void {
    const other = this.#pins.get(nameOf(token, user === 'so' ? 'user' : 'so'))
    if (other === undefined || other === 'pin-pad') return
    other.use((bytes) => requireTwoPins(bytes, pin))
  }

  /** The PIN as a fresh copy for the driver, which wipes it; ours is wiped here. Null when nobody typed one. */
  take(token: string, user: User): GivenPin | null {
    const name = nameOf(token, user)
    const pin = this.#pins.get(name)
    if (pin === undefined) return null
    this.#pins.delete(name)
    if (pin === 'pin-pad') return pin
    const copy = pin.use((bytes) => bytes.slice())
    pin.wipe()
    return copy
  }

  /** Wipes a PIN that was typed for an attempt which is over. */
  drop(token: string, user: User): void {
    const name = nameOf(token, user)
    const pin = this.#pins.get(name)
    if (pin !== 'pin-pad') pin?.wipe()
    this.#pins.delete(name)
  }

  clear(): void {
    for (const pin of this.#pins.values()) if (pin !== 'pin-pad') pin.wipe()
    this.#pins.clear()
  }
}

/** `token` is the role that the token plays in the plan: a new token has no serial yet. */
function nameOf(token: string, user: User): string {
  return `${user} ${token}`
}
