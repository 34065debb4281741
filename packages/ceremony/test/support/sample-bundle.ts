import {
  concatBytes,
  generateIdentity,
  type HybridSignature,
  type SigningIdentity,
  sha256Hex,
} from '@lux/crypto'
import {
  type BlobSource,
  type BundleFhe,
  blobOf,
  buildPayload,
  type Predicate,
  possessionChallengeOf,
  type RandomAccess,
  signBundle,
  writeBundle,
} from '../../src/exports/bundle.ts'
import {
  approvalOf,
  type Card,
  cardCodec,
  type OpeningCertificate,
  openingCodec,
  planApprovalCodec,
  planLockCodec,
  serverCardCodec,
} from '../../src/exports/documents.ts'
import {
  newPolicy,
  type Policy,
  type PolicyFile,
  policyDigest,
  policyDocument,
} from '../../src/exports/policy.ts'
import { encodeTranscript, type Header } from '../../src/exports/transcript.ts'
import { entropyOf, makePerson, makeServer, type Person, renewedPerson } from './people.ts'
import { SampleAttestations } from './sample-attestation.ts'
import { type SampleNext, sampleDecryption, sampleNext } from './sample-epochs.ts'
import { sampleDeal, samplePublic } from './sample-fhe.ts'
import { sampleEvidence, sampleReplica, sampleTransports, sampleTree } from './sample-keys.ts'
import { sampleDecryptions, samplePeople } from './sample-life.ts'
import {
  type Alterations,
  type LockTerms,
  type SampleBundle,
  type SampleOptions,
  sampleBuild,
  sampleCeremonyId,
  sampleTime,
  signerOf,
} from './sample-options.ts'
import { planBytes, samplePlan, sampleTokens } from './sample-plan.ts'
import { sampleRecorded } from './sample-recorded.ts'
import { sampleCheckpoints, sampleEntries } from './sample-run.ts'

export * from './sample-options.ts'

/** A whole small bundle: two officers of three, two witnesses, one server node, a key of each level, a 2 of 3 deal. */
export async function sampleBundle(options: SampleOptions = {}): Promise<SampleBundle> {
  const domain = options.domain ?? 'production'
  const alter = options.alter ?? {}
  const entropy = entropyOf('sample')
  const seat = (kind: Card['kind'], ...names: string[]) =>
    names.map((name) => makePerson(kind, name, domain)).map((one) => alter.person?.(one) ?? one)
  const officers = seat('officer', 'Ada', 'Berta', 'Cem')
  const witnesses = seat('witness', 'Wim', 'Xenia')
  const holders = options.fhe ? seat('holder', 'Hana', 'Ito', 'Jun') : []
  const others = samplePeople(domain)
  const server = options.server ?? makeServer('server', domain)
  const ceremony = generateIdentity(entropyOf(`${domain}/ceremony`), ['p256', 'mlDsa65'])
  const blobs: BlobSource[] = []
  const put = (bytes: Uint8Array): string => {
    const blob = blobOf(bytes)
    blobs.push(blob)
    return blob.sha256
  }

  const { oldest, ...named } = newPolicy({
    organisation: { id: 'acme', name: 'Acme' },
    domain,
    expiry: '2027-01-01T00:00:00.000Z',
    officers: officers.map(({ card }) => card),
    officerQuorum: 2,
    witnesses: witnesses.map(({ card }) => card),
    witnessQuorum: 2,
    servers: [{ name: 'server', card: server.card }],
    ...(options.life
      ? {
          approvers: others.approvers.map(({ card }) => card),
          approverThreshold: 2,
          requesters: [others.requester.card],
          evaluators: [others.evaluator.card],
          combiners: [others.combiner],
        }
      : {}),
    ...(options.attested
      ? {
          attestationRoots: [
            {
              name: 'Vendor',
              certificate: sha256Hex(options.attested.root),
              format: options.attested.format ?? 'luna',
            },
          ],
        }
      : {}),
    softTokens: true,
    acceptedTools: [sampleBuild],
  })
  // The policy is of the run's version, or of the first.
  const draft: Policy = options.version === 3 ? { ...named, ...(oldest && { oldest }) } : { ...named, v: 1 }
  const policy = alter.policy?.(draft) ?? draft
  const digest = policyDigest(policy)
  const signers = officers.slice(0, 2).map(({ identity }) => identity)
  const policyFile: PolicyFile = {
    policy,
    signatures: signers.map((identity) => policyDocument.sign(identity, policy, domain)),
  }

  const staying = sampleStaying(options, holders)
  const joining = options.life ? [...staying, ...others.newcomers, ...others.approvers] : []
  const roster = [...officers, ...witnesses, ...holders, ...joining, ...(alter.guests ?? [])]
  const { transports, destinations, serials, keys } = sampleTransports(domain, server, options, entropy, put)
  const planHash = put(planBytes(samplePlan(options, roster, { policy: digest, destinations }), options))
  const plainHeader: Header = {
    v: options.version ?? 1,
    ceremonyId: options.ceremonyId ?? sampleCeremonyId,
    created: sampleTime(0),
    domain,
    planHash,
    planPolicy: digest,
    policyDigest: digest,
    tool: { version: '0.1.0', build: sampleBuild },
    machine: { measurement: 'ad'.repeat(32), kernel: 'Linux 6.1', tpmQuote: 'none' },
    tokens: sampleTokens(options).map(({ attestation: _of, device: _planned, ...token }) => token),
    roster: roster.map(({ card }) => ({ role: card.kind, name: card.name, card: cardCodec.digest(card) })),
    standIns: [],
  }
  const header = alter.header?.(plainHeader) ?? plainHeader
  const possessed = options.possession?.digest ?? sha256Hex()
  const attestations = options.attested
    ? new SampleAttestations(
        { vendor: options.attested, header, ceremony, possession: possessed },
        alter,
        put,
      )
    : null
  const root = { rootId: options.rootId ?? '70'.repeat(16), born: options.rootBorn ?? header.ceremonyId }
  const wrapTree = sampleTree(root, options, entropy, put)
  const made = wrapTree.filter((node) => node.root === null || node.root.born === header.ceremonyId)
  const fhe = options.fhe ? sampleDeal(holders, ceremony, header, options, put) : null
  const lived =
    options.life && fhe !== null
      ? sampleLife(
          { header, ceremony, put, alter: alter.epochs ?? {}, signer: signerOf(alter) },
          fhe,
          holders,
          [...(staying.length > 0 ? staying : holders.slice(1, 2)), ...others.newcomers],
        )
      : { decryptions: [], next: null }
  const possession = {
    id: 'root',
    mechanism: options.possession?.mechanism ?? 'KWP-RFC5649',
    challenge: possessionChallengeOf(root),
    digest: possessed,
  }
  const way = options.replica === 'spare' ? 'trusted-window' : 'vendor-clone'
  const replicas = options.replica ? { replicas: [sampleReplica(possession, way)] } : {}
  const recorded = sampleRecorded(
    { wrapTree, possession: [possession], transports, fhe, next: lived.next, ...replicas },
    {
      ceremony,
      serials,
      trusted: (options.version ?? 1) > 1 ? keys : [],
      spare: options.replica === 'spare',
      crs: options.crs?.length ?? null,
      attested: attestations !== null,
    },
  )
  const { entries, transcript, decision, decisionHead } = sampleEntries(
    header,
    entropy,
    signers,
    alter,
    attestations,
    recorded,
  )
  const plainOpening: OpeningCertificate = {
    ceremonyId: header.ceremonyId,
    domain,
    planHash,
    policyDigest: digest,
    node0: transcript.headAt(0).node,
    tokenSerials: sampleTokens(options).map(({ serial }) => serial),
    ceremonyKeys: ceremony.keys,
  }
  const opening = alter.opening?.(plainOpening) ?? plainOpening
  const openers = alter.openingSigners?.(signers) ?? signers
  const signatures = openers.map((identity) => openingCodec.sign(identity, opening, domain))
  const openingBlob = put(openingCodec.file.encode({ payload: opening, signatures }))
  const people = { ceremony, witnesses: witnesses.map(({ identity }) => identity) }
  const checkpoints = sampleCheckpoints({ header, transcript }, opening, people, alter, put)
  const seated = [...new Map(roster.map(({ card }) => [cardCodec.digest(card), card])).values()]
  const cards = seated.map((card) => put(cardCodec.encode(card)))
  cards.push(put(serverCardCodec.encode(server.card)))

  const plainPredicate: Predicate = {
    v: options.version ?? 1,
    ceremonyId: header.ceremonyId,
    domain,
    planHash,
    lock: domain === 'production' ? put(sampleLock(planHash, digest, signers, alter)) : null,
    policyDigest: digest,
    cards: cards.sort(),
    opening: openingBlob,
    checkpoints,
    exceptions: [{ id: 1, size: decisionHead.size, blob: put(decision) }],
    transcript: transcript.headAt(entries.length),
    keyEvidence: [
      sampleEvidence('ceremony', 'ceremony'),
      ...made.map(({ id, level }) => sampleEvidence(id, level)),
    ].map((one) => {
      const by = attestations?.made.find(({ id }) => id === one.id)?.by
      return by === undefined
        ? one
        : { ...one, evidence: by === 'vendor' ? ('E3' as const) : ('E2' as const) }
    }),
    wrapTree,
    possession: [possession],
    ...replicas,
    ...(attestations === null ? {} : { attestations: attestations.made }),
    transports,
    fhe,
    existing: null,
    decryptions: lived.decryptions,
    next: lived.next?.epoch ?? null,
    audience: serverCardCodec.digest(server.card),
    sequence: options.sequence ?? '1',
    previous: options.previous ?? null,
    supersedes: options.supersedes ?? [],
  }
  const predicate = alter.predicate?.(plainPredicate) ?? plainPredicate
  const parts = {
    predicate,
    transcript: blobOf(encodeTranscript(header, entries)),
    blobs: alter.blobs?.(blobs) ?? blobs,
  }
  const payload = buildPayload(parts)
  const all = [ceremony, ...signers]
  const bundleSignatures: HybridSignature[] = (alter.bundleSigners?.(all) ?? all).map((identity) =>
    signBundle(identity, payload, domain),
  )
  const chunks: Uint8Array[] = []
  for await (const chunk of writeBundle(parts, payload, bundleSignatures)) chunks.push(chunk)
  return {
    bytes: concatBytes(...chunks),
    digest: sha256Hex(payload),
    policy: policyFile,
    header,
    entries,
    predicate,
    server,
    officers: officers.map(({ identity }) => identity),
    witnesses: people.witnesses,
    ceremony,
  }
}

/** The second seat of the holder who stays, where there is one. */
function sampleStaying({ renewed, alter }: SampleOptions, holders: readonly Person[]): Person[] {
  return holders.slice(1, renewed === true ? 2 : 1).map((holder) => {
    const { identity, card } = renewedPerson(holder)
    return { identity, card: alter?.renewal?.(card) ?? card }
  })
}

/** Asked once in the old epoch, moved to other people, tried in the next one. */
function sampleLife(
  run: Parameters<typeof sampleNext>[0],
  fhe: BundleFhe,
  old: readonly Person[],
  holders: readonly Person[],
): { decryptions: Predicate['decryptions']; next: SampleNext } {
  const [first, canary] = sampleDecryptions
  const { publicBytes } = samplePublic(old, run.header.domain === 'production')
  const asked = sampleDecryption(run, first!, fhe, old.slice(0, 2))
  const next = sampleNext(run, fhe, publicBytes, { dealers: old.slice(0, 2), holders })
  const tried = sampleDecryption(run, canary!, { keyId: fhe.keyId, epochId: next.epoch.epochId }, holders)
  return { decryptions: [asked, tried], next }
}

function sampleLock(
  planHash: string,
  policyDigest: string,
  officers: SigningIdentity[],
  alter: Alterations,
): Uint8Array {
  const sound: LockTerms = { planHash, policyDigest, rehearsalDigest: '4e'.repeat(32), diffDigest: null }
  const terms = alter.lock?.(sound) ?? sound
  const approval = approvalOf({ ...terms, signatures: [] })
  const signatures = (alter.lockSigners?.(officers) ?? officers).map((identity) =>
    planApprovalCodec.sign(signerOf(alter)('lock', identity), approval, 'production'),
  )
  return planLockCodec.encode({ ...terms, signatures })
}

/** Bytes as a file to read at random. */
export function memoryReader(bytes: Uint8Array): RandomAccess {
  return {
    size: bytes.length,
    async read(offset, length) {
      if (offset + length > bytes.length) throw new RangeError('read past the end')
      return bytes.slice(offset, offset + length)
    },
  }
}
