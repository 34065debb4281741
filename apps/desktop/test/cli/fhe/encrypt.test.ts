import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type EncryptOptions, encrypt } from '../../../src/cli/fhe/encrypt.ts'

const folder = mkdtempSync(join(tmpdir(), 'lux-encrypt-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const out = join(folder, 'out.bin')
writeFileSync(join(folder, 'there.bin'), '')

const sound: EncryptOptions = { compactPublicKey: 'key.bin', type: 'u8', value: '1', rehearsal: true, out }

test.each([
  ['FHE-OPEN-VALUE', { rehearsal: false }, 'no secret'],
  ['OPTION-VALUE', { value: '256' }, '0 to 255 for u8'],
  ['OPTION-VALUE', { value: '-1' }, '0 to 255 for u8'],
  ['OPTION-VALUE', { value: 'true' }, '0 to 255 for u8'],
  ['OPTION-VALUE', { type: 'i8', value: '128' }, '-128 to 127 for i8'],
  ['OPTION-VALUE', { type: 'i8', value: '-129' }, '-128 to 127 for i8'],
  ['OPTION-VALUE', { type: 'bool', value: '1' }, 'true or false'],
  ['OPTION-VALUE', { type: 'u256', value: String(2n ** 256n) }, 'for u256'],
  ['FILE-EXISTS', { out: join(folder, 'there.bin') }, 'there.bin'],
  ['FOLDER-MISSING', { out: join(folder, 'usb', 'out.bin') }, 'usb'],
] as const)('%s refuses %j before a process is started', async (code, change, detail) => {
  await expect(encrypt({ ...sound, ...change })).rejects.toMatchObject({
    code,
    detail: expect.stringContaining(detail),
  })
  expect(readdirSync(folder)).toEqual(['there.bin'])
})
