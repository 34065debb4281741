import {
  concatBytes,
  type Domain,
  generateIdentity,
  type HybridSignature,
  type SigningIdentity,
  sha256Hex,
  signWith,
  toBase64,
  toHex,
  utf8,
} from '@lux/crypto'
import {
  type BlobSource,
  blobOf,
  buildPayload,
  type Predicate,
  possessionChallengeOf,
  type RandomAccess,
  signBundle,
  writeBundle,
} from '../../src/bundle/index.ts'
import {
  newPolicy,
  type Policy,
  type PolicyFile,
  policyDigest,
  policyDocument,
} from '../../src/policy/index.ts'
import {
  type Checkpoint,
  checkpointCodec,
  encodeTranscript,
  type FullEntry,
  type Head,
  type Header,
  Transcript,
} from '../../src/transcript/index.ts'
import {
  type Acknowledgement,
  acknowledgementCodec,
  cardCodec,
  envelopeSignedBytes,
  type OpeningCertificate,
  openingCodec,
  planApprovalCodec,
  planLockCodec,
  serverCardCodec,
  signatureContext,
  type Transport,
  transportCodec,
} from '../../src/wire/index.ts'
import { entropyOf, makePerson, makeServer, type Server, sampleRecipient } from './people.ts'
import { samplePublic } from './sample-fhe.ts'

/** Changes made before the part is hashed and signed, so that only the altered thing is wrong. */
export type Alterations = {
  policy?: (policy: Policy) => Policy
  header?: (header: Header) => Header
  entries?: (entries: FullEntry[]) => FullEntry[]
  opening?: (opening: OpeningCertificate) => OpeningCertificate
  openingSigners?: (officers: SigningIdentity[]) => SigningIdentity[]
  checkpoint?: (checkpoint: Checkpoint, index: number) => Checkpoint
  cosigners?: (witnesses: SigningIdentity[]) => SigningIdentity[]
  transport?: (transport: Transport) => Transport
  acknowledgement?: (acknowledgement: Acknowledgement) => Acknowledgement
  predicate?: (predicate: Predicate) => Predicate
  blobs?: (blobs: BlobSource[]) => BlobSource[]
  bundleSigners?: (signers: SigningIdentity[]) => SigningIdentity[]
}

export type SampleOptions = {
  domain?: Domain
  sequence?: string
  previous?: string | null
  supersedes?: string[]
  fhe?: boolean
  /** A server of the caller's own, e.g. a real one under test. Its transports are signed by `receipt`. */
  server?: Server
  /** One node per entry; `seal` gives the age file with the wrapped root for it. */
  nodes?: { transport: Transport; sealed: Uint8Array; wrapped: string; mechanism: string }[]
  /** Wrapped keys below the root, in order; the sample's own are random bytes. */
  wrapped?: { organisation: Uint8Array; project: Uint8Array; data: Uint8Array; mechanism: string }
  /** Possession digest of the root; the sample's own is of nothing. */
  possession?: { mechanism: string; digest: string }
  rootId?: string
  alter?: Alterations
}

export type SampleBundle = {
  bytes: Uint8Array
  digest: string
  policy: PolicyFile
  header: Header
  entries: FullEntry[]
  predicate: Predicate
  server: Server
  officers: SigningIdentity[]
  witnesses: SigningIdentity[]
  ceremony: SigningIdentity
}

export const sampleCeremonyId = 'c0'.repeat(16)
const time = (minute: number) => `2026-01-15T09:${String(minute).padStart(2, '0')}:00.000Z`
const build = 'b1'.repeat(32)

/** A whole small bundle: two officers of three, two witnesses, one server node, a key of each level, a 2 of 3 deal. */
export async function sampleBundle(options: SampleOptions = {}): Promise<SampleBundle> {
  const domain = options.domain ?? 'production'
  const alter = options.alter ?? {}
  const entropy = entropyOf('sample')
  const officers = ['Ada', 'Berta', 'Cem'].map((name) => makePerson('officer', name, domain))
  const witnesses = ['Wim', 'Xenia'].map((name) => makePerson('witness', name, domain))
  const holders = ['Hana', 'Ito', 'Jun'].map((name) => makePerson('holder', name, domain))
  const server = options.server ?? makeServer('server', domain)
  const audience = serverCardCodec.digest(server.card)
  const ceremony = generateIdentity(entropyOf(`${domain}/ceremony`), ['p256', 'mlDsa65'])
  const blobs: BlobSource[] = []
  const put = (bytes: Uint8Array): string => {
    const blob = blobOf(bytes)
    blobs.push(blob)
    return blob.sha256
  }

  const draft = newPolicy({
    organisation: { id: 'acme', name: 'Acme' },
    domain,
    expiry: '2027-01-01T00:00:00.000Z',
    officers: officers.map(({ card }) => card),
    officerQuorum: 2,
    witnesses: witnesses.map(({ card }) => card),
    witnessQuorum: 2,
    servers: [{ name: 'server', card: server.card }],
    softTokens: true,
    acceptedTools: [build],
  })
  const policy = alter.policy?.(draft) ?? draft
  const policySigners = officers.slice(0, 2).map(({ identity }) => identity)
  const policyFile: PolicyFile = {
    policy,
    signatures: policySigners.map((identity) => policyDocument.sign(identity, policy, domain)),
  }

  const planHash = put(utf8('v: 1\ntitle: Sample plan\n'))
  const roster = [...officers, ...witnesses, ...(options.fhe ? holders : [])]
  const plainHeader: Header = {
    v: 1,
    ceremonyId: sampleCeremonyId,
    created: time(0),
    domain,
    planHash,
    planPolicy: policyDigest(policy),
    policyDigest: policyDigest(policy),
    tool: { version: '0.1.0', build },
    machine: { measurement: 'ad'.repeat(32), kernel: 'Linux 6.1', tpmQuote: 'none' },
    tokens: [{ role: 'ceremony', profile: 'softhsm', library: '1b'.repeat(32), serial: 'a1b2c3d4' }],
    roster: roster.map(({ card }) => ({ role: card.kind, name: card.name, card: cardCodec.digest(card) })),
    standIns: [],
  }
  const header = alter.header?.(plainHeader) ?? plainHeader
  const plainEntries: FullEntry[] = Array.from({ length: 12 }, (_, index) => ({
    seq: String(index),
    time: time(index),
    stepId: `step-${index}`,
    kind: index === 0 ? 'run.started' : 'step.performed',
    salt: toHex(entropy.bytes(16)),
    fact: { attempt: 1, effect: 'inventory', note: `fact ${index}`, list: [index, true, null] },
  }))
  const entries = alter.entries?.(plainEntries) ?? plainEntries
  const transcript = new Transcript(header)
  for (const entry of entries) transcript.append(entry)

  const plainOpening: OpeningCertificate = {
    ceremonyId: header.ceremonyId,
    domain,
    planHash,
    policyDigest: policyDigest(policy),
    node0: transcript.headAt(0).node,
    tokenSerials: ['a1b2c3d4'],
    ceremonyKeys: ceremony.keys,
  }
  const opening = alter.opening?.(plainOpening) ?? plainOpening
  const openers = alter.openingSigners?.(policySigners) ?? policySigners
  const signatures = openers.map((identity) => openingCodec.sign(identity, opening, domain))
  const openingBlob = put(openingCodec.file.encode({ payload: opening, signatures }))

  const cosigners =
    alter.cosigners?.(witnesses.map((one) => one.identity)) ?? witnesses.map((one) => one.identity)
  const checkpoints: Predicate['checkpoints'] = []
  let previous: string | null = null
  for (const [index, size] of [3, 8, entries.length].entries()) {
    const head: Head = transcript.headAt(size)
    const plain: Checkpoint = {
      ceremonyId: header.ceremonyId,
      ...head,
      planHash,
      opening: openingCodec.payload.digest(opening),
      previous,
      time: time(30 + index),
    }
    const checkpoint = alter.checkpoint?.(plain, index) ?? plain
    const signers = [ceremony, ...(size === entries.length ? cosigners : [])]
    const signed = signers.map((identity) => checkpointCodec.sign(identity, checkpoint, domain))
    previous = checkpointCodec.payload.digest(checkpoint)
    checkpoints.push({
      size: String(size),
      blob: put(checkpointCodec.file.encode({ payload: checkpoint, signatures: signed })),
    })
  }

  const cards = roster.map(({ card }) => put(cardCodec.encode(card)))
  cards.push(put(serverCardCodec.encode(server.card)))
  const plainTransport: Transport = {
    v: 1,
    kind: 'transport',
    domain,
    audience,
    node: 'node-1',
    serial: '0011aabb',
    transportKey: toBase64(entropy.bytes(422)),
    recipient: sampleRecipient('node-1'),
    nonce: toHex(entropy.bytes(16)),
  }
  const nodes = options.nodes ?? [
    {
      transport: plainTransport,
      sealed: entropy.bytes(900),
      wrapped: 'ed'.repeat(32),
      mechanism: 'RSA-OAEP-SHA1',
    },
  ]
  const transports = nodes.map((node) => {
    const transport = alter.transport?.(node.transport) ?? node.transport
    const document = {
      payload: transport,
      signatures: [transportCodec.sign(server.receipt, transport, domain)],
    }
    return {
      document: put(transportCodec.file.encode(document)),
      roots: [{ id: 'root', mechanism: node.mechanism, sealed: put(node.sealed), wrapped: node.wrapped }],
    }
  })

  const own = options.wrapped ?? {
    organisation: entropy.bytes(40),
    project: entropy.bytes(40),
    data: entropy.bytes(40),
    mechanism: 'AES-KWP',
  }
  const root = { rootId: options.rootId ?? '70'.repeat(16), born: header.ceremonyId }
  const below = { version: 1, algorithm: 'AES-256', mechanism: own.mechanism, publicKey: null, root: null }
  const wrapTree: Predicate['wrapTree'] = [
    {
      level: 'root',
      id: 'root',
      name: 'Root KEK',
      parent: null,
      version: 1,
      algorithm: 'AES-256',
      mechanism: null,
      blob: null,
      publicKey: null,
      root,
    },
    { level: 'organisation', id: 'org', name: 'Acme', parent: 'root', blob: put(own.organisation), ...below },
    { level: 'project', id: 'payments', name: 'Payments', parent: 'org', blob: put(own.project), ...below },
    { level: 'data', id: 'orders', name: 'Orders', parent: 'payments', blob: put(own.data), ...below },
  ]
  const evidenceOf = (id: string, level: Predicate['keyEvidence'][number]['level']) => ({
    id,
    level,
    evidence: 'E1' as const,
    serial: 'a1b2c3d4',
    ckaId: sha256Hex(utf8(id)).slice(0, 32),
    label: id,
    attributes: { SENSITIVE: true, EXTRACTABLE: false, KEY_TYPE: 31 },
  })

  const plainPredicate: Predicate = {
    v: 1,
    ceremonyId: header.ceremonyId,
    domain,
    planHash,
    lock: domain === 'production' ? put(sampleLock(planHash, policyDigest(policy), policySigners)) : null,
    policyDigest: policyDigest(policy),
    cards: cards.sort(),
    opening: openingBlob,
    checkpoints,
    transcript: transcript.headAt(entries.length),
    keyEvidence: [
      evidenceOf('ceremony', 'ceremony'),
      ...wrapTree.map(({ id, level }) => evidenceOf(id, level)),
    ],
    wrapTree,
    possession: [
      {
        id: 'root',
        mechanism: options.possession?.mechanism ?? 'AES-KWP',
        challenge: possessionChallengeOf(root),
        digest: options.possession?.digest ?? sha256Hex(),
      },
    ],
    transports,
    fhe: null,
    audience,
    sequence: options.sequence ?? '1',
    previous: options.previous ?? null,
    supersedes: options.supersedes ?? [],
  }
  if (options.fhe) {
    const {
      fhe,
      roster: dealt,
      publicBytes,
      compact,
      server: serverKey,
    } = samplePublic(holders, domain === 'production')
    put(compact)
    put(serverKey)
    plainPredicate.fhe = {
      ...fhe,
      public: put(publicBytes),
      holders: dealt.map((holder, index) => {
        const envelope = sha256Hex(utf8(`envelope ${index}`))
        const plain: Acknowledgement = {
          v: 1,
          kind: 'acknowledgement',
          domain,
          ceremonyId: header.ceremonyId,
          keyId: fhe.keyId,
          epochId: fhe.epochId,
          holder: holder.index,
          name: holder.name,
          shareDigest: sha256Hex(utf8(`share ${index}`)),
          envelopeDigest: envelope,
        }
        const payload = alter.acknowledgement?.(plain) ?? plain
        const signer = holders[index]!.identity
        return {
          ...holder,
          envelope,
          signature: signWith(
            ceremony,
            signatureContext('share-envelope', domain),
            envelopeSignedBytes(envelope),
          ),
          acknowledgement: put(
            acknowledgementCodec.file.encode({
              payload,
              signatures: [acknowledgementCodec.sign(signer, payload, domain)],
            }),
          ),
        }
      }),
    }
  }
  const predicate = alter.predicate?.(plainPredicate) ?? plainPredicate
  const parts = {
    predicate,
    transcript: blobOf(encodeTranscript(header, entries)),
    blobs: alter.blobs?.(blobs) ?? blobs,
  }
  const payload = buildPayload(parts)
  const signers = [ceremony, ...policySigners]
  const bundleSignatures: HybridSignature[] = (alter.bundleSigners?.(signers) ?? signers).map((identity) =>
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
    witnesses: witnesses.map(({ identity }) => identity),
    ceremony,
  }
}

function sampleLock(planHash: string, policy: string, signers: readonly SigningIdentity[]): Uint8Array {
  const terms = { planHash, rehearsalDigest: '4e'.repeat(32), diffDigest: null }
  const signatures = signers.map((identity) =>
    planApprovalCodec.sign(identity, { domain: 'production', ...terms }, 'production'),
  )
  return planLockCodec.encode({ ...terms, policyDigest: policy, signatures })
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
