import * as v from 'valibot'
import { device, machineLevels } from '../documents/ceremony/machine.ts'
import { codec } from '../documents/format/codec.ts'
import { documentCodec } from '../documents/format/document.ts'
import {
  base64,
  digest,
  distinct,
  domain,
  id,
  origin,
  p256Key,
  positive,
  recipient,
  signatures,
  type Texts,
  time,
  toolBuild,
  verificationKeys,
} from '../documents/format/fields.ts'
import { type AnyVersion, textsOf, version, versions } from '../documents/format/versions.ts'

export const signatureSchemes = ['p256', 'ed25519', 'mlDsa65'] as const

export const evidenceLevels = ['E0', 'E1', 'E2', 'E3'] as const

const member = ({ line }: Texts) =>
  v.pipe(
    v.strictObject({
      name: line,
      /** SHA-256 of the JCS of the person's card. */
      card: digest,
      keys: verificationKeys,
      /** The schemes of `keys`, in the order p256, ed25519, mlDsa65. */
      algorithms: v.array(v.picklist(signatureSchemes)),
    }),
    v.check(
      ({ keys, algorithms }) =>
        algorithms.join() === signatureSchemes.filter((scheme) => keys[scheme] !== undefined).join(),
      'algorithms are not those of the keys',
    ),
  )

/** Someone whom the policy names, with the keys that are believed. */
export type PolicyMember = v.InferOutput<ReturnType<typeof member>>

const members = (of: Texts) =>
  v.pipe(
    v.array(member(of)),
    v.maxLength(32),
    v.check((all) => distinct(all, ({ card }) => card), 'a card is listed twice'),
    v.check((all) => distinct(all, ({ name }) => name), 'a name is listed twice'),
  )

const audience = ({ line }: Texts) =>
  v.strictObject({
    /** SHA-256 of the JCS of the server card. */
    audience: digest,
    name: line,
    receiptKey: p256Key,
    requesterKey: p256Key,
    combinerRecipient: recipient,
  })

/** Formats of attestations that are read: a YubiHSM 2's chain, a Luna's public key confirmation. */
const attestationFormats = ['yubihsm', 'luna'] as const

const attestationRoot = ({ line }: Texts) => ({
  name: line,
  /** SHA-256 of the certificate in DER: the fingerprint that its vendor publishes. */
  certificate: digest,
  format: v.picklist(attestationFormats),
})

const evidence = v.picklist(evidenceLevels)

const bits = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(128))

const blocks = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(0xffff_ffff))

const roots = <T extends v.GenericSchema<unknown, { certificate: string }>>(root: T) =>
  v.exactOptional(
    v.pipe(
      v.array(root),
      v.minLength(1),
      v.maxLength(16),
      v.check((all) => distinct(all, (one) => one.certificate), 'a root certificate is listed twice'),
    ),
  )

const common = (of: Texts) => ({
  kind: v.literal('policy'),
  version: positive,
  /** Digest of version - 1; null in version 1. */
  previous: v.nullable(digest),
  organisation: v.strictObject({ id, name: of.line }),
  domain,
  /** A run that opens later than this is refused. */
  expiry: time,
  officers: v.pipe(members(of), v.minLength(1)),
  officerQuorum: positive,
  approvers: members(of),
  approverThreshold: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(32)),
  witnesses: members(of),
  witnessQuorum: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(32)),
  requesters: members(of),
  evaluators: members(of),
  encryptors: members(of),
  combiners: v.pipe(v.array(v.strictObject({ name: of.line, recipient })), v.maxLength(32)),
  audiences: v.pipe(
    v.array(audience(of)),
    v.maxLength(32),
    v.check((all) => distinct(all, (one) => one.audience), 'an audience is listed twice'),
  ),
  /** Lowest evidence level accepted, by class of key. */
  leastEvidence: v.strictObject({
    ceremony: evidence,
    root: evidence,
    organisation: evidence,
    project: evidence,
    data: evidence,
  }),
  /** Whether keys may live in a software token: SoftHSM, openCryptoki's soft token, a software TPM. */
  softTokens: v.boolean(),
  acceptedTools: v.pipe(v.array(toolBuild), v.maxLength(64)),
  algorithms: v.strictObject({
    signatures: v.pipe(v.array(v.picklist(signatureSchemes)), v.minLength(1)),
    keys: v.pipe(v.array(id), v.maxLength(32)),
  }),
  fhe: v.strictObject({
    /** Flooding bits left over a key's whole life, and per block, THRESHOLD-FHE section 5. */
    floorBits: bits,
    blockFloorBits: bits,
    /** Most blocks that one holder may ever answer, at K = 64 and at K = 128. */
    budgets: v.strictObject({ k64: blocks, k128: blocks }),
    /** Whether every squashed ciphertext is rounded for carrying, or none is: one block never has two noises. Absent: never. */
    carrying: v.exactOptional(v.picklist(['always', 'never'])),
  }),
})

const earlier = textsOf[1]
const schema1 = v.strictObject({
  v: version,
  ...common(earlier),
  /** Vendors' root certificates that may vouch for keys; absent: none, so that nothing above E1 is believed. */
  attestationRoots: roots(v.strictObject(attestationRoot(earlier))),
})

/** Whom a version of a policy adds to a set of the one before, or takes out of it. */
const change = ({ line, remark }: Texts) =>
  v.strictObject({
    role: v.picklist(['officer', 'approver', 'witness']),
    name: line,
    card: digest,
    change: v.picklist(['added', 'removed']),
    reason: remark,
  })

const added = (of: Texts) => ({
  /** Where the phone's app is served, and the keys that sign its releases. */
  phone: v.exactOptional(v.strictObject({ origin, releaseKey: verificationKeys })),
  /** Tokens that are hardware, as they name themselves, where no profile says so. */
  hardware: v.exactOptional(
    v.pipe(
      v.array(v.strictObject(device(of))),
      v.minLength(1),
      v.maxLength(64),
      v.check(
        (all) => distinct(all, ({ maker, model }) => JSON.stringify([maker, model])),
        'a model is listed twice',
      ),
    ),
  ),
  /** Exactly who came into the three sets and who left, against the version before; absent: nobody. */
  changes: v.exactOptional(
    v.pipe(
      v.array(change(of)),
      v.minLength(1),
      v.maxLength(192),
      v.check((all) => distinct(all, ({ role, card }) => `${role} ${card}`), 'a change is listed twice'),
    ),
  ),
})

const schema2 = v.strictObject({
  v: version,
  ...common(earlier),
  ...added(earlier),
  attestationRoots: roots(v.strictObject(attestationRoot(earlier))),
})

const listed = <T extends v.GenericSchema>(one: T, of: (one: v.InferOutput<T>) => string) =>
  v.exactOptional(
    v.pipe(
      v.array(one),
      v.minLength(1),
      v.maxLength(64),
      v.check((all) => distinct(all, of), 'one is listed twice'),
    ),
  )

const schema3 = v.strictObject({
  v: version,
  ...common(textsOf[3]),
  ...added(textsOf[3]),
  /** The oldest version of a person's card and of a run that is accepted: nobody downgrades. */
  oldest: v.strictObject({ card: version, run: version }),
  /** What the workstation has to show of itself; absent: nothing. */
  machine: v.exactOptional(
    v.strictObject({
      least: v.picklist(machineLevels),
      images: listed(digest, (image) => image),
      keys: listed(v.strictObject({ name: textsOf[3].line, key: base64(64, 1024) }), ({ key }) => key),
    }),
  ),
  attestationRoots: roots(
    v.strictObject({
      ...attestationRoot(textsOf[3]),
      /** It speaks for measured tokens that name themselves so. */
      device: v.exactOptional(v.strictObject(device(textsOf[3]))),
    }),
  ),
})

const schema = versions<Policy>({ 1: schema1, 2: schema2, 3: schema3 })

/** The trust anchor. Its digest, SHA-256(JCS(policy)), is compared as words once, by hand. */
export type Policy = Omit<AnyVersion<v.InferOutput<typeof schema3>>, 'oldest'> &
  Partial<Pick<v.InferOutput<typeof schema3>, 'oldest'>>

const fileSchema = v.strictObject({ policy: schema, signatures })

/** policy.json: the policy and its officers' signatures. */
export type PolicyFile = v.InferOutput<typeof fileSchema>

const maxBytes = 1 << 20

export const policyDocument = documentCodec<Policy>('policy', 'POLICY', schema, maxBytes)

export const policyFileCodec = codec<PolicyFile>('POLICY', fileSchema, maxBytes)
