import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

type Kind = 'u8' | 'u64' | 'i64' | 'bool'

const inputs: readonly { name: string; kind: Kind; value: string }[] = [
  { name: 'a', kind: 'u8', value: '200' },
  { name: 'b', kind: 'u8', value: '77' },
  { name: 'c', kind: 'u64', value: '9223372036854788153' },
  { name: 'd', kind: 'u64', value: '3' },
  { name: 'e', kind: 'i64', value: '-5' },
  { name: 'f', kind: 'i64', value: '1000000007' },
  { name: 'g', kind: 'bool', value: 'true' },
]

const steps = [
  { name: 'sum-u8', operation: 'add', of: ['a', 'b'] },
  { name: 'b-is-less', operation: 'less', of: ['b', 'a'] },
  { name: 'minimum-u8', operation: 'select', of: ['b-is-less', 'b', 'a'] },
  { name: 'sum-u64', operation: 'add', of: ['c', 'd'] },
  { name: 'product-u64', operation: 'multiply', of: ['sum-u64', 'd'] },
  { name: 'negated-i64', operation: 'negate', of: ['f'] },
  { name: 'product-i64', operation: 'multiply', of: ['e', 'negated-i64'] },
  { name: 'e-is-less', operation: 'less', of: ['e', 'f'] },
  { name: 'both-bool', operation: 'and', of: ['e-is-less', 'g'] },
  { name: 'equal-bool', operation: 'equal', of: ['c', 'd'] },
] as const

/** What is squashed and decrypted, and what a plain computer says it must be. */
export const results: readonly { output: string; kind: Kind; value: string }[] = [
  { output: 'sum-u8', kind: 'u8', value: String((200 + 77) % 256) },
  { output: 'minimum-u8', kind: 'u8', value: '77' },
  { output: 'product-u64', kind: 'u64', value: String(BigInt.asUintN(64, (9223372036854788153n + 3n) * 3n)) },
  { output: 'product-i64', kind: 'i64', value: String(-5n * -1000000007n) },
  { output: 'both-bool', kind: 'bool', value: 'true' },
  { output: 'equal-bool', kind: 'bool', value: 'false' },
]

/** Writes config.json and job.json; gives the values to encrypt, in order. */
export function prepare({ folder, key, keyId }: { folder: string; key: string; keyId: string }): string[] {
  const write = (name: string, value: unknown): void =>
    writeFileSync(join(folder, name), `${JSON.stringify(value, null, 2)}\n`)
  write('config.json', {
    v: 1,
    domain: 'rehearsal',
    keyId,
    compactPublicKey: join(key, 'compact-public-key.bin'),
    serverKey: join(key, 'server-key.bin'),
    crs: null,
    encryptors: ['encryptor.json'],
    identity: 'evaluator.key',
  })
  const values = inputs.map(({ name, kind }) => ({ name, kind }))
  const job = {
    v: 1,
    program: 'interop 1',
    inputs: [{ file: 'inputs.bin', signature: 'inputs.bin.signed.json', values }],
    steps,
    outputs: results.map(({ output }) => output),
  }
  write('job.json', job)
  write('bare-job.json', { ...job, inputs: [{ file: 'inputs.bin', values }] })
  write('altered-job.json', { ...job, inputs: [{ ...job.inputs[0], file: 'altered.bin' }] })
  return inputs.map(({ kind, value }) => `${kind}:${value}`)
}
