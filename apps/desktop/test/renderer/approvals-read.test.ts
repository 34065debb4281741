import { expect, test } from 'vitest'
import { beginReading, readOn, sawPart, unreadParts } from '../../../../packages/ui/src/seen/seen.ts'
import { stillToSee } from '../../src/renderer/approvals/still-to-see.ts'

test('SEEN-ALL nobody answers a request at the window before each part of it was on screen', () => {
  const look = { width: 500, height: 900 }
  const begun = beginReading(['asks', 'words'])
  for (const state of ['approving', 'answering'] as const) {
    expect(stillToSee({ state }, unreadParts(begun))).toEqual(['asks', 'words'])
    const upper = sawPart(begun, 'asks', { ...look, on: [0, 600] })
    expect(readOn(upper, 'asks')).toBe(600)
    expect(stillToSee({ state }, unreadParts(upper))).toEqual(['asks', 'words'])
    const one = sawPart(upper, 'asks', { ...look, on: [560, 900] })
    expect(stillToSee({ state }, unreadParts(one))).toEqual(['words'])
    expect(stillToSee({ state }, unreadParts(sawPart(one, 'words', { ...look, on: [-10, 900] })))).toEqual([])
  }
  expect(stillToSee({ state: 'combining' }, unreadParts(begun))).toEqual([])
})
