import { encodePolicyFile, type Policy, policyDigest, policyDocument } from '@lux/ceremony/policy'
import {
  decryptionApprovalCodec,
  requestPackageCodec,
  type SignatureRequest,
  signatureRequestCodec,
} from '@lux/ceremony/wire'
import { parseDocument, toBase64, utf8 } from '@lux/crypto'
import { encodePersonKey, openHeldShare } from '@lux/people'
import { IDBObjectStore } from 'fake-indexeddb'
import { beforeAll, expect, test, vi } from 'vitest'
import { accepted } from '../../../../packages/people/test/support/outcome.ts'
import {
  type Fault,
  faults,
  most,
  now,
  openingOf,
  requestFor,
  shareWorld,
  type World,
} from '../../../../packages/people/test/support/share-world.ts'
import type { Files } from '../../src/device/api.ts'
import { sealSheet, sheetWords } from '../../src/storage/backup-sheet.ts'
import { overviewOf } from '../support/every-death.ts'
import {
  databaseIn,
  derive,
  enrolled,
  got,
  openByPasskey,
  openPhone,
  passkeyOfTest,
  passphrase,
  random,
} from '../support/phone.ts'
import { copies, type Phone, phoneOf, phoneWith, restarted, shareFilesOf } from '../support/share-on-phone.ts'

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
  impostor: 'REQUEST-REQUESTER',
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

test('a holder’s phone shows who asks as proved, for the policy names the key that signed, and why as claimed', async () => {
  const { phone } = await phoneOf(world, 0)
  await got(phone.receive(copies(await shareFilesOf(world, 0))))
  const read = await got(phone.prepare(asked(19)))
  if ('decided' in read) throw new Error('it is decided')
  const whoseOf = (name: string) => read.lines.find((line) => line.name === name)?.whose
  expect(['requester', 'approved by', 'what', 'purpose'].map(whoseOf)).toEqual([
    'proved',
    'proved',
    'claimed',
    'claimed',
  ])
})

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
    const policy: Policy = { ...world.policy, phone: { origin, releaseKey: officer.keys } }
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

test('PHONE-PASSPHRASE the count of wrong ones outlives the app, and each door that asks for the passphrase adds to it', async () => {
  const { storage } = await phoneOf(world, 0)
  const waited: number[] = []
  const wait = async (time: number) => void waited.push(time)
  const first = await openPhone(storage, () => now, { wait })
  await got(first.unlock(passphrase))
  const wrong = 'not this one'
  for (const answer of [
    await first.makeSheet(wrong),
    await first.addPasskey({ ...passkeyOfTest(), passphrase: wrong }),
    await first.removePasskey(wrong),
    await first.confirm(wrong),
  ])
    expect(answer).toMatchObject({ ok: false, rule: 'PHONE-PASSPHRASE' })
  expect(waited).toEqual([250, 500, 1000, 2000])
  const second = await openPhone(storage, () => now, { wait })
  expect(await second.unlock(wrong)).toMatchObject({ ok: false, rule: 'PHONE-PASSPHRASE' })
  expect(waited.slice(4)).toEqual([2000, 4000])
  await got((await openPhone(storage, () => now, { wait })).unlock(passphrase))
  expect(waited.slice(6)).toEqual([4000])
  await got((await openPhone(storage, () => now, { wait })).unlock(passphrase))
  expect(waited).toHaveLength(7)
})

const tomorrow = '2026-02-01T00:00:01.000Z'

test('PHONE-CLOCK a request that has expired is not answered by a phone whose clock is set back while it is open', async () => {
  const { storage } = await phoneOf(world, 0)
  let time = now
  const phone = await openPhone(storage, () => time)
  await got(phone.unlock(passphrase))
  await got(phone.receive(copies(await shareFilesOf(world, 0))))
  await got(phone.prepare(asked(40)))
  time = tomorrow
  expect(await phone.prepare(asked(40))).toMatchObject({ ok: false, rule: 'REQUEST-EXPIRED' })
  time = now
  expect(await phone.prepare(asked(40))).toMatchObject({ ok: false, rule: 'PHONE-CLOCK', detail: tomorrow })
})

test('PHONE-CLOCK a phone that was unlocked and used a year ahead answers again once its clock is right and it is unlocked anew', async () => {
  const { storage } = await phoneOf(world, 0)
  let time = '2027-01-31T09:30:00.000Z'
  const phone = await openPhone(storage, () => time)
  await got(phone.unlock(passphrase))
  await got(phone.receive(copies(await shareFilesOf(world, 0))))
  time = now
  // Unlocking alone has seen no time.
  await got(phone.prepare(asked(43)))
  time = '2027-01-31T09:30:00.000Z'
  expect(await phone.prepare(asked(43))).toMatchObject({ ok: false, rule: 'REQUEST-EXPIRED' })
  time = now
  expect(await phone.prepare(asked(43))).toMatchObject({ ok: false, rule: 'PHONE-CLOCK' })
  const again = await restarted(storage)
  await got(again.prepare(asked(43)))
  await got(again.approve())
})

test('PHONE-CLOCK what was signed outlives the app: a clock that is behind it answers nothing, whatever is asked', async () => {
  const { storage } = await phoneOf(world, 0)
  const phone = await restarted(storage)
  await got(phone.receive(copies(await shareFilesOf(world, 0))))
  expect(await phone.prepare(asked(44, [0], 'epoch'))).toMatchObject({ ok: false, rule: 'REQUEST-EPOCH' })
  await got(phone.prepare(asked(45)))
  const behind = await openPhone(storage, () => '2026-01-31T09:00:00.000Z')
  await got(behind.unlock(passphrase))
  expect(await behind.prepare(asked(44, [0], 'epoch'))).toMatchObject({
    ok: false,
    rule: 'PHONE-CLOCK',
    detail: now,
  })
})

test('PHONE-CLOCK a clock that is set back before the yes answers nothing, and once it is right again what was read can be answered', async () => {
  const { storage } = await phoneOf(world, 0)
  let time = now
  const phone = await openPhone(storage, () => time)
  await got(phone.unlock(passphrase))
  await got(phone.receive(copies(await shareFilesOf(world, 0))))
  await got(phone.prepare(asked(41)))
  time = '2026-01-31T09:00:00.000Z'
  expect(await phone.approve()).toMatchObject({ ok: false, rule: 'PHONE-CLOCK' })
  time = '2026-01-31T09:29:30.000Z'
  await got(phone.approve())
})

test('PHONE-CLOCK a phone whose clock is behind what was signed answers nothing, though it never showed another time', async () => {
  const behind = await openPhone(holder.storage, () => '2026-01-31T09:29:00.000Z')
  await got(behind.unlock(passphrase))
  await got(behind.prepare(asked(42)))
  const { storage } = await phoneOf(world, 0)
  const database = await databaseIn(storage)
  await database.delete('records', ['clock', 'signed'])
  const fresh = await openPhone(storage, () => '2026-01-31T09:00:00.000Z')
  await got(fresh.unlock(passphrase))
  await got(fresh.receive(copies(await shareFilesOf(world, 0))))
  expect(await fresh.prepare(asked(42))).toMatchObject({ ok: false, rule: 'PHONE-CLOCK', detail: now })
})

test('PASSWORD-WEAK no phone is set up or restored under a passphrase that is easy to guess', async () => {
  const phone = await openPhone(undefined, () => now)
  const weak = { ok: false, rule: 'PASSWORD-WEAK' }
  const person = { name: 'Olga Trzeciak', kind: 'officer', domain: 'production' } as const
  for (const passphrase of ['aaaaaaaaaaaa', 'Trzeciak, Olga 1987'])
    expect(await phone.enrol({ ...person, passphrase })).toMatchObject(weak)
  const sheet = { sheet: new Uint8Array(), words: '' }
  expect(await phone.restore({ ...sheet, passphrase: 'aaaaaaaaaaaa' })).toMatchObject(weak)
})

test('PHONE-CLOCK an officer’s phone whose clock was set back signs nothing', async () => {
  let time = now
  const phone = await openPhone(undefined, () => time)
  await got(phone.enrol({ name: 'Olga', kind: 'officer', domain: 'production', passphrase }))
  await got(phone.readSigning(openingToSign()))
  await got(phone.sign())
  await got(phone.readSigning(openingToSign()))
  time = '2026-01-31T09:00:00.000Z'
  expect(await phone.sign()).toMatchObject({ ok: false, rule: 'PHONE-CLOCK' })
})

test('PHONE-SIGN-NOT who declines to sign leaves a line in the phone’s log, and the request leaves the list', async () => {
  const phone = await openPhone(undefined, () => now)
  await got(phone.enrol({ name: 'Abe', kind: 'approver', domain: 'production', passphrase }))
  expect(await phone.signNot()).toMatchObject({ ok: false, rule: 'PHONE-NOTHING-PREPARED' })
  const { request } = accepted(requestPackageCodec.parse(asked(46)[0]!.bytes))
  const file = toSign('decryption-approval', decryptionApprovalCodec.signedBytes(request.payload))
  const { digest } = await got(phone.readSigning(file))
  const { log, open } = await got(phone.signNot())
  expect(log[0]).toMatchObject({ what: 'refused', about: 'decryption-approval', digest })
  expect(open).toEqual([])
  expect(await phone.sign()).toMatchObject({ ok: false, rule: 'PHONE-NOTHING-PREPARED' })
})

test('REQUEST-EXPIRED an approver’s phone signs no request that has expired, before it is read and between reading it and the yes', async () => {
  let time = now
  const phone = await openPhone(undefined, () => time)
  await got(phone.enrol({ name: 'Abe', kind: 'approver', domain: 'production', passphrase }))
  const { request } = accepted(requestPackageCodec.parse(asked(46)[0]!.bytes))
  const file = toSign('decryption-approval', decryptionApprovalCodec.signedBytes(request.payload))
  await got(phone.readSigning(file))
  time = tomorrow
  expect(await phone.sign()).toMatchObject({ ok: false, rule: 'REQUEST-EXPIRED' })
  expect(await phone.readSigning(file)).toMatchObject({ ok: false, rule: 'REQUEST-EXPIRED' })
  expect((await overviewOf(phone)).log.map(({ what }) => what)).toEqual(['enrolled'])
})

test('PHONE-STORAGE-FULL what an officer’s phone could not write down is not signed, and is at the next press', async () => {
  const phone = await openPhone(undefined, () => now)
  await got(phone.enrol({ name: 'Olga', kind: 'officer', domain: 'production', passphrase }))
  await got(phone.readSigning(openingToSign()))
  const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
    throw new DOMException('full', 'QuotaExceededError')
  })
  try {
    expect(await phone.sign()).toMatchObject({ ok: false, rule: 'PHONE-STORAGE-FULL' })
  } finally {
    put.mockRestore()
  }
  await got(phone.sign())
  expect(await phone.sign()).toMatchObject({ ok: false, rule: 'PHONE-NOTHING-PREPARED' })
  expect((await overviewOf(phone)).log.map(({ what }) => what)).toEqual(['signed', 'enrolled'])
})

test('REQUEST-POLICY an officer’s phone says which policy it took an opening rests on, and refuses one under another or without its key', async () => {
  const { phone } = await phoneWith(world.officer)
  expect(await got(phone.readSigning(openingToSign()))).toMatchObject({ under: 'none' })
  await got(phone.takePolicy(policyOf(later(2))))
  expect(await phone.readSigning(openingToSign())).toMatchObject({ ok: false, rule: 'REQUEST-POLICY' })
  expect(await phone.sign()).toMatchObject({ ok: false, rule: 'PHONE-NOTHING-PREPARED' })
  await got(phone.takePolicy(policyOf(world.policy)))
  expect(await got(phone.readSigning(openingToSign()))).toMatchObject({
    under: { organisation: 'Acme', version: 1, newest: 2 },
  })
  const stranger = await enrolled('Olga', 'officer', 'production')
  await got(stranger.phone.takePolicy(policyOf(world.policy)))
  expect(await stranger.phone.readSigning(openingToSign())).toMatchObject({
    ok: false,
    rule: 'REQUEST-POLICY',
    detail: expect.stringContaining('Olga'),
  })
})

test('REQUEST-POLICY an approver’s phone that took policies approves nothing where none of them names its key', async () => {
  const { request } = accepted(requestPackageCodec.parse(asked(47)[0]!.bytes))
  const file = () => toSign('decryption-approval', decryptionApprovalCodec.signedBytes(request.payload))
  const named = await phoneWith(world.people.approver)
  await got(named.phone.takePolicy(policyOf(world.policy)))
  await got(named.phone.readSigning(file()))
  const stranger = await openPhone(undefined, () => now)
  await got(stranger.enrol({ name: 'Abe', kind: 'approver', domain: 'production', passphrase }))
  await got(stranger.takePolicy(policyOf(world.policy)))
  expect(await stranger.readSigning(file())).toMatchObject({
    ok: false,
    rule: 'REQUEST-POLICY',
    detail: expect.stringContaining('Abe'),
  })
  expect(await stranger.sign()).toMatchObject({ ok: false, rule: 'PHONE-NOTHING-PREPARED' })
})

test('POLICY-CHAIN a phone that has a policy takes the next version of it and no other, and keeps answering under what it has', async () => {
  const own = await phoneOf(world, 0)
  await got(own.phone.receive(copies(await shareFilesOf(world, 0))))
  const chain = { ok: false, rule: 'POLICY-CHAIN' }
  expect(await own.phone.takePolicy(policyOf(later(3)))).toMatchObject(chain)
  // Somebody else’s version of the same name, signed by its own officers alone.
  const stolen = { ...later(2), previous: '11'.repeat(32), requesters: [] }
  expect(await own.phone.takePolicy(policyOf(stolen))).toMatchObject(chain)
  expect((await overviewOf(own.phone)).policies).toHaveLength(1)
  await got(own.phone.prepare(asked(48)))
  await got(own.phone.takePolicy(policyOf(later(2))))
  await got(own.phone.takePolicy(policyOf(later(3))))
  await got(own.phone.takePolicy(policyOf(later(3))))
  expect((await overviewOf(own.phone)).policies).toHaveLength(3)
  // What has a version of its own from the start has no gap.
  const { phone } = await phoneWith(world.holders[1]!)
  await got(phone.takePolicy(policyOf(later(3))))
  expect(await phone.takePolicy(policyOf(world.policy))).toMatchObject(chain)
  await got(phone.takePolicy(policyOf(later(2))))
  await got(phone.takePolicy(policyOf(world.policy)))
})

test('OPENING-OLD a share of a ceremony that opened under a policy which the phone knows a later version of is not received', async () => {
  const { phone } = await phoneOf(world, 0)
  await got(phone.takePolicy(policyOf(later(2))))
  const files = await shareFilesOf(world, 0)
  expect(await phone.receive(copies(files))).toMatchObject({ ok: false, rule: 'OPENING-OLD' })
  expect((await overviewOf(phone)).shares).toEqual([])
})

test('POLICY-CHAIN, POLICY-SIGNER an officer’s phone signs no policy that passes over the one it took, and no first one without its key', async () => {
  const { phone } = await phoneWith(world.officer)
  const sign = (policy: Policy) => toSign('policy', policyDocument.signedBytes(policy))
  await got(phone.readSigning(sign(world.policy)))
  await got(phone.takePolicy(policyOf(world.policy)))
  await got(phone.readSigning(sign(later(2))))
  for (const other of [later(3), { ...later(2), previous: '11'.repeat(32) }])
    expect(await phone.readSigning(sign(other))).toMatchObject({ ok: false, rule: 'POLICY-CHAIN' })
  expect(await phone.sign()).toMatchObject({ ok: false, rule: 'PHONE-NOTHING-PREPARED' })
  const stranger = await enrolled('Olga', 'officer', 'production')
  expect(await stranger.phone.readSigning(sign(world.policy))).toMatchObject({
    ok: false,
    rule: 'POLICY-SIGNER',
  })
})

test('REQUEST-POLICY an approver whom a later version lets go approves nothing, and an opening under an older one says so', async () => {
  const without = {
    ...later(2),
    approvers: [{ ...world.policy.approvers[0]!, keys: world.people.mallory.card.keys }],
  }
  const { request } = accepted(requestPackageCodec.parse(asked(49)[0]!.bytes))
  const file = () => toSign('decryption-approval', decryptionApprovalCodec.signedBytes(request.payload))
  const approver = await phoneWith(world.people.approver)
  await got(approver.phone.takePolicy(policyOf(world.policy)))
  await got(approver.phone.readSigning(file()))
  await got(approver.phone.takePolicy(policyOf(without)))
  expect(await approver.phone.readSigning(file())).toMatchObject({ ok: false, rule: 'REQUEST-POLICY' })
  const officer = await phoneWith(world.officer)
  await got(officer.phone.takePolicy(policyOf(world.policy)))
  await got(officer.phone.takePolicy(policyOf(later(2))))
  expect(await got(officer.phone.readSigning(openingToSign()))).toMatchObject({
    under: { version: 1, newest: 2 },
  })
})

test('PHONE-PROGRESS a phone tells how many blocks of a request are done, up to all of them', async () => {
  const { storage } = await phoneOf(world, 0)
  const heard: string[] = []
  const told = (done: number, of: number) => void heard.push(`${done} of ${of}`)
  const phone = await openPhone(storage, () => now, { told })
  await got(phone.unlock(passphrase))
  await got(phone.receive(copies(await shareFilesOf(world, 0))))
  await got(phone.prepare(asked(70, [0, 2])))
  expect(heard).toEqual(['1 of 3', '3 of 3'])
})

function toSign(what: SignatureRequest['what'], subject: Uint8Array) {
  const bytes = signatureRequestCodec.encode({
    v: 1,
    kind: 'signature-request',
    what,
    domain: 'production',
    subject: toBase64(subject),
    lines: [],
  })
  return { name: 'request.json', bytes }
}

function openingToSign() {
  const { payload } = parseDocument(openingOf(world, '7c'.repeat(16)), { maxBytes: 1 << 20 })
  return toSign('opening', utf8(JSON.stringify(payload)))
}

test('PHONE-CONFIRM the passphrase counts for the very act that it was asked for, and renewing a card asks for it', async () => {
  const own = await phoneOf(world, 0)
  await got(own.phone.receive(copies(await shareFilesOf(world, 0))))
  await openByPasskey(own.phone)
  const confirm = { ok: false, rule: 'PHONE-CONFIRM' }
  await got(own.phone.prepare(asked(50)))
  expect(await own.phone.approve()).toMatchObject(confirm)
  await got(own.phone.confirm(passphrase))
  // Another request takes its place before the yes.
  await got(own.phone.prepare(asked(51)))
  expect(await own.phone.approve()).toMatchObject(confirm)
  expect(await own.phone.refuse({ files: asked(51), reason: 'no' })).toMatchObject(confirm)
  const { shares } = await overviewOf(own.phone)
  const share = shares[0]?.id ?? ''
  expect(await own.phone.renew(share)).toMatchObject(confirm)
  await got(own.phone.confirm(passphrase))
  expect(await own.phone.approve()).toMatchObject(confirm)
  expect(await own.phone.renew(share)).toMatchObject(confirm)
  await got(own.phone.confirm(passphrase))
  await got(own.phone.renew(share))
  expect(await own.phone.approve()).toMatchObject(confirm)
  await got(own.phone.confirm(passphrase))
  await got(own.phone.approve())
})

test.each<[string, string, (policy: Policy) => Policy]>([
  ['REQUEST-REQUESTER', 'requester', (policy) => ({ ...policy, requesters: [] })],
  ['REQUEST-COMBINER', 'combiner', (policy) => ({ ...policy, combiners: [] })],
  ['PROVENANCE-SIGNER', 'evaluator', (policy) => ({ ...policy, evaluators: [] })],
  [
    'REQUEST-APPROVALS',
    'approver',
    (policy) => ({
      ...policy,
      approvers: [{ ...policy.approvers[0]!, keys: world.people.mallory.card.keys }],
    }),
  ],
])(
  '%s whoever is not named any more in a newer policy that the phone took is not answered: %s',
  async (rule, _, change) => {
    const own = await phoneOf(world, 0)
    await got(own.phone.receive(copies(await shareFilesOf(world, 0))))
    await got(own.phone.takePolicy(policyOf(later(2))))
    await got(own.phone.prepare(asked(60)))
    await got(own.phone.takePolicy(policyOf(change(later(3)))))
    expect(await own.phone.prepare(asked(60))).toMatchObject({ ok: false, rule })
    const other = { ...change(later(3)), organisation: { id: 'other', name: 'Other' } }
    const elsewhere = await phoneOf(world, 0)
    await got(elsewhere.phone.receive(copies(await shareFilesOf(world, 0))))
    await got(elsewhere.phone.takePolicy(policyOf(other)))
    await got(elsewhere.phone.prepare(asked(60)))
  },
)

/** The version of the policy of the shares that came after it, or after that. */
const later = (version: number): Policy => ({
  ...world.policy,
  version,
  previous: policyDigest(version === 2 ? world.policy : later(version - 1)),
})

function policyOf(policy: Policy) {
  const signatures = [policyDocument.sign(world.officer.identity, policy, 'production')]
  return { name: 'policy.json', bytes: encodePolicyFile({ policy, signatures }) }
}

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

test('REQUEST-REPLAYED a request that was answered is off the list under each of the words that it came in', async () => {
  const { phone } = await phoneOf(world, 0)
  await got(phone.receive(copies(await shareFilesOf(world, 0))))
  await got(phone.prepare(asked(32, [2])))
  await got(phone.prepare(asked(33, [2])))
  await got(phone.prepare(asked(32, [0])))
  expect((await overviewOf(phone)).open).toHaveLength(3)
  await got(phone.approve())
  expect((await overviewOf(phone)).open).toHaveLength(1)
})

test('PHONE-RESTORED a share that came back after its phone was lost counts as having answered everything, and that is what it says', async () => {
  const lost = await restored()
  await got(lost.takePolicy({ name: 'policy.json', bytes: encodePolicyFile(world.file) }))
  await got(lost.receive(copies(await shareFilesOf(world, 0))))
  expect(await lost.prepare(asked(31))).toMatchObject({ ok: false, rule: 'PHONE-RESTORED' })
})

/** A new phone with the first holder's key from its backup sheet. */
async function restored() {
  const words = sheetWords(random).join(' ')
  const sheet = await sealSheet(encodePersonKey(world.holders[0]!), words, derive, random)
  const phone = await openPhone(undefined, () => now)
  await got(phone.restore({ sheet, words, passphrase }))
  return phone
}

test('PHONE-NOT-KEPT where the browser may delete what it keeps, a share is kept and neither proved nor answered with until a sheet was scanned back', async () => {
  const { storage } = await phoneOf(world, 0)
  const phone = await openPhone(storage, () => now, { persisted: async () => false })
  await got(phone.unlock(passphrase))
  const { proof, share } = await got(phone.receive(copies(await shareFilesOf(world, 0))))
  expect(proof).toBeNull()
  expect(await phone.prove(share.id)).toMatchObject({ ok: false, rule: 'PHONE-NOT-KEPT' })
  expect(await got(phone.prepare(asked(40)))).toMatchObject({ mayApprove: false })
  expect(await phone.approve()).toMatchObject({ ok: false, rule: 'PHONE-NOT-KEPT' })
  const { sheet, words } = await got(phone.makeSheet(passphrase))
  expect(await phone.prove(share.id)).toMatchObject({ ok: false, rule: 'PHONE-NOT-KEPT' })
  await got(phone.checkSheet({ sheet, words: words.join(' ') }))
  await got(phone.prove(share.id))
  await got(phone.approve())
})

test('PHONE-OPEN a request that was read waits in the inbox, over a restart too, until it is decided or has expired', async () => {
  const own = await phoneOf(world, 0)
  await got(own.phone.receive(copies(await shareFilesOf(world, 0))))
  for (const id of [50, 51]) await got(own.phone.prepare(asked(id, [id - 50])))
  const phone = await restarted(own.storage)
  const { open } = await overviewOf(phone)
  expect(open).toMatchObject([{ kind: 'request' }, { kind: 'request' }])
  // The very bytes: what was read is what is read again.
  const files = await got(phone.readAgain(open[0]!.id))
  expect(await got(phone.prepare(files))).toMatchObject({ digest: open[0]!.id })
  await got(phone.approve())
  expect((await overviewOf(phone)).open.map(({ id }) => id)).toEqual([open[1]!.id])
  await got(phone.refuse({ files: await got(phone.readAgain(open[1]!.id)), reason: 'no' }))
  expect((await overviewOf(phone)).open).toEqual([])
  await got(phone.prepare(asked(52, [1])))
  const late = await openPhone(own.storage, () => '2099-01-01T00:00:00.000Z')
  await got(late.unlock(passphrase))
  expect((await overviewOf(late)).open).toEqual([])
  expect(await late.readAgain('00')).toMatchObject({ ok: false, rule: 'PHONE-REQUEST-MISSING' })
})

test('PHONE-OPEN a request that is put aside is off the list, undecided, and can be read again', async () => {
  const own = await phoneOf(world, 0)
  await got(own.phone.receive(copies(await shareFilesOf(world, 0))))
  const read = await got(own.phone.prepare(asked(53)))
  if ('decided' in read) throw new Error('it is decided')
  const { open, log } = await got(own.phone.dismiss(read.digest))
  expect(open).toEqual([])
  expect(log[0]).toMatchObject({ what: 'put-aside', digest: read.digest })
  expect(await own.phone.approve()).toMatchObject({ ok: false, rule: 'PHONE-NOTHING-PREPARED' })
  expect(await own.phone.dismiss(read.digest)).toMatchObject({ ok: false, rule: 'PHONE-REQUEST-MISSING' })
  const again = await restarted(own.storage)
  await got(again.prepare(asked(53)))
  await got(again.approve())
})
