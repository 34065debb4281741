import { encodeCanonical, type Json, utf8 } from '@lux/crypto'
import { exceptionCodec } from '../../src/documents/ceremony/exception.ts'
import { decryptionRequestCodec } from '../../src/documents/threshold/decryption-request.ts'
import { awaitedCheckpoint, type Needs, proposedDocument } from '../../src/exports/engine.ts'
import type { FakeCore } from './fake-core.ts'
import { nextAcknowledgement } from './fhe-people.ts'
import { someServer } from './seats.ts'

/** What people and servers sign in a run of the fake core. */
export function signedBytes(
  core: FakeCore,
  what: Extract<Needs, { kind: 'signatures' }>['what'],
): Uint8Array {
  const asked = core.state.decryptions.findLast(({ request }) => request !== null)?.request
  if (what === 'decryption-approval' && asked) return decryptionRequestCodec.signedBytes(asked)
  const proposed = proposedDocument(core.state)
  if (what === 'policy') return utf8('the next policy')
  if (what === 'exception' && proposed !== null) return exceptionCodec.signedBytes(proposed)
  return what === 'checkpoint'
    ? checkpointBytes(awaitedCheckpoint(core.state)?.size ?? 0)
    : utf8(`the ${what} of ${core.header.planHash}`)
}

export function acknowledgementOf(core: FakeCore, name: string): Uint8Array {
  const { fhe, ceremonyId, reshare } = core.state
  if (reshare?.next) return nextAcknowledgement(core, name)
  const share = fhe!.shares.find(({ holder }) => holder === name)!
  const { shareDigest, envelopeDigest, index } = share
  return encodeCanonical({
    v: 1,
    kind: 'acknowledgement',
    domain: core.domain,
    ceremonyId,
    keyId: fhe!.keyId,
    epochId: fhe!.epochId,
    holder: index,
    name,
    shareDigest,
    envelopeDigest,
  })
}

export function receiptOf(core: FakeCore, change: Record<string, Json> = {}): Uint8Array {
  const server = someServer(core.domain)
  const root = core.state.keys.find(({ level }) => level === 'root')
  const proof = core.state.proofs.find(({ key }) => key === root?.id)
  const roots =
    root === undefined
      ? []
      : [
          {
            key: root.id,
            rootId: root.rootId,
            node: server.node,
            serial: server.serial,
            ckaId: '44'.repeat(16),
            mechanism: proof!.mechanism,
            possession: proof!.digest,
            attributes: { EXTRACTABLE: false },
            transportKeyDestroyed: true,
          },
        ]
  const { revokes } = core.plan
  const replaced = core.plan.keys.flatMap((key) => key.replaces ?? [])
  return encodeCanonical({
    v: core.plan.v,
    kind: 'receipt',
    domain: core.domain,
    ceremonyId: core.state.ceremonyId,
    bundleDigest: core.state.bundle!.digest,
    audience: server.audience,
    sequence: '1',
    roots,
    ...(revokes === undefined ? {} : { revoked: revokes.map((one) => ({ ...one })) }),
    ...(replaced.length === 0 ? {} : { replaced: replaced.map((one) => ({ ...one })) }),
    policyVersion: 1,
    policyDigest: core.plan.policy,
    time: '2026-01-31T10:00:00.000Z',
    ...change,
  })
}

export function checkpointBytes(size: number): Uint8Array {
  return utf8(`checkpoint over ${size}`)
}
