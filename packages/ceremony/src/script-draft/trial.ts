import { sha256Hex, utf8 } from '@lux/crypto'
import type { Plan } from '../plan/plan.ts'
import { withStaying } from '../plan/queries.ts'
import type { PlanRefusal } from '../plan/rules.ts'
import { planFromScript, readScript, type Script } from '../plan-check/script.ts'
import { draftText, type ScriptDraft } from './draft.ts'
import { edited, type ScriptEdit } from './edit.ts'

/** A plan that the script could become, with made-up people and values, and every reason why it would be none. */
export type Trial = { plan: Plan; faults: [] } | { plan: null; faults: PlanRefusal[] }

/** The linter's word on a draft: what no choice of people or values could mend. */
export function tryDraft(draft: ScriptDraft): Trial {
  const bytes = utf8(draftText(draft))
  const script = readScript(bytes)
  if (!script.ok) return { plan: null, faults: script.refusals }
  const { officers, witnesses } = script.value.rehearsal
  const made = planFromScript(bytes, trialValues(script.value), { officers, witnesses })
  return made.ok ? { plan: made.value.plan, faults: [] } : { plan: null, faults: made.refusals }
}

const made = (what: string): string => sha256Hex(utf8(what))

function trialValues({ title, blanks, rehearsal }: Script): Record<string, unknown> {
  const known = (name: string): unknown => rehearsal.values?.[name] ?? blanks[name]?.default
  const names = (name: string): string[] => {
    const given = known(name)
    return Array.isArray(given) ? given.map(String) : []
  }
  const seats = withStaying(rehearsal.people, names('holders'), names('nextHolders'))
  const trialOf = (name: string): unknown => {
    const given = known(name)
    if (given !== undefined) return given
    switch (blanks[name]?.type) {
      case 'people':
        return seats.map(({ role, name: called }, at) => ({ role, name: called, card: made(`card ${at}`) }))
      case 'digest':
        return made(name)
      case 'integer':
        return 1
      case 'boolean':
        return false
      case 'names':
        return name === 'backupShares' ? names('custodians').map(made) : []
      case 'destinations':
      case 'tokens':
      case 'keys':
        return []
      default:
        return texts[name]?.(title) ?? made(name).slice(0, 32)
    }
  }
  return Object.fromEntries(
    Object.entries(blanks).flatMap(([name, { only }]) => {
      const counts = Object.entries(only ?? {}).every(([other, wanted]) => known(other) === wanted)
      return counts ? [[name, trialOf(name)]] : []
    }),
  )
}

/** Texts that are no identifier in hex. */
const texts: Readonly<Record<string, (title: string) => string>> = {
  title: (title) => title,
  tool: () => made('tool'),
  backupMechanism: () => 'KWP-RFC5649',
}

/** A draft with what it was before, the newest last, and what was taken back, the newest first. */
export type DraftHistory = { past: ScriptDraft[]; now: ScriptDraft; future: ScriptDraft[] }

/** How many changes can be taken back. */
export const mostUndone = 50

export function begun(now: ScriptDraft): DraftHistory {
  return { past: [], now, future: [] }
}

/** A change that changes nothing leaves the history as it is. */
export function changed(history: DraftHistory, edit: ScriptEdit): DraftHistory {
  const now = edited(history.now, edit)
  if (now === history.now) return history
  return { past: [...history.past, history.now].slice(-mostUndone), now, future: [] }
}

export function undone({ past, now, future }: DraftHistory): DraftHistory {
  const before = past.at(-1)
  return before === undefined
    ? { past, now, future }
    : { past: past.slice(0, -1), now: before, future: [now, ...future] }
}

export function redone({ past, now, future }: DraftHistory): DraftHistory {
  const [next, ...later] = future
  return next === undefined
    ? { past, now, future }
    : { past: [...past, now].slice(-mostUndone), now: next, future: later }
}
