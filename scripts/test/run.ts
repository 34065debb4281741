import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDisplay } from '../electron/display.ts'
import { root } from '../root.ts'
import { endRunning, runChild } from './child.ts'
import { keepNightly } from './nightly-results.ts'
import { readReport, reportVariable } from './report.ts'
import { type Command, type Suite, selections, shardOf } from './suites.ts'
import { add, none, oneFailed, onePassed, summary, type Tally, tallyOf } from './tally.ts'
import { failureLines, failuresOf, slowest, type Timed } from './told.ts'

const setUpBudgetMs = 5 * 60_000
const minute = 60_000

let total = none
const times: Timed[] = []
const failures: string[][] = []
let finished = false
let folder: string | null = null

const say = (line: string): void => void process.stderr.write(`test: ${line}\n`)

// Whatever ends this run, its last line says what passed.
process.on('exit', () => {
  if (!finished) total = add(total, oneFailed)
  if (folder !== null && total.failed === 0) rmSync(folder, { recursive: true, force: true })
  writeSync(1, `${summary(total)}\n`)
  process.exitCode = process.exitCode || (total.failed > 0 ? 1 : 0)
})

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.on(signal, () => {
    endRunning('SIGTERM')
    setTimeout(() => {
      endRunning('SIGKILL')
      process.exit(code)
    }, 1500)
  })
}

/** Folders of this run alone; others may pass through, because Electron runs as another user when root tests. */
function privateFolder(): string {
  const made = mkdtempSync(join(tmpdir(), 'lux-test-'))
  chmodSync(made, 0o711)
  return made
}

function programOf(command: Command): [string, string[]] {
  const bin = (name: string): string => join(root, 'node_modules/.bin', name)
  if (command.counts === 'check') return [bin(command.program), [...command.args]]
  const reporters = ['--reporter=default', `--reporter=${join(import.meta.dirname, 'report.ts')}`]
  return [bin('vitest'), ['run', ...command.args, '--retry=0', ...reporters]]
}

async function runSuite(suite: Suite, at: string): Promise<Tally> {
  const limit = suite.budget * minute
  const began = Date.now()
  const temporary = join(at, suite.name.replaceAll(/[^a-z0-9]+/g, '-'))
  mkdirSync(temporary)
  chmodSync(temporary, 0o711)
  const display = suite.display ? await startDisplay() : null
  const env: NodeJS.ProcessEnv = { ...process.env, TMPDIR: temporary, CI: '1', LUX_ARTIFACTS: temporary }
  // A display of the person at this machine is none of a test's business.
  delete env.DISPLAY
  delete env.WAYLAND_DISPLAY
  if (display !== null) env.DISPLAY = display.name
  let tally = none
  try {
    for (const [index, command] of suite.commands.entries()) {
      const report = join(temporary, `report-${index}`)
      const [program, args] = programOf(command)
      const left = Math.max(1000, 2 * limit - (Date.now() - began))
      const ended = await runChild(program, args, {
        cwd: root,
        env: { ...env, [reportVariable]: report },
        limitMs: left,
      })
      if (ended.overdue) say(`${suite.name}: stopped, it took twice its share`)
      const results = readReport(report)
      const checked = ended.code === 0 ? onePassed : oneFailed
      tally = add(tally, command.counts === 'check' ? checked : tallyOf(results, ended.code))
      if (command.counts === 'check' && ended.code !== 0) failures.push([`${suite.name}  ${command.name}`])
      if (ended.overdue) failures.push([`${suite.name}  stopped, it took twice its share`])
      times.push(...results.map(({ file, seconds }) => ({ suite: suite.name, file, seconds })))
      failures.push(...failuresOf(suite.name, results))
      if (suite.name === 'nightly') keepNightly(results)
    }
  } finally {
    await display?.stop()
  }
  const took = Date.now() - began
  // A slow machine is no fault of what passed on it.
  if (took > limit) say(`${suite.name}: warning: it took more than its share of ${suite.budget} min`)
  say(`${suite.name}: ${summary(tally)} (${(took / 1000).toFixed(1)} s)`)
  return tally
}

function suitesOf(words: readonly string[]): Suite[] | null {
  const names = words.length === 0 ? ['all'] : words
  const suites = names.map((name) => (Object.hasOwn(selections, name) ? selections[name]?.() : undefined))
  if (suites.includes(undefined)) return null
  return [...new Set(suites.flatMap((some) => some ?? []))]
}

const words = process.argv.slice(2)
const suites = shardOf(words) ?? suitesOf(words)
if (suites === null) {
  process.stderr.write(
    `usage: npm test [-- ${Object.keys(selections).join('|')}]\n       npm test -- nightly --shard K/N\n`,
  )
  process.exitCode = 2
} else {
  folder = privateFolder()
  const setUpMs = Number(process.env.LUX_SET_UP_MS ?? 0)
  if (setUpMs > setUpBudgetMs) say('set-up: warning: it took more than its share of 5 min')
  for (const suite of suites) {
    total = add(
      total,
      await runSuite(suite, folder).catch((error: unknown) => {
        say(`${suite.name}: did not start: ${error instanceof Error ? error.message : String(error)}`)
        return oneFailed
      }),
    )
  }
  finished = true
  for (const line of [...slowest(times), ...failureLines(failures)]) say(line)
  if (total.failed > 0) say(`reports are in ${folder}`)
}
