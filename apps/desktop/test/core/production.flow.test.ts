import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { serverCardCodec, signatureRequestCodec, transportCodec } from '@lux/ceremony/wire'
import { explainRequest } from '@lux/people'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { abortCeremony } from '../../src/cli/ceremony/abort.ts'
import { ceremonyStatus, resumeCeremony } from '../../src/cli/ceremony/resume.ts'
import { runCeremony } from '../../src/cli/ceremony/run.ts'
import { wordLines, wordsOf } from '../../src/cli/shell/files.ts'
import { findProgram } from '../../src/core/program.ts'
import { plannedServer } from './support/planned-server.ts'
import { ended, ProductionPlace } from './support/production-place.ts'
import { verdictOf } from './support/run-end.ts'

vi.setConfig({ testTimeout: 60_000 })

let place: ProductionPlace
beforeAll(() => {
  place = new ProductionPlace()
})
afterAll(() => place.remove())
beforeEach(() => place.nextRun())

/** What an officer's device shows of a request as its digest, and what the workstation claims. */
function digestsShown(request: string): (string | undefined)[] {
  const parsed = signatureRequestCodec.parse(new Uint8Array(readFileSync(request)))
  if (!parsed.ok) throw new Error(parsed.detail)
  const claims = parsed.value.lines.flatMap((line) => /^(?:digest|bundle) (.+)$/.exec(line)?.slice(1) ?? [])
  const explained = explainRequest(parsed.value)
  if (!explained.ok) throw new Error(explained.detail)
  return [explained.value.digest, ...claims]
}

describe('a production run on files', () => {
  test('stops at every person, takes their answers, and ends closed with a bundle that the policy accepts', async () => {
    let left = await ended(
      runCeremony(place.plan, place.options({ answers: place.answers(null) }), place.program),
    )
    expect(left).toMatchObject({ exit: 4, json: { state: 'Created', waitingFor: ['opening'] } })
    const [opening] = left.json.files as string[]
    expect(opening).toMatch(/out\/\d+-opening\.json$/)

    place.sign(opening!, 'Otto')
    place.sign(opening!, 'Ophelia', true)
    place.sign(opening!, 'Walter')
    left = await ended(resumeCeremony(place.out, { answers: place.answers(null) }, place.program))
    expect(left.exit).toBe(1)
    const refused = left.json.refused as { file: string; rule: string }[]
    expect(refused.map(({ file: path, rule }) => [basename(path).replace(/^\d+-/, ''), rule])).toEqual([
      ['opening-Ophelia.json', 'SUBMIT-04'],
      ['opening-Walter.json', 'SUBMIT-03'],
    ])
    expect(readdirSync(join(place.out, 'in', 'taken')).length).toBe(1)
    for (const { file: path } of refused) rmSync(path)

    const asked: string[] = []
    for (let round = 0; round < 20 && left.json.state !== 'Closed'; round += 1) {
      const waitingFor = (left.json.waitingFor as string[])[0] ?? ''
      const [request = ''] = left.json.files as string[]
      asked.push(waitingFor)
      expect(existsSync(request)).toBe(true)
      const digest = String(left.json.digest)
      // One number, by one name: on the operator's terminal with its words, and on the officer's device.
      if (waitingFor === 'confirm')
        expect(left.text).toContain([`digest  ${digest}`, ...wordLines(wordsOf(digest))].join('\n'))
      if (waitingFor === 'bundle') expect(digestsShown(request)).toEqual([digest, digest])
      if (waitingFor === 'opening') place.sign(request, 'Ophelia')
      else if (waitingFor === 'checkpoint') place.sign(request, 'Wanda')
      else if (waitingFor === 'bundle') for (const name of ['Otto', 'Ophelia']) place.sign(request, name)
      else expect(waitingFor).toBe('confirm')
      const bundle = waitingFor === 'confirm' ? String(left.json.digest) : null
      left = await ended(resumeCeremony(place.out, { answers: place.answers(bundle) }, place.program))
      expect(left.json.refused).toEqual([])
    }
    expect(asked).toEqual(['opening', 'checkpoint', 'checkpoint', 'checkpoint', 'confirm', 'bundle'])
    expect(left).toMatchObject({ exit: 0, json: { state: 'Closed', domain: 'production' } })
    expect(await verdictOf(place.out)).toBe('accepted')
    expect(readdirSync(join(place.out, 'out'))).toEqual([])
    expect(await ended(resumeCeremony(place.out, {}, place.program))).toMatchObject({
      exit: 0,
      json: { state: 'Closed' },
    })
  })

  test('PLAN-05 a lock that one officer too few has signed is refused, and no lock at all too', async () => {
    const short = await ended(
      runCeremony(place.plan, place.options({ lock: place.file('short.lock.json') }), place.program),
    )
    expect(short).toMatchObject({ exit: 1, json: { code: 'PLAN-05' } })
    const { lock: _, ...unlocked } = place.options()
    const none = await ended(runCeremony(place.plan, unlocked, place.program))
    expect(none).toMatchObject({ exit: 1, json: { code: 'PLAN-UNLOCKED' } })
    expect(existsSync(join(place.out, 'ceremony.db'))).toBe(false)
  })

  test('TOOL-UNACCEPTED a checkout runs no production', async () => {
    const left = await ended(runCeremony(place.plan, place.options(), findProgram()))
    expect(left).toMatchObject({ exit: 1, json: { code: 'TOOL-UNACCEPTED' } })
  })

  test('TOOL-UNACCEPTED a build that the policy accepts, and the plan does not name, runs no production', async () => {
    const conf = process.env.SOFTHSM2_CONF
    const other = 'b2'.repeat(32)
    const { build } = place.program.measurement
    const planned = new ProductionPlace({
      build,
      policy: { acceptedTools: [build, other] },
      values: { tool: other },
    })
    const left = await ended(runCeremony(planned.plan, planned.options(), planned.program))
    expect(left).toMatchObject({ exit: 1, json: { code: 'TOOL-UNACCEPTED' } })
    expect(left.json.detail).toContain(`the plan names the build ${other}`)
    expect(existsSync(join(planned.out, 'ceremony.db'))).toBe(false)
    planned.remove()
    process.env.SOFTHSM2_CONF = conf
  })

  test('PLAN-36 a plan without the attestation that its policy asks for is refused before the token is touched', async () => {
    const conf = process.env.SOFTHSM2_CONF
    const strict = new ProductionPlace({
      policy: {
        leastEvidence: { ceremony: 'E1', root: 'E2', organisation: 'E1', project: 'E1', data: 'E1' },
      },
    })
    const options = strict.options({ answers: strict.answers(null) })
    const left = await ended(runCeremony(strict.plan, options, strict.program))
    expect(left).toMatchObject({ exit: 1, json: { code: 'PLAN-36' } })
    expect(existsSync(join(strict.out, 'ceremony.db'))).toBe(false)
    strict.remove()
    process.env.SOFTHSM2_CONF = conf
  })

  test('PLAN-14, PLAN-37 a plan with a server and witnesses whom its policy does not name is refused before anything is written', async () => {
    const conf = process.env.SOFTHSM2_CONF
    const server = await plannedServer()
    const other = new ProductionPlace({
      values: { destinations: [server.planned] },
      policy: { witnesses: [], witnessQuorum: 0 },
    })
    writeFileSync(other.file('cards/server.json'), serverCardCodec.encode(server.card))
    writeFileSync(other.file('cards/transport.json'), transportCodec.file.encode(server.document))
    const options = other.options({ answers: other.answers(null) })
    const left = await ended(runCeremony(other.plan, options, other.program))
    expect(left).toMatchObject({ exit: 1, json: { code: 'PLAN-14' } })
    expect(left.json.detail).toMatch(
      /Walter is no witness .*\n.*Wanda is no witness .*\nPLAN-37: the server/s,
    )
    expect(existsSync(other.out)).toBe(false)
    other.remove()
    process.env.SOFTHSM2_CONF = conf
  })

  describe('POLICY-EXPIRED', () => {
    const conf = process.env.SOFTHSM2_CONF
    let short: ProductionPlace
    beforeEach(() => {
      const expiry = new Date(Date.now() + 3_600_000).toISOString()
      short = new ProductionPlace({ policy: { expiry } })
    })
    afterEach(() => {
      vi.useRealTimers()
      short.remove()
      if (conf !== undefined) process.env.SOFTHSM2_CONF = conf
    })
    const afterExpiry = () => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 7_200_000 })

    test('a run that began before the expiry is not opened after it', async () => {
      const without = short.options({ answers: short.answers(null, ['open-run']) })
      const begun = await ended(runCeremony(short.plan, without, short.program))
      expect(begun).toMatchObject({ exit: 4, json: { step: 'open-run', waitingFor: ['confirm'] } })
      afterExpiry()
      const late = await ended(resumeCeremony(short.out, { answers: short.answers(null) }, short.program))
      expect(late).toMatchObject({ exit: 1, json: { code: 'POLICY-EXPIRED' } })
    })

    test('officers’ signatures of the opening are not taken after the expiry, and the run can be aborted', async () => {
      const begun = await ended(
        runCeremony(short.plan, short.options({ answers: short.answers(null) }), short.program),
      )
      const [opening = ''] = begun.json.files as string[]
      for (const name of ['Otto', 'Ophelia']) short.sign(opening, name)
      afterExpiry()
      const late = await ended(resumeCeremony(short.out, {}, short.program))
      expect(late).toMatchObject({ exit: 1, json: { state: 'Created', waitingFor: ['opening'] } })
      expect(late.json.refused).toMatchObject([{ rule: 'POLICY-EXPIRED' }, { rule: 'POLICY-EXPIRED' }])
      const over = await ended(
        abortCeremony(short.out, { by: 'Ada', reason: 'the policy expired' }, short.program),
      )
      expect(over.json.state).toBe('Aborted')
    })
  })

  test('CARD-MISSING a person without a card, and FOLDER-IN-USE a folder that is not empty', async () => {
    mkdirSync(place.file('no-cards'), { recursive: true })
    const left = await ended(
      runCeremony(place.plan, place.options({ cards: place.file('no-cards') }), place.program),
    )
    expect(left).toMatchObject({ exit: 1, json: { code: 'CARD-MISSING' } })
    const used = await ended(
      runCeremony(place.plan, place.options({ out: place.file('cards') }), place.program),
    )
    expect(used).toMatchObject({ exit: 2, json: { code: 'FOLDER-IN-USE' } })
  })

  test('FILE-WRONG-KIND an answer is taken whatever its ending, and a pipe in in/ is refused by name and not waited for', async () => {
    const left = await ended(
      runCeremony(place.plan, place.options({ answers: place.answers(null) }), place.program),
    )
    const [opening = ''] = left.json.files as string[]
    place.sign(opening, 'Otto')
    const box = join(place.out, 'in')
    renameSync(join(box, `${basename(opening, '.json')}-Otto.json`), join(box, 'otto.sig'))
    execFileSync('mkfifo', [join(box, 'pipe')])
    for (const name of [
      '.hidden',
      'half.json.part',
      'step.attestation',
      'correction-1.bin',
      'dealer-1-holder-2.age',
      'answer-1.age',
    ])
      writeFileSync(join(box, name), 'x')
    const next = await ended(resumeCeremony(place.out, {}, place.program))
    expect(readdirSync(join(box, 'taken'))).toEqual(['otto.sig'])
    expect(next.json.refused).toMatchObject([{ file: join(box, 'pipe'), rule: 'FILE-WRONG-KIND' }])
  })

  test('FOLDER-IN-USE of the same command given twice at once one runs, and the other leaves its run alone', async () => {
    const options = place.options({ answers: place.answers(null) })
    const both = await Promise.all([1, 2].map(() => ended(runCeremony(place.plan, options, place.program))))
    const [won, lost] = both.toSorted((a, b) => b.exit - a.exit)
    expect(won).toMatchObject({ exit: 4, json: { state: 'Created' } })
    expect(lost).toMatchObject({ exit: 2, json: { code: 'FOLDER-IN-USE' } })
    expect(await ended(resumeCeremony(place.out, {}, place.program))).toMatchObject({
      exit: 4,
      json: { state: 'Created' },
    })
    expect(readdirSync(place.out)).not.toContain('.claimed')
  })

  test('people are told who is awaited and with which command or entry, beside what programs read', async () => {
    const without = place.answers(null, ['clock-check'])
    const words = await runCeremony(place.plan, place.options({ answers: without }), place.program)
    expect(words.text).toContain(
      'the word of one of Walter, Wanda, as an entry of the answers file (--answers FILE):\n' +
        '  {"step":"clock-check","by":"Walter","values":{"wall-clock":"…"}}',
    )
    const left = await resumeCeremony(place.out, { answers: place.answers(null) }, place.program)
    expect(left.text).toMatch(
      /2 more of Otto, Ophelia, each on a device of their own:\n {2}custody officer approve \S+-opening\.json --key KEY --out \S+\/in\/NAME\.json/,
    )
  })

  test('STEP-05 a clock check that is far from the machine’s own clock stops the run before a token is touched', async () => {
    const answers = place.answers(null, [], '2026-01-31T09:30Z')
    const stopped = await ended(runCeremony(place.plan, place.options({ answers }), place.program))
    expect(stopped).toMatchObject({ exit: 4, json: { step: 'clock-check', waitingFor: ['exception'] } })
    expect(readFileSync((stopped.json.files as string[])[0] ?? '', 'utf8')).toContain(
      '2026-01-31T09:30Z was read, and the workstation’s clock says ',
    )
    expect(ceremonyStatus(place.out).json).toMatchObject({ state: 'Exception', current: 'clock-check' })
    const decided = { decide: 'continue', by: 'Otto', reason: 'the wall clock stopped' } as const
    const left = await ended(resumeCeremony(place.out, decided, place.program))
    expect(left.json).toMatchObject({ step: 'clock-check', waitingFor: ['exception'] })
    expect(left.json.files).toHaveLength(1)
  })

  test('ROOM-02 no run by commands goes on before the room has those whom it needs, and it shows the entry that says so', async () => {
    const none = place.options({ answers: place.answers(null, ['roll-call']) })
    const words = await runCeremony(place.plan, none, place.program)
    expect(words.text).toContain('{"step":"roll-call","by":"Ada","here":["…"]}')
    const said = (here?: string[]) => {
      const answer = { step: 'roll-call', by: 'Ada', ...(here === undefined ? {} : { here }) }
      writeFileSync(place.file('roll.json'), JSON.stringify({ v: 1, kind: 'answers', answers: [answer] }))
      return ended(resumeCeremony(place.out, { answers: place.file('roll.json') }, place.program))
    }
    expect((await said()).json).toMatchObject({ code: 'ROOM-02' })
    // Officers may go on without: somebody reports it, and the same file goes on once they have signed.
    const word = { step: 'roll-call', by: 'Ada' }
    const deviation = { expected: 'All are here.', happened: 'Olga is ill.' }
    const both = [
      { ...word, deviation },
      { ...word, here: ['Sam', 'Otto', 'Ophelia', 'Walter', 'Wanda'] },
    ]
    writeFileSync(place.file('ill.json'), JSON.stringify({ v: 1, kind: 'answers', answers: both }))
    const ill = (more = {}) =>
      ended(resumeCeremony(place.out, { answers: place.file('ill.json'), ...more }, place.program))
    expect((await ill()).json).toMatchObject({ step: 'roll-call', waitingFor: ['exception'] })
    const proposed = await ill({ decide: 'continue', by: 'Otto', reason: 'her deputy is here' })
    expect(proposed.json).toMatchObject({ step: 'roll-call', waitingFor: ['exception'] })
  })

  test('ROOM-02 the roll is called again with everybody', async () => {
    await runCeremony(
      place.plan,
      place.options({ answers: place.answers(null, ['roll-call']) }),
      place.program,
    )
    const said = (here: string[]) => {
      const answer = { step: 'roll-call', by: 'Ada', here }
      writeFileSync(place.file('roll.json'), JSON.stringify({ v: 1, kind: 'answers', answers: [answer] }))
      return ended(resumeCeremony(place.out, { answers: place.file('roll.json') }, place.program))
    }
    const all = ['Olga', 'Sam', 'Otto', 'Ophelia', 'Walter', 'Wanda']
    const lacking = await said(all.slice(1))
    expect([lacking.json.code, lacking.json.detail]).toEqual(['ROOM-02', expect.stringContaining('Olga')])
    expect((await said(all)).json).toMatchObject({ step: 'clock-check' })
  })

  test('a step that takes a PIN says that it waits for the word, where that is what is missing', async () => {
    const answers = place.answers(null, ['initialise-token'])
    const left = await ended(runCeremony(place.plan, place.options({ answers }), place.program))
    expect(left).toMatchObject({ exit: 4, json: { step: 'initialise-token', waitingFor: ['confirm'] } })
  })

  test('nobody is spoken for: a step without an answer is written out and waits', async () => {
    const left = await ended(
      runCeremony(
        place.plan,
        place.options({ answers: place.answers(null, ['clock-check']) }),
        place.program,
      ),
    )
    expect(left).toMatchObject({ exit: 4, json: { step: 'clock-check', waitingFor: ['values'] } })
    const [request] = left.json.files as string[]
    expect(JSON.parse(readFileSync(request!, 'utf8'))).toMatchObject({
      kind: 'values-request',
      step: 'clock-check',
      names: ['Walter', 'Wanda'],
    })
    expect(await ended(resumeCeremony(place.out, {}, place.program))).toMatchObject({
      exit: 4,
      json: { step: 'clock-check' },
    })
  })
})
