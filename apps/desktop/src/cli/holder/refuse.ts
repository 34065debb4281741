import type { HolderAnswer } from '@lux/ceremony/wire'
import { readBounded } from '@lux/node-files'
import { decidedBefore, maxRequest, refuseRequest as prepareRefusal, readRequest } from '@lux/people'
import type { Command } from 'commander'
import { accepted } from '../shell/accepted.ts'
import type { CommandLine } from '../shell/command-line.ts'
import { mustHaveRoom, writeNew } from '../shell/files.ts'
import type { Outcome } from '../shell/output.ts'
import { withPassphrase } from '../shell/secret-input.ts'
import { answerText, givenBefore } from './approve.ts'
import { keepAnswer, keptAnswer } from './kept-answer.ts'
import { keepState, type ShareOptions, withShare } from './share-files.ts'

type RefuseOptions = ShareOptions & { reason: string; out: string }

export function registerHolderRefuse(group: Command, act: CommandLine['act']): void {
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

/** Errors: REQUEST-MALFORMED, REQUEST-REPLAYED, SHARE-FILE-WRONG, ANSWER-MALFORMED, those of the key file. */
async function refuseRequest(path: string, options: RefuseOptions): Promise<Outcome> {
  mustHaveRoom(options.out)
  const request = accepted(readRequest(readBounded(path, maxRequest)), { request: path })
  return withShare(options, (opened) => {
    const now = new Date().toISOString()
    const outcome = prepareRefusal(opened, { request, reason: options.reason, now })
    if (!outcome.ok && decidedBefore.has(outcome.rule)) {
      const kept = keptAnswer({ share: options.share, decision: 'refused' }, opened, request)
      if (kept !== null) return given(options.out, kept, true)
    }
    const { state, answer, said } = accepted(outcome)
    keepAnswer(options.share, request, { answer, sealed: null })
    keepState(options.share, state, opened)
    return given(options.out, { answer, said }, false)
  })
}

function given(
  out: string,
  { answer, said }: { answer: Uint8Array; said: HolderAnswer },
  again: boolean,
): Outcome {
  writeNew(out, answer)
  const text = answerText(out, said)
  return {
    exit: 0,
    json: { ok: true, answer: out, ...said, ...(again ? { again } : {}) },
    text: again ? `${givenBefore}\n${text}` : text,
  }
}
