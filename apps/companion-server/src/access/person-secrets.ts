import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { aesGcmOpen, aesGcmSeal, concatBytes, FormatError, utf8 } from '@lux/crypto'
import type { AuthenticationResponseJSON } from '@simplewebauthn/server'
import { Secret, TOTP } from 'otpauth'
import type { SealedDatabase } from '../platform/database/authority/authority.ts'
import { EnvironmentError } from '../refusal.ts'
import type { Authenticators, Proof } from './webauthn/authenticators.ts'

export type SecondFactor = { readonly totp: string } | { readonly assertion: AuthenticationResponseJSON }

const period = 30

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
      const secret = totp_sealed === null ? null : openSecret(await key(), identity_id, totp_sealed)
      const step = secret === null ? null : stepOf(secret, given.totp, now())
      return step !== null && (await takeStep(identity_id, step)) ? 'shown' : 'not-shown'
    },
  }
}

export const totpOf = (secret: Uint8Array, username: string): TOTP =>
  new TOTP({
    ...{ issuer: 'Lux Custody', label: username, algorithm: 'SHA1', digits: 6, period },
    secret: new Secret({ buffer: new Uint8Array(secret).buffer }),
  })

/** The step whose code this is, one before and after the present one allowed for clocks; null of no such. */
export function stepOf(secret: Uint8Array, code: string, now: Date): number | null {
  const timestamp = now.getTime()
  const delta = totpOf(secret, '').validate({ token: code, timestamp, window: 1 })
  return delta === null ? null : Math.floor(timestamp / 1000 / period) + delta
}

export const sealSecret = (key: Uint8Array, identity: string, secret: Uint8Array): Buffer => {
  const nonce = randomBytes(12)
  return Buffer.from(concatBytes(nonce, aesGcmSeal(key, nonce, secret, utf8(identity))))
}

/** Throws PERSON-ROW-CHANGED. */
export function openSecret(key: Uint8Array, identity: string, sealed: Uint8Array): Uint8Array {
  try {
    // Shorter than a nonce, it is shorter than a tag too.
    const [nonce, body] = [sealed.subarray(0, 12), sealed.subarray(12)]
    return aesGcmOpen(key, nonce.length < 12 ? new Uint8Array(12) : nonce, body, utf8(identity))
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    throw new EnvironmentError('PERSON-ROW-CHANGED', `the second factor of ${identity} does not open`)
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
