import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cardCodec } from '@lux/ceremony/wire'
import { fromBase64, toBase64 } from '@lux/crypto'
import { enrol } from '@lux/people'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { CarriedView, RunView, SetupView, ShareView } from '../../desktop/src/contract/index.ts'
import { findProgram } from '../../desktop/src/core/program.ts'
import { systemEntropy } from '../../desktop/src/core/system.ts'
import { type CoreInTest, startCore } from '../../desktop/test/core/support/core-in-test.ts'
import { verdictOf } from '../../desktop/test/core/support/run-end.ts'
import { carriedOf, filesOf } from '../src/components/carry.ts'
import type { Device, Kind } from '../src/device/api.ts'
import { enrolled, got, openByPasskey, passphrase, present } from './support/phone.ts'

vi.setConfig({ testTimeout: 240_000 })

const pins = { so: '13579135', user: '246810' }
/** Nobody of these signs anything: they say aloud and press. */
const hands = [
  ['administrator', 'Ada'],
  ['operator', 'Omar'],
  ['so', 'Sofia'],
] as const
const people = [
  ['officer', 'Olga'],
  ['officer', 'Anton'],
  ['officer', 'Ida'],
  ['witness', 'Wanda'],
  ['witness', 'Zoe'],
  ['holder', 'Hana'],
  ['holder', 'Lena'],
  ['holder', 'Nils'],
] as const satisfies readonly (readonly [Kind, string])[]

let folder: string
let core: CoreInTest
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'whole-ceremony-'))
  const checkout = findProgram()
  const program = {
    ...checkout,
    // This checkout, saying that it is a release: a checkout may only rehearse.
    measurement: { ...checkout.measurement, build: 'b1'.repeat(32) },
    // Dealing, sealing and writing are the product's own; the key is one that was made before.
    keyChildEntry: fileURLToPath(
      new URL('../../desktop/test/core/support/frozen-key-child.ts', import.meta.url),
    ),
  }
  core = await startCore(folder, program)
})
afterAll(async () => {
  await core.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function said<T>(api: string, input: object): Promise<T> {
  const answer = await core.call(api, input)
  if (!answer.ok) throw new Error(`${api}: ${answer.error.code} ${answer.error.detail}`)
  // Each call answers as the contract says.
  return answer.value as T
}

/** A folder that somebody chose for the bundle. */
function stick(): string {
  const path = join(folder, 'stick')
  mkdirSync(path, { recursive: true })
  core.grant({ use: 'folder', path })
  return path
}

/** A room of people with phones alone, and what each phone was asked to sign. */
class Room {
  readonly phones = new Map<string, Device>()
  readonly signed = new Map<string, string[]>()
  readonly id: string

  private constructor(id: string) {
    this.id = id
  }

  static async gathered(domain: 'rehearsal' | 'production'): Promise<Room> {
    const { id } = await said<{ id: string }>('setups.begin', { title: 'First run', domain })
    const room = new Room(id)
    for (const [kind, name] of hands) {
      const made = await enrol({ kind, domain, name }, systemEntropy)
      if (!made.ok) throw new Error(made.rule)
      await room.#take(cardCodec.encode(made.value.key.card))
    }
    for (const [kind, name] of people) {
      const { phone, card } = await enrolled(name, kind, domain)
      if (name === 'Olga') await openByPasskey(phone)
      room.phones.set(name, phone)
      await room.#take(card.bytes)
    }
    return room
  }

  phone(name: string): Device {
    const phone = this.phones.get(name)
    if (phone === undefined) throw new Error(`${name} has no phone`)
    return phone
  }

  #take(payload: Uint8Array): Promise<SetupView> {
    return said('setups.takeCarried', { id: this.id, payload: toBase64(payload) })
  }

  change(change: object): Promise<SetupView> {
    return said('setups.change', { id: this.id, change })
  }

  /** The codes that the window shows go to the phone, and what the phone shows comes back. */
  async sign(name: string, request: Uint8Array): Promise<Uint8Array> {
    const phone = this.phone(name)
    const [file] = filesOfCarried({ type: 'signature-request', payload: toBase64(request) })
    if (file === undefined) throw new Error('no request')
    const asked = await got(phone.readSigning(file))
    this.signed.set(asked.what, [...(this.signed.get(asked.what) ?? []), name])
    if (name === 'Olga') {
      expect(await phone.sign()).toMatchObject({ ok: false, rule: 'PHONE-CONFIRM' })
      expect(await phone.confirm('some other phrase')).toMatchObject({ ok: false, rule: 'PHONE-PASSPHRASE' })
      expect(await phone.sign()).toMatchObject({ ok: false, rule: 'PHONE-CONFIRM' })
      await got(phone.confirm(passphrase))
    }
    const { file: answer } = await got(phone.sign())
    return carriedOf('signature', [answer]).payload
  }

  async signAll(what: 'policy' | 'plan', names: readonly string[]): Promise<void> {
    for (const name of names) {
      const { payload } = await said<{ payload: string }>('setups.carry', { id: this.id, what })
      await this.#take(await this.sign(name, fromBase64(payload)))
    }
  }

  /** Until the run is closed; the test's own time ends a run that stands still. */
  async lead(id: string): Promise<RunView> {
    for (;;) {
      const run = await said<RunView>('ceremonies.view', { id })
      // Without a server there is nothing to receive: a rehearsal ends with its sealed bundle.
      if (run.state === (run.domain === 'rehearsal' ? 'sealed' : 'closed') && run.current === null) return run
      expect(run.people.filter(({ standIn }) => standIn)).toEqual([])
      await this.#act(run)
    }
  }

  async #act({ id, current, people }: RunView): Promise<void> {
    if (current === null || current.blocked === 'machine-works') {
      await new Promise((resolve) => setTimeout(resolve, 50))
      return
    }
    expect(current.failure).toBe(null)
    for (const need of current.needs) {
      if (need.need === 'sign') {
        const next = need.signers.find(({ signed }) => !signed)
        // A phone without a camera takes the request as a file.
        const request = need.signers.some(({ signed }) => signed)
          ? new Uint8Array(readFileSync(need.file))
          : await this.#shown(id)
        const payload = await this.sign(next?.name ?? '', request)
        await said('ceremonies.submitCarried', { id, type: 'signature', payload: toBase64(payload) })
        return
      }
      if (need.need === 'file' && need.what === 'acknowledgement') {
        const [holder = ''] = need.from
        const { parts } = await said<{ parts: CarriedView[] }>('ceremonies.carry', { id, holder })
        expect(await this.#shareOf(id, holder)).toBe('sent')
        const payload = await this.receive(holder, parts)
        await said('ceremonies.submitCarried', { id, type: 'acknowledgement', payload: toBase64(payload) })
        expect(await this.#shareOf(id, holder)).toBe('proved')
        return
      }
      if (need.need === 'pin' && !need.taken)
        await said('ceremonies.enterPin', { id, token: need.token, user: need.user, pin: pins[need.user] })
    }
    const clock = current.needs.some(
      (need) => need.need === 'values' && need.fields.some(({ name }) => name === 'wall-clock'),
    )
    const medium = current.needs.some(
      (need) => need.need === 'values' && need.fields.some(({ name }) => name === 'medium'),
    )
    const answer = await core.call('ceremonies.proceed', {
      id,
      step: current.id,
      by: current.actor.name,
      input: {
        ...(clock ? { values: { 'wall-clock': new Date().toISOString() } } : {}),
        ...(medium ? { values: { medium: stick() } } : {}),
        ...(current.do === 'roll-call' ? { here: people.map(({ name }) => name) } : {}),
        heard: current.compares.map(({ digest }) => ({
          digest,
          by: people.map(({ name }) => name).filter((name) => name !== current.actor?.name),
        })),
      },
    })
    // The machine may have gone on since the person looked: then they look again.
    if (!answer.ok && !['STEP-01', 'STEP-03'].includes(answer.error.code))
      throw new Error(`${current.id}: ${answer.error.code} ${answer.error.detail}`)
  }

  async #shareOf(id: string, holder: string): Promise<string | undefined> {
    const { shares } = await said<{ shares: ShareView[] }>('shares.list', {})
    return shares.find(({ ceremony, name }) => ceremony === id && name === holder)?.state
  }

  async #shown(id: string): Promise<Uint8Array> {
    const { parts } = await said<{ parts: CarriedView[] }>('ceremonies.carry', { id })
    return fromBase64(parts[0]?.payload ?? '')
  }

  /** A policy and a share, each by its codes; the proof is what the phone shows. */
  async receive(name: string, parts: readonly CarriedView[]): Promise<Uint8Array> {
    const phone = this.phone(name)
    for (const part of parts) {
      const files = filesOfCarried(part)
      if (part.type === 'policy') await got(phone.takePolicy(files[0]!))
      else {
        const { proof } = await got(phone.receive(files))
        return carriedOf('acknowledgement', [present(proof)]).payload
      }
    }
    throw new Error('no share came')
  }
}

function filesOfCarried({ type, payload }: CarriedView) {
  const files = filesOf({ type, payload: fromBase64(payload) })
  if (!files.ok) throw new Error(files.rule)
  return files.value
}

const first = {
  organisation: { id: 'acme', name: 'Acme Ltd' },
  softTokens: true,
  leastEvidence: 'E0',
  script: 'first-run',
  // As the key was made that is dealt here.
  values: { fheMode: 'F', fheSquash: 'true' },
}

test('PHONES-ONLY a whole first-run rehearsal is signed by phones alone, its policy too, and its bundle verifies', async () => {
  const room = await Room.gathered('rehearsal')
  await room.change(first)
  const refused = await core.call('setups.rehearse', { id: room.id, alone: false })
  expect(refused).toMatchObject({ ok: false, error: { code: 'SETUP-EARLY' } })
  await room.signAll('policy', ['Olga', 'Ida'])
  const { run } = await said<SetupView>('setups.rehearse', { id: room.id, alone: false })
  const done = await room.lead(run ?? '')
  expect(done).toMatchObject({ state: 'sealed', domain: 'rehearsal' })
  expect(await verdictOf(done.folder)).toBe('accepted')
  expect([...room.signed.keys()].toSorted()).toEqual(['bundle', 'checkpoint', 'opening', 'policy'])
  for (const name of ['Hana', 'Lena', 'Nils'])
    expect(await room.phone(name).state()).toMatchObject({ overview: { shares: [{ epoch: 0 }] } })
})

test('PHONES-ONLY a whole production run is approved, signed, witnessed and held by phones alone, and its bundle verifies', async () => {
  const room = await Room.gathered('production')
  await room.change(first)
  await room.signAll('policy', ['Anton', 'Ida'])
  await said('setups.rehearse', { id: room.id, alone: true })
  await vi.waitFor(
    async () => {
      const { rehearsal } = await said<SetupView>('setups.view', { id: room.id })
      expect(rehearsal?.failure).toBeNull()
      expect(rehearsal?.sealed).toBe(true)
    },
    { timeout: 120_000, interval: 200 },
  )
  await room.signAll('plan', ['Olga', 'Anton'])
  const { run } = await said<{ run: string }>('setups.lock', { id: room.id })
  const done = await room.lead(run)
  expect(done).toMatchObject({ state: 'closed', domain: 'production' })
  expect(await verdictOf(done.folder)).toBe('accepted')
  expect([...room.signed.keys()].toSorted()).toEqual([
    'bundle',
    'checkpoint',
    'opening',
    'plan-approval',
    'policy',
  ])
})
