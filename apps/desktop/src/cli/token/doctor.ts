import { wipe } from '@lux/crypto'
import type { Command } from 'commander'
import { type Examination, examineToken } from '../../core/services/tokens/token-doctor.ts'
import type { CommandLine } from '../shell/command-line.ts'
import type { Outcome } from '../shell/output.ts'
import { escapeForTerminal } from '../shell/safe-text.ts'
import { readSecret } from '../shell/secret-input.ts'
import { WrongUse } from '../shell/wrong-use.ts'
import {
  findToken,
  type LibraryOptions,
  nameOf,
  type PinOptions,
  sourceOf,
  withHsm,
  withLibrary,
  withLogin,
  withPin,
} from './session.ts'

type Options = LibraryOptions & PinOptions & { scratch?: string; soPinFile?: string }

export function registerTokenDoctor(group: Command, { act }: CommandLine): void {
  withPin(withLibrary(group.command('doctor')))
    .option('--scratch <serial>', 'nothing on this token is needed: keys are made on it and destroyed again')
    .option('--so-pin-file <file>', 'where the security officer makes keys: that PIN’s file, of mode 0600')
    .description(
      'What a token can be: root, ceremony, backup, server, officer, companion; and what it lacks.',
    )
    .action((options: Options) => act(() => doctor(options)))
    .addHelpText(
      'after',
      `
Without --scratch it only reads, and nobody logs in. Exit 1: something else is on the token afterwards.

Examples:
  $ custody token doctor --library luna
  $ custody token doctor --soft training-token --scratch 123 --pin-file pin.txt`,
    )
}

/** Errors: TOKEN-AMBIGUOUS, SECRET-SOURCE, HSM-…. */
function doctor(options: Options): Promise<Outcome> {
  return withHsm(options, async (hsm) => {
    const info = await findToken(hsm, options.serial, options.tokenLabel)
    const library = hsm.library.sha256
    if (options.scratch === undefined)
      return outcome(info, await examineToken(hsm.token(info.serial), library, null))
    if (options.scratch !== info.serial)
      throw new WrongUse('TOKEN-AMBIGUOUS', `--scratch names ${options.scratch}, the token is ${info.serial}`)
    return withScratch(hsm, options, library)
  })
}

async function withScratch(
  hsm: Parameters<typeof withLogin>[0],
  options: Options,
  library: string,
): Promise<Outcome> {
  const { soPinFile, pinFile } = options
  if (soPinFile === undefined)
    return withLogin(hsm, options, async (token, info) =>
      outcome(info, await examineToken(token, library, { pins: null })),
    )
  const so = await readSecret('Security officer PIN', sourceOf(undefined, soPinFile))
  const user = await readSecret('User PIN', sourceOf(undefined, pinFile))
  try {
    // The driver wipes what it is given.
    const pins = { user: () => user.slice(), so: () => so.slice() }
    return await withLogin(hsm, options, async (token, info) =>
      outcome(info, await examineToken(token, library, { pins })),
    )
  } finally {
    wipe(user)
    wipe(so)
  }
}

const ables = { yes: 'yes     ', no: 'no      ', unproved: 'unproved' } as const

function outcome(info: Parameters<typeof nameOf>[0], examination: Examination): Outcome {
  const { inventory } = examination
  const isLeft = inventory !== null && inventory.before !== inventory.after
  return {
    exit: isLeft ? 1 : 0,
    json: isLeft
      ? { ok: false, code: 'TOKEN-CHANGED', detail: 'the token holds something else now', examination }
      : { ok: true, examination },
    text: [nameOf(info), ...examinationLines(examination)].join('\n'),
    answered: true,
  }
}

/** Of what has no name of its own in it, so that two tokens of a make compare. */
export function examinationLines({ token, tried, findings, helps, inventory }: Examination): string[] {
  const shown = escapeForTerminal
  return [
    `maker, model  ${shown(token.manufacturer)}, ${shown(token.model)}; firmware ${shown(token.firmware)}; profile ${token.profile}`,
    `tried         ${tried === true ? 'on keys that were destroyed again' : `no: ${shown(tried)}`}`,
    ...findings.map(({ role, able, why }) =>
      `${role.padEnd(13)} ${ables[able]}${why === null ? '' : `  ${shown(why)}`}`.trimEnd(),
    ),
    ...helps.map((help) => `would help    ${shown(help)}`),
    ...(inventory === null
      ? []
      : [
          `left on it    ${inventory.before === inventory.after ? 'nothing: its contents are the same' : 'SOMETHING: its contents differ'}`,
        ]),
  ]
}
