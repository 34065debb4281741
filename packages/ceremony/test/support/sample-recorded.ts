import { type Json, type SigningIdentity, sha256Hex, utf8 } from '@lux/crypto'
import type { Predicate } from '../../src/bundle/index.ts'
import type { FullEntry } from '../../src/transcript/index.ts'
import { epochLiveCodec } from '../../src/wire/epoch.ts'
import type { SampleNext } from './sample-epochs.ts'
import { sampleEvidence } from './sample-keys.ts'

/** What the transcript says of a step: the entry that it was performed. */
export type RecordedStep = Pick<FullEntry, 'stepId' | 'fact'>

type Made = Pick<Predicate, 'wrapTree' | 'possession' | 'transports' | 'replicas' | 'fhe'> & {
  next: SampleNext | null
}

/** Every probe, key, proof and dealing of the sample, as the engine would have written it. */
export function sampleRecorded(
  { wrapTree, possession, transports, replicas = [], fhe, next }: Made,
  { ceremony, serials, crs }: { ceremony: SigningIdentity; serials: readonly string[]; crs: number | null },
): RecordedStep[] {
  const steps: RecordedStep[] = []
  const performed = (stepId: string, effect: string, result: Json) => {
    steps.push({ stepId, fact: { attempt: 1, effect, again: false, result } })
  }
  for (const [id, serial] of [
    ['probe', 'a1b2c3d4'],
    ['probe-spare', 'b2c3d4e5'],
  ] as const)
    if (id === 'probe' || replicas.length > 0)
      performed(id, 'probe-token', {
        serial,
        passed: true,
        attacks: [],
        wrapMechanism: 'CKM_AES_KEY_WRAP_PAD',
        level: 'E1',
      })
  const ceremonyKey = {
    keys: { ...ceremony.keys },
    evidence: evidenceOf('ceremony', 'ceremony'),
    mlDsaSealed: '5e'.repeat(32),
  }
  performed('make-ceremony-key', 'make-ceremony-key', ceremonyKey)
  for (const { id, level, blob, mechanism, publicKey } of wrapTree) {
    const evidence = evidenceOf(id, level)
    if (level === 'root') {
      const blobs = transports.flatMap(({ roots }, index) =>
        roots.map(({ sealed, wrapped }) => ({ serial: serials[index] ?? '', wrapped, sealed })),
      )
      performed('make-root', 'generate-root', {
        evidence,
        mechanism: 'CKM_AES_KEY_WRAP_PAD',
        blobs,
        trusted: [],
      })
    } else {
      const made = { evidence, mechanism, wrapped: blob }
      performed(`make-${id}`, 'generate-key', publicKey === null ? made : { ...made, publicKey })
    }
  }
  for (const { id, mechanism, digest } of possession)
    performed(`prove-${id}`, 'prove-possession', { mechanism, digest })
  for (const { id, serial, way, mechanism, digest } of replicas) {
    const said = { serial, way, procedure: [], evidence: evidenceOf(id, 'root'), mechanism, digest }
    performed(`clone-${id}`, 'prove-replica', { ...said, objects: [], unreadable: 0 })
  }
  if (fhe === null) return steps
  const file = (sha256: string | null) => sha256 && { sha256, size: 1 }
  performed('deal', 'fhe-deal', {
    keyId: fhe.keyId,
    epochId: fhe.epochId,
    public: file(fhe.public),
    publicKey: file(fhe.compactPublicKey),
    serverKey: file(fhe.serverKey),
    ...(fhe.crs === undefined ? {} : { crs: { sha256: fhe.crs, size: crs } }),
    shares: fhe.holders.map(({ index, name, envelope }) => ({
      holder: name,
      index,
      shareDigest: sha256Hex(utf8(`share ${index - 1}`)),
      envelopeDigest: envelope,
    })),
  })
  if (next === null) return steps
  const { epochId, epoch, redeals } = next.epoch
  performed('assemble', 'assemble-epoch', {
    epochId,
    epoch,
    public: file(next.epoch.public),
    commitments: '5e'.repeat(32),
    corrections: redeals.map(({ correction }) => correction),
  })
  const { payload, signatures } = next.live
  performed('live', 'sign-epoch-live', {
    digest: epochLiveCodec.payload.digest(payload),
    signature: { ...signatures[0] },
  })
  return steps
}

function evidenceOf(id: string, level: Parameters<typeof sampleEvidence>[1]): Json {
  const { ckaId, label, evidence, attributes } = sampleEvidence(id, level)
  return { ckaId, label, level: evidence, attributes }
}
