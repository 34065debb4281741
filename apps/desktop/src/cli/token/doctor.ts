import type { TokenExamination } from '@lux/ceremony/wire'
import { wipe } from '@lux/crypto'
import { sayings, sayingText } from '@lux/hsm'
import { readBounded } from '@lux/node-files'
import type { Command } from 'commander'
import type { ExaminationRow, Said } from '../../contract/index.ts'
import {
  compareExaminations,
  examinationFile,
  examinationRows,
  isUnchanged,
  readExamination,
  signerRow,
} from '../../core/services/tokens/examination.ts'
import { examineToken } from '../../core/services/tokens/token-doctor.ts'
import { systemClock } from '../../core/system.ts'
import type { CommandLine } from '../shell/command-line.ts'
import { mustBeNew, writeNew } from '../shell/files.ts'
import { openOwnKey } from '../shell/key-input.ts'
import type { Outcome } from '../shell/output.ts'
import { escapeForTerminal } from '../shell/safe-text.ts'
import { type PassphraseOptions, readSecret, withPassphrase } from '../shell/secret-input.ts'
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

type Options = LibraryOptions &
  PinOptions &
  PassphraseOptions & {
    scratch?: string
    soPinFd?: string
    soPinFile?: string
    out?: string
    key?: string
    compare?: string[]
  }

export function registerTokenDoctor(group: Command, { act }: CommandLine): void {
  withPassphrase(withPin(withLibrary(group.command('doctor'))))
    .option('--scratch <serial>', 'nothing on this token is needed: keys are made on it and destroyed again')
    .option(
      '--so-pin-fd <n>',
      'where the security officer makes keys: read that PIN from this open descriptor',
    )
    .option('--so-pin-file <file>', 'read it from this file, which must have mode 0600')
    .option('--out <file>', 'write what was found, a new file that compares with another')
    .option('--key <file>', 'your key file, which signs it; without it nobody does')
    .option('--compare <files...>', 'say what two of such files say differently, and ask no token')
    .description(
      'What a token can be: root, ceremony, backup, server, officer, companion; and what it lacks.',
    )
    .action((options: Options) => act(() => (options.compare ? compare(options.compare) : doctor(options))))
    .addHelpText(
      'after',
      `
Without --scratch it only reads, and nobody logs in. Exit 1: something else is on the token afterwards.

Examples:
  $ custody token doctor --library luna --out before.json
  $ custody token doctor --soft training-token --scratch 123 --pin-file pin.txt
  $ custody token doctor --compare before.json after.json`,
    )
}

/** Errors: EXAMINATION-MALFORMED, SIGNATURE-…, QUORUM-SHORT, those of the files. */
function compare(files: readonly string[]): Outcome {
  const [first, second] = files
  if (first === undefined || second === undefined || files.length > 2)
    throw new WrongUse('INPUT-INVALID', '--compare: two files')
  const [a, b] = [readFound(first), readFound(second)]
  const differ = compareExaminations(a, b)
  const side = (path: string, one: TokenExamination, rows: readonly ExaminationRow[]) =>
    [path, ...[signerRow(one), ...rows].map((row) => `  ${lineOf(row)}`)].join('\n')
  return {
    exit: 0,
    json: { ok: true, same: differ.same, signed: [a.by, b.by], differ: [differ.first, differ.second] },
    text: differ.same
      ? [side(first, a, []), side(second, b, []), 'Both say the same.'].join('\n')
      : [side(first, a, differ.first), side(second, b, differ.second)].join('\n'),
  }
}

const maxFound = 512 << 10
const readFound = (path: string): TokenExamination => readExamination(readBounded(path, maxFound))

/** Errors: TOKEN-AMBIGUOUS, SECRET-SOURCE, FILE-EXISTS, HSM-…, those of the key file. */
async function doctor(options: Options): Promise<Outcome> {
  if (options.out !== undefined) mustBeNew(options.out)
  return withHsm(options, async (hsm) => {
    const info = await findToken(hsm, options.serial, options.tokenLabel)
    const of = { library: hsm.library.sha256, made: systemClock.now() }
    const { scratch } = options
    if (scratch === undefined)
      return outcome(info, await examineToken(hsm.token(info.serial), of, null), options)
    if (scratch !== info.serial)
      throw new WrongUse('TOKEN-AMBIGUOUS', `--scratch names ${scratch}, the token is ${info.serial}`)
    return withScratch(hsm, options, of)
  })
}

async function withScratch(
  hsm: Parameters<typeof withLogin>[0],
  options: Options,
  of: Parameters<typeof examineToken>[1],
): Promise<Outcome> {
  const { soPinFd, soPinFile, pinFd, pinFile } = options
  if (soPinFd === undefined && soPinFile === undefined)
    return withLogin(hsm, options, async (token, info) =>
      outcome(info, await examineToken(token, of, { pins: null }), options),
    )
  const so = await readSecret('Security officer PIN', sourceOf(soPinFd, soPinFile))
  const user = await readSecret('User PIN', sourceOf(pinFd, pinFile))
  try {
    // The driver wipes what it is given.
    const pins = { user: () => user.slice(), so: () => so.slice() }
    return await withLogin(
      hsm,
      options,
      async (token, info) => outcome(info, await examineToken(token, of, { pins }), options),
      user.slice(),
    )
  } finally {
    wipe(user)
    wipe(so)
  }
}

async function outcome(
  info: Parameters<typeof nameOf>[0],
  examination: TokenExamination,
  options: Options,
): Promise<Outcome> {
  const file = await signed(examination, options)
  const shown = readExamination(file)
  if (options.out !== undefined) writeNew(options.out, file)
  const { inventory } = shown
  const isLeft = inventory !== null && !isUnchanged(inventory)
  return {
    exit: isLeft ? 1 : 0,
    json: isLeft
      ? {
          ok: false,
          code: 'TOKEN-CHANGED',
          detail: 'the token holds something else now',
          examination: shown,
        }
      : { ok: true, examination: shown },
    text: [nameOf(info), ...examinationLines(shown), lineOf(signerRow(shown))].join('\n'),
    answered: true,
  }
}

async function signed(examination: TokenExamination, options: Options): Promise<Uint8Array> {
  if (options.key === undefined) return examinationFile(examination, null)
  const { key } = await openOwnKey(options.key, options)
  try {
    return examinationFile(examination, key)
  } finally {
    key.identity.secret.wipe()
  }
}

/** Of what has no name of its own in it, so that two tokens of a make compare. */
export const examinationLines = (examination: TokenExamination): string[] =>
  examinationRows(examination).map(lineOf)

function lineOf({ label, able, text }: ExaminationRow): string {
  const said = text.map((one) => escapeForTerminal(textOf(one))).join('; ')
  const name = textOf({ id: label, values: {} }).padEnd(13)
  return `${name} ${able === null ? '' : `${textOf({ id: `able-${able}`, values: {} }).padEnd(8)}  `}${said}`.trimEnd()
}

/** A file of a later program may say what this one has no text for. */
function textOf({ id, values }: Said): string {
  const known = Object.entries(sayings).find(([name]) => name === id)
  if (known === undefined) return [id, ...Object.values(values)].join(' ')
  return sayingText({ id: known[0] as keyof typeof sayings, values })
}
