import type { Policy } from '@lux/ceremony/policy'
import {
  canaryFault,
  checkDecryptionRequest,
  checkRequestCiphertexts,
  type HolderAnswer,
  provenanceCodec,
} from '@lux/ceremony/wire'
import { fromHex, sealTo, sha256Hex, toHex } from '@lux/crypto'
import { CANARY_PROGRAM, fheCanaryPartial } from '@lux/crypto/fhe'
import { CoreError } from '@lux/node-files'
import { allowedBy } from '../core/runs/folder/budgets.ts'
import type { Asked } from './holder/approve.ts'
import { answerOf, blocksLeft, writtenAnswer } from './holder-answer.ts'
import { keepState, type Opened } from './holder-opened.ts'
import { canaryNoiseLines } from './noise-lines.ts'
import { requestLines } from './request-lines.ts'
import { refused } from './shell/command-line.ts'
import { mustHaveRoom, wordLines, wordsOf, writeNew } from './shell/files.ts'
import { type Outcome, say } from './shell/output.ts'
import { askYes } from './shell/terminal.ts'

/**
 * The one answer of a share whose epoch is not live yet: adr/0013. Errors: HOLDER-UNPROVEN, HOLDER-CANARY, REQUEST-CANARY,
 * those of `checkDecryptionRequest` but for approvals and budget, FHE-…, REQUEST-DECLINED.
 */
export async function answerCanary(
  { given, files, options, sealedPath }: Asked,
  opened: Opened,
  policy: Policy,
): Promise<Outcome> {
  const { key, held, envelope, before } = opened
  const request = given.request.payload
  const { header } = envelope.share
  if (given.provenance.some(({ payload }) => payload.program !== CANARY_PROGRAM))
    throw new CoreError('HOLDER-UNPROVEN', `epoch ${header.epoch} is not live, and this is not its canary`)
  if (before.canary)
    throw new CoreError(
      'HOLDER-CANARY',
      `this share has answered the canary of epoch ${header.epoch}, or counts as having done so since it was received as lost`,
    )
  const now = new Date().toISOString()
  const checked = checkDecryptionRequest(given, {
    domain: header.domain,
    keyId: toHex(header.keyId),
    epochId: toHex(header.epochId),
    // Outside the budget, so that a spent one says nothing about the mode.
    mode: request.mode,
    authorities: envelope.authorities,
    approvers: { role: 'approver', members: [], quorum: 0 },
    now,
    taken: new Set(before.taken),
    left: null,
  })
  if (!checked.ok) throw refused(checked)
  const size = canaryFault(request)
  if (size !== null) throw new CoreError('REQUEST-CANARY', size)
  const partial = fheCanaryPartial({
    share: envelope.shareBytes,
    pub: held.pub,
    ciphertexts: files.map(({ bytes }) => bytes),
    authority: {
      authorities: envelope.authorities,
      provenance: given.provenance.map((document) => provenanceCodec.file.encode(document)),
      requestDigest: fromHex(checked.value.digest, 32),
      identity: key.identity,
    },
    carrying: policy.fhe.carrying ?? 'never',
    allowed: allowedBy(policy),
    expected: { holder: header.holder, policyHash: fromHex(held.policyDigest, 32) },
  })
  if (!partial.ok) throw refused(partial)
  const same = checkRequestCiphertexts(given, partial.value.digests)
  if (!same.ok) throw refused(same)
  for (const line of requestLines(given, null)) say(line)
  say('the canary of an epoch that is not live: outside the budget, answered once')
  const { source, blockBits, floorBits, belowFloor, lifeBits } = partial.value
  const noise = { source, blockBits, floorBits, belowFloor, lifeBits }
  for (const line of canaryNoiseLines(noise, header.epoch, policy.fhe.floorBits)) say(line)
  for (const line of wordLines(wordsOf(checked.value.digest))) say(line)
  if (header.domain === 'production' && options.yes !== true && !(await askYes('Answer the canary?')))
    throw new CoreError('REQUEST-DECLINED', 'you did not say yes; nothing was answered')
  const sealed = await sealTo([request.combiner], partial.value.partial)
  mustHaveRoom(sealedPath, sealed.length)
  keepState(options.share, { ...before, canary: true, taken: [...before.taken, request.requestId] }, opened)
  writeNew(sealedPath, sealed)
  const said: HolderAnswer = {
    ...answerOf(given, envelope, now),
    decision: 'approved',
    reason: '',
    sealed: sha256Hex(sealed),
    spent: 0,
    left: blocksLeft(envelope, before.spent),
  }
  return writtenAnswer(options.out, said, key, { sealed: sealedPath, size: sealed.length, ...noise })
}
