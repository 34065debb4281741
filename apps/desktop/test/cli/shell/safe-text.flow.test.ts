import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stubModule } from '../../../../../packages/hsm/test/stub-module/build.ts'
import { escapeForTerminal, escapeLinesForTerminal } from '../../../src/cli/shell/safe-text.ts'
import { custodyProcess, secretFile, temporaryFolder } from '../support/custody.ts'

/** Sets a window's title, hides its own row, says something else, turns letters round, begins a C1 sequence. */
const label = '\u001b]0;x\u0007\r\u001b[2K\n\u202e\u009b'
const shown = '\\u001b]0;x\\u0007\\u000d\\u001b[2K\\u000a\\u202e\\u009b'
const steers = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u

test('controls and marks of direction are shown, other letters stay, and JSON stays the same document', () => {
  expect(escapeForTerminal(label)).toBe(shown)
  expect(escapeForTerminal('مفتاح Schlüssel 鍵 🔑')).toBe('مفتاح Schlüssel 鍵 🔑')
  expect(escapeLinesForTerminal('a\nb\u001b')).toBe('a\nb\\u001b')
  expect(JSON.parse(escapeForTerminal(JSON.stringify({ [label]: `${label}\u007f` })))).toEqual({
    [label]: `${label}\u007f`,
  })
})

describe('a token whose label and key label would steer a terminal', () => {
  let folder: string
  let library: string[]
  let pin: string[]
  beforeAll(() => {
    folder = temporaryFolder()
    const says = { LABEL: label, KEYS: 2, KEY_LABEL: label }
    library = ['--library', stubModule(folder, 'steering', says)]
    pin = ['--pin-file', secretFile(join(folder, 'pin'), '15926374')]
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test.each([
    ['list', []],
    ['info', []],
    ['inventory', ['pin']],
    ['probe', ['pin']],
    ['bench', ['pin', '--seconds', '0.05']],
    ['companion', ['pin']],
    ['evidence', ['pin', '--id', '01']],
    ['info', ['--serial', 'other']],
  ])(
    'token %s shows what it holds and lets none of it through, with --json neither (%j)',
    async (command, more) => {
      const args = more.flatMap((one) => (one === 'pin' ? pin : [one]))
      const said = await custodyProcess(['token', command, ...library, ...args])
      const json = await custodyProcess(['--json', 'token', command, ...library, ...args])
      for (const text of [said.stdout, said.stderr, json.stdout, json.stderr])
        expect(text.replaceAll('\n', '')).not.toMatch(steers)
      JSON.parse(json.stdout)
    },
    60_000,
  )

  test('token list and info show a serial number that would', async () => {
    const odd = ['--library', stubModule(folder, 'odd', { SERIAL: '5\u001b[1A\u202e' })]
    for (const command of ['list', 'info']) {
      const { exit, stdout } = await custodyProcess(['token', command, ...odd])
      expect(exit).toBe(0)
      expect(stdout).toContain('5\\u001b[1A\\u202e')
      expect(stdout.replaceAll('\n', '')).not.toMatch(steers)
    }
  }, 60_000)

  test('token list and inventory show each of them in one row', async () => {
    const list = await custodyProcess(['token', 'list', ...library])
    expect(list.stdout.trimEnd().split('\n')).toEqual([expect.stringContaining(shown)])
    const inventory = await custodyProcess(['token', 'inventory', ...library, ...pin])
    const rows = inventory.stdout.split('\n').filter((line) => line.startsWith('  secret '))
    expect(rows).toEqual([expect.stringContaining(`AES      ${shown}`), expect.stringContaining(shown)])
    const json = await custodyProcess(['--json', 'token', 'list', ...library])
    expect(JSON.parse(json.stdout).tokens[0].label).toBe(label)
  }, 60_000)
})

test('what moves the cursor, turns the text or hides in it is written out', () => {
  const marked = {
    '\u001b[2K': '\\u001b[2K',
    '\u009b2K': '\\u009b2K',
    'one\ntwo\rthree\u007f': 'one\\u000atwo\\u000dthree\\u007f',
    'one\u2028two\u2029three': 'one\\u2028two\\u2029three',
    '\u202eyrollaM\u2066\u061c\u200f': '\\u202eyrollaM\\u2066\\u061c\\u200f',
    'pay\u200bload\u00ad\ufeff': 'pay\\u200bload\\u00ad\\ufeff',
    '\u{e0041}\u3164\ufe0f': '\\udb40\\udc41\\u3164\\ufe0f',
    '\ud800': '\\ud800',
  }
  for (const [text, shown] of Object.entries(marked)) expect(escapeForTerminal(text)).toBe(shown)
})

test('what people write stays as it is', () => {
  for (const text of ['Zoë, 3 of 5', 'مفتاح الجذر', 'Ключ 鍵 𝔎', 'C:\\temp', ''])
    expect(escapeForTerminal(text)).toBe(text)
})
