import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { planFromScript } from '@lux/ceremony/plan'
import { encodePolicyFile, newPolicy, policyDigest, policyDocument } from '@lux/ceremony/policy'
import {
  type Card,
  cardCodec,
  planApprovalCodec,
  planLockCodec,
  signatureAnswerCodec,
  signatureContext,
  signatureRequestCodec,
} from '@lux/ceremony/wire'
import { fromBase64, generateIdentity, type SigningIdentity, sha256Hex, signWith, utf8 } from '@lux/crypto'
import { softTokenEnvironment } from '@lux/hsm'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { abortCeremony, ceremonyStatus, resumeCeremony } from '../../src/cli/ceremony-resume.ts'
import { type CeremonyRunOptions, runCeremony } from '../../src/cli/ceremony-run.ts'
import { failureOutcome, type Outcome } from '../../src/cli/output.ts'
import { findProgram, type Program } from '../../src/core/program.ts'
import { systemEntropy } from '../../src/core/system-entropy.ts'
import { entriesOf, verdictOf } from './support/run-end.ts'

vi.setConfig({ testTimeout: 60_000 })

const scriptFile = fileURLToPath(new URL('./support/chain.yaml', import.meta.url))
const build = 'b1'.repeat(32)
const people = [
  ['administrator', 'Ada'],
  ['operator', 'Olga'],
  ['so', 'Sam'],
  ['officer', 'Otto'],
  ['officer', 'Ophelia'],
  ['witness', 'Walter'],
  ['witness', 'Wanda'],
] as const

let home: string
let library: string
let program: Program
let seats: { role: string; name: string; card: Card; identity: SigningIdentity }[]
let out: string
let count = 0
const file = (name: string) => join(home, name)

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'production-'))
  const soft = softTokenEnvironment(file('token'))
  library = soft.library
  // As the operator's own environment says it; the host process takes nothing else of it.
  process.env.SOFTHSM2_CONF = soft.environment.SOFTHSM2_CONF
  const checkout = findProgram()
  // A checkout may only rehearse, so this one says that it is a release.
  program = { ...checkout, measurement: { ...checkout.measurement, build } }
  seats = people.map(([role, name]) => {
    const identity = generateIdentity(systemEntropy, ['ed25519', 'mlDsa65'])
    const card: Card = { v: 1, kind: role, domain: 'production', name, keys: { ...identity.keys } }
    return { role, name, card, identity }
  })
  mkdirSync(file('cards'))
  for (const { card, name } of seats) writeFileSync(file(`cards/${name}.json`), cardCodec.encode(card))
  const cardsOf = (role: string) => seats.filter((seat) => seat.role === role).map(({ card }) => card)
  const policy = newPolicy({
    organisation: { id: 'example', name: 'Example' },
    domain: 'production',
    expiry: '2099-01-01T00:00:00.000Z',
    officers: cardsOf('officer'),
    officerQuorum: 2,
    witnesses: cardsOf('witness'),
    witnessQuorum: 1,
    softTokens: true,
    acceptedTools: [build],
    leastEvidence: { ceremony: 'E0', root: 'E0', organisation: 'E0', project: 'E0', data: 'E0' },
  })
  const officers = seats.filter(({ role }) => role === 'officer')
  writeFileSync(
    file('policy.json'),
    encodePolicyFile({
      policy,
      signatures: officers.map(({ identity }) => policyDocument.sign(identity, policy, 'production')),
    }),
  )
  const made = planFromScript(new Uint8Array(readFileSync(scriptFile)), {
    title: 'Production chain',
    policy: policyDigest(policy),
    tool: build,
    people: seats.map(({ role, name, card }) => ({ role, name, card: cardCodec.digest(card) })),
    library: sha256Hex(new Uint8Array(readFileSync(library))),
  })
  if (!made.ok) throw new Error(JSON.stringify(made.refusals))
  writeFileSync(file('plan.yaml'), made.value.text)
  const approval = {
    domain: 'production' as const,
    planHash: made.value.hash,
    rehearsalDigest: 'ee'.repeat(32),
    diffDigest: null,
  }
  const { domain: _, ...locked } = approval
  for (const [name, signers] of [
    ['plan.lock.json', officers],
    ['short.lock.json', officers.slice(1)],
  ] as const) {
    const signatures = signers.map(({ identity }) => planApprovalCodec.sign(identity, approval, 'production'))
    writeFileSync(
      file(name),
      planLockCodec.encode({ ...locked, policyDigest: policyDigest(policy), signatures }),
    )
  }
  writePin('user.pin', '246810')
  writePin('so.pin', '13579135')
})
afterAll(() => {
  delete process.env.SOFTHSM2_CONF
  rmSync(home, { recursive: true, force: true })
})
beforeEach(() => {
  count += 1
  out = file(`run-${count}`)
})

function writePin(name: string, pin: string, mode = 0o600): void {
  writeFileSync(file(name), `${pin}\n`, { mode })
  chmodSync(file(name), mode)
}

function uri(pin: string): string {
  return `pkcs11:?module-path=${library}&pin-source=file:${file(pin)}`
}

function options(changed: Partial<CeremonyRunOptions> = {}): CeremonyRunOptions {
  return {
    token: { ceremony: uri('user.pin'), 'ceremony.so': uri('so.pin') },
    lock: file('plan.lock.json'),
    policy: file('policy.json'),
    cards: file('cards'),
    out,
    ...changed,
  }
}

/** As the command prints it. */
async function ended(work: Promise<Outcome>): Promise<{ exit: number; json: Record<string, unknown> }> {
  const outcome = await work.catch((error: unknown) => {
    const failure = failureOutcome(error)
    if (failure === null) throw error
    return failure
  })
  // An outcome's JSON is an object of named values.
  return { exit: outcome.exit, json: outcome.json as Record<string, unknown> }
}

/** Confirms every step by its own actor, except for what the last argument leaves out. */
function answers(bundle: string | null, without: readonly string[] = []): string {
  const steps = ceremonyStatusSteps()
  const by: Record<string, string> = { administrator: 'Ada', operator: 'Olga', so: 'Sam', witness: 'Walter' }
  const all = steps
    .filter(({ id }) => !without.includes(id))
    .map(({ id, actor }) => ({
      step: id,
      by: by[actor],
      ...(id === 'clock-check' ? { values: { 'wall-clock': '2026-01-31T09:30Z' } } : {}),
    }))
  const path = file('answers.json')
  const read = bundle === null ? [] : [{ step: 'seal', by: 'Ada', bundle }]
  writeFileSync(path, JSON.stringify({ v: 1, kind: 'answers', answers: [...all, ...read] }))
  return path
}

function ceremonyStatusSteps(): { id: string; actor: string }[] {
  const text = readFileSync(scriptFile, 'utf8')
  return [...text.matchAll(/- id: ([a-z-]+)\n\s+do: [a-z-]+\n\s+actor: ([a-z]+)/g)].map((match) => ({
    id: match[1]!,
    actor: match[2]!,
  }))
}

/** A person's own device: signs the request file and puts the answer into in/. */
function sign(request: string, name: string, spoil = false): void {
  const parsed = signatureRequestCodec.parse(new Uint8Array(readFileSync(request)))
  if (!parsed.ok) throw new Error(parsed.detail)
  const { what, domain, subject } = parsed.value
  const bytes = fromBase64(subject)
  const { identity } = seats.find((seat) => seat.name === name)!
  const over = spoil ? utf8('something else') : bytes
  const answer = signatureAnswerCodec.encode({
    v: 1,
    kind: 'signature-answer',
    what,
    domain,
    subject: sha256Hex(bytes),
    signature: signWith(identity, signatureContext(what, domain), over),
  })
  writeFileSync(join(out, 'in', `${basename(request, '.json')}-${name}.json`), answer)
}

describe('a production run on files', () => {
  test('stops at every person, takes their answers, and ends closed with a bundle that the policy accepts', async () => {
    let left = await ended(runCeremony(file('plan.yaml'), options({ answers: answers(null) }), program))
    expect(left).toMatchObject({ exit: 4, json: { state: 'Created', waitingFor: ['opening'] } })
    const [opening] = left.json.files as string[]
    expect(opening).toMatch(/out\/\d+-opening\.json$/)

    sign(opening!, 'Otto')
    sign(opening!, 'Ophelia', true)
    sign(opening!, 'Walter')
    left = await ended(resumeCeremony(out, { answers: answers(null) }, program))
    expect(left.exit).toBe(1)
    const refused = left.json.refused as { file: string; rule: string }[]
    expect(refused.map(({ file: path, rule }) => [basename(path).replace(/^\d+-/, ''), rule])).toEqual([
      ['opening-Ophelia.json', 'SUBMIT-04'],
      ['opening-Walter.json', 'SUBMIT-03'],
    ])
    expect(readdirSync(join(out, 'in', 'taken')).length).toBe(1)
    for (const { file: path } of refused) rmSync(path)

    const asked: string[] = []
    for (let round = 0; round < 20 && left.json.state !== 'Closed'; round += 1) {
      const waitingFor = (left.json.waitingFor as string[])[0] ?? ''
      const [request = ''] = left.json.files as string[]
      asked.push(waitingFor)
      expect(existsSync(request)).toBe(true)
      if (waitingFor === 'opening') sign(request, 'Ophelia')
      else if (waitingFor === 'checkpoint') sign(request, 'Wanda')
      else if (waitingFor === 'bundle') for (const name of ['Otto', 'Ophelia']) sign(request, name)
      else expect(waitingFor).toBe('confirm')
      const bundle = waitingFor === 'confirm' ? String(left.json.digest) : null
      left = await ended(resumeCeremony(out, { answers: answers(bundle) }, program))
      expect(left.json.refused).toEqual([])
    }
    expect(asked).toEqual(['opening', 'checkpoint', 'checkpoint', 'checkpoint', 'confirm', 'bundle'])
    expect(left).toMatchObject({ exit: 0, json: { state: 'Closed', domain: 'production' } })
    expect(await verdictOf(out)).toBe('accepted')
    expect(readdirSync(join(out, 'out'))).toEqual([])
    expect(await ended(resumeCeremony(out, {}, program))).toMatchObject({
      exit: 0,
      json: { state: 'Closed' },
    })
  })

  test('PLAN-05 a lock that one officer too few has signed is refused, and no lock at all too', async () => {
    const short = await ended(
      runCeremony(file('plan.yaml'), options({ lock: file('short.lock.json') }), program),
    )
    expect(short).toMatchObject({ exit: 1, json: { code: 'PLAN-05' } })
    const { lock: _, ...unlocked } = options()
    const none = await ended(runCeremony(file('plan.yaml'), unlocked, program))
    expect(none).toMatchObject({ exit: 1, json: { code: 'PLAN-UNLOCKED' } })
    expect(existsSync(join(out, 'ceremony.db'))).toBe(false)
  })

  test('TOOL-UNACCEPTED a checkout runs no production', async () => {
    const left = await ended(runCeremony(file('plan.yaml'), options(), findProgram()))
    expect(left).toMatchObject({ exit: 1, json: { code: 'TOOL-UNACCEPTED' } })
  })

  test('CARD-MISSING a person without a card, and FOLDER-IN-USE a folder that is not empty', async () => {
    mkdirSync(file('no-cards'), { recursive: true })
    const left = await ended(runCeremony(file('plan.yaml'), options({ cards: file('no-cards') }), program))
    expect(left).toMatchObject({ exit: 1, json: { code: 'CARD-MISSING' } })
    const used = await ended(runCeremony(file('plan.yaml'), options({ out: file('cards') }), program))
    expect(used).toMatchObject({ exit: 2, json: { code: 'FOLDER-IN-USE' } })
  })

  test.each<[string, Record<string, string>, string]>([
    ['a PIN in the URI', { ceremony: 'pkcs11:?pin-value=1234' }, 'TOKEN-URI'],
    ['no library', { ceremony: 'pkcs11:serial=1' }, 'TOKEN-URI'],
    ['an attribute that would be ignored', { ceremony: 'pkcs11:object=x' }, 'TOKEN-URI'],
    ['a role that the plan does not have', { other: 'pkcs11:?module-path=/x.so' }, 'TOKEN-ROLE'],
    ['an SO without a token', { 'ceremony.so': 'pkcs11:' }, 'TOKEN-ROLE'],
    ['no token', {}, 'TOKEN-ROLE'],
  ])('a token named wrongly is wrong use: %s', async (_name, token, code) => {
    const left = await ended(runCeremony(file('plan.yaml'), options({ token }), program))
    expect(left).toMatchObject({ exit: 2, json: { code } })
    expect(JSON.stringify(left.json)).not.toContain('1234')
  })

  test('HSM-LIBRARY-MISSING a library that is not there', async () => {
    const token = { ceremony: 'pkcs11:?module-path=/nowhere/lib.so' }
    const left = await ended(runCeremony(file('plan.yaml'), options({ token }), program))
    expect(left).toMatchObject({ exit: 3, json: { code: 'HSM-LIBRARY-MISSING' } })
  })

  test('SECRET-FILE-MODE a PIN file that others may read is not used, and the run waits unharmed', async () => {
    writePin('open.pin', '246810', 0o644)
    const token = { ceremony: uri('open.pin'), 'ceremony.so': uri('so.pin') }
    const left = await ended(
      runCeremony(file('plan.yaml'), options({ token, answers: answers(null) }), program),
    )
    expect(left).toMatchObject({ exit: 1, json: { code: 'SECRET-FILE-MODE' } })
    expect(entriesOf(out).some(({ kind }) => kind === 'step.intended')).toBe(false)
    expect(ceremonyStatus(out).json).toMatchObject({ current: 'initialise-token' })
    expect(abortCeremony(out, { reason: 'wrong file' }).json).toMatchObject({ state: 'Aborted' })
  })

  test('nobody is spoken for: a step without an answer is written out and waits', async () => {
    const left = await ended(
      runCeremony(file('plan.yaml'), options({ answers: answers(null, ['clock-check']) }), program),
    )
    expect(left).toMatchObject({ exit: 4, json: { step: 'clock-check', waitingFor: ['values'] } })
    const [request] = left.json.files as string[]
    expect(JSON.parse(readFileSync(request!, 'utf8'))).toMatchObject({
      kind: 'values-request',
      step: 'clock-check',
      names: ['Walter', 'Wanda'],
    })
    expect(await ended(resumeCeremony(out, {}, program))).toMatchObject({
      exit: 4,
      json: { step: 'clock-check' },
    })
  })
})
