import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { equalBytes, fromUtf8, wipe } from '@lux/crypto'
import { checkPassphrase } from '@lux/crypto/passphrase'
import { ExpectedError, withSystemErrors } from '@lux/node-files'
import type { Command } from 'commander'
import { surroundings } from './surroundings.ts'
import { askSecret } from './terminal.ts'
import { WrongUse } from './wrong-use.ts'

const maxSecret = 1024

/** Where a secret comes from: a descriptor, a file of mode 0600, else the terminal. Never argv or the environment. */
export type SecretSource = { fd?: string; file?: string }

export type PassphraseOptions = { passphraseFd?: string; passphraseFile?: string }

export function withPassphrase(command: Command): Command {
  return command
    .option('--passphrase-fd <n>', 'read the passphrase from this open descriptor instead of the terminal')
    .option('--passphrase-file <file>', 'read it from this file, which must have mode 0600')
}

/** The passphrase of a key file. Errors: those of `readSecret`. */
export async function readPassphrase(options: PassphraseOptions, prompt: string): Promise<string> {
  return asText(await readSecret(prompt, passphraseSource(options)))
}

/** How often a slip at a terminal is asked again before the command ends. */
export const tries = 3

export const atTerminal = ({ passphraseFd, passphraseFile }: PassphraseOptions): boolean =>
  passphraseFd === undefined && passphraseFile === undefined

/**
 * A new secret, typed twice at a terminal; both again where they differ, and the first where `check` refuses it. The caller wipes
 * it. Errors: SECRET-DIFFERS and those of `check` and `readSecret`.
 */
export async function readNewSecret(
  prompt: string,
  what: string,
  source: SecretSource,
  check: (secret: Uint8Array) => void = () => undefined,
): Promise<Uint8Array> {
  const typed = source.fd === undefined && source.file === undefined
  for (let left = tries; ; left--) {
    const first = await readSecret(prompt, source)
    try {
      check(first)
    } catch (error) {
      wipe(first)
      if (!typed || left <= 1 || !(error instanceof Error)) throw error
      surroundings().err(`${error.message}; once more\n`)
      continue
    }
    if (!typed) return first
    let same = false
    try {
      const second = await readSecret('The same again', source)
      same = equalBytes(first, second)
      wipe(second)
    } finally {
      if (!same) wipe(first)
    }
    if (same) return first
    if (left <= 1) throw new WrongUse('SECRET-DIFFERS', `the two ${what} differ`)
    surroundings().err(`the two ${what} differ; both once more\n`)
  }
}

/** A new passphrase, typed twice at a terminal. `names`: what is known of whose it is. Errors: PASSWORD-WEAK, SECRET-DIFFERS and those of `readSecret`. */
export async function readNewPassphrase(
  options: PassphraseOptions,
  what: string,
  names: readonly string[] = [],
): Promise<string> {
  const passphrase = asText(
    await readNewSecret(`New passphrase for ${what}`, 'passphrases', passphraseSource(options)),
  )
  const strong = await checkPassphrase(passphrase, names)
  if (!strong.ok) throw new WrongUse(strong.rule, strong.detail)
  return passphrase
}

/**
 * One line, without its line end; the caller wipes it. Errors: SECRET-FILE-MODE, SECRET-EMPTY, SECRET-TOO-LONG,
 * SECRET-FD, SECRET-NO-TERMINAL, SECRET-CANCELLED, FILE-MISSING.
 */
export async function readSecret(prompt: string, { fd, file }: SecretSource): Promise<Uint8Array> {
  if (fd !== undefined && file !== undefined)
    throw new WrongUse('SECRET-SOURCE', `${prompt}: both a descriptor and a file are named`)
  const secret =
    fd !== undefined
      ? fromDescriptor(fd)
      : file !== undefined
        ? fromFile(file)
        : await askSecret(prompt, instead)
  if (secret.length === 0) throw new WrongUse('SECRET-EMPTY', `${prompt}: nothing was entered`)
  return secret
}

const instead = 'run it at a terminal, or give a descriptor (…-fd N) or a file of mode 0600 (…-file F)'

function passphraseSource({ passphraseFd, passphraseFile }: PassphraseOptions): SecretSource {
  return {
    ...(passphraseFd === undefined ? {} : { fd: passphraseFd }),
    ...(passphraseFile === undefined ? {} : { file: passphraseFile }),
  }
}

function asText(secret: Uint8Array): string {
  try {
    return fromUtf8(secret)
  } finally {
    wipe(secret)
  }
}

function fromDescriptor(text: string): Uint8Array {
  if (!/^\d{1,6}$/.test(text)) throw new WrongUse('SECRET-FD', `${text} is no descriptor`)
  try {
    return firstLine(Number(text))
  } catch (error) {
    if (error instanceof ExpectedError) throw error
    throw new WrongUse('SECRET-FD', `descriptor ${text} cannot be read`)
  }
}

function fromFile(path: string): Uint8Array {
  const file = withSystemErrors(() => openSync(path, 'r'), path)
  try {
    const { mode, uid } = fstatSync(file)
    const own = process.getuid === undefined || uid === process.getuid()
    if ((mode & 0o777) !== 0o600 || !own) {
      const bits = (mode & 0o777).toString(8).padStart(4, '0')
      throw new ExpectedError(
        'SECRET-FILE-MODE',
        own ? `${path} has mode ${bits}, not 0600` : `${path} belongs to another user`,
      )
    }
    return withSystemErrors(() => firstLine(file), path)
  } finally {
    closeSync(file)
  }
}

/** What is read is wiped except for the line that is returned. */
function firstLine(file: number): Uint8Array {
  const bytes = new Uint8Array(maxSecret + 2)
  let length = 0
  while (length < bytes.length) {
    const read = readSync(file, bytes, length, bytes.length - length, null)
    if (read === 0) break
    length += read
  }
  const end = bytes.subarray(0, length).indexOf(10)
  const line = bytes.slice(0, end < 0 ? length : end > 0 && bytes[end - 1] === 13 ? end - 1 : end)
  wipe(bytes)
  if (line.length > maxSecret)
    throw new WrongUse('SECRET-TOO-LONG', `a secret has at most ${maxSecret} bytes`)
  return line
}
