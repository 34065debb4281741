import { type HolderAnswer, holderAnswerCodec, requestPackageCodec } from '@lux/ceremony/wire'
import { CoreError } from '@lux/node-files'
import type { Command } from 'commander'
import { answerOf, blocksLeft, writtenAnswer } from '../holder-answer.ts'
import { keepState, type ShareOptions, withShare } from '../holder-opened.ts'
import { type CommandLine, refused } from '../shell/command-line.ts'
import { mustHaveRoom, readParsed } from '../shell/files.ts'
import type { Outcome } from '../shell/output.ts'
import { withPassphrase } from '../shell/secret-input.ts'

type RefuseOptions = ShareOptions & { reason: string; out: string }

const maxRequest = 16 << 20

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
  const given = readParsed(path, requestPackageCodec, maxRequest)
  return withShare(options, (opened) => {
    const { key, envelope, before } = opened
    const { requestId } = given.request.payload
    if (before.taken.includes(requestId))
      throw new CoreError('REQUEST-REPLAYED', `the request ${requestId} was decided before`)
    const answer: HolderAnswer = {
      ...answerOf(given, envelope, new Date().toISOString()),
      decision: 'refused',
      reason: options.reason,
      sealed: null,
      spent: 0,
      left: blocksLeft(envelope, before.spent),
    }
    const checked = holderAnswerCodec.payload.check(answer)
    if (!checked.ok) throw refused(checked, 'give a reason of plain text')
    keepState(options.share, { ...before, taken: [...before.taken, requestId] }, opened)
    return writtenAnswer(options.out, answer, key, {})
  })
}
