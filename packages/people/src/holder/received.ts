import {
  encodeDocument,
  type Json,
  parseDocument,
  signatureContext,
  signDocument,
  toHex,
  verifyDocument,
} from '@lux/crypto'
import type { ShareEnvelope } from '@lux/crypto/fhe'
import { members } from '../json-members.ts'
import { checked, no, type Outcome } from '../outcome.ts'
import type { PersonKey } from '../person-key.ts'

/** A share that a key opened before, and where it was stored: a path, or a name that its device knows. */
export type Received = {
  readonly keyId: string
  readonly epochId: string
  readonly holder: number
  readonly path: string
}

export const maxReceived = 4 << 20
const maxListed = 512
const maxPath = 4096

/**
 * Checks that a key did not open this share before, unless it was `lost`. The envelope gives the share back, but not what it answered
 * since. `list`: null where there is none. Refuses SHARE-RECEIVED, RECEIVED-OTHER.
 */
function checkReceivable(
  list: Uint8Array | null,
  { key, envelope }: { key: PersonKey; envelope: ShareEnvelope },
  lost: boolean,
): Outcome<null> {
  return checked(() => {
    if (lost) return null
    const before = receivedIn(list, key).find((one) => isSame(one, envelope))
    if (before === undefined) return null
    const { holder, epoch } = envelope.share.header
    return no(
      'SHARE-RECEIVED',
      `share ${holder} of epoch ${epoch} was received before, into ${before.path}`,
      'received',
    )
  })
}

/**
 * Adds this share to the list and signs it. For a `lost` share an unreadable list starts over, because losing it gains nobody anything.
 * Refuses as `checkReceivable`.
 */
export function withReceived(
  list: Uint8Array | null,
  { key, envelope }: { key: PersonKey; envelope: ShareEnvelope },
  { path, lost }: { path: string; lost: boolean },
): Outcome<Uint8Array> {
  const receivable = checkReceivable(list, { key, envelope }, lost)
  if (!receivable.ok) return receivable
  const read = checked(() => receivedIn(list, key))
  if (!read.ok && !lost) return read
  const { keyId, epochId, holder, domain } = envelope.share.header
  const one: Received = { keyId: toHex(keyId), epochId: toHex(epochId), holder, path }
  const others = (read.ok ? read.value : []).filter((each) => !isSame(each, envelope))
  const shares = [...others, one].slice(-maxListed).map((each) => ({ ...each }))
  const payload = { v: 1, kind: 'received-shares', domain, shares }
  return {
    ok: true,
    value: encodeDocument(signDocument([key.identity], signatureContext('received-shares', domain), payload)),
  }
}

function isSame(one: Received, { share: { header } }: ShareEnvelope): boolean {
  return (
    one.keyId === toHex(header.keyId) && one.epochId === toHex(header.epochId) && one.holder === header.holder
  )
}

function receivedIn(list: Uint8Array | null, { card, identity }: PersonKey): Received[] {
  if (list === null) return []
  const other = (detail: string): never => no('RECEIVED-OTHER', detail, 'received')
  const read = checked(() => {
    const document = parseDocument(list, { maxBytes: maxReceived })
    const context = signatureContext('received-shares', card.domain)
    const verdict = verifyDocument(document, context, [identity.keys])
    if (!verdict.ok) return other(verdict.detail)
    const { v, kind, domain, shares, ...more } = members(document.payload)
    const known = v === 1 && kind === 'received-shares' && domain === card.domain
    if (!known || !Array.isArray(shares) || shares.length > maxListed || Object.keys(more).length > 0)
      return other('it lists no shares')
    return shares.map((share) => receivedOf(share) ?? other('it lists no shares'))
  })
  return read.ok ? read.value : other(read.detail)
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
