import { ExpectedError } from '@lux/node-files'
import type { Command } from 'commander'
import { programVersion } from '../../core/program.ts'
import {
  type BackupFacts,
  backUpStore,
  checkStoreBackup,
  openExisting,
  restoreStore,
} from '../../core/store/store-backup.ts'
import { type CommandLine, severalOf } from '../shell/command-line.ts'
import { mustBeNew, readCard, wordLines, wordsOf } from '../shell/files.ts'
import { openOwnKey } from '../shell/key-input.ts'
import type { Outcome } from '../shell/output.ts'
import {
  type PassphraseOptions,
  readNewPassphrase,
  readPassphrase,
  withPassphrase,
} from '../shell/secret-input.ts'
import { WrongUse } from '../shell/wrong-use.ts'
import { ownStore } from './own-store.ts'

type BackupOptions = PassphraseOptions & { store?: string; out: string; to?: string[] }
type OpenOptions = PassphraseOptions & { key?: string; digest?: string }

/** The workstation's own store: settings, people, and the runs in it. */
export function registerStore({ program, act }: CommandLine): void {
  const group = program
    .command('store')
    .description('The workstation’s own store: back it up, check a backup, restore it.')
  withPassphrase(
    group
      .command('backup')
      .description('Write the store and the ceremonies in it as one sealed file.')
      .requiredOption('--out <file>', 'the sealed file, a new one')
      .option('--store <folder>', 'the store; that of the window by default')
      .option(
        '--to <card>',
        'seal it to a holder’s or custodian’s card instead of under a passphrase',
        severalOf,
      ),
  )
    .action((options: BackupOptions) => act(() => backup(options)))
    .addHelpText(
      'after',
      `
Close the window first; in the window, Settings does the same. Tokens keep their keys: none is in a backup. Write the words of the
digest down beside the medium.

Example:
  $ custody store backup --out /media/stick/store.age`,
    )
  withOpening(
    group
      .command('check')
      .argument('<file>', 'the sealed file')
      .description('Read a backup to its end and check every file of it. It writes nothing.'),
  )
    .action((file: string, options: OpenOptions) => act(() => check(file, options)))
    .addHelpText(
      'after',
      `
Example:
  $ custody store check /media/stick/store.age`,
    )
  withOpening(
    group
      .command('restore')
      .argument('<file>', 'the sealed file')
      .description('Make the store anew from a backup. Nothing that is there is ever written over.')
      .requiredOption('--store <folder>', 'the store’s folder, a new or empty one'),
  )
    .action((file: string, options: OpenOptions & { store: string }) => act(() => restore(file, options)))
    .addHelpText(
      'after',
      `
Move a damaged store aside first, and keep it until the restored one was looked at.

Example:
  $ custody store restore /media/stick/store.age --store new-store`,
    )
}

function withOpening(command: Command): Command {
  return withPassphrase(
    command
      .option('--key <file>', 'your key file, where the backup was sealed to your card')
      .option('--digest <hex>', 'the SHA-256 that the backup must have'),
  )
}

/** Errors: those of `backUpStore`, STORE-ABSENT, STORE-NEWER, CARD-…, SECRET-…. */
async function backup({ store: folder = ownStore(), ...options }: BackupOptions): Promise<Outcome> {
  mustBeNew(options.out)
  const store = openExisting(folder)
  try {
    const made = new Date().toISOString()
    const by = programVersion()
    const to = await sealedTo(options)
    const { elsewhere, ...facts } = await backUpStore(store, { out: options.out, to, made, by })
    return {
      exit: 0,
      json: { ok: true, out: options.out, store: folder, ...facts, elsewhere },
      text: [
        `backup of ${folder}: ${options.out}`,
        ...linesOf(facts),
        ...elsewhere.map((path) => `not in it, because it lies elsewhere: ${path}`),
      ].join('\n'),
    }
  } finally {
    store.close()
  }
}

async function sealedTo({ to, ...options }: BackupOptions) {
  if (to === undefined) return { passphrase: await readNewPassphrase(options, 'the backup') }
  return {
    recipients: to.map((path) => {
      const { recipient } = readCard(path)
      if (recipient !== undefined) return recipient
      throw new WrongUse('CARD-KIND', `--to ${path}: nothing can be sealed to this kind of card`)
    }),
  }
}

async function check(file: string, options: OpenOptions): Promise<Outcome> {
  const facts = await withOpener(options, (by) => checkStoreBackup(file, by, options.digest))
  return {
    exit: 0,
    json: { ok: true, ...facts },
    text: [`${file} is whole and can be restored`, ...linesOf(facts)].join('\n'),
  }
}

async function restore(file: string, options: OpenOptions & { store: string }): Promise<Outcome> {
  const { store: folder, digest } = options
  const facts = await withOpener(options, (by) => restoreStore(file, by, { folder, digest }))
  return {
    exit: 0,
    json: { ok: true, store: folder, ...facts },
    text: [`restored ${folder}`, ...linesOf(facts)].join('\n'),
  }
}

/** Errors: SECRET-…, KEY-…, STORE-BACKUP-KEY. */
async function withOpener<T>(
  { key, ...options }: OpenOptions,
  work: (by: { passphrase: string } | { identity: string }) => Promise<T>,
): Promise<T> {
  if (key === undefined)
    return work({ passphrase: await readPassphrase(options, 'Passphrase of the backup') })
  const { key: opened } = await openOwnKey(key, options)
  try {
    if (opened.seal === null)
      throw new ExpectedError('STORE-BACKUP-KEY', `${key}: nothing can be sealed to this kind of key`)
    return await work({ identity: opened.seal })
  } finally {
    opened.identity.secret.wipe()
  }
}

function linesOf({ digest, bytes, made, by, files, runs }: BackupFacts): string[] {
  return [
    `made       ${made}, by version ${by}`,
    `holds      ${runs} ceremonies, ${files} files, ${bytes} bytes sealed`,
    `SHA-256    ${digest}`,
    ...wordLines(wordsOf(digest)),
  ]
}
