import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Card, cardCodec, renewCard } from '@lux/ceremony/wire'
import { generateSealIdentity, openWith } from '@lux/crypto'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { custodyJson } from '../cli/support/custody.ts'
import { FheDevices } from './support/fhe-devices.ts'
import { FhePeople } from './support/fhe-people.ts'
import { asked, FheRuns } from './support/fhe-runs.ts'
import { verdictOf } from './support/run-end.ts'

vi.setConfig({ testTimeout: 300_000 })

const secondVerifier = fileURLToPath(new URL('../../../../tools/verifier/verify.py', import.meta.url))
const holders = ['Hal', 'Ida', 'Jan']
const refresh = { nextKind: 'refresh', nextHolders: holders }

let place: FhePeople
let devices: FheDevices
let runs: FheRuns
let first = ''
beforeAll(async () => {
  place = await FhePeople.gathered()
  devices = new FheDevices(place)
  runs = new FheRuns(place)
  first = place.file('deal', 'fhe', 'public.bin')
}, 60_000)
afterAll(() => place.remove())

const refusedBy = (code: string) => ({ exit: 1, json: { code } })
const at = (run: string, ...names: string[]) => place.file(run, ...names)

/** Ida's second card as somebody would like it to be, who is not Ida or no longer remembers which card is the present one. */
const badRenewals: readonly [string, string, (recipient: string) => Card][] = [
  [
    'RENEWAL-SIGNATURE',
    'is signed by another holder',
    (recipient) => {
      const jan = place.person('Jan')
      const ida = place.person('Ida').card
      const forged = renewCard(jan.identity, { ...ida, keys: jan.card.keys }, recipient)
      return { ...forged, keys: ida.keys, renews: { ...forged.renews!, card: cardCodec.digest(ida) } }
    },
  ],
  [
    'RENEWAL-OTHER',
    'renews a card under another name',
    (recipient) => {
      const { identity, card } = place.person('Ida')
      return { ...renewCard(identity, { ...card, name: 'Ada' }, recipient), name: 'Ida' }
    },
  ],
  [
    'RENEWAL-OTHER',
    'renews a card of another epoch',
    (recipient) => renewCard(place.person('Ida').identity, place.renewed.get('Ida')!.card, recipient),
  ],
  [
    'RENEWAL-KEY',
    'has the envelope key of the present one',
    () =>
      renewCard(place.person('Ida').identity, place.person('Ida').card, place.person('Ida').card.recipient!),
  ],
]

/** The run `move` opened with Ida's present card alone. */
function kept(): string {
  const second = cardCodec.digest(place.renewed.get('Ida')!.card)
  const seat = new RegExp(`\\n {2}- role: holder\\n {4}name: Ida\\n {4}card: "?${second}"?`)
  return runs.reopened('move', 'kept', (plan) => plan.replace(seat, ''))
}

describe('a refresh in production, people on files', () => {
  test('FHE-PRODUCTION a key is dealt and its holders spend some of what they have', async () => {
    await runs.deal(devices, holders)
    await devices.encrypt('deal', 'first.bin', 66n, 'u8', 'encrypt 1.0')
    const question = await devices.request(first, 'first.bin', 'in the first epoch', true)
    expect(await devices.answer('Jan.0', question, 'first.bin', place.file('first-Jan.json'))).toMatchObject({
      exit: 0,
      json: { spent: 4 },
    })
    expect(await devices.receive('Hal', 'deal', 1, 'Hal.again')).toMatchObject(refusedBy('SHARE-RECEIVED'))
    expect(await devices.receive('Hal', 'deal', 1, 'Hal.lost', '--lost')).toMatchObject({ exit: 0 })
    const never = place.file('never.json')
    expect(await devices.answer('Hal.lost', question, 'first.bin', never)).toMatchObject(
      refusedBy('REQUEST-BUDGET'),
    )
  })

  test('PLAN-43 no new epoch begins in which a holder stays with the envelope key of now, or with one that she did not sign', async () => {
    const values = runs.moveValues(refresh)
    expect(() => place.writePlan('kept', 'resharing', values)).toThrow(/PLAN-43/)
    // Renewals for a plan that came to nothing.
    for (const name of holders) await place.renew(name)
    const { recipient } = await generateSealIdentity()
    for (const [i, [code, , make]] of badRenewals.entries()) {
      const card = make(recipient)
      writeFileSync(place.file(`cards/${cardCodec.digest(card)}.json`), cardCodec.encode(card))
      const again = ['Hal', 'Jan'].map((name) => place.renewed.get(name)!.card)
      place.writePlan(`bad-${i}`, 'resharing', values, [...again, card])
      const begun = await runs.begin(`bad-${i}`, { public: first })
      expect(begun).toMatchObject(refusedBy('PLAN-43'))
      expect(begun.json.detail).toContain(code)
      expect(begun.json.remedy).toContain('custody holder renew')
      expect((await custodyJson(['plan', 'lint', place.file(`bad-${i}.yaml`)])).json).toMatchObject({
        code: 'PLAN-43',
      })
      expect(existsSync(at(`bad-${i}`, 'ceremony.db'))).toBe(false)
    }
  })

  test('PLAN-43, HOLDER-RENEWED what is dealt for the next epoch opens with the envelope key that was made for it, and with no other of the same holder', async () => {
    const earlier = new Map(holders.map((name) => [name, place.renewed.get(name)!.seal!]))
    await runs.planMove('move', refresh)
    let left = await runs.past('move', await runs.begin('move', { public: first }))
    expect(
      await devices.epoch('approve-epoch', 'Hal', asked(left)[0]!, place.file('never.json'), '--run', kept()),
    ).toMatchObject(refusedBy('PLAN-43'))
    for (const [i, name] of ['Hal', 'Ida'].entries())
      await devices.epoch('approve-epoch', name, asked(left)[0]!, at('move', 'in', `epoch-${i}.json`))
    const lost = ['--share', place.file('Hal.lost')]
    expect(
      await devices.epoch('approve-epoch', 'Hal', asked(left)[0]!, place.file('lost-epoch.json'), ...lost),
    ).toMatchObject({ exit: 0, json: { left: { at64: 0, at128: 0 } } })
    left = await runs.past('move', await runs.resume('move'))
    expect(
      await devices.epoch('redeal', 'Hal', asked(left)[0]!, place.file('lost-redeal.json'), ...lost),
    ).toMatchObject({ exit: 0 })
    for (const [i, name] of ['Hal', 'Ida'].entries())
      expect(
        await devices.epoch('redeal', name, asked(left)[0]!, at('move', 'in', `redeal-${i + 1}.json`)),
      ).toMatchObject({ exit: 0 })
    // Two of three were enough to go on; Jan's word still counts, though it is read after the last dealer's.
    const late = runs.epochRequest('move')
    expect(JSON.parse(readFileSync(late, 'utf8'))).toMatchObject({
      missing: ['Jan'],
      carried: { carried: 1, whole: 2 },
    })
    expect(await devices.epoch('approve-epoch', 'Jan', late, at('move', 'in', 'zz-late.json'))).toMatchObject(
      { exit: 0 },
    )
    left = await runs.past('move', await runs.resume('move'))
    expect(left).toMatchObject({ json: { step: 'acknowledge-next', waitingFor: ['acknowledgements'] } })

    for (const [i, name] of holders.entries())
      for (const dealer of [1, 2]) {
        const path = at('move', 'fhe', 'redeal', `dealer-${dealer}-holder-${i + 1}.age`)
        const sealed = new Uint8Array(readFileSync(path))
        const opens = (seal: string) =>
          openWith(seal, sealed).then(
            () => true,
            () => false,
          )
        const others = holders
          .filter((other) => other !== name)
          .map((other) => place.renewed.get(other)!.seal!)
        expect(await opens(place.renewed.get(name)!.seal!)).toBe(true)
        for (const seal of [place.person(name).seal!, earlier.get(name)!, ...others])
          expect(await opens(seal)).toBe(false)
      }
    const [request = ''] = runs.acknowledgementRequests('move')
    const old = ['--key', place.person('Hal').keyPath]
    expect(await devices.receiveNext('Hal', request, ...old)).toMatchObject(refusedBy('HOLDER-RENEWED'))
    expect(existsSync(place.file('Hal.1'))).toBe(false)
  })

  test('FHE-CANARY the same holders prove their next shares and the epoch goes live; both verifiers accept it', async () => {
    const requests = runs.acknowledgementRequests('move')
    for (const [i, name] of holders.entries()) {
      expect(await devices.receiveNext(name, requests[i]!)).toMatchObject({
        exit: 0,
        // 524284 of Jan and 524288 of another are the least that is left: half of it for each of any two, less a canary of 65536.
        json: { epoch: 1, budgets: { at64: 458_750, at128: 0 } },
      })
      await devices.prove(`${name}.1`, name, at('move', 'in', `ack-${i}.json`))
    }
    expect(await devices.receiveNext('Jan', requests[2]!, '--out', place.file('again.1'))).toMatchObject(
      refusedBy('SHARE-RECEIVED'),
    )
    await runs.past('move', await runs.resume('move'))
    const next = at('move', 'fhe', 'next', 'public.bin')
    const value = 2n ** 200n + 7n
    await devices.encrypt('deal', 'canary.bin', value, 'u256', 'canary')
    const canary = await devices.request(next, 'canary.bin', 'the canary of the next epoch', false)
    writeFileSync(at('move', 'in', 'canary.json'), readFileSync(canary))
    await runs.past('move', await runs.resume('move'))
    const answers = holders.map((name) => at('move', 'in', `answer-${name}.json`))
    for (const [i, name] of holders.entries())
      expect(await devices.answer(`${name}.1`, canary, 'canary.bin', answers[i]!)).toMatchObject({
        exit: 0,
        // As the encryptor's untruth has it; what the canaries of its public key take off every budget is 65536 blocks.
        json: { source: 'client-key', blockBits: 40, floorBits: 40, belowFloor: false },
      })
    const cards = ['--cards', place.file('cards')]
    const known = ['--value', String(value), ...cards]
    const result = at('move', 'in', 'result.json')
    expect(await devices.result(next, 'canary.bin', canary, answers, result, ...cards)).toMatchObject({
      exit: 2,
      json: { code: 'OPTION-VALUE' },
    })
    expect(existsSync(result)).toBe(false)
    expect(await devices.result(next, 'canary.bin', canary, answers, result, ...known)).toMatchObject({
      json: { outcome: 'combined', right: true },
    })
    expect(await runs.past('move', await runs.resume('move'))).toMatchObject({
      exit: 0,
      json: { state: 'Closed' },
    })
    expect(await verdictOf(at('move'))).toBe('accepted')
    const words = ['-B', secondVerifier, at('move', 'bundle.zip'), '--policy', place.file('policy.json')]
    expect(spawnSync('python3', words, { encoding: 'utf8' }).stdout).toMatch(/\naccepted\n$/)
  })

  test('HOLDER-STAYS every old envelope key is forgotten, and the key decrypts what was encrypted before', async () => {
    for (const name of holders) {
      const { keyPath: renewed } = place.renewed.get(name)!
      const forget = (...more: string[]) =>
        devices.end('live', `${name}.0`, at('move'), '--forget-key', ...more)
      expect(await forget('--key', renewed)).toMatchObject(refusedBy('HOLDER-STAYS'))
      expect(await forget()).toMatchObject({ exit: 0, json: { state: 'wiped' } })
      expect(await devices.end('live', `${name}.1`, at('move'))).toMatchObject({ json: { state: 'live' } })
      const { keyPath } = place.person(name)
      const left = [place.file(`${name}.0`), keyPath, `${keyPath}.received`, renewed, `${renewed}.received`]
      expect(left.map((path) => existsSync(path))).toEqual([false, false, false, true, true])
    }
    const next = at('move', 'fhe', 'next', 'public.bin')
    const question = await devices.request(next, 'first.bin', 'in the new epoch', true)
    for (const name of ['Ida', 'Jan'])
      expect(
        await devices.answer(`${name}.1`, question, 'first.bin', place.file(`second-${name}.json`)),
      ).toMatchObject({ exit: 0 })
    const sealed = ['second-Ida.age', 'second-Jan.age'].map((name) => place.file(name))
    const policy = ['--request', question, '--policy', place.file('policy.json')]
    expect(await devices.combine(next, 'first.bin', sealed, ...policy)).toMatchObject({
      exit: 0,
      json: { value: '66', verified: 0 },
    })
  })
})
