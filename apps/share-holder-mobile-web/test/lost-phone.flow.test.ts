import { copyFileSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import {
  type Card,
  cardCodec,
  checkHolderAnswer,
  holderAnswerCodec,
  requestDigest,
  requestPackageCodec,
} from '@lux/ceremony/wire'
import { fromBase64, toBase64, toHex } from '@lux/crypto'
import { parsePublic } from '@lux/crypto/fhe'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { CarriedView, RunView } from '../../desktop/src/contract/index.ts'
import { type CoreInTest, startCore } from '../../desktop/test/core/support/core-in-test.ts'
import { FheDevices } from '../../desktop/test/core/support/fhe-devices.ts'
import { FhePeople } from '../../desktop/test/core/support/fhe-people.ts'
import { FheRuns } from '../../desktop/test/core/support/fhe-runs.ts'
import { verdictOf } from '../../desktop/test/core/support/run-end.ts'
import { WindowPerson } from '../../desktop/test/core/support/window-person.ts'
import { carriedOf, filesOf } from '../src/components/carry.ts'
import type { Device, Files } from '../src/device/api.ts'
import { enrolled, got, present } from './support/phone.ts'

vi.setConfig({ testTimeout: 300_000 })

const pins = { so: '13579135', user: '246810' }
const old = ['Hal', 'Ida', 'Jan']
/** Kim is who held Hal's share: another phone is another key, and another name in the plan. */
const next = ['Ida', 'Jan', 'Kim']

const phones = new Map<string, Device>()
let place: FhePeople
let devices: FheDevices
let runs: FheRuns
let core: CoreInTest
let person: WindowPerson
let id = ''
let folder = ''
let question = ''

const phone = (name: string): Device => {
  const found = phones.get(name)
  if (found === undefined) throw new Error(`${name} has no phone`)
  return found
}
const fileAt = (...path: string[]): Uint8Array => new Uint8Array(readFileSync(join(...path)))
const files = (...paths: string[]): Files =>
  paths.map((path) => ({ name: basename(path), bytes: fileAt(path) }))
const view = (): Promise<RunView> => person.view('ceremonies.view', { id })

beforeAll(async () => {
  const cards: Record<string, () => Card> = {}
  for (const name of [...old, 'Kim']) {
    const { phone: made, card } = await enrolled(name, 'holder', 'production')
    phones.set(name, made)
    const read = cardCodec.parse(card.bytes)
    if (!read.ok) throw new Error(read.detail)
    cards[name] = () => read.value
  }
  place = await FhePeople.gathered({}, cards)
  devices = new FheDevices(place)
  runs = new FheRuns(place)
  for (const one of phones.values())
    await got(one.takePolicy({ name: 'policy.json', bytes: fileAt(place.file('policy.json')) }))
}, 60_000)
afterAll(async () => {
  await core?.stop()
  place?.remove()
})

async function at(step: string): Promise<RunView> {
  await vi.waitUntil(async () => {
    const { current } = await view()
    for (const need of current?.needs ?? [])
      if (need.need === 'pin' && !need.taken)
        await person.view('ceremonies.enterPin', { id, token: need.token, user: need.user, pin: pins.user })
    return current?.id === step && current.blocked !== 'machine-works'
  }, 60_000)
  return view()
}

/** The machine may still work on what came before, and asks for its PIN again where the run goes on after a pause. */
async function awaited(holder: string): Promise<void> {
  let last: unknown = null
  const ready = async () => {
    const { current } = await view()
    const pin = current?.needs.find((need) => need.need === 'pin')
    if (current !== null && pin?.need === 'pin') {
      await core.call('ceremonies.enterPin', { id, token: pin.token, user: pin.user, pin: pins.user })
      await core.call('ceremonies.proceed', { id, step: current.id, by: current.actor.name })
    }
    const answer = await core.call('ceremonies.carry', { id, holder })
    last = [current?.id, current?.blocked, current?.needs, answer.ok]
    return answer.ok
  }
  await vi.waitUntil(ready, { timeout: 60_000, interval: 200 }).catch(() => {
    throw new Error(`${holder} is asked for nothing: ${JSON.stringify(last)}`)
  })
}

/** What the window shows to a holder, as codes carry it. */
async function shown(asked: object): Promise<CarriedView[]> {
  const answer = await core.call('ceremonies.carry', { id, ...asked })
  if (!answer.ok) throw new Error(`${answer.error.code}: ${answer.error.detail}`)
  return (answer.value as { parts: CarriedView[] }).parts
}

const filesIn = ({ type, payload }: CarriedView): Files => {
  const read = filesOf({ type, payload: fromBase64(payload) })
  if (!read.ok) throw new Error(read.rule)
  return read.value
}

/** A phone reads what the window shows to it, does what is asked, and shows what leaves it. */
async function does(
  name: string,
  act: string,
  type: 'epoch-approval' | 'redeal-package' | 'acknowledgement',
) {
  await awaited(name)
  for (const part of await shown({ holder: name })) {
    const [file] = filesIn(part)
    if (part.type === 'policy') await got(phone(name).takePolicy(file!))
    else expect(await got(phone(name).readEpoch(filesIn(part)))).toMatchObject({ act })
  }
  const taken = await got(phone(name).takeEpoch())
  const payload = toBase64(carriedOf(type, taken.files).payload)
  return person.view('ceremonies.submitCarried', { id, type, payload })
}

/** A phone answers a request; gives the files of its answer. */
async function answers(name: string, request: string, ciphertext: string): Promise<Files> {
  await got(phone(name).prepare(files(request, place.file(ciphertext))))
  return (await got(phone(name).approve())).files
}

test('LOST-PHONE a key is dealt to three phones, and two of them decrypt', async () => {
  place.writePlan('deal', 'threshold-fhe', { holders: old })
  await runs.past('deal', await runs.begin('deal'))
  const run = place.file('deal')
  for (const [i, name] of old.entries()) {
    const envelope = join(run, 'envelopes', `holder-${i + 1}`)
    const share = files(
      `${envelope}.age`,
      `${envelope}.sig`,
      join(run, 'opening.json'),
      join(run, 'fhe', 'public.bin'),
    )
    const { proof } = await got(phone(name).receive(share))
    writeFileSync(join(run, 'in', `ack-${i}.json`), present(proof).bytes)
  }
  expect(await runs.past('deal', await runs.resume('deal'))).toMatchObject({ json: { state: 'Closed' } })
  await devices.encrypt('deal', 'first.bin', 66n, 'u8', 'encrypt 1.0')
  question = await devices.request(join(run, 'fhe', 'public.bin'), 'first.bin', 'in the first epoch', true)
})

test('LOST-PHONE the two who are left deal anew to a new phone, by codes of the window both ways', async () => {
  const again: Card[] = []
  for (const name of ['Ida', 'Jan']) {
    const state = await phone(name).state()
    if (state.phase !== 'open') throw new Error(state.phase)
    const { file } = await got(phone(name).renew(state.overview.shares[0]!.id))
    const card = cardCodec.parse(file.bytes)
    if (!card.ok) throw new Error(card.detail)
    writeFileSync(place.file(`cards/${cardCodec.digest(card.value)}.json`), file.bytes)
    again.push(card.value)
  }
  place.writePlan('move', 'resharing', runs.moveValues({ nextHolders: next, dealers: ['Ida', 'Jan'] }), again)
  const left = await runs.past(
    'move',
    await runs.begin('move', { public: place.file('deal', 'fhe', 'public.bin') }),
  )
  expect(left).toMatchObject({ exit: 4, json: { step: 'approve-epoch' } })
  id = String(left.json.ceremonyId)
  folder = place.file('store', 'ceremonies', 'move')
  mkdirSync(join(folder, '..'), { recursive: true })
  renameSync(place.file('move'), folder)
  core = await startCore(place.home, place.program)
  // A folder that another program made is noted when it is listed.
  expect(await core.call('ceremonies.list', {})).toMatchObject({ ok: true })
  const signed = (request: string, name: string) => place.signed(request, name)
  person = new WindowPerson({ core, folder: place.home, pins, signed })
  await at('approve-epoch')
  for (const name of ['Ida', 'Jan']) await does(name, 'approve', 'epoch-approval')
  await at('redeal')
  for (const name of ['Ida', 'Jan']) await does(name, 'redeal', 'redeal-package')
  await at('assemble-epoch')
  expect((await view()).unstated).toEqual(['Hal'])
  await person.lead(id)
  await at('acknowledge-next')
  for (const name of next) await does(name, 'receive', 'acknowledgement')
  await person.lead(id)
})

test('LOST-PHONE, FHE-CANARY the new set answers the canary, the epoch goes live, and each phone wipes what it left', async () => {
  const pub = join(folder, 'fhe', 'next', 'public.bin')
  const value = 2n ** 200n + 7n
  await devices.encrypt('deal', 'canary.bin', value, 'u256', 'canary')
  const canary = await devices.request(pub, 'canary.bin', 'the canary of the next epoch', false)
  const request = place.file('canary.json')
  copyFileSync(canary, request)
  await person.take(id, request)
  await person.lead(id)
  const given: string[] = []
  for (const name of next) {
    const out = await answers(name, canary, 'canary.bin')
    for (const { name: file, bytes } of out) writeFileSync(place.file(`${name}-${file}`), bytes)
    const answer = place.file(`${name}-${out[0]!.name}`)
    given.push(answer)
    await person.take(id, answer)
  }
  const cards = ['--cards', place.file('cards'), '--value', String(value)]
  const result = place.file('result.json')
  expect(await devices.result(pub, 'canary.bin', canary, given, result, ...cards)).toMatchObject({
    json: { outcome: 'combined', right: true },
  })
  await at('result-canary')
  await person.take(id, result)
  const done = await person.lead(id)
  expect(done).toMatchObject({
    state: 'closed',
    epochLive: { file: expect.stringContaining('epoch-live.json') },
  })
  expect(await verdictOf(folder)).toBe('accepted')
  const [live] = await shown({ live: true })
  for (const name of next) {
    expect(await got(phone(name).readEpoch(filesIn(live!)))).toMatchObject({
      act: 'live',
      wipes: name !== 'Kim',
    })
    const { overview } = await got(phone(name).takeEpoch())
    expect(overview.shares).toMatchObject([{ epoch: 1, live: true }])
  }
})

test('LOST-PHONE, ANSWER-01, REQUEST-EPOCH, FHE-REQUEST-OTHER the new set decrypts what was encrypted before, and what the lost phone answers is refused by name', async () => {
  const pub = join(folder, 'fhe', 'next', 'public.bin')
  const asked = await devices.request(pub, 'first.bin', 'in the new epoch', true)
  const sealed: string[] = []
  for (const name of ['Jan', 'Kim']) {
    for (const { name: file, bytes } of await answers(name, asked, 'first.bin')) {
      writeFileSync(place.file(`${name}-${file}`), bytes)
      if (file.endsWith('.age')) sealed.push(place.file(`${name}-${file}`))
    }
  }
  const policy = ['--request', asked, '--policy', place.file('policy.json')]
  expect(await devices.combine(pub, 'first.bin', sealed, ...policy)).toMatchObject({
    exit: 0,
    json: { value: '66' },
  })
  // Somebody found Hal's phone and its passphrase: it still answers what was asked in its own epoch, and nothing of the new one.
  const lost = phone('Hal')
  expect(await lost.prepare(files(asked, place.file('first.bin')))).toMatchObject({
    ok: false,
    rule: 'REQUEST-EPOCH',
  })
  const late = await answers('Hal', question, 'first.bin')
  for (const { name, bytes } of late) writeFileSync(place.file(`Hal-${name}`), bytes)
  const part = place.file(`Hal-${late[1]!.name}`)
  const combined = await devices.combine(pub, 'first.bin', [part, sealed[0]!], ...policy)
  expect(combined).toMatchObject({ exit: 1, json: { code: 'FHE-REQUEST-OTHER' } })
  // As the server judges it: the very check of its takeAnswer, with the holders of the epoch that is live there.
  const answer = holderAnswerCodec.file.parse(late[0]!.bytes)
  const request = requestPackageCodec.parse(fileAt(asked))
  if (!answer.ok || !request.ok) throw new Error('no documents')
  const { payload } = request.value.request
  expect(toHex(parsePublic(fileAt(pub)).header.epochId)).toBe(payload.epochId)
  const judged = checkHolderAnswer(answer.value, late[1]!.bytes, {
    domain: 'production',
    digest: requestDigest(payload),
    request: payload,
    holders: next.map((name) => ({ name, keys: place.person(name).card.keys })),
  })
  expect(judged).toMatchObject({ ok: false, rule: 'ANSWER-01' })
  expect(readdirSync(folder)).toContain('bundle.zip')
})
