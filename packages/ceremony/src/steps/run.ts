import type { Json } from '@lux/crypto'
import * as v from 'valibot'
import { ceremonyKeys, digest, hex16, hybridSignature, line } from '../documents/format/fields.ts'
import { issuePath, issueText } from '../documents/format/issue-text.ts'
import type { EffectKind, Results } from '../model/effects.ts'

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

const level = v.picklist(['E0', 'E1', 'E2', 'E3'])

const short = v.pipe(v.string(), v.maxLength(200))

const verdict = v.picklist(['held', 'broke', 'not-tried'])

const file = v.strictObject({ sha256: digest, size: count })

const attributeName = v.pipe(v.string(), v.regex(/^[A-Z][A-Z0-9_]{0,63}$/))

const attributeValue = v.union([
  v.boolean(),
  v.pipe(v.number(), v.safeInteger()),
  v.pipe(v.string(), v.maxLength(4096)),
])

/** PKCS#11 names without CKA_. */
export const evidence = v.strictObject({
  ckaId: hex16,
  label: short,
  level,
  attributes: v.record(attributeName, attributeValue),
})

const objects = v.array(v.strictObject({ ckaId: short, class: line, label: short }))

export const checkpointFields = { size: count, node: digest, root: digest, digest }

/** Shape of each effect's result. */
export const resultSchemas: { [K in EffectKind]: v.GenericSchema<unknown, Results[K]> } = {
  'measure-machine': v.strictObject({
    tool: short,
    kernel: short,
    library: digest,
    tpmQuote: v.string(),
    files: digest,
  }),
  'initialise-token': v.strictObject({ serial: line, label: line, model: short, firmware: short }),
  'log-in': v.strictObject({
    serial: line,
    pinState: v.picklist(['ok', 'low', 'final', 'unknown']),
    by: v.exactOptional(v.literal('pin-pad')),
  }),
  'probe-token': v.strictObject({
    serial: line,
    passed: v.boolean(),
    attacks: v.array(v.strictObject({ name: line, hardened: verdict, default: verdict })),
    wrapMechanism: line,
    level: v.picklist(['E0', 'E1']),
  }),
  inventory: v.strictObject({
    serial: line,
    objects,
    unreadable: count,
    digest,
  }),
  'make-ceremony-key': v.strictObject({ keys: ceremonyKeys, evidence, mlDsaSealed: digest }),
  'sign-opening': v.strictObject({ digest, signature: hybridSignature }),
  'make-checkpoint': v.strictObject({ ...checkpointFields, signature: hybridSignature }),
  'generate-root': v.strictObject({
    evidence,
    mechanism: line,
    blobs: v.array(v.strictObject({ serial: line, wrapped: digest, sealed: digest })),
    trusted: v.array(digest),
    held: v.exactOptional(v.strictObject({ objects, unreadable: count })),
  }),
  'read-back': v.strictObject({ evidence }),
  'generate-key': v.strictObject({
    evidence,
    mechanism: line,
    wrapped: digest,
    publicKey: v.exactOptional(digest),
  }),
  'prove-possession': v.strictObject({ mechanism: line, digest }),
  'prove-replica': v.strictObject({
    serial: line,
    way: v.picklist(['vendor-clone', 'vendor-wrap']),
    procedure: v.pipe(v.array(line), v.maxLength(40)),
    evidence,
    mechanism: line,
    digest,
    objects,
    unreadable: count,
  }),
  attest: v.strictObject({
    by: v.picklist(['companion', 'vendor']),
    root: digest,
    chain: digest,
    statement: v.nullable(v.strictObject({ document: digest, size: count })),
    evidence,
  }),
  'fhe-deal': v.strictObject({
    keyId: digest,
    epochId: digest,
    public: file,
    publicKey: v.nullable(file),
    serverKey: v.nullable(file),
    crs: v.exactOptional(file),
    shares: v.array(
      v.strictObject({ holder: line, index: count, shareDigest: digest, envelopeDigest: digest }),
    ),
  }),
  'assemble-epoch': v.strictObject({
    epochId: digest,
    epoch: count,
    public: file,
    commitments: digest,
    corrections: v.pipe(v.array(digest), v.maxLength(15)),
  }),
  'sign-epoch-live': v.strictObject({ digest, signature: hybridSignature }),
  'build-bundle': v.strictObject({ digest, subject: digest, size: count }),
  'sign-bundle': v.strictObject({ digest, signature: hybridSignature }),
  'write-bundle': v.strictObject({ digest, sha256: digest, size: count }),
  'write-medium': v.strictObject({ medium: short, sha256: digest, readBack: digest }),
  'close-out': v.strictObject({ digest, signature: hybridSignature }),
  'destroy-ceremony-key': v.strictObject({ ckaId: hex16, absent: v.boolean() }),
}

/** Every kind of effect, for schemas and tables. */
export const effectKinds = [
  'measure-machine',
  'initialise-token',
  'log-in',
  'probe-token',
  'inventory',
  'make-ceremony-key',
  'sign-opening',
  'make-checkpoint',
  'generate-root',
  'read-back',
  'generate-key',
  'prove-possession',
  'prove-replica',
  'attest',
  'fhe-deal',
  'assemble-epoch',
  'sign-epoch-live',
  'build-bundle',
  'sign-bundle',
  'write-bundle',
  'write-medium',
  'close-out',
  'destroy-ceremony-key',
] as const satisfies readonly EffectKind[]

/** A result with the effect that it is of, so that a switch over `effect` knows its fields. */
export type TaggedResult = { [K in EffectKind]: { effect: K; result: Results[K] } }[EffectKind]

export type ReadResult = { ok: true; tagged: TaggedResult } | { ok: false; detail: string }

/** Checks the shape of a result against its effect. */
export function readResult(effect: EffectKind, result: Json): ReadResult {
  const parsed = v.safeParse(resultSchemas[effect], result)
  if (!parsed.success) {
    const [issue] = parsed.issues
    return { ok: false, detail: `${effect}: ${issuePath(issue) ?? 'result'}: ${issueText(issue)}` }
  }
  // The schema looked up by `effect` has the output Results[effect]; the compiler does not follow the pairing.
  return { ok: true, tagged: { effect, result: parsed.output } as TaggedResult }
}
