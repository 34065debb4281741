import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { planFromScript } from '@lux/ceremony/plan'
import {
  encodePolicyFile,
  newPolicy,
  type PolicyDraft,
  policyDigest,
  policyDocument,
} from '@lux/ceremony/policy'
import { type Card, cardCodec, planApprovalCodec, planLockCodec } from '@lux/ceremony/wire'
import { generateIdentity, type SigningIdentity, sha256Hex } from '@lux/crypto'
import { softTokenEnvironment } from '@lux/hsm'
import type { CeremonyRunOptions } from '../../../src/cli/ceremony/run.ts'
import { failureOutcome, type Outcome } from '../../../src/cli/shell/output.ts'
import { findProgram, type Program } from '../../../src/core/program.ts'
import { systemEntropy } from '../../../src/core/system.ts'
import { sealKeyFile } from '../../../src/core/use-cases/key-file.ts'
import { isAloud, room, signedAnswer } from './production-people.ts'

const scriptFile = fileURLToPath(new URL('./chain.yaml', import.meta.url))
const people = [...room, ['so', 'Sam']] as const

type Seat = { role: string; name: string; card: Card; identity: SigningIdentity }

/** A folder with everything that a production run of the chain needs: a locked plan, a policy, cards, PINs, a soft token. */
export class ProductionPlace {
  readonly home: string
  /** This checkout, saying that it is a release: a checkout may only rehearse. */
  readonly program: Program
  readonly #library: string
  readonly #logIn: string | undefined
  readonly #build: string
  readonly #script: string
  readonly #values: Record<string, unknown>
  readonly #policy: Partial<PolicyDraft>
  readonly #seats: Seat[]
  #runs = 0

  /**
   * `library`: made in the place's folder; the soft token's own unless said. `logIn`: `pin-pad` where the plan says so. `home`: a
   * folder with a token that another has made ready.
   */
  constructor({
    home = mkdtempSync(join(tmpdir(), 'production-')),
    build = 'b1'.repeat(32),
    library,
    logIn,
    script = scriptFile,
    values = {},
    policy = {},
  }: {
    home?: string
    build?: string
    library?: (home: string, soft: string) => string
    logIn?: string
    script?: string
    values?: Record<string, unknown>
    policy?: Partial<PolicyDraft>
  } = {}) {
    this.home = home
    this.#build = build
    const soft = softTokenEnvironment(this.file('token'))
    this.#library = library?.(this.home, soft.library) ?? soft.library
    this.#logIn = logIn
    this.#script = script
    this.#values = values
    this.#policy = policy
    // As the operator's own environment says it; the host process takes nothing else of it.
    process.env.SOFTHSM2_CONF = soft.environment.SOFTHSM2_CONF
    const checkout = findProgram()
    this.program = { ...checkout, measurement: { ...checkout.measurement, build } }
    this.#seats = people.map(([role, name]) => {
      const identity = generateIdentity(systemEntropy, ['ed25519', 'mlDsa65'])
      const card: Card = { v: 1, kind: role, domain: 'production', name, keys: { ...identity.keys } }
      return { role, name, card, identity }
    })
    mkdirSync(this.file('cards'))
    for (const { card, name } of this.#seats)
      writeFileSync(this.file(`cards/${name}.json`), cardCodec.encode(card))
    this.#writePlan(this.#writePolicy())
    this.writePin('user.pin', '246810')
    this.writePin('so.pin', '13579135')
    this.nextRun()
  }

  remove(): void {
    delete process.env.SOFTHSM2_CONF
    rmSync(this.home, { recursive: true, force: true })
  }

  file(name: string): string {
    return join(this.home, name)
  }

  get plan(): string {
    return this.file('plan.yaml')
  }

  /** Folder of the run that is begun next, or was begun last. */
  get out(): string {
    return this.file(`run-${this.#runs}`)
  }

  /** Everybody's key, as `enrol` keeps it on a device of their own. */
  async writeKeys(passphrase: string, workFactor: number): Promise<void> {
    for (const { card, identity, name } of this.#seats) {
      const sealed = await sealKeyFile({ card, identity, seal: null }, passphrase, { workFactor })
      writeFileSync(this.file(`${name}.key`), sealed, { mode: 0o600 })
    }
  }

  nextRun(): void {
    this.#runs += 1
  }

  writePin(name: string, pin: string, mode = 0o600): void {
    writeFileSync(this.file(name), `${pin}\n`, { mode })
    chmodSync(this.file(name), mode)
  }

  uri(pin: string | null): string {
    const source = pin === null ? '' : `&pin-source=file:${this.file(pin)}`
    return `pkcs11:?module-path=${this.#library}${source}`
  }

  options(changed: Partial<CeremonyRunOptions> = {}): CeremonyRunOptions {
    return {
      token: { ceremony: this.uri('user.pin'), 'ceremony.so': this.uri('so.pin') },
      lock: this.file('plan.lock.json'),
      policy: this.file('policy.json'),
      cards: this.file('cards'),
      out: this.out,
      ...changed,
    }
  }

  /** Confirms every step by its own actor, except for what the last argument leaves out. */
  answers(
    bundle: string | null,
    without: readonly string[] = [],
    wallClock = `${new Date().toISOString().slice(0, 16)}Z`,
  ): string {
    const by: Record<string, string> = {
      administrator: 'Ada',
      operator: 'Olga',
      so: 'Sam',
      witness: 'Walter',
    }
    const all = scriptSteps(this.#script)
      .filter(({ id }) => !without.includes(id))
      .map(({ id, actor }) => ({
        step: id,
        by: by[actor],
        ...(id === 'clock-check' ? { values: { 'wall-clock': wallClock } } : {}),
        ...(id === 'roll-call' ? { here: this.#seats.map(({ name }) => name) } : {}),
        ...(isAloud(id) ? { heard: ['Olga'] } : {}),
      }))
    const path = this.file('answers.json')
    const read = bundle === null ? [] : [{ step: 'seal', by: 'Ada', bundle, heard: ['Olga'] }]
    writeFileSync(path, JSON.stringify({ v: 1, kind: 'answers', answers: [...all, ...read] }))
    return path
  }

  /** Puts the answer of a person's own device into in/. */
  sign(request: string, name: string, spoil = false): void {
    writeFileSync(
      join(this.out, 'in', `${basename(request, '.json')}-${name}.json`),
      this.signed(request, name, spoil),
    )
  }

  /** A person's own device: signs the request file. */
  signed(request: string, name: string, spoil = false): Uint8Array {
    return signedAnswer(request, this.#seats.find((seat) => seat.name === name)!.identity, spoil)
  }

  #of(role: string): Seat[] {
    return this.#seats.filter((seat) => seat.role === role)
  }

  #writePolicy(): string {
    const cardsOf = (role: string) => this.#of(role).map(({ card }) => card)
    const policy = newPolicy({
      organisation: { id: 'example', name: 'Example' },
      domain: 'production',
      expiry: '2099-01-01T00:00:00.000Z',
      officers: cardsOf('officer'),
      officerQuorum: 2,
      witnesses: cardsOf('witness'),
      witnessQuorum: 1,
      softTokens: true,
      acceptedTools: [this.#build],
      leastEvidence: { ceremony: 'E0', root: 'E0', organisation: 'E0', project: 'E0', data: 'E0' },
      ...this.#policy,
    })
    const signatures = this.#of('officer').map(({ identity }) =>
      policyDocument.sign(identity, policy, 'production'),
    )
    writeFileSync(this.file('policy.json'), encodePolicyFile({ policy, signatures }))
    return policyDigest(policy)
  }

  #writePlan(policy: string): void {
    const made = planFromScript(new Uint8Array(readFileSync(this.#script)), {
      title: 'Production chain',
      policy,
      tool: this.#build,
      people: this.#seats.map(({ role, name, card }) => ({ role, name, card: cardCodec.digest(card) })),
      library: sha256Hex(new Uint8Array(readFileSync(this.#library))),
      ...(this.#logIn === undefined ? {} : { logIn: this.#logIn }),
      ...this.#values,
    })
    if (!made.ok) throw new Error(JSON.stringify(made.refusals))
    writeFileSync(this.plan, made.value.text)
    const approval = {
      domain: 'production' as const,
      planHash: made.value.hash,
      rehearsalDigest: 'ee'.repeat(32),
      diffDigest: null,
    }
    const { domain: _, ...locked } = approval
    const officers = this.#of('officer')
    for (const [name, signers] of [
      ['plan.lock.json', officers],
      ['short.lock.json', officers.slice(1)],
    ] as const) {
      const signatures = signers.map(({ identity }) =>
        planApprovalCodec.sign(identity, approval, 'production'),
      )
      writeFileSync(this.file(name), planLockCodec.encode({ ...locked, policyDigest: policy, signatures }))
    }
  }
}

/** As the command prints it. */
export async function ended(
  work: Promise<Outcome>,
): Promise<{ exit: number; json: Record<string, unknown>; text: string }> {
  const outcome = await work.catch(failureOutcome)
  // An outcome's JSON is an object of named values.
  return { exit: outcome.exit, json: outcome.json as Record<string, unknown>, text: outcome.text }
}

function scriptSteps(script: string): { id: string; actor: string }[] {
  const text = readFileSync(script, 'utf8')
  return [...text.matchAll(/- id: ([a-z-]+)\n\s+do: [a-z-]+\n\s+actor: ([a-z]+)/g)].map((match) => ({
    id: match[1]!,
    actor: match[2]!,
  }))
}
