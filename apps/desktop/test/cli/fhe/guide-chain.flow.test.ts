import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import tfhe from 'node-tfhe'
import { afterAll, expect, test } from 'vitest'
import { runKeyChild, sampleTypes } from '../../../src/core/key-child/index.ts'
import { custodyCommand } from '../support/custody.ts'
import { FheFolder } from '../support/fhe-folder.ts'

const files = new FheFolder()
afterAll(() => files.remove())

const guide = fileURLToPath(new URL('../../../../../docs/guide/threshold-fhe.md', import.meta.url))

test('the guide’s commands, typed as they stand, make a key, deal it, encrypt a number and open it again', async () => {
  const [, commands = ''] = /## Try it\n[^`]*```sh\n([\s\S]*?)```/.exec(readFileSync(guide, 'utf8')) ?? []
  expect(commands).toContain('custody fhe encrypt')
  mkdirSync(files.at('bin'))
  const program = custodyCommand.map((word) => `'${word}'`).join(' ')
  writeFileSync(files.at('bin', 'custody'), `#!/bin/sh\nexec ${program} "$@"\n`)
  chmodSync(files.at('bin', 'custody'), 0o755)
  const { stdout } = await promisify(execFile)('sh', ['-e', '-c', commands], {
    cwd: files.at(),
    env: { ...process.env, PATH: `${files.at('bin')}:${process.env.PATH}` },
  })
  expect(stdout.trimEnd().split('\n').slice(-2)).toEqual([
    'u8  42',
    'not verified against a malicious holder',
  ])
})

test('every type that encrypt takes is opened to the value that was encrypted', async () => {
  const key = tfhe.TfheClientKey.generate(tfhe.TfheConfigBuilder.default().build())
  files.write('client.bin', key)
  files.write('public.bin', tfhe.TfheCompactPublicKey.new(key))
  const least = (bits: bigint) => String(-(2n ** (bits - 1n)))
  const most = (bits: bigint) => String(2n ** bits - 1n)
  const values = {
    bool: 'true',
    u8: '255',
    u16: '65535',
    u32: '4294967295',
    u64: most(64n),
    u128: most(128n),
    u256: most(256n),
    i8: '-128',
    i16: '-32768',
    i32: '-2147483648',
    i64: least(64n),
    i128: least(128n),
    i256: least(256n),
  }
  const samples = sampleTypes.map((type) => ({ type, value: values[type], out: files.at(`${type}.bin`) }))
  await runKeyChild({ do: 'encrypt', params: { publicKey: files.at('public.bin'), samples } })
  for (const { type, value, out } of samples) {
    const name = type === 'bool' ? 'FheBool' : type.replace(/^u/, 'FheUint').replace(/^i/, 'FheInt')
    // The library has one class a type, each of which reads and decrypts its own files.
    const { [name]: reader } = tfhe as unknown as Record<
      string,
      { safe_deserialize(bytes: Uint8Array, limit: bigint): { decrypt(key: object): unknown } }
    >
    const opened = reader?.safe_deserialize(new Uint8Array(readFileSync(out)), 1n << 30n).decrypt(key)
    expect(String(opened), type).toBe(value)
  }
})

test('encrypt refuses by name what is no compact public key, a damaged one, and one for proven inputs', async () => {
  const { PARAM_PKE_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128: name } =
    tfhe.ShortintCompactPublicKeyEncryptionParametersName
  const parameters = new tfhe.ShortintCompactPublicKeyEncryptionParameters(name)
  const config = tfhe.TfheConfigBuilder.default()
    .use_dedicated_compact_public_key_parameters(parameters)
    .build()
  files.write('proven.bin', tfhe.TfheCompactPublicKey.new(tfhe.TfheClientKey.generate(config)))
  const key = tfhe.TfheClientKey.generate(tfhe.TfheConfigBuilder.default().build())
  files.write('other.bin', key)
  files.write('cut.bin', tfhe.TfheCompactPublicKey.new(key))
  truncateSync(files.at('cut.bin'), 20_000)
  const samples = [{ type: 'u8', value: '1', out: files.at('never.bin') }] as const
  for (const [file, code] of [
    ['none.bin', 'FILE-MISSING'],
    ['other.bin', 'FILE-WRONG-KIND'],
    ['proven.bin', 'FILE-WRONG-KIND'],
    ['cut.bin', 'FILE-DAMAGED'],
  ] as const)
    await expect(
      runKeyChild({ do: 'encrypt', params: { publicKey: files.at(file), samples } }),
    ).rejects.toMatchObject({ code, detail: expect.stringContaining(files.at(file)) })
})
