import { expect, test } from 'vitest'
import { apis, errorCodes, shellApis } from '../../src/contract/index.ts'

const all = { ...apis, ...shellApis }

test('CONTRACT-NAMES core and main serve different names, each within the limit', () => {
  expect(Object.keys(apis).filter((name) => name.startsWith('shell.'))).toEqual([])
  expect(Object.keys(shellApis).filter((name) => !name.startsWith('shell.'))).toEqual([])
  for (const name of Object.keys(all)) expect(name).toMatch(/^[a-z]+\.[a-zA-Z]{1,40}$/)
})

test('CONTRACT-ERRORS every code that an API may answer with is in the list, once', () => {
  expect(new Set(errorCodes).size).toBe(errorCodes.length)
  for (const { errors } of Object.values(all)) for (const code of errors) expect(errorCodes).toContain(code)
})
