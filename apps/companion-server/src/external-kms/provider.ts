import type { SigningAlgorithm } from '../keys/signing.ts'
import type { Asked, Egress } from '../platform/http/egress.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'

export const providerNames = ['aws', 'vault', 'gcp', 'azure'] as const
export type ProviderName = (typeof providerNames)[number]

/** What a key at a provider can do there. */
export type ProviderUse = 'encrypt-decrypt' | 'sign-verify'

export type ProviderKey = {
  /** How the provider itself names the key. */
  readonly id: string
  readonly use: ProviderUse
  /** Where the key signs: its public key, DER SPKI. */
  readonly publicKey: Uint8Array | null
  /** Where the key has ways of signing that its type does not show. */
  readonly algorithms?: readonly SigningAlgorithm[]
}

/** A message that was hashed already, as every provider takes it. */
export type DigestToSign = { readonly algorithm: SigningAlgorithm; readonly digest: Uint8Array }

/**
 * What a key is wrapped to for an import, by RSA_AES_KEY_WRAP_SHA_256 or, where the provider wants that, by RSA-OAEP with SHA-256
 * alone; and what the provider wants back with it.
 */
export type ImportTarget = {
  readonly publicKey: Uint8Array
  readonly ticket: string
  readonly byOaep?: boolean
}

export type WrappedImport = {
  readonly ticket: string
  readonly wrapped: Uint8Array
  /** As this server calls it. */
  readonly algorithm: string
}

/**
 * One key at one provider. Every call refuses PROVIDER-DENIED, PROVIDER-THROTTLED, PROVIDER-KEY-ABSENT, PROVIDER-KEY-DISABLED,
 * PROVIDER-KEY-DELETED, PROVIDER-UNSUPPORTED, PROVIDER-CIPHERTEXT, PROVIDER-ANSWER, PROVIDER-REFUSED, and what `Egress` refuses.
 */
export type Provider = {
  describe(): Promise<Outcome<ProviderKey>>
  /** At most 64 bytes; `context` is bound to them where the provider can. */
  encrypt(plaintext: Uint8Array, context: string): Promise<Outcome<Uint8Array>>
  decrypt(ciphertext: Uint8Array, context: string): Promise<Outcome<Uint8Array>>
  sign(message: DigestToSign): Promise<Outcome<Uint8Array>>
  rotate(): Promise<Outcome<null>>
  /** For a key of this algorithm, as this server calls it. */
  importTarget(algorithm: string): Promise<Outcome<ImportTarget>>
  importKey(wanted: WrappedImport): Promise<Outcome<null>>
}

/** A field of settings or credentials: what it has to be like. */
export type FieldShape = { readonly shape: RegExp; readonly optional?: true }
export type Fields = Readonly<Record<string, FieldShape>>
export type Given = Readonly<Record<string, string>>

export type ProviderKind = {
  /** Shown to whoever reads the key. */
  readonly settings: Fields
  /** Sealed, and never shown. */
  readonly credentials: Fields
  open(egress: Egress, settings: Given, credentials: Given, now: () => Date): Provider
}

export type Json = { readonly [field: string]: unknown }

/** Sends JSON and gives what came back as JSON, `{}` of an empty body. Refuses PROVIDER-ANSWER what is none. */
export async function sendJson(
  egress: Egress,
  asked: Omit<Asked, 'body'> & { readonly body?: Uint8Array },
): Promise<Outcome<{ readonly status: number; readonly json: Json }>> {
  const sent = await egress.send(asked)
  if (!sent.ok) return sent
  const json = sent.value.body.length === 0 ? {} : jsonOf(sent.value.body)
  return json === null ? badAnswer('it is no JSON object') : accept({ status: sent.value.status, json })
}

/** The object that this is the JSON of; null where it is none. */
export function jsonOf(body: Buffer): Json | null {
  try {
    const json: unknown = JSON.parse(body.toString('utf8'))
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? { ...json } : null
  } catch {
    return null
  }
}

export const badAnswer = (detail: string) => refuse('PROVIDER-ANSWER', detail)

export const unsupported = (detail: string) => refuse('PROVIDER-UNSUPPORTED', detail)

/** An object inside an answer; empty where there is none. */
export function objectIn(json: Json, name: string): Json {
  const found = json[name]
  return typeof found === 'object' && found !== null && !Array.isArray(found) ? { ...found } : {}
}

export function textIn(json: Json, name: string): string {
  const found = json[name]
  return typeof found === 'string' ? found : ''
}

/** The bytes of a base64 field. Refuses PROVIDER-ANSWER an empty one and what is none. */
export function bytesIn(json: Json, name: string): Outcome<Uint8Array> {
  const text = textIn(json, name)
  if (text === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return badAnswer(`${name} is missing or no base64`)
  return accept(new Uint8Array(Buffer.from(text, 'base64')))
}

export const toText = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
