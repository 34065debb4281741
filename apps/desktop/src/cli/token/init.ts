import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { wipe } from '@lux/crypto'
import { type Hsm, HsmError, hsmError, type InitialisedToken, initialisation, type TokenInfo } from '@lux/hsm'
import type { Command } from 'commander'
import type { CommandLine } from '../shell/command-line.ts'
import { failureOutcome, type Outcome } from '../shell/output.ts'
import { escapeForTerminal } from '../shell/safe-text.ts'
import { WrongUse } from '../shell/wrong-use.ts'
import { ownStore } from '../store/own-store.ts'
import { newPin, soPinFor } from './new-pin.ts'
import { sayPad } from './pin-pad.ts'
import {
  findToken,
  type LibraryOptions,
  nameOf,
  type PinOptions,
  refusedPin,
  sourceOf,
  withHsm,
  withLibrary,
  withPin,
} from './session.ts'
import { tokenLines } from './words.ts'

type InitOptions = LibraryOptions &
  PinOptions & { label: string; soPinFd?: string; soPinFile?: string; erase?: boolean }

export function registerTokenInit(group: Command, { act }: CommandLine): void {
  withPin(withLibrary(group.command('init')))
    .requiredOption('--label <label>', 'the new token’s label')
    .option('--so-pin-fd <n>', 'read the security officer’s PIN from this open descriptor')
    .option('--so-pin-file <file>', 'read it from this file, which must have mode 0600')
    .option('--erase', 'with --serial: everything on that token is destroyed for ever')
    .description('Initialise a blank token, or with --serial and --erase an existing one anew.')
    .action((options: InitOptions) => act(() => init(options)))
    .addHelpText(
      'after',
      `
A blank token has no serial yet: where there are several, --serial slot-N names the one in slot N, as “token list” shows
it; without --erase, because nothing is on it.
Erasing is a try of the SO PIN: none is sent where it is locked, and the last one only with --accept-final-try. What a
ceremony of the window's store needs is not erased: end the ceremony first. Close the window too.
Both PINs are typed at the terminal, a new one twice, or chosen at the token’s own pad where it has one, unless a
descriptor or a file is named. With --erase the SO PIN is the one that the token has.

Examples:
  $ custody token init --soft training-token --label training
  $ custody token init --library /opt/vendor/libpkcs11.so --serial slot-2 --label spare-2027
  $ custody token init --library /opt/vendor/libpkcs11.so --serial 12345 --erase --label root-2027`,
    )
}

const slotName = /^slot-\d+$/

/** Errors: TOKEN-ERASE, TOKEN-AMBIGUOUS, HSM-…. */
function init(options: InitOptions): Promise<Outcome> {
  const { serial, erase = false } = options
  if (erase ? serial === undefined : serial !== undefined && !slotName.test(serial)) throw unsaid()
  return withHsm({ ...options, newStore: true }, async (hsm) => {
    const target = erase ? await findToken(hsm, serial) : await blankToken(hsm, serial)
    const existing = target?.initialised === true ? target : null
    const ofWindow = existing !== null && options.soft === undefined ? existing : null
    if (ofWindow !== null) await mustServeNoCeremony(ofWindow.serial)
    // Nothing is erased of one that is only finished.
    const erases = ofWindow !== null && initialisation(ofWindow) !== 'finish' ? ofWindow : null
    const token = hsm.token(existing?.serial ?? 'new')
    const given = {
      label: options.label,
      acceptFinalTry: options.acceptFinalTry === true,
      ...(target === null || existing !== null ? {} : { slot: target.slot }),
    }
    const typed = [options.soPinFd, options.soPinFile, options.pinFd, options.pinFile]
    if (target?.pinPad === true && typed.every((source) => source === undefined)) {
      sayPad('new SO PIN and the new user PIN')
      const pads = { soPin: 'pin-pad', userPin: 'pin-pad' } as const
      return initialised(await noted(erases, () => token.initialise({ ...given, ...pads })))
    }
    const soPin = await soPinFor(existing, sourceOf(options.soPinFd, options.soPinFile))
    let userPin: Uint8Array | null = null
    try {
      const chosen = await newPin('New user PIN', sourceOf(options.pinFd, options.pinFile))
      userPin = chosen
      return initialised(await noted(erases, () => token.initialise({ ...given, soPin, userPin: chosen })))
    } catch (error) {
      return failed(error, hsm, existing, options.label)
    } finally {
      wipe(soPin)
      if (userPin !== null) wipe(userPin)
    }
  })
}

/** As in the window: nothing is erased that a ceremony of its store needs. Errors: TOKEN-KEY-IN-USE, STORE-LOCKED. */
async function mustServeNoCeremony(serial: string): Promise<void> {
  const { Store, storeDatabase } = await import('../../core/store/store.ts')
  if (!existsSync(join(ownStore(), storeDatabase))) return
  const { mustBeUnused, runsOf } = await import('../../core/use-cases/token-in-use.ts')
  const store = new Store(ownStore())
  try {
    mustBeUnused(runsOf(store), { serial, ckaId: null })
  } finally {
    store.close()
  }
}

/** As in the window: the store's log of such acts has it, so the token is a rehearsal's no more. */
async function noted<T>(erases: TokenInfo | null, work: () => Promise<T>): Promise<T> {
  const { storeDatabase } = await import('../../core/store/store.ts')
  if (erases === null || !existsSync(join(ownStore(), storeDatabase))) return work()
  const { logged } = await import('../../core/use-cases/token-log.ts')
  const { systemClock } = await import('../../core/system.ts')
  const { serial, label } = erases
  const act = { act: 'erase-token', serial, label, ckaId: null, secondOfficer: null } as const
  return logged(ownStore(), systemClock, act, work)
}

/** Beside the failure: the state of the PINs of which one was tried, and the token that was left without its PINs. */
async function failed(error: unknown, hsm: Hsm, existing: TokenInfo | null, label: string): Promise<Outcome> {
  if (!(error instanceof HsmError)) throw error
  const half = cutOff.has(error.code) ? await leftUnfinished(hsm, label) : null
  if (half !== null) {
    const finish = `custody token pin --reset --serial ${escapeForTerminal(half.serial)}`
    const outcome = failureOutcome(
      new HsmError({ ...error, remedy: `${nameOf(half)} was left without its PINs. Finish it: ${finish}` }),
    )
    return { ...outcome, json: { ...outcome.json, unfinished: { serial: half.serial, label: half.label } } }
  }
  return existing !== null && error.code.startsWith('HSM-PIN')
    ? refusedPin(error, hsm.token(existing.serial))
    : failureOutcome(error)
}

/** What may have come in the middle of it; any other refusal came before the token was touched, or says itself what it left. */
const cutOff: ReadonlySet<string> = new Set(['HSM-CRASHED', 'HSM-TIMEOUT', 'HSM-DEVICE-ERROR'])

async function leftUnfinished(hsm: Hsm, label: string): Promise<TokenInfo | null> {
  try {
    const tokens = await hsm.tokens()
    return tokens.find((one) => one.initialised && one.pin.user === 'not-set' && one.label === label) ?? null
  } catch (error) {
    if (error instanceof HsmError) return null
    throw error
  }
}

/** The blank token in the slot that is named, or the only one; null where there is none at all, which the driver refuses. */
async function blankToken(hsm: Hsm, name: string | undefined): Promise<TokenInfo | null> {
  const tokens = await hsm.tokens()
  // A token without a serial number is named after its slot for good.
  if (tokens.some(({ initialised, serial }) => initialised && serial === name)) throw unsaid()
  const blank = tokens.filter(({ initialised }) => !initialised)
  const names = blank.map(
    ({ slot, manufacturer, model }) =>
      `slot-${slot} (${escapeForTerminal(manufacturer)} ${escapeForTerminal(model)})`,
  )
  if (name === undefined && blank.length > 1)
    throw new WrongUse('TOKEN-AMBIGUOUS', `several tokens were never initialised: ${names.join(', ')}`)
  const found = blank.find(({ slot }) => name === undefined || name === `slot-${slot}`)
  if (found !== undefined) return found
  if (name === undefined) return null
  throw hsmError(
    'HSM-SLOT-NOT-BLANK',
    `${name} holds no token that was never initialised; those that do: ${names.join(', ') || 'none'}`,
  )
}

function unsaid(): WrongUse {
  return new WrongUse('TOKEN-ERASE', 'initialising a token that exists destroys everything on it')
}

const trustWords = {
  true: 'its security officer can mark keys as trusted; whether users cannot, the probe shows',
  false: 'none: its security officer could not mark a key as trusted',
} as const

function initialised(token: InitialisedToken): Outcome {
  const { marksTrusted } = token
  return {
    exit: 0,
    json: { ok: true, token },
    text: [
      `initialised ${escapeForTerminal(token.serial)}`,
      ...tokenLines(token),
      ...(marksTrusted === null ? [] : [`window        ${trustWords[`${marksTrusted}`]}`]),
    ].join('\n'),
  }
}
