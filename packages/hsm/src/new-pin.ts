import { timingSafeEqual } from 'node:crypto'
import type { TokenInfo } from './device.ts'
import { hsmError } from './hsm-errors.ts'
import { profileOf } from './profiles/profiles.ts'

const leastNewPin = 6

/**
 * Refuses a new PIN that anybody would try first: under six characters, a run up or down (123456, fedcba), or one repeated piece (000000,
 * 121212). A PIN that a token already has is never judged. Errors: HSM-PIN-TRIVIAL, without the PIN.
 */
export function requireHardToGuess(pin: Uint8Array): void {
  const fault = pin.length < leastNewPin ? 'short' : isRun(pin) ? 'run' : isRepeated(pin) ? 'repeated' : null
  if (fault !== null) throw hsmError('HSM-PIN-TRIVIAL', faults[fault])
}

/** The security officer and the user are two people: one PIN for both is refused. Errors: HSM-PIN-SAME, without the PIN. */
export function requireTwoPins(so: Uint8Array, user: Uint8Array): void {
  if (so.length === user.length && timingSafeEqual(so, user))
    throw hsmError('HSM-PIN-SAME', 'the SO PIN and the user PIN that were given are one')
}

const faults = {
  short: `it has fewer than ${leastNewPin} characters`,
  run: 'each character follows the one before it',
  repeated: 'one piece of it is repeated',
} as const

/** 9 and 0 are neighbours, as on a keypad. */
function isRun(pin: Uint8Array): boolean {
  const steps = pin.slice(1).map((code, at) => step(pin[at] ?? 0, code))
  return steps.every((one) => one === 1) || steps.every((one) => one === 255)
}

function step(from: number, to: number): number {
  const digits = [from, to].every((code) => code >= 48 && code <= 57)
  const by = digits ? (to - from + 10) % 10 : (to - from + 256) % 256
  return digits && by === 9 ? 255 : by
}

function isRepeated(pin: Uint8Array): boolean {
  for (let piece = 1; piece * 2 <= pin.length; piece++)
    if (pin.length % piece === 0 && pin.every((code, at) => code === pin[at % piece])) return true
  return false
}

type Initialised = Pick<TokenInfo, 'initialised' | 'pin' | 'manufacturer' | 'model'>

/** How a token can be initialised as it stands. `finish`: its kind is once, and that was interrupted, so it gets the PINs that it lacks. */
export function initialisation(token: Initialised): 'vendor-tool' | 'again' | 'finish' | 'once' {
  const { by, again } = profileOf(token.manufacturer, token.model).initialise
  if (by === 'vendor-tool') return 'vendor-tool'
  if (again) return 'again'
  return token.initialised && token.pin.user === 'not-set' ? 'finish' : 'once'
}

/** Whether the SO PIN that initialising takes may be a new one. Wrong tries hide that the maker's own is still there. */
export function mayChooseSoPin(token: Initialised): boolean {
  if (!token.initialised) return true
  const { pin } = profileOf(token.manufacturer, token.model)
  return initialisation(token) === 'finish' && pin.factorySoPin !== null
}
