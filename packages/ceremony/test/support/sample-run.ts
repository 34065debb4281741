import type { Entropy } from '@lux/crypto'
import { type SigningIdentity, toHex } from '@lux/crypto'
import type { Predicate } from '../../src/exports/bundle.ts'
import {
  type ExceptionDecisionDocument,
  exceptionCodec,
  type OpeningCertificate,
  openingCodec,
} from '../../src/exports/documents.ts'
import {
  type Checkpoint,
  checkpointCodec,
  type FullEntry,
  type Head,
  type Header,
  Transcript,
} from '../../src/exports/transcript.ts'
import type { SampleAttestations } from './sample-attestation.ts'
import { type Alterations, sampleTime } from './sample-options.ts'
import { attestSteps, type RecordedStep } from './sample-recorded.ts'

type Put = (bytes: Uint8Array) => string

const kinds = new Map([
  [0, 'run.started'],
  [3, 'checkpoint.made'],
  [4, 'exception.opened'],
  [5, 'exception.proposed'],
  [6, 'exception.decided'],
  [8, 'checkpoint.made'],
])
const steps = new Map([
  [3, 'open-run'],
  [8, 'make-root'],
])

/** Twelve entries, two live checkpoints and an exception that officers decided between them; then what was recorded of steps. */
export function sampleEntries(
  header: Header,
  entropy: Entropy,
  officers: readonly SigningIdentity[],
  alter: Alterations,
  attestations: SampleAttestations | null,
  recorded: readonly RecordedStep[],
): { entries: FullEntry[]; transcript: Transcript; decision: Uint8Array; decisionHead: Head } {
  const growing = new Transcript(header)
  const plain: FullEntry[] = []
  let document: ExceptionDecisionDocument | null = null
  for (let index = 0; index < 12 + recorded.length; index++) {
    const head = growing.headAt(index)
    if (index === 5) {
      const sound: ExceptionDecisionDocument = {
        v: 1,
        kind: 'exception-decision',
        domain: header.domain,
        ceremonyId: header.ceremonyId,
        planHash: header.planHash,
        exception: 1,
        stepId: 'make-root',
        attempt: 1,
        about: 'reported',
        expected: 'silence',
        happened: 'a phone rang',
        decided: 'continue',
        by: 'Ada',
        reason: 'the phone was taken out',
        head,
      }
      document = alter.exception?.(sound) ?? sound
    }
    const said = recorded[index - 12]
    const entry: FullEntry = {
      seq: String(index),
      time: sampleTime(index),
      stepId: said?.stepId ?? steps.get(index) ?? (index >= 4 && index <= 6 ? 'make-root' : `step-${index}`),
      kind: kinds.get(index) ?? 'step.performed',
      salt: toHex(entropy.bytes(16)),
      fact:
        document !== null && index === 6
          ? { id: 1, document: exceptionCodec.payload.digest(document) }
          : attestations !== null && said !== undefined && attestSteps.includes(said.stepId)
            ? attestations.attest(said.stepId, head)
            : (said?.fact ?? {
                attempt: 1,
                effect: 'inventory',
                note: `fact ${index}`,
                list: [index, true, null],
              }),
    }
    growing.append(entry)
    plain.push(entry)
  }
  const entries = alter.entries?.(plain) ?? plain
  const transcript = new Transcript(header)
  for (const entry of entries) transcript.append(entry)
  const signers = alter.exceptionSigners?.([...officers]) ?? officers
  const payload = document!
  const signatures = signers.map((identity) => exceptionCodec.sign(identity, payload, header.domain))
  const decision = exceptionCodec.file.encode({ payload, signatures })
  return { entries, transcript, decision, decisionHead: payload.head }
}

/** Three checkpoints, all cosigned: the first two because the plan wants them live. */
export function sampleCheckpoints(
  { header, transcript }: { header: Header; transcript: Transcript },
  opening: OpeningCertificate,
  { ceremony, witnesses }: { ceremony: SigningIdentity; witnesses: SigningIdentity[] },
  alter: Alterations,
  put: Put,
): Predicate['checkpoints'] {
  const checkpoints: Predicate['checkpoints'] = []
  let previous: string | null = null
  for (const [index, size] of [3, 8, transcript.size].entries()) {
    const plain: Checkpoint = {
      ceremonyId: header.ceremonyId,
      ...transcript.headAt(size),
      planHash: opening.planHash,
      opening: openingCodec.payload.digest(opening),
      previous,
      time: sampleTime(30 + index),
    }
    const checkpoint = alter.checkpoint?.(plain, index) ?? plain
    const cosigners =
      index === 2
        ? (alter.cosigners?.(witnesses) ?? witnesses)
        : (alter.liveCosigners?.(witnesses, index) ?? witnesses)
    const signatures = [ceremony, ...cosigners].map((identity) =>
      checkpointCodec.sign(identity, checkpoint, header.domain),
    )
    previous = checkpointCodec.payload.digest(checkpoint)
    checkpoints.push({
      size: String(size),
      blob: put(checkpointCodec.file.encode({ payload: checkpoint, signatures })),
    })
  }
  return checkpoints
}
