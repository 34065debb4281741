import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { root } from '../root.ts'
import { openEngine } from './engine.ts'
import { corpusFile, keptInputs } from './kept.ts'
import { targets } from './targets.ts'

/*
 * `node scripts/fuzz/run.ts SECONDS [TARGET…]`: each target for so long, from the inputs that are kept. Those that reach something new
 * are kept in its corpus, and what was tried stands in results/fuzz.json. An input that is a fault ends the run with exit code 1.
 */
const [seconds = '60', ...named] = process.argv.slice(2)
const wanted = named.length === 0 ? Object.keys(targets) : named
const unknown = wanted.find((name) => targets[name] === undefined)
if (unknown !== undefined || !/^[1-9][0-9]{0,4}$/.test(seconds)) {
  process.stderr.write(
    `usage: node scripts/fuzz/run.ts SECONDS [TARGET…]; targets: ${Object.keys(targets).join(' ')}\n`,
  )
  process.exit(2)
}

/** Larger inputs are found again by whoever runs the target; the repository keeps small ones. */
const [mostBytes, mostInputs] = [2048, 120]
const seed = Math.floor(Date.now() / 1000) % 1_000_000
const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
const results = join(root, 'results/fuzz.json')

type Tried = {
  commit: string
  date: string
  machine: string
  seed: number
  /** Of all runs. */
  executions: number
  seconds: number
  /** Edges that the inputs reach. */
  coverage: number
  inputs: number
  found: string | null
}
const tried: Record<string, Tried> = existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : {}

const nameOf = (bytes: Uint8Array): string => createHash('sha1').update(bytes).digest('hex')
const numberIn = (text: string, pattern: RegExp): number =>
  Number([...text.matchAll(pattern)].at(-1)?.[1] ?? 0)

const engine = await openEngine()
const folder = join(root, '.lux/fuzz/corpus')
mkdirSync(join(root, 'scripts/fuzz/corpus'), { recursive: true })

/** The engine ends without waiting for a pipe to take its last lines, so they go to a file. */
function play(name: string, args: readonly string[]): { status: number | null; text: string } {
  const log = join(root, '.lux/fuzz', `${name}.log`)
  const out = openSync(log, 'w')
  const target = targets[name]
  // The engine's own loop never waits for a promise, so the memory of one would never be let go.
  const waits = target?.run(target.seeds()[0] ?? new Uint8Array()) instanceof Promise
  const way = waits ? [] : ['--sync']
  const { status } = spawnSync(process.execPath, [engine.cli, engine.bundle, ...way, '--', ...args], {
    cwd: join(root, '.lux/fuzz'),
    stdio: ['ignore', out, out],
    env: { ...process.env, LUX_FUZZ: name, LD_PRELOAD: engine.preload },
  })
  closeSync(out)
  return { status, text: readFileSync(log, 'utf8') }
}

let faults = 0
for (const name of wanted) {
  const corpus = join(folder, name)
  rmSync(corpus, { recursive: true, force: true })
  mkdirSync(corpus, { recursive: true })
  for (const input of [...(targets[name]?.seeds() ?? []), ...keptInputs(name)])
    if (input.length <= 1 << 16) writeFileSync(join(corpus, nameOf(input)), input)
  const { status, text } = play(name, [
    corpus,
    ...[`-max_total_time=${seconds}`, `-seed=${seed}`, '-max_len=65536', '-timeout=10', '-rss_limit_mb=3000'],
    ...['-use_value_profile=1', '-print_final_stats=1', '-reload=0', `-artifact_prefix=${name}-`],
  ])
  const executions = numberIn(text, /number_of_executed_units:\s+(\d+)/g)
  const written = /Test unit written to (\S+)/.exec(text)?.[1] ?? 'no input was kept'
  const found = status === 0 && executions > 0 ? null : written
  if (found !== null) {
    faults += 1
    process.stderr.write(`${text.split('\n').slice(-30).join('\n')}\n`)
  }
  const smaller = join(folder, `${name}.smaller`)
  rmSync(smaller, { recursive: true, force: true })
  mkdirSync(smaller)
  if (found === null) play(name, [smaller, '-merge=1', corpus])
  const inputs = readdirSync(smaller)
    .map((file) => join(smaller, file))
    .filter((file) => statSync(file).size <= mostBytes)
    .toSorted((one, other) => statSync(one).size - statSync(other).size)
    .slice(0, mostInputs)
    .map((file) => readFileSync(file).toString('base64'))
  if (inputs.length > 0) writeFileSync(corpusFile(name), `${JSON.stringify(inputs, null, 1)}\n`)
  const before = tried[name]
  tried[name] = {
    commit: git('rev-parse', '--short', 'HEAD'),
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    seed,
    executions: (before?.executions ?? 0) + executions,
    seconds: (before?.seconds ?? 0) + Number(seconds),
    coverage: numberIn(text, /cov: (\d+)/g),
    inputs: inputs.length,
    found,
  }
  const sorted = Object.entries(tried).toSorted(([one], [other]) => (one < other ? -1 : 1))
  writeFileSync(results, `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`)
  const { coverage } = tried[name]
  process.stdout.write(
    `${name}: ${executions} executions, ${coverage} edges, ${inputs.length} inputs kept${found === null ? '' : `, FAULT: ${found}`}\n`,
  )
}
process.exitCode = faults === 0 ? 0 : 1
