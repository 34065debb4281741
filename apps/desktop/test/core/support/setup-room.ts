import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Card } from '@lux/ceremony/wire'
import { expect, vi } from 'vitest'
import type { Need, OutputOf, RunView, SetupDomain, SetupView } from '../../../src/contract/index.ts'
import { findProgram } from '../../../src/core/program.ts'
import { enrolled, passphrase } from '../../cli/support/people.ts'
import { type CoreInTest, startCore } from './core-in-test.ts'
import { build, quickKeyChild } from './fhe-people.ts'
import { saidAt } from './window-person.ts'

const pins = { so: '13579135', user: '246810' }

/** People with key files at one window, where they set up a ceremony and carry it out; nothing is done anywhere else. */
export class SetupRoom {
  readonly folder: string
  readonly core: CoreInTest
  readonly #keys = new Map<string, string>()
  setup = ''

  private constructor(folder: string, core: CoreInTest) {
    this.folder = folder
    this.core = core
  }

  static async opened(): Promise<SetupRoom> {
    const folder = mkdtempSync(join(tmpdir(), 'setup-room-'))
    const checkout = findProgram()
    // This checkout, saying that it is a release: a checkout may only rehearse.
    const program = {
      ...checkout,
      measurement: { ...checkout.measurement, build },
      keyChildEntry: quickKeyChild,
    }
    return new SetupRoom(folder, await startCore(folder, program))
  }

  async close(): Promise<void> {
    await this.core.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  granted(use: 'read' | 'write' | 'folder', path: string): string {
    this.core.grant({ use, path })
    return path
  }

  async said<T>(api: string, input: object): Promise<T> {
    const answer = await this.core.call(api, input)
    if (!answer.ok) throw new Error(`${api}: ${answer.error.code} ${answer.error.detail}`)
    // Each call answers as the contract says.
    return answer.value as T
  }

  /** A set-up with these people, and a policy that they satisfy. */
  async begin(domain: SetupDomain, people: readonly (readonly [Card['kind'], string])[]): Promise<void> {
    this.setup = (await this.said<{ id: string }>('setups.begin', { title: 'Keys 2026', domain })).id
    for (const [kind, name] of people) {
      const { cardPath, keyPath } = await enrolled(this.folder, kind, name, domain)
      this.#keys.set(name, keyPath)
      await this.take(cardPath)
    }
    await this.change({
      organisation: { id: 'acme', name: 'Acme Ltd' },
      softTokens: true,
      leastEvidence: 'E0',
    })
  }

  view(): Promise<SetupView> {
    return this.said('setups.view', { id: this.setup })
  }

  take(path: string): Promise<SetupView> {
    return this.said('setups.take', { id: this.setup, path: this.granted('read', path) })
  }

  change(change: object): Promise<SetupView> {
    return this.said('setups.change', { id: this.setup, change })
  }

  async sign(what: 'policy' | 'plan', ...names: string[]): Promise<void> {
    for (const name of names) {
      const { policy, approval } = await this.view()
      const shown = what === 'policy' ? policy.digest : approval.digest
      await this.said('setups.sign', { id: this.setup, what, name, ...this.#key(name), shown })
    }
  }

  async rehearsed(): Promise<void> {
    await this.said('setups.rehearse', { id: this.setup, alone: true })
    await vi.waitUntil(
      async () => {
        const { rehearsal } = await this.view()
        if (rehearsal?.failure) throw new Error(`${rehearsal.failure.code} ${rehearsal.failure.detail}`)
        return rehearsal?.sealed === true && !rehearsal.playing
      },
      { timeout: 150_000, interval: 200 },
    )
  }

  run(id: string): Promise<RunView> {
    return this.said('ceremonies.view', { id })
  }

  /** Everybody signs, proves and goes on in the window until nothing is left to do. `file`: gives what else is awaited as a file. */
  async lead(id: string, file: (run: RunView, need: Extract<Need, { need: 'file' }>) => Promise<string>) {
    let now = await this.run(id)
    for (let round = 0; round < 900 && now.current !== null; round += 1) {
      await this.#act(now, now.current, file)
      now = await this.run(id)
    }
    return now
  }

  async #act(
    { id }: RunView,
    current: NonNullable<RunView['current']>,
    file: Parameters<SetupRoom['lead']>[1],
  ): Promise<void> {
    if (current.blocked === 'machine-works') return new Promise((resolve) => setTimeout(resolve, 50))
    expect(current.failure).toBe(null)
    const values: Record<string, string> = {}
    for (const need of current.needs) {
      if (need.need === 'sign') {
        const { name = '' } = need.signers.find(({ signed }) => !signed) ?? {}
        const { digest: shown } = await this.said<OutputOf<'ceremonies.toSign'>>('ceremonies.toSign', {
          id,
          name,
        })
        await this.said('ceremonies.signHere', { id, name, ...this.#key(name), shown })
        return
      }
      if (need.need === 'file' && need.what === 'acknowledgement') {
        const [name = ''] = need.from
        const out = this.granted('write', join(this.folder, `${name}.share`))
        await this.said('ceremonies.holdHere', { id, name, ...this.#key(name), out })
        return
      }
      if (need.need === 'file') {
        const path = this.granted('read', await file(await this.run(id), need))
        await this.said('ceremonies.submitFile', { id, path })
        return
      }
      if (need.need === 'pin' && !need.taken)
        await this.said('ceremonies.enterPin', {
          id,
          token: need.token,
          user: need.user,
          pin: pins[need.user],
        })
      if (need.need === 'values')
        for (const { name } of need.fields)
          values[name] = name === 'medium' ? this.granted('folder', this.folder) : new Date().toISOString()
    }
    const input = { values, ...saidAt(await this.run(id), current) }
    const by = current.actor.name
    const answer = await this.core.call('ceremonies.proceed', { id, step: current.id, by, input })
    // The machine may have gone on since the person looked: then they look again.
    if (!answer.ok && !['STEP-01', 'STEP-03'].includes(answer.error.code))
      throw new Error(`${answer.error.code} ${answer.error.detail}`)
  }

  #key(name: string): { key: string; passphrase: string } {
    return { key: this.granted('read', this.#keys.get(name) ?? ''), passphrase }
  }
}
