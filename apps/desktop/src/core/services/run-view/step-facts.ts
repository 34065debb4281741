import { dirname } from 'node:path'
import type { RunView as EngineView, Needs } from '@lux/ceremony'
import { wordsOf } from '@lux/people'
import type * as contract from '../../../contract/index.ts'
import type { VendorWork } from '../../runs/exchange/vendor-procedure.ts'

/** What the step in hand shows: what it will do, what is read aloud, and what officers are about to sign. */
export function factsOf(
  view: EngineView,
  summary: EngineView['parts'][number]['steps'][number]['summary'],
  needs: Needs,
  kept: string | null,
): contract.Fact[] {
  return [...resultsOf(summary, kept), ...shownAloud(needs), ...proposed(view)]
}

/** What people compare by its words, and not by its digits. */
const spoken: ReadonlySet<string> = new Set(['possession', 'opening', 'bundle', 'epoch-live'])

/** What came of a step, in the order to show. `kept`: the folder in which a bundle stays on this machine, null of production. */
export function resultsOf(
  summary: EngineView['parts'][number]['steps'][number]['summary'],
  kept: string | null,
): contract.Fact[] {
  return summary.map(({ label, value }) => {
    const form = formOf(value)
    const digest = form === 'hex' && value.length === 64 && spoken.has(label)
    if (label === 'medium' && kept !== null && dirname(value) === kept)
      return { name: label, value, form, key: 'stage.kept' }
    return { name: label, value, form, ...(digest ? { words: wordsOf(value) } : {}) }
  })
}

/** For people to compare with what the vendor's tool shows. */
export function movedBy(work: VendorWork | null): contract.Fact[] {
  if (work === null) return []
  return [
    { name: 'key', value: work.key, form: 'code' },
    { name: 'cka-id', value: work.ckaId, form: 'hex' },
    { name: 'from-token', value: work.from, form: 'code' },
    { name: 'to-token', value: work.to, form: 'code' },
  ]
}

function formOf(value: string): contract.FactForm {
  if (/^[0-9a-f]{32,}$/.test(value)) return 'hex'
  if (/^\d{4}-\d\d-\d\dT/.test(value)) return 'time'
  if (/^\d+$/.test(value)) return 'number'
  return 'text'
}

function shownAloud(needs: Needs): contract.Fact[] {
  if (needs.kind !== 'confirm') return []
  return needs.shows.flatMap(({ label, words, hex }): contract.Fact[] => [
    { name: label, value: words.join(' '), form: 'words' },
    { name: label, value: hex, form: 'hex' },
  ])
}

/** What officers are about to sign, and who proposed it. */
function proposed(view: EngineView): contract.Fact[] {
  const open = view.exceptions.find(({ decision }) => decision === null)
  if (open?.proposal == null) return []
  const { by, reason, decision } = open.proposal
  const key = `runner.decision.${decision}`
  const shown = {
    expected: open.expected,
    happened: open.happened,
    decided: decision,
    'decided-by': by,
    reason,
  }
  return Object.entries(shown)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => ({ name, value, form: 'text', ...(name === 'decided' ? { key } : {}) }))
}
