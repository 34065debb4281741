import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { custody, custodyJson, temporaryFolder } from './support/custody.ts'
import { type Enrolled, enrolled, passphraseFile } from './support/people.ts'
import { checkpointRequest, entries, opening, written } from './support/requests.ts'

vi.setConfig({ testTimeout: 60_000 })

let folder: string
let run: string
let pass: string[]
let ada: Enrolled

beforeEach(async () => {
  folder = temporaryFolder()
  run = join(folder, 'run')
  for (const name of ['out', 'in']) mkdirSync(join(run, name), { recursive: true })
  pass = ['--yes', '--passphrase-file', passphraseFile(folder)]
  ada = await enrolled(folder, 'officer', 'Ada Lovelace')
  written(join(run, 'out'), '7-opening.json', { what: 'opening', subject: opening(ada.card.keys) })
  checkpointRequest(join(run, 'out'), '9-checkpoint.json', entries(1))
  const acknowledgement = { v: 1, kind: 'acknowledgement-request', ceremonyId: 'c', domain: 'production' }
  writeFileSync(
    join(run, 'out', '11-acknowledgement-2.json'),
    JSON.stringify({ ...acknowledgement, index: 2, holder: 'Hal', envelope: 'envelopes/holder-2.age' }),
  )
  writeFileSync(
    join(run, 'out', '12-pin.json'),
    JSON.stringify({ ...acknowledgement, kind: 'pin-request', names: ['Olga'] }),
  )
  writeFileSync(join(run, 'out', 'notes.json'), '{"no":"request"}')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('INBOX without a key: what arrived in its order, for whom, and the command of each', async () => {
  const { exit, stdout } = await custody(['inbox', run])
  expect(exit).toBe(4)
  expect(stdout.split('\n').map((line) => line.replaceAll(run, 'RUN').replace(/ +/g, ' '))).toEqual([
    '4 requests in RUN',
    'opening for each officer: RUN/out/7-opening.json',
    ' custody officer approve RUN/out/7-opening.json --key KEY --out RUN/in/7-opening-NAME.json',
    'checkpoint for each witness: RUN/out/9-checkpoint.json',
    ' custody witness cosign RUN/out/9-checkpoint.json --key KEY --out RUN/in/9-checkpoint-NAME.json',
    'acknowledgement for Hal: RUN/out/11-acknowledgement-2.json',
    ' custody holder receive RUN/envelopes/holder-2.age --key KEY --policy POLICY --out SHARE',
    ' custody holder prove SHARE --key KEY --policy POLICY --out RUN/in/11-acknowledgement-2-NAME.json',
    'pin for Olga: RUN/out/12-pin.json',
    '',
  ])
})

test('INBOX with a key: this person’s signatures are shown, given and put into their place, once; nothing of others is touched', async () => {
  const inbox = (key: Enrolled) => custodyJson(['inbox', run, '--key', key.keyPath, ...pass])
  const answer = join(run, 'in', '7-opening-Ada-Lovelace.json')
  const first = await inbox(ada)
  expect(first).toMatchObject({ exit: 0, json: { by: 'Ada Lovelace', signed: [answer], waiting: [] } })
  expect(first.stderr).toContain('tokens     4711')
  expect(existsSync(answer)).toBe(true)
  expect((await inbox(ada)).json.signed).toEqual([])
  const wim = await inbox(await enrolled(folder, 'witness', 'Wim'))
  expect(wim.json.signed).toEqual([join(run, 'in', '9-checkpoint-Wim.json')])
  const hal = await inbox(await enrolled(folder, 'holder', 'Hal'))
  expect(hal).toMatchObject({ exit: 4, json: { signed: [], waiting: [{ names: ['Hal'] }] } })
  const eve = await inbox(await enrolled(folder, 'holder', 'Eve'))
  expect(eve).toMatchObject({ exit: 0, json: { signed: [], waiting: [] } })
})

test('REQUEST-DOMAIN, FOLDER-MISSING nothing is signed with a rehearsal’s key, and no folder is made for answers', async () => {
  const ria = await enrolled(folder, 'officer', 'Ria', 'rehearsal')
  const refused = await custodyJson(['inbox', run, '--key', ria.keyPath, ...pass])
  expect(refused).toMatchObject({ exit: 1, json: { code: 'REQUEST-DOMAIN' } })
  expect((await custodyJson(['inbox', run, '--out', join(run, 'none')])).json.code).toBe('FOLDER-MISSING')
  expect((await custodyJson(['inbox', join(folder, 'none')])).json.code).toBe('FOLDER-MISSING')
})
