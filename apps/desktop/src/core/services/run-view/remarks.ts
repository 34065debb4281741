import { readEntry } from '@lux/ceremony'
import type * as contract from '../../../contract/index.ts'
import type { Run } from '../../runs/run/run.ts'

type Read = { upTo: number; remarks: contract.Remark[] }

/** A log only grows, so what was read of it once is not read again. */
const known = new WeakMap<Run, Read>()

/** What people wrote down and what nobody foresaw, in the order of the transcript; deviations with what was decided about them. */
export function remarksOf(run: Run): contract.Remark[] {
  const read = known.get(run) ?? { upTo: 0, remarks: [] }
  for (const entry of run.folder.entries(read.upTo)) {
    read.upTo += 1
    if (entry.kind !== 'note.made' && entry.kind !== 'exception.opened' && entry.kind !== 'exception.decided')
      continue
    const event = readEntry(entry)
    if (event.ok) take(read.remarks, event.entry)
  }
  known.set(run, read)
  return [...read.remarks]
}

type Event = Extract<ReturnType<typeof readEntry>, { ok: true }>['entry']

function take(remarks: contract.Remark[], event: Event): void {
  const { stepId: step, time: at } = event
  switch (event.kind) {
    case 'note.made':
      remarks.push({
        kind: 'note',
        step,
        at,
        by: event.fact.by,
        text: event.fact.text,
        decided: null,
        compared: null,
      })
      break
    case 'exception.opened': {
      const { by, happened, about, compared = null } = event.fact
      remarks.push({
        kind: 'deviation',
        step,
        at,
        by: about === 'reported' ? by : '',
        text: happened,
        decided: null,
        compared,
      })
      break
    }
    case 'exception.decided': {
      const open = remarks.findLast(({ kind, decided }) => kind === 'deviation' && decided === null)
      if (open !== undefined) open.decided = event.fact.decision
      break
    }
    default:
      break
  }
}
