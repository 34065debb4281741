import { existsSync, rmSync } from 'node:fs'
import type { Domain } from '@lux/ceremony'
import { type PolicyFile, parsePolicyFile } from '@lux/ceremony/policy'
import { type Card, cardCodec, type Outcome, type ServerCard, serverCardCodec } from '@lux/ceremony/wire'
import { ExpectedError, mustHaveParent, partBeside, readBounded, writeInFolder } from '@lux/node-files'
import { WrongUse } from './wrong-use.ts'

const maxDocument = 1 << 20

/** A file parsed by one codec; a refusal names the file. */
export function readParsed<T>(
  path: string,
  codec: { parse(bytes: Uint8Array): Outcome<T> },
  maxBytes = maxDocument,
): T {
  const parsed = codec.parse(readBounded(path, maxBytes))
  if (!parsed.ok) {
    throw new ExpectedError(parsed.rule, `${path}: ${parsed.detail}`)
  }
  return parsed.value
}

export const readCard = (path: string): Card => readParsed(path, cardCodec)
export const readServerCard = (path: string): ServerCard => readParsed(path, serverCardCodec)
export const readPolicy = (path: string): PolicyFile => readParsed(path, { parse: parsePolicyFile })

/** Writes a file that must not be there yet, into a folder that must be: nobody's key or signature is ever overwritten. */
export function writeNew(path: string, bytes: Uint8Array, mode = 0o644): void {
  mustBeNew(path)
  writeInFolder(path, bytes, mode)
}

/**
 * Before what cannot be taken back: that a new file of so many bytes can be written there, by writing one and removing it. Errors:
 * FILE-EXISTS, FOLDER-MISSING, FOLDER-READ-ONLY, DISK-FULL.
 */
export function mustHaveRoom(path: string, size = 0): void {
  mustBeNew(path)
  const probe = partBeside(path)
  writeInFolder(probe, new Uint8Array(size))
  rmSync(probe, { force: true })
}

/** Errors: FILE-EXISTS, FOLDER-MISSING. */
export function mustBeNew(path: string): void {
  mustHaveParent(path)
  if (existsSync(path)) throw new WrongUse('FILE-EXISTS', `${path} is already there`)
}

export function domainOption(text: string): Domain {
  if (text === 'production' || text === 'rehearsal') return text
  throw new WrongUse('OPTION-DOMAIN', `--domain ${text}: expected production or rehearsal`)
}

export { wordLines, wordsOf } from '@lux/people'
