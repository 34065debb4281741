import { spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BundleContents, verifyBundle } from '@lux/ceremony/bundle'
import { stayingHolders } from '@lux/ceremony/plan'
import { parsePolicyFile } from '@lux/ceremony/policy'
import { type Card, openingCodec } from '@lux/ceremony/wire'
import { sha256Hex, toHex, utf8 } from '@lux/crypto'
import { parsePublic } from '@lux/crypto/fhe'
import { fileReader } from '@lux/node-files'
import { expect } from 'vitest'
import { resumeCeremony } from '../../../src/cli/ceremony/resume.ts'
import { runCeremony } from '../../../src/cli/ceremony/run.ts'
import type { FheDevices } from './fhe-devices.ts'
import type { FhePeople } from './fhe-people.ts'
import { ended } from './production-place.ts'

const verifier = fileURLToPath(new URL('../../../../../tools/verifier/verify.py', import.meta.url))

export type Left = Awaited<ReturnType<typeof ended>>

const waitingFor = ({ json }: Left) => (json.waitingFor as readonly string[])[0] ?? ''
/** Files in out/ that say what is awaited. */
export const asked = ({ json }: Left) => json.files as readonly string[]

type Values = Record<string, unknown> & { nextHolders?: string[] }

/** Runs of the plans of a place, each in the folder of its plan's name. */
export class FheRuns {
  readonly #place: FhePeople

  constructor(place: FhePeople) {
    this.#place = place
  }

  begin(name: string, more: Parameters<FhePeople['options']>[1] = {}): Promise<Left> {
    const place = this.#place
    return ended(runCeremony(place.file(`${name}.yaml`), place.options(name, more), place.program))
  }

  resume(name: string, bundle: string | null = null, without: readonly string[] = []): Promise<Left> {
    const place = this.#place
    const answers = place.answers(name, bundle, without)
    return ended(resumeCeremony(place.file(name), { answers }, place.program))
  }

  /** The contents of a run's bundle, which both verifiers accept. */
  async bundleOf(name: string): Promise<BundleContents> {
    const path = this.#place.file(name, 'bundle.zip')
    const policyFile = this.#place.file('policy.json')
    const policy = parsePolicyFile(new Uint8Array(readFileSync(policyFile)))
    if (!policy.ok) throw new Error(policy.detail)
    const second = spawnSync('python3', [verifier, path, '--policy', policyFile], { encoding: 'utf8' })
    expect(second.stdout).toMatch(/\naccepted\n$/)
    const reader = fileReader(path)
    try {
      const { verdict, contents } = await verifyBundle(reader, { policy: policy.value })
      expect(verdict).toBe('accepted')
      if (contents === null) throw new Error('no contents')
      return contents
    } finally {
      reader.close()
    }
  }

  /**
   * Signs what officers, witnesses and approvers are asked for, until the run waits for somebody else or is over. `without`: steps to
   * which nobody gives a word yet.
   */
  async past(name: string, begun: Left, without: readonly string[] = []): Promise<Left> {
    let left = begun
    for (;;) {
      // A command that failed asks for nothing: its code says why.
      expect([left.json.code, left.json.detail]).toEqual([undefined, undefined])
      const [request = ''] = asked(left)
      const what = waitingFor(left)
      const sign = (...names: string[]) => {
        for (const who of names) this.#place.sign(request, who)
      }
      if (['opening', 'bundle', 'policy'].includes(what)) sign('Otto', 'Ophelia')
      else if (what === 'checkpoint') sign('Walter')
      else if (what === 'decryption-approval') sign('Abe')
      else if (what !== 'confirm') return left
      left = await this.resume(name, what === 'confirm' ? String(left.json.digest) : null, without)
    }
  }

  /** The run `deal`: a key is made and dealt, every holder receives and proves a share, and it ends closed. */
  async deal(devices: FheDevices, holders: readonly string[], more: object = {}): Promise<void> {
    this.#place.writePlan('deal', 'threshold-fhe', { holders, ...more })
    let left = await this.past('deal', await this.begin('deal'))
    expect(left).toMatchObject({ exit: 4, json: { waitingFor: ['acknowledgements'] } })
    for (const [i, name] of holders.entries()) {
      expect(await devices.receive(name, 'deal', i + 1)).toMatchObject({ exit: 0 })
      const out = this.#place.file('deal', 'in', `ack-${i}.json`)
      expect(await devices.prove(`${name}.0`, name, out)).toMatchObject({ exit: 0 })
    }
    left = await this.past('deal', await this.resume('deal'))
    expect(left).toMatchObject({ exit: 0, json: { state: 'Closed' } })
  }

  /** A plan that moves the key of the run `deal` from Hal, Ida and Jan to Ida, Kim and Lea. Who stays renews the card for it. */
  async planMove(name: string, more: Values = {}): Promise<void> {
    const values = this.moveValues(more)
    const again: Card[] = []
    for (const holder of stayingHolders(values.holders, values.nextHolders))
      again.push((await this.#place.renew(holder)).card)
    this.#place.writePlan(name, 'resharing', values, again)
  }

  /** The plan and lock of one run under the name of another: not a byte of them differs. */
  planAgain(name: string, as: string): void {
    for (const end of ['yaml', 'lock.json'])
      copyFileSync(this.#place.file(`${name}.${end}`), this.#place.file(`${as}.${end}`))
  }

  /** Blanks of a plan that moves the key of the run `deal`. */
  moveValues(more: Values = {}) {
    const nextHolders = ['Ida', 'Kim', 'Lea']
    return { nextHolders, dealers: ['Hal', 'Ida'], ...this.#dealt(), ...more }
  }

  /** A plan that opens something with the key of the run `deal`. */
  planOpening(name: string, more: object): void {
    this.#place.writePlan(name, 'threshold-decryption', { ...this.#dealt(), ...more })
  }

  #dealt() {
    const pub = new Uint8Array(readFileSync(this.#place.file('deal', 'fhe', 'public.bin')))
    const { header } = parsePublic(pub)
    return {
      holders: ['Hal', 'Ida', 'Jan'],
      keyId: toHex(header.keyId),
      epochId: toHex(header.epochId),
      epoch: header.epoch,
      publicFile: sha256Hex(pub),
    }
  }

  epochRequest(run: string): string {
    return this.#requests(run, /-epoch-approval\.json$/)[0]!
  }

  acknowledgementRequests(run: string): string[] {
    return this.#requests(run, /-acknowledgement-\d+\.json$/)
  }

  /** What a holder takes from a run's folder. */
  copyOf(run: string, as: string): string {
    const to = this.#place.file(as)
    const ends = ['closeout.json', 'transcript.jsonl', 'checkpoints']
    for (const name of ['opening.json', 'plan.yaml', 'cards', 'fhe', 'envelopes', ...ends]) {
      const from = this.#place.file(run, name)
      if (existsSync(from)) cpSync(from, join(to, name), { recursive: true })
    }
    return to
  }

  /** A copy of a run as its officers would have opened it with another text of its plan. */
  reopened(run: string, as: string, change: (plan: string) => string): string {
    const folder = this.copyOf(run, as)
    const path = join(folder, 'plan.yaml')
    const text = readFileSync(path, 'utf8')
    const changed = change(text)
    expect(changed).not.toBe(text)
    writeFileSync(path, changed)
    const opening = openingCodec.file.parse(new Uint8Array(readFileSync(join(folder, 'opening.json'))))
    if (!opening.ok) throw new Error(opening.detail)
    const payload = { ...opening.value.payload, planHash: sha256Hex(utf8(changed)) }
    const signatures = ['Otto', 'Ophelia'].map((name) =>
      openingCodec.sign(this.#place.person(name).identity, payload, 'production'),
    )
    writeFileSync(join(folder, 'opening.json'), openingCodec.file.encode({ payload, signatures }))
    return folder
  }

  #requests(run: string, pattern: RegExp): string[] {
    const out = this.#place.file(run, 'out')
    return readdirSync(out)
      .filter((name) => pattern.test(name))
      .toSorted()
      .map((name) => join(out, name))
  }
}
