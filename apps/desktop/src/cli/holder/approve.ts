import type { Policy } from '@lux/ceremony/policy'
import {
  checkDecryptionRequest,
  checkRequestCiphertexts,
  type HolderAnswer,
  provenanceCodec,
  type RequestPackage,
  requestPackageCodec,
} from '@lux/ceremony/wire'
import { fromHex, sealTo, sha256Hex, toHex } from '@lux/crypto'
import { fhePartialDecrypt } from '@lux/crypto/fhe'
import { CoreError } from '@lux/node-files'
import type { Command } from 'commander'
import { allowedBy } from '../../core/runs/folder/budgets.ts'
import { policyBudgets } from '../held-proof.ts'
import { answerOf, blocksLeft, writtenAnswer } from '../holder-answer.ts'
import { answerCanary } from '../holder-canary.ts'
import { keepState, type Opened, type ShareOptions, withShare } from '../holder-opened.ts'
import type { HolderState } from '../holder-state.ts'
import { noiseLines } from '../noise-lines.ts'
import { believedPolicy } from '../policy/trusted-policy.ts'
import { requestLines } from '../request-lines.ts'
import { checkDealtUnder } from '../share-policy.ts'
import { type CommandLine, refused, severalOf } from '../shell/command-line.ts'
import { type ciphertextAt, ciphertextsAt } from '../shell/fhe-files.ts'
import { mustHaveRoom, readParsed, wordLines, wordsOf, writeNew } from '../shell/files.ts'
import { type Outcome, say } from '../shell/output.ts'
import { withPassphrase } from '../shell/secret-input.ts'
import { askYes } from '../shell/terminal.ts'

export type ApproveOptions = ShareOptions & {
  policy: string
  ciphertext: string[]
  out: string
  yes?: boolean
}

const maxRequest = 16 << 20

export function registerHolderApprove(group: Command, act: CommandLine['act']): void {
  withPassphrase(
    group
      .command('approve')
      .argument('<request>', 'request.json, signed by the requester and by the approvers')
      .description('Show a decryption request, check everything behind it, and answer it with your share.')
      .requiredOption(
        '--share <file>',
        'the file that receive wrote; what you answer is counted in <share>.state',
      )
      .requiredOption('--key <file>', 'your key file')
      .requiredOption('--policy <file>', 'the policy that you took by hand')
      .requiredOption('--ciphertext <file>', 'the ciphertexts, in the order of the request', severalOf)
      .requiredOption(
        '--out <answer.json>',
        'your signed answer; the part itself goes sealed into <answer>.age',
      )
      .option('--yes', 'do not ask at the terminal: for scripts; a person has read and compared everything'),
  )
    .action((path: string, options: ApproveOptions) => act(() => approve(path, options)))
    .addHelpText(
      'after',
      `
A share answers only who was named when it was dealt: requesters, combiners, evaluators, encryptors. Blocks are counted
before the answer leaves; a ciphertext answered before costs nothing. Squashed ciphertexts have 66 KB for each 4 bits, or
37 KB where the policy has them rounded for carrying: then always, else never.

A share of an epoch that is not live yet answers its canary and nothing else: outside the budget, without approvers, once,
and only what its evaluator or encryptor vouches for as the program "canary". Every request keeps the floor of 40 bits a block, and a
squashed canary too; a fresh one has 32 or 33, which is said and borne, once in an epoch and counted in the new shares’ budgets.

Example:
  $ custody holder approve request.json --share share-1.sealed --key my.key --policy policy.json \\
      --ciphertext sum.bin --out answer-1.json`,
    )
}

export type Asked = {
  readonly given: RequestPackage
  readonly files: readonly ReturnType<typeof ciphertextAt>[]
  readonly options: ApproveOptions
  /** Where the part goes, sealed to the combiner. */
  readonly sealedPath: string
}

/**
 * Errors: REQUEST-…, PROVENANCE-…, POLICY-…, FHE-…, HOLDER-LEAVING, REQUEST-DECLINED, SHARE-FILE-WRONG,
 * HOLDER-STATE-…, those of `checkDealtUnder`, `answerCanary` and the key file. Nothing of the share is used before all of them are past.
 */
export async function approve(path: string, options: ApproveOptions): Promise<Outcome> {
  const sealedPath = options.out.replace(/(\.json)?$/, '.age')
  mustHaveRoom(options.out)
  mustHaveRoom(sealedPath)
  const given = readParsed(path, requestPackageCodec, maxRequest)
  const policy = believedPolicy(options.policy)
  const files = ciphertextsAt(options.ciphertext)
  return withShare(options, async (opened) => {
    checkDealtUnder(opened, policy)
    if (opened.before.leaving !== null)
      throw new CoreError(
        'HOLDER-LEAVING',
        `you approved that its epoch is left, in the run of the opening ${opened.before.leaving}`,
      )
    const asked = { given, files, options, sealedPath }
    return opened.before.live ? answer(asked, opened, policy) : answerCanary(asked, opened, policy)
  })
}

async function answer(
  { given, files, options, sealedPath }: Asked,
  opened: Opened,
  policy: Policy,
): Promise<Outcome> {
  const { key, held, envelope, before } = opened
  const request = given.request.payload
  const { header, budgets } = envelope.share
  const width = request.mode === 'F' ? 'at64' : 'at128'
  const now = new Date().toISOString()
  const answered = new Set(before.answered)
  const agreed = policyBudgets(envelope, held.pub, policy)
  const fresh = files.reduce(
    (sum, { ciphertext }, i) =>
      answered.has(request.ciphertexts[i]?.digest ?? '') ? sum : sum + ciphertext.blocks.length,
    0,
  )
  const checked = checkDecryptionRequest(given, {
    domain: header.domain,
    keyId: toHex(header.keyId),
    epochId: toHex(header.epochId),
    mode: request.mode === 'F' && budgets.at64 > 0 ? 'F' : 'S',
    authorities: envelope.authorities,
    approvers: { role: 'approver', members: policy.approvers, quorum: policy.approverThreshold },
    now,
    taken: new Set(before.taken),
    left: budgets[width] - before.spent[width],
    fresh,
  })
  if (!checked.ok) throw refused(checked)
  const partial = fhePartialDecrypt({
    share: envelope.shareBytes,
    pub: held.pub,
    ciphertexts: files.map(({ bytes }) => bytes),
    authority: {
      authorities: envelope.authorities,
      provenance: given.provenance.map((document) => provenanceCodec.file.encode(document)),
      requestDigest: fromHex(checked.value.digest, 32),
      identity: key.identity,
    },
    answered,
    spent: before.spent,
    carrying: policy.fhe.carrying ?? 'never',
    floors: { block: policy.fhe.blockFloorBits, life: policy.fhe.floorBits },
    allowed: allowedBy(policy),
    expected: {
      holder: header.holder,
      policyHash: fromHex(held.policyDigest, 32),
      ...(agreed === null ? {} : { budgets: agreed }),
    },
  })
  if (!partial.ok) throw refused(partial)
  const same = checkRequestCiphertexts(given, partial.value.digests)
  if (!same.ok) throw refused(same)
  for (const line of requestLines(given, checked.value.approvedBy)) say(line)
  say(`this answer spends ${partial.value.spends} blocks`)
  for (const line of noiseLines(partial.value, header.epoch, policy.fhe.floorBits)) say(line)
  for (const line of wordLines(wordsOf(checked.value.digest))) say(line)
  if (header.domain === 'production' && options.yes !== true && !(await askYes('Decrypt this?')))
    throw new CoreError('REQUEST-DECLINED', 'you did not say yes; nothing was answered')
  const spent = { ...before.spent, [width]: before.spent[width] + partial.value.spends }
  const state: HolderState = {
    ...before,
    spent,
    answered: [...new Set([...before.answered, ...partial.value.digests])],
    taken: [...before.taken, request.requestId],
  }
  const sealed = await sealTo([request.combiner], partial.value.partial)
  mustHaveRoom(sealedPath, sealed.length)
  // Counted before anything leaves: a crash in between costs blocks, never the key.
  keepState(options.share, state, opened)
  writeNew(sealedPath, sealed)
  const said: HolderAnswer = {
    ...answerOf(given, envelope, now),
    decision: 'approved',
    reason: '',
    sealed: sha256Hex(sealed),
    spent: partial.value.spends,
    left: blocksLeft(envelope, spent),
  }
  return writtenAnswer(options.out, said, key, {
    sealed: sealedPath,
    size: sealed.length,
    source: partial.value.source,
    blockBits: partial.value.blockBits,
    floorBits: partial.value.floorBits,
    belowFloor: partial.value.belowFloor,
    lifeBits: partial.value.lifeBits,
  })
}
