import { expect, test } from 'vitest'
import { shownTime } from '../../src/renderer/i18n/format.ts'

test('a time is shown in UTC, says so, and has Western digits in every language', () => {
  const iso = '2026-01-31T21:05:09.000Z'
  expect(shownTime('en-GB', iso)).toBe('31 Jan 2026, 21:05:09 UTC')
  const arabic = shownTime('ar-u-nu-latn', iso)
  expect(arabic).toContain('21:05:09')
  expect(arabic).toContain('UTC')
  expect(arabic).not.toMatch(/[٠-٩]/)
  expect(shownTime('en-GB', 'never')).toBe('never')
})
