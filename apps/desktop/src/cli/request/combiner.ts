import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cardCodec } from '@lux/ceremony/wire'
import {
  encodeCanonical,
  equalBytes,
  fromUtf8,
  type Json,
  openWith,
  parseCanonical,
  sha256,
  wipe,
} from '@lux/crypto'
import { parsePartial, parsePublic, rosterDigest } from '@lux/crypto/fhe'
import { ExpectedError, readBounded } from '@lux/node-files'
import { inFile, naming, readPartialFile } from '../shell/fhe-files.ts'
import { readCard } from '../shell/files.ts'
import { WrongUse } from '../shell/wrong-use.ts'

const maxIdentity = 1 << 16
const maxRoster = 1 << 16

/**
 * The card of holder i at index i-1. The cards are named in order, or found by the roster beside public.bin, whose digest
 * public.bin has. Errors: FHE-ROSTER-OTHER, FILE-MISSING, CARD-….
 */
export function holderCards(
  pub: Uint8Array,
  publicPath: string,
  { card, cards }: { card?: string[]; cards?: string },
) {
  const named = card ?? cardsOfRoster(pub, publicPath, cards)
  const all = named.map(readCard)
  const roster = all.map((one, i) => ({ index: i + 1, name: one.name, card: cardCodec.digest(one) }))
  if (!equalBytes(rosterDigest(roster), parsePublic(pub).rosterDigest)) throw otherRoster()
  return all
}

function cardsOfRoster(pub: Uint8Array, publicPath: string, cards: string | undefined): string[] {
  const path = join(dirname(publicPath), 'roster.json')
  const roster = parseCanonical(readBounded(path, maxRoster), { maxBytes: maxRoster })
  if (!equalBytes(sha256(encodeCanonical(roster)), parsePublic(pub).rosterDigest)) throw otherRoster()
  const places = cards === undefined ? ['cards', '../cards', '../../cards'] : [cards]
  return (Array.isArray(roster) ? roster : []).map((row) => {
    const digest = digestOf(row)
    const found = places
      .map((place) => join(cards === undefined ? dirname(publicPath) : '', place, `${digest}.json`))
      .find((file) => existsSync(file))
    if (found !== undefined) return found
    throw new ExpectedError('FILE-MISSING', `no card ${digest}.json in --cards`)
  })
}

function digestOf(row: Json): string {
  const { card } = typeof row === 'object' && row !== null ? Object.fromEntries(Object.entries(row)) : {}
  return typeof card === 'string' && /^[0-9a-f]{64}$/.test(card) ? card : ''
}

function otherRoster(): ExpectedError {
  return new ExpectedError('FHE-ROSTER-OTHER', 'these are not the cards of this epoch’s holders')
}

/**
 * An answer as it came, or out of its seal; well formed, and else refused with the file's name. Errors: OPTION-IDENTITY,
 * SECRET-FILE-MODE, SEAL-…, FHE-….
 */
export async function openPartial(path: string, identityPath: string | undefined): Promise<Uint8Array> {
  const bytes = readPartialFile(path)
  const opened = fromAscii(bytes) === 'age-encr' ? await unsealed(path, bytes, identityPath) : bytes
  inFile(path, () => parsePartial(opened))
  return opened
}

async function unsealed(path: string, bytes: Uint8Array, identityPath: string | undefined) {
  if (identityPath === undefined)
    throw new WrongUse('OPTION-IDENTITY', `${path} is sealed: name the combiner’s --identity`)
  const identity = readIdentity(identityPath)
  try {
    return await openWith(identity, bytes)
  } catch (error) {
    throw naming(path, error)
  }
}

function fromAscii(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 8))
}

/** Errors: SECRET-FILE-MODE, OPTION-IDENTITY. */
export function readIdentity(path: string): string {
  const bytes = readBounded(path, maxIdentity)
  let text: string
  try {
    text = fromUtf8(bytes)
  } finally {
    wipe(bytes)
  }
  if ((statSync(path).mode & 0o077) !== 0)
    throw new ExpectedError('SECRET-FILE-MODE', `${path} may be read by others`)
  const line = text.split('\n').find((one) => one.startsWith('AGE-SECRET-KEY-PQ-'))
  if (line === undefined) throw new WrongUse('OPTION-IDENTITY', `${path} holds no age identity`)
  return line.trim()
}
