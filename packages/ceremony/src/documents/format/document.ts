import { type HybridSignature, type SigningIdentity, signWith } from '@lux/crypto'
import * as v from 'valibot'
import { type Codec, codec } from './codec.ts'
import { type Signable, signatureContext } from './context.ts'
import { type Domain, signatures } from './fields.ts'
import type { Outcome } from './outcome.ts'
import { checkSignatures, type SignerGroup, type Signers } from './signatures.ts'

/** `{payload, signatures}` in JCS; each signature is over the context string and JCS(payload). */
export type Signed<T> = { payload: T; signatures: HybridSignature[] }

export type DocumentCodec<T> = {
  readonly what: Signable
  readonly payload: Codec<T>
  readonly file: Codec<Signed<T>>
  /** The bytes under a signature, without context: JCS(payload). */
  signedBytes(payload: T): Uint8Array
  sign(identity: SigningIdentity, payload: T, domain: Domain): HybridSignature
  /** Every signature by a member of a group and valid, every group's quorum reached. */
  verify(document: Signed<T>, domain: Domain, groups: readonly SignerGroup[]): Outcome<Signers>
}

/** `rule` is the upper-case name of the document; `maxBytes` bounds the whole file. */
export function documentCodec<T>(
  what: Signable,
  rule: string,
  schema: v.GenericSchema<unknown, T>,
  maxBytes: number,
): DocumentCodec<T> {
  const payload = codec(rule, schema, maxBytes)
  const file = codec<Signed<T>>(rule, v.strictObject({ payload: schema, signatures }), maxBytes)
  return {
    what,
    payload,
    file,
    signedBytes: payload.encode,
    sign: (identity, value, domain) =>
      signWith(identity, signatureContext(what, domain), payload.encode(value)),
    verify: (document, domain, groups) =>
      checkSignatures(
        signatureContext(what, domain),
        payload.encode(document.payload),
        document.signatures,
        groups,
      ),
  }
}
