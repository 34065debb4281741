import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { root } from '../root.ts'
import type { FileResult } from './report.ts'

const folder = join(root, 'results')
const file = join(folder, 'nightly.json')

type Kept = {
  commit: string
  date: string
  machine: string
  seconds: number
  passed: number
  skipped: number
  failed: readonly string[]
}

function kept(): Record<string, Kept> {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {}
    throw error
  }
}

/** Keeps the newest result of each nightly file in results/nightly.json, with the commit, the day and the machine. */
export function keepNightly(results: readonly FileResult[]): void {
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
  const changed = git('status', '--porcelain', '--', ':!results') === '' ? '' : ' and changes'
  const [first] = cpus()
  const ran = {
    commit: `${git('rev-parse', '--short', 'HEAD')}${changed}`,
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} x ${first?.model.trim() ?? 'unknown'}`,
  }
  const fresh = results.map(({ file, seconds, passed, skipped, failures }): [string, Kept] => [
    file,
    { ...ran, seconds: Math.round(seconds), passed, skipped, failed: failures.map(({ name }) => name) },
  ])
  const all = Object.entries({ ...kept(), ...Object.fromEntries(fresh) })
  mkdirSync(folder, { recursive: true })
  const sorted = all.sort(([a], [b]) => (a < b ? -1 : 1))
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`)
}
