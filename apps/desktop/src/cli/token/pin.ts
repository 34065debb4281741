import { wipe } from '@lux/crypto'
import { type Hsm, HsmError, initialisation, requireTwoPins, type TokenInfo } from '@lux/hsm'
import type { Command } from 'commander'
import type { CommandLine } from '../shell/command-line.ts'
import { type Outcome, say } from '../shell/output.ts'
import { escapeForTerminal } from '../shell/safe-text.ts'
import { readSecret } from '../shell/secret-input.ts'
import { WrongUse } from '../shell/wrong-use.ts'
import { newPin, soPinFor } from './new-pin.ts'
import { sayPad } from './pin-pad.ts'
import {
  findToken,
  type LibraryOptions,
  nameOf,
  type PinOptions,
  pinsNow,
  pinText,
  refusedPin,
  sourceOf,
  withHsm,
  withLibrary,
  withPin,
} from './session.ts'

type Options = LibraryOptions &
  PinOptions & {
    newPinFd?: string
    newPinFile?: string
    reset?: boolean
    soPinFd?: string
    soPinFile?: string
  }

export function registerTokenPin(group: Command, { act }: CommandLine): void {
  withPin(withLibrary(group.command('pin')))
    .option('--new-pin-fd <n>', 'read the new user PIN from this open descriptor')
    .option('--new-pin-file <file>', 'read it from this file, which must have mode 0600')
    .option('--reset', 'the security officer sets the user PIN, and finishes a token that has none yet')
    .option('--so-pin-fd <n>', 'with --reset: read the security officer’s PIN from this open descriptor')
    .option('--so-pin-file <file>', 'with --reset: read it from this file, which must have mode 0600')
    .description('Change the user PIN; with --reset the security officer sets it.')
    .action((options: Options) => act(() => pin(options)))
    .addHelpText(
      'after',
      `
The present PIN counts as a try: none is sent where it is locked, and the last one only with --accept-final-try.
An expired PIN is changed without a login, but not at its last try. With --reset it is the security officer's PIN that is
tried, and nothing is erased: a token whose initialisation was interrupted gets the PINs that are missing; where the
maker's own SO PIN is still there, the one that is given here takes its place.
PINs are typed at the terminal, a new one twice, or at the token's own pad where it has one, unless a descriptor or a
file is named.

Examples:
  $ custody token pin --soft training-token
  $ custody token pin --library opencryptoki --serial 123 --reset`,
    )
}

/** Errors: SECRET-SOURCE, SECRET-DIFFERS, HSM-…. */
function pin(options: Options): Promise<Outcome> {
  const { reset = false, pinFd, pinFile, soPinFd, soPinFile } = options
  const [unasked, of] = reset ? [[pinFd, pinFile], 'user'] : [[soPinFd, soPinFile], 'SO']
  if (unasked.some((source) => source !== undefined))
    throw new WrongUse(
      'SECRET-SOURCE',
      `the ${of} PIN is not asked for ${reset ? 'with' : 'without'} --reset: that takes ${reset ? '--so-pin-file' : '--pin-file'} and --new-pin-file`,
    )
  return withHsm(options, async (hsm) => {
    const info = await findToken(hsm, options.serial)
    const state = reset ? info.pin.so : info.pin.user
    if (state === 'low')
      say(`The ${reset ? 'SO' : 'user'} PIN of ${escapeForTerminal(info.serial)} is ${pinText(state)}`)
    try {
      await (reset ? resetPin(hsm, info, options) : changePin(hsm, info, options))
    } catch (error) {
      return refusedPin(error, hsm.token(info.serial))
    }
    const pins = await hsm.token(info.serial).pinState()
    const done = `the user PIN of ${nameOf(info)} was ${reset ? 'set' : 'changed'}`
    return { exit: 0, json: { ok: true, serial: info.serial, pin: pins }, text: `${done}\n${pinsNow(pins)}` }
  })
}

/** One login, which spends the one try that was agreed to; an expired PIN is changed without it. */
async function changePin(hsm: Hsm, info: TokenInfo, options: Options): Promise<void> {
  const token = hsm.token(info.serial)
  const acceptFinalTry = options.acceptFinalTry === true
  const atPad = info.pinPad && isTyped(options)
  const who = `User PIN of ${nameOf(info)}, state ${pinText(info.pin.user)}`
  const old = atPad ? null : await readSecret(who, sourceOf(options.pinFd, options.pinFile))
  let fresh: Uint8Array | null = null
  try {
    if (!atPad) fresh = await newPin('New user PIN', sourceOf(options.newPinFd, options.newPinFile))
    if (atPad) sayPad(`user PIN of ${nameOf(info)}, state ${info.pin.user},`)
    const open = await token
      .logIn({ user: 'user', pin: old === null ? 'pin-pad' : Uint8Array.from(old), acceptFinalTry })
      .then(() => true, isExpired)
    if (!open) say('The PIN has expired: it is changed without a login.')
    try {
      if (atPad) sayPad('present user PIN and the new one, twice,')
      await token.changePin(
        old === null || fresh === null
          ? { user: 'user', pinPad: true }
          : { user: 'user', oldPin: old, newPin: fresh },
      )
    } finally {
      if (open) await token.logOut()
    }
  } finally {
    if (old !== null) wipe(old)
    if (fresh !== null) wipe(fresh)
  }
}

/** False of a PIN that has expired, so that nobody is logged in; any other failure is thrown on. */
function isExpired(error: unknown): false {
  if (error instanceof HsmError && error.code === 'HSM-PIN-EXPIRED') return false
  throw error
}

async function resetPin(hsm: Hsm, info: TokenInfo, options: Options): Promise<void> {
  const token = hsm.token(info.serial)
  const acceptFinalTry = options.acceptFinalTry === true
  // The driver finishes what is initialised once; elsewhere the security officer has a PIN already.
  const finishes = initialisation(info) === 'finish'
  const given = { label: info.label, sameLabel: true, acceptFinalTry }
  if (info.pinPad && isTyped(options)) {
    sayPad(`SO PIN of ${nameOf(info)} and then the new user PIN, twice,`)
    if (finishes) {
      await token.initialise({ ...given, soPin: 'pin-pad', userPin: 'pin-pad' })
      return
    }
    await token.logIn({ user: 'so', pin: 'pin-pad', acceptFinalTry })
    await token.resetUserPin({ pinPad: true }).finally(() => token.logOut())
    return
  }
  const soPin = await soPinFor(info, sourceOf(options.soPinFd, options.soPinFile))
  let userPin: Uint8Array | null = null
  try {
    userPin = await newPin('New user PIN', sourceOf(options.newPinFd, options.newPinFile))
    requireTwoPins(soPin, userPin)
    if (finishes) {
      await token.initialise({ ...given, soPin, userPin })
      return
    }
    await token.logIn({ user: 'so', pin: soPin, acceptFinalTry })
    await token.resetUserPin({ newPin: userPin }).finally(() => token.logOut())
  } finally {
    wipe(soPin)
    if (userPin !== null) wipe(userPin)
  }
}

const isTyped = ({ pinFd, pinFile, soPinFd, soPinFile, newPinFd, newPinFile }: Options): boolean =>
  [pinFd, pinFile, soPinFd, soPinFile, newPinFd, newPinFile].every((source) => source === undefined)
