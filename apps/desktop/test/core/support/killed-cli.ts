/**
 * The command line as it is, killed at one chosen point: `node killed-cli.ts POINT ARG…`. POINT is JSON, see KillPoint.
 * Nothing of the product knows about it: the log's and the attempt records' writing is wrapped here.
 */
import { readFileSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { RunFolder } from '../../../src/core/runs/folder/run-folder.ts'
import type { KillPoint } from './cli.ts'

// The test that starts this wrote it.
const point = JSON.parse(process.argv[2] ?? '') as KillPoint
process.argv.splice(2, 1)
let struck = false

function strike(): void {
  if (struck) return
  struck = true
  process.stderr.write(`killed ${point.who}\n`)
  // Node keeps what it compiled as it exits, and who is killed does not exit.
  flushCompileCache()
  if (point.who === 'program') process.kill(process.pid, 'SIGKILL')
  for (const pid of children()) process.kill(pid, 'SIGKILL')
}

/** The token's host is the only child while no key is dealt. */
function children(): number[] {
  const text = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')
  return text.trim().split(' ').filter(Boolean).map(Number)
}

const { append, writeAttempt } = RunFolder.prototype
RunFolder.prototype.append = function (events, clock, entropy) {
  const here =
    'entry' in point &&
    events.some(
      ({ kind, stepId }, index) =>
        (point.entry === this.state.size + index || point.entry === kind) &&
        (point.step === undefined || point.step === stepId),
    )
  if (here && point.when === 'before') strike()
  const entries = append.call(this, events, clock, entropy)
  if (here && point.when === 'after') strike()
  return entries
}
RunFolder.prototype.writeAttempt = function (step, attempt, record) {
  const here = 'attempt' in point && point.attempt === step
  if (here && point.when === 'before') strike()
  writeAttempt.call(this, step, attempt, record)
  if (here && point.when === 'after') strike()
}

await import('../../../src/cli/main.ts')
