import {
  concatBytes,
  encodeCanonical,
  FormatError,
  fromBase64,
  type HybridSignature,
  parseCanonical,
  type SigningIdentity,
  sha256Hex,
  signWith,
  toBase64,
  utf8,
} from '@lux/crypto'
import * as v from 'valibot'
import { codec } from '../documents/format/codec.ts'
import { signatureContext } from '../documents/format/context.ts'
import { type Domain, digest, hybridSignature, maxSignatures } from '../documents/format/fields.ts'
import { accept, type Outcome, refuse } from '../documents/format/outcome.ts'
import { maxPayload, payloadType } from './statement.ts'

const maxEnvelope = 33 << 20

const schema = v.strictObject({
  payload: v.pipe(v.string(), v.maxLength(maxEnvelope)),
  payloadType: v.literal(payloadType),
  signatures: v.pipe(
    v.array(v.strictObject({ keyid: digest, sig: v.pipe(v.string(), v.maxLength(8192)) })),
    v.maxLength(maxSignatures),
  ),
})

/** manifest.dsse.json: a DSSE envelope in JCS. `sig` is base64 of the JCS of a hybrid signature. */
export type Envelope = v.InferOutput<typeof schema>

const envelopeCodec = codec<Envelope>('MANIFEST', schema, maxEnvelope)

/** The envelope opened: the exact payload, its digest (the **bundle digest**) and the signatures, unverified. */
export type Manifest = {
  readonly payload: Uint8Array
  readonly digest: string
  readonly signatures: readonly HybridSignature[]
}

/** DSSE pre-authentication encoding: what is signed, after the context string and its zero byte. */
export function preAuthentication(payload: Uint8Array): Uint8Array {
  const type = utf8(payloadType)
  return concatBytes(utf8(`DSSEv1 ${type.length} `), type, utf8(` ${payload.length} `), payload)
}

/** One signature of a bundle, by an identity whose keys are all here. */
export function signBundle(identity: SigningIdentity, payload: Uint8Array, domain: Domain): HybridSignature {
  return signWith(identity, signatureContext('bundle', domain), preAuthentication(payload))
}

export function encodeManifest(payload: Uint8Array, signatures: readonly HybridSignature[]): Uint8Array {
  return envelopeCodec.encode({
    payload: toBase64(payload),
    payloadType,
    signatures: signatures.map((signature) => ({
      keyid: signature.signer,
      sig: toBase64(encodeCanonical(signature)),
    })),
  })
}

/** Refuses MANIFEST-MALFORMED. */
export function parseManifest(bytes: Uint8Array): Outcome<Manifest> {
  const envelope = envelopeCodec.parse(bytes)
  if (!envelope.ok) return envelope
  try {
    const payload = fromBase64(envelope.value.payload)
    if (payload.length > maxPayload) return refuse('MANIFEST-MALFORMED', 'the payload is too long')
    const signatures: HybridSignature[] = []
    for (const { keyid, sig } of envelope.value.signatures) {
      const parsed = v.safeParse(hybridSignature, parseCanonical(fromBase64(sig), { maxBytes: 8192 }))
      if (!parsed.success) return refuse('MANIFEST-MALFORMED', 'a signature is malformed')
      if (parsed.output.signer !== keyid) return refuse('MANIFEST-MALFORMED', 'keyid is not the signer')
      signatures.push(parsed.output)
    }
    return accept({ payload, digest: sha256Hex(payload), signatures })
  } catch (error) {
    if (error instanceof FormatError) return refuse('MANIFEST-MALFORMED', `${error.rule}: ${error.detail}`)
    throw error
  }
}
