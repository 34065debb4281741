import { encodeCanonical, fromHex, type SigningIdentity, sha256Hex, toHex, utf8 } from '@lux/crypto'
import { encodeCorrection, nextPublic } from '@lux/crypto/fhe'
import type { Signed } from '../../src/documents/format/document.ts'
import type { BundleFhe, Predicate } from '../../src/exports/bundle.ts'
import {
  type Acknowledgement,
  acknowledgementCodec,
  cardCodec,
  type DecryptionRequest,
  type DecryptionResult,
  decryptionApprovalCodec,
  decryptionRequestCodec,
  decryptionResultCodec,
  digestOfBatch,
  type EpochApproval,
  type EpochLive,
  envelopesDigest,
  epochApprovalCodec,
  epochLiveCodec,
  type HolderAnswer,
  holderAnswerCodec,
  type Provenance,
  provenanceCodec,
  type Redeal,
  redealCodec,
  requestPackageCodec,
} from '../../src/exports/documents.ts'
import type { Header } from '../../src/exports/transcript.ts'
import { entropyOf, type Person } from './people.ts'
import { samplePeople, sampleReshare } from './sample-life.ts'
import { type SignerOf, sampleTime } from './sample-options.ts'

/** Changes to what was asked, answered and dealt, made before it is signed. */
export type EpochAlterations = {
  /** Provenance and requests of version 2. */
  batches?: boolean
  provenance?: (provenance: Provenance) => Provenance
  /** Who vouches for the canary. */
  canaryBy?: SigningIdentity
  /** Who vouches for it too. */
  canaryToo?: SigningIdentity
  request?: (request: DecryptionRequest) => DecryptionRequest
  approvers?: (approvers: SigningIdentity[]) => SigningIdentity[]
  answer?: (answer: HolderAnswer) => HolderAnswer
  result?: (result: DecryptionResult) => DecryptionResult
  approval?: (approval: EpochApproval) => EpochApproval
  redeal?: (redeal: Redeal) => Redeal
  nextAcknowledgement?: (acknowledgement: Acknowledgement) => Acknowledgement
  live?: (live: EpochLive) => EpochLive
}

type Put = (bytes: Uint8Array) => string
type Run = {
  header: Header
  ceremony: SigningIdentity
  alter: EpochAlterations
  signer: SignerOf
  put: Put
}
type Key = { keyId: string; epochId: string }

/** A request, its answers by all of `holders`, and the result. */
export function sampleDecryption(
  { header, alter, signer, put }: Run,
  { id, what, canary = false }: { id: string; what: string; canary?: boolean },
  { keyId, epochId }: Key,
  holders: readonly Person[],
): Predicate['decryptions'][number] {
  const { domain } = header
  const { approvers, requester, evaluator, combiner } = samplePeople(domain)
  const digest = sha256Hex(utf8(`ciphertext ${id}`))
  const type = canary ? 'u256' : 'u8'
  const batch = { count: 1, digest: digestOfBatch([digest]) }
  const said = { domain, keyId, mode: 'S', type, program: 'sum 1.0', time: sampleTime(40) } as const
  const input = { digest: sha256Hex(utf8('input')), admitted: 'proof', by: 'polling station 7' } as const
  const soundProvenance: Provenance = alter.batches
    ? { v: 2, ...said, batch, inputs: [{ ...input, count: 3 }] }
    : { v: 1, ...said, ciphertexts: [digest], inputs: [input] }
  const voucher = (canary ? alter.canaryBy : undefined) ?? evaluator.identity
  const vouchers = canary && alter.canaryToo ? [voucher, alter.canaryToo] : [voucher]
  const provenance = alter.provenance?.(soundProvenance) ?? soundProvenance
  const vouched = { type, provenance: provenanceCodec.payload.digest(provenance) }
  const soundRequest: DecryptionRequest = {
    ...(alter.batches
      ? { v: 2, batches: [{ ...vouched, ...batch }] }
      : { v: 1, ciphertexts: [{ ...vouched, digest }] }),
    kind: 'decryption-request',
    domain,
    requestId: sha256Hex(utf8(`request ${id}`)).slice(0, 32),
    keyId,
    epochId,
    mode: 'S',
    what,
    purpose: 'the count',
    requester: 'Rex',
    combiner: combiner.recipient,
    expiry: sampleTime(59),
    budget: canary ? 64 : 2,
    nonce: '99'.repeat(16),
  }
  const request = alter.request?.(soundRequest) ?? soundRequest
  const signers = canary ? [] : approvers.map(({ identity }) => identity)
  const given = {
    request: {
      payload: request,
      signatures: [decryptionRequestCodec.sign(requester.identity, request, domain)],
    },
    approvals: (alter.approvers?.(signers) ?? signers).map((identity) =>
      decryptionApprovalCodec.sign(identity, request, domain),
    ),
    provenance: [
      {
        payload: provenance,
        signatures: vouchers.map((one) => provenanceCodec.sign(one, provenance, domain)),
      },
    ],
    ...(alter.batches ? { batches: [[digest]] } : {}),
  }
  const asked = decryptionRequestCodec.payload.digest(request)
  const digests: string[] = []
  const answers = holders.map(({ identity, card }, at) => {
    const sound: HolderAnswer = {
      v: 1,
      kind: 'holder-answer',
      domain,
      request: asked,
      keyId,
      epochId,
      holder: at + 1,
      name: card.name,
      decision: 'approved',
      reason: '',
      sealed: sha256Hex(utf8(`answer ${id} ${at}`)),
      spent: canary ? 0 : 2,
      left: { at64: 0, at128: 98 },
      time: sampleTime(50),
    }
    const payload = alter.answer?.(sound) ?? sound
    digests.push(holderAnswerCodec.payload.digest(payload))
    const signatures = [holderAnswerCodec.sign(signer('answer', identity), payload, domain)]
    const document = put(holderAnswerCodec.file.encode({ payload, signatures }))
    return { holder: at + 1, name: card.name, document }
  })
  const soundResult: DecryptionResult = {
    v: 1,
    kind: 'decryption-result',
    domain,
    request: asked,
    answers: digests,
    outcome: 'combined',
    verified: 1,
    cheaters: [],
    commitment: sha256Hex(utf8('value')),
    time: sampleTime(55),
  }
  const payload = alter.result?.(soundResult) ?? soundResult
  const signatures = [decryptionResultCodec.sign(signer('result', requester.identity), payload, domain)]
  return {
    id,
    package: put(requestPackageCodec.encode(given)),
    answers,
    result: put(decryptionResultCodec.file.encode({ payload, signatures })),
  }
}

export type SampleNext = { epoch: NonNullable<Predicate['next']>; live: Signed<EpochLive> }

/** The next epoch of the sample's key: corrections of random words, everything about them true. */
export function sampleNext(
  { header, ceremony, alter, signer, put }: Run,
  fhe: BundleFhe,
  oldPublic: Uint8Array,
  { dealers, holders }: { dealers: readonly Person[]; holders: readonly Person[] },
): SampleNext {
  const { domain, ceremonyId, planHash } = header
  const { t, n } = sampleReshare
  const entropy = entropyOf('reshare')
  const run = { domain, ceremonyId, planHash, keyId: fhe.keyId, oldEpochId: fhe.epochId }
  const roster = holders.map(({ card }, at) => ({
    index: at + 1,
    name: card.name,
    card: cardCodec.digest(card),
  }))
  const corrections = dealers.map((_, at) =>
    encodeCorrection({
      header: {
        domain,
        keyId: fromHex(fhe.keyId),
        epochId: fromHex(fhe.epochId),
        planHash: fromHex(planHash),
        dealer: at + 1,
        t,
        n,
      },
      corr64: entropy.bytes(16_384),
      corr128: new Uint8Array(),
      commitments: [entropy.bytes(32), entropy.bytes(32), entropy.bytes(32)],
    }),
  )
  const numbers = dealers.map((_, at) => at + 1)
  const plan = fromHex(planHash)
  const next = nextPublic({
    pub: oldPublic,
    corrections,
    dealers: numbers,
    to: { t, n },
    planHash: plan,
    roster,
  })
  if (!next.ok) throw new Error(next.detail)
  const epochId = toHex(next.value.epochId)
  const envelopes = dealers.map((_, q) => holders.map((__, i) => sha256Hex(utf8(`dealt ${q} ${i}`))))
  const redeals = dealers.map(({ identity, card }, at) => {
    const correction = corrections[at]!
    const sound: Redeal = {
      v: 1,
      kind: 'redeal',
      ...run,
      t,
      n,
      dealer: at + 1,
      name: card.name,
      correction: sha256Hex(correction),
      commitments: sha256Hex(correction.slice(-96)),
      envelopes: envelopes[at]!,
    }
    const payload = alter.redeal?.(sound) ?? sound
    const signatures = [redealCodec.sign(signer('redeal', identity), payload, domain)]
    const document = put(redealCodec.file.encode({ payload, signatures }))
    return { dealer: at + 1, name: card.name, document, correction: put(correction) }
  })
  const approvals = dealers.map(({ identity, card }, at) => {
    const sound: EpochApproval = {
      v: 1,
      kind: 'epoch-approval',
      ...run,
      epoch: 1,
      t,
      n,
      roster: sha256Hex(encodeCanonical(roster)),
      dealerMask: 3,
      holder: at + 1,
      name: card.name,
      left: { at64: 0, at128: 98 },
    }
    const payload = alter.approval?.(sound) ?? sound
    const signatures = [epochApprovalCodec.sign(signer('epoch-approval', identity), payload, domain)]
    return put(epochApprovalCodec.file.encode({ payload, signatures }))
  })
  const proofs: string[] = []
  const proved = roster.map((holder, at) => {
    const sound: Acknowledgement = {
      v: 1,
      kind: 'acknowledgement',
      domain,
      ceremonyId,
      keyId: fhe.keyId,
      epochId,
      holder: holder.index,
      name: holder.name,
      shareDigest: sha256Hex(utf8(`next share ${at}`)),
      envelopeDigest: envelopesDigest(envelopes.map((of) => of[at]!)),
    }
    const payload = alter.nextAcknowledgement?.(sound) ?? sound
    proofs.push(acknowledgementCodec.payload.digest(payload))
    const signatures = [acknowledgementCodec.sign(signer('proof', holders[at]!.identity), payload, domain)]
    return { ...holder, acknowledgement: put(acknowledgementCodec.file.encode({ payload, signatures })) }
  })
  const soundLive: EpochLive = {
    v: 1,
    kind: 'epoch-live',
    ...run,
    epochId,
    epoch: 1,
    t,
    n,
    acknowledgements: proofs,
    time: sampleTime(57),
  }
  const payload = alter.live?.(soundLive) ?? soundLive
  const live = {
    payload,
    signatures: [epochLiveCodec.sign(signer('live', ceremony), payload, domain)],
  }
  const epoch = {
    epochId,
    epoch: 1,
    t,
    n,
    public: put(next.value.pub),
    approvals,
    redeals,
    holders: proved,
    live: put(epochLiveCodec.file.encode(live)),
  }
  return { epoch, live }
}
