import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { forbiddenSwitch, isTestBuild } from '../../src/main/look-at-package.ts'

test.each([
  '--remote-debugging-port=9222',
  '--remote-debugging-port',
  '--remote-debugging-pipe',
  '--inspect',
  '--inspect-brk=0',
  '--no-sandbox',
  '--js-flags=--expose-gc',
  '--disable-web-security',
  '-remote-debugging-port=9222',
  '-no-sandbox',
  '--NO-SANDBOX',
  ' --no-sandbox',
  '\t-remote-debugging-port=0',
  ' --lang=ar',
  '--disable-seccomp-filter-sandbox',
  '--host-rules=MAP * 10.0.0.1',
  '--lang=ar --no-sandbox',
  '--',
])('RELEASE-SWITCH a released app does not run with %s', (argument) => {
  expect(forbiddenSwitch(['lux-custody', argument])).toBe(argument)
})

test('RELEASE-SWITCH ordinary arguments are left alone', () => {
  expect(forbiddenSwitch(['lux-custody', '--lang=ar', '--ozone-platform-hint=auto', 'plan.yaml'])).toBe(null)
})

test('RELEASE-MARKER only a folder with the marker file is a test build', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lux-marker-'))
  try {
    expect(isTestBuild(folder)).toBe(false)
    writeFileSync(join(folder, 'test-build.json'), '{}')
    expect(isTestBuild(folder)).toBe(true)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
