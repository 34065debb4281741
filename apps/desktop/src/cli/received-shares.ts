import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import {
  encodeDocument,
  FormatError,
  type Json,
  parseDocument,
  signatureContext,
  signDocument,
  toHex,
  verifyDocument,
} from '@lux/crypto'
import type { ShareEnvelope } from '@lux/crypto/fhe'
import { CoreError } from '../core/core-error.ts'
import { checkWritable, readBounded, writeDurably } from '../core/store/durable-file.ts'
import type { PersonKey } from './key-file.ts'

/** A share that a key file has opened, and where it was kept. */
type Received = { keyId: string; epochId: string; holder: number; path: string }

const maxBytes = 4 << 20
const maxListed = 4096

export const receivedPath = (keyFile: string) => `${keyFile}.received`

/**
 * That a key file has not opened this share before, unless it was `lost`: an envelope gives the share, and not what the share has answered
 * since. Errors: SHARE-RECEIVED, RECEIVED-OTHER, and FOLDER-READ-ONLY where the note could not be written.
 */
export function checkReceivable(
  keyFile: string,
  key: PersonKey,
  envelope: ShareEnvelope,
  lost: boolean,
): void {
  checkWritable(dirname(receivedPath(keyFile)))
  const before = readReceived(keyFile, key).find((one) => isSame(one, envelope))
  if (before === undefined || lost) return
  const { holder, epoch } = envelope.share.header
  throw new CoreError(
    'SHARE-RECEIVED',
    `${keyFile} has received share ${holder} of epoch ${epoch} before, into ${before.path}`,
    'use that share, with its record beside it; give --lost where one of them is lost: the share then counts as having answered all that it may',
  )
}

/** Notes beside the key file, signed by its holder, that it has opened a share. Errors: RECEIVED-OTHER, and those of the file. */
export function noteReceived(keyFile: string, key: PersonKey, envelope: ShareEnvelope, out: string): void {
  const { keyId, epochId, holder, domain } = envelope.share.header
  const others = readReceived(keyFile, key).filter((one) => !isSame(one, envelope))
  const one = { keyId: toHex(keyId), epochId: toHex(epochId), holder, path: resolve(out) }
  const payload = { v: 1, kind: 'received-shares', domain, shares: [...others, one].slice(-maxListed) }
  const document = signDocument([key.identity], signatureContext('received-shares', domain), payload)
  writeDurably(receivedPath(keyFile), encodeDocument(document), 0o600)
}

function isSame(one: Received, { share: { header } }: ShareEnvelope): boolean {
  return (
    one.keyId === toHex(header.keyId) && one.epochId === toHex(header.epochId) && one.holder === header.holder
  )
}

function readReceived(keyFile: string, { card, identity }: PersonKey): Received[] {
  const path = receivedPath(keyFile)
  if (!existsSync(path)) return []
  const other = (detail: string) => new CoreError('RECEIVED-OTHER', `${path}: ${detail}`)
  try {
    const document = parseDocument(readBounded(path, maxBytes), { maxBytes })
    const context = signatureContext('received-shares', card.domain)
    const verdict = verifyDocument(document, context, [identity.keys])
    if (!verdict.ok) throw other(verdict.detail)
    const { v, kind, domain, shares } = members(document.payload)
    if (v !== 1 || kind !== 'received-shares' || domain !== card.domain || !Array.isArray(shares))
      throw other('it lists no shares')
    return shares.map((share) => {
      const { keyId, epochId, holder, path: kept } = members(share)
      if (!isDigest(keyId) || !isDigest(epochId) || typeof holder !== 'number' || typeof kept !== 'string')
        throw other('it lists no shares')
      return { keyId, epochId, holder, path: kept }
    })
  } catch (error) {
    if (error instanceof FormatError) throw other(error.detail)
    throw error
  }
}

function isDigest(value: Json | undefined): value is string {
  return typeof value === 'string' && /^[0-9a-f]{32,64}$/.test(value)
}

function members(value: Json | undefined): { [name: string]: Json | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {}
}
