import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cardCodec, epochLiveCodec, openingCodec } from '@lux/ceremony/wire'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { custodyJson } from '../cli/support/custody.ts'
import { FheDevices } from './support/fhe-devices.ts'
import { FhePeople } from './support/fhe-people.ts'
import { asked, FheRuns } from './support/fhe-runs.ts'
import { verdictOf } from './support/run-end.ts'

vi.setConfig({ testTimeout: 300_000 })

let place: FhePeople
let devices: FheDevices
let runs: FheRuns
beforeAll(async () => {
  place = await FhePeople.gathered()
  devices = new FheDevices(place)
  runs = new FheRuns(place)
}, 60_000)
afterAll(() => place.remove())

const refusedBy = (code: string) => ({ exit: 1, json: { code } })
const at = (run: string, ...names: string[]) => place.file(run, ...names)

describe('a threshold key in production, people on files', () => {
  test('FHE-PRODUCTION a key is dealt, answers, moves to other people, and answers there: every step by commands of people', async () => {
    await runs.deal(devices, ['Hal', 'Ida', 'Jan'])

    // Hal and Ida spend four blocks of their thousand each.
    const first = at('deal', 'fhe', 'public.bin')
    await devices.encrypt('deal', 'first.bin', 66n, 'u8', 'encrypt 1.0')
    const question = await devices.request(first, 'first.bin', 'one number', true)
    for (const name of ['Hal', 'Ida'])
      expect(
        await devices.answer(`${name}.0`, question, 'first.bin', place.file(`first-${name}.json`)),
      ).toMatchObject({ exit: 0, json: { spent: 4, left: { at64: 524_284 } } })
    const policy = ['--request', question, '--policy', place.file('policy.json')]
    const sealed = ['first-Hal.age', 'first-Ida.age'].map((name) => place.file(name))
    expect(await devices.combine(first, 'first.bin', sealed, ...policy)).toMatchObject({
      exit: 0,
      json: { value: '66', type: 'u8', verified: 0 },
    })

    await runs.planMove('move')
    expect(await runs.begin('move')).toMatchObject(refusedBy('FHE-PUBLIC-OTHER'))
    const left = await runs.past('move', await runs.begin('move', { public: first }))
    expect(left).toMatchObject({ exit: 4, json: { step: 'approve-epoch', waitingFor: ['epoch-approvals'] } })
  })

  test('HOLDER-PLAN, QUORUM-SHORT, HOLDER-CARD, OPENING-POLICY: no holder lets a key move on a word that is not the officers’', async () => {
    const request = runs.epochRequest('move')
    const approved = (folder: string, ...more: string[]) =>
      devices.epoch('approve-epoch', 'Hal', request, place.file('never.json'), '--run', folder, ...more)
    const other = runs.copyOf('move', 'other-plan')
    writeFileSync(join(other, 'plan.yaml'), `${readFileSync(join(other, 'plan.yaml'), 'utf8')}\n`)
    expect(await approved(other)).toMatchObject(refusedBy('HOLDER-PLAN'))

    const short = runs.copyOf('move', 'short')
    const opening = openingCodec.file.parse(new Uint8Array(readFileSync(join(short, 'opening.json'))))
    if (!opening.ok) throw new Error(opening.detail)
    const { payload, signatures } = opening.value
    writeFileSync(
      join(short, 'opening.json'),
      openingCodec.file.encode({ payload, signatures: signatures.slice(1) }),
    )
    expect(await approved(short)).toMatchObject(refusedBy('QUORUM-SHORT'))

    const cards = runs.copyOf('move', 'cards-swapped')
    const fileOf = (name: string) => join(cards, 'cards', `${cardCodec.digest(place.person(name).card)}.json`)
    writeFileSync(fileOf('Hal'), readFileSync(fileOf('Lea')))
    expect(await approved(cards)).toMatchObject(refusedBy('HOLDER-CARD'))

    place.writePolicy('other-policy.json', '2098-01-01T00:00:00.000Z')
    expect(await approved(at('move'), '--policy', place.file('other-policy.json'))).toMatchObject(
      refusedBy('OPENING-POLICY'),
    )
    expect(existsSync(place.file('never.json'))).toBe(false)
  })

  test('HOLDER-EPOCH, EPOCH-APPROVALS, HOLDER-DEALER, REDEAL-FILES: t holders of that epoch approve, and only the plan’s dealers deal', async () => {
    const request = runs.epochRequest('move')
    devices.copyShare('Hal.0', 'Hal.before')
    // A share of another key: the plan does not move it.
    expect(await devices.epoch('approve-epoch', 'Kim', request, place.file('never.json'))).toMatchObject({
      exit: 2,
      json: { code: 'FILE-MISSING' },
    })
    expect(
      await devices.epoch('approve-epoch', 'Hal', request, at('move', 'in', 'epoch-1.json')),
    ).toMatchObject({ exit: 0, json: { left: { at64: 524_284 } } })
    const second = await devices.request(at('move', 'fhe', 'public.bin'), 'first.bin', 'again', true)
    expect(await devices.answer('Hal.0', second, 'first.bin', place.file('never.json'))).toMatchObject(
      refusedBy('HOLDER-LEAVING'),
    )
    let left = await runs.past('move', await runs.resume('move'))
    expect(left).toMatchObject({ exit: 4, json: { step: 'approve-epoch' } })
    expect(await devices.epoch('redeal', 'Hal', asked(left)[0]!, place.file('never.json'))).toMatchObject(
      refusedBy('EPOCH-APPROVALS'),
    )
    await devices.epoch('approve-epoch', 'Ida', asked(left)[0]!, at('move', 'in', 'epoch-2.json'))
    left = await runs.past('move', await runs.resume('move'))
    expect(left).toMatchObject({ exit: 4, json: { step: 'redeal', waitingFor: ['redeals'] } })

    const [redeal = ''] = asked(left)
    expect(await devices.epoch('redeal', 'Jan', redeal, place.file('never.json'))).toMatchObject(
      refusedBy('HOLDER-DEALER'),
    )
    const dealt = await devices.epoch('redeal', 'Hal', redeal, at('move', 'in', 'redeal-1.json'))
    expect(dealt).toMatchObject({ exit: 0, json: { dealer: 1, envelopes: { length: 3 } } })
    const away = at('move', 'in', 'dealer-1-holder-2.age')
    renameSync(away, place.file('held-back.age'))
    const missing = await runs.resume('move')
    expect(missing.json.refused).toMatchObject([{ rule: 'REDEAL-FILES' }])
    writeFileSync(away, readFileSync(at('move', 'in', 'dealer-1-holder-3.age')))
    expect((await runs.resume('move')).json.refused).toMatchObject([{ rule: 'REDEAL-FILES' }])
    renameSync(place.file('held-back.age'), away)
    await devices.epoch('redeal', 'Ida', redeal, at('move', 'in', 'redeal-2.json'))
    left = await runs.past('move', await runs.resume('move'))
    expect(left).toMatchObject({
      exit: 4,
      json: { step: 'acknowledge-next', waitingFor: ['acknowledgements'] },
    })
    expect(asked(left).length).toBe(3)
  })

  test('EPOCH-APPROVALS, EPOCH-SIGNATURE, ENVELOPE-SIGNATURE-INVALID, FHE-CORRECTION-OTHER: a new holder takes no share on less', async () => {
    const request = runs.acknowledgementRequests('move')[1]!
    const taken = (folder: string) => devices.receiveNext('Kim', request, '--run', folder)
    const few = runs.copyOf('move', 'few')
    rmSync(join(few, 'fhe', 'redeal', 'approval-2.json'))
    expect(await taken(few)).toMatchObject(refusedBy('EPOCH-APPROVALS'))

    const forged = runs.copyOf('move', 'forged')
    const approval = join(forged, 'fhe', 'redeal', 'approval-1.json')
    writeFileSync(approval, readFileSync(approval, 'utf8').replace('"at64":524284', '"at64":524288'))
    expect(await taken(forged)).toMatchObject(refusedBy('EPOCH-SIGNATURE'))

    const swapped = runs.copyOf('move', 'swapped')
    const signature = (i: number) => join(swapped, 'envelopes', `next-${i}.sig`)
    writeFileSync(signature(2), readFileSync(signature(3)))
    expect(await taken(swapped)).toMatchObject(refusedBy('ENVELOPE-SIGNATURE-INVALID'))

    const wrong = runs.copyOf('move', 'wrong-correction')
    const correction = join(wrong, 'fhe', 'redeal', 'correction-1.bin')
    const bytes = readFileSync(correction)
    bytes[500]! ^= 1
    writeFileSync(correction, bytes)
    expect(await taken(wrong)).toMatchObject(refusedBy('FHE-CORRECTION-OTHER'))
    expect(existsSync(place.file('Kim.1'))).toBe(false)
  })

  test('FHE-CANARY every new holder proves the share, answers one canary and nothing else, until the ceremony key says that the epoch is live', async () => {
    const requests = runs.acknowledgementRequests('move')
    for (const [i, name] of ['Ida', 'Kim', 'Lea'].entries()) {
      // 524284 of Ida and nothing of Jan, who was silent, are the least that is left: 262142 for any two new ones, less a canary of
      // 256 blocks of the compact public key, each as dear as 256.
      expect(await devices.receiveNext(name, requests[i]!)).toMatchObject({
        exit: 0,
        json: { holder: i + 1, epoch: 1, budgets: { at64: 196_606, at128: 0 } },
      })
      await devices.prove(`${name}.1`, name, at('move', 'in', `ack-${i}.json`))
    }
    let left = await runs.past('move', await runs.resume('move'))
    expect(left).toMatchObject({ exit: 4, json: { step: 'take-canary', waitingFor: ['request'] } })

    const next = at('move', 'fhe', 'next', 'public.bin')
    const early = await devices.request(next, 'first.bin', 'too early', true)
    expect(await devices.answer('Kim.1', early, 'first.bin', place.file('never.json'))).toMatchObject(
      refusedBy('HOLDER-UNPROVEN'),
    )
    const value = 2n ** 255n + 12345n
    await devices.encrypt('deal', 'canary.bin', value, 'u256', 'canary')
    // The run says which epoch and what is asked for.
    const draft = place.file('canary.draft')
    const ask = ['--purpose', 'a test', '--requester', 'Rita', '--combiner', place.combiner.recipient]
    const made = await custodyJson([
      ...['request', 'new', '--run', at('move'), '--ciphertext', place.file('canary.bin')],
      ...['--provenance', place.file('canary.bin.provenance'), ...ask, '--out', draft],
    ])
    expect(made.json.detail).toBeUndefined()
    const canary = place.file('canary.request')
    const signed = ['request', 'sign', draft, '--key', place.person('Rita').keyPath, ...place.pass]
    expect((await custodyJson([...signed, '--out', canary, '--yes'])).exit).toBe(0)
    writeFileSync(at('move', 'in', 'canary.json'), readFileSync(canary))
    left = await runs.past('move', await runs.resume('move'))
    expect(left).toMatchObject({ exit: 4, json: { step: 'answer-canary', waitingFor: ['answers'] } })
    for (const name of ['Ida', 'Kim', 'Lea']) {
      const out = at('move', 'in', `answer-${name}.json`)
      expect(await devices.answer(`${name}.1`, canary, 'canary.bin', out)).toMatchObject({
        exit: 0,
        json: { spent: 0, left: { at64: 196_606 } },
      })
    }
    expect(await devices.answer('Kim.1', canary, 'canary.bin', place.file('again.json'))).toMatchObject({
      exit: 0,
      json: { again: true },
    })
    expect(readFileSync(place.file('again.json'))).toEqual(readFileSync(at('move', 'in', 'answer-Kim.json')))
    const other = await devices.request(next, 'canary.bin', 'another canary', false)
    expect(await devices.answer('Kim.1', other, 'canary.bin', place.file('other.json'))).toMatchObject(
      refusedBy('HOLDER-CANARY'),
    )
    const answers = ['Ida', 'Kim', 'Lea'].map((name) => at('move', 'in', `answer-${name}.json`))
    const result = (out: string, known: bigint) =>
      devices.result(
        next,
        'canary.bin',
        canary,
        answers,
        out,
        '--value',
        String(known),
        '--cards',
        place.file('cards'),
      )
    expect(await result(place.file('wrong.json'), value + 1n)).toMatchObject({
      exit: 0,
      json: { outcome: 'inconsistent', right: false },
    })
    expect(await result(place.file('right.json'), value)).toMatchObject({
      exit: 0,
      json: { outcome: 'combined', verified: 1, cheaters: [], right: true },
    })
    left = await runs.past('move', await runs.resume('move'))
    expect(left).toMatchObject({ exit: 4, json: { step: 'result-canary', waitingFor: ['result'] } })
    // Out of the run's own folder: its public file, its cards, and the answers that were brought into it.
    const byRun = await custodyJson([
      ...['request', 'result', canary, '--run', at('move'), '--ciphertext', place.file('canary.bin')],
      ...['--identity', place.file('combiner.identity'), '--value', String(value)],
      ...['--key', place.person('Rita').keyPath, ...place.pass, '--out', place.file('by-run.json')],
    ])
    expect(byRun).toMatchObject({ exit: 0, json: { outcome: 'combined', verified: 1, right: true } })
    writeFileSync(at('move', 'in', 'result.json'), readFileSync(place.file('wrong.json')))
    expect((await runs.resume('move')).json.refused).toMatchObject([{ rule: 'RESULT-02' }])
    writeFileSync(at('move', 'in', 'result.json'), readFileSync(place.file('right.json')))
    expect(await devices.end('live', 'Hal.0', at('move'))).toMatchObject({
      exit: 2,
      json: { code: 'FILE-MISSING' },
    })
    left = await runs.past('move', await runs.resume('move'))
    expect(left).toMatchObject({ exit: 0, json: { state: 'Closed' } })
    expect(await verdictOf(at('move'))).toBe('accepted')
  })

  test('EPOCH-SIGNATURE, HOLDER-STAYS: an old share is wiped, with the key that opens its envelope where no new share needs it, and a new one answers, on the word of the ceremony key alone', async () => {
    const forged = runs.copyOf('move', 'forged-live')
    const path = join(forged, 'fhe', 'epoch-live.json')
    const live = epochLiveCodec.file.parse(new Uint8Array(readFileSync(path)))
    if (!live.ok) throw new Error(live.detail)
    const signatures = [epochLiveCodec.sign(place.person('Otto').identity, live.value.payload, 'production')]
    writeFileSync(path, epochLiveCodec.file.encode({ payload: live.value.payload, signatures }))
    expect(await devices.end('live', 'Hal.0', forged)).toMatchObject(refusedBy('EPOCH-SIGNATURE'))
    const few = runs.copyOf('move', 'few-live')
    rmSync(join(few, 'fhe', 'redeal', 'approval-1.json'))
    expect(await devices.end('live', 'Hal.0', few)).toMatchObject(refusedBy('EPOCH-APPROVALS'))
    expect(existsSync(place.file('Hal.0'))).toBe(true)

    const forget = '--forget-key'
    const { keyPath: idasNext } = place.renewed.get('Ida')!
    expect(await devices.end('live', 'Ida.0', at('move'), forget, '--key', idasNext)).toMatchObject(
      refusedBy('HOLDER-STAYS'),
    )
    expect(existsSync(place.file('Ida.0'))).toBe(true)
    for (const name of ['Hal', 'Ida'])
      expect(await devices.end('live', `${name}.0`, at('move'), forget)).toMatchObject({
        exit: 0,
        json: { state: 'wiped' },
      })
    const old = ['Hal', 'Ida'].map((name) => place.person(name).keyPath)
    const gone = [place.file('Hal.0'), place.file('Hal.0.state'), ...old]
    expect([...gone, idasNext].map((path) => existsSync(path))).toEqual([false, false, false, false, true])
    for (const name of ['Kim', 'Lea'])
      expect(await devices.end('live', `${name}.1`, at('move'))).toMatchObject({
        exit: 0,
        json: { state: 'live' },
      })
  })

  test('FHE-PRODUCTION the new holders decrypt what was encrypted before the key moved; an old share does not, and a wrong policy or missing approval stops the combiner', async () => {
    const next = at('move', 'fhe', 'next', 'public.bin')
    const question = await devices.request(next, 'first.bin', 'in the new epoch', true)
    for (const name of ['Kim', 'Lea'])
      expect(
        await devices.answer(`${name}.1`, question, 'first.bin', place.file(`second-${name}.json`)),
      ).toMatchObject({ exit: 0, json: { spent: 4, left: { at64: 196_602 } } })
    expect(await devices.answer('Jan.0', question, 'first.bin', place.file('never.json'))).toMatchObject(
      refusedBy('REQUEST-EPOCH'),
    )
    expect(await devices.refuse('Ida.1', question, place.file('second-Ida.json'))).toMatchObject({
      exit: 0,
      json: { decision: 'refused' },
    })
    const sealed = ['second-Kim.age', 'second-Lea.age'].map((name) => place.file(name))
    const combined = (request: string, policy: string) =>
      devices.combine(next, 'first.bin', sealed, '--request', request, '--policy', place.file(policy))
    expect(await combined(question, 'policy.json')).toMatchObject({
      exit: 0,
      json: { value: '66', verified: 0 },
    })
    const unapproved = question.replace(/\.approve$/, '.sign')
    expect(await combined(unapproved, 'policy.json')).toMatchObject(refusedBy('REQUEST-APPROVALS'))
  })
})
