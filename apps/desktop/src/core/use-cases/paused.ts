import { join } from 'node:path'
import type { Needs, RunView } from '@lux/ceremony'
import { accept, type Outcome, type Refusal, refuse } from '@lux/crypto'
import { comesAsFile, isForWord, isOfServer } from '../runs/exchange/awaited.ts'
import { type Taking, takeAnswers } from '../runs/exchange/inbox.ts'
import { RunPreview } from '../runs/exchange/preview.ts'
import { takeAnswer } from '../runs/exchange/take-answer.ts'
import { awaitedVendorFile } from '../runs/exchange/vendor-procedure.ts'
import type { Run } from '../runs/run/run.ts'

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
  refused: Taking['refused']
}

/**
 * Null where the run is not paused, or where going on needs nothing but the people who are here. Nothing is written and no token is
 * touched. `rehearsed`: stand-ins answer here for everybody but a server.
 */
export function behindPause(run: Run, rehearsed: boolean): BehindPause | null {
  if (run.view().needs?.kind !== 'resume') return null
  const look = new RunPreview(run.folder)
  const { needs } = look.view()
  const vendorFile = needs?.kind === 'confirm' ? awaitedVendorFile(run.folder) : null
  if (needs === null || !(vendorFile !== null || isOfServer(needs) || (!rehearsed && comesAsFile(needs))))
    return null
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

/** The run as people were asked: neither a pause nor the PIN after it takes back what they are to sign or prove. */
export function asAsked(run: Pick<Run, 'folder' | 'view'>): RunView {
  const seen = run.view()
  const { needs } = seen
  const held = needs?.kind === 'resume' || (needs?.kind === 'pin' && needs.again)
  return held ? new RunPreview(run.folder).view() : seen
}

/** Whoever is here says what only wants a word. */
const saidHere = { has: () => true }

/**
 * Resumes a paused run. Where what it waits for comes as a file and none has come, nothing is written and no PIN is asked:
 * RESUME-NOTHING, or why a file that lies there is not taken; the refusal names the file, or where it goes.
 */
export async function resumePaused(
  run: Run,
  { by, rehearsed }: { by: string; rehearsed: boolean },
): Promise<Outcome<null, string>> {
  const behind = behindPause(run, rehearsed)
  if (behind !== null && !behind.come) return firstRefused(behind) ?? nothingCame(behind)
  // A holder's word of what is left is heard while somebody's word is awaited too.
  const late = behind === null && run.view().unstated.length > 0
  const refused =
    (late ? firstRefused(new RunPreview(run.folder).answers()) : null) ?? run.submit({ type: 'resume', by })
  if (refused !== null) return refused
  if (late || (behind !== null && !behind.vendor)) await takeAnswers(run)
  return accept(null)
}

function nothingCame({ needs, from, where, vendor }: BehindPause): Refusal<string> {
  const what = vendor ? where : needs.kind === 'signatures' ? needs.what : needs.kind
  return refuse('RESUME-NOTHING', from.length === 0 ? what : `${what}: ${from.join(', ')}`, { file: where })
}

function firstRefused({ refused: [first] }: Pick<Taking, 'refused'>): Refusal<string> | null {
  return first === undefined
    ? null
    : refuse(first.rule, `${first.file}: ${first.detail}`, { file: first.file })
}

/** Before somebody goes on to the next epoch: what lies in in/ of holders who had said nothing yet. */
export async function hearLate(run: Run): Promise<Refusal<string> | null> {
  const { needs, unstated } = run.view()
  const awaited = unstated.length > 0 && needs !== null && isForWord(needs)
  return awaited ? firstRefused(await takeAnswers(run)) : null
}

/**
 * Takes a file in. A paused run that waits for it, or to which a holder still says what is left, is resumed with it, and only where
 * the engine will take it: the PIN is asked after that. `beside`: the folder of the file, null where it was scanned or made `here`, at the workstation itself.
 */
export function takeFile(
  run: Run,
  bytes: Uint8Array,
  beside: string | null,
  rehearsed: boolean,
  here = false,
): Refusal | null {
  const { needs, unstated } = run.view()
  const resumes = needs?.kind === 'resume' && (unstated.length > 0 || behindPause(run, rehearsed) !== null)
  const before = resumes
    ? (takeAnswer(new RunPreview(run.folder), bytes, beside) ??
      run.submit({ type: 'resume', by: 'machine', cause: 'answer' }))
    : null
  return before ?? takeAnswer(run, bytes, beside, here)
}
