import { join } from 'node:path'
import type { Needs, Refusal } from '@lux/ceremony'
import { CoreError } from '@lux/node-files'
import { LookAhead } from '../../runs/exchange/preview.ts'
import { takeAnswer } from '../../runs/exchange/take-answer.ts'
import { awaitedVendorFile } from '../../runs/exchange/vendor-procedure.ts'
import type { Run } from '../../runs/run/run.ts'
import { leader } from '../../runs/run/run.ts'

/** What a paused run waits for behind its pause, where that comes as a file. */
export type BehindPause = {
  needs: Needs
  from: readonly string[]
  /** Where a file is put by hand: the run's in/, or the very path of the vendor's file. */
  where: string
  vendor: boolean
  /** Something lies there that is taken when the run resumes. */
  come: boolean
  /** What lies there and would not be taken. */
  refused: readonly { file: string; rule: string; detail: string }[]
}

/**
 * Null where the run is not paused, or where going on needs nothing but the people at this window. Nothing is written and no token is
 * touched. `rehearsed`: stand-ins answer here for everybody but a server.
 */
export function behindPause(run: Run, rehearsed: boolean): BehindPause | null {
  if (run.view().needs?.kind !== 'resume') return null
  const look = new LookAhead(run.folder)
  const { needs } = look.view()
  const vendorFile = needs?.kind === 'confirm' ? awaitedVendorFile(run.folder) : null
  if (needs === null || !(vendorFile !== null || comesAsFile(needs, rehearsed))) return null
  const { may, refused } = look.mayGoOn({ words: saidHere, decided: false })
  return {
    needs,
    from: 'missing' in needs ? needs.missing : [],
    where: vendorFile ?? join(run.folder.path, 'in'),
    vendor: vendorFile !== null,
    come: may,
    refused,
  }
}

/** Whoever is at the window says there what only wants a word. */
const saidHere = { has: () => true }

const files: ReadonlySet<Needs['kind']> = new Set([
  'signatures',
  'acknowledgements',
  'request',
  'answers',
  'result',
  'epoch-approvals',
  'redeals',
])

function comesAsFile({ kind }: Needs, rehearsed: boolean): boolean {
  return kind === 'receipt' || (!rehearsed && files.has(kind))
}

/** Throws CoreError where resuming would write an entry and ask a PIN for nothing: RESUME-NOTHING, or why a file is not taken. */
export function mustHaveCome({ needs, from, where, vendor, come, refused }: BehindPause): void {
  if (come) return
  mustBeTaken({ refused })
  const what = vendor ? where : needs.kind === 'signatures' ? needs.what : needs.kind
  throw new CoreError(
    'RESUME-NOTHING',
    from.length === 0 ? what : `${what}: ${from.join(', ')}`,
    vendor ? `put the vendor’s file there` : `take the file in, or put it into ${where}`,
  )
}

/** Throws CoreError, with the rule that refused it, where a file that lies in in/ is not taken. */
export function mustBeTaken({ refused: [first] }: Pick<BehindPause, 'refused'>): void {
  if (first === undefined) return
  throw new CoreError(
    first.rule,
    `${first.file}: ${first.detail}`,
    'take that file away, or put the right one in its place; then go on',
  )
}

/** Whether a paused run takes a file in: what it waits for, or what a holder still says is left while somebody's word is awaited. */
export function takesBehindPause(run: Run, rehearsed: boolean): boolean {
  const { needs, unstated } = run.view()
  return needs?.kind === 'resume' && (unstated.length > 0 || behindPause(run, rehearsed) !== null)
}

/** Resumes a paused run with an answer, and only where the engine will take it. The PIN is asked after that. */
export function takeBehindPause(run: Run, bytes: Uint8Array, beside: string): Refusal | null {
  return (
    takeAnswer(new LookAhead(run.folder), bytes, beside) ??
    run.submit({ type: 'resume', by: leader(run) }) ??
    takeAnswer(run, bytes, beside)
  )
}
