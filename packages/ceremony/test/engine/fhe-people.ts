import { encodeCanonical, sha256Hex, utf8 } from '@lux/crypto'
import {
  type CustodianAcknowledgement,
  custodianAcknowledgementCodec,
} from '../../src/documents/backup/custodian-acknowledgement.ts'
import {
  type CustodianStatement,
  custodianStatementCodec,
} from '../../src/documents/backup/custodian-statement.ts'
import { envelopesDigest } from '../../src/documents/threshold/acknowledgement.ts'
import {
  type DecryptionRequest,
  decryptionRequestCodec,
  type RequestPackage,
} from '../../src/documents/threshold/decryption-request.ts'
import { type Heartbeat, heartbeatCodec } from '../../src/documents/threshold/heartbeat.ts'
import { type Provenance, provenanceCodec } from '../../src/documents/threshold/provenance.ts'
import type { Authorities, Command, Domain, Needs } from '../../src/exports/engine.ts'
import { nextRoster } from '../../src/steps/resharing/queries.ts'
import type { FakeCore } from './fake-core.ts'
import { sign, someone } from './seats.ts'

const hash = (text: string) => sha256Hex(utf8(text))

const combiner = `age1pq1${'z'.repeat(60)}`

/** When requests are taken and answered here, a day before they expire. */
export const requestTime = '2026-01-31T12:00:00.000Z'

export const requestExpiry = '2026-02-01T12:00:00.000Z'

export function someAuthorities(domain: Domain): Authorities {
  const keys = (role: string) => [someone(role, role, domain).identity.keys]
  return {
    requesters: keys('requester'),
    combiners: [combiner],
    evaluators: keys('evaluator'),
    encryptors: keys('encryptor'),
  }
}

/** What a custodian signs who has opened and checked the share. */
export function custodianFor(
  core: FakeCore,
  name: string,
  change: Partial<CustodianAcknowledgement> = {},
): Uint8Array {
  const [backup] = core.state.backups
  const dealt = backup?.shares.find((share) => share.name === name)
  return custodianAcknowledgementCodec.payload.encode({
    v: 1,
    kind: 'custodian-acknowledgement',
    domain: core.domain,
    ceremonyId: core.state.ceremonyId,
    key: backup?.key ?? 'none',
    set: backup?.set ?? '00'.repeat(16),
    index: dealt?.index ?? 1,
    name,
    share: dealt?.share ?? hash('no share'),
    envelope: dealt?.envelope ?? hash('no envelope'),
    ...change,
  })
}

/** What a custodian signs who has typed the words of the sheet for a check. */
export function statementFor(
  core: FakeCore,
  name: string,
  change: Partial<CustodianStatement> = {},
): Uint8Array {
  const at = core.plan.recovery?.custodians.indexOf(name) ?? -1
  const backup = core.state.recovery?.backup
  return custodianStatementCodec.payload.encode({
    v: 1,
    kind: 'custodian-statement',
    domain: core.domain,
    ceremonyId: core.state.ceremonyId,
    use: core.plan.recovery?.use ?? 'check',
    key: backup?.key ?? 'none',
    set: backup?.set ?? '00'.repeat(16),
    index: at + 1 || 1,
    name,
    share: backup?.shares[at] ?? hash('no share'),
    envelope: (core.plan.recovery?.use ?? 'check') === 'check' ? null : hash(`given by ${name}`),
    time: requestTime,
    ...change,
  })
}

type Listed<T> = Extract<T, { v: 1 }>

/** A package as a requester and an encryptor would make it, for the epoch at which the run stands. */
export function requestFor(
  core: FakeCore,
  id: string,
  change: { request?: Partial<Listed<DecryptionRequest>>; provenance?: Partial<Listed<Provenance>> } = {},
): RequestPackage {
  const { state, domain } = core
  const planned = state.plan.decryptions?.find((one) => one.id === id)
  const epoch = planned?.canary ? state.reshare?.next : state.epoch
  const type = planned?.canary ? 'u256' : 'u8'
  const provenance: Provenance = {
    v: 1,
    domain,
    keyId: epoch?.keyId ?? hash('nothing'),
    mode: 'F',
    type,
    ciphertexts: [hash(`ciphertext ${id}`)],
    program: 'test 1.0',
    inputs: [{ digest: hash('input'), admitted: 'client-key', by: 'encryptor' }],
    time: requestTime,
    ...change.provenance,
  }
  const request: DecryptionRequest = {
    v: 1,
    kind: 'decryption-request',
    domain,
    requestId: hash(`request ${id}`).slice(0, 32),
    keyId: epoch?.keyId ?? hash('nothing'),
    epochId: epoch?.epochId ?? hash('nothing'),
    mode: 'F',
    ciphertexts: [
      {
        digest: hash(`ciphertext ${id}`),
        type,
        provenance: provenanceCodec.payload.digest(provenance),
      },
    ],
    what: planned?.what ?? '',
    purpose: 'a test',
    requester: 'requester',
    combiner,
    expiry: requestExpiry,
    budget: planned?.canary ? 128 : 4,
    nonce: '77'.repeat(16),
    ...change.request,
  }
  const by = (role: string) => someone(role, role, domain).identity
  return {
    request: {
      payload: request,
      signatures: [
        sign(by('requester'), 'decryption-request', domain, decryptionRequestCodec.signedBytes(request)),
      ],
    },
    approvals: [],
    provenance: [
      { payload: provenance, signatures: [provenanceCodec.sign(by('encryptor'), provenance, domain)] },
    ],
  }
}

type Asked = Extract<Needs, { kind: 'answers' | 'result' | 'epoch-approvals' | 'redeals' }>

type Submit = Extract<Command, { type: 'submit' }>

/** Blocks of a holder who answered nothing yet: enough for a next epoch, whose canary costs 65536. */
export const full = 400_000

/** What the next person who is missing would send. */
export function answerFor(core: FakeCore, needs: Asked, change: Record<string, unknown> = {}): Submit {
  const name = 'missing' in needs ? (needs.missing[0] ?? '') : 'requester'
  const what = {
    answers: 'holder-answer',
    result: 'decryption-result',
    'epoch-approvals': 'epoch-approval',
    redeals: 'redeal',
  }[needs.kind] as Submit['what']
  const payload = encodeCanonical({ ...payloadFor(core, needs, name), ...change } as never)
  const role = needs.kind === 'result' ? 'requester' : 'holder'
  const { identity } = someone(role, name, core.domain)
  return { type: 'submit', what, payload, signature: sign(identity, what, core.domain, payload) }
}

function payloadFor(core: FakeCore, needs: Asked, name: string): object {
  const { state, domain } = core
  const { ceremonyId, planHash, reshare, plan } = state
  const { t = 0, n = 0 } = plan.reshare ?? {}
  const old = reshare?.old ?? state.epoch
  const run = { v: 1, domain, ceremonyId, planHash, keyId: old?.keyId, oldEpochId: old?.epochId, t, n }
  const number = (old?.holders ?? []).indexOf(name) + 1
  const budgets = state.budgets.find((one) => one.epochId === old?.epochId && one.name === name)
  const left = budgets?.left ?? { at64: full, at128: 0 }
  switch (needs.kind) {
    case 'answers': {
      const decryption = state.decryptions.find(({ id }) => id === needs.decryption)
      const canary = plan.decryptions?.find(({ id }) => id === needs.decryption)?.canary === true
      const { epoch } = decryption!
      const known = state.budgets.find((one) => one.epochId === epoch?.epochId && one.name === name)
      const before = known?.left.at64 ?? full
      return {
        v: 1,
        kind: 'holder-answer',
        domain,
        request: decryption?.digest,
        keyId: epoch?.keyId,
        epochId: epoch?.epochId,
        holder: (epoch?.holders ?? []).indexOf(name) + 1,
        name,
        decision: 'approved',
        reason: '',
        sealed: hash(`${needs.decryption} ${name}`),
        spent: canary ? 0 : 4,
        left: { at64: canary ? before : before - 4, at128: 0 },
        time: requestTime,
      }
    }
    case 'result': {
      const decryption = state.decryptions.find(({ id }) => id === needs.decryption)
      const given = decryption!.answers.filter(({ decision }) => decision === 'approved')
      return {
        v: 1,
        kind: 'decryption-result',
        domain,
        request: decryption?.digest,
        answers: given.toSorted((a, b) => a.holder - b.holder).map(({ digest }) => digest),
        outcome: 'combined',
        verified: 1,
        cheaters: [],
        commitment: hash('value'),
        time: requestTime,
      }
    }
    case 'epoch-approvals':
      return {
        ...run,
        kind: 'epoch-approval',
        epoch: (old?.epoch ?? 0) + 1,
        roster: sha256Hex(encodeCanonical(nextRoster(state))),
        dealerMask: (plan.reshare?.dealers ?? []).reduce(
          (mask, dealer) => mask | (1 << (old?.holders ?? []).indexOf(dealer)),
          0,
        ),
        holder: number,
        name,
        left,
      }
    case 'redeals':
      return {
        ...run,
        kind: 'redeal',
        dealer: number,
        name,
        correction: hash(`correction ${name}`),
        commitments: hash(`commitments ${name}`),
        envelopes: Array.from({ length: n }, (_, at) => hash(`envelope ${name} ${at}`)),
      }
  }
}

/** A new holder's proof of a share that came in one envelope of each dealer. */
export function nextAcknowledgement(core: FakeCore, name: string): Uint8Array {
  const { reshare, ceremonyId } = core.state
  const next = reshare!.next!
  const at = next.holders.indexOf(name)
  const dealers = reshare!.redealt.toSorted((a, b) => a.dealer - b.dealer)
  return encodeCanonical({
    v: 1,
    kind: 'acknowledgement',
    domain: core.domain,
    ceremonyId,
    keyId: next.keyId,
    epochId: next.epochId,
    holder: at + 1,
    name,
    shareDigest: hash(`next share ${name}`),
    envelopeDigest: envelopesDigest(dealers.map(({ envelopes }) => envelopes[at] ?? '')),
  })
}

/** What a holder signs over the challenge of the run. */
export function heartbeatFor(core: FakeCore, name: string, change: Partial<Heartbeat> = {}): Uint8Array {
  const { epoch, heartbeat, ceremonyId } = core.state
  return heartbeatCodec.signedBytes({
    v: 1,
    kind: 'heartbeat',
    domain: core.domain,
    ceremonyId,
    keyId: epoch?.keyId ?? hash('nothing'),
    epochId: epoch?.epochId ?? hash('nothing'),
    holder: (epoch?.holders ?? []).indexOf(name) + 1,
    name,
    challenge: heartbeat?.challenge ?? hash('nothing'),
    shareDigest: hash(`share of ${name}`),
    left: { at64: full, at128: full },
    time: requestTime,
    ...change,
  })
}
