import { type HolderAnswer, holderAnswerCodec, type RequestPackage, requestDigest } from '@lux/ceremony/wire'
import { toHex } from '@lux/crypto'
import type { ShareEnvelope } from '@lux/crypto/fhe'
import type { HolderState } from './holder-state.ts'
import { writeNew } from './shell/files.ts'
import type { PersonKey } from './shell/key-file.ts'
import type { Outcome } from './shell/output.ts'

/** What a yes and a no have in common. */
export function answerOf(given: RequestPackage, { name, share: { header } }: ShareEnvelope, time: string) {
  return {
    v: 1,
    kind: 'holder-answer',
    domain: header.domain,
    request: requestDigest(given.request.payload),
    keyId: toHex(header.keyId),
    epochId: toHex(header.epochId),
    holder: header.holder,
    name,
    time,
  } as const
}

/** Blocks that a share may still answer, by width. */
export function blocksLeft({ share: { budgets } }: ShareEnvelope, spent: HolderState['spent']) {
  return {
    at64: Math.max(0, budgets.at64 - spent.at64),
    at128: Math.max(0, budgets.at128 - spent.at128),
  }
}

/** Signs the answer and writes it. */
export function writtenAnswer(out: string, answer: HolderAnswer, key: PersonKey, more: object): Outcome {
  const signature = holderAnswerCodec.sign(key.identity, answer, answer.domain)
  writeNew(out, holderAnswerCodec.file.encode({ payload: answer, signatures: [signature] }))
  const text = [
    `${answer.name}, holder ${answer.holder}: ${answer.decision}  ${out}`,
    ...('sealed' in more ? [`sealed to the combiner: ${String(more.sealed)}`] : []),
    `left    ${answer.left.at128} squashed blocks, ${answer.left.at64} fresh ones, over the share’s whole life`,
  ]
  return { exit: 0, json: { ok: true, answer: out, ...answer, ...more }, text: text.join('\n') }
}
