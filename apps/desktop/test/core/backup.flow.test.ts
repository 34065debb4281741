import { constants, createHash, createPrivateKey, privateDecrypt } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BundleContents, verifyBundle } from '@lux/ceremony/bundle'
import { readPlan } from '@lux/ceremony/plan'
import { policyFileCodec } from '@lux/ceremony/policy'
import { aesKwpWrap, fromHex, sha256Hex } from '@lux/crypto'
import { combineBackup, openMedium, parseMedium, readCustodianShare } from '@lux/crypto/backup'
import { openCustodianShare } from '@lux/people'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { loadStandIns, type StandIn } from '../../src/core/rehearsal/stand-ins.ts'
import { sealKeyFile } from '../../src/core/use-cases/key-file.ts'
import { custody, custodyJson, secretFile, temporaryFolder } from '../cli/support/custody.ts'
import { passphrase, passphraseFile, workFactor } from '../cli/support/people.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let folder: string
let run: string
let pass: string[]
let custodians: StandIn[]
let contents: BundleContents

const bytes = (...names: string[]) => new Uint8Array(readFileSync(join(run, ...names)))
const filesOf = (index: number) => {
  const policy = policyFileCodec.parse(bytes('policy.json'))
  if (!policy.ok) throw new Error(policy.detail)
  return {
    policy: policy.value.policy,
    opening: bytes('opening.json'),
    envelope: bytes('backup', `custodian-${index}.age`),
    signature: bytes('backup', `custodian-${index}.sig`),
  }
}

beforeAll(async () => {
  folder = temporaryFolder()
  run = join(folder, 'run')
  pass = ['--passphrase-file', passphraseFile(folder)]
  const rehearsed = await custody(['rehearse', 'root-backup', '--out', run])
  expect(rehearsed.exit, rehearsed.stderr).toBe(0)
  custodians = loadStandIns(run).filter(({ role }) => role === 'custodian')
  const archive = bytes('bundle.zip')
  const policy = policyFileCodec.parse(bytes('policy.json'))
  if (!policy.ok) throw new Error(policy.detail)
  const verified = await verifyBundle(
    { size: archive.length, read: async (from, length) => archive.subarray(from, from + length) },
    { policy: policy.value },
  )
  expect(verified.verdict).toBe('accepted')
  if (verified.contents === null) throw new Error('no contents')
  contents = verified.contents
  for (const [at, key] of custodians.entries())
    writeFileSync(join(folder, `custodian-${at + 1}.key`), await sealKeyFile(key, passphrase, { workFactor }))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('BACKUP-VALUES a plan of a share check takes from the accepted bundle all that it says of the backup', async () => {
  const policy = join(run, 'policy.json')
  const cards = readdirSync(join(run, 'cards')).map((name) => join(run, 'cards', name))
  const people = cards.filter((path) =>
    ['administrator', 'operator', 'officer', 'witness', 'custodian'].includes(
      JSON.parse(readFileSync(path, 'utf8')).kind,
    ),
  )
  const out = join(folder, 'check.yaml')
  const planned = (bundle: string) =>
    custodyJson([
      ...['plan', 'new', 'share-check', '--policy', policy, '--backup', bundle, '--out', out],
      ...people.flatMap((path) => ['--person', path]),
      ...['--set', 'serial=4711', '--set', `library=${'ab'.repeat(32)}`],
    ])
  const damaged = join(folder, 'damaged.zip')
  const flipped = bytes('bundle.zip')
  flipped[100] = (flipped[100] ?? 0) ^ 1
  writeFileSync(damaged, flipped)
  expect((await planned(damaged)).exit).toBe(1)
  expect(existsSync(out)).toBe(false)

  const made = await planned(join(run, 'bundle.zip'))
  expect([made.exit, made.json.detail]).toEqual([0, undefined])
  const read = readPlan(new Uint8Array(readFileSync(out)))
  if (!read.ok) throw new Error('no plan')
  const { predicate, digest } = contents
  const [backup] = predicate.backups ?? []
  expect(read.plan.recovery).toEqual({
    use: 'check',
    custodians: backup?.shares.map(({ name }) => name),
    backup: {
      bundle: digest,
      key: backup?.id,
      ckaId: predicate.keyEvidence.find(({ id }) => id === backup?.id)?.ckaId,
      rootId: predicate.wrapTree[0]?.root?.rootId,
      ceremonyId: contents.header?.ceremonyId,
      set: backup?.set,
      identifier: backup?.identifier,
      t: 2,
      medium: sha256Hex(bytes('backup', `${backup?.id}.medium`)),
      mechanism: predicate.possession[0]?.mechanism,
      possession: predicate.possession[0]?.digest,
      shares: backup?.shares.map(({ share }) => share),
    },
  })
})

describe('a rehearsed root with a backup of 2 of 3', () => {
  test('its bundle names the backup, and holds neither medium nor envelopes', () => {
    const [backup] = contents.predicate.backups ?? []
    expect(backup).toMatchObject({
      id: 'root-kek',
      t: 2,
      n: 3,
      medium: sha256Hex(bytes('backup', 'root-kek.medium')),
    })
    const blobs = contents.blobs.map(({ sha256 }) => sha256)
    expect(blobs).not.toContain(backup?.medium)
    for (const { envelope } of backup?.shares ?? []) expect(blobs).not.toContain(envelope)
  })

  test('two custodians and the medium give back the very root that the token proves', async () => {
    const words = await Promise.all(
      [2, 3].map(async (index) => {
        const opened = await openCustodianShare(filesOf(index), custodians[index - 1]!)
        if (!opened.ok) throw new Error(opened.detail)
        return opened.value.words
      }),
    )
    const secret = combineBackup(
      words.map((text) => {
        const read = readCustodianShare(text)
        if (!read.ok) throw new Error(read.detail)
        return read.value
      }),
    )
    const medium = parseMedium(bytes('backup', 'root-kek.medium'))
    if (!secret.ok || !medium.ok) throw new Error('no secret, or no medium')
    const opened = openMedium(medium.value, secret.value)
    if (!opened.ok) throw new Error(opened.detail)
    const key = opened.value.privateKey.use((der) =>
      createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' }),
    )
    const padding = constants.RSA_PKCS1_OAEP_PADDING
    const root = privateDecrypt({ key, padding, oaepHash: 'sha1' }, opened.value.wrapped)
    const [proof] = contents.predicate.possession
    if (proof === undefined) throw new Error('no proof')
    const digest = createHash('sha256')
      .update(aesKwpWrap(new Uint8Array(root), fromHex(proof.challenge)))
      .digest('hex')
    expect(digest).toBe(proof.digest)
    // No file of the run has the words that a custodian's envelope holds.
    for (const name of readdirSync(run, { recursive: true, encoding: 'utf8' })) {
      const path = join(run, name)
      if (statSync(path).isFile()) expect(readFileSync(path).includes(words[0]!), name).toBe(false)
    }
  })
})

describe('custody custodian', () => {
  const at = (index: number) => [
    join(run, 'backup', `custodian-${index}.age`),
    ...['--key', join(folder, `custodian-${index}.key`), '--policy', join(run, 'policy.json')],
  ]
  const sheetWords = (sheet: string) =>
    [...sheet.matchAll(/<b>(\d+)<\/b> ([a-z]+)/g)]
      .toSorted((a, b) => Number(a[1]) - Number(b[1]))
      .map(([, , word]) => word)
      .join(' ')
  const secret = (name: string, text: string) => secretFile(join(folder, name), `${text}\n`)
  let words: string

  test('SHEET-PLACE receive writes the sheet outside of any run, in the language that is asked for, and prove takes the words of it back', async () => {
    const sheet = join(folder, 'sheet.html')
    const received = await custodyJson(['custodian', 'receive', ...at(1), '--sheet', sheet, ...pass])
    expect(received).toMatchObject({ exit: 0, json: { name: 'Custodian One', index: 1, t: 2, n: 3 } })
    words = sheetWords(readFileSync(sheet, 'utf8'))
    expect(words.split(' ')).toHaveLength(33)
    expect(JSON.stringify(received)).not.toContain(words.split(' ').slice(0, 3).join(' '))
    const arabic = join(folder, 'sheet-ar.html')
    const language = ['--language', 'ar']
    await custodyJson(['custodian', 'receive', ...at(1), '--sheet', arabic, ...language, ...pass])
    const page = readFileSync(arabic, 'utf8')
    expect(page).toContain('<html lang="ar" dir="rtl">')
    expect(page).not.toContain('sealed medium')
    expect(sheetWords(page)).toBe(words)
    const inside = join(run, 'backup', 'sheet.html')
    expect(await custodyJson(['custodian', 'receive', ...at(1), '--sheet', inside, ...pass])).toMatchObject({
      exit: 1,
      json: { code: 'SHEET-PLACE' },
    })
    const out = join(folder, 'proved.json')
    const typed = ['--words-file', secret('words', words.toUpperCase())]
    const proved = await custodyJson(['custodian', 'prove', ...at(1), ...typed, '--out', out, ...pass])
    expect(proved).toMatchObject({ exit: 0, json: { kind: 'custodian-acknowledgement', index: 1 } })
  })

  test('check compares a sheet and the medium with the bundle; BACKUP-MEDIUM-OTHER and BACKUP-CHECKSUM name what differs', async () => {
    const check = (...more: string[]) =>
      custodyJson([
        'custodian',
        'check',
        join(run, 'bundle.zip'),
        '--policy',
        join(run, 'policy.json'),
        ...more,
      ])
    const medium = join(run, 'backup', 'root-kek.medium')
    const both = await check('--words-file', secret('checked', words), '--medium', medium)
    expect(both).toMatchObject({
      exit: 0,
      json: {
        key: 'root-kek',
        share: { index: 1, name: 'Custodian One' },
        medium: sha256Hex(bytes('backup', 'root-kek.medium')),
      },
    })
    const changed = bytes('backup', 'root-kek.medium')
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
    writeFileSync(join(folder, 'changed.medium'), changed)
    expect(await check('--medium', join(folder, 'changed.medium'))).toMatchObject({
      exit: 1,
      json: { code: 'BACKUP-MEDIUM-OTHER' },
    })
    const swapped = words
      .split(' ')
      .with(6, words.split(' ')[6] === 'academic' ? 'acid' : 'academic')
      .join(' ')
    expect(await check('--words-file', secret('swapped', swapped))).toMatchObject({
      exit: 1,
      json: { code: 'BACKUP-CHECKSUM' },
    })
    expect(await check()).toMatchObject({ exit: 1, json: { code: 'BACKUP-NONE' } })
  })

  test('BACKUP-CHECKSUM, BACKUP-SHARE-OTHER, CUSTODIAN-OTHER: a mistyped word, another sheet and another envelope prove nothing', async () => {
    const out = join(folder, 'refused.json')
    const prove = async (text: string, envelope = at(1)) =>
      custodyJson([
        'custodian',
        'prove',
        ...envelope,
        '--words-file',
        secret('typed', text),
        '--out',
        out,
        ...pass,
      ])
    const wrong = words
      .split(' ')
      .with(6, words.split(' ')[6] === 'academic' ? 'acid' : 'academic')
      .join(' ')
    const mistyped = await prove(wrong)
    expect(mistyped).toMatchObject({ exit: 1, json: { code: 'BACKUP-CHECKSUM' } })
    expect(JSON.stringify(mistyped.json)).toMatch(/\b7\b/)
    const other = join(folder, 'other.html')
    await custodyJson(['custodian', 'receive', ...at(2), '--sheet', other, ...pass])
    expect(await prove(sheetWords(readFileSync(other, 'utf8')))).toMatchObject({
      exit: 1,
      json: { code: 'BACKUP-SHARE-OTHER' },
    })
    const [, ...mine] = at(1)
    expect(await prove(words, [at(2)[0]!, ...mine])).toMatchObject({ exit: 1 })
    expect(existsSync(out)).toBe(false)
  })
})
