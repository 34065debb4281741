import { join, resolve } from 'node:path'
import type { Plan } from '@lux/ceremony/plan'
import { preflightLibrary } from '@lux/hsm'
import {
  checkEmpty,
  ExpectedError,
  inNewFolder,
  makeFolder,
  mustBeFolder,
  mustHaveParent,
} from '@lux/node-files'
import { findProgram, type Program } from '../../core/program.ts'
import { beginProduction } from '../../core/runs/begin/begin-production.ts'
import { Answers, readAnswers } from '../../core/runs/exchange/answers.ts'
import { RunFolder } from '../../core/runs/folder/run-folder.ts'
import { type RunParts, runOn } from '../../core/runs/run/load-run.ts'
import { leader, type Run } from '../../core/runs/run/run.ts'
import { systemClock, systemEntropy } from '../../core/system.ts'
import { readReviewed, startProduction } from '../../core/use-cases/begin.ts'
import { driveProduction } from '../../core/use-cases/drive-production.ts'
import { leftOf } from '../../core/use-cases/resume.ts'
import { type BurntOptions, readBurnt } from '../custodian/burnt.ts'
import { refused } from '../shell/command-line.ts'
import { type Outcome, say } from '../shell/output.ts'
import { WrongUse } from '../shell/wrong-use.ts'
import { addresseesOf, type Lineages, lineagesAfter } from './lineage.ts'
import { interruptible, runOutcome } from './outcome.ts'
import { pinSource, type RunPinOptions } from './pins.ts'
import { pinned, withRun } from './session.ts'
import { libraryOf, type RunToken, readTokens, saveSettings, startedBy } from './settings.ts'

export type CeremonyRunOptions = RunPinOptions & {
  token?: Record<string, string>
  env?: Record<string, string>
  initString?: string
  lock?: string
  policy: string
  cards: string
  attestations?: string
  public?: string
  out: string
  medium?: string
  after?: string[]
  answers?: string
} & BurntOptions

/** Begins a production run and goes on until people are needed. Errors: those of `beginProduction`, TOKEN-…, HSM-…. */
export async function runCeremony(
  planFile: string,
  options: CeremonyRunOptions,
  program: Program = findProgram(),
): Promise<Outcome> {
  const out = resolve(options.out)
  mustHaveParent(out)
  checkEmpty(out)
  if (options.medium !== undefined) mustBeFolder(options.medium)
  if (options.lock === undefined) {
    throw new ExpectedError('PLAN-UNLOCKED', 'a production run needs the plan’s lock')
  }
  const tokens = readTokens(options.token ?? {})
  const answers = options.answers === undefined ? new Answers([]) : readAnswers(options.answers)
  const { lock, policy, cards, attestations } = options
  const { plan, reviewed } = readReviewed({
    plan: planFile,
    lock,
    policy,
    cards,
    ...(attestations === undefined ? {} : { attestations }),
    ...(options.public === undefined ? {} : { public: options.public }),
  })
  const { sets: burnt, identifiers } = await readBurnt(options)
  const medium = resolve(options.medium ?? join(out, 'medium'))
  const bound = serials(plan, tokens)
  const pins = pinned(plan.tokens)
  const library = libraryOf(tokens)
  const { env: environment, initString } = options
  const begunBy = {
    ...startedBy({
      ...(environment === undefined ? {} : { environment }),
      ...(initString === undefined ? {} : { initString }),
    }),
    ...(identifiers.length === 0 ? {} : { identifiers: [...new Set(identifiers)] }),
  }
  // Plan, lock, policy and the library's file are judged before the vendor's code runs in any process of ours.
  const begin = () =>
    beginProduction({
      folder: out,
      ...reviewed,
      tokens: bound,
      library: preflightLibrary(library, pins.librarySha256 ?? null).sha256,
      burnt,
      measurement: program.measurement,
      entropy: systemEntropy,
      clock: systemClock,
    })
  let started = false
  const start = (
    { lineages, ...begun }: ReturnType<typeof beginProduction> & { lineages: Lineages },
    parts: RunParts,
    kept: () => void,
  ): Run => {
    saveSettings(out, { v: 1, tokens: options.token ?? {}, medium, ...lineages, ...begunBy })
    makeFolder(join(out, 'in'))
    const run = startProduction(begun, (folder) => runOn(folder, parts, () => undefined))
    if (!run.ok) throw refused(run)
    started = true
    kept()
    return run.value
  }
  const go = async (run: Run): Promise<Outcome> => {
    const rest = await driveProduction(run, {
      answers,
      askPin: pinSource(tokens, options),
      by: leader(run),
      decision: null,
    })
    const view = run.view()
    say(`· ${view.state}${view.current === null ? '' : `: ${view.current}`}`)
    return runOutcome(view, out, { ...leftOf(run.folder, view, rest), answers: options.answers })
  }
  return inNewFolder(
    out,
    () => started && RunFolder.isAt(out),
    async (kept) => {
      const begun = begin()
      try {
        const lineages = lineagesAfter(options.after ?? [], addresseesOf(begun.start))
        return await withRun(
          program,
          { library, ...pins, medium, ...lineages, ...begunBy },
          (parts) => start({ ...begun, lineages }, parts, kept),
          (run) => interruptible(out, options.answers, () => go(run)),
        )
      } finally {
        if (!started) begun.folder.close()
      }
    },
  )
}

/** Serial by role: the URI's own, which the plan must name too; none yet for a token that a step initialises. */
function serials({ tokens: planned }: Plan, tokens: readonly RunToken[]): { role: string; serial: string }[] {
  return tokens.map(({ role, user }) => {
    const own = planned.find((token) => token.role === role)
    if (own === undefined) throw new WrongUse('TOKEN-ROLE', `--token ${role}: the plan has no such role`)
    if (own.serial !== 'new' && user.serial === null)
      throw new WrongUse('TOKEN-URI', `--token ${role}: no serial`)
    return { role, serial: user.serial ?? '' }
  })
}
