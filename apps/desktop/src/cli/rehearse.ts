import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { RunView } from '@lux/ceremony'
import { parsePolicyFile } from '@lux/ceremony/policy'
import { fromHex, toWords } from '@lux/crypto'
import { softTokenEnvironment, startHsm } from '@lux/hsm'
import { systemClock } from '../core/clock.ts'
import { CoreError } from '../core/core-error.ts'
import { findProgram } from '../core/program.ts'
import { beginRehearsal, startCommand } from '../core/run/begin-rehearsal.ts'
import { driveRehearsal, type Halt, rehearsalPins } from '../core/run/drive-rehearsal.ts'
import { runOn } from '../core/run/load-run.ts'
import { bundleFile } from '../core/run/perform/bundle.ts'
import { PinBox } from '../core/run/pin-box.ts'
import { loadStandIns } from '../core/run/stand-ins.ts'
import { readDestination } from '../core/services/read-destination.ts'
import { readBounded } from '../core/store/durable-file.ts'
import { systemEntropy } from '../core/system-entropy.ts'
import { type Outcome, say } from './output.ts'

export type RehearseOptions = {
  out: string
  destination?: string
  policy?: string
  set?: Record<string, string>
  keepToken?: boolean
}

const maxFile = 1 << 20

/** The whole ceremony on a throw-away soft token with stand-in people; ends Sealed, or Closed once a receipt comes. */
export async function rehearse(what: string | undefined, options: RehearseOptions): Promise<Outcome> {
  const out = resolve(options.out)
  if (existsSync(out) && readdirSync(out).length > 0) {
    throw new CoreError('FOLDER-IN-USE', `${out} is not empty`, 'name a new folder')
  }
  const program = findProgram()
  const soft = softTokenEnvironment(join(out, 'token'))
  const hsm = await startHsm({
    library: soft.library,
    environment: soft.environment,
    ...(program.hostEntry === null ? {} : { hostEntry: program.hostEntry }),
  })
  try {
    const destinations = options.destination === undefined ? [] : [readDestination(options.destination)]
    const folder = await beginRehearsal({
      folder: out,
      of: readSubject(what ?? 'first-run', options, program.resources),
      destinations,
      library: hsm.library.sha256,
      measurement: program.measurement,
      entropy: systemEntropy,
      clock: systemClock,
    })
    const timer = stepTimer()
    const run = runOn(
      folder,
      {
        hsm,
        pins: new PinBox(),
        entropy: systemEntropy,
        clock: systemClock,
        measurement: program.measurement,
        keyChild: { execPath: program.execPath, entry: program.keyChildEntry },
        lineage: { sequence: '1', previous: null, supersedes: [] },
        medium: () => join(out, 'medium'),
      },
      () => timer.see(run.view()),
    )
    const standIns = loadStandIns(out)
    const refused = run.submit(startCommand(folder, standIns, destinations))
    if (refused !== null) throw new CoreError(refused.rule, refused.detail)
    const halt = await driveRehearsal(run, {
      standIns,
      pins: rehearsalPins(out),
      stopAtSealed: destinations.length === 0,
      now: systemClock.now,
    })
    folder.close()
    return outcomeOf(run.view(), halt, out, timer.milliseconds())
  } finally {
    await hsm.close()
    if (options.destination === undefined && options.keepToken !== true) {
      rmSync(join(out, 'token'), { recursive: true, force: true })
    }
  }
}

function outcomeOf(view: RunView, halt: Halt, out: string, steps: Record<string, number>): Outcome {
  if (halt.why === 'exception') {
    const text = `stopped at an exception: ${halt.detail}`
    return { exit: 3, json: { ok: false, code: 'EXCEPTION-OPEN', detail: halt.detail, folder: out }, text }
  }
  const digest = view.bundle?.digest ?? ''
  const bundle = join(out, bundleFile)
  const waiting = halt.why === 'receipt'
  const words = digest === '' ? [] : toWords(fromHex(digest))
  const json = {
    ok: true,
    ceremonyId: view.ceremonyId,
    state: view.state,
    folder: out,
    bundle,
    digest,
    words,
    policy: join(out, 'policy.json'),
    milliseconds: steps,
    ...(waiting ? { waitingFor: ['receipt'], bring: join(out, 'in') } : {}),
  }
  const lines = [
    `${view.title}: ${view.state}`,
    `bundle  ${bundle}`,
    `digest  ${digest}`,
    `words   ${words.join(' ')}`,
    `policy  ${join(out, 'policy.json')}`,
    waiting
      ? `waiting for the server’s receipt: custody ceremony receipt ${out} FILE`
      : `check it: custody verify ${bundle} --policy ${join(out, 'policy.json')}`,
  ]
  return { exit: waiting ? 4 : 0, json, text: lines.join('\n') }
}

function readSubject(what: string, options: RehearseOptions, resources: string) {
  const script = join(resources, 'scripts', `${what}.yaml`)
  if (/^[a-z0-9-]+$/.test(what) && existsSync(script)) {
    return { script: readBounded(script, maxFile), values: typedValues(options.set ?? {}) }
  }
  const bytes = readBounded(what, maxFile)
  if (options.policy === undefined) return { script: bytes, values: typedValues(options.set ?? {}) }
  const policy = parsePolicyFile(readBounded(options.policy, maxFile))
  if (!policy.ok) throw new CoreError(policy.rule, policy.detail, 'give the policy.json that the plan names')
  return { plan: bytes, policy: policy.value.policy }
}

/** `--set t=2`: whole numbers, true and false, and comma-separated names are taken as such. */
function typedValues(set: Record<string, string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(set).map(([name, text]) => [name, typed(name, text)]))
}

function typed(name: string, text: string): unknown {
  if (name === 'holders') return text.split(',').map((one) => one.trim())
  if (/^\d{1,9}$/.test(text)) return Number(text)
  return text === 'true' ? true : text === 'false' ? false : text
}

function stepTimer() {
  const spent: Record<string, number> = {}
  let at: string | null = null
  let since = performance.now()
  return {
    see(view: RunView) {
      if (view.current === at) return
      if (at !== null) spent[at] = Math.round((spent[at] ?? 0) + performance.now() - since)
      if (view.current !== null) say(`· ${view.current}`)
      at = view.current
      since = performance.now()
    },
    milliseconds: () => spent,
  }
}
