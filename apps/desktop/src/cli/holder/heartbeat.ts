import { join } from 'node:path'
import { readBounded } from '@lux/node-files'
import { heartbeatLines, maxHeartbeatRequest, readHeartbeatRequest, stateHeld } from '@lux/people'
import type { Command } from 'commander'
import { accepted } from '../shell/accepted.ts'
import type { CommandLine } from '../shell/command-line.ts'
import { mustHaveRoom, writeNew } from '../shell/files.ts'
import { type Outcome, say } from '../shell/output.ts'
import { escapeForTerminal } from '../shell/safe-text.ts'
import { mustAgree } from '../shell/terminal.ts'
import { type EpochOptions, pathsOf, policyFiles, withEpochOptions } from './approve-epoch.ts'
import { runFolderOf } from './run-files.ts'
import { withLocked } from './share-files.ts'

const maxOpening = 1 << 20

export function registerHolderHeartbeat(group: Command, act: CommandLine['act']): void {
  withEpochOptions(
    group
      .command('heartbeat')
      .argument('<request>', 'out/<seq>-heartbeat.json of the run')
      .description('State over the challenge of a run that you still hold your share; it spends nothing.')
      .requiredOption(
        '--out <heartbeat.json>',
        'your signed statement, a new file: put it into the run’s in/',
      ),
  )
    .action((path: string, options: EpochOptions) => act(() => heartbeat(path, options)))
    .addHelpText(
      'after',
      `
Needs opening.json as it lies in the run’s folder. The share is opened and checked again before anything is signed. The statement
says that you hold the share and what is left of its budget; that the share decrypts, only a decryption shows.

Example:
  $ custody holder heartbeat run/out/31-heartbeat.json --share share-1.sealed --key my.key --policy policy.json \\
      --out run/in/heartbeat-1.json`,
    )
}

/** Errors: HEARTBEAT-REQUEST, REQUEST-DECLINED, those of `stateHeld` and `withLocked`. */
async function heartbeat(path: string, options: EpochOptions): Promise<Outcome> {
  mustHaveRoom(options.out)
  const openingPath = join(runFolderOf(path, options.run), 'opening.json')
  const paths = pathsOf(options, { request: path, opening: openingPath, policy: options.policy })
  const request = accepted(readHeartbeatRequest(readBounded(path, maxHeartbeatRequest)), paths)
  const opening = readBounded(openingPath, maxOpening)
  return withLocked(options, async (opened) => {
    const now = new Date().toISOString()
    const asked = { ...policyFiles(options), request, opening, now }
    const { said, sign } = accepted(stateHeld(opened, asked), paths)
    for (const { text } of heartbeatLines(opened, request)) say(escapeForTerminal(text))
    await mustAgree('Do you state that?', { domain: request.domain, yes: options.yes })
    writeNew(options.out, sign())
    return {
      exit: 0,
      json: { ok: true, heartbeat: options.out, ...said },
      text: `${said.name} states that share ${said.holder} is held: ${options.out}`,
    }
  })
}
