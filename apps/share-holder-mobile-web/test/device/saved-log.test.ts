import { cardCodec } from '@lux/ceremony/wire'
import { readLog } from '@lux/people'
import { expect, test } from 'vitest'
import { accepted, ruleOf } from '../../../../packages/people/test/support/outcome.ts'
import { shareWorld } from '../../../../packages/people/test/support/share-world.ts'
import { enrolled, got, openByPasskey, passphrase } from '../support/phone.ts'
import { copies, phoneOf, shareFilesOf } from '../support/share-on-phone.ts'

test('PHONE-LOG what was done on a phone leaves as a file that its person signed, and nobody else can have', async () => {
  const world = await shareWorld()
  const { phone } = await phoneOf(world, 0)
  await got(phone.receive(copies(await shareFilesOf(world, 0))))
  const { name, bytes } = await got(phone.saveLog())
  expect(name).toBe('log-2026-01-31.json')
  const { keys } = world.holders[0]!.card
  const log = accepted(readLog(bytes, keys))
  expect(log.entries.map(({ what }) => what)).toEqual(['policy', 'received'])
  expect(log).toMatchObject({ domain: 'production', says: expect.stringContaining('signed') })
  expect(ruleOf(readLog(bytes, world.holders[1]!.card.keys))).toMatch(/^SIGNATURE-/)
  const changed = new TextEncoder().encode(new TextDecoder().decode(bytes).replace('received', 'approved'))
  expect(ruleOf(readLog(changed, keys))).toMatch(/^SIGNATURE-/)
  expect(ruleOf(readLog(bytes.subarray(1), keys))).toBe('LOG-FILE-MALFORMED')
})

test('PHONE-CONFIRM where a passkey opened the phone, the log is signed after the passphrase', async () => {
  const { phone, card } = await enrolled('Lea', 'holder', 'rehearsal')
  await openByPasskey(phone)
  expect(await phone.saveLog()).toMatchObject({ ok: false, rule: 'PHONE-CONFIRM' })
  await got(phone.confirm(passphrase))
  const { bytes } = await got(phone.saveLog())
  const { keys } = accepted(cardCodec.parse(card.bytes))
  expect(accepted(readLog(bytes, keys)).entries.map(({ what }) => what)).toEqual(['enrolled'])
})
