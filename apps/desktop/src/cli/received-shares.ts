import { existsSync, realpathSync } from 'node:fs'
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
import { CoreError, checkWritable, readBounded, withSystemErrors, writeDurably } from '@lux/node-files'
import { members } from './json-members.ts'
import type { PersonKey } from './shell/key-file.ts'

/** A share that a key file has opened, and where it was kept. */
type Received = { keyId: string; epochId: string; holder: number; path: string }

const maxBytes = 4 << 20
const maxListed = 512
const maxPath = 4096

/** Of the file itself, whatever link leads to it. */
export const receivedPath = (keyFile: string): string =>
  `${withSystemErrors(() => realpathSync(keyFile), keyFile)}.received`

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
  if (lost) return
  const before = readReceived(keyFile, key).find((one) => isSame(one, envelope))
  if (before === undefined) return
  const { holder, epoch } = envelope.share.header
  throw new CoreError(
    'SHARE-RECEIVED',
    `${keyFile} has received share ${holder} of epoch ${epoch} before, into ${before.path}`,
    'use that share, with its record beside it; give --lost where one of them is lost: the share then counts as having answered all that it may',
  )
}

/**
 * Notes beside the key file, signed by its holder, that it has opened a share. Of a `lost` one a list that cannot be read is begun anew:
 * nothing is gained by its loss. Errors: those of `checkReceivable` and of the file.
 */
export function noteReceived(
  keyFile: string,
  key: PersonKey,
  envelope: ShareEnvelope,
  { out, lost }: { out: string; lost: boolean },
): void {
  checkReceivable(keyFile, key, envelope, lost)
  const { keyId, epochId, holder, domain } = envelope.share.header
  const one = { keyId: toHex(keyId), epochId: toHex(epochId), holder, path: resolve(out) }
  const others = readOthers(keyFile, key, lost).filter((each) => !isSame(each, envelope))
  const document = encodeReceived([...others, one].slice(-maxListed), key, domain)
  writeDurably(receivedPath(keyFile), document, 0o600)
}

function readOthers(keyFile: string, key: PersonKey, lost: boolean): Received[] {
  try {
    return readReceived(keyFile, key)
  } catch (error) {
    if (lost && error instanceof CoreError && error.code === 'RECEIVED-OTHER') return []
    throw error
  }
}

function encodeReceived(shares: readonly Received[], { identity }: PersonKey, domain: string): Uint8Array {
  const payload = { v: 1, kind: 'received-shares', domain, shares: shares.map((one) => ({ ...one })) }
  const context = signatureContext('received-shares', domain === 'production' ? 'production' : 'rehearsal')
  return encodeDocument(signDocument([identity], context, payload))
}

function isSame(one: Received, { share: { header } }: ShareEnvelope): boolean {
  return (
    one.keyId === toHex(header.keyId) && one.epochId === toHex(header.epochId) && one.holder === header.holder
  )
}

function readReceived(keyFile: string, key: PersonKey): Received[] {
  const path = receivedPath(keyFile)
  if (!existsSync(path)) return []
  const { card, identity } = key
  const other = (detail: string) =>
    new CoreError(
      'RECEIVED-OTHER',
      `${path}: ${detail}`,
      'keep each key file’s own list beside it; move this one away if it is an earlier key’s, and receive with --lost if it is damaged',
    )
  try {
    const document = parseDocument(readBounded(path, maxBytes), { maxBytes })
    const context = signatureContext('received-shares', card.domain)
    const verdict = verifyDocument(document, context, [identity.keys])
    if (!verdict.ok) throw other(verdict.detail)
    const { v, kind, domain, shares, ...more } = members(document.payload)
    const known = v === 1 && kind === 'received-shares' && domain === card.domain
    if (!known || !Array.isArray(shares) || shares.length > maxListed || Object.keys(more).length > 0)
      throw other('it lists no shares')
    return shares.map((share) => {
      const one = receivedOf(share)
      if (one === null) throw other('it lists no shares')
      return one
    })
  } catch (error) {
    if (error instanceof FormatError) throw other(error.detail)
    throw error
  }
}

function receivedOf(share: Json): Received | null {
  const { keyId, epochId, holder, path, ...more } = members(share)
  const known = isDigest(keyId) && isDigest(epochId) && Object.keys(more).length === 0
  if (!known || typeof holder !== 'number' || typeof path !== 'string' || path.length > maxPath) return null
  return Number.isInteger(holder) && holder > 0 && holder < 256 ? { keyId, epochId, holder, path } : null
}

function isDigest(value: Json | undefined): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
}
