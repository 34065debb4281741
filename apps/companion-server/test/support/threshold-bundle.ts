import { readFileSync } from 'node:fs'
import { type BlobSource, type BundleFhe, blobOf, type Predicate } from '@lux/ceremony/bundle'
import { memberOf, type Policy } from '@lux/ceremony/policy'
import type { FullEntry } from '@lux/ceremony/transcript'
import { acknowledgementCodec, cardCodec, envelopeSignedBytes, signatureContext } from '@lux/ceremony/wire'
import { generateIdentity, sha256, sha256Hex, signWith, toHex, utf8 } from '@lux/crypto'
import { type DealtKey, dealFheKey } from '@lux/crypto/fhe'
import { sampleString } from '../../../../packages/ceremony/test/support/altered-reference-string.ts'
import { entropyOf, makePerson } from '../../../../packages/ceremony/test/support/people.ts'
import { sampleCeremonyId } from '../../../../packages/ceremony/test/support/sample-options.ts'

const domain = 'production'

/** Of packages/crypto/vectors/native: a key with its squash key, and what native tfhe computed and squashed under it. */
export const native = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../../../packages/crypto/vectors/native/${name}`, import.meta.url)))

/** Everyone around the key. The names of the holders are those of the sample's plan. */
export const people = {
  holders: ['Hana', 'Ito', 'Jun'].map((name) => makePerson('holder', name, domain)),
  approvers: ['Ann', 'Abe'].map((name) => makePerson('approver', name, domain)),
  requester: makePerson('requester', 'Rex', domain),
  evaluator: makePerson('evaluator', 'Eve', domain),
}

type Dealt = DealtKey & {
  readonly compact: Uint8Array
  readonly server: Uint8Array
  readonly string: Uint8Array
}

/**
 * The native key, dealt to the holders; the server key is a file of 100 kB that nobody computes with, the reference string one
 * that nothing can be proven against.
 */
export function dealNative(): Dealt {
  const compact = native('compact-public-key.bin')
  const server = entropyOf('server key').bytes(100_000)
  const dealt = dealFheKey({
    clientKey: native('client-key.bin'),
    publicKeys: { compactPublicKey: sha256(compact), serverKey: sha256(server) },
    t: 2,
    n: 3,
    domain,
    roster: rosterOf(),
    policyHash: new Uint8Array(32),
    budgets: { at64: 0, at128: 1000 },
    entropy: entropyOf('threshold deal'),
  })
  if (!dealt.ok) throw new Error(dealt.detail)
  return { ...dealt.value, compact, server, string: sampleString }
}

/** What turns the sample's bundle into one of a key that is really dealt, under a policy with `budget` blocks. */
export function thresholdAlterations(
  { pub, compact, server, string, keyId, epochId, commitmentsDigest }: ReturnType<typeof dealNative>,
  { budget = 1000 }: { budget?: number } = {},
) {
  let added: BlobSource[] = []
  let replaced = new Set<string>()
  const ceremony = generateIdentity(entropyOf(`${domain}/ceremony`), ['p256', 'mlDsa65'])
  const fhe = (): BundleFhe => {
    added = []
    const put = (bytes: Uint8Array): string => {
      const blob = blobOf(bytes)
      added.push(blob)
      return blob.sha256
    }
    const ids = { keyId: toHex(keyId), epochId: toHex(epochId) }
    return {
      id: 'votes',
      type: 'TFHE_INTEGER',
      mode: 'S',
      ...ids,
      epoch: 0,
      t: 2,
      n: 3,
      public: put(pub),
      compactPublicKey: put(compact),
      serverKey: put(server),
      crs: put(string),
      commitments: toHex(commitmentsDigest),
      holders: rosterOf().map((holder, at) => {
        const envelope = sha256Hex(utf8(`envelope ${at}`))
        const payload = {
          v: 1,
          kind: 'acknowledgement',
          domain,
          ceremonyId: sampleCeremonyId,
          ...ids,
          holder: holder.index,
          name: holder.name,
          shareDigest: sha256Hex(utf8(`share ${at}`)),
          envelopeDigest: envelope,
        } as const
        const signatures = [acknowledgementCodec.sign(people.holders[at]!.identity, payload, domain)]
        const context = signatureContext('share-envelope', domain)
        return {
          ...holder,
          envelope,
          signature: signWith(ceremony, context, envelopeSignedBytes(envelope)),
          acknowledgement: put(acknowledgementCodec.file.encode({ payload, signatures })),
        }
      }),
    }
  }
  /** The sample's deal, told of this key; any other fact as it is. */
  const dealtIn = (fact: FullEntry['fact']): FullEntry['fact'] => {
    const { effect, result } = fact
    if (effect !== 'fhe-deal') return fact
    const file = (bytes: Uint8Array) => ({ sha256: sha256Hex(bytes), size: bytes.length })
    const ids = { keyId: toHex(keyId), epochId: toHex(epochId) }
    const files = { public: file(pub), publicKey: file(compact), serverKey: file(server), crs: file(string) }
    return { ...fact, result: { ...Object(result), ...ids, ...files } }
  }
  return {
    policy: (policy: Policy): Policy => ({
      ...policy,
      approvers: people.approvers.map(({ card }) => memberOf(card)),
      approverThreshold: 2,
      requesters: [memberOf(people.requester.card)],
      evaluators: [memberOf(people.evaluator.card)],
      combiners: [...policy.combiners, { name: 'another desk', recipient: otherCombiner }],
      fhe: { ...policy.fhe, budgets: { k64: 0, k128: budget } },
    }),
    predicate: (predicate: Predicate): Predicate => {
      const { fhe: sample } = predicate
      replaced = new Set(
        [
          sample?.public,
          sample?.compactPublicKey,
          sample?.serverKey,
          sample?.crs,
          ...(sample?.holders ?? []).map(({ acknowledgement }) => acknowledgement),
        ].filter((digest) => typeof digest === 'string'),
      )
      return { ...predicate, fhe: fhe() }
    },
    entries: (entries: FullEntry[]): FullEntry[] =>
      entries.map((entry) => ({ ...entry, fact: dealtIn(entry.fact) })),
    blobs: (blobs: BlobSource[]): BlobSource[] => [
      ...blobs.filter(({ sha256: digest }) => !replaced.has(digest)),
      ...added,
    ],
  }
}

/** A recipient that the policy names and this server is not. */
export const otherCombiner = `age1pq1${'q'.repeat(1952)}`

function rosterOf() {
  return people.holders.map(({ card }, at) => ({
    index: at + 1,
    name: card.name,
    card: cardCodec.digest(card),
  }))
}
