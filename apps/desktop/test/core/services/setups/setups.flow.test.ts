import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fromBase64, toBase64 } from '@lux/crypto'
import { enrol, prepareSignature, readSignatureRequest, signAnswer, signingOf } from '@lux/people'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { strongPassphrase as passphrase } from '../../../../../../packages/crypto/test/strong-passphrase.ts'
import type { BundleSummary, OutputOf, RunView, SetupView } from '../../../../src/contract/index.ts'
import { findProgram, type Program } from '../../../../src/core/program.ts'
import { systemEntropy } from '../../../../src/core/system.ts'
import { openKeyFile } from '../../../../src/core/use-cases/key-file.ts'
import { type CoreInTest, startCore } from '../../support/core-in-test.ts'
import { verdictOf } from '../../support/run-end.ts'
import { saidAt } from '../../support/window-person.ts'

vi.setConfig({ testTimeout: 120_000 })

const pins = { so: '13579135', user: '246810' }
const people = [
  ['administrator', 'Ada'],
  ['operator', 'Olga'],
  ['so', 'Sam'],
  ['officer', 'Otto'],
  ['officer', 'Ophelia'],
  ['officer', 'Oscar'],
  ['witness', 'Walter'],
  ['witness', 'Wanda'],
] as const

let folder: string
let core: CoreInTest
let program: Program
let id = ''
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'setups-'))
  const checkout = findProgram()
  // This checkout, saying that it is a release: a checkout may only rehearse.
  program = { ...checkout, measurement: { ...checkout.measurement, build: 'b1'.repeat(32) } }
  core = await startCore(folder, program)
})
afterAll(async () => {
  await core.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** What the verifier in Python says of a bundle. */
function secondVerdict(bundle: string, policy: string): unknown {
  const verifier = fileURLToPath(new URL('../../../../../../tools/verifier/verify.py', import.meta.url))
  const { stdout } = spawnSync('python3', [verifier, bundle, '--policy', policy, '--json'], {
    encoding: 'utf8',
  })
  return JSON.parse(stdout)
}

function granted(use: 'read' | 'write' | 'folder', path: string): string {
  core.grant({ use, path })
  return path
}

const refusal = async (api: string, input: object) => {
  const answer = await core.call(api, input)
  return answer.ok ? null : answer.error.code
}

async function said<T>(api: string, input: object): Promise<T> {
  const answer = await core.call(api, input)
  if (!answer.ok) throw new Error(`${api}: ${answer.error.code} ${answer.error.detail}`)
  // Each call answers as the contract says.
  return answer.value as T
}

const change = (changes: object) => said<SetupView>('setups.change', { id, change: changes })
const keyOf = (name: string) => join(folder, `${name}.key`)
const carried = (bytes: Uint8Array, role?: string) => ({
  id,
  payload: toBase64(bytes),
  ...(role === undefined ? {} : { role }),
})

async function cardOf(kind: 'officer' | 'witness', name: string, domain: 'production' | 'rehearsal') {
  const made = await enrol({ kind, domain, name }, systemEntropy)
  if (!made.ok) throw new Error(made.rule)
  return made.value.card
}

/** What a person's own device answers to a request. */
async function answerOf(name: string, payload: string): Promise<Uint8Array> {
  const key = await openKeyFile(keyOf(name), passphrase)
  const request = readSignatureRequest(fromBase64(payload))
  const signing = request.ok ? signingOf(key.card.kind, request.value) : request
  const prepared = signing.ok ? prepareSignature(signing.value, key, {}, new Date().toISOString()) : signing
  if (!prepared.ok) throw new Error(prepared.detail)
  return signAnswer(prepared.value).answer
}

test('CARD-DOMAIN CARD-KIND CARD-TWICE a card of another domain, of the wrong role, or that is here already is refused at once', async () => {
  id = (await said<{ id: string }>('setups.begin', { title: 'Root 2026' })).id
  const officer = await cardOf('officer', 'Otto', 'production')
  const elsewhere = await cardOf('officer', 'Otto', 'rehearsal')
  expect(await refusal('setups.takeCarried', carried(elsewhere))).toBe('CARD-DOMAIN')
  expect(await refusal('setups.takeCarried', carried(officer, 'witness'))).toBe('CARD-KIND')
  const taken = await said<SetupView>('setups.takeCarried', carried(officer))
  expect(taken.people.map(({ name, role, words }) => [name, role, words.length])).toEqual([
    ['Otto', 'officer', 32],
  ])
  expect(await refusal('setups.takeCarried', carried(officer))).toBe('CARD-TWICE')
  const namesake = await cardOf('witness', 'Otto', 'production')
  expect(await refusal('setups.takeCarried', carried(namesake))).toBe('CARD-TWICE')
  expect(await refusal('setups.takeCarried', carried(new TextEncoder().encode('{}')))).toBe('FILE-WRONG-KIND')
  const path = join(folder, 'shopping.txt')
  writeFileSync(path, 'eggs')
  expect(await refusal('setups.take', { id, path: granted('read', path) })).toBe('FILE-WRONG-KIND')
  const [card] = taken.people
  const emptied = await said<SetupView>('setups.remove', { id, card: card?.card ?? '' })
  expect(emptied).toMatchObject({ people: [], next: 'people' })
})

test('PASSWORD-WEAK people make their key in the window, and the policy is proposed from them', async () => {
  const weak = { id, role: 'officer', name: 'Otto', passphrase: 'password', path: keyOf('Otto') }
  expect(await refusal('setups.enrol', weak)).toBe('PASSWORD-WEAK')
  for (const [role, name] of people) {
    const path = granted('write', keyOf(name))
    await said('setups.enrol', { id, role, name, passphrase, path })
  }
  const view = await said<SetupView>('setups.view', { id })
  expect(view.policy).toMatchObject({ officerQuorum: 2, witnessQuorum: 2, approverThreshold: 0 })
  expect(view.people).toHaveLength(people.length)
  expect(view.next).toBe('policy')
})

test('POLICY-QUORUM-IMPOSSIBLE a policy that these people cannot satisfy is said while it is made, and nobody can sign it', async () => {
  const { policy } = await change({
    organisation: { id: 'acme', name: 'Acme Ltd' },
    softTokens: true,
    leastEvidence: 'E0',
    officerQuorum: 4,
  })
  expect(policy.faults).toEqual([
    { code: 'POLICY-QUORUM-IMPOSSIBLE', step: '', detail: expect.stringContaining('4 of 3') },
  ])
  const key = granted('read', keyOf('Otto'))
  const shown = policy.digest
  expect(await refusal('setups.sign', { id, what: 'policy', name: 'Otto', key, passphrase, shown })).toBe(
    'POLICY-QUORUM-IMPOSSIBLE',
  )
  const mended = await change({ officerQuorum: null })
  expect(mended.policy.faults).toEqual([])
})

test('SIGN-OTHER what changed under an open dialog is not signed', async () => {
  const { policy } = await said<SetupView>('setups.view', { id })
  const changed = await change({ witnessQuorum: 1 })
  expect(changed.policy.digest).not.toBe(policy.digest)
  const key = granted('read', keyOf('Otto'))
  const stale = { id, what: 'policy', name: 'Otto', key, passphrase, shown: policy.digest }
  expect(await refusal('setups.sign', stale)).toBe('SIGN-OTHER')
  const back = await change({ witnessQuorum: null })
  expect(back.policy.signers.some(({ signed }) => signed)).toBe(false)
})

test('KEY-PASSPHRASE POLICY-SIGNER SETUP-SIGNED officers sign it with their key files, and what they signed stays as it is', async () => {
  const { policy } = await said<SetupView>('setups.view', { id })
  const sign = (name: string, words = passphrase) => ({
    id,
    what: 'policy',
    name,
    key: granted('read', keyOf(name)),
    passphrase: words,
    shown: policy.digest,
  })
  expect(await refusal('setups.sign', sign('Otto', 'another phrase'))).toBe('KEY-PASSPHRASE')
  expect(await refusal('setups.sign', sign('Wanda'))).toBe('POLICY-SIGNER')
  expect(await refusal('setups.sign', { ...sign('Otto'), name: 'Oscar' })).toBe('KEY-OF-OTHER')
  await said('setups.sign', sign('Otto'))
  expect(await refusal('setups.sign', sign('Otto'))).toBe('SIGNATURE-DUPLICATE')
  expect(await refusal('setups.change', { id, change: { officerQuorum: 3 } })).toBe('SETUP-SIGNED')
  // On a device of her own, by the codes that the window shows and scans. The same lies on a medium, beside the policy itself.
  const { payload } = await said<{ payload: string }>('setups.carry', { id, what: 'policy' })
  const medium = join(folder, 'policy-medium')
  mkdirSync(medium)
  const out = { id, what: 'policy', folder: granted('folder', medium) }
  const { paths } = await said<{ paths: string[] }>('setups.request', out)
  expect(paths).toEqual(['policy.json', 'sign-policy.json'].map((name) => join(medium, name)))
  expect(readFileSync(join(medium, 'sign-policy.json')).toString('base64')).toBe(payload)
  const answer = await answerOf('Ophelia', payload)
  const signed = await said<SetupView>('setups.takeCarried', carried(answer))
  expect(signed.policy.signers.map(({ name, signed: has }) => [name, has])).toEqual([
    ['Otto', true],
    ['Ophelia', true],
    ['Oscar', false],
  ])
  expect(signed.next).toBe('script')
})

test('what is set up survives the window: another program goes on where it stood', async () => {
  await core.stop()
  core = await startCore(folder, program)
  const { setups } = await said<{ setups: unknown[] }>('setups.list', {})
  expect(setups).toMatchObject([{ id, title: 'Root 2026', next: 'script', run: null }])
})

test('SETUP-EARLY PLAN-12 the script is chosen, linted in place, and printed', async () => {
  expect(await refusal('setups.print', { id })).toBe('SETUP-EARLY')
  const kek = await change({ script: 'threshold-fhe', values: { serial: '0011223344556677' } })
  expect(kek.script.rolesMissing).toEqual(['holder'])
  expect(kek.script.faults).not.toEqual([])
  // What nobody has answered yet is no fault: the screen lists it.
  const asked = await change({ script: 'key-hierarchy', values: {} })
  const serial = asked.script.fields.find(({ name }) => name === 'serial')
  expect(serial).toMatchObject({ type: 'choice', choices: expect.any(Array), tokens: expect.any(Array) })
  expect(asked.script).toMatchObject({ faults: [], hash: null })
  const several = asked.script.fields.find(({ type }) => type === 'several')
  expect(several).toMatchObject({ name: 'needs', only: { profile: 'measured' } })
  expect(several?.choices).toContain(several?.initial?.split(',')[0])
  const { script } = await change({ script: 'token-initialisation', values: { label: 'Lux 2026' } })
  expect(script).toMatchObject({
    faults: [],
    rolesMissing: [],
    hash: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
  const { text, parts } = await said<{ text: string; parts: { steps: object[] }[] }>('setups.print', { id })
  expect(parts.flatMap(({ steps }) => steps)).toContainEqual(
    expect.objectContaining({ do: 'initialise-token', actor: expect.objectContaining({ role: 'so' }) }),
  )
  expect(text.replaceAll(' ', '')).toContain(script.hash)
  expect(text).toContain('label Lux 2026')
})

test('the plan is rehearsed by the machine, approved by key files, and locked into a run', async () => {
  const before = await said<SetupView>('setups.view', { id })
  const approve = (name: string, shown: string) => ({
    id,
    what: 'plan',
    name,
    key: granted('read', keyOf(name)),
    passphrase,
    shown,
  })
  expect(await refusal('setups.sign', approve('Otto', before.policy.digest))).toBe('SETUP-EARLY')
  await said('setups.rehearse', { id, alone: true })
  const sealed = await vi.waitUntil(
    async () => {
      const { rehearsal } = await said<SetupView>('setups.view', { id })
      if (rehearsal?.failure) throw new Error(rehearsal.failure.detail)
      return rehearsal?.sealed === true && !rehearsal.playing
    },
    { timeout: 60_000, interval: 200 },
  )
  expect(sealed).toBe(true)
  expect(await refusal('setups.lock', { id })).toBe('PLAN-05')
  const { approval, policy } = await said<SetupView>('setups.view', { id })
  expect(await refusal('setups.sign', approve('Otto', policy.digest))).toBe('SIGN-OTHER')
  await said('setups.sign', approve('Otto', approval.digest))
  expect(await refusal('setups.change', { id, change: { title: 'Another' } })).toBe('SETUP-SIGNED')
  const ready = await said<SetupView>('setups.sign', approve('Oscar', approval.digest))
  expect(ready.next).toBe('lock')
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2999-01-01') })
  try {
    expect(await refusal('setups.export', { id, folder: granted('folder', folder) })).toBe('POLICY-EXPIRED')
  } finally {
    vi.useRealTimers()
  }
  const { run } = await said<{ run: string }>('setups.lock', { id })
  expect(await said('setups.lock', { id })).toEqual({ run })
  expect(await said('ceremonies.view', { id: run })).toMatchObject({
    domain: 'production',
    title: 'Root 2026',
  })
})

test('SIGNED-HERE everybody signs the run in the window with their own key file, and both verifiers name to whom nothing else is proved to have shown it', async () => {
  const { run } = await said<SetupView>('setups.view', { id })
  const view = () => said<RunView>('ceremonies.view', { id: run ?? '' })
  for (let round = 0; round < 400; round += 1) {
    const now = await view()
    if (now.state === 'closed') break
    await act(now)
  }
  const done = await view()
  expect(done.state).toBe('closed')
  expect(await verdictOf(done.folder)).toBe('accepted')
  const path = granted('read', done.bundle?.path ?? '')
  const policy = granted('read', join(done.folder, 'policy.json'))
  const verdict = await said<{ signedHere: string[] }>('bundles.verify', { path, policy })
  expect(verdict.signedHere.toSorted()).toEqual(['Ophelia', 'Otto', 'Walter', 'Wanda'])
  const second = secondVerdict(path, policy)
  expect(second).toMatchObject({ verdict: 'accepted', signedHere: verdict.signedHere })
})

test('POLICY-OWN a rehearsal is judged by its own policy from the list, and a production run by none that nobody chose', async () => {
  const { bundles } = await said<{ bundles: BundleSummary[] }>('bundles.list', {})
  const rehearsed = bundles.find(({ domain }) => domain === 'rehearsal')
  const production = bundles.find(({ domain }) => domain === 'production')
  const { path = '', policy = '' } = rehearsed ?? {}
  expect(await said('bundles.verify', { path, policy })).toMatchObject({ verdict: 'accepted' })
  expect(production?.policy).toBe(null)
  const own = join(dirname(production?.path ?? ''), 'policy.json')
  expect(existsSync(own)).toBe(true)
  const judged = { path: production?.path ?? '', policy: own }
  // It was granted above, to a core that is gone.
  await core.stop()
  core = await startCore(folder, program)
  expect(await refusal('bundles.verify', judged)).toBe('SHELL-PATHS')
})

test('the policy and the script of a run go on paper as they were signed and carried out', async () => {
  const { run, policy, script } = await said<SetupView>('setups.view', { id })
  const papers = await said<OutputOf<'bundles.papers'>>('bundles.papers', { id: run ?? '' })
  expect(papers.policy.policy).toMatchObject({ digest: policy.digest, lines: policy.lines, officerQuorum: 2 })
  expect(papers.policy.people.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['Otto', 'Oscar', 'Walter']),
  )
  expect(papers.plan).toMatchObject({ title: 'Root 2026', script: { hash: script.hash } })
  expect(papers.plan.people).toHaveLength(people.length)
  expect(papers.parts.flatMap(({ steps }) => steps.map((step) => step.do))).toContain('initialise-token')
})

/** By witness: entries under the last checkpoint that they cosigned. */
const cosignedUpTo = new Map<string, number>()

async function act({ id: run, current, people: named }: RunView): Promise<void> {
  if (current === null || current.blocked === 'machine-works') {
    await new Promise((resolve) => setTimeout(resolve, 50))
    return
  }
  expect(current.failure).toBe(null)
  for (const need of current.needs) {
    if (need.need === 'sign') {
      const [next, other] = need.signers.filter(({ signed }) => !signed)
      const { shown, digest } = await said<OutputOf<'ceremonies.toSign'>>('ceremonies.toSign', {
        id: run,
        name: next?.name ?? '',
      })
      expect(shown?.act.changes.length).toBeGreaterThan(0)
      // A witness sees each entry since their last cosignature, and nobody else any.
      const sees = shown?.fresh.map(([line]) => Number(line?.trim().split(' ')[0]))
      const from = need.what === 'checkpoint' ? (cosignedUpTo.get(next?.name ?? '') ?? 0) : 0
      const upTo =
        need.what === 'checkpoint' ? Number(shown?.facts.find((one) => one.name === 'entries')?.value) : 0
      expect(sees).toEqual(Array.from({ length: upTo - from }, (_, at) => from + at))
      if (need.what === 'checkpoint') cosignedUpTo.set(next?.name ?? '', upTo)
      const sign = (name: string, key: string) => ({
        id: run,
        name,
        key: granted('read', keyOf(key)),
        passphrase,
        shown: digest,
      })
      const stale = { ...sign(next?.name ?? '', next?.name ?? ''), shown: '00'.repeat(32) }
      expect(await refusal('ceremonies.signHere', stale)).toBe('SIGN-OTHER')
      if (other !== undefined)
        expect(await refusal('ceremonies.signHere', sign(other.name, next?.name ?? ''))).toBe('KEY-OF-OTHER')
      await said('ceremonies.signHere', sign(next?.name ?? '', next?.name ?? ''))
      return
    }
    if (need.need === 'pin' && !need.taken)
      await said('ceremonies.enterPin', { id: run, token: need.token, user: need.user, pin: pins[need.user] })
  }
  const clock = asks(current, 'wall-clock')
  if (asks(current, 'medium')) {
    const pressed = { id: run, step: current.id, by: current.actor.name, input: { values: { medium: '' } } }
    expect(await refusal('ceremonies.proceed', pressed)).toBe('STEP-04')
    const own = { ...pressed.input, values: { medium: granted('folder', join(folder, 'store')) } }
    expect(await refusal('ceremonies.proceed', { ...pressed, input: own })).toBe('FOLDER-IN-USE')
  }
  const answer = await core.call('ceremonies.proceed', {
    id: run,
    step: current.id,
    by: current.actor.name,
    input: {
      values: {
        ...(clock ? { 'wall-clock': new Date().toISOString() } : {}),
        ...(asks(current, 'medium') ? { medium: granted('folder', folder) } : {}),
      },
      ...saidAt({ people: named }, current),
    },
  })
  // The machine may have gone on since the person looked: then they look again.
  if (!answer.ok && !['STEP-01', 'STEP-03'].includes(answer.error.code)) throw new Error(answer.error.detail)
}

function asks({ needs }: NonNullable<RunView['current']>, field: string): boolean {
  return needs.some((need) => need.need === 'values' && need.fields.some(({ name }) => name === field))
}

test('SETUP-UNKNOWN a set-up that is discarded is gone, and its run is not', async () => {
  const { run } = await said<SetupView>('setups.view', { id })
  await said('setups.discard', { id })
  expect(await refusal('setups.view', { id })).toBe('SETUP-UNKNOWN')
  expect(await said('ceremonies.view', { id: run ?? '' })).toMatchObject({ state: 'closed' })
})
