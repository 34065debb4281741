import { findProgram } from '../core/program.ts'
import type { CommandLine } from './command-line.ts'
import type { Outcome } from './output.ts'

export function registerVersion({ program, act }: CommandLine): void {
  program
    .command('version')
    .description(
      'Show this program’s version and build: the build is what a policy lists as an accepted tool.',
    )
    .action(() => act(versionOutcome))
    .addHelpText(
      'after',
      `
A build is the SHA-256 over the sorted list of the program’s files and the Node that runs it, so everybody who has the
same package sees the same one. A checkout is dev:COMMIT, which can only rehearse.

Example:
  $ custody version
  $ custody policy new … --accept-tool "$(custody version --json | jq -r .build)"`,
    )
}

function versionOutcome(): Outcome {
  const { version, build, files } = findProgram().measurement
  const json = { ok: true, version, build, files, node: process.version }
  return {
    exit: 0,
    json,
    text: [`version ${version}`, `build   ${build}`, `node    ${process.version}`].join('\n'),
  }
}
