import { profileOf, requireHardToGuess, type TokenInfo } from '@lux/hsm'
import { readNewSecret, readSecret, type SecretSource } from '../shell/secret-input.ts'
import { nameOf, pinText } from './session.ts'

/** Typed twice at a terminal: a slip would lock its owner out. Errors: HSM-PIN-TRIVIAL, SECRET-DIFFERS and those of `readSecret`. */
export function newPin(prompt: string, source: SecretSource): Promise<Uint8Array> {
  return readNewSecret(prompt, 'PINs', source, requireHardToGuess)
}

/** Whether initialising gives this token no more than the PINs that it lacks: its kind is initialised once. */
export function isToFinish({ pin, manufacturer, model }: TokenInfo): boolean {
  const { initialise } = profileOf(manufacturer, model)
  return pin.user === 'not-set' && initialise.by === 'library' && !initialise.again
}

/** The security officer's PIN: of a blank token (null) it is being chosen, of any other it is the present one. */
export function soPinFor(token: TokenInfo | null, source: SecretSource): Promise<Uint8Array> {
  if (token === null) return newPin('New SO PIN', source)
  const prompt =
    token.pin.so === 'must-change'
      ? 'New SO PIN'
      : `SO PIN of ${nameOf(token)}, state ${pinText(token.pin.so)}`
  // Wrong tries hide that the maker's own is still there, and then what is typed becomes the new one.
  const mayBeNew = isToFinish(token) && profileOf(token.manufacturer, token.model).pin.factorySoPin !== null
  return mayBeNew ? newPin(prompt, source) : readSecret(prompt, source)
}
