import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { maxPlanBytes, parseValues, readScript, type ScriptValues, warnPlan } from '@lux/ceremony/plan'
import { expiryWarnings } from '@lux/ceremony/policy'
import { readBounded } from '@lux/node-files'
import { findParts, findProgram } from '../../core/program.ts'
import { readDestination } from '../../core/rehearsal/rehearsal-request.ts'
import { refusedPlan } from '../../core/runs/begin/refused-plan.ts'
import { systemClock } from '../../core/system.ts'
import {
  backupValues,
  makePlan,
  planBytes,
  plannedServer,
  shippedScript,
  shippedScripts,
  typedValues,
  writeCards,
} from '../../core/use-cases/make-plan.ts'
import { accepted } from '../shell/accepted.ts'
import { mustBeNew, readCard, readPolicy, wordLines, wordsOf, writeNew } from '../shell/files.ts'
import type { Outcome } from '../shell/output.ts'
import { withVerified } from '../shell/verified-bundle.ts'
import { WrongUse } from '../shell/wrong-use.ts'
import { warningLines } from './lint.ts'

export type NewPlanOptions = {
  set?: Record<string, string>
  values?: string
  policy?: string
  person?: string[]
  destination?: string[]
  library?: string
  backup?: string
  out: string
}

const maxLibrary = 1 << 28

/** Fills a script's blanks and writes the plan, with the cards that it names beside it. Errors: PLAN-…, SCRIPT-UNKNOWN. */
export async function newPlan(what: string, options: NewPlanOptions): Promise<Outcome> {
  mustBeNew(options.out)
  const script = readBounded(scriptPath(what), maxPlanBytes)
  const read = readScript(script)
  if (!read.ok) throw refusedPlan(read.refusals)
  const cards = (options.person ?? []).map((path) => ({ path, card: readCard(path) }))
  const servers = (options.destination ?? []).map((path) => {
    const { card, transport } = readDestination(path)
    return plannedServer(card, transport, path)
  })
  const policy = options.policy === undefined ? null : readPolicy(options.policy).policy
  const backup = await backupOf(options)
  const made = makePlan({
    script,
    people: cards.map(({ card }) => card),
    servers,
    policy,
    library: options.library === undefined ? null : sha256Of(options.library),
    build: findProgram().measurement.build,
    values: {
      ...Object.fromEntries(
        Object.entries(backup).filter(([name]) => Object.hasOwn(read.value.blanks, name)),
      ),
      ...(options.values === undefined ? {} : valuesOf(options.values)),
      ...typedValues(read.value, options.set ?? {}),
    },
  })
  if (!made.ok) throw refusedPlan(made.refusals)
  const { hash, plan, seated, unseated } = made.value
  writeNew(options.out, planBytes(made.value))
  writeCards(join(dirname(resolve(options.out)), 'cards'), { people: seated, servers })
  const words = wordsOf(hash)
  const late = policy === null ? [] : expiryWarnings(policy, systemClock.now())
  const warnings = [...warningLines(warnPlan(plan)), ...late]
  const out = cards.filter(({ card }) => unseated.includes(card))
  return {
    exit: 0,
    json: {
      ...{ ok: true, plan: options.out, title: plan.title, hash, words, warnings },
      unseated: out.map(({ path }) => path),
    },
    text: [
      ...[`plan    ${options.out}`, `hash    ${hash}`, ...wordLines(words)],
      ...out.map(({ path, card: { kind, name } }) => `${path}: ${name}, ${kind}, has no seat in this plan`),
      ...warnings,
    ].join('\n'),
  }
}

/** What the bundle of `--backup` says, under the plan's policy. Errors: USAGE, BACKUP-NONE, those of the bundle. */
async function backupOf({ backup, policy, set }: NewPlanOptions): Promise<ScriptValues> {
  if (backup === undefined) return {}
  if (policy === undefined) throw new WrongUse('USAGE', '--backup needs --policy: a bundle is verified first')
  return withVerified(backup, policy, (contents) => accepted(backupValues(contents, set?.rootKey ?? null)))
}

/** A script file, or the name of one that is shipped. */
export function scriptPath(what: string): string {
  if (!/^[a-z0-9-]+$/.test(what)) return what
  const { resources } = findParts()
  const path = shippedScript(resources, what)
  if (path !== null) return path
  if (existsSync(what)) return what
  throw new WrongUse(
    'SCRIPT-UNKNOWN',
    `no script is called ${what}; there are ${shippedScripts(resources).join(', ')}, or name a file`,
  )
}

function sha256Of(library: string): string {
  return createHash('sha256').update(readBounded(library, maxLibrary)).digest('hex')
}

function valuesOf(path: string): Record<string, unknown> {
  const parsed = parseValues(readBounded(path, maxPlanBytes))
  if (!parsed.ok) throw refusedPlan(parsed.refusals)
  return parsed.value
}
