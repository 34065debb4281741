import { readBounded } from '@lux/node-files'
import { maxRequest, refuseRequest as prepareRefusal, readRequest } from '@lux/people'
import type { Command } from 'commander'
import { accepted } from '../shell/accepted.ts'
import type { CommandLine } from '../shell/command-line.ts'
import { mustHaveRoom, writeNew } from '../shell/files.ts'
import type { Outcome } from '../shell/output.ts'
import { withPassphrase } from '../shell/secret-input.ts'
import { answerText } from './approve.ts'
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
    const { state, answer, said } = accepted(prepareRefusal(opened, { request, reason: options.reason, now }))
    keepState(options.share, state, opened)
    writeNew(options.out, answer)
    return { exit: 0, json: { ok: true, answer: options.out, ...said }, text: answerText(options.out, said) }
  })
}
