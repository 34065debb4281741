import { type Hsm, HsmError, type TokenInfo } from '@lux/hsm'
import type { Command } from 'commander'
import { sayPad } from './at-pad.ts'
import type { CommandLine } from './command-line.ts'
import type { Outcome } from './output.ts'
import { readSecret } from './secret-input.ts'
import {
  findToken,
  type LibraryOptions,
  nameOf,
  type PinOptions,
  pinText,
  withHsm,
  withLibrary,
  withPin,
} from './token-session.ts'
import { tokenLines } from './token-words.ts'
import { visible } from './visible.ts'
import { WrongUse } from './wrong-use.ts'

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
Erasing is a try of the SO PIN: none is sent where it is locked, and the last one only with --accept-final-try.
Both PINs are typed at the terminal, or chosen at the token’s own pad where it has one, unless a descriptor or a file
is named.

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
    const token = hsm.token(existing?.serial ?? 'new')
    const given = {
      label: options.label,
      acceptFinalTry: options.acceptFinalTry === true,
      ...(target === null || existing !== null ? {} : { slot: target.slot }),
    }
    const typed = [options.soPinFd, options.soPinFile, options.pinFd, options.pinFile]
    if (target?.pinPad === true && typed.every((source) => source === undefined)) {
      sayPad('new SO PIN and the new user PIN')
      return initialised(await token.initialise({ ...given, soPin: 'pin-pad', userPin: 'pin-pad' }))
    }
    const soPin = await readSecret(
      existing === null ? 'New SO PIN' : `SO PIN of ${nameOf(existing)}, state ${pinText(existing.pin.so)}`,
      {
        ...(options.soPinFd === undefined ? {} : { fd: options.soPinFd }),
        ...(options.soPinFile === undefined ? {} : { file: options.soPinFile }),
      },
    )
    const userPin = await readSecret('New user PIN', {
      ...(options.pinFd === undefined ? {} : { fd: options.pinFd }),
      ...(options.pinFile === undefined ? {} : { file: options.pinFile }),
    })
    try {
      return initialised(await token.initialise({ ...given, soPin, userPin }))
    } finally {
      soPin.fill(0)
      userPin.fill(0)
    }
  })
}

/** The blank token in the slot that is named, or the only one; null where there is none at all, which the driver refuses. */
async function blankToken(hsm: Hsm, name: string | undefined): Promise<TokenInfo | null> {
  const tokens = await hsm.tokens()
  // A token without a serial number is named after its slot for good.
  if (tokens.some(({ initialised, serial }) => initialised && serial === name)) throw unsaid()
  const blank = tokens.filter(({ initialised }) => !initialised)
  const names = blank.map(
    ({ slot, manufacturer, model }) => `slot-${slot} (${visible(manufacturer)} ${visible(model)})`,
  )
  if (name === undefined && blank.length > 1)
    throw new WrongUse(
      'TOKEN-AMBIGUOUS',
      `several tokens were never initialised: ${names.join(', ')}`,
      'name one with --serial slot-N',
    )
  const found = blank.find(({ slot }) => name === undefined || name === `slot-${slot}`)
  if (found !== undefined) return found
  if (name === undefined) return null
  throw new HsmError({
    code: 'HSM-SLOT-NOT-BLANK',
    detail: `${name} holds no token that was never initialised; those that do: ${names.join(', ') || 'none'}`,
    remedy: 'Look at the list of tokens again, and choose one that was never initialised.',
  })
}

function unsaid(): WrongUse {
  return new WrongUse(
    'TOKEN-ERASE',
    'initialising a token that exists destroys everything on it',
    'give --serial and --erase together for that; neither of them for a blank token, or --serial slot-N where there are several',
  )
}

function initialised(token: TokenInfo): Outcome {
  return {
    exit: 0,
    json: { ok: true, token },
    text: [`initialised ${visible(token.serial)}`, ...tokenLines(token)].join('\n'),
  }
}
