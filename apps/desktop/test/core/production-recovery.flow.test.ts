import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { backupValues } from '../../src/core/use-cases/make-plan.ts'
import { custodyJson, secretFile } from '../cli/support/custody.ts'
import { FhePeople } from './support/fhe-people.ts'
import { asked, FheRuns } from './support/fhe-runs.ts'
import { room } from './support/production-people.ts'

const custodians = ['Gita', 'Hugo', 'Ivo'] as const
const seats = [...room, ...custodians.map((name) => ['custodian', name] as const)] as const

let place: FhePeople
let runs: FheRuns
let spare = ''
/** What each custodian's sheet says. */
const words = new Map<string, string>()
/** Of the backup, as its bundle says it. */
let values: Record<string, unknown> = {}

beforeAll(async () => {
  place = await FhePeople.gathered({}, {}, seats)
  runs = new FheRuns(place)
  spare = await place.addToken('spare')
})
afterAll(() => place?.remove())

/** A command on a custodian's own device. */
function onDevice(verb: string, file: string, name: string, ...more: string[]) {
  const own = ['--key', place.person(name).keyPath, '--policy', place.file('policy.json'), ...place.pass]
  return custodyJson(['custodian', verb, file, ...own, ...more])
}

const typed = (name: string) => [
  '--words-file',
  secretFile(place.file(`${name}.words`), `${words.get(name)}\n`),
]

/** Somebody brings a copy of the sealed medium into the run's folder. */
function bringMedium(run: string): void {
  mkdirSync(place.file(run, 'backup'), { recursive: true })
  copyFileSync(place.file('make', 'backup', 'root-kek.medium'), place.file(run, 'backup', 'root-kek.medium'))
}

test('a root is made with a backup in production: each custodian opens the envelope, types the words of the sheet back, and the run closes', async () => {
  place.writePlan('make', 'root-backup', { custodians })
  let left = await runs.past('make', await runs.begin('make'))
  expect(left).toMatchObject({ exit: 4, json: { waitingFor: ['custodian-acknowledgements'] } })
  for (const [at, name] of custodians.entries()) {
    const envelope = place.file('make', 'backup', `custodian-${at + 1}.age`)
    const sheet = place.file(`${name}.html`)
    expect(await onDevice('receive', envelope, name, '--sheet', sheet)).toMatchObject({ exit: 0 })
    const read = [...readFileSync(sheet, 'utf8').matchAll(/<b>(\d+)<\/b> ([a-z]+)/g)]
    const sorted = read.toSorted((a, b) => Number(a[1]) - Number(b[1])).map(([, , word]) => word)
    words.set(name, sorted.join(' '))
    const out = place.file('make', 'in', `custodian-${at + 1}.json`)
    expect(await onDevice('prove', envelope, name, ...typed(name), '--out', out)).toMatchObject({ exit: 0 })
  }
  left = await runs.past('make', await runs.resume('make'))
  expect(left).toMatchObject({ exit: 0, json: { state: 'Closed' } })
  const filled = backupValues(await runs.bundleOf('make'), null)
  if (!filled.ok) throw new Error(filled.detail)
  values = filled.value
})

test('every custodian states the share to a check in production, and the run closes', async () => {
  place.writePlan('check', 'share-check', values)
  const begun = await runs.begin('check')
  bringMedium('check')
  // Who says that the check goes on says it for those who have not stated by then, too.
  let left = await runs.past('check', begun, ['check-shares'])
  expect(left).toMatchObject({ exit: 4, json: { waitingFor: ['share-checks'] } })
  const requests = asked(left).filter((path) => /custodian-statement-\d+\.json$/.test(path))
  expect(requests).toHaveLength(custodians.length)
  for (const [at, name] of custodians.entries()) {
    const request = requests.find((path) => path.endsWith(`custodian-statement-${at + 1}.json`)) ?? ''
    const out = place.file('check', 'in', `custodian-${at + 1}.json`)
    expect(await onDevice('state', request, name, ...typed(name), '--out', out)).toMatchObject({ exit: 0 })
  }
  left = await runs.past('check', await runs.resume('check'))
  expect(left).toMatchObject({ exit: 0, json: { state: 'Closed' } })
  expect((await runs.bundleOf('check')).predicate.recovery?.statements).toHaveLength(custodians.length)
})

test('BACKUP-SET-BURNT two custodians give their shares to a drill in production: the spare proves the root and is zeroised, and no later run uses the set', async () => {
  place.writePlan('drill', 'restore-drill', { ...values, spareSerial: spare })
  const begun = await runs.begin('drill', { spare })
  bringMedium('drill')
  let left = await runs.past('drill', begun)
  expect(left).toMatchObject({ exit: 4, json: { waitingFor: ['share-releases'] } })
  const [request = ''] = asked(left)
  for (const [at, name] of custodians.slice(1).entries()) {
    const out = place.file('drill', 'in', `given-${at}.json`)
    expect(await onDevice('give', request, name, ...typed(name), '--yes', '--out', out)).toMatchObject({
      exit: 0,
    })
  }
  left = await runs.past('drill', await runs.resume('drill'))
  expect(left).toMatchObject({ exit: 0, json: { state: 'Closed' } })
  const { recovery } = (await runs.bundleOf('drill')).predicate
  expect(recovery?.restored).toMatchObject({
    token: 'spare',
    serial: spare,
    digest: values.backupPossession,
    shares: [2, 3],
  })
  expect(recovery?.zeroised).toEqual({ token: 'spare', serial: spare })
  place.writePlan('again', 'share-check', values)
  const burnt = [join(place.file('drill'), 'bundle.zip')]
  expect(await runs.begin('again', { burnt })).toMatchObject({ exit: 1, json: { code: 'BACKUP-SET-BURNT' } })
})
