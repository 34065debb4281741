import { fromBase64 } from '@lux/crypto'
import { isEarlierText, textFault } from '@lux/crypto/text'
import * as v from 'valibot'

/** A SHA-256 digest: 64 lower-case hexadecimal digits. */
export const digest = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hexadecimal digits'),
)

/** 16 bytes: 32 lower-case hexadecimal digits (ceremony, CKA_ID, salt, rootId, deployment). */
export const hex16 = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{32}$/, 'expected 32 lower-case hexadecimal digits'),
)

/** UTC, ISO 8601 with milliseconds: 2026-01-31T09:30:00.000Z. */
export const time = v.pipe(
  v.string(),
  v.regex(
    /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/,
    'expected YYYY-MM-DDThh:mm:ss.sssZ',
  ),
)

/** A non-negative count as a decimal string, at most 15 digits. */
export const counter = v.pipe(v.string(), v.regex(/^(0|[1-9]\d{0,14})$/, 'expected a decimal count'))

/** A positive small integer. */
export const positive = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(1_000_000))

export const domain = v.picklist(['production', 'rehearsal'])

function textsThat(hold: (text: string) => boolean, fault: string) {
  return {
    /** One line for people: 1 to 200 characters. */
    line: v.pipe(v.string(), v.minLength(1), v.maxLength(200), v.check(hold, fault)),
    /** As `line`, but may be empty and up to 2000 characters. */
    remark: v.pipe(v.string(), v.maxLength(2000), v.check(hold, fault)),
  }
}

export type Texts = ReturnType<typeof textsThat>

/** Of documents of version 1 and 2, and of those that have version 1 alone: nothing invisible that reorders or breaks a line. */
export const earlierTexts: Texts = textsThat(isEarlierText, 'holds control or direction characters')

/** Since version 3: the text rule, SPEC.md 1.1. */
export const texts: Texts = textsThat(
  (text) => textFault(text) === null,
  'holds hidden characters, a space at an end, letters that are not composed, or several scripts in one word',
)

export const { line, remark } = earlierTexts

/** A short identifier of a key, a step, a node. */
export const id = v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'expected an identifier'))

/** An age recipient of the hybrid X25519 + ML-KEM-768 kind. */
export const recipient = v.pipe(
  v.string(),
  v.maxLength(4000),
  v.regex(/^age1pq1[02-9ac-hj-np-z]+$/, 'expected age1pq1…'),
)

/** Strict padded base64 of `min` to `max` bytes. */
export function base64(min: number, max: number) {
  return v.pipe(
    v.string(),
    v.maxLength(Math.ceil(max / 3) * 4),
    v.check(
      (text) => {
        try {
          const { length } = fromBase64(text)
          return length >= min && length <= max
        } catch {
          return false
        }
      },
      `expected base64 of ${min === max ? min : `${min} to ${max}`} bytes`,
    ),
  )
}

/** Whether no two items have the same key. */
export function distinct<T>(items: readonly T[], key: (item: T) => string): boolean {
  return new Set(items.map(key)).size === items.length
}

/** Stands in a run's header, in every signature's context and in every sealed header; never in a plan. */
export type Domain = 'production' | 'rehearsal'

/** Public keys of one identity; every key present must sign. base64: SEC1 uncompressed 65 B, 32 B, 1952 B. */
export const verificationKeys = v.pipe(
  v.strictObject({
    p256: v.exactOptional(base64(65, 65)),
    ed25519: v.exactOptional(base64(32, 32)),
    mlDsa65: v.exactOptional(base64(1952, 1952)),
  }),
  v.check((keys) => Object.keys(keys).length > 0, 'holds no key'),
)

/** A ceremony key is hybrid: P-256 or Ed25519, and ML-DSA-65. */
export const ceremonyKeys = v.pipe(
  verificationKeys,
  v.check(
    (keys) => keys.mlDsa65 !== undefined && (keys.p256 === undefined) !== (keys.ed25519 === undefined),
    'expected P-256 or Ed25519, and ML-DSA-65',
  ),
)

/** A receipt or requester key of a server: P-256 in its token. */
export const p256Key = v.strictObject({ p256: base64(65, 65) })

export const hybridSignature = v.strictObject({
  signer: digest,
  p256: v.exactOptional(base64(8, 72)),
  ed25519: v.exactOptional(base64(64, 64)),
  mlDsa65: v.exactOptional(base64(3309, 3309)),
})

/** No set of people is larger than this, so no list of signatures is. */
export const maxSignatures = 64

export const signatures = v.pipe(v.array(hybridSignature), v.maxLength(maxSignatures))

/** SHA-256 of the accepted build, or `dev:<commit>` for a checkout (rehearsal only). */
export const toolBuild = v.pipe(
  v.string(),
  v.regex(/^([0-9a-f]{64}|dev:[0-9a-f]{40})$/, 'expected a digest or dev:<commit>'),
)

/** Where a web app is served: https and a host, or this machine in a rehearsal. */
export const origin = v.pipe(
  v.string(),
  v.regex(
    /^(https:\/\/[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|http:\/\/127\.0\.0\.1)(:[1-9]\d{0,4})?$/,
    'expected https://host, without a path',
  ),
)

/** A key by the digest of the bundle that made it, its id and its version there. */
export const earlierKey = v.strictObject({ bundle: digest, id, version: positive })
