import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cardCodec, planLockCodec } from '@lux/ceremony/wire'
import { encodeCanonical, type Json, utf8 } from '@lux/crypto'
import { enrol } from '@lux/people'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { planBytes, samplePlan } from '../../../../../packages/ceremony/test/support/sample-plan.ts'
import { findProgram } from '../../../src/core/program.ts'
import { nameFile } from '../../../src/core/services/named-file.ts'
import type { ServiceContext } from '../../../src/core/services/shared/service-context.ts'
import { systemEntropy } from '../../../src/core/system.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'named-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

// The one part that is asked: whether a person chose the path.
const parts = { paths: { read: (path: string) => path } } as unknown as ServiceContext

async function named(bytes: Uint8Array) {
  const path = join(dir, 'dropped')
  writeFileSync(path, bytes)
  return nameFile(parts, { path })
}

async function card(): Promise<Uint8Array> {
  const made = await enrol({ kind: 'officer', domain: 'rehearsal', name: 'Ada' }, systemEntropy)
  if (!made.ok) throw new Error(made.rule)
  made.value.key.identity.secret.wipe()
  return cardCodec.encode(made.value.key.card)
}

const json = (value: Json) => encodeCanonical(value)
const digest = '1b'.repeat(32)
const plan = () => planBytes(samplePlan({}, [], { policy: digest, destinations: [] }))
const lock = () =>
  planLockCodec.encode({
    planHash: digest,
    policyDigest: digest,
    rehearsalDigest: digest,
    diffDigest: null,
    signatures: [],
  })
const script = () => new Uint8Array(readFileSync(join(findProgram().resources, 'scripts', 'first-run.yaml')))

test.each([
  ['card', ['setup', 'holders'], card],
  ['plan', ['ceremonies'], plan],
  ['lock', ['ceremonies'], lock],
  ['script', ['setup'], script],
  ['bundle', ['bundles'], () => utf8('PK\u0003\u0004 and so on')],
  ['sealed', ['device'], () => utf8('age-encryption.org/v1\n')],
  ['policy', ['setup', 'bundles'], () => json({ policy: {}, signatures: [] })],
  ['server', ['setup'], () => json({ payload: { kind: 'transport' }, signatures: [] })],
  ['answer', ['run'], () => json({ payload: { kind: 'acknowledgement' }, signatures: [] })],
  ['key', ['device'], () => json({ kind: 'person-key' })],
  ['unknown', [], () => utf8('eggs')],
  ['unknown', [], () => new Uint8Array()],
])(
  'a file that is dropped where it is not taken is called what it is: %s, and belongs to %j',
  async (what, belongs, bytes) => {
    expect(await named(await bytes())).toEqual({ what, belongs })
  },
)

test('a folder is one that left the room', async () => {
  expect(await nameFile(parts, { path: dir })).toEqual({ what: 'folder', belongs: ['bundles'] })
})

test('FILE-MISSING a path that leads nowhere is told', async () => {
  await expect(nameFile(parts, { path: join(dir, 'none') })).rejects.toMatchObject({ code: 'FILE-MISSING' })
})
