import { expect, test } from 'vitest'
import type { Scanned } from '../../src/qr/messages.ts'
import { scanned, shownScan, startScanning, tipAfter } from '../../src/qr/qr-receiver.tsx'

const good = (received: number): Scanned => ({
  state: 'progress',
  fresh: true,
  progress: { type: 'card', received, needed: 9, length: 100 },
})
const refused = (rule: string): Scanned => ({ state: 'refused', rule, detail: '' })
const start = startScanning(1000)
const saidAt = (state: typeof start, now: number): string | null =>
  shownScan(state, now).refused?.rule ?? null

test('after four seconds without a code a person is told what helps, and no sooner', () => {
  expect(shownScan(start, 1000 + tipAfter - 1).tip).toBe(false)
  expect(shownScan(start, 1000 + tipAfter).tip).toBe(true)
  const seen = scanned(start, good(1), 5000)
  expect(shownScan(seen, 5000 + tipAfter - 1)).toMatchObject({ tip: false, progress: { received: 1 } })
  expect(shownScan(seen, 5000 + tipAfter).tip).toBe(true)
})

test('a wrong code is named at once where nothing else came in, and beside parts that come in not at all', () => {
  expect(saidAt(scanned(start, refused('TRANSFER-FOREIGN'), 1100), 1100)).toBe('TRANSFER-FOREIGN')
  const seen = scanned(scanned(start, good(1), 1100), refused('TRANSFER-TYPE'), 1200)
  expect(saidAt(seen, 1200)).toBe(null)
  const later = scanned(seen, refused('TRANSFER-TYPE'), 6000)
  expect(shownScan(later, 6000)).toMatchObject({
    refused: { rule: 'TRANSFER-TYPE' },
    tip: false,
    progress: { received: 1 },
  })
})

test('a refusal is gone once a part came in, or the wrong code was taken away', () => {
  const seen = scanned(start, refused('TRANSFER-FOREIGN'), 1100)
  expect(saidAt(scanned(seen, good(1), 1200), 1200)).toBe(null)
  expect(saidAt(seen, 1100 + tipAfter)).toBe(null)
})

test('torn codes are said only when nothing whole has come for a while', () => {
  expect(saidAt(scanned(start, refused('TRANSFER-TORN'), 1100), 1100)).toBe(null)
  expect(saidAt(scanned(start, refused('TRANSFER-TORN'), 6000), 6000)).toBe('TRANSFER-TORN')
})

test('damage is said although its parts come in anew at once, and the count begins again', () => {
  const damaged = scanned(scanned(start, good(9), 1100), refused('TRANSFER-DAMAGED'), 1200)
  expect(shownScan(damaged, 1200)).toMatchObject({ progress: null, refused: { rule: 'TRANSFER-DAMAGED' } })
  const again = scanned(damaged, good(1), 1300)
  expect(shownScan(again, 1300)).toMatchObject({
    progress: { received: 1 },
    refused: { rule: 'TRANSFER-DAMAGED' },
  })
  expect(saidAt(again, 1200 + tipAfter)).toBe(null)
})
