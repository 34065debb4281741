import { join, resolve } from 'node:path'
import type { RunView } from '@lux/ceremony'
import { lintCards, readPlan, readScript } from '@lux/ceremony/plan'
import { parsePolicyFile } from '@lux/ceremony/policy'
import type { Hsm } from '@lux/hsm'
import { checkWritable, ExpectedError, inNewFolder, mustHaveParent, readBounded } from '@lux/node-files'
import { ranOn } from '@lux/people'
import { findProgram, type Program } from '../../core/program.ts'
import { beginRehearsal } from '../../core/rehearsal/begin-rehearsal.ts'
import { driveRehearsal, type Halt } from '../../core/rehearsal/drive-rehearsal.ts'
import { rehearsalPins } from '../../core/rehearsal/rehearsal-pins.ts'
import { type RehearsalRequest, readDestination } from '../../core/rehearsal/rehearsal-request.ts'
import { rehearsedNoise, type StandInNoise } from '../../core/rehearsal/stand-in-request.ts'
import { deviceOf } from '../../core/rehearsal/stand-in-tokens.ts'
import { loadStandIns } from '../../core/rehearsal/stand-ins.ts'
import { roomOf } from '../../core/runs/begin/policy-terms.ts'
import { refusedPlan } from '../../core/runs/begin/refused-plan.ts'
import { bundleFile } from '../../core/runs/effects/sealing/bundle.ts'
import { RunFolder } from '../../core/runs/folder/run-folder.ts'
import { type RunParts, runOn } from '../../core/runs/run/load-run.ts'
import type { Run } from '../../core/runs/run/run.ts'
import { systemClock, systemEntropy } from '../../core/system.ts'
import { startRehearsal } from '../../core/use-cases/begin.ts'
import { elsewhere, typedValues } from '../../core/use-cases/make-plan.ts'
import { cardsBeside, warningLines } from '../plan/lint.ts'
import { scriptPath } from '../plan/new.ts'
import { type CommandLine, collectBlank, refused, severalOf } from '../shell/command-line.ts'
import { wordsOf } from '../shell/files.ts'
import { type Outcome, say } from '../shell/output.ts'
import { exceptionOutcome } from './outcome.ts'
import { forgetToken, rehearsalPlace, withRun } from './session.ts'

type RehearseOptions = {
  out: string
  destination?: string[]
  policy?: string
  set?: Record<string, string>
  keepToken?: boolean
}

const maxFile = 1 << 20

/** The whole ceremony on a throw-away soft token with simulated participants; ends Sealed, or Closed once a receipt comes. */
export async function rehearse(what: string | undefined, options: RehearseOptions): Promise<Outcome> {
  const out = resolve(options.out)
  mustHaveParent(out)
  checkWritable(out)
  return inNewFolder(
    out,
    () => RunFolder.isAt(out),
    (kept) => rehearseIn(out, what, options, kept),
  )
}

async function rehearseIn(
  out: string,
  what: string | undefined,
  options: RehearseOptions,
  kept: () => void,
): Promise<Outcome> {
  const program = findProgram()
  const timer = stepTimer()
  let left = false
  try {
    return await withRun(
      program,
      rehearsalPlace(out),
      (parts, hsm) => begin(what ?? 'first-run', options, { program, out, parts, hsm, timer }),
      async (run) => {
        left = true
        kept()
        const halt = await driveRehearsal(run, {
          standIns: loadStandIns(out),
          pins: rehearsalPins(out),
          stopAtSealed: run.folder.state.destinations.length === 0,
          now: systemClock.now,
        })
        const view = run.view()
        left = view.needs !== null
        return outcomeOf(view, halt, {
          out,
          steps: timer.milliseconds(),
          noise: rehearsedNoise(run.folder.plan),
          warnings: warningLines(elsewhere(run.folder.plan, ranOn(run.folder.header))),
        })
      },
    )
  } finally {
    // A run that can go on needs its token.
    if (!left && options.keepToken !== true) forgetToken(out)
  }
}

async function begin(
  what: string,
  options: RehearseOptions,
  of: { program: Program; out: string; parts: RunParts; hsm: Hsm; timer: ReturnType<typeof stepTimer> },
): Promise<Run> {
  const { program, out, parts, hsm, timer } = of
  const destinations = (options.destination ?? []).map(readDestination)
  const folder = await beginRehearsal({
    folder: out,
    of: readSubject(what, options),
    destinations,
    library: hsm.library.sha256,
    device: await deviceOf(hsm),
    measurement: program.measurement,
    entropy: systemEntropy,
    clock: systemClock,
    keyChild: parts.keyChild,
  })
  const run: Run = runOn(folder, parts, () => timer.see(run.view()))
  try {
    const started = await startRehearsal(run, destinations)
    if (!started.ok) throw refused(started)
    return started.value
  } catch (error) {
    folder.close()
    throw error
  }
}

type Ended = {
  out: string
  steps: Record<string, number>
  noise: StandInNoise | null
  warnings: string[]
}

function outcomeOf(view: RunView, halt: Halt, { out, steps, noise, warnings }: Ended): Outcome {
  if (halt.why === 'exception') return exceptionOutcome(view, out)
  const digest = view.bundle?.digest ?? ''
  const bundle = join(out, bundleFile)
  const waiting = halt.why === 'receipt'
  const words = wordsOf(digest)
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
    ...(noise === null ? {} : { noise }),
    ...(warnings.length === 0 ? {} : { warnings }),
    ...(waiting ? { waitingFor: ['receipt'], bring: join(out, 'in') } : {}),
  }
  const lines = [
    `${view.title}: ${view.state}`,
    `bundle  ${bundle}`,
    `digest  ${digest}`,
    `words   ${words.join(' ')}`,
    `policy  ${join(out, 'policy.json')}`,
    ...(noise?.belowFloor === true
      ? [
          `noise   ${noise.blockBits} bits hide each block, below the floor of ${noise.floorBits}: simulated participants encrypt with the public key, and what is decrypted so is worth nothing`,
        ]
      : []),
    ...warnings,
    waiting
      ? `waiting for the server’s receipt: custody ceremony receipt ${out} FILE`
      : `check it: custody verify ${bundle} --policy ${join(out, 'policy.json')}`,
  ]
  return { exit: waiting ? 4 : 0, json, text: lines.join('\n') }
}

/** What is rehearsed: a script with its blanks filled, or a plan under its policy. */
export function readSubject(
  what: string,
  options: Pick<RehearseOptions, 'policy' | 'set'>,
): RehearsalRequest['of'] {
  const path = scriptPath(what)
  const bytes = readBounded(path, maxFile)
  if (options.policy === undefined || path !== what) {
    const script = readScript(bytes)
    if (!script.ok) throw refusedPlan(script.refusals)
    return { script: bytes, values: typedValues(script.value, options.set ?? {}) }
  }
  const policy = parsePolicyFile(readBounded(options.policy, maxFile))
  if (!policy.ok) throw new ExpectedError(policy.rule, `${options.policy}: ${policy.detail}`)
  const read = readPlan(bytes)
  const { listed } = roomOf(policy.value.policy)
  const twice = read.ok ? lintCards(read.plan, cardsBeside(what), listed) : []
  if (twice.length > 0) throw refusedPlan(twice)
  return { plan: bytes, policy: policy.value.policy }
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

export function registerRehearse({ program, act }: CommandLine): void {
  program
    .command('rehearse')
    .argument('[what]', 'a script’s name, a script file, or a plan with --policy', 'first-run')
    .description('Run the whole ceremony on a throw-away soft token with simulated participants.')
    .requiredOption('--out <dir>', 'a new folder for the run')
    .option(
      '--destination <file>',
      'a rehearsal server that shall receive the bundle: its transport file with card.json beside it, or card.json alone',
      severalOf,
    )
    .option('--policy <file>', 'the policy that a plan names')
    .option('--set <name=value>', 'a blank of the script', collectBlank)
    .action((what: string, options: RehearseOptions) => act(() => rehearse(what, options)))
    .addHelpText(
      'after',
      `
Examples:
  $ custody rehearse --out rehearsal
  $ custody rehearse token-initialisation --out rehearsal
  $ custody rehearse plan.yaml --policy policy.json --out rehearsal`,
    )
}
