import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openEntryMacs } from '../../src/audit/entry-mac.ts'

let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lux-macs-'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

const auditKey = randomBytes(32)
const hash = randomBytes(32)
const of = ['ab'.repeat(12), 7n, hash] as const

/** Of a node whose token is sealed or not. */
const macsOf = (node: string, key: Uint8Array | null) =>
  openEntryMacs({
    ...{ node, auditKey: async () => key, nodes: async () => ['one', 'two'] },
    file: join(folder, `${node}.key`),
  })

test('AUDIT-FORGED a MAC is of its writer, number and hash, and of this deployment', async () => {
  const { maker, checker } = macsOf('one', auditKey)
  const [make, check] = [await maker(), await checker()]
  const mac = make?.(...of) ?? Buffer.of()
  expect(check?.(mac, ...of)).toBe(true)
  const [writer, seq] = of
  expect(check?.(mac, 'cd'.repeat(12), seq, hash)).toBe(false)
  expect(check?.(mac, writer, 8n, hash)).toBe(false)
  expect(check?.(mac, writer, seq, randomBytes(32))).toBe(false)
  const other = await macsOf('other', randomBytes(32)).maker()
  expect(check?.(other?.(...of) ?? Buffer.of(), ...of)).toBe(false)
  for (const broken of [Buffer.of(), mac.subarray(0, 32), Buffer.concat([mac, mac]), Buffer.alloc(33)])
    expect(check?.(broken, ...of)).toBe(false)
})

test('AUDIT-FORGED while the token is sealed the state folder has a key, which every server can check and no other node has', async () => {
  expect(await macsOf('one', null).checker()).toBe(null)
  expect(await macsOf('new', null).maker()).toBe(null)
  await macsOf('one', auditKey).maker()
  const sealed = await macsOf('one', null).maker()
  const mac = sealed?.(...of) ?? Buffer.of()
  const check = await macsOf('two', auditKey).checker()
  expect(check?.(mac, ...of)).toBe(true)
  // As if the token had made it.
  expect(check?.(Buffer.concat([Buffer.of(1), mac.subarray(1)]), ...of)).toBe(false)
  const kept = await Promise.all(['one', 'two'].map((node) => readFile(join(folder, `${node}.key`))))
  expect(kept[0]?.equals(kept[1] ?? Buffer.of())).toBe(false)
  // A node that no row names enters nothing that is believed.
  await macsOf('three', auditKey).maker()
  const stranger = await macsOf('three', null).maker()
  expect(check?.(stranger?.(...of) ?? Buffer.of(), ...of)).toBe(false)
})
