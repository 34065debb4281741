import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeDurably } from '@lux/node-files'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { copyToMedium } from '../../../src/core/runs/effects/sealing/bundle.ts'

let home: string
const at = (name: string): string => join(home, name)
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'durable-file-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

test('a planted .part neither gives a key file its mode nor leads the key elsewhere', () => {
  writeFileSync(at('open.key.part'), '')
  chmodSync(at('open.key.part'), 0o666)
  writeDurably(at('open.key'), Buffer.from('secret'))
  expect(statSync(at('open.key')).mode & 0o777).toBe(0o600)

  symlinkSync(at('elsewhere'), at('led.key.part'))
  writeDurably(at('led.key'), Buffer.from('secret'))
  expect(readFileSync(at('led.key'), 'utf8')).toBe('secret')
  expect(readdirSync(home).sort()).toEqual(['led.key', 'led.key.part', 'open.key', 'open.key.part'])
})

test('a bundle is not written through a link that was planted on the medium', async () => {
  writeFileSync(at('bundle.zip'), 'bundle')
  writeFileSync(at('elsewhere'), 'as it was')
  symlinkSync(at('elsewhere'), at('copy.zip.part'))
  await copyToMedium(at('bundle.zip'), at('copy.zip'))
  expect(readFileSync(at('elsewhere'), 'utf8')).toBe('as it was')
  expect(statSync(at('copy.zip')).mode & 0o777).toBe(0o600)
  expect(readdirSync(home).sort()).toEqual(['bundle.zip', 'copy.zip', 'elsewhere'])
})
