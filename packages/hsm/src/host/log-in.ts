import type { InitialisedToken, LoginReport, Token, TokenInfo, UserKind } from '../device.ts'
import { HsmError } from '../device.ts'
import { hsmError } from '../hsm-errors.ts'
import { atPad } from '../pkcs11/session/pin-pad.ts'
import { nameOfUser, requirePinLength, requireTriesLeft } from '../pkcs11/session/pin-tries.ts'
import type { Tokens } from '../pkcs11/session/tokens.ts'

type Options = Parameters<Token['logIn']>[0]

/**
 * Checks the PIN's state and length first. No try is spent on a locked PIN or on one that cannot be right, and the last try only knowingly.
 */
export function logIn(tokens: Tokens, serial: string, options: Options): LoginReport {
  const { user, acceptFinalTry, keepPin, name } = options
  const token = tokens.get(serial)
  const info = token.info()
  const before = info.pin[user]
  if (before === 'not-set') throw noPin(serial, user)
  requireTriesLeft(serial, user, before, acceptFinalTry === true)
  if (options.pin === 'pin-pad') requirePad(info)
  else requirePinLength(info, user, options.pin)
  atPad(options.pin === 'pin-pad', () =>
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
): InitialisedToken {
  const asked = {
    label: options.label,
    slot: options.slot ?? null,
    acceptFinalTry: options.acceptFinalTry === true,
    sameLabel: options.sameLabel === true,
  }
  if (options.soPin === 'pin-pad')
    return atPad(true, () => tokens.initialise(serial, { ...asked, pins: null }))
  return tokens.initialise(serial, { ...asked, pins: { so: options.soPin, user: options.userPin } })
}

/**
 * A user with an expired PIN cannot log in. Without a login C_SetPIN changes the user's PIN (PKCS#11 v3.1 section 5.5.9, from a public
 * read-write session).
 */
export function changePin(tokens: Tokens, serial: string, options: Parameters<Token['changePin']>[0]): void {
  const { user } = options
  const token = tokens.get(serial)
  if (token.loggedIn !== null || user === 'so') token.requireUser(user)
  const state = token.info().pin[user]
  if (state === 'not-set') throw noPin(serial, user)
  // A change never spends the last try. People log in first, which warns them and may reset the count.
  requireTriesLeft(serial, user, state, false, ', and a change would be a try')
  token.forgetPin()
  if ('pinPad' in options) {
    requirePad(token.info())
    atPad(true, () => token.module.setPin(token.session, null, null))
    return
  }
  // The old one is a try too.
  requirePinLength(token.info(), user, options.oldPin, options.newPin)
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
  requirePinLength(token.info(), 'user', options.newPin)
  token.module.initPin(token.session, options.newPin)
}

const noPin = (serial: string, user: UserKind): HsmError =>
  hsmError('HSM-PIN-NOT-SET', `token ${serial} has no ${nameOfUser[user]} PIN`)

function requirePad({ serial, pinPad }: TokenInfo): void {
  if (!pinPad) throw hsmError('HSM-UNSUPPORTED', `token ${serial} has no PIN pad`)
}

/** A stored PIN that is refused now was changed by somebody else. */
export function renewalFailed(error: unknown): unknown {
  if (!(error instanceof HsmError) || !error.code.startsWith('HSM-PIN')) return error
  return hsmError(
    error.code === 'HSM-PIN-WRONG' ? 'HSM-PIN-WRONG' : 'HSM-SESSION-LOST',
    error.ckr === null
      ? `the session was lost, and the PIN that was kept for it was wiped and not sent: ${error.detail}`
      : 'the session was lost, and the token refused the PIN that was kept for it; it was wiped and is not sent again',
    error.ckr,
  )
}
