import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { aesGcmOpen, aesGcmSeal, concatBytes, FormatError, hkdfSha256, utf8 } from '@lux/crypto'
import { type AuthorityTable, columnsOf, type Kind } from './tables.ts'

/** What vouches for the rows of authority, all of it derived from the root: docs/adr/0049. */
export type AuthorityKeys = {
  readonly rows: KeyObject
  readonly set: KeyObject
  readonly head: Uint8Array
  readonly digest: KeyObject
}

/** By HKDF-SHA-256(key, "", label). */
export function authorityKeys(key: Uint8Array): AuthorityKeys {
  const derived = (of: string) => hkdfSha256(key, new Uint8Array(0), utf8(`custody-authority-${of}-1`), 32)
  return {
    rows: createSecretKey(derived('rows')),
    set: createSecretKey(derived('set')),
    head: derived('head'),
    digest: createSecretKey(derived('digest')),
  }
}

type Row = Readonly<Record<string, unknown>>

/** A value as it is read back from the database, whichever of the forms that an insert takes it had. */
export function asRead(kind: Kind, value: unknown): unknown {
  if (value === null || value === undefined) return null
  if (kind === 'time') return value instanceof Date ? value : new Date(String(value))
  if (kind === 'json') return typeof value === 'string' ? JSON.parse(value) : value
  // A column of bytes has no other form: the types of the table say so.
  if (kind === 'bytes') return Buffer.isBuffer(value) ? value : Buffer.from(value as Uint8Array)
  if (kind === 'text') return String(value)
  return value
}

/** A value as a parameter of a query. */
export const asGiven = (kind: Kind, value: unknown): unknown =>
  kind === 'json' && value !== null ? JSON.stringify(value) : value

function marked(kind: Kind, value: unknown): unknown {
  if (kind === 'time' && value instanceof Date) return value.getTime()
  if (kind === 'bytes' && value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return kind === 'json' ? sorted(value) : value
}

/** With the members of each object in one order, since the database keeps them in its own. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1))
  return Object.fromEntries(members.map(([name, its]) => [name, sorted(its)]))
}

/**
 * HMAC over the table, the tenant, and each covered column that is not null, by its name: so that a column which a later version adds leaves
 * the MACs of rows as they are that have none.
 */
export function rowMac(keys: AuthorityKeys, table: AuthorityTable, tenant: string, row: Row): Buffer {
  const parts: unknown[] = ['custody-authority-row-1', table, tenant]
  for (const { name, kind, covered } of columnsOf(table)) {
    const value = row[name]
    if (covered && value !== null && value !== undefined) parts.push(name, marked(kind, value))
  }
  return createHmac('sha256', keys.rows).update(JSON.stringify(parts)).digest()
}

const modulus = 1n << 256n
export const plus = (one: bigint, other: bigint): bigint => (((one + other) % modulus) + modulus) % modulus

/** What a row adds to the sum of its tenant's set. */
export const contribution = (keys: AuthorityKeys, mac: Uint8Array): bigint =>
  BigInt(`0x${createHmac('sha256', keys.set).update(mac).digest('hex')}`)

/** One state of a tenant's set. */
export type Head = { readonly counter: bigint; readonly sum: bigint }

const bytesOf = (sum: bigint) => Buffer.from(sum.toString(16).padStart(64, '0'), 'hex')
const boundTo = (tenant: string, counter: bigint) => utf8(JSON.stringify([tenant, String(counter)]))

/** The sum is seen by nobody: visible sums of visible MACs would let rows be chosen that add up to the same. */
export function sealHead({ head }: AuthorityKeys, tenant: string, { counter, sum }: Head): Buffer {
  const nonce = randomBytes(12)
  return Buffer.from(concatBytes(nonce, aesGcmSeal(head, nonce, bytesOf(sum), boundTo(tenant, counter))))
}

/** Null where it was sealed by another root, or for another tenant or counter. */
export function openHead(
  { head }: AuthorityKeys,
  tenant: string,
  { counter, sealed }: { readonly counter: string; readonly sealed: Uint8Array },
): Head | null {
  try {
    const [nonce, body] = [sealed.subarray(0, 12), sealed.subarray(12)]
    if (nonce.length < 12) return null
    const sum = aesGcmOpen(head, nonce, body, boundTo(tenant, BigInt(counter)))
    return { counter: BigInt(counter), sum: BigInt(`0x${Buffer.from(sum).toString('hex')}`) }
  } catch (error) {
    if (error instanceof FormatError) return null
    throw error
  }
}

/** What others are told of a head: it says that two are the same, and nothing of the sum. */
export const headDigest = ({ digest }: AuthorityKeys, tenant: string, { counter, sum }: Head): string =>
  createHmac('sha256', digest)
    .update(JSON.stringify([tenant, String(counter), String(sum)]))
    .digest('hex')
