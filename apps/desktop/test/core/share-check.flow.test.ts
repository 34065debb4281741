import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verifyBundle } from '@lux/ceremony/bundle'
import { policyFileCodec } from '@lux/ceremony/policy'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { findProgram } from '../../src/core/program.ts'
import { standInBackup, wordsOfStandIn } from '../../src/core/rehearsal/stand-in-backup.ts'
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
/** Hours by which the workstation's clock is off. */
let hours = 0
const clock = { now: () => new Date(Date.now() + hours * 3_600_000).toISOString() }

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'share-check-'))
  core = await startCore(folder, findProgram(), undefined, clock)
  led = await LedRun.rehearse(core, 'share-check')
  await led.lead(({ current }) => current?.id === 'check-medium')
  const [name = ''] = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((one) =>
    one.endsWith('stand-in-backup.json'),
  )
  run = join(folder, name, '..')
})
afterAll(async () => {
  await core?.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('BACKUP-MEDIUM-MISSING and BACKUP-MEDIUM-OTHER stop a medium that is not there or was changed; the right one goes on', async () => {
  const medium = join(run, 'backup', 'root-kek.medium')
  const sound = readFileSync(medium)
  renameSync(medium, `${medium}.away`)
  await led.proceed()
  const failedBy = async () => {
    const stopped = await led.lead(({ current }) => current?.blocked === 'exception-open')
    return stopped.current?.failure?.code
  }
  const retry = () =>
    led.ask('ceremonies.decide', { decision: 'retry', reason: 'another copy', by: 'Administrator' })
  expect(await failedBy()).toBe('BACKUP-MEDIUM-MISSING')
  const changed = Uint8Array.from(sound)
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
  writeFileSync(medium, changed)
  await retry()
  expect(await failedBy()).toBe('BACKUP-MEDIUM-OTHER')
  writeFileSync(medium, sound)
  await retry()
  const went = await led.lead(({ current }) => current?.id === 'check-shares')
  expect(went.current).toMatchObject({ id: 'check-shares', mayProceed: true })
})

test('custody custodian state signs the words of the sheet, and none that are not; the check goes on without who refuses, and with a clock that jumps back', async () => {
  const [custodian] = loadStandIns(run).filter(({ role }) => role === 'custodian')
  if (custodian === undefined) throw new Error('no custodian')
  const key = join(folder, 'custodian.key')
  writeFileSync(key, await sealKeyFile(custodian, passphrase, { workFactor }))
  const words = await wordsOfStandIn({ path: run }, custodian, 1)
  const backup = standInBackup(run)
  if (backup === null) throw new Error('no backup')
  const request = join(folder, 'request.json')
  const { domain, ceremonyId } = JSON.parse(readFileSync(join(run, 'opening.json'), 'utf8')).payload
  const { set, identifier, t } = backup
  const of = { ceremonyId, custodian: custodian.name, domain, identifier, index: 1, key: 'root-kek' }
  const asked = {
    ...of,
    kind: 'custodian-statement-request',
    set,
    share: backup.shares[0],
    t,
    use: 'check',
    v: 1,
  }
  writeFileSync(request, JSON.stringify(asked))
  const out = join(folder, 'stated.json')
  const state = (typed: string) =>
    custodyJson([
      ...['custodian', 'state', request, '--key', key, '--policy', join(run, 'policy.json')],
      ...['--opening', join(run, 'opening.json'), '--out', out],
      ...['--words-file', secretFile(join(folder, 'words'), `${typed}\n`)],
      ...['--passphrase-file', passphraseFile(folder)],
    ])
  const swapped = words.split(' ')[6] === 'academic' ? 'acid' : 'academic'
  expect(await state(words.split(' ').with(6, swapped).join(' '))).toMatchObject({
    exit: 1,
    json: { code: 'BACKUP-CHECKSUM' },
  })
  expect(existsSync(out)).toBe(false)
  expect(await state(words.toUpperCase())).toMatchObject({
    exit: 0,
    json: { index: 1, name: custodian.name },
  })

  hours = -2
  // The file that the custodian's own device wrote, chosen in the window.
  core.grant({ use: 'read', path: out })
  await led.ask('ceremonies.submitFile', { path: out })
  await led.proceed()
  await led.lead(({ bundle, current }) => bundle !== null && current?.id !== 'seal')
  const policy = policyFileCodec.parse(new Uint8Array(readFileSync(join(run, 'policy.json'))))
  if (!policy.ok) throw new Error(policy.detail)
  const bytes = new Uint8Array(readFileSync(join(run, 'bundle.zip')))
  const { verdict, checks } = await verifyBundle(
    { size: bytes.length, read: async (from, length) => bytes.subarray(from, from + length) },
    { policy: policy.value },
  )
  expect(verdict).toBe('accepted')
  const times = readFileSync(join(run, 'transcript.jsonl'), 'utf8').matchAll(/"time":"([^"]+)"/g)
  const said = [...times].map(([, time]) => time ?? '')
  expect(said.some((time, at) => time < (said[at - 1] ?? ''))).toBe(true)
  expect(checks.find(({ id }) => id === 'RECOVERY')?.detail).toBe(
    '1 of 3 custodians; asked in vain: Custodian Two, Custodian Three',
  )
  // No file of the run holds the words.
  for (const name of readdirSync(run, { recursive: true, encoding: 'utf8' }).filter((one) =>
    one.endsWith('.json'),
  ))
    expect(readFileSync(join(run, name)).includes(words), name).toBe(false)
})
