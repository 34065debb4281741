import { encodePolicyFile, type Policy, policyDocument } from '@lux/ceremony/policy'
import { requestPackageCodec } from '@lux/ceremony/wire'
import { encodePersonKey, openHeldShare } from '@lux/people'
import { beforeAll, expect, test } from 'vitest'
import { accepted } from '../../../../packages/people/test/support/outcome.ts'
import {
  type Fault,
  faults,
  most,
  now,
  requestFor,
  shareWorld,
  type World,
} from '../../../../packages/people/test/support/share-world.ts'
import type { Files } from '../../src/device/api.ts'
import { sealSheet, sheetWords } from '../../src/storage/backup-sheet.ts'
import { overviewOf } from '../support/every-death.ts'
import { derive, enrolled, got, openPhone, passphrase, random } from '../support/phone.ts'
import { copies, type Phone, phoneOf, restarted, shareFilesOf } from '../support/share-on-phone.ts'

let world: World
let holder: Phone
beforeAll(async () => {
  world = await shareWorld()
  holder = await phoneOf(world, 0)
  await got(holder.phone.receive(copies(await shareFilesOf(world, 0))))
})

function asked(id: number, of: readonly number[] = [0], fault?: Fault): Files {
  const own = world.held[0]!
  const envelope = accepted(openHeldShare({ ...own, content: own.content.slice() }, world.holders[0]!))
  const { request, ciphertexts } = requestFor(world, { envelope }, { id, of, fault })
  return [
    { name: 'request.json', bytes: requestPackageCodec.encode(request) },
    ...ciphertexts.map((bytes) => ({ name: 'ciphertext.bin', bytes })),
  ]
}

/** Each fault that a request can have, by the name that the phone gives it. The table is whole: a new fault has to be named here. */
const rules: Readonly<Record<Fault, string>> = {
  requester: 'REQUEST-REQUESTER',
  combiner: 'REQUEST-COMBINER',
  evaluator: 'PROVENANCE-SIGNER',
  approver: 'REQUEST-APPROVALS',
  unapproved: 'REQUEST-APPROVALS',
  expired: 'REQUEST-EXPIRED',
  epoch: 'REQUEST-EPOCH',
  swapped: 'PHONE-CIPHERTEXT-MISSING',
}

test.each(faults.map((fault, at) => [rules[fault], fault, at + 1] as const))(
  '%s a phone names the fault of a request (%s), answers nothing and spends nothing',
  async (rule, fault, id) => {
    const before = await overviewOf(holder.phone)
    expect(await holder.phone.prepare(asked(id, [0], fault))).toMatchObject({ ok: false, rule })
    expect(await holder.phone.approve()).toMatchObject({ ok: false, rule: 'PHONE-NOTHING-PREPARED' })
    expect(await overviewOf(await restarted(holder.storage))).toEqual(before)
  },
)

test('PHONE-NO-SHARE a request for a key of which this phone holds no share is refused, and so is another holder’s envelope', async () => {
  const { phone } = await phoneOf(world, 1)
  expect(await phone.prepare(asked(20))).toMatchObject({ ok: false, rule: 'PHONE-NO-SHARE' })
  expect(await phone.receive(copies(await shareFilesOf(world, 0)))).toMatchObject({
    ok: false,
    rule: expect.stringMatching(/^SEAL-/),
  })
})

test('PHONE-DOMAIN, OPENING-… a phone of a rehearsal takes no policy of production, and so nothing that rests on one', async () => {
  const { phone } = await enrolled('Lea', 'holder', 'rehearsal')
  const policy = { name: 'policy.json', bytes: encodePolicyFile(world.file) }
  expect(await phone.takePolicy(policy)).toMatchObject({ ok: false, rule: 'PHONE-DOMAIN' })
  expect(await phone.receive(copies(await shareFilesOf(world, 0)))).toMatchObject({
    ok: false,
    rule: 'PHONE-POLICY-MISSING',
  })
  expect(await phone.prepare(asked(21))).toMatchObject({ ok: false, rule: 'PHONE-NO-SHARE' })
})

test('PHONE-ORIGIN a policy of production that has the app served elsewhere is not taken, and one that names this origin is', async () => {
  const officer = world.officer.identity
  const named = (origin: string) => {
    const policy: Policy = { ...world.policy, v: 2, phone: { origin, releaseKey: officer.keys } }
    const signatures = [policyDocument.sign(officer, policy, 'production')]
    return { name: 'policy.json', bytes: encodePolicyFile({ policy, signatures }) }
  }
  const { phone } = await enrolled('Lea', 'holder', 'production')
  const elsewhere = named('https://elsewhere.example')
  for (const answer of [await phone.readPolicy(elsewhere), await phone.takePolicy(elsewhere)])
    expect(answer).toMatchObject({
      ok: false,
      rule: 'PHONE-ORIGIN',
      detail: expect.stringContaining('https://elsewhere.example'),
    })
  expect((await overviewOf(phone)).policies).toEqual([])
  await got(phone.takePolicy(named('https://phone.example')))
})

test('PHONE-PASSPHRASE a wrong passphrase costs more time each time and up to half a minute, and the right one opens at once', async () => {
  const waited: number[] = []
  const { storage } = await phoneOf(world, 0)
  const phone = await openPhone(storage, () => now, { wait: async (time) => void waited.push(time) })
  for (let at = 0; at < 9; at += 1)
    expect(await phone.unlock('not this one')).toMatchObject({ ok: false, rule: 'PHONE-PASSPHRASE' })
  expect(waited).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
  await got(phone.unlock(passphrase))
  expect(waited).toHaveLength(9)
})

test('REQUEST-REPLAYED, REQUEST-BUDGET what was answered is given again and never anew, and what is spent is refused', async () => {
  const own = await phoneOf(world, 0)
  await got(own.phone.receive(copies(await shareFilesOf(world, 0))))
  expect(await got(own.phone.prepare(asked(30, [2])))).toMatchObject({ spends: 2, left: most - 2 })
  const { files } = await got(own.phone.approve())
  expect(await got(own.phone.prepare(asked(30, [2])))).toMatchObject({ decided: 'approved', files })
  expect(await own.phone.refuse({ files: asked(30, [2]), reason: 'late' })).toMatchObject({
    ok: false,
    rule: 'REQUEST-REPLAYED',
  })
  expect((await overviewOf(own.phone)).shares).toMatchObject([{ left: { at128: most - 2 } }])
})

test('REQUEST-BUDGET a share that came back after its phone was lost counts as having answered everything', async () => {
  const lost = await restored()
  await got(lost.takePolicy({ name: 'policy.json', bytes: encodePolicyFile(world.file) }))
  await got(lost.receive(copies(await shareFilesOf(world, 0))))
  expect(await lost.prepare(asked(31))).toMatchObject({ ok: false, rule: 'REQUEST-BUDGET' })
})

/** A new phone with the first holder's key from its backup sheet. */
async function restored() {
  const words = sheetWords(random).join(' ')
  const sheet = await sealSheet(encodePersonKey(world.holders[0]!), words, derive, random)
  const phone = await openPhone(undefined, () => now)
  await got(phone.restore({ sheet, words, passphrase }))
  return phone
}
