import { encodePolicyFile } from '@lux/ceremony/policy'
import {
  acknowledgementCodec,
  type Card,
  cardCodec,
  heartbeatCodec,
  requestPackageCodec,
} from '@lux/ceremony/wire'
import { encodeCanonical, generateIdentity, sha256Hex } from '@lux/crypto'
import { openHeldShare } from '@lux/people'
import { IDBFactory } from 'fake-indexeddb'
import { beforeAll, expect, test } from 'vitest'
import { accepted } from '../../../../packages/people/test/support/outcome.ts'
import {
  entropyOf,
  now,
  openingOf,
  requestFor,
  shareWorld,
  type World,
} from '../../../../packages/people/test/support/share-world.ts'
import type { Answer, Device, Files } from '../../src/device/api.ts'
import { copyOf, everyDeath, overviewOf } from '../support/every-death.ts'
import { enrolled, got, openPhone, passphrase } from '../support/phone.ts'
import { MovingRun } from '../support/refresh.ts'
import { copies, type Phone, phoneOf, restarted, shareFilesOf } from '../support/share-on-phone.ts'

let world: World
let run: MovingRun
const acknowledgements: string[] = []
/** The storage of each phone before it did what the stage is named by. */
const before = { approve: [], redeal: [], receive: [], live: [] } as Record<
  'approve' | 'redeal' | 'receive' | 'live',
  IDBFactory[]
>
beforeAll(async () => {
  world = await shareWorld()
})

const digestOf = (proof: Uint8Array): string =>
  acknowledgementCodec.payload.digest(accepted(acknowledgementCodec.file.parse(proof)).payload)

test('EPOCH-PHONE three phones renew their cards, let the key move, deal, receive, and go on alone in the new epoch', async () => {
  const phones: Phone[] = []
  const next: Card[] = []
  for (const at of [0, 1, 2]) {
    const one = await phoneOf(world, at)
    const { share } = await got(one.phone.receive(copies(await shareFilesOf(world, at))))
    const { sheet, words } = await got(one.phone.makeSheet(passphrase))
    await got(one.phone.checkSheet({ sheet, words: words.join(' ') }))
    if (at === 0) await got(one.phone.prepare(request(1)))
    const { file } = await got(one.phone.renew(share.id))
    // The same card again: what is made for a run is made once.
    expect(sha256Hex((await got(one.phone.renew(share.id))).file.bytes)).toBe(sha256Hex(file.bytes))
    next.push(accepted(cardCodec.parse(file.bytes)))
    phones.push(one)
  }
  run = await MovingRun.opened(world, next)
  for (const { phone, storage } of phones) {
    before.approve.push(await copyOf(storage))
    const asked = await got(phone.readEpoch(copies(run.files())))
    expect(asked).toMatchObject({ act: 'approve', wipes: false, mayDo: true })
    expect(asked.described.changes.map(({ told: { text } }) => text).join('\n')).toContain(
      'dealt by   Hal, Ida',
    )
    const { files } = await got(phone.takeEpoch())
    run.approvals.push(files[0]!.bytes)
  }
  for (const { phone, storage } of phones.slice(0, 2)) {
    before.redeal.push(await copyOf(storage))
    expect(await got(phone.readEpoch(copies(run.files())))).toMatchObject({ act: 'redeal' })
    const { files } = await got(phone.takeEpoch())
    expect(files).toHaveLength(5)
    await got(phone.readEpoch(copies(run.files())))
    expect((await got(phone.takeEpoch())).files.map(({ bytes }) => sha256Hex(bytes))).toEqual(
      files.map(({ bytes }) => sha256Hex(bytes)),
    )
    run.redealt.push(files)
  }
  for (const [at, { phone, storage }] of phones.entries()) {
    before.receive.push(await copyOf(storage))
    expect(await got(phone.readEpoch(copies(run.filesFor(at))))).toMatchObject({ act: 'receive' })
    const { files, overview } = await got(phone.takeEpoch())
    expect(overview.shares).toMatchObject([
      { epoch: 0, leaving: true, live: true },
      { epoch: 1, live: false },
    ])
    acknowledgements.push(digestOf(files[0]!.bytes))
  }
  for (const { phone, storage } of phones) {
    before.live.push(await copyOf(storage))
    const { person, open } = await overviewOf(phone)
    const card = person.digest
    expect(open).toHaveLength(phone === phones[0]?.phone ? 1 : 0)
    expect(await got(phone.readEpoch(copies(run.live(acknowledgements))))).toMatchObject({
      act: 'live',
      wipes: true,
    })
    const { overview } = await got(phone.takeEpoch())
    expect(overview.shares).toMatchObject([{ epoch: 1, live: true, leaving: false }])
    expect(overview.person.digest).not.toBe(card)
    // Nobody answers a request for the epoch that was left.
    expect(overview.open).toEqual([])
    expect(overview.log[0]).toMatchObject({ what: 'live' })
    const again = await restarted(storage)
    expect(await overviewOf(again)).toMatchObject({
      damaged: false,
      person: { digest: overview.person.digest },
      shares: [{ epoch: 1, live: true }],
    })
    expect(await again.readEpoch(copies(run.live(acknowledgements)))).toMatchObject({
      ok: false,
      rule: 'PHONE-EPOCH-TAKEN',
    })
  }
})

/** The first phone as it was before a stage. */
async function at(stage: keyof typeof before, phone = 0): Promise<Phone> {
  const storage = await copyOf(before[stage][phone] ?? new IDBFactory())
  return { storage, phone: await restarted(storage) }
}

const ruleOf = async (answer: Promise<Answer<unknown>>): Promise<string> => {
  const given = await answer
  return given.ok ? 'accepted' : given.rule
}

const request = (id: number): Files => {
  const own = world.held[0]!
  const envelope = accepted(openHeldShare({ ...own, content: own.content.slice() }, world.holders[0]!))
  const asked = requestFor(world, { envelope }, { id, of: [0] })
  return [
    { name: 'request.json', bytes: requestPackageCodec.encode(asked.request) },
    ...asked.ciphertexts.map((bytes) => ({ name: 'ciphertext.bin', bytes })),
  ]
}

test.each([
  [
    'EPOCH-SIGNATURE',
    'an announcement that another ceremony key signed',
    'live',
    () => run.live(acknowledgements, {}, generateIdentity(entropyOf('mallory'), ['p256', 'mlDsa65'])),
  ],
  [
    'EPOCH-OTHER',
    'an announcement of another epoch',
    'live',
    () => run.live(acknowledgements, { oldEpochId: 'ee'.repeat(32) }),
  ],
  [
    'EPOCH-APPROVALS',
    'an announcement that too few old holders let happen',
    'live',
    () => run.live(acknowledgements).slice(0, 2),
  ],
  [
    'EPOCH-OTHER',
    'an announcement in which this phone has proved another share',
    'live',
    () => run.live(acknowledgements.toReversed()),
  ],
  [
    'PHONE-EPOCH-RUN',
    'an announcement of another run',
    'live',
    () => run.live(acknowledgements, { ceremonyId: '7b'.repeat(16) }),
  ],
  [
    'PHONE-EPOCH-RUN',
    'an announcement before this phone let anything move',
    'approve',
    () => run.live(acknowledgements),
  ],
  [
    'HOLDER-LEAVING',
    'another run of the same plan, once one was approved',
    'redeal',
    async () => (await other()).files(),
  ],
  [
    'PHONE-EPOCH-MISSING',
    'a run without its plan',
    'approve',
    () => run.files().filter(({ name }) => name !== 'plan.yaml'),
  ],
  [
    'HOLDER-CARD',
    'a run without its cards',
    'approve',
    () => run.files().filter(({ name }) => !name.startsWith('card')),
  ],
  ['PHONE-FILE-TWICE', 'two openings', 'approve', () => [...run.files(), run.files()[0]!]],
  [
    'PHONE-EPOCH-FILE',
    'a foreign file',
    'approve',
    () => [...run.files(), { name: 'x', bytes: new Uint8Array([0, 1]) }],
  ],
  [
    'EPOCH-SIGNATURE',
    'what was sealed to another',
    'receive',
    () => [...run.filesFor(0).slice(0, -3), ...run.filesFor(1).slice(-3)],
  ],
  [
    'FHE-CORRECTION-OTHER',
    'a dealer’s word without its correction',
    'receive',
    () => run.filesFor(0).filter(({ name }) => name !== 'correction-1.bin'),
  ],
  [
    'EPOCH-OTHER',
    'the words of one dealer of two',
    'receive',
    () => run.filesFor(0).filter(({ name }) => name !== 'redeal-1.json'),
  ],
] as const)('%s a phone refuses %s', async (rule, _what, stage, files) => {
  const { phone } = await at(stage)
  const read = await phone.readEpoch(copies(await files()))
  expect(read.ok ? await ruleOf(phone.takeEpoch()) : read.rule).toBe(rule)
  expect(await overviewOf(await restarted((await at(stage)).storage))).toEqual(await overviewOf(phone))
})

const other = async (): Promise<MovingRun> => {
  const again = await MovingRun.opened(world, run.next, '7b'.repeat(16))
  again.approvals.push(...run.approvals)
  again.redealt.push(...run.redealt)
  return again
}

test('HOLDER-LEAVING, REQUEST-EPOCH a share that is left answers nothing, and nothing of its epoch is answered after it', async () => {
  expect(await ruleOf((await at('approve')).phone.prepare(request(1)))).toBe('accepted')
  for (const stage of ['redeal', 'receive', 'live'] as const)
    expect(await ruleOf((await at(stage)).phone.prepare(request(1)))).toBe('HOLDER-LEAVING')
  const { phone } = await at('live')
  await got(phone.readEpoch(copies(run.live(acknowledgements))))
  await got(phone.takeEpoch())
  expect(await ruleOf(phone.prepare(request(1)))).toBe('REQUEST-EPOCH')
})

test('PHONE-NO-SHARE, PHONE-POLICY-MISSING a phone without a share of the key, or without the policy, takes no part', async () => {
  expect(await ruleOf((await phoneOf(world, 0)).phone.readEpoch(copies(run.files())))).toBe('PHONE-NO-SHARE')
  expect(await ruleOf((await phoneOf(world, 0)).phone.readEpoch(copies(run.live(acknowledgements))))).toBe(
    'PHONE-NO-SHARE',
  )
  const { phone } = await enrolled('Lea', 'holder', 'production')
  expect(await ruleOf(phone.readEpoch(copies(run.files())))).toBe('PHONE-POLICY-MISSING')
})

test('HOLDER-RENEWED a phone that was lost and restored has no envelope key of the next epoch, and opens nothing that is sealed to it', async () => {
  const { phone } = await phoneOf(world, 0)
  await got(phone.receive(copies(await shareFilesOf(world, 0))))
  await got(phone.readEpoch(copies(run.filesFor(0))))
  expect(await ruleOf(phone.takeEpoch())).toBe('HOLDER-RENEWED')
})

/** A phone whose browser may delete what it keeps. */
async function unkept(storage: IDBFactory): Promise<Device> {
  const phone = await openPhone(storage, () => now, { persisted: async () => false })
  await got(phone.unlock(passphrase))
  return phone
}

async function backedUp(phone: Device): Promise<{ sheet: Uint8Array; words: string }> {
  const { sheet, words } = await got(phone.makeSheet(passphrase))
  const made = { sheet, words: words.join(' ') }
  await got(phone.checkSheet({ sheet: sheet.slice(), words: made.words }))
  return made
}

test('PHONE-NOT-KEPT a share that is sealed to a renewed card is proved once a sheet has that card’s key, and comes back by it', async () => {
  const phone = await unkept((await at('receive')).storage)
  // The sheet of before has the old key: the old share may still be let go of, and the next one waits.
  expect((await overviewOf(phone)).sheet).toBeNull()
  expect(await got(phone.readEpoch(copies(run.filesFor(0))))).toMatchObject({ act: 'receive' })
  const { files, overview } = await got(phone.takeEpoch())
  expect(files).toEqual([])
  const next = overview.shares.find(({ epoch }) => epoch === 1)?.id ?? ''
  expect(await ruleOf(phone.prove(next))).toBe('PHONE-NOT-KEPT')
  const made = await backedUp(phone)
  expect((await overviewOf(phone)).sheet).not.toBeNull()
  const { bytes } = await got(phone.prove(next))
  expect(digestOf(bytes)).toBe(acknowledgements[0])
  // Lost, and set up anew: the sheet opens what is sealed to the next epoch, and it answers nothing.
  const lost = await openPhone(undefined, () => now)
  await got(lost.restore({ ...made, passphrase }))
  await got(lost.takePolicy({ name: 'policy.json', bytes: encodePolicyFile(world.file) }))
  await got(lost.readEpoch(copies(run.filesFor(0))))
  expect((await got(lost.takeEpoch())).overview).toMatchObject({
    restored: true,
    shares: [{ epoch: 1, left: { at128: 0 } }],
  })
})

test('PHONE-NOT-KEPT where the own card opens the share of another organisation too, the next share’s key still needs a sheet that has it', async () => {
  const { storage, phone: kept } = await at('receive')
  const other = await shareWorld(undefined, { id: 'beta', name: 'Beta' })
  await got(kept.takePolicy({ name: 'policy.json', bytes: encodePolicyFile(other.file) }))
  await got(kept.receive(copies(await shareFilesOf(other, 0))))
  await got(kept.readEpoch(copies(run.filesFor(0))))
  await got(kept.takeEpoch())
  await got(kept.readEpoch(copies(run.live(acknowledgements))))
  await got(kept.takeEpoch())
  const phone = await unkept(storage)
  const { shares, sheet } = await overviewOf(phone)
  expect(shares.map(({ organisation, epoch }) => `${organisation} ${epoch}`).toSorted()).toEqual([
    'Acme 1',
    'Beta 0',
  ])
  // The sheet of before the card was renewed has the key of one of them.
  expect(sheet).toBeNull()
  const idOf = (wanted: number) => shares.find(({ epoch }) => epoch === wanted)?.id ?? ''
  await got(phone.prove(idOf(0)))
  expect(await ruleOf(phone.prove(idOf(1)))).toBe('PHONE-NOT-KEPT')
  await backedUp(phone)
  await got(phone.prove(idOf(1)))
})

/** What a phone does at a stage, from reading to the files that leave. */
const acts = (files: () => Files) => async (phone: Device) => {
  const read = await phone.readEpoch(copies(files()))
  return read.ok ? phone.takeEpoch() : read
}

test.each([
  ['KILL-EPOCH-APPROVE', 'approve', () => run.files().filter(({ name }) => !name.startsWith('approval'))],
  ['KILL-REDEAL', 'redeal', () => run.files()],
  ['KILL-NEXT', 'receive', () => run.filesFor(0)],
  ['KILL-LIVE', 'live', () => run.live(acknowledgements)],
] as const)(
  '%s a phone that dies while it does so has done all of it or nothing, and gives again what left it',
  async (_row, stage, files) => {
    const act = acts(files)
    const seen = new Set<string>()
    const from = JSON.stringify((await overviewOf((await at(stage)).phone)).shares)
    const deaths = await everyDeath(
      () => at(stage),
      act,
      async ({ storage, given }) => {
        const phone = await restarted(storage)
        const left = await overviewOf(phone)
        expect(left.damaged).toBe(false)
        const done =
          stage === 'redeal' ? left.log[0]?.what === 'redealt' : JSON.stringify(left.shares) !== from
        seen.add(String(done))
        if (given !== null) expect(done).toBe(true)
        // Neither two shares that answer nor none: the old one is there until the new one may answer.
        expect(left.shares.filter(({ live, leaving }) => live && !leaving)).toHaveLength(
          stage === 'approve' ? (done ? 0 : 1) : stage === 'live' && done ? 1 : 0,
        )
        if (stage === 'live' && done) {
          expect(await ruleOf(act(phone))).toBe('PHONE-EPOCH-TAKEN')
          return
        }
        const again = await got(act(phone))
        if (given !== null)
          expect(again.files.map(({ bytes }) => sha256Hex(bytes))).toEqual(
            given.files.map(({ bytes }) => sha256Hex(bytes)),
          )
      },
      ['dies'],
    )
    expect(deaths).toBeGreaterThan(5)
    expect([...seen].toSorted()).toEqual(['false', 'true'])
  },
)

test('HEARTBEAT-PHONE a phone states over a run’s challenge that it holds its share, spends nothing, and says nothing to another run', async () => {
  const { phone } = await phoneOf(world, 0)
  await got(phone.receive(copies(await shareFilesOf(world, 0))))
  const [share] = (await overviewOf(phone)).shares
  const [ceremonyId, challenge] = ['6b'.repeat(16), 'c4'.repeat(32)]
  const asks = (change: object = {}): Files => {
    const of = { ceremonyId, challenge, domain: 'production', keyId: share?.keyId ?? '' }
    const epochId = share?.id.split('-')[0] ?? ''
    const request = { v: 1, kind: 'heartbeat-request', ...of, epochId, ...change }
    return [
      { name: 'heartbeat.json', bytes: encodeCanonical(request) },
      { name: 'opening.json', bytes: openingOf(world, ceremonyId) },
    ]
  }
  expect(await got(phone.readEpoch(asks()))).toMatchObject({ act: 'heartbeat', digest: challenge })
  const { files, overview } = await got(phone.takeEpoch())
  const said = accepted(heartbeatCodec.file.parse(files[0]!.bytes)).payload
  expect(said).toMatchObject({ ceremonyId, challenge, holder: 1, name: 'Hal' })
  expect(overview).toMatchObject({ shares: [share], log: [{ what: 'stated' }, {}, {}] })
  for (const [rule, change] of [
    ['HEARTBEAT-OTHER', { ceremonyId: '6c'.repeat(16) }],
    ['HEARTBEAT-OTHER', { epochId: 'ee'.repeat(32) }],
    ['PHONE-NO-SHARE', { keyId: 'ee'.repeat(32) }],
    ['REQUEST-DOMAIN', { domain: 'rehearsal' }],
  ] as const)
    expect(await ruleOf(phone.readEpoch(asks(change)))).toBe(rule)
  expect(await ruleOf((await at('redeal')).phone.readEpoch(asks()))).toBe('HOLDER-LEAVING')
})
