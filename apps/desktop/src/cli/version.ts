import { findProgram } from '../core/program.ts'
import type { CommandLine } from './shell/command-line.ts'
import type { Outcome } from './shell/output.ts'

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
A build is the SHA-256 over the sorted list of all that is in the package’s folder “resources”: the window, core, their
modules and the Node that runs them. Everybody who has the same package sees the same one, and gets it without this
program too. A checkout is dev:COMMIT, which can only rehearse.

  $ (cd resources && find . -type f | LC_ALL=C sort | xargs sha256sum | sha256sum)

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
