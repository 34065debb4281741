import { fromHex, verifyConsistency } from '@lux/crypto'
import { accept, type Outcome, refuse } from '../documents/format/outcome.ts'
import type { Checkpoint } from './checkpoint.ts'
import { appendEntry, type Head, headOf, openTranscript } from './fold.ts'
import type { Entry, Header } from './schema.ts'

/** What a witness's device keeps of each ceremony: the head that it cosigned last. */
export type WitnessMemory = { readonly ceremonyId: string; readonly head: Head }

/** The whole transcript up to the checkpoint, and a proof from the remembered root (hex hashes). */
export type CosignEvidence = {
  readonly header: Header
  readonly entries: readonly Entry[]
  readonly proof: readonly string[]
}

/**
 * Whether a witness may cosign: the transcript folds to the checkpoint's head, passes through the remembered one,
 * and the RFC 9162 proof agrees. Gives the entries that are new, for the device to render from. Refuses
 * COSIGN-CEREMONY, COSIGN-ROLLBACK, COSIGN-FORK, CHAIN-SEQ or COSIGN-HEAD.
 */
export function checkCosign(
  checkpoint: Checkpoint,
  { header, entries, proof }: CosignEvidence,
  memory: WitnessMemory | null,
): Outcome<readonly Entry[]> {
  if (checkpoint.ceremonyId !== header.ceremonyId || (memory && memory.ceremonyId !== header.ceremonyId)) {
    return refuse('COSIGN-CEREMONY', 'checkpoint, transcript and memory are not of one ceremony')
  }
  if (checkpoint.planHash !== header.planHash) return refuse('COSIGN-CEREMONY', 'the plan is another')
  const from = memory === null ? 0 : Number(memory.head.size)
  if (Number(checkpoint.size) < from) {
    return refuse('COSIGN-ROLLBACK', `${checkpoint.size} entries, ${from} were cosigned before`)
  }
  let transcript = openTranscript(header)
  for (const entry of entries) {
    if (memory && transcript.size === from && !sameHead(headOf(transcript), memory.head)) return forked(from)
    const appended = appendEntry(transcript, entry)
    if (!appended.ok) return appended
    transcript = appended.value
  }
  const head = headOf(transcript)
  if (memory && transcript.size === from && !sameHead(head, memory.head)) return forked(from)
  if (!sameHead(head, checkpoint)) return refuse('COSIGN-HEAD', 'the entries do not lead to this checkpoint')
  if (memory && from > 0 && !consistent(memory.head, head, proof)) return forked(from)
  return accept(entries.slice(from))
}

function forked(size: number): Outcome<never> {
  return refuse('COSIGN-FORK', `the history up to entry ${size} is not the one cosigned before`)
}

function sameHead(a: Head, b: Head): boolean {
  return a.size === b.size && a.node === b.node && a.root === b.root
}

function consistent(first: Head, second: Head, proof: readonly string[]): boolean {
  return verifyConsistency({
    first: Number(first.size),
    second: Number(second.size),
    firstRoot: fromHex(first.root, 32),
    secondRoot: fromHex(second.root, 32),
    proof: proof.map((hash) => fromHex(hash, 32)),
  })
}
