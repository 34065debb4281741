import { existsSync, readdirSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Refusal } from '@lux/ceremony'
import { ExpectedError, makeFolder, readBounded, syncFolder, withSystemErrors } from '@lux/node-files'
import type { Run } from '../run/run.ts'
import { maxAnswer, takeAnswer } from './take-answer.ts'

export type Taking = { taken: string[]; refused: { file: string; rule: string; detail: string }[] }

/**
 * Takes every answer that lies in DIR/in/, by name. A taken file is moved to in/taken/ once the log has it; a refused
 * one stays where it is, with the reason.
 */
export async function takeAnswers(run: Run): Promise<Taking> {
  const taking: Taking = { taken: [], refused: [] }
  for (const { file, path, bytes } of answersIn(run.folder)) {
    const refused = refusalOf(() => takeAnswer(run, bytes()), run)
    if (refused !== null) {
      taking.refused.push({ file: path, ...refused })
      continue
    }
    // The run goes on before the next file is looked at, which may be for what comes then.
    await run.pump()
    moveToTaken(dirname(path), file)
    taking.taken.push(file)
  }
  return taking
}

type Answer = { file: string; path: string; bytes: () => Uint8Array }

/** What comes along with an answer or of the vendor's tool, what is still being written, and what a system hides. */
const noAnswer = /^\.|\.(age|bin|attestation|part)$/

/** The answers that lie in DIR/in/, by name: people end it as they like. */
export function answersIn({ path: folder }: { path: string }): Answer[] {
  const box = join(folder, 'in')
  const all = existsSync(box) ? readdirSync(box, { withFileTypes: true }) : []
  const files = all.flatMap((one) => (one.isDirectory() || noAnswer.test(one.name) ? [] : [one.name]))
  return files.toSorted().map((file) => {
    const path = join(box, file)
    return { file, path, bytes: () => readBounded(path, maxAnswer) }
  })
}

/** Why an answer is not taken, or null. Throws where not the answer is at fault but the run's own disk. */
export function refusalOf(
  take: () => Refusal | null,
  run: Pick<Run, 'storageError'> = { storageError: null },
): { rule: string; detail: string } | null {
  try {
    const refusal = take()
    return refusal === null ? null : { rule: refusal.rule, detail: refusal.detail }
  } catch (error) {
    if (error instanceof ExpectedError && run.storageError === null)
      return { rule: error.code, detail: error.detail }
    throw error
  }
}

function moveToTaken(box: string, file: string): void {
  const taken = join(box, 'taken')
  withSystemErrors(
    () => {
      makeFolder(taken)
      renameSync(join(box, file), join(taken, file))
      syncFolder(box)
    },
    join(taken, file),
  )
}
