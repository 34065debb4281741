import type { RunView } from '@lux/ceremony'
import { writeRequests } from '../../runs/exchange/outbox.ts'
import { asAsked } from '../../use-cases/paused.ts'
import type { OpenRun } from '../shared/open-runs.ts'

/**
 * What people are asked to sign on their own devices, as files in the run's out/: their paths. Whom a rehearsal simulates
 * needs none. A file keeps its name until it is answered in full, so that nobody's copy is of something else. Errors:
 * those of the disk.
 */
export function requestsFor(open: OpenRun): readonly string[] {
  const { folder } = open.run
  if (!folder.state.started) return []
  const seen = open.run.view()
  if (open.standIns.length > 0 && !isAskedOfADevice(open, seen)) return []
  const view = asAsked(open.run)
  const subject = subjectOf(view, folder.state.size)
  if (open.asked?.subject !== subject) open.asked = { subject, files: writeRequests(folder, view) }
  return open.asked.files
}

/** Whether a rehearsal waits for the signature of somebody who is not simulated. */
function isAskedOfADevice({ standIns }: OpenRun, { needs }: RunView): boolean {
  const simulated = new Set(standIns.map(({ name }) => name))
  return needs?.kind === 'signatures' && needs.missing.some((name) => !simulated.has(name))
}

function subjectOf({ needs }: RunView, size: number): string {
  return needs?.kind === 'signatures' ? `${needs.what} ${needs.subject}` : String(size)
}
