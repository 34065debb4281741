import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import tfhe from 'node-tfhe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LIMIT, realClientKey } from './fixture.ts'

const program = fileURLToPath(new URL('../../../../examples/fhe-evaluator/encrypt.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'encrypt-'))
const at = (name: string) => join(folder, name)
const { key } = realClientKey()
const run = (...words: string[]) =>
  spawnSync(process.execPath, [program, ...words], { encoding: 'utf8', timeout: 60_000 })
const encrypt = (out: string, ...values: string[]) =>
  run('encrypt', at('key'), 'rehearsal', '00'.repeat(32), at('public.bin'), at(out), ...values)

beforeAll(() => {
  writeFileSync(at('public.bin'), tfhe.TfheCompactPublicKey.new(key).safe_serialize(LIMIT))
  expect(run('enrol', 'intake', 'rehearsal', at('key'), at('card.json')).status).toBe(0)
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the example that encrypts', () => {
  test.each([
    ['u8:300', 'u8 holds 0 to 255'],
    ['u8:-1', 'u8 holds 0 to 255'],
    ['u64:-1', 'u64 holds 0 to 18446744073709551615'],
    ['u64:18446744073709551616', 'u64 holds'],
    ['i64:9223372036854775808', 'i64 holds -9223372036854775808 to'],
    ['u8:abc', 'not a value'],
    ['u8:', 'not a value'],
    ['u8:1.5', 'not a value'],
    ['u8:0x1f', 'not a value'],
    ['u8:7:9', 'not a value'],
    ['bool:1', 'not a value'],
  ])('%s is refused, and no other number is encrypted in its place', (value, said) => {
    const { status, stderr } = encrypt('refused.bin', 'u8:1', value)
    expect(status).not.toBe(0)
    expect(stderr).toContain(said)
    expect(existsSync(at('refused.bin'))).toBe(false)
  })

  test('the largest and the smallest of each type are encrypted as they are', () => {
    const values = ['u8:255', 'u64:18446744073709551615', 'i64:-9223372036854775808', 'bool:true']
    expect(encrypt('list.bin', ...values)).toMatchObject({ status: 0, stderr: '' })
  })
})
