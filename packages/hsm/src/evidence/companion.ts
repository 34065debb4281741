import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import type { MadeKeyPair, Token } from '../device.ts'
import { signingTemplate } from '../templates.ts'

/** What the companion signs: that a token was present, and what its host claimed about a key on it. */
type CompanionStatement = {
  readonly serial: string
  readonly ckaId: string
  /** As read back: names without CKA_, values as text. */
  readonly attributes: Readonly<Record<string, string>>
  /** SHA-256 node of the transcript at that moment, 64 hex digits. */
  readonly transcriptHead: string
}

export type SignedStatement = {
  readonly statement: CompanionStatement
  /** Raw r || s over SHA-256 of the statement's message, base64. */
  readonly signature: string
  /** DER SubjectPublicKeyInfo, P-256, base64. */
  readonly spki: string
}

/**
 * `lux-custody/companion/v1/<domain>` || 0x00 || RFC 8785 canonical JSON of the statement. All values are strings, and
 * names are ASCII, so sorting by code unit and JSON's own escapes are canonical.
 */
export function companionMessage(domain: 'production' | 'rehearsal', statement: CompanionStatement): Buffer {
  const { serial, ckaId, attributes, transcriptHead } = statement
  if (!/^[0-9a-f]{64}$/.test(transcriptHead)) throw new RangeError('transcriptHead: 64 hex digits')
  if (!/^([0-9a-f]{2}){1,64}$/.test(ckaId)) throw new RangeError('ckaId: lower-case hex')
  const names = Object.keys(attributes).sort()
  if (names.some((name) => !/^[A-Z][A-Z0-9_]{0,63}$/.test(name))) throw new RangeError('attributes: names')
  const listed = names.map((name) => `${JSON.stringify(name)}:${JSON.stringify(attributes[name])}`).join(',')
  const json = `{"attributes":{${listed}},"ckaId":"${ckaId}","serial":${JSON.stringify(serial)},"transcriptHead":"${transcriptHead}","v":1}`
  return Buffer.concat([Buffer.from(`lux-custody/companion/v1/${domain}\0`), Buffer.from(json, 'utf8')])
}

/** A P-256 pair on the token that only signs such statements. The vendor's attestation says what it is. */
export const createCompanion = (token: Token, options: { id: string; label: string }): Promise<MadeKeyPair> =>
  token.generateKeyPair({ ...options, kind: 'p-256', template: signingTemplate })

/** Reads the key's attributes from the token and has the companion sign them, in one go. */
export async function signStatement(
  token: Token,
  options: {
    domain: 'production' | 'rehearsal'
    companionId: string
    key: { readonly id: string; readonly class: 'secret' | 'private' }
    transcriptHead: string
  },
): Promise<SignedStatement> {
  const reports = await token.readAttributes(options.key)
  const attributes = Object.fromEntries(
    reports.filter(({ ok }) => ok).map(({ attribute, actual }) => [attribute, actual]),
  )
  const { serial } = token
  const statement = { serial, ckaId: options.key.id, attributes, transcriptHead: options.transcriptHead }
  const digest = createHash('sha256').update(companionMessage(options.domain, statement)).digest()
  const key = { id: options.companionId, class: 'private' } as const
  const signature = await token.signEcdsa({ key, digest })
  const spki = await token.publicKeySpki({ id: options.companionId, class: 'public' })
  return {
    statement,
    signature: Buffer.from(signature).toString('base64'),
    spki: Buffer.from(spki).toString('base64'),
  }
}

function publicKeyOf(spki: string): KeyObject | null {
  try {
    return createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' })
  } catch {
    return null
  }
}

/** Verifies that the companion, a P-256 key, signed it. Its attestation says who the companion is. */
export function verifyStatement(domain: 'production' | 'rehearsal', signed: SignedStatement): boolean {
  const key = publicKeyOf(signed.spki)
  if (key?.asymmetricKeyDetails?.namedCurve !== 'prime256v1') return false
  const signature = Buffer.from(signed.signature, 'base64')
  if (signature.length !== 64) return false
  const message = companionMessage(domain, signed.statement)
  return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature)
}
