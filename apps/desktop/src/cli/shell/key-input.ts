import { ExpectedError } from '@lux/node-files'
import type { PersonKey } from '@lux/people'
import { openKeyFile } from '../../core/use-cases/key-file.ts'
import { say } from './output.ts'
import { atTerminal, type PassphraseOptions, readPassphrase, tries } from './secret-input.ts'

/**
 * A person's key, and the passphrase that opens it: asked again at a terminal where it is wrong, so that a slip costs no command.
 * Errors: KEY-PASSPHRASE, KEY-FILE-WRONG, those of the file and of `readSecret`. The caller wipes the identity.
 */
export async function openOwnKey(
  path: string,
  options: PassphraseOptions,
): Promise<{ key: PersonKey; passphrase: string }> {
  for (let left = atTerminal(options) ? tries : 1; ; left--) {
    const passphrase = await readPassphrase(options, `Passphrase of ${path}`)
    try {
      return { key: await openKeyFile(path, passphrase), passphrase }
    } catch (error) {
      const again = left > 1 && error instanceof ExpectedError && error.code === 'KEY-PASSPHRASE'
      if (!again) throw error
      say(`${error.detail}; once more`)
    }
  }
}
