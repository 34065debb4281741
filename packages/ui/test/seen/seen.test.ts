import { expect, test } from 'vitest'
import {
  beginReading,
  mayDecide,
  type Reading,
  readOn,
  sawPart,
  turnPage,
  unreadParts,
} from '../../src/seen/seen.ts'

const look = (from: number, to: number, height = 1000, width = 390) => ({
  width,
  height,
  on: [from, to] as const,
})

test('SEEN-ALL a yes lives once each part has been on screen whole and the last page is open, and not before', () => {
  let reading = beginReading(['asks', 'words', 'decide'])
  expect(mayDecide(reading)).toBe(false)
  reading = sawPart(reading, 'asks', look(-50, 420))
  expect(readOn(reading)).toBe(420)
  reading = sawPart(reading, 'asks', look(400, 870))
  expect(readOn(reading)).toBe(870)
  reading = sawPart(reading, 'asks', look(600, 1070))
  expect(readOn(reading)).toBeNull()
  expect(unreadParts(reading)).toEqual(['words', 'decide'])
  reading = turnPage(sawPart(turnPage(reading, 1), 'words', look(0, 1000)), 1)
  expect(mayDecide(reading)).toBe(false)
  reading = sawPart(reading, 'decide', look(-90, 2000))
  expect(mayDecide(reading)).toBe(true)
  // Back on an earlier page it does not: that page does not say what the yes does.
  expect(mayDecide(turnPage(reading, -1))).toBe(false)
})

test('SEEN-ALL a page that was not read is not turned, and the first page has none before it', () => {
  const reading = sawPart(beginReading(['asks', 'decide']), 'asks', look(0, 998))
  expect(turnPage(reading, 1).at).toBe(0)
  expect(turnPage(reading, -1).at).toBe(0)
  expect(turnPage(sawPart(reading, 'asks', look(0, 999.5)), 1).at).toBe(1)
})

test('SEEN-ALL a jump to the end is not reading, and what was left out in the middle is next', () => {
  const reading = sawPart(sawPart(beginReading(['asks']), 'asks', look(0, 300)), 'asks', look(700, 1000))
  expect(readOn(reading)).toBe(300)
  expect(mayDecide(reading)).toBe(false)
  const below = sawPart(beginReading(['asks']), 'asks', look(600, 1000))
  expect(readOn(below)).toBe(0)
})

test('SEEN-ALL another layout before the end begins the part anew, and after the end changes nothing', () => {
  const half = sawPart(beginReading(['asks']), 'asks', look(0, 600))
  expect(readOn(sawPart(half, 'asks', look(600, 1000, 1000, 844)))).toBe(0)
  expect(readOn(sawPart(half, 'asks', look(600, 800, 800)))).toBe(0)
  const whole = sawPart(half, 'asks', look(600, 1000))
  expect(mayDecide(sawPart(whole, 'asks', look(0, 0, 5000)))).toBe(true)
})

test('SEEN-ALL nothing on screen, and a part that is not laid out, is nothing seen', () => {
  let reading: Reading = beginReading(['asks'])
  for (const one of [look(0, 0), look(500, 400), look(-80, 0), look(1000, 1400), look(0, 400, 0)])
    reading = sawPart(reading, 'asks', one)
  expect(readOn(reading)).toBe(0)
  expect(mayDecide(reading)).toBe(false)
})

test('SEEN-ALL without parts, with two of one name or with a part that is none there is no reading', () => {
  expect(() => beginReading([])).toThrow(RangeError)
  expect(() => beginReading(['asks', 'asks'])).toThrow(RangeError)
  expect(() => sawPart(beginReading(['asks']), 'words', look(0, 1))).toThrow(RangeError)
})

test('SEEN-ALL whatever three looks there were, in whatever order, a part is read exactly when no pixel of it is missing', () => {
  const places = [-40, 0, 40, 80, 120]
  const looks = places.flatMap((from) => [40, 80].map((long) => [from, from + long] as const))
  for (const a of looks)
    for (const b of looks)
      for (const c of looks) {
        const three = [a, b, c]
        const reading = three.reduce(
          (before, [from, to]) => sawPart(before, 'asks', look(from, to, 160)),
          beginReading(['asks']),
        )
        const missing = [0, 40, 80, 120].some(
          (at) => !three.some(([from, to]) => from <= at && to >= at + 40),
        )
        expect(mayDecide(reading), `${three}`).toBe(!missing)
      }
})
