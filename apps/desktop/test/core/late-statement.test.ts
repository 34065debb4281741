import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import type { Answers } from '../../src/core/runs/exchange/answers.ts'
import type { Run } from '../../src/core/runs/run/run.ts'
import { driveProduction } from '../../src/core/use-cases/drive-production.ts'

const path = mkdtempSync(join(tmpdir(), 'lux-late-'))
afterAll(() => rmSync(path, { recursive: true, force: true }))

test('a late statement that is refused is reported before anybody goes on, though the word was given', async () => {
  const late = join(path, 'in', 'zz-late.json')
  mkdirSync(join(path, 'in'))
  writeFileSync(late, '{}')
  let over = false
  const needs = { kind: 'confirm', shows: [] }
  const view = { current: 'assemble-epoch', unstated: ['Jan'], parts: [] }
  const proceed = vi.fn(() => {
    over = true
    return null
  })
  const submit = vi.fn(() => null)
  const run = {
    folder: { path, state: { steps: [], current: 0, keys: [], tokens: [] } },
    storageError: null,
    pump: () => Promise.resolve(),
    view: () => ({ ...view, needs: over ? null : needs, compares: [], here: ['Ada'] }),
    proceed,
    submit,
    // What of a run is used here.
  } as unknown as Run
  const take = vi.fn(() => ({ by: 'Ada', here: ['Ada', 'Olga'] }))
  const answers = { take } as unknown as Answers
  const drive = () =>
    driveProduction(run, { answers, askPin: () => Promise.resolve(null), by: 'Ada', decision: null })
  const rest = await drive()
  expect(rest).toEqual({ waiting: true, refused: [expect.objectContaining({ file: late })] })
  expect(take).not.toHaveBeenCalled()
  expect(proceed).not.toHaveBeenCalled()
  rmSync(late)
  expect(await drive()).toEqual({ waiting: false, refused: [] })
  expect(proceed).toHaveBeenCalledWith('assemble-epoch', 'Ada', undefined, {
    heard: [],
    here: ['Ada', 'Olga'],
  })
  // Whoever has come since the roll call is in the room by a note of their own.
  expect(submit.mock.calls).toEqual([[{ type: 'note', by: 'Olga', text: 'In the room: Olga.' }]])
})
