import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Entry } from '@lux/ceremony/transcript'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { custodyJson, temporaryFolder } from './support/custody.ts'
import { type Enrolled, enrolled, passphraseFile } from './support/people.ts'
import { checkpointRequest, digest, entries, header, written } from './support/requests.ts'

let folder: string
let pass: string[]
let witness: Enrolled

beforeAll(async () => {
  folder = temporaryFolder()
  pass = ['--passphrase-file', passphraseFile(folder)]
  witness = await enrolled(folder, 'witness', 'Wim')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const cosign = (file: string, out: string, ...more: string[]) =>
  custodyJson([
    'witness',
    'cosign',
    file,
    '--key',
    witness.keyPath,
    '--out',
    join(folder, out),
    '--yes',
    ...pass,
    ...more,
  ])

describe('witness cosign', () => {
  test('cosigns what grows from what was cosigned before, and shows only the new entries', async () => {
    const memory = ['--memory', join(folder, 'grow.memory')]
    const first = await cosign(checkpointRequest(folder, 'c3.json', entries(3)), 'c3.sig', ...memory)
    expect(first.exit).toBe(0)
    const second = await cosign(checkpointRequest(folder, 'c5.json', entries(5)), 'c5.sig', ...memory)
    expect(second.exit).toBe(0)
    expect(second.stderr).toContain('confirmed 4')
    expect(second.stderr).not.toContain('confirmed 2')

    const back = await cosign(checkpointRequest(folder, 'c4.json', entries(4)), 'c4.sig', ...memory)
    expect(back).toMatchObject({ exit: 1, json: { code: 'COSIGN-ROLLBACK' } })
    const forked = await cosign(
      checkpointRequest(folder, 'f6.json', entries(6, 'another')),
      'f6.sig',
      ...memory,
    )
    expect(forked).toMatchObject({ exit: 1, json: { code: 'COSIGN-FORK' } })
    expect(existsSync(join(folder, 'f6.sig'))).toBe(false)
  }, 60_000)

  test('a checkpoint that its entries do not lead to, or of a rehearsal, or without entries, is not cosigned', async () => {
    const bare = written(folder, 'bare.json', {
      what: 'checkpoint',
      subject: JSON.parse(readFileSync(checkpointRequest(folder, 'b.json', entries(1)), 'utf8')).subject,
    })
    const memory = (name: string) => ['--memory', join(folder, name)]
    const runs = await Promise.all([
      cosign(
        checkpointRequest(folder, 'lie.json', entries(2), { node: digest('9') }),
        'lie.sig',
        ...memory('m1'),
      ),
      cosign(
        checkpointRequest(folder, 'reh.json', entries(2), {}, { ...header, domain: 'rehearsal' }),
        'reh.sig',
        ...memory('m2'),
      ),
      cosign(bare, 'bare.sig', ...memory('m3')),
    ])
    expect(runs.map(({ exit, json }) => [exit, json.code])).toEqual([
      [1, 'COSIGN-HEAD'],
      [1, 'REQUEST-DOMAIN'],
      [1, 'REQUEST-TRANSCRIPT'],
    ])
    expect(existsSync(join(folder, 'm1'))).toBe(false)
  })

  test('shows the whole of what it signs for, with nothing in it that a terminal obeys', async () => {
    const [entry] = entries(1)
    const fact = { by: 'Ada', note: `${'x'.repeat(150)}\u009b2K\u202e`, z: 'ROOT WRAPPED TO MALLORY' }
    const request = checkpointRequest(folder, 'long.json', [{ ...entry!, fact } as Entry])
    const { exit, stderr } = await cosign(request, 'long.sig', '--memory', join(folder, 'm4'))
    expect(exit).toBe(0)
    expect(stderr).toContain('         z: "ROOT WRAPPED TO MALLORY"\n')
    expect(stderr).toContain('x\\u009b2K\\u202e"\n')
    expect(stderr.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  })

  test('WITNESS-MEMORY a damaged memory is not taken for an empty one', async () => {
    const memory = join(folder, 'damaged.memory')
    writeFileSync(memory, '{"v":1')
    const { exit, json } = await cosign(
      checkpointRequest(folder, 'd.json', entries(1)),
      'd.sig',
      '--memory',
      memory,
    )
    expect(exit).toBe(1)
    expect(json.code).toBe('WITNESS-MEMORY')
  })
})
