import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { State } from '@lux/ceremony'
import type { Plan } from '@lux/ceremony/plan'
import { ExpectedError, readBounded } from '@lux/node-files'
import { isRehearsed } from '../../runs/effects/token/token-login.ts'
import { tokenLog } from '../../use-cases/token-log.ts'
import { requireReadable } from '../ceremonies/lineage.ts'
import { readableRuns } from '../shared/readable-runs.ts'
import type { ServiceContext } from '../shared/service-context.ts'

type Known = Pick<ServiceContext, 'store' | 'runs'>

/** A token got its PINs and lost its objects: in a run, or by an officer in the window. */
type Made = { serial: string; at: number; rehearsal: boolean }

/** Serials of the tokens that a rehearsal of this store initialised last: its PINs are written down, and its keys are left in them. */
export function rehearsedSerials(parts: Known): ReadonlySet<string> {
  const runs = readableRuns(parts).open.flatMap(({ run }) => madeIn(run.folder.state))
  const last = new Map<string, Made>()
  for (const made of [...runs, ...erasedIn(parts.store.path)])
    if (made.at >= (last.get(made.serial)?.at ?? 0)) last.set(made.serial, made)
  return new Set([...last.values()].filter(({ rehearsal }) => rehearsal).map(({ serial }) => serial))
}

function madeIn({ domain, steps, tokens }: State): Made[] {
  return steps.flatMap(({ step, finished, started }): Made[] => {
    const token = tokens.find(({ role }) => role === (step.token ?? 'ceremony'))
    if (step.do !== 'initialise-token' || token?.initialised !== true) return []
    return [{ serial: token.serial, at: timeOf(finished ?? started), rehearsal: domain === 'rehearsal' }]
  })
}

/** What was erased since, in the window or by command, by the store's log of such acts. A line that cannot be read clears no token. */
function erasedIn(store: string): Made[] {
  const path = join(store, tokenLog)
  if (!existsSync(path)) return []
  const lines = new TextDecoder().decode(readBounded(path, 1 << 24)).split('\n')
  return lines.flatMap((line): Made[] => {
    const { at, act, serial, outcome } = actOf(line)
    if (act !== 'erase-token' || outcome !== 'done' || typeof serial !== 'string') return []
    return [{ serial, at: timeOf(at), rehearsal: false }]
  })
}

function actOf(line: string): Readonly<Record<string, unknown>> {
  try {
    const read: unknown = JSON.parse(line)
    return typeof read === 'object' && read !== null ? { ...read } : {}
  } catch {
    return {}
  }
}

const timeOf = (at: unknown): number => (typeof at === 'string' ? Date.parse(at) || 0 : 0)

/**
 * A production run works in no token that a rehearsal made, as far as this store and the token's own label tell. A run that cannot be
 * read may have made it. Errors: TOKEN-REHEARSED, LINEAGE-UNREADABLE.
 */
export async function requireUnrehearsed(
  parts: Known & Pick<ServiceContext, 'hsm'>,
  plan: Plan,
): Promise<void> {
  const taken = plan.tokens.filter(({ serial }) => serial !== 'new')
  if (taken.length === 0) return
  requireReadable(parts)
  const rehearsed = rehearsedSerials(parts)
  const connected = await parts.hsm().tokens()
  for (const { role, serial } of taken) {
    const { label } = connected.find((one) => one.serial === serial) ?? { label: '' }
    if (isRehearsed({ serial, label }, rehearsed))
      throw new ExpectedError('TOKEN-REHEARSED', `${role}: ${serial} ${label}`.trimEnd())
  }
}
