import { type Json, type SigningIdentity, sha256Hex, utf8 } from '@lux/crypto'
import { epochLiveCodec } from '../../src/documents/threshold/epoch.ts'
import type { BundleFhe, Predicate } from '../../src/exports/bundle.ts'
import type { FullEntry } from '../../src/exports/transcript.ts'
import type { SampleNext } from './sample-epochs.ts'
import { sampleEvidence } from './sample-keys.ts'

/** What the transcript says of a step: the entry that it was performed. */
export type RecordedStep = Pick<FullEntry, 'stepId' | 'fact'>

type Made = Pick<Predicate, 'wrapTree' | 'possession' | 'transports' | 'replicas' | 'fhe'> & {
  next: SampleNext | null
}

type Performed = (stepId: string, effect: string, result: Json) => void

/** Every probe, key, proof and dealing of the sample, as the engine would have written it, up to the closing inventory. */
export function sampleRecorded(
  { wrapTree, possession, transports, replicas = [], fhe, next }: Made,
  {
    ceremony,
    serials,
    trusted,
    spare,
    crs,
    attested,
  }: {
    ceremony: SigningIdentity
    serials: readonly string[]
    trusted: readonly string[]
    spare: boolean
    crs: number | null
    attested: boolean
  },
): RecordedStep[] {
  const steps: RecordedStep[] = []
  const performed: Performed = (stepId, effect, result) => {
    steps.push({ stepId, fact: { attempt: 1, effect, again: false, result } })
  }
  probed(performed, 'probe', 'a1b2c3d4')
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
      const spared = spare ? { spares: [sampleSpare] } : {}
      const all = spare ? [...trusted, sampleSpare.publicKey] : [...trusted]
      if (spare) probed(performed, 'probe-spare', 'b2c3d4e5')
      performed('make-root', 'generate-root', {
        evidence,
        mechanism: 'KWP-RFC5649',
        blobs,
        trusted: all,
        ...spared,
      })
    } else {
      const made = { evidence, mechanism, wrapped: blob }
      performed(`make-${id}`, 'generate-key', publicKey === null ? made : { ...made, publicKey })
    }
  }
  for (const { id, mechanism, digest } of possession)
    performed(`prove-${id}`, 'prove-possession', { mechanism, digest })
  // Their facts name the head before them, so they are made with the entries.
  for (const stepId of attested ? attestSteps : []) performed(stepId, 'attest', null)
  if (replicas.length > 0 && !spare) probed(performed, 'probe-spare', 'b2c3d4e5')
  for (const { id, serial, way, mechanism, digest } of replicas) {
    const said = { serial, way, procedure: [], evidence: evidenceOf(id, 'root'), mechanism, digest }
    performed(`clone-${id}`, 'prove-replica', { ...said, objects: [], unreadable: 0 })
  }
  if (fhe !== null) dealt(performed, fhe, crs)
  if (next !== null) moved(performed, next)
  performed('seal', 'inventory', { serial: 'a1b2c3d4', objects: [], unreadable: 0, digest: '5e'.repeat(32) })
  return steps
}

/** What the window of a sample says of its spare. */
export const sampleSpare = {
  token: 'spare',
  serial: 'b2c3d4e5',
  transport: '7a'.repeat(16),
  publicKey: '7b'.repeat(32),
  wrapped: '7c'.repeat(32),
}

export const attestSteps: readonly string[] = ['attest-ceremony', 'attest-root']

function probed(performed: Performed, stepId: string, serial: string): void {
  const found = { passed: true, attacks: [], wrapMechanism: 'KWP-RFC5649', level: 'E1' }
  performed(stepId, 'probe-token', { serial, ...found })
}

const file = (sha256: string | null) => sha256 && { sha256, size: 1 }

function dealt(performed: Performed, fhe: BundleFhe, crs: number | null): void {
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
}

function moved(performed: Performed, next: SampleNext): void {
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
}

function evidenceOf(id: string, level: Parameters<typeof sampleEvidence>[1]): Json {
  const { ckaId, label, evidence, attributes } = sampleEvidence(id, level)
  return { ckaId, label, level: evidence, attributes }
}
