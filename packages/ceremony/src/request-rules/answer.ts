import { sha256Hex } from '@lux/crypto'
import type { Signed } from '../documents/format/document.ts'
import type { Domain } from '../documents/format/fields.ts'
import { accept, type Outcome, refuse } from '../documents/format/outcome.ts'
import type { SignerGroup } from '../documents/format/signatures.ts'
import type { DecryptionRequest } from '../documents/threshold/decryption-request.ts'
import { type HolderAnswer, holderAnswerCodec } from '../documents/threshold/holder-answer.ts'

/** What whoever takes an answer knows of the request itself. */
export type AskedOfHolders = {
  readonly domain: Domain
  /** Request digest. */
  readonly digest: string
  readonly request: Pick<DecryptionRequest, 'keyId' | 'epochId' | 'expiry' | 'budget'>
  /** Of the request's epoch: holder i at i-1. */
  readonly holders: SignerGroup['members']
}

/** That an answer is to this very request. Refuses ANSWER-01. */
export function checkAnswerSubject(
  said: HolderAnswer,
  {
    domain,
    digest,
    request,
  }: Pick<AskedOfHolders, 'domain' | 'digest'> & {
    readonly request: Pick<DecryptionRequest, 'keyId' | 'epochId'>
  },
): Outcome<null> {
  const fits =
    said.domain === domain &&
    said.request === digest &&
    said.keyId === request.keyId &&
    said.epochId === request.epochId
  return fits ? accept(null) : refuse('ANSWER-01', `${said.name} answers another request or epoch`)
}

/** That a yes came in time. Refuses REQUEST-EXPIRED. */
export function checkAnswerTime(
  said: HolderAnswer,
  { expiry }: Pick<DecryptionRequest, 'expiry'>,
): Outcome<null> {
  return said.decision === 'approved' && said.time >= expiry
    ? refuse('REQUEST-EXPIRED', `answered at ${said.time}, the request expired at ${expiry}`)
    : accept(null)
}

/** That no answer spends more than was asked for. Refuses ANSWER-02. */
export function checkAnswerSpent(
  said: HolderAnswer,
  { budget }: Pick<DecryptionRequest, 'budget'>,
): Outcome<null> {
  return said.spent > budget
    ? refuse('ANSWER-02', `${said.name}: ${said.spent} blocks spent, ${budget} were asked for`)
    : accept(null)
}

/**
 * What can be said of an answer and of the file beside it without opening the file; `sealed` is null where there is none. Refuses
 * ANSWER-01, ANSWER-HOLDER, ANSWER-SIGNATURE, REQUEST-EXPIRED, ANSWER-02, ANSWER-SEAL.
 */
export function checkHolderAnswer(
  document: Signed<HolderAnswer>,
  sealed: Uint8Array | null,
  asked: AskedOfHolders,
): Outcome<null> {
  const { payload: said } = document
  const subject = checkAnswerSubject(said, asked)
  if (!subject.ok) return subject
  const member = asked.holders[said.holder - 1]
  if (member?.name !== said.name)
    return refuse('ANSWER-HOLDER', `${said.name} is not holder ${said.holder} of this epoch`)
  const signed = holderAnswerCodec.verify(document, asked.domain, [
    { role: 'holder', members: [member], quorum: 1 },
  ])
  if (!signed.ok) return refuse('ANSWER-SIGNATURE', signed.detail)
  const inTime = checkAnswerTime(said, asked.request)
  if (!inTime.ok) return inTime
  const spent = checkAnswerSpent(said, asked.request)
  if (!spent.ok) return spent
  return (sealed === null ? null : sha256Hex(sealed)) === said.sealed
    ? accept(null)
    : refuse('ANSWER-SEAL', `the file is not the one that ${said.name} signed`)
}
