import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verifyBundle } from '@lux/ceremony/bundle'
import { policyFileCodec } from '@lux/ceremony/policy'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { findProgram } from '../../src/core/program.ts'
import { wordsOfStandIn } from '../../src/core/rehearsal/stand-in-backup.ts'
import { loadStandIns } from '../../src/core/rehearsal/stand-ins.ts'
import { sealKeyFile } from '../../src/core/use-cases/key-file.ts'
import { custodyJson, secretFile } from '../cli/support/custody.ts'
import { passphrase, passphraseFile, workFactor } from '../cli/support/people.ts'
import { type CoreInTest, startCore } from './support/core-in-test.ts'
import { LedRun } from './support/lead-window.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

let folder: string
let core: CoreInTest
let led: LedRun
let run: string
let words: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'restore-drill-'))
  core = await startCore(folder, findProgram())
  led = await LedRun.rehearse(core, 'restore-drill')
  await led.lead(({ current }) => current?.id === 'give-shares')
  const [name = ''] = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((one) =>
    one.endsWith('stand-in-backup.json'),
  )
  run = join(folder, name, '..')
  const [custodian] = loadStandIns(run).filter(({ role }) => role === 'custodian')
  if (custodian === undefined) throw new Error('no custodian')
  writeFileSync(join(folder, 'custodian.key'), await sealKeyFile(custodian, passphrase, { workFactor }))
  words = await wordsOfStandIn({ path: run }, custodian, 1)
})
afterAll(async () => {
  await core?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const give = (out: string, typed: string, ...more: string[]) =>
  custodyJson([
    ...['custodian', 'give', join(folder, 'request.json'), '--key', join(folder, 'custodian.key')],
    ...[
      '--policy',
      join(run, 'policy.json'),
      '--opening',
      join(run, 'opening.json'),
      '--out',
      join(folder, out),
    ],
    ...['--words-file', secretFile(join(folder, 'words'), `${typed}\n`)],
    ...['--passphrase-file', passphraseFile(folder), ...more],
  ])

test('custody custodian give seals the share to what the ceremony key signed, and to nothing else', async () => {
  const asked = readFileSync(join(run, 'backup', 'share-request.json'), 'utf8')
  writeFileSync(join(folder, 'request.json'), asked)
  const swapped = words.split(' ')[6] === 'academic' ? 'acid' : 'academic'
  expect(await give('given.json', words.split(' ').with(6, swapped).join(' '))).toMatchObject({
    exit: 1,
    json: { code: 'BACKUP-CHECKSUM' },
  })
  // Whoever puts a recipient of their own into the file has no signature on it.
  const { recipient } = JSON.parse(asked).payload
  const another = recipient.endsWith('q') ? 'p' : 'q'
  writeFileSync(join(folder, 'request.json'), asked.replace(recipient, `${recipient.slice(0, -1)}${another}`))
  expect(await give('given.json', words)).toMatchObject({ exit: 1, json: { code: 'SIGNATURE-INVALID' } })
  expect(existsSync(join(folder, 'release-1.age'))).toBe(false)
  writeFileSync(join(folder, 'request.json'), asked)
  const given = await give('given.json', words)
  expect(given).toMatchObject({ exit: 0, json: { index: 1, use: 'drill', name: 'Custodian One' } })
  expect(readFileSync(join(folder, 'release-1.age')).includes(words)).toBe(false)
})

test('RELEASE-FILE what a custodian gave is taken with the sealed share that lies beside it, and with no other', async () => {
  const path = join(folder, 'given.json')
  const beside = join(folder, 'release-1.age')
  const sound = readFileSync(beside)
  const take = () => {
    core.grant({ use: 'read', path })
    return core.call('ceremonies.submitFile', { id: led.id, path })
  }
  const refused = { ok: false, error: { code: 'RELEASE-FILE' } }
  unlinkSync(beside)
  expect(await take()).toMatchObject(refused)
  const changed = Uint8Array.from(sound)
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
  writeFileSync(beside, changed)
  expect(await take()).toMatchObject(refused)
  const kept = () => readdirSync(join(run, 'backup')).filter((one) => /^release-\d+\.age$/.test(one))
  expect(kept()).toEqual([])
  writeFileSync(beside, sound)
  expect(await take()).toMatchObject({ ok: true })
  expect(kept()).toEqual(['release-1.age'])
  expect(readFileSync(join(run, 'backup', 'release-1.age'))).toEqual(sound)
  const again = { ok: false, error: { code: 'CUSTODIAN-02' } }
  expect(await take()).toMatchObject(again)
})

test('BACKUP-MEDIUM-OTHER stops a medium that changes before it is opened; the drill then ends with nothing left of root and shares', async () => {
  const medium = join(run, 'backup', 'root-kek.medium')
  const sound = readFileSync(medium)
  await led.lead(({ current }) => current?.id === 'restore-root')
  const changed = Uint8Array.from(sound)
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
  writeFileSync(medium, changed)
  await led.proceed()
  const stopped = await led.lead(({ current }) => current?.blocked === 'exception-open')
  expect(stopped.current?.failure?.code).toBe('BACKUP-MEDIUM-OTHER')
  writeFileSync(medium, sound)
  await led.ask('ceremonies.decide', { decision: 'retry', reason: 'another copy', by: 'Administrator' })
  await led.lead(({ bundle, current }) => bundle !== null && current?.id !== 'seal')
  const policy = policyFileCodec.parse(new Uint8Array(readFileSync(join(run, 'policy.json'))))
  if (!policy.ok) throw new Error(policy.detail)
  const bytes = new Uint8Array(readFileSync(join(run, 'bundle.zip')))
  const { verdict, checks, contents } = await verifyBundle(
    { size: bytes.length, read: async (from, length) => bytes.subarray(from, from + length) },
    { policy: policy.value },
  )
  expect(verdict).toBe('accepted')
  const { backup, restored, zeroised } = contents?.predicate.recovery ?? {}
  expect(checks.find(({ id }) => id === 'RECOVERY')?.detail).toBe(
    `2 of 3 custodians; burnt: the set ${backup?.set}`,
  )
  expect(restored).toMatchObject({ token: 'spare', digest: backup?.possession, ckaId: backup?.ckaId })
  expect(zeroised).toEqual({ token: 'spare', serial: restored?.serial })
  expect(readdirSync(join(run, 'backup')).filter((one) => /^release-\d+\.age$/.test(one))).toEqual([])
  for (const name of readdirSync(run, { encoding: 'utf8' }).filter((one) =>
    /\.(json|jsonl|zip|db)$/.test(one),
  ))
    expect(readFileSync(join(run, name)).includes(words), name).toBe(false)
})

test('BACKUP-SET-BURNT refuses a share of the set that the drill burnt, by the bundle that says so', async () => {
  expect(await give('again.json', words, '--burnt', join(run, 'bundle.zip'))).toMatchObject({
    exit: 1,
    json: { code: 'BACKUP-SET-BURNT' },
  })
  expect(existsSync(join(folder, 'again.json'))).toBe(false)
})
