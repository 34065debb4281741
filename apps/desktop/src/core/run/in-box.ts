import { existsSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { CoreError, withSystemErrors } from '../core-error.ts'
import { readBounded, syncFolder } from '../store/durable-file.ts'
import { makeFolder } from '../store/new-folder.ts'
import type { Run } from './run.ts'
import { takeAnswer } from './take-answer.ts'

const maxAnswer = 16 << 20

export type Taking = { taken: string[]; refused: { file: string; rule: string; detail: string }[] }

/**
 * Takes every answer that lies in DIR/in/, by name. A taken file is moved to in/taken/ once the log has it; a refused
 * one stays where it is, with the reason.
 */
export async function takeAnswers(run: Run): Promise<Taking> {
  const box = join(run.folder.path, 'in')
  const taking: Taking = { taken: [], refused: [] }
  const files = existsSync(box) ? readdirSync(box).filter((name) => name.endsWith('.json')) : []
  for (const file of files.toSorted()) {
    const refused = takeOne(run, join(box, file))
    if (refused !== null) {
      taking.refused.push({ file: join(box, file), ...refused })
      continue
    }
    // The run goes on before the next file is looked at, which may be for what comes then.
    await run.pump()
    moveToTaken(box, file)
    taking.taken.push(file)
  }
  return taking
}

function takeOne(run: Run, path: string): { rule: string; detail: string } | null {
  try {
    const refusal = takeAnswer(run, readBounded(path, maxAnswer))
    return refusal === null ? null : { rule: refusal.rule, detail: refusal.detail }
  } catch (error) {
    if (error instanceof CoreError && run.trouble === null) return { rule: error.code, detail: error.detail }
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
