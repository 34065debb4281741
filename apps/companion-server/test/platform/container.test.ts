import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { containerSettings, requireContainer, settingOf } from '../../src/platform/container.ts'

const folder = mkdtempSync(join(tmpdir(), 'lux-container-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const mounts = (options: string): string =>
  `proc /proc proc rw 0 0\noverlay / overlay ${options},lowerdir=/a 0 0\ntmpfs /tmp tmpfs rw 0 0\n`
const readOnly = mounts('ro,relatime')
const image = { LUX_CONTAINER: '1', LUX_SERVER_STATE: '/var/lib/lux-custody', PATH: '/usr/bin' }

test('CONTAINER a user of its own on a read-only root is let in', () => {
  expect(() =>
    requireContainer(
      { ...image, DATABASE_URL_FILE: '/run/secrets/url', OTEL_EXPORTER_OTLP_HEADERS: 'a=b', HOSTNAME: 'x' },
      10001,
      readOnly,
    ),
  ).not.toThrow()
})

test.each([
  ['CONTAINER-ROOT', image, 0, readOnly],
  ['CONTAINER-WRITABLE', image, 10001, mounts('rw,relatime')],
  ['CONTAINER-WRITABLE', image, 10001, `overlay / overlay ro 0 0\n${mounts('rw')}`],
  ['CONTAINER-WRITABLE', image, 10001, ''],
  ['CONTAINER-SETTING', { ...image, DATABASE_URI: 'postgres://x' }, 10001, readOnly],
  ...[
    'LUX_SERVER_SATE',
    'HSM_PIN_FLIE',
    'ROOT_KEY_FILE',
    'REDIS_URI',
    'LOG_LEVLE',
    'DRAIN_TIME',
    'PUBLIC_URI',
    'EGRESS_HOSTS',
  ].map((slip) => ['CONTAINER-SETTING', { ...image, [slip]: 'x' }, 10001, readOnly] as const),
] as const)('%s stops a container before anything starts', (code, environment, uid, seen) => {
  expect(() => requireContainer(environment, uid, seen)).toThrow(expect.objectContaining({ code }))
})

test('CONTAINER-SETTING every variable that a source of the server reads is one that a container may set', () => {
  const source = join(import.meta.dirname, '../../src')
  const text = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(source, file), 'utf8'))
    .join('\n')
  const named = [
    ...text.matchAll(/process\.env\.([A-Z][A-Z0-9_]+)|(?:settingOf|variable)\('([A-Z_]+)'/g),
  ].map(([, a, b]) => a ?? b)
  const taken = [...text.matchAll(/\{([^{}]*)\} = process\.env/g)].flatMap(([, names]) =>
    [...(names ?? '').matchAll(/([A-Z][A-Z0-9_]+)/g)].map(([, name]) => name),
  )
  const read = new Set([...named, ...taken].filter((name) => name !== 'SOFTHSM2_CONF'))
  expect([...read]).toEqual(expect.arrayContaining(['DATABASE_URL', 'TLS_KEY_FILE', 'LUX_SERVER_STATE']))
  expect([...read].filter((name) => !containerSettings.includes(name ?? ''))).toEqual([])
})

test('CONTAINER-SETTING names the setting that is misspelt, and never its value', () => {
  const slip = { ...image, DATABASE_URI: 'postgres://owner:hunter2@db' }
  const said = (() => {
    try {
      requireContainer(slip, 10001, readOnly)
    } catch (error) {
      return String(error)
    }
  })()
  expect(said).toContain('DATABASE_URI')
  expect(said).not.toContain('hunter2')
})

test('CONTAINER-SECRET a setting comes from its file, of which the first line counts', () => {
  const file = join(folder, 'url')
  writeFileSync(file, 'postgres://custody@db/custody\n')
  expect(settingOf('DATABASE_URL', { DATABASE_URL_FILE: file })).toBe('postgres://custody@db/custody')
  expect(settingOf('DATABASE_URL', { DATABASE_URL: '' })).toBeUndefined()
  expect(settingOf('DATABASE_URL', {})).toBeUndefined()
})

test.each([
  ['CONTAINER-SECRET', 'absent', null],
  ['CONTAINER-SECRET', 'empty', '\n'],
  ['CONTAINER-SECRET', 'endless', 'x'.repeat(5000)],
])('%s a secret that is %s is named with its file', (code, name, text) => {
  const file = join(folder, name)
  if (text !== null) {
    writeFileSync(file, text)
    chmodSync(file, 0o600)
  }
  expect(() => settingOf('DATABASE_URL', { DATABASE_URL_FILE: file })).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(file) }),
  )
})

test('CONTAINER-SETTING a setting and its file together are refused', () => {
  expect(() => settingOf('DATABASE_URL', { DATABASE_URL: 'a', DATABASE_URL_FILE: 'b' })).toThrow(
    expect.objectContaining({ code: 'CONTAINER-SETTING' }),
  )
})
