import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { signLog } from '@lux/people'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { custodyJson, temporaryFolder } from './support/custody.ts'
import { type Enrolled, enrolled } from './support/people.ts'

let folder: string
let lea: Enrolled
let mallory: Enrolled
beforeAll(async () => {
  folder = temporaryFolder()
  lea = await enrolled(folder, 'holder', 'Lea')
  mallory = await enrolled(folder, 'holder', 'Mallory')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('PHONE-LOG a log that was saved on a phone is read with the card of its person, and with no other', async () => {
  const path = join(folder, 'log.json')
  const at = '2026-01-31T09:30:00.000Z'
  const entry = { at, what: 'approved' as const, about: 'Totals of January', digest: '11'.repeat(32) }
  const signed = signLog(lea, { made: at, entries: [entry] })
  if (!signed.ok) throw new Error(signed.rule)
  writeFileSync(path, signed.value)
  const read = (card: string) => custodyJson(['phone', 'verify-log', path, '--card', card])
  expect(await read(lea.cardPath)).toMatchObject({
    exit: 0,
    json: { ok: true, name: 'Lea', domain: 'production', entries: [entry] },
  })
  expect(await read(mallory.cardPath)).toMatchObject({ exit: 1, json: { code: 'SIGNATURE-UNKNOWN' } })
  writeFileSync(path, '{}')
  expect(await read(lea.cardPath)).toMatchObject({ exit: 1, json: { code: 'LOG-FILE-MALFORMED' } })
})
