import { checkPolicy, policyDigest } from '@lux/ceremony/policy'
import {
  checkDecryptionRequest,
  checkRequestCiphertexts,
  type HolderAnswer,
  holderAnswerCodec,
  provenanceCodec,
  type RequestPackage,
  requestDigest,
  requestPackageCodec,
} from '@lux/ceremony/wire'
import { fromHex, sealTo, sha256Hex, toHex, wipe } from '@lux/crypto'
import { fhePartialDecrypt, type ShareEnvelope } from '@lux/crypto/fhe'
import type { Command } from 'commander'
import { CoreError } from '../core/core-error.ts'
import { writeDurably } from '../core/store/durable-file.ts'
import { type CommandLine, refused } from './command-line.ts'
import { ciphertextAt } from './fhe-files.ts'
import { mustBeNew, readParsed, readPolicy, wordLines, wordsOf, writeNew } from './files.ts'
import { openHeldShare, policyBudgets } from './held-proof.ts'
import { type Held, parseHeld } from './held-share.ts'
import { encodeState, type HolderState, openState, statePath } from './holder-state.ts'
import { openKeyFile, openSealedFile, type PersonKey } from './key-file.ts'
import { type Outcome, say } from './output.ts'
import { requestLines } from './request-lines.ts'
import { type PassphraseOptions, readPassphrase, withPassphrase } from './secret-input.ts'
import { askYes } from './terminal.ts'

export type ApproveOptions = PassphraseOptions & {
  share: string
  key: string
  policy: string
  ciphertext: string[]
  out: string
  yes?: boolean
}
type RefuseOptions = PassphraseOptions & { share: string; key: string; reason: string; out: string }

const maxRequest = 16 << 20
const maxShareFile = 16 << 20

export function registerHolderDecide(group: Command, act: CommandLine['act']): void {
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
      .requiredOption('--ciphertext <file...>', 'the ciphertexts, in the order of the request')
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

Example:
  $ custody holder approve request.json --share share-1.sealed --key my.key --policy policy.json \\
      --ciphertext sum.bin --out answer-1.json`,
    )
  withPassphrase(
    group
      .command('refuse')
      .argument('<request>', 'request.json')
      .description('Refuse a decryption request with a reason, signed; it cannot be approved afterwards.')
      .requiredOption('--share <file>', 'the file that receive wrote')
      .requiredOption('--key <file>', 'your key file')
      .requiredOption('--reason <text>', 'why')
      .requiredOption('--out <answer.json>', 'your signed answer, a new file'),
  )
    .action((path: string, options: RefuseOptions) => act(() => refuseRequest(path, options)))
    .addHelpText(
      'after',
      `
Example:
  $ custody holder refuse request.json --share share-1.sealed --key my.key --reason "unknown purpose" --out answer-1.json`,
    )
}

/**
 * Errors: REQUEST-…, PROVENANCE-…, POLICY-…, FHE-…, HOLDER-POLICY, REQUEST-DECLINED, SHARE-FILE-WRONG, HOLDER-STATE-…, and those of the
 * key file. Nothing of the share is used before all of them are past.
 */
export async function approve(path: string, options: ApproveOptions): Promise<Outcome> {
  const sealedPath = options.out.replace(/(\.json)?$/, '.age')
  mustBeNew(options.out)
  mustBeNew(sealedPath)
  const given = readParsed(path, requestPackageCodec, maxRequest)
  const policy = checkPolicy(readPolicy(options.policy))
  if (!policy.ok) throw refused(policy, 'take the policy again by hand and compare its words')
  const files = options.ciphertext.map(ciphertextAt)
  const opened = await open(options)
  const { key, held, envelope, before } = opened
  try {
    if (held.policyDigest !== policyDigest(policy.value))
      throw new CoreError(
        'HOLDER-POLICY',
        'the share was dealt under another policy',
        'name the policy of the share',
      )
    const request = given.request.payload
    const { header, budgets } = envelope.share
    const width = request.mode === 'F' ? 'at64' : 'at128'
    const now = new Date().toISOString()
    const answered = new Set(before.answered)
    const agreed = policyBudgets(envelope, held.pub, policy.value)
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
      approvers: {
        role: 'approver',
        members: policy.value.approvers,
        quorum: policy.value.approverThreshold,
      },
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
      carrying: policy.value.fhe.carrying ?? 'never',
      floors: { block: policy.value.fhe.blockFloorBits, life: policy.value.fhe.floorBits },
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
    say(
      `this answer spends ${partial.value.spends} blocks; ${partial.value.lifeBits.toFixed(1)} bits are left (floor 20)`,
    )
    for (const line of wordLines(wordsOf(checked.value.digest))) say(line)
    if (header.domain === 'production' && options.yes !== true && !(await askYes('Decrypt this?')))
      throw new CoreError('REQUEST-DECLINED', 'you did not say yes; nothing was answered')
    const spent = { ...before.spent, [width]: before.spent[width] + partial.value.spends }
    const state: HolderState = {
      spent,
      answered: [...new Set([...before.answered, ...partial.value.digests])],
      taken: [...before.taken, request.requestId],
    }
    const sealed = await sealTo([request.combiner], partial.value.partial)
    // Counted before anything leaves: a crash in between costs blocks, never the key.
    keep(options.share, state, opened)
    writeNew(sealedPath, sealed)
    const answer: HolderAnswer = {
      ...answerOf(given, envelope, now),
      decision: 'approved',
      reason: '',
      sealed: sha256Hex(sealed),
      spent: partial.value.spends,
      left: left(envelope, spent),
    }
    return written(options.out, answer, key, {
      sealed: sealedPath,
      size: sealed.length,
      blockBits: partial.value.blockBits,
      lifeBits: partial.value.lifeBits,
    })
  } finally {
    forget(opened)
  }
}

/** Errors: REQUEST-MALFORMED, REQUEST-REPLAYED, SHARE-FILE-WRONG, ANSWER-MALFORMED, those of the key file. */
async function refuseRequest(path: string, options: RefuseOptions): Promise<Outcome> {
  mustBeNew(options.out)
  const given = readParsed(path, requestPackageCodec, maxRequest)
  const opened = await open(options)
  const { key, envelope, before } = opened
  try {
    const { requestId } = given.request.payload
    if (before.taken.includes(requestId))
      throw new CoreError('REQUEST-REPLAYED', `the request ${requestId} was decided before`)
    const answer: HolderAnswer = {
      ...answerOf(given, envelope, new Date().toISOString()),
      decision: 'refused',
      reason: options.reason,
      sealed: null,
      spent: 0,
      left: left(envelope, before.spent),
    }
    const checked = holderAnswerCodec.payload.check(answer)
    if (!checked.ok) throw refused(checked, 'give a reason of plain text')
    keep(options.share, { ...before, taken: [...before.taken, requestId] }, opened)
    return written(options.out, answer, key, {})
  } finally {
    forget(opened)
  }
}

type Opened = { key: PersonKey; held: Held; envelope: ShareEnvelope; before: HolderState }

async function open(options: PassphraseOptions & { share: string; key: string }): Promise<Opened> {
  const passphrase = await readPassphrase(options, `Passphrase of ${options.key}`)
  const key = await openKeyFile(options.key, passphrase)
  const held = parseHeld(await openSealedFile(options.share, passphrase, maxShareFile), options.share)
  const envelope = openHeldShare(held, key, options.key)
  return { key, held, envelope, before: openState(options.share, key, envelope) }
}

function forget({ key, held, envelope }: Opened): void {
  key.identity.secret.wipe()
  wipe(held.content)
  wipe(envelope.shareBytes)
  for (const { seeds } of envelope.share.seeds) for (const seed of seeds) wipe(seed)
}

function keep(share: string, state: HolderState, { key, envelope }: Opened): void {
  writeDurably(statePath(share), encodeState(state, key, envelope), 0o600)
}

function answerOf(given: RequestPackage, { name, share: { header } }: ShareEnvelope, time: string) {
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

function left({ share: { budgets } }: ShareEnvelope, spent: HolderState['spent']) {
  return {
    at64: Math.max(0, budgets.at64 - spent.at64),
    at128: Math.max(0, budgets.at128 - spent.at128),
  }
}

function written(out: string, answer: HolderAnswer, key: PersonKey, more: object): Outcome {
  const signature = holderAnswerCodec.sign(key.identity, answer, answer.domain)
  writeNew(out, holderAnswerCodec.file.encode({ payload: answer, signatures: [signature] }))
  const text = [
    `${answer.name}, holder ${answer.holder}: ${answer.decision}  ${out}`,
    ...('sealed' in more ? [`sealed to the combiner: ${String(more.sealed)}`] : []),
    `left    ${answer.left.at128} squashed blocks, ${answer.left.at64} fresh ones, over the share’s whole life`,
  ]
  return { exit: 0, json: { ok: true, answer: out, ...answer, ...more }, text: text.join('\n') }
}
