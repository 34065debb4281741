import { expect, test } from 'vitest'
import { runInElectron } from './run-in-electron.ts'

test('the entry for Electron runs every known answer and both ways of sealing', async () => {
  const results = await runInElectron()
  expect(results.filter(({ ok }) => !ok)).toEqual([])
  expect(results.length).toBe(17)
})
