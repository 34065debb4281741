import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Hsm,
  HsmError,
  type PinState,
  softTokenEnvironment,
  startHsm,
  type Token,
  type TokenInfo,
  tokenOfSerial,
  type UnreadableSlot,
} from '@lux/hsm'
import { makeFolder, mustHaveParent } from '@lux/node-files'
import type { Command } from 'commander'
import { findParts } from '../../core/program.ts'
import { collectEnv } from '../shell/command-line.ts'
import { failureOutcome, type Outcome, say } from '../shell/output.ts'
import { escapeForTerminal } from '../shell/safe-text.ts'
import { readSecret, type SecretSource } from '../shell/secret-input.ts'
import { WrongUse } from '../shell/wrong-use.ts'
import { libraryNames, libraryPath, sayWithheld } from './library.ts'
import { sayPad, withPadCancel } from './pin-pad.ts'

export type LibraryOptions = {
  library?: string
  soft?: string
  newStore?: boolean
  env?: Record<string, string>
  initString?: string
}
export type PinOptions = {
  serial?: string
  tokenLabel?: string
  pinFd?: string
  pinFile?: string
  acceptFinalTry?: boolean
}

export function withLibrary(command: Command): Command {
  return command
    .option(
      '--library <file>',
      `the vendor’s PKCS#11 library: its path, or the name of a profile (${libraryNames.join(', ')})`,
    )
    .option('--soft <dir>', 'a SoftHSM store in this folder, for training and rehearsals')
    .option('--env <name=value>', 'a variable that the library reads, many times', collectEnv)
    .option('--init-string <text>', 'what the library wants to be told when it starts, as NSS does')
}

export function withPin(command: Command): Command {
  return command
    .option('--serial <serial>', 'the token; may be left out when there is only one')
    .option('--pin-fd <n>', 'read the user PIN from this open descriptor instead of the terminal')
    .option('--pin-file <file>', 'read it from this file, which must have mode 0600')
    .option('--accept-final-try', 'send the PIN although one more wrong one locks the token')
}

/**
 * Starts the library’s own process for the time of one command. `newStore`: a soft store may be made. Errors:
 * LIBRARY-UNNAMED, LIBRARY-NOT-INSTALLED, SOFT-STORE-MISSING, FOLDER-READ-ONLY, HSM-LIBRARY-….
 */
export async function withHsm<T>(
  { library, soft, newStore, env = {}, initString }: LibraryOptions,
  work: (hsm: Hsm) => Promise<T>,
): Promise<T> {
  const { hostEntry } = findParts()
  // A mistyped folder shall not be answered by an empty store.
  if (soft !== undefined && newStore !== true && !existsSync(soft))
    throw new WrongUse('SOFT-STORE-MISSING', `${soft} is not there`)
  if (soft !== undefined) mustHaveParent(soft)
  // Made first: softTokenEnvironment makes it with Node's recursive mkdir, which never comes back from /proc.
  if (soft !== undefined) makeFolder(join(soft, 'tokens'))
  const store = soft === undefined ? null : softTokenEnvironment(soft)
  const path = library === undefined ? store?.library : libraryPath(library)
  if (path === undefined) throw new WrongUse('LIBRARY-UNNAMED', 'no token library is named')
  const environment = { ...store?.environment, ...env }
  sayWithheld(path, environment)
  const hsm = await startHsm({
    library: path,
    environment,
    ...(initString === undefined ? {} : { initString }),
    ...(hostEntry === null ? {} : { hostEntry }),
  })
  try {
    return await withPadCancel(hsm, () => work(hsm))
  } finally {
    await hsm.close()
  }
}

/**
 * The token of this serial, of this label, or the only initialised one. Errors: HSM-TOKEN-ABSENT, that of a slot which cannot be read, HSM-TOKEN-UNINITIALISED,
 * HSM-TOKEN-AMBIGUOUS, HSM-SERIAL-AMBIGUOUS, TOKEN-AMBIGUOUS.
 */
export async function findToken(hsm: Hsm, given: string | undefined, label?: string): Promise<TokenInfo> {
  const labelled = label === undefined ? undefined : (await hsm.labelled(label)).serial
  if (given !== undefined && labelled !== undefined && given !== labelled)
    throw new WrongUse('TOKEN-AMBIGUOUS', `${given} is not labelled ${label}: that is ${labelled}`)
  const serial = given ?? labelled
  const all = await hsm.tokens()
  const tokens = all.filter(({ initialised }) => initialised)
  const found =
    serial === undefined ? (tokens.length === 1 ? tokens[0] : null) : tokenOfSerial(tokens, serial)
  if (found) return found
  const present =
    tokens.map((one) => `${escapeForTerminal(one.serial)} (${escapeForTerminal(one.label)})`).join(', ') ||
    'none'
  if (serial === undefined && tokens.length > 1)
    throw new WrongUse('TOKEN-AMBIGUOUS', `several tokens are there: ${present}`)
  const fresh = all.filter(
    ({ initialised, slot }) => !initialised && (serial ?? `slot-${slot}`) === `slot-${slot}`,
  )
  const named = serial !== undefined && fresh.length > 0
  if (hsm.unreadable.length > 0 && !named) throw unreadableError(hsm.unreadable)
  if (fresh.length > 0)
    throw new HsmError({
      code: 'HSM-TOKEN-UNINITIALISED',
      detail: `never initialised: ${fresh.map((one) => `${one.manufacturer} ${one.model}, slot-${one.slot}`).join('; ')}`,
      remedy: `Initialise it first: custody token init --serial slot-${fresh.length === 1 ? fresh[0]?.slot : 'N'} --label LABEL`,
    })
  throw new HsmError({
    code: 'HSM-TOKEN-ABSENT',
    detail:
      serial === undefined
        ? `no token is there: ${hsm.whyNone.join('; ')}`
        : `token ${serial} is not there; present: ${present}`,
    remedy:
      serial === undefined
        ? 'Insert a token, or correct the library or the store.'
        : 'Insert the token with this serial number.',
  })
}

/** What a slot's token answered in the place of saying what it is. */
export const answerOf = ({ code, ckr, detail }: UnreadableSlot): string =>
  `${code}${ckr === null ? '' : ` (${ckr.name})`}: ${escapeForTerminal(detail)}`

/** As the first of them has it, with all of them named: any of them may be the token that is looked for. */
export function unreadableError(slots: readonly UnreadableSlot[]): HsmError {
  const [first] = slots
  if (first === undefined) throw new RangeError('slots: at least one')
  const detail = slots.map((one) => `slot ${one.slot} does not say what it holds: ${one.detail}`).join('; ')
  return new HsmError({ ...first, detail })
}

/**
 * Logs the user in, once, does the work and logs out. A failed login is an outcome that shows the PIN’s state after it:
 * the PIN is never tried again by the machine.
 */
export async function withLogin(
  hsm: Hsm,
  options: PinOptions,
  work: (token: Token, info: TokenInfo) => Promise<Outcome>,
  /** Read before, for it is needed again. */
  given?: Uint8Array,
): Promise<Outcome> {
  const info = await findToken(hsm, options.serial, options.tokenLabel)
  const token = hsm.token(info.serial)
  const pin = given ?? (await userPin(info, options))
  try {
    const { before } = await token.logIn({
      user: 'user',
      pin,
      acceptFinalTry: options.acceptFinalTry === true,
    })
    if (before !== 'ok')
      say(`The user PIN of ${escapeForTerminal(info.serial)} before this login: ${pinText(before)}`)
  } catch (error) {
    return refusedPin(error, token)
  } finally {
    if (pin !== 'pin-pad') pin.fill(0)
  }
  try {
    return await work(token, info)
  } finally {
    await token.logOut()
  }
}

export const pinsNow = ({ user, so }: TokenInfo['pin']): string => `PIN state now: user ${user}, SO ${so}`

/** A failure of a call that was given a PIN, with the state of the token's PINs after it where the token still tells it. */
export async function refusedPin(error: unknown, token: Token): Promise<Outcome> {
  const outcome = failureOutcome(error)
  if (!(error instanceof HsmError)) return outcome
  const pin = await token.pinState().catch((second: unknown) => {
    if (second instanceof HsmError) return null
    throw second
  })
  if (pin === null) return outcome
  return {
    ...outcome,
    json: { ...outcome.json, serial: token.serial, pin },
    text: `${outcome.text}\n${pinsNow(pin)}`,
  }
}

export function sourceOf(fd: string | undefined, file: string | undefined): SecretSource {
  return { ...(fd === undefined ? {} : { fd }), ...(file === undefined ? {} : { file }) }
}

/** Label and serial number, as a line of text may show them. */
export const nameOf = ({ label, serial }: TokenInfo): string =>
  `${escapeForTerminal(label)} (${escapeForTerminal(serial)})`

/** A token with a pad of its own is asked there, unless a descriptor or a file is named. */
async function userPin(info: TokenInfo, { pinFd, pinFile }: PinOptions): Promise<Uint8Array | 'pin-pad'> {
  if (info.pinPad && pinFd === undefined && pinFile === undefined) {
    sayPad(`user PIN of ${nameOf(info)}, state ${info.pin.user},`)
    return 'pin-pad'
  }
  return readSecret(`User PIN of ${nameOf(info)}, state ${info.pin.user}`, sourceOf(pinFd, pinFile))
}

const pinWords: Record<PinState, string> = {
  ok: 'ok',
  low: 'low: a wrong PIN was given',
  final: 'FINAL: the next wrong PIN locks',
  locked: 'LOCKED',
  'must-change': 'must be changed',
  'not-set': 'not set',
}

export function pinText(state: PinState): string {
  return pinWords[state]
}
