import { existsSync, readdirSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { ExpectedError, inNewFolder, readBounded, writeDurably } from '@lux/node-files'
import { type AppFile, releasedFiles, signRelease, wordsOf } from '@lux/people'
import type { Command } from 'commander'
import { phoneApp, programVersion } from '../../core/program.ts'
import { systemClock } from '../../core/system.ts'
import { openKeyFile } from '../../core/use-cases/key-file.ts'
import { accepted } from '../shell/accepted.ts'
import type { CommandLine } from '../shell/command-line.ts'
import { mustBeNew, wordLines } from '../shell/files.ts'
import type { Outcome } from '../shell/output.ts'
import { type PassphraseOptions, readPassphrase, withPassphrase } from '../shell/secret-input.ts'
import { originOf, releaseFile } from './origin.ts'

type ExportOptions = PassphraseOptions & { key: string; origin: string; app?: string }

const maxFile = 16 << 20

export function registerPhoneExport(group: Command, act: CommandLine['act']): void {
  withPassphrase(
    group
      .command('export')
      .argument('<dir>', 'a new folder for the app: what an origin serves, and nothing else')
      .description('Write the app on people’s phones into a folder, with a release.json that your key signs.')
      .requiredOption('--key <file>', 'the key file that signs releases')
      .requiredOption('--origin <url>', 'where it will be served, such as https://shares.example')
      .option('--app <dir>', 'the built app; the one of this program by default'),
  )
    .action((folder: string, options: ExportOptions) => act(() => exportPhone(folder, options)))
    .addHelpText(
      'after',
      `
Whoever controls the origin can replace the app on every phone that comes by. So it is an origin of its own, served by somebody
other than the server's operator, and others compare it: custody phone verify-origin. What a phone keeps belongs to its origin:
another one is a new phone, and a reshare.

Example:
  $ custody phone export app --key release.key --origin https://shares.example`,
    )
}

/** Errors: FILE-EXISTS, OPTION-ORIGIN, APP-RELEASE-MISSING, APP-RELEASE-MALFORMED, and those of the key file and the disk. */
async function exportPhone(folder: string, options: ExportOptions): Promise<Outcome> {
  mustBeNew(folder)
  const origin = originOf(options.origin)
  const files = filesOf(options.app ?? phoneApp())
  const key = await openKeyFile(options.key, await readPassphrase(options, `Passphrase of ${options.key}`))
  try {
    const listed = releasedFiles(files)
    const said = { version: programVersion(), origin, created: systemClock.now(), files: listed }
    const release = accepted(signRelease(key, said))
    await inNewFolder(
      folder,
      () => existsSync(join(folder, releaseFile)),
      async () => {
        for (const { path, bytes } of files) writeDurably(join(folder, path), bytes, 0o644)
        // Last: a folder with it is whole.
        writeDurably(join(folder, releaseFile), release, 0o644)
      },
    )
    const { id } = key.identity
    return {
      exit: 0,
      json: { ok: true, folder, origin, files: listed.length, signer: id, words: wordsOf(id) },
      text: [
        `${listed.length} files and ${releaseFile} in ${folder}, for ${origin}`,
        `signer  ${id}`,
        ...wordLines(wordsOf(id)),
      ].join('\n'),
    }
  } finally {
    key.identity.secret.wipe()
  }
}

function filesOf(app: string): AppFile[] {
  if (!existsSync(join(app, 'sw.js')))
    throw new ExpectedError('APP-RELEASE-MISSING', `${app} holds no built app`)
  return readdirSync(app, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({ path: relative(app, file).split(sep).join('/'), bytes: readBounded(file, maxFile) }))
    .filter(({ path }) => path !== releaseFile)
}
