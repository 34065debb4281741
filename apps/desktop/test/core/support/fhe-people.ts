import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Role } from '@lux/ceremony'
import { planFromScript, readScript } from '@lux/ceremony/plan'
import { encodePolicyFile, newPolicy, policyDigest, policyDocument } from '@lux/ceremony/policy'
import { type Card, cardCodec, planApprovalCodec, planLockCodec, renewCard } from '@lux/ceremony/wire'
import { generateSealIdentity, sha256Hex, utf8 } from '@lux/crypto'
import { findSoftTokenLibrary, softTokenEnvironment, startHsm } from '@lux/hsm'
import { findProgram, type Program } from '../../../src/core/program.ts'
import { sealKeyFile } from '../../../src/core/use-cases/key-file.ts'
import { type Enrolled, enrolled, passphrase, passphraseFile, workFactor } from '../../cli/support/people.ts'
import { isAloud, room, signedAnswer } from './production-people.ts'

export const build = 'b1'.repeat(32)
/** In place of the program's own: it makes no server key. */
export const quickKeyChild = fileURLToPath(new URL('./quick-key-child.ts', import.meta.url))
const domain = 'production'
const scripts = fileURLToPath(new URL('../../../../../resources/scripts/', import.meta.url))
const seated = [
  ...room,
  ['holder', 'Hal'],
  ['holder', 'Ida'],
  ['holder', 'Jan'],
  ['holder', 'Kim'],
  ['holder', 'Lea'],
  ['approver', 'Abe'],
  ['requester', 'Rita'],
  ['encryptor', 'Enno'],
  ['evaluator', 'Eva'],
] as const
const outside: readonly string[] = ['requester', 'encryptor', 'evaluator']
const actors: Partial<Record<Role, string>> = { administrator: 'Ada', operator: 'Olga', witness: 'Walter' }

/** People with keys in files, a policy that names them, a soft token, and locked plans of shipped scripts. */
export class FhePeople {
  readonly home = mkdtempSync(join(tmpdir(), 'production-fhe-'))
  /** This checkout, saying that it is a release: a checkout may only rehearse. */
  readonly program: Program
  readonly people = new Map<string, Enrolled>()
  /** Holders who stay for the next epoch, with the card and key file that they made for it. */
  readonly renewed = new Map<string, Enrolled>()
  readonly pass = ['--passphrase-file', passphraseFile(this.home)]
  combiner = { identity: '', recipient: '' }
  #library = ''
  #serial = ''
  #policy = ''

  private constructor(parts: Partial<Program>) {
    const checkout = findProgram()
    this.program = {
      ...checkout,
      measurement: { ...checkout.measurement, build },
      keyChildEntry: quickKeyChild,
      ...parts,
    }
  }

  /**
   * `parts` in place of the checkout's own, and of a key child that makes no server key. `own`: cards of people with keys of another
   * program's, by name, in place of those that are enrolled here. `seats`: who else takes part than in a ceremony of a threshold key.
   */
  static async gathered(
    parts: Partial<Program> = {},
    own: Readonly<Record<string, (home: string) => Card>> = {},
    seats: readonly (readonly [Card['kind'], string])[] = seated,
  ): Promise<FhePeople> {
    const place = new FhePeople(parts)
    for (const [role, name] of seats) {
      const made = await enrolled(place.home, role, name, domain)
      place.people.set(name, { ...made, card: own[name]?.(place.home) ?? made.card })
    }
    mkdirSync(place.file('cards'))
    for (const { card } of place.people.values())
      writeFileSync(place.file(`cards/${cardCodec.digest(card)}.json`), cardCodec.encode(card))
    place.combiner = await generateSealIdentity()
    writeFileSync(place.file('combiner.identity'), `${place.combiner.identity}\n`, { mode: 0o600 })
    place.#policy = place.writePolicy('policy.json', '2099-01-01T00:00:00.000Z')
    place.#serial = await place.addToken('ceremony')
    return place
  }

  remove(): void {
    delete process.env.SOFTHSM2_CONF
    rmSync(this.home, { recursive: true, force: true })
  }

  file(...names: string[]): string {
    return join(this.home, ...names)
  }

  person(name: string): Enrolled {
    return this.people.get(name)!
  }

  /** A holder who stays makes an envelope key for the next epoch, in place of one made before: `holder renew` with cheaper scrypt. */
  async renew(name: string): Promise<Enrolled> {
    const { card: present, identity } = this.person(name)
    const [keyPath, cardPath] = [this.file(`${name}.next.key`), this.file(`${name}.next.json`)]
    const { recipient, identity: seal } = await generateSealIdentity()
    const card = renewCard(identity, present, recipient)
    const key = await sealKeyFile({ card, identity, seal }, passphrase, { workFactor })
    writeFileSync(keyPath, key, { mode: 0o600 })
    for (const path of [cardPath, this.file(`cards/${cardCodec.digest(card)}.json`)])
      writeFileSync(path, cardCodec.encode(card))
    const renewed = { card, identity, seal, cardPath, keyPath }
    this.renewed.set(name, renewed)
    return renewed
  }

  writePolicy(file: string, expiry: string): string {
    const cards = (role: Card['kind']) =>
      [...this.people.values()].map(({ card }) => card).filter(({ kind }) => kind === role)
    const policy = newPolicy({
      organisation: { id: 'example', name: 'Example' },
      domain,
      expiry,
      officers: cards('officer'),
      officerQuorum: 2,
      witnesses: cards('witness'),
      witnessQuorum: 1,
      approvers: cards('approver'),
      approverThreshold: Math.min(1, cards('approver').length),
      requesters: cards('requester'),
      encryptors: cards('encryptor'),
      evaluators: cards('evaluator'),
      combiners: [{ name: 'main', recipient: this.combiner.recipient }],
      softTokens: true,
      acceptedTools: [build],
      leastEvidence: { ceremony: 'E0', root: 'E0', organisation: 'E0', project: 'E0', data: 'E0' },
      fhe: { floorBits: 20, blockFloorBits: 40, budgets: { k64: 1 << 20, k128: 1000 } },
    })
    const signatures = ['Otto', 'Ophelia'].map((name) =>
      policyDocument.sign(this.person(name).identity, policy, domain),
    )
    writeFileSync(this.file(file), encodePolicyFile({ policy, signatures }))
    return policyDigest(policy)
  }

  /** `<name>.yaml` and `<name>.lock.json` of a shipped script; `again`: renewed cards of holders who stay. */
  writePlan(
    name: string,
    script: string,
    values: Record<string, unknown>,
    again: readonly Card[] = [],
  ): void {
    const cards = [...this.people.values()].map(({ card }) => card)
    const bytes = new Uint8Array(readFileSync(join(scripts, `${script}.yaml`)))
    const read = readScript(bytes)
    if (!read.ok) throw new Error(JSON.stringify(read.refusals))
    // A squashing key takes minutes.
    const quick = Object.hasOwn(read.value.blanks, 'fheMode') ? { fheMode: 'F', fheSquash: false } : {}
    const made = planFromScript(bytes, {
      title: name,
      policy: this.#policy,
      tool: build,
      people: [...cards.filter(({ kind }) => !outside.includes(kind)), ...again].map((card) => ({
        role: card.kind,
        name: card.name,
        card: cardCodec.digest(card),
      })),
      library: sha256Hex(new Uint8Array(readFileSync(this.#library))),
      serial: this.#serial,
      ...quick,
      ...values,
    })
    if (!made.ok) throw new Error(JSON.stringify(made.refusals))
    writeFileSync(this.file(`${name}.yaml`), made.value.text)
    const locked = { planHash: made.value.hash, rehearsalDigest: 'ee'.repeat(32), diffDigest: null }
    const signatures = ['Otto', 'Ophelia'].map((officer) =>
      planApprovalCodec.sign(this.person(officer).identity, { domain, ...locked }, domain),
    )
    const lock = planLockCodec.encode({ ...locked, policyDigest: this.#policy, signatures })
    writeFileSync(this.file(`${name}.lock.json`), lock)
  }

  /** What `ceremony run` is given for a plan of `writePlan`; the run is in the folder of its name. */
  options(name: string, { spare, ...more }: { public?: string; spare?: string; burnt?: string[] } = {}) {
    const uri = (serial: string, pin = 'user.pin') =>
      `pkcs11:serial=${serial}?module-path=${this.#library}&pin-source=file:${this.file(pin)}`
    return {
      token: {
        ceremony: uri(this.#serial),
        // A window's keys are trusted by the security officer.
        'ceremony.so': uri(this.#serial, 'so.pin'),
        ...(spare === undefined ? {} : { spare: uri(spare) }),
      },
      lock: this.file(`${name}.lock.json`),
      policy: this.file('policy.json'),
      cards: this.file('cards'),
      out: this.file(name),
      answers: this.answers(name, null),
      ...more,
    }
  }

  /** Confirms every step of a plan by its own actor, except for what the last argument leaves out. */
  answers(name: string, bundle: string | null, without: readonly string[] = []): string {
    const text = readFileSync(this.file(`${name}.yaml`), 'utf8')
    const steps = [...text.matchAll(/id: ([a-z-]+)\n\s+do: [a-z-]+\n\s+actor: ([a-z]+)/g)]
    const here = [...text.matchAll(/- role: [a-z]+\n\s+name: (.+)\n/g)].map(([, name]) => name)
    const all = steps.flatMap(([, step, actor]) => {
      const by = actors[actor as Role]
      const values = step === 'clock-check' ? { values: { 'wall-clock': new Date().toISOString() } } : {}
      const said = step === 'roll-call' ? { here } : isAloud(step ?? '') ? { heard: ['Olga'] } : {}
      return by === undefined || without.includes(step ?? '') ? [] : [{ step, by, ...values, ...said }]
    })
    const read = bundle === null ? [] : [{ step: 'seal', by: 'Ada', bundle, heard: ['Olga'] }]
    const path = this.file('answers.json')
    writeFileSync(path, JSON.stringify({ v: 1, kind: 'answers', answers: [...all, ...read] }))
    return path
  }

  /** An officer’s, witness’s or approver’s own device: signs the request file and puts the answer into in/. */
  sign(request: string, name: string): void {
    const answer = this.signed(request, name)
    writeFileSync(join(request, '..', '..', 'in', `${basename(request, '.json')}-${name}.json`), answer)
  }

  signed(request: string, name: string): Uint8Array {
    return signedAnswer(request, this.person(name).identity)
  }

  /** Gives its serial. */
  async addToken(label: string): Promise<string> {
    const soft = softTokenEnvironment(this.file('token'))
    // As the operator's own environment says it; the host process takes nothing else of it.
    process.env.SOFTHSM2_CONF = soft.environment.SOFTHSM2_CONF
    this.#library = findSoftTokenLibrary() ?? ''
    const hsm = await startHsm({ library: soft.library, environment: soft.environment })
    try {
      const pins = { soPin: utf8('13579135'), userPin: utf8('246810') }
      const made = await hsm.token('new').initialise({ label, ...pins })
      for (const [name, pin] of [
        ['user.pin', '246810'],
        ['so.pin', '13579135'],
      ] as const) {
        writeFileSync(this.file(name), `${pin}\n`, { mode: 0o600 })
        chmodSync(this.file(name), 0o600)
      }
      return made.serial
    } finally {
      await hsm.close()
    }
  }
}
