import { argon2, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { aesGcmSeal, concatBytes, utf8, wipe } from '@lux/crypto'
import type { AuthenticationResponseJSON } from '@simplewebauthn/server'
import { Secret, TOTP } from 'otpauth'
import type { SealedDatabase } from '../platform/database/authority/authority.ts'
import { EnvironmentError } from '../refusal.ts'
import type { Authenticators, Proof } from './webauthn/authenticators.ts'

export type SecondFactor = { readonly totp: string } | { readonly assertion: AuthenticationResponseJSON }

const period = 30
const tagLength = 16

type Parts = {
  readonly database: SealedDatabase
  /** Of the token, for the secrets of second factors; null while it is sealed. */
  secretsKey(): Promise<Uint8Array | null>
  readonly authenticators: Pick<Authenticators, 'prove'>
  now(): Date
}

export type PersonSecrets = ReturnType<typeof openPersonSecrets>

/** What people show besides their passwords: a code of the app, or the answer of an authenticator; each is taken once. */
export function openPersonSecrets({ database, secretsKey, authenticators, now }: Parts) {
  async function key(): Promise<Uint8Array> {
    const found = await secretsKey()
    if (found === null) throw new EnvironmentError('TOKEN-PIN', 'the token is not logged in')
    return found
  }

  async function takeStep(identity: string, step: number): Promise<boolean> {
    const taken = await database
      .updateTable('person')
      .set({ totp_step: step })
      .where('identity_id', '=', identity)
      .where('totp_step', '<', String(step))
      .executeTakeFirst()
    return Number(taken.numUpdatedRows) === 1
  }

  return {
    key,

    async shown(
      { identity_id, totp_sealed }: { readonly identity_id: string; readonly totp_sealed: Buffer | null },
      given: SecondFactor,
    ): Promise<Proof> {
      if ('assertion' in given) return authenticators.prove(identity_id, given.assertion)
      const step =
        totp_sealed === null
          ? null
          : withSecret(await key(), identity_id, totp_sealed, (secret) => stepOf(secret, given.totp, now()))
      return step !== null && (await takeStep(identity_id, step)) ? 'shown' : 'not-shown'
    },
  }
}

/** What an authenticator app is given once, at the enrolment. */
export const totpUri = (secret: Uint8Array, username: string): string =>
  new TOTP({
    ...{ issuer: 'Lux Custody', label: username, algorithm: 'SHA1', digits: 6, period },
    secret: new Secret({ buffer: new Uint8Array(secret).buffer }),
  }).toString()

/** The step whose code this is, one before and after the present one allowed for clocks; null of no such. */
export function stepOf(secret: Uint8Array, code: string, now: Date): number | null {
  const present = Math.floor(now.getTime() / 1000 / period)
  const given = Buffer.from(code)
  const steps = [present, present - 1, present + 1]
  const fits = steps.filter((step) => {
    const right = Buffer.from(codeOf(secret, step))
    return given.length === right.length && timingSafeEqual(given, right)
  })
  return fits[0] ?? null
}

/** RFC 6238 with six digits, by the runtime's HMAC: a library in JavaScript leaves copies of the secret behind. */
function codeOf(secret: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', secret).update(counter).digest()
  // RFC 4226, 5.3: the last four bits say where.
  const number = mac.readUInt32BE((mac[19] ?? 0) & 0xf) & 0x7fff_ffff
  return String(number % 1_000_000).padStart(6, '0')
}

export const sealSecret = (key: Uint8Array, identity: string, secret: Uint8Array): Buffer => {
  const nonce = randomBytes(12)
  return Buffer.from(concatBytes(nonce, aesGcmSeal(key, nonce, secret, utf8(identity))))
}

/**
 * Lends the secret for as long as the work takes, and no longer. It lies outside the engine's heap, which would leave copies where it moves
 * things. Throws PERSON-ROW-CHANGED.
 */
export function withSecret<T>(
  key: Uint8Array,
  identity: string,
  sealed: Uint8Array,
  work: (secret: Uint8Array) => T,
): T {
  const changed = () =>
    new EnvironmentError('PERSON-ROW-CHANGED', `the second factor of ${identity} does not open`)
  if (sealed.length < 12 + tagLength) throw changed()
  const cipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12), { authTagLength: tagLength })
  cipher.setAAD(utf8(identity)).setAuthTag(sealed.subarray(-tagLength))
  const secret = cipher.update(sealed.subarray(12, -tagLength))
  try {
    try {
      cipher.final()
    } catch {
      throw changed()
    }
    return work(secret)
  } finally {
    wipe(secret)
  }
}

const derive = promisify(argon2)
/** What OWASP asks of Argon2id at least: 19 MiB, two passes. */
const cost = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 } as const

const digest = (password: string, nonce: Uint8Array): Promise<Buffer> =>
  derive('argon2id', { message: password.normalize('NFC'), nonce, ...cost })

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  const hash = await digest(password, salt)
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=1$${plain(salt)}$${plain(hash)}`
}

export async function isPassword(password: string, stored: string): Promise<boolean> {
  const [, salt = '', hash = ''] = /\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(stored) ?? []
  const expected = Buffer.from(hash, 'base64')
  const given = await digest(password, Buffer.from(salt, 'base64'))
  return expected.length === given.length && timingSafeEqual(expected, given)
}

const plain = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')
/** Costs what a person's costs, and is nobody's. */
export const nobody = `$argon2id$${plain(randomBytes(16))}$${plain(randomBytes(32))}`
