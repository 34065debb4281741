import { availableParallelism } from 'node:os'
import { touchedTests } from './changed.ts'

/** How a suite is counted: by vitest's own report, or as one check that passes or fails. */
export type Command =
  | { counts: 'vitest'; args: readonly string[] }
  | { counts: 'check'; name: string; program: 'node' | 'tsc' | 'biome'; args: readonly string[] }

export type Suite = {
  name: string
  /** Minutes that it should take at most. Past them it is warned of, past twice as many it is stopped. */
  budget: number
  display: boolean
  commands: readonly Command[]
}

const check = (name: string, program: 'node' | 'tsc' | 'biome', ...args: string[]): Command => ({
  counts: 'check',
  name,
  program,
  args,
})

/** Colour codes belong on a terminal only; the linter would also write them into a log. */
const colours = process.stdout.isTTY ? '--colors=force' : '--colors=off'

const vitest = (...args: string[]): Command => ({ counts: 'vitest', args })

/**
 * Vitest leaves a processor free, which on two is one file at a time. Files that wait for time limits and other processes leave theirs
 * free too: of those `more` run at once. More than four want more memory than many have.
 */
const everyProcessor = (more: number): string => `--maxWorkers=${Math.min(4, availableParallelism() + more)}`

const types: Suite = { name: 'types', budget: 3, display: false, commands: [check('tsc -b', 'tsc', '-b')] }

const lint: Suite = {
  name: 'lint',
  budget: 3,
  display: false,
  commands: [
    check('biome', 'biome', 'ci', '.', '--error-on-warnings', colours),
    check('licences', 'node', 'scripts/licences.ts'),
    check('assurance', 'node', 'scripts/assurance.ts'),
    check('prose', 'node', 'scripts/prose.ts'),
  ],
}

const build: Suite = {
  name: 'build',
  budget: 3,
  display: false,
  commands: [check('build', 'node', 'scripts/build.ts')],
}

const tier = (name: 'unit' | 'driver' | 'flow', budget: number, more = 0): Suite => ({
  name,
  budget,
  display: false,
  commands: [vitest(everyProcessor(more), '--project', name)],
})

const unit = tier('unit', 5)
const driver = tier('driver', 10, 1)
const flow = tier('flow', 50, 1)

const e2e: Suite = {
  name: 'e2e',
  budget: 30,
  display: true,
  commands: [vitest('--config', 'e2e/vitest.config.ts', '--project', 'e2e')],
}

const packaged: Suite = {
  name: 'package',
  budget: 10,
  display: true,
  commands: [
    check('package', 'node', 'scripts/package.ts', '--test-build'),
    vitest('--config', 'e2e/vitest.config.ts', '--project', 'package'),
  ],
}

const nightly = (...args: string[]): Suite => ({
  name: 'nightly',
  budget: args.length === 0 ? 240 : 60,
  display: true,
  commands: [vitest('--config', 'vitest.nightly.config.ts', ...args)],
})

/** `nightly --shard K/N`: that part of the nightly files, an hour at most. Null where the words are others. */
export function shardOf(words: readonly string[]): Suite[] | null {
  const [name, option, shard = ''] = words
  const [, k, n] = /^([1-9][0-9]?)\/([1-9][0-9]?)$/.exec(shard) ?? []
  if (words.length !== 3 || name !== 'nightly' || option !== '--shard' || Number(k) > Number(n)) return null
  return k === undefined ? null : [build, nightly(`--shard=${shard}`)]
}

/** The tests of a tier that a change touches, where it touches any. */
function touched(suite: Suite, files: readonly string[] = []): Suite[] {
  const commands = suite.commands.map((one) =>
    one.counts === 'vitest' ? { ...one, args: [...one.args, ...files] } : one,
  )
  return files.length === 0 ? [] : [{ ...suite, commands }]
}

function changed(): Suite[] {
  const files = touchedTests()
  const [some, driving] = [touched(driver, files.get('driver')), touched(e2e, files.get('e2e'))]
  const running = [...touched(flow, files.get('flow')), ...driving]
  return [
    types,
    lint,
    ...touched(unit, files.get('unit')),
    ...some,
    ...(running.length > 0 ? [build] : []),
    ...running,
  ]
}

/** What each word after `npm test --` stands for; no word is all of the first line. */
export const selections: Readonly<Record<string, () => readonly Suite[]>> = {
  all: () => [types, lint, build, unit, driver, flow, e2e, packaged],
  types: () => [types],
  lint: () => [lint],
  build: () => [build],
  unit: () => [unit],
  driver: () => [driver],
  flow: () => [build, flow],
  e2e: () => [build, e2e],
  package: () => [build, packaged],
  nightly: () => [build, nightly()],
  changed,
}
