import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { planFromScript, readScript } from '@lux/ceremony/plan'
import { cardCodec, planLockCodec } from '@lux/ceremony/wire'
import { findSoftTokenLibrary } from '@lux/hsm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { custody, custodyJson, each, temporaryFolder } from '../support/custody.ts'
import { type Enrolled, enrolled, newPolicy, passphraseFile } from '../support/people.ts'

let folder: string
let pass: string[]
let officers: Enrolled[]
let cards: string[]
let policy: string
let plan: string

const library = findSoftTokenLibrary() ?? ''
const at = (name: string) => join(folder, name)
const newPlan = (out: string, ...more: string[]) => planOf(cards, out, ...more)
const planOf = (people: readonly string[], out: string, ...more: string[]) =>
  custodyJson([
    'plan',
    'new',
    'token-initialisation',
    '--policy',
    policy,
    '--library',
    library,
    ...each('--person', ...people),
    '--out',
    at(out),
    ...more,
  ])

beforeAll(async () => {
  folder = temporaryFolder()
  pass = ['--passphrase-file', passphraseFile(folder)]
  officers = await Promise.all(['Ada', 'Bob'].map((name) => enrolled(folder, 'officer', name)))
  const witnesses = await Promise.all(['Wim', 'Zoe'].map((name) => enrolled(folder, 'witness', name)))
  const others = await Promise.all(
    (['administrator', 'operator', 'so'] as const).map((kind) => enrolled(folder, kind, `The ${kind}`)),
  )
  cards = [...others, ...officers, ...witnesses].map(({ cardPath }) => cardPath)
  policy = at('policy.json')
  const made = await custody([
    ...newPolicy(policy),
    ...each('--officer', ...officers.map(({ cardPath }) => cardPath)),
    '--quorum',
    '2',
    ...each('--witness', ...witnesses.map(({ cardPath }) => cardPath)),
    '--witness-quorum',
    '2',
    '--soft-tokens',
  ])
  expect(made.stderr).toBe('')
  for (const { keyPath } of officers)
    await custody(['policy', 'sign', policy, '--key', keyPath, '--yes', ...pass])
  plan = at('plan.yaml')
  const planned = await newPlan('plan.yaml')
  expect(planned.json.detail).toBeUndefined()
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('plan', () => {
  test('PLAN-45 lint warns of a new key of mode F and says what to do; one of mode S has no warning', async () => {
    const script = new Uint8Array(
      readFileSync(new URL('../../../../../resources/scripts/threshold-fhe.yaml', import.meta.url)),
    )
    const read = readScript(script)
    if (!read.ok) throw new Error('the shipped script')
    const values = {
      title: 'Key',
      policy: '01'.repeat(32),
      tool: '02'.repeat(32),
      library: '03'.repeat(32),
      serial: 'a1b2',
      people: read.value.rehearsal.people.map(({ role, name }, i) => ({
        role,
        name,
        card: String(i).padStart(64, '0'),
      })),
    }
    for (const [name, more] of [
      ['mode-s.yaml', {}],
      ['mode-f.yaml', { fheMode: 'F', fheSquash: false }],
    ] as const) {
      const made = planFromScript(script, { ...values, ...more })
      writeFileSync(at(name), made.ok ? made.value.text : '')
    }
    const [warned, text] = await Promise.all([
      custodyJson(['plan', 'lint', at('mode-s.yaml'), at('mode-f.yaml')]),
      custody(['plan', 'lint', at('mode-f.yaml')]),
    ])
    expect(warned).toMatchObject({
      exit: 0,
      json: { ok: true, plans: [{ warnings: [] }, { refusals: [], warnings: [{ rule: 'PLAN-45' }] }] },
    })
    expect(text.stdout).toMatch(/in order, .*\n.*warning, PLAN-45.*fheMode=S/)
  }, 60_000)

  test('POLICY-OLDEST a card older than the policy accepts is refused while the plan is made, and by default none is', async () => {
    const [raised, old] = [at('raised.json'), at('old-card.json')]
    const made = await custodyJson([
      ...newPolicy(raised),
      ...each('--officer', ...officers.map(({ cardPath }) => cardPath)),
      ...each('--witness', ...cards.slice(-2)),
      ...['--quorum', '2', '--witness-quorum', '2', '--oldest-card', '3', '--soft-tokens'],
    ])
    expect(made).toMatchObject({ exit: 0 })
    const [first = '', ...others] = cards
    writeFileSync(old, readFileSync(first, 'utf8').replace('"v":3', '"v":1'))
    expect(await planOf([old, ...others], 'old-card.yaml')).toMatchObject({ exit: 0 })
    const refused = await planOf([old, ...others], 'refused.yaml', '--policy', raised)
    expect(refused).toMatchObject({ exit: 1, json: { code: 'POLICY-OLDEST' } })
    const linted = await custodyJson(['plan', 'lint', at('old-card.yaml'), '--policy', raised])
    const refusals = expect.arrayContaining([expect.objectContaining({ rule: 'POLICY-OLDEST' })])
    expect(linted).toMatchObject({ exit: 1, json: { plans: [{ refusals }] } })
    const lower = ['--previous', raised, '--oldest-card', '2']
    const fallen = await custodyJson([
      ...newPolicy(at('lower.json')),
      ...each('--officer', ...officers.map(({ cardPath }) => cardPath)),
      ...['--quorum', '2', ...lower],
    ])
    expect(fallen).toMatchObject({ exit: 1, json: { code: 'POLICY-OLDEST' } })
  }, 60_000)

  test('from script to lock: new, rehearse, request, each officer approves, approve', async () => {
    const run = await custodyJson(['rehearse', plan, '--policy', policy, '--out', at('rehearsal')])
    expect(run.json.detail).toBeUndefined()
    const bundle = at('rehearsal/bundle.zip')
    const asked = await custodyJson(['plan', 'request', plan, '--rehearsed', bundle, '--out', at('ask.json')])
    expect(asked).toMatchObject({ exit: 0, json: { rehearsalDigest: run.json.digest, diffDigest: null } })
    for (const [index, { keyPath }] of officers.entries()) {
      const signed = await custodyJson([
        'officer',
        'approve',
        at('ask.json'),
        '--key',
        keyPath,
        '--out',
        at(`${index}.sig`),
        '--yes',
        ...pass,
      ])
      expect(signed).toMatchObject({ exit: 0, json: { digest: asked.json.planHash } })
    }
    const approve = (out: string, ...sigs: string[]) =>
      custodyJson([
        'plan',
        'approve',
        plan,
        ...sigs.map(at),
        '--policy',
        policy,
        '--rehearsed',
        bundle,
        '--out',
        at(out),
      ])
    const short = await approve('short.json', '0.sig')
    expect(short).toMatchObject({ exit: 1, json: { code: 'PLAN-05' } })
    expect(short.json.detail).toContain('1 of 2')
    const locked = await approve('plan.lock.json', '0.sig', '1.sig')
    expect(locked).toMatchObject({ exit: 0, json: { approvedBy: ['Ada', 'Bob'] } })
    const lock = planLockCodec.parse(new Uint8Array(readFileSync(at('plan.lock.json'))))
    expect(lock.ok && lock.value.planHash).toBe(asked.json.planHash)

    // The plan changes after its rehearsal: officers approve the difference, and the old approvals do not fit.
    writeFileSync(at('later.yaml'), readFileSync(plan, 'utf8').replace('Lux ceremony', 'Lux ceremony 2'))
    const later = await custodyJson([
      'plan',
      'request',
      at('later.yaml'),
      '--rehearsed',
      bundle,
      '--out',
      at('later.json'),
    ])
    expect(later.exit).toBe(0)
    expect(later.json.changes).toEqual([
      { path: 'tokens[0].label', before: 'Lux ceremony', after: 'Lux ceremony 2' },
    ])
    const diff = await custodyJson(['plan', 'diff', plan, at('later.yaml')])
    expect(diff.json.digest).toBe(later.json.diffDigest)
    const stale = await custodyJson([
      'plan',
      'approve',
      at('later.yaml'),
      at('0.sig'),
      at('1.sig'),
      '--policy',
      policy,
      '--rehearsed',
      bundle,
      '--out',
      at('x'),
    ])
    expect(stale).toMatchObject({ exit: 1, json: { code: 'ANSWER-OTHER' } })
  }, 60_000)

  test('PLAN-12 a plan that seats a quorum of the policy, and nobody of others whom it lists, is rehearsed with stand-ins for all', async () => {
    const [eve, abe, wanda] = await Promise.all([
      enrolled(folder, 'officer', 'Eve'),
      enrolled(folder, 'approver', 'Abe'),
      enrolled(folder, 'witness', 'Wanda'),
    ])
    const wide = at('wide.json')
    const witnesses = cards.slice(-2)
    await custody([
      ...newPolicy(wide),
      ...[...each('--officer', ...officers.map(({ cardPath }) => cardPath), eve.cardPath), '--quorum', '2'],
      ...[...each('--witness', ...witnesses, wanda.cardPath), '--witness-quorum', '2'],
      ...['--approver', abe.cardPath, '--approver-threshold', '1'],
    ])
    const planned = await planOf(cards, 'wide.yaml', '--policy', wide)
    expect(planned.json.detail).toBeUndefined()
    const run = await custodyJson(['rehearse', at('wide.yaml'), '--policy', wide, '--out', at('wide')])
    expect(run.json.detail).toBeUndefined()
    const verdict = ['verify', at('wide/bundle.zip'), '--policy', at('wide/policy.json')]
    expect(await custodyJson(verdict)).toMatchObject({ exit: 0, json: { verdict: 'accepted' } })
  }, 60_000)

  test('new writes the cards beside the plan; hash and print agree on what officers approve', async () => {
    const [hash, printed] = await Promise.all([
      custodyJson(['plan', 'hash', plan]),
      custody(['plan', 'print', plan]),
    ])
    const [first] = hash.json.plans as { hash: string; words: string[] }[]
    expect(first?.words).toHaveLength(32)
    expect(printed.stdout.replaceAll(' ', '')).toContain(first?.hash)
    const listed = /card: ([0-9a-f]{64})/.exec(readFileSync(plan, 'utf8'))?.[1] ?? ''
    expect(readFileSync(at(`cards/${listed}.json`), 'utf8')).toContain('"kind":"administrator"')
  })

  test('PLAN-04 an unknown blank, a missing one and one of the wrong type are each named', async () => {
    const [unknown, bare] = await Promise.all([
      newPlan('u.yaml', '--set', 'colour=blue'),
      custodyJson(['plan', 'new', 'token-initialisation', '--out', at('b.yaml')]),
    ])
    expect(unknown).toMatchObject({ exit: 1, json: { code: 'PLAN-04' } })
    expect(unknown.json.detail).toContain('colour')
    expect(bare).toMatchObject({ exit: 1, json: { code: 'PLAN-04' } })
    writeFileSync(at('values.yaml'), 'people: nobody\n')
    expect(await newPlan('w.yaml', '--values', at('values.yaml'))).toMatchObject({
      exit: 1,
      json: { code: 'PLAN-04' },
    })
  })

  test('lint names the rule and the step of an impossible plan, and an unknown key', async () => {
    const text = readFileSync(plan, 'utf8')
    writeFileSync(at('unknown.yaml'), `${text}colour: blue\n`)
    writeFileSync(at('second.yaml'), text.replace('do: log-in', 'do: probe-token'))
    const { exit, json } = await custodyJson([
      'plan',
      'lint',
      plan,
      at('unknown.yaml'),
      at('second.yaml'),
      '--policy',
      policy,
    ])
    expect(exit).toBe(1)
    const plans = json.plans as { refusals: { rule: string; step: string }[] }[]
    expect(plans[0]?.refusals).toEqual([])
    expect(plans[1]?.refusals[0]).toMatchObject({ rule: 'PLAN-03' })
    expect(plans[2]?.refusals).toContainEqual(expect.objectContaining({ rule: 'PLAN-52', step: 'log-in' }))
  })

  test('PLAN-46 lint says of a plan that was cut off that its end is missing, and what to do', async () => {
    const whole = readFileSync(plan)
    const [step, line, sound] = [at('cut-step.yaml'), at('cut-line.yaml'), at('no-line-end.yaml')]
    writeFileSync(step, whole.subarray(0, whole.lastIndexOf('textKey') + 4))
    writeFileSync(line, whole.subarray(0, whole.lastIndexOf('- id: ') + 8))
    writeFileSync(sound, whole.subarray(0, -1))
    for (const file of [step, line]) {
      const ended = await custody(['plan', 'lint', file])
      expect([ended.exit, ended.stdout]).toEqual([
        1,
        expect.stringMatching(/PLAN-46: .+\n +Get the whole file again.+custody plan hash/),
      ])
    }
    expect(await custodyJson(['plan', 'lint', sound])).toMatchObject({ exit: 0, json: { ok: true } })
  }, 60_000)

  test('PLAN-12 lint without a policy says what it does not judge, and refuses no small room', async () => {
    const small = at('small.yaml')
    const text = readFileSync(plan, 'utf8')
    const without = text.replace(/ {2}- role: witness\n( {4}.*\n)+/, '')
    expect(without).not.toBe(text)
    writeFileSync(small, without)
    const [bare, judged] = await Promise.all([
      custody(['plan', 'lint', small]),
      custodyJson(['plan', 'lint', small, '--policy', policy]),
    ])
    expect(bare).toMatchObject({ exit: 0, stderr: '' })
    expect(bare.stdout).toContain('not judged without --policy: how many officers and witnesses')
    expect(judged).toMatchObject({ exit: 1, json: { code: 'PLAN-12', notJudged: [] } })
  })

  test('PLAN-14, PLAN-37 a plan with people or a server that its policy does not list is refused by lint and rehearse', async () => {
    const other = at('other.yaml')
    const text = readFileSync(plan, 'utf8')
    const [zoe = ''] = /(?<=name: Zoe\n {4}card: )[0-9a-f]{64}/.exec(text) ?? []
    const server = `[{ card: ${'ab'.repeat(32)}, transport: ${'cd'.repeat(32)} }]`
    writeFileSync(
      other,
      text.replace(zoe, 'f'.repeat(64)).replace(/^destinations: .*$/m, `destinations: ${server}`),
    )
    const [bare, judged, rehearsed] = await Promise.all([
      custody(['plan', 'lint', other]),
      custodyJson(['plan', 'lint', other, '--policy', policy]),
      custodyJson(['rehearse', other, '--policy', policy, '--out', at('never')]),
    ])
    const [{ refusals } = { refusals: [] }] = judged.json.plans as { refusals: { rule: string }[] }[]
    expect(refusals.map(({ rule }) => rule)).toEqual(expect.arrayContaining(['PLAN-14', 'PLAN-37']))
    expect(bare.stdout).not.toMatch(/PLAN-14|PLAN-37/)
    expect(bare.stdout).toContain('whether it lists the people, the server and the algorithms')
    expect(rehearsed.json.detail).toMatch(/Zoe is no witness of the policy.*the server abab/s)
  }, 60_000)

  test('PLAN-10, PLAN-11 one key under two names is refused by new, and in the cards beside a plan by lint, rehearse and request', async () => {
    const card = (name: string) => JSON.parse(readFileSync(at(`${name}.json`), 'utf8'))
    const copied = (name: string, of: string) => {
      const read = cardCodec.check({ ...card(name), keys: card(of).keys })
      if (!read.ok) throw new Error(read.detail)
      writeFileSync(at(`two-${name}.json`), cardCodec.encode(read.value))
      return cardCodec.digest(read.value)
    }
    const people = (name: string) =>
      cards.map((path) => (path === at(`${name}.json`) ? at(`two-${name}.json`) : path))
    const so = copied('The so', 'The operator')
    copied('Bob', 'Ada')
    const made = await Promise.all([
      planOf(people('The so'), 'two-so.yaml'),
      planOf(people('Bob'), 'two-bob.yaml'),
    ])
    expect(made.map(({ json }) => [json.code, json.detail])).toEqual([
      ['PLAN-11', 'The operator as operator and The so as so have the same ed25519 key'],
      // Bob’s card is none of the policy’s either.
      ['PLAN-14', expect.stringMatching(/Bob is no officer/)],
    ])
    const other = at('two-so.yaml')
    const [before = ''] = /(?<=name: The so\n {4}card: )[0-9a-f]{64}/.exec(readFileSync(plan, 'utf8')) ?? []
    writeFileSync(other, readFileSync(plan, 'utf8').replace(before, so))
    writeFileSync(at(`cards/${so}.json`), readFileSync(at('two-The so.json')))
    const runs = await Promise.all([
      custodyJson(['plan', 'lint', other]),
      custodyJson(['rehearse', other, '--policy', policy, '--out', at('never-so')]),
      custodyJson([
        'plan',
        'request',
        other,
        '--rehearsed',
        at('rehearsal/bundle.zip'),
        '--out',
        at('so.json'),
      ]),
    ])
    expect(runs.map(({ json }) => json.code)).toEqual(['PLAN-11', 'PLAN-11', 'PLAN-11'])
  }, 60_000)

  test('an unknown script, a plan that is none, an empty one and a rehearsal that is none are each named', async () => {
    truncateSync(at('unknown.yaml'), 0)
    const runs = await Promise.all([
      custodyJson(['plan', 'new', 'frist-run', '--out', at('f.yaml')]),
      custodyJson(['plan', 'hash', policy]),
      custodyJson(['plan', 'print', at('unknown.yaml')]),
      custodyJson(['plan', 'request', plan, '--rehearsed', policy, '--out', at('r.json')]),
      custodyJson(['plan', 'new', 'first-run', '--set', 'oops', '--out', at('s.yaml')]),
      custodyJson(['ceremony', 'run', plan, '--policy', policy, '--token', 'a']),
    ])
    expect(runs.map(({ exit, json }) => [exit, json.code])).toEqual([
      [2, 'SCRIPT-UNKNOWN'],
      [1, 'PLAN-03'],
      [1, 'PLAN-46'],
      [1, 'REHEARSAL-REFUSED'],
      [2, 'OPTION-SET'],
      [2, 'OPTION-TOKEN'],
    ])
    expect(runs.at(-1)?.json.detail).toBe('--token a: expected ROLE=URI')
  }, 60_000)
})

test('PLAN-SCRIPT a script that is linted is said to be one, and how a plan is made of it', async () => {
  const script = at('script.yaml')
  writeFileSync(script, readFileSync('resources/scripts/root-kek.yaml'))
  const { exit, json } = await custodyJson(['plan', 'lint', script])
  expect(exit).toBe(2)
  expect(json).toMatchObject({ ok: false, code: 'PLAN-SCRIPT' })
  expect(JSON.stringify(json)).toContain('custody plan new SCRIPT')
})
