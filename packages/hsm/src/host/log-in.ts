import type { LoginReport, PinState, Token, TokenInfo } from '../device.ts'
import { HsmError } from '../device.ts'
import { hsmError } from '../hsm-errors.ts'
import { atPad } from '../pkcs11/at-pad.ts'
import { requirePinLength } from '../pkcs11/session.ts'
import type { Tokens } from '../pkcs11/tokens.ts'

type Options = Parameters<Token['logIn']>[0]

/** The PIN's state is asked for first, so that no try is spent on a locked PIN and the last one only knowingly. */
export function logIn(tokens: Tokens, serial: string, options: Options): LoginReport {
  const { user, acceptFinalTry, keepPin, name } = options
  const token = tokens.get(serial)
  const info = token.info()
  const before = info.pin[user]
  if (before === 'locked') throw hsmError('HSM-PIN-LOCKED', `the ${user} PIN of token ${serial} is locked`)
  if (before === 'not-set') throw hsmError('HSM-PIN-NOT-SET', `token ${serial} has no ${user} PIN`)
  if (before === 'final' && !acceptFinalTry)
    throw hsmError('HSM-PIN-FINAL-TRY', `the next wrong ${user} PIN locks token ${serial}`)
  const pad = options.pin === 'pin-pad'
  if (pad) requirePad(info)
  atPad(pad, () =>
    token.logIn({
      user,
      pin: options.pin === 'pin-pad' ? null : options.pin,
      keep: keepPin === true,
      ...(name === undefined ? {} : { name }),
    }),
  )
  return { ...token.info().pin, before }
}

/** Both PINs of a new token; `pin-pad` chooses them at the token. */
export function initialise(
  tokens: Tokens,
  serial: string,
  options: Parameters<Token['initialise']>[0],
): TokenInfo {
  const { label } = options
  if (options.soPin === 'pin-pad') return atPad(true, () => tokens.initialise(serial, { label, pins: null }))
  return tokens.initialise(serial, { label, pins: { so: options.soPin, user: options.userPin } })
}

export function changePin(tokens: Tokens, serial: string, options: Parameters<Token['changePin']>[0]): void {
  const token = tokens.get(serial)
  token.requireUser(options.user)
  requireTriesLeft(serial, token.info().pin[options.user])
  token.forgetPin()
  if ('pinPad' in options) {
    requirePad(token.info())
    atPad(true, () => token.module.setPin(token.session, null, null))
    return
  }
  requirePinLength(token.info(), options.newPin)
  token.module.setPin(token.session, options.oldPin, options.newPin)
}

export function resetUserPin(
  tokens: Tokens,
  serial: string,
  options: Parameters<Token['resetUserPin']>[0],
): void {
  const token = tokens.get(serial)
  token.requireUser('so')
  if ('pinPad' in options) {
    requirePad(token.info())
    atPad(true, () => token.module.initPin(token.session, null))
    return
  }
  requirePinLength(token.info(), options.newPin)
  token.module.initPin(token.session, options.newPin)
}

function requirePad({ serial, pinPad }: TokenInfo): void {
  if (!pinPad) throw hsmError('HSM-UNSUPPORTED', `token ${serial} has no PIN pad`)
}

/** Nobody takes a last try on for a change: they log in first, which says so and may set the count back. */
function requireTriesLeft(serial: string, state: PinState): void {
  if (state === 'locked') throw hsmError('HSM-PIN-LOCKED', `the PIN of token ${serial} is locked`)
  if (state === 'final')
    throw hsmError(
      'HSM-PIN-FINAL-TRY',
      `one more wrong PIN locks token ${serial}, and a change would be a try`,
    )
}

/** A PIN that was kept for this and is refused now was changed by somebody else. */
export function renewalFailed(error: unknown): unknown {
  if (!(error instanceof HsmError) || !error.code.startsWith('HSM-PIN')) return error
  return hsmError(
    error.code === 'HSM-PIN-WRONG' ? 'HSM-PIN-WRONG' : 'HSM-SESSION-LOST',
    'the session was lost, and the token refused the PIN that was kept for it; it was wiped and is not sent again',
    error.ckr,
  )
}
