import type { HolderAnswer } from '@lux/ceremony/wire'
import { readBounded } from '@lux/node-files'
import {
  allLater,
  decidedBefore,
  discardAnswer,
  type GivenAnswer,
  maxRequest,
  type Noise,
  type PreparedAnswer,
  prepareAnswer,
  readPolicyFile,
  readRequest,
  sealAnswer,
} from '@lux/people'
import type { Command } from 'commander'
import { maxPolicy, readTrustedPolicy } from '../policy/trusted-policy.ts'
import { requestText } from '../request/lines.ts'
import { accepted } from '../shell/accepted.ts'
import { type CommandLine, severalOf } from '../shell/command-line.ts'
import { ciphertextsAt } from '../shell/fhe-files.ts'
import { mustHaveRoom, wordLines, writeNew } from '../shell/files.ts'
import { type Outcome, say } from '../shell/output.ts'
import { withPassphrase } from '../shell/secret-input.ts'
import { mustAgree } from '../shell/terminal.ts'
import { keepAnswer, keptAnswer } from './kept-answer.ts'
import { keepState, type ShareOptions, withShare } from './share-files.ts'

export type ApproveOptions = ShareOptions & {
  policy: string
  newer?: string[]
  ciphertext: string[]
  out: string
  yes?: boolean
}

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
      .option('--newer <file>', 'each later version of it that you took by hand', severalOf)
      .requiredOption(
        '--ciphertext <file>',
        'the ciphertexts, in the order of the request; or a folder of them',
        severalOf,
      )
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
A share answers only who was named when it was dealt: requesters, combiners, evaluators, encryptors. With --newer it no longer answers
whom a later version lets go, and that one counts no approval of theirs; name every version between. Blocks are counted
before the answer leaves; a ciphertext answered before costs nothing. An answer that was lost on its way is given again by the same
command with another --out: it is kept in <share>.answers/, and nothing is answered twice. Squashed ciphertexts have 66 KB for each 4 bits, or
37 KB where the policy has them rounded for carrying: then always, else never.

A share of an epoch that is not live yet answers its canary and nothing else: outside the budget, without approvers, once,
and only what its evaluator or encryptor vouches for as the program "canary". Every request keeps the floor of 40 bits a block, and a
squashed canary too; a fresh one has 32 or 33, which is said and borne, once in an epoch and counted in the new shares’ budgets.

Example:
  $ custody holder approve request.json --share share-1.sealed --key my.key --policy policy.json \\
      --ciphertext sum.bin --out answer-1.json`,
    )
}

/**
 * Errors: REQUEST-…, PROVENANCE-…, POLICY-…, FHE-…, HOLDER-…, REQUEST-DECLINED, SHARE-FILE-WRONG and those of the key file. Nothing
 * of the share leaves before all of them are past.
 */
export async function approve(path: string, options: ApproveOptions): Promise<Outcome> {
  const sealedPath = sealedBeside(options.out)
  mustHaveRoom(options.out)
  mustHaveRoom(sealedPath)
  const request = accepted(readRequest(readBounded(path, maxRequest)), { request: path })
  const policy = readTrustedPolicy(options.policy)
  const versions = (options.newer ?? []).map((file) =>
    accepted(readPolicyFile(readBounded(file, maxPolicy)), { policy: file }),
  )
  const newer = accepted(allLater(policy, versions), { policy: (options.newer ?? []).join(', ') })
  const ciphertexts = ciphertextsAt(options.ciphertext)
  return withShare(options, async (opened) => {
    const now = () => new Date().toISOString()
    const outcome = prepareAnswer(opened, { request, ciphertexts, policy, newer, now: now() })
    if (!outcome.ok && decidedBefore.has(outcome.rule)) {
      const kept = keptAnswer({ share: options.share, decision: 'approved' }, opened, request)
      if (kept !== null) return given(options, kept, { again: true })
    }
    const prepared = accepted(outcome)
    const canary = prepared.kind === 'canary'
    show(prepared)
    const { domain } = opened.envelope.share.header
    try {
      const question = canary ? 'Answer the canary?' : 'Decrypt this?'
      await mustAgree(question, { domain, yes: options.yes }, 'nothing was answered')
    } catch (error) {
      discardAnswer(prepared)
      throw error
    }
    const { state, answer, said, sealed } = accepted(await sealAnswer(prepared, now()))
    mustHaveRoom(sealedPath, sealed.length)
    keepAnswer(options.share, request, { answer, sealed })
    // Counted before anything leaves: a crash in between costs blocks, never the key.
    keepState(options.share, state, opened)
    return given(options, { answer, sealed, said }, prepared.noise)
  })
}

/** Writes a yes where it was asked for. Errors: those of the disk. */
function given(
  { out }: Pick<ApproveOptions, 'out'>,
  { answer, sealed, said }: GivenAnswer & { said: HolderAnswer },
  more: Noise | { again: true },
): Outcome {
  const sealedPath = sealedBeside(out)
  const part = sealed ?? new Uint8Array()
  writeNew(sealedPath, part)
  writeNew(out, answer)
  const text = answerText(out, said, sealedPath)
  return {
    exit: 0,
    json: { ok: true, answer: out, ...said, sealed: sealedPath, size: part.length, ...more },
    text: 'again' in more ? `${givenBefore}\n${text}` : text,
  }
}

const sealedBeside = (out: string): string => out.replace(/(\.json)?$/, '.age')

/** Said where an answer is given again. */
export const givenBefore = 'decided before: the same answer once more, and nothing is counted'

function show({ kind, request, lines, noiseLines, spends, words }: PreparedAnswer): void {
  for (const line of requestText(request, lines)) say(line)
  say(
    kind === 'canary'
      ? 'the canary of an epoch that is not live: outside the budget, answered once'
      : `this answer spends ${spends} blocks`,
  )
  for (const { text } of noiseLines) say(text)
  for (const line of wordLines(words)) say(line)
}

/** A holder's word, as it was written. */
export function answerText(
  out: string,
  { name, holder, decision, left }: HolderAnswer,
  sealed?: string,
): string {
  return [
    `${name}, holder ${holder}: ${decision}  ${out}`,
    ...(sealed === undefined ? [] : [`sealed to the combiner: ${sealed}`]),
    `left    ${left.at128} squashed blocks, ${left.at64} fresh ones, over the share’s whole life`,
  ].join('\n')
}
