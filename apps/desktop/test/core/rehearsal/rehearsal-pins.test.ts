import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { rehearsalPins } from '../../../src/core/rehearsal/rehearsal-pins.ts'

let run: string
beforeEach(() => {
  run = mkdtempSync(join(tmpdir(), 'pins-'))
})
afterEach(() => rmSync(run, { recursive: true, force: true }))

test('a throw-away token’s PINs are drawn once, differ, and lie beside it for their owner alone', () => {
  const pins = rehearsalPins(run)
  expect(pins).toEqual({ so: expect.stringMatching(/^\d{8}$/), user: expect.stringMatching(/^\d{8}$/) })
  expect(pins.so).not.toBe(pins.user)
  expect(rehearsalPins(run)).toEqual(pins)
  expect(statSync(join(run, 'token/pins.json')).mode & 0o777).toBe(0o600)
})

test.each([
  ['no JSON', 'so 1234'],
  ['another document', '{"pin":"12345678"}'],
  ['a PIN that is a number', '{"so":12345678,"user":"12345678"}'],
  ['something more', '{"so":"12345678","user":"12345678","admin":"12345678"}'],
])('FILE-DAMAGED a file that holds %s is refused, and no PIN is tried', (_name, text) => {
  mkdirSync(join(run, 'token'))
  writeFileSync(join(run, 'token/pins.json'), text)
  expect(() => rehearsalPins(run)).toThrow(/^FILE-DAMAGED/)
})
