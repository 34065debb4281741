import { mayChooseSoPin, requireHardToGuess, type TokenInfo } from '@lux/hsm'
import { readNewSecret, readSecret, type SecretSource } from '../shell/secret-input.ts'
import { nameOf, pinText } from './session.ts'

/** Typed twice at a terminal: a slip would lock its owner out. Errors: HSM-PIN-TRIVIAL, SECRET-DIFFERS and those of `readSecret`. */
export function newPin(prompt: string, source: SecretSource): Promise<Uint8Array> {
  return readNewSecret(prompt, 'PINs', source, requireHardToGuess)
}

/** The security officer's PIN: of a blank token (null) it is being chosen, of any other it is the present one. */
export function soPinFor(token: TokenInfo | null, source: SecretSource): Promise<Uint8Array> {
  if (token === null) return newPin('New SO PIN', source)
  const prompt =
    token.pin.so === 'must-change'
      ? 'New SO PIN'
      : `SO PIN of ${nameOf(token)}, state ${pinText(token.pin.so)}`
  return mayChooseSoPin(token) ? newPin(prompt, source) : readSecret(prompt, source)
}
