import { IDBFactory } from 'fake-indexeddb'
import { expect, test } from 'vitest'
import { got, openPhone, passkeyOfTest, passphrase } from '../support/phone.ts'

const person = { name: 'Lena', kind: 'holder', domain: 'rehearsal', passphrase } as const

test('PASSKEY a phone opens by its passkey or its passphrase, before and after a restart, until the passkey is removed', async () => {
  const storage = new IDBFactory()
  const first = await openPhone(storage)
  const { passkey } = await got(first.enrol(person))
  expect(passkey).toBeNull()
  const asked = { ...passkeyOfTest(), passphrase: 'not the passphrase' }
  expect(await first.addPasskey(asked)).toMatchObject({ ok: false, rule: 'PHONE-PASSPHRASE' })
  expect(await first.addPasskey({ ...asked, passphrase, salt: new Uint8Array(3) })).toMatchObject({
    ok: false,
    rule: 'PHONE-PASSKEY-NONE',
  })
  await got(first.addPasskey({ ...passkeyOfTest(), passphrase }))

  const again = await openPhone(storage)
  const { credential, salt, secret } = passkeyOfTest()
  expect(await again.state()).toEqual({ phase: 'locked', passkey: { credential, salt } })
  expect(await again.unlockByPasskey(new Uint8Array(32))).toMatchObject({ ok: false, rule: 'PHONE-PASSKEY' })
  expect(await again.confirm(passphrase)).toMatchObject({ ok: false, rule: 'PHONE-LOCKED' })
  expect((await got(again.unlockByPasskey(secret))).person.name).toBe('Lena')

  expect(await again.removePasskey('not the passphrase')).toMatchObject({
    ok: false,
    rule: 'PHONE-PASSPHRASE',
  })
  expect((await got(again.removePasskey(passphrase))).passkey).toBeNull()
  const last = await openPhone(storage)
  expect(await last.state()).toEqual({ phase: 'locked', passkey: null })
  expect(await last.unlockByPasskey(passkeyOfTest().secret)).toMatchObject({
    ok: false,
    rule: 'PHONE-PASSKEY',
  })
  expect((await got(last.unlock(passphrase))).person.name).toBe('Lena')
})

test('PASSKEY a header for a phone that was wiped and set up anew meanwhile is not written', async () => {
  const storage = new IDBFactory()
  const mine = await openPhone(storage)
  await got(mine.enrol(person))
  const other = await openPhone(storage)
  await got(other.unlock(passphrase))
  const adding = mine.addPasskey({ ...passkeyOfTest(), passphrase })
  await got(adding)
  await got(other.wipe())
  expect(await mine.removePasskey(passphrase)).toMatchObject({ ok: false, rule: 'PHONE-OTHER-TAB' })
})
