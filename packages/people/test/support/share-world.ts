import type { Plan } from '@lux/ceremony/plan'
import {
  authoritiesOf,
  newPolicy,
  type Policy,
  type PolicyFile,
  policyDigest,
  policyDocument,
} from '@lux/ceremony/policy'
import {
  type Card,
  cardCodec,
  type DecryptionRequest,
  decryptionApprovalCodec,
  decryptionRequestCodec,
  digestOfBatch,
  type EpochTerms,
  envelopesDigest,
  type OpeningCertificate,
  openingCodec,
  type Provenance,
  provenanceCodec,
  type RequestPackage,
  signatureContext,
} from '@lux/ceremony/wire'
import {
  deterministicEntropy,
  encodeCanonical,
  fromHex,
  generateIdentity,
  sha256,
  sha256Hex,
  signWith,
  toHex,
  utf8,
} from '@lux/crypto'
import {
  ciphertextDigest,
  dealFheKey,
  encodeShareEnvelope,
  parseClientKey,
  parsePublic,
  readCiphertext,
} from '@lux/crypto/fhe'
import { realClientKey, squashedFile, withSquashKey } from '../../../crypto/test/fhe/fixture.ts'
import { type EpochRun, enrol, type HeldShare, type OpenedShare, type PersonKey } from '../../src/index.ts'
import { accepted } from './outcome.ts'

const domain = 'production'
export const entropyOf = (seed: string) => deterministicEntropy(sha256(utf8(seed)))
export const now = '2026-01-31T09:30:00.000Z'
/** Blocks that a share of the first epoch may answer. */
export const most = 300
export const quorum = { t: 2, n: 3 }
const names = ['Hal', 'Ida', 'Jan']

const person = async (kind: 'officer' | 'approver' | 'requester' | 'evaluator' | 'holder', name: string) =>
  accepted(await enrol({ kind, domain, name }, entropyOf(name))).key

/** A key dealt to three holders under a policy, everybody who may ask for it, and somebody who may not. */
export type World = {
  readonly policy: Policy
  readonly file: PolicyFile
  readonly people: Readonly<Record<'approver' | 'requester' | 'evaluator' | 'mallory', PersonKey>>
  readonly holders: readonly PersonKey[]
  readonly combiner: { readonly identity: string; readonly recipient: string }
  readonly ceremony: ReturnType<typeof generateIdentity>
  readonly officer: PersonKey
  readonly held: readonly HeldShare[]
  /** Of one, one and two blocks; the second is the very block of the first under another type. */
  readonly ciphertexts: readonly {
    readonly bytes: Uint8Array
    readonly digest: string
    readonly type: string
  }[]
}

/** `first`: the card of a first holder whose key lies elsewhere; nobody opens that share here. */
export async function shareWorld(first?: Card, organisation = { id: 'acme', name: 'Acme' }): Promise<World> {
  const officer = await person('officer', 'Ada')
  const people = {
    approver: await person('approver', 'Abe'),
    requester: await person('requester', 'Rita'),
    evaluator: await person('evaluator', 'Eve'),
    mallory: await person('requester', 'Mallory'),
  }
  const keys = await Promise.all(names.map((name) => person('holder', name)))
  const holders = keys.map((key, at) => (at === 0 && first !== undefined ? { ...key, card: first } : key))
  const combiner = accepted(
    await enrol({ kind: 'holder', domain, name: 'combiner' }, entropyOf('combiner')),
  ).key
  const draft = newPolicy({
    organisation,
    domain,
    expiry: '2099-01-01T00:00:00.000Z',
    officers: [officer.card],
    officerQuorum: 1,
    approvers: [people.approver.card],
    approverThreshold: 1,
    requesters: [people.requester.card],
    evaluators: [people.evaluator.card],
    combiners: [{ name: 'main', recipient: combiner.card.recipient ?? '' }],
  })
  const policy: Policy = { ...draft, fhe: { ...draft.fhe, budgets: { k64: 0, k128: most } } }
  const file = { policy, signatures: [policyDocument.sign(officer.identity, policy, domain)] }
  const clientKey = withSquashKey(realClientKey().bytes)
  const { key128 } = parseClientKey(clientKey)
  if (key128 === null) throw new Error('no squash key')
  const dealt = accepted(
    dealFheKey({
      clientKey,
      publicKeys: { compactPublicKey: new Uint8Array(32), serverKey: new Uint8Array(32) },
      ...quorum,
      domain,
      roster: rosterOf(holders),
      policyHash: sha256(encodeCanonical(JSON.parse(JSON.stringify(policy)))),
      budgets: { at64: 0, at128: most },
      entropy: entropyOf('deal'),
    }),
  )
  const ceremonyId = '5e'.repeat(16)
  const held = dealt.shares.map((share, at) => ({
    content: encodeShareEnvelope({
      ceremonyId,
      name: names[at] ?? '',
      authorities: authoritiesOf(policy),
      share,
      pub: dealt.pub,
    }),
    sealed: utf8(`envelope ${at}`),
    pub: dealt.pub,
    ceremonyId,
    policyDigest: policyDigest(policy),
  }))
  const file128 = (kind: 'Bool' | 'Uint', value: bigint, bits: number, seed: number) =>
    squashedFile(key128, kind, value, bits, { seed })
  return {
    policy,
    file,
    people,
    holders,
    combiner: { identity: combiner.seal ?? '', recipient: combiner.card.recipient ?? '' },
    officer,
    ceremony: generateIdentity(entropyOf('ceremony'), ['p256', 'mlDsa65']),
    held,
    ciphertexts: [
      { bytes: file128('Bool', 1n, 1, 5), type: 'bool' },
      { bytes: file128('Uint', 1n, 4, 5), type: 'u4' },
      { bytes: file128('Uint', 99n, 8, 6), type: 'u8' },
    ].map((one) => ({ ...one, digest: toHex(ciphertextDigest(readCiphertext(one.bytes))) })),
  }
}

function rosterOf(holders: readonly PersonKey[]) {
  return holders.map(({ card }, at) => ({ index: at + 1, name: card.name, card: cardCodec.digest(card) }))
}

/** The officers' word for a ceremony under the policy. */
export function openingOf({ policy, officer, ceremony }: World, ceremonyId: string): Uint8Array {
  const payload = {
    ceremonyId,
    domain,
    planHash: '11'.repeat(32),
    policyDigest: policyDigest(policy),
    node0: '00'.repeat(32),
    tokenSerials: [],
    ceremonyKeys: ceremony.keys,
  } as OpeningCertificate
  return openingCodec.file.encode({
    payload,
    signatures: [openingCodec.sign(officer.identity, payload, domain)],
  })
}

/** What may be wrong with a request. */
export const faults = [
  'requester',
  'impostor',
  'combiner',
  'evaluator',
  'approver',
  'unapproved',
  'expired',
  'epoch',
  'swapped',
] as const
export type Fault = (typeof faults)[number]

const batchOf = (digest: string) => ({ count: 1, digest: digestOfBatch([digest]) })

/** A request for some ciphertexts under the epoch of a share, whole but for one fault. */
export function requestFor(
  world: World,
  { envelope }: Pick<OpenedShare, 'envelope'>,
  asked: {
    readonly id: number
    readonly of: readonly number[]
    readonly fault?: Fault | undefined
    readonly expiry?: string
    /** In version 2, each ciphertext as a batch. */
    readonly batches?: boolean
  },
): { request: RequestPackage; ciphertexts: Uint8Array[] } {
  const { fault, expiry = '2026-02-01T00:00:00.000Z', batches = false } = asked
  const { people, combiner } = world
  const { header } = envelope.share
  const ciphertexts = asked.of.map((at) => world.ciphertexts[at] ?? world.ciphertexts[0]!)
  const keyId = toHex(header.keyId)
  const provenance = ciphertexts.map(({ digest, type }): Provenance => {
    const said = { domain, keyId, mode: 'S', type, program: 'sum 1.0', time: now } as const
    const input = { digest: 'ab'.repeat(32), admitted: 'proof', by: 'clinic' } as const
    return batches
      ? { v: 2, ...said, batch: batchOf(digest), inputs: [{ ...input, count: 5 }] }
      : { v: 1, ...said, ciphertexts: [digest], inputs: [input] }
  })
  const vouched = ciphertexts.map(({ digest, type }, at) => ({
    digest,
    type,
    provenance: provenanceCodec.payload.digest(provenance[at]!),
  }))
  const payload: DecryptionRequest = {
    ...(batches
      ? { v: 2, batches: vouched.map((one) => ({ ...one, ...batchOf(one.digest) })) }
      : { v: 1, ciphertexts: vouched }),
    kind: 'decryption-request',
    domain,
    requestId: asked.id.toString(16).padStart(32, '0'),
    keyId,
    epochId: fault === 'epoch' ? 'ee'.repeat(32) : toHex(header.epochId),
    mode: 'S',
    what: 'a sum',
    purpose: 'a test',
    // An impostor is named in the policy, and asks in another's name.
    requester: fault === 'impostor' ? 'Rob' : 'Rita',
    combiner: fault === 'combiner' ? (world.holders[2]?.card.recipient ?? '') : combiner.recipient,
    expiry: fault === 'expired' ? '2026-01-31T09:29:59.000Z' : expiry,
    budget: ciphertexts.reduce((sum, { bytes }) => sum + readCiphertext(bytes).blocks.length, 0),
    nonce: '2'.repeat(32),
  }
  const by = (role: 'requester' | 'evaluator' | 'approver') =>
    (fault === role ? people.mallory : people[role]).identity
  return {
    request: {
      request: { payload, signatures: [decryptionRequestCodec.sign(by('requester'), payload, domain)] },
      approvals:
        fault === 'unapproved' ? [] : [decryptionApprovalCodec.sign(by('approver'), payload, domain)],
      provenance: provenance.map((one) => ({
        payload: one,
        signatures: [provenanceCodec.sign(by('evaluator'), one, domain)],
      })),
      ...(batches ? { batches: ciphertexts.map(({ digest }) => [digest]) } : {}),
    },
    ciphertexts:
      fault === 'swapped'
        ? ciphertexts.map(
            ({ type }) => (type === 'bool' ? world.ciphertexts[1]! : world.ciphertexts[0]!).bytes,
          )
        : ciphertexts.map(({ bytes }) => bytes),
  }
}

/** A run that refreshes the key of a share among the same holders, as its opened plan describes it. */
export function refreshOf(world: World, { held, envelope }: OpenedShare, id: number): EpochRun {
  const { header } = envelope.share
  const ceremonyId = id.toString(16).padStart(32, '0')
  const planHash = sha256Hex(utf8(`plan ${id}`))
  const terms: EpochTerms = {
    domain,
    ceremonyId,
    planHash,
    keyId: toHex(header.keyId),
    oldEpochId: toHex(header.epochId),
    epoch: header.epoch + 1,
    ...quorum,
    old: world.holders.map(({ card }) => ({ name: card.name, keys: card.keys })),
    oldT: quorum.t,
    roster: rosterOf(world.holders),
    dealers: [1, 2],
  }
  const reshare = { kind: 'refresh', holders: names, dealers: names.slice(0, 2), ...quorum }
  return {
    policy: world.policy,
    opening: {
      ceremonyId,
      domain,
      planHash,
      policyDigest: policyDigest(world.policy),
      node0: '00'.repeat(32),
      tokenSerials: [],
      ceremonyKeys: world.ceremony.keys,
    } as EpochRun['opening'],
    // All that a holder's functions read of a plan.
    plan: { title: 'a refresh', reshare, fhe: { mode: 'S', holders: names } } as unknown as Plan,
    terms,
    pub: held.pub,
    squash: parsePublic(held.pub).pub128.length > 0,
    nextCard: (name) => world.holders[names.indexOf(name)]!.card,
  }
}

/** The ceremony key's word on what all dealers sealed to one holder. */
export function signedSeeds(world: World, seeds: readonly Uint8Array[]): Uint8Array {
  const digest = envelopesDigest(seeds.map((bytes) => sha256Hex(bytes)))
  const context = signatureContext('share-envelope', domain)
  return encodeCanonical({ ...signWith(world.ceremony, context, fromHex(digest, 32)) })
}
