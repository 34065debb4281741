import { resolve } from 'node:path'
import { encodeCanonical, equalBytes, toHex, utf8 } from '@lux/crypto'
import { HsmError, parseTokenUri } from '@lux/hsm'
import { EnvironmentError } from '../../refusal.ts'
import { variable } from '../environment.ts'
import type { StateFolder } from '../state-folder/folder.ts'
import { parseState, readIfPresent, writeWhole } from '../state-folder/private-file.ts'
import type { TokenSettings } from '../state-folder/settings.ts'
import type { KeyDevice, KeyProof } from './key-device.ts'
import type { Seal } from './log-in.ts'
import { lostLogin, openServerToken, type ServerToken, type TokenPlace } from './server-token.ts'

/** One token of the two: its host is started when it is asked for first, and again after it broke down. */
export type PairedToken = { readonly serial: string; open(): Promise<ServerToken> }

/** What the keys of these tokens have shown of themselves: `kind/id` to a digest that only this key gives. */
export type ProofStore = {
  read(): Promise<ReadonlyMap<string, string>>
  write(proofs: ReadonlyMap<string, string>): Promise<void>
}

type Kept = { readonly kind: KeyProof; readonly id: string }

/** Faults of the token and its host. Those of what was asked the other token would have too. */
const ofTheToken = new Set([
  ...lostLogin,
  'HSM-BROKEN',
  'HSM-DEVICE-ERROR',
  'HSM-HOST-FAILED',
  'HSM-MEMORY',
  'HSM-SERIAL-AMBIGUOUS',
  'HSM-TOKEN-ABSENT',
  'HSM-TOKEN-DAMAGED',
  'HSM-TOKEN-UNINITIALISED',
])

/**
 * Two tokens that hold the same keys: each piece of work goes to one of them in turn, and to the other where the first of them fails. A
 * key is used in a token only once it has shown there that it is the same. What makes an object goes to the first token alone; a root is
 * destroyed in both or not at all.
 */
export async function openTokenPair(
  first: PairedToken,
  second: PairedToken,
  store: ProofStore,
): Promise<ServerToken> {
  const proofs = new Map(await store.read())
  const members = [new Member('first', first), new Member('second', second)] as const
  let turn = 0

  /** By its proof; the first token gives it where there is none yet. */
  async function holds(member: Member, { kind, id }: Kept): Promise<boolean> {
    const name = `${kind}/${id}`
    if (member.held.has(name)) return true
    const known = proofs.get(name)
    if (known === undefined && member.place === 'second' && !(await holds(members[0], { kind, id })))
      return false
    const shown = await member.proofOf(kind, id)
    const expected = proofs.get(name)
    if (shown !== null && expected === undefined) {
      proofs.set(name, shown)
      await store.write(proofs)
    } else if (shown === null || expected === undefined || !equalBytes(utf8(expected), utf8(shown))) {
      member.differs({ kind, id }, shown === null ? `it lacks the key ${id}` : `its key ${id} is another one`)
      return false
    }
    member.held.add(name)
    return true
  }

  async function either<T>(keys: readonly Kept[], work: (device: KeyDevice) => Promise<T>): Promise<T> {
    const order = turn++ % 2 === 0 ? members : members.toReversed()
    let failure: unknown = null
    // A second round, for both were in trouble at once: it takes whatever log-in was lost.
    for (const again of [false, true])
      for (const member of order) {
        try {
          if (again) await member.unseal()
          if (member.seal !== null) continue
          let whole = true
          for (const key of keys) whole &&= await holds(member, key)
          if (whole) return await member.use(work)
        } catch (error) {
          if (!isOfToken(error)) throw error
          failure = error
          member.failed(error)
          // What is not of the token is heard of when it is next looked at.
          member.unseal().catch(() => undefined)
        }
      }
    throw (
      failure ?? new EnvironmentError(members[0].seal?.code ?? 'TOKEN-COPY', 'neither token holds the key')
    )
  }

  const kek = (id: string): Kept => ({ kind: 'kek', id })
  const device: KeyDevice = {
    hmac: (options) => either([{ kind: 'mac', id: options.key.id }], (one) => one.hmac(options)),
    signEcdsa: (options) =>
      either([{ kind: 'signing', id: options.key.id }], (one) => one.signEcdsa(options)),
    generateWrapped: (options) => either([kek(options.parent.id)], (one) => one.generateWrapped(options)),
    unwrapToMemory: (options) => either([kek(options.kek.id)], (one) => one.unwrapToMemory(options)),
    rewrap: (options) => either([kek(options.from.id), kek(options.to.id)], (one) => one.rewrap(options)),
    proofOf: (kind, id) => either([{ kind, id }], (one) => one.proofOf(kind, id)),
    isThere: () => either([], (one) => one.isThere()),
    signingKey: (id, label) => members[0].useAgain((one) => one.signingKey(id, label)),
    macKey: (id, label) => members[0].useAgain((one) => one.macKey(id, label)),
    rootKey: (id) => members[0].useAgain((one) => one.rootKey(id)),
    async destroyRoot(id) {
      // Neither is touched before both are there.
      for (const member of members) await member.mustBeThere()
      for (const member of members) await member.useAgain((one) => one.destroyRoot(id))
    },
  }

  async function unseal(): Promise<Seal | null> {
    for (const member of members) {
      const { differing } = member
      if (differing === null) await member.unseal()
      else if (await holds(member, differing).catch(() => false)) member.isSameAgain()
    }
    return seal()
  }
  const seal = () => (members.some((member) => member.seal === null) ? null : members[0].seal)

  await unseal()
  return {
    serial: first.serial,
    // Keys in two tokens are as safe as in the weaker one.
    get root() {
      return members.some((member) => member.isProgram) ? 'soft-token' : 'token'
    },
    get sealed() {
      return seal()
    },
    get tokens() {
      return members.map(({ place, serial, seal }) => ({ place, serial, seal }))
    },
    unseal,
    use: (work) => work(device),
    useAgain: (work) => work(device),
    useToken: (work) => members[0].useToken(work),
    async close() {
      await Promise.all(members.map((member) => member.close()))
    },
  }
}

class Member {
  readonly place: TokenPlace
  readonly serial: string
  /** Keys that have shown in this token that they are the same, since it came back last. */
  readonly held = new Set<string>()
  readonly #paired: PairedToken
  #token: ServerToken | null = null
  #failed: Seal | null = null
  #differing: Kept | null = null
  #attempt: Promise<void> | null = null
  #closed = false

  constructor(place: TokenPlace, paired: PairedToken) {
    this.place = place
    this.serial = paired.serial
    this.#paired = paired
  }

  /** Why it is not in use, or null. */
  get seal(): Seal | null {
    if (this.#failed !== null) return this.#failed
    return this.#token === null ? { code: 'TOKEN-PIN', detail: 'not logged in yet' } : this.#token.sealed
  }

  get isProgram(): boolean {
    return this.#token?.root === 'soft-token'
  }

  /** A key that it lacks or has otherwise; until then it is in use for none. */
  get differing(): Kept | null {
    return this.#differing
  }

  differs(key: Kept, detail: string): void {
    this.#differing = key
    this.#failed = { code: 'TOKEN-COPY', detail }
    this.held.clear()
  }

  isSameAgain(): void {
    this.#differing = null
    this.#failed = null
  }

  failed(error: HsmError | EnvironmentError): void {
    if (this.#differing !== null) return
    const { code, message } = error
    this.#failed = { code, detail: error instanceof HsmError ? error.answered : message }
    this.held.clear()
  }

  /** Null where it lacks the key. */
  async proofOf(kind: KeyProof, id: string): Promise<string | null> {
    try {
      return toHex(await this.use((device) => device.proofOf(kind, id)))
    } catch (error) {
      if (error instanceof HsmError && error.code === 'HSM-KEY-ABSENT') return null
      throw error
    }
  }

  /** Starts it and logs in, if that is what it lacks; then its keys are looked at anew. */
  unseal(): Promise<void> {
    this.#attempt ??= this.#tryAgain()
      .catch((error: unknown) => {
        if (!isOfToken(error)) throw error
        this.failed(error)
      })
      .finally(() => {
        this.#attempt = null
      })
    return this.#attempt
  }

  async #tryAgain(): Promise<void> {
    if (this.#closed || (this.#token !== null && this.seal === null)) return
    // A library that failed again and again is not asked any more: only a new host does.
    if (this.#failed?.code === 'HSM-BROKEN' || this.#failed?.code === 'HSM-CLOSED') {
      await this.#token?.close()
      this.#token = null
    }
    this.#token ??= await this.#paired.open()
    const token = this.#token
    if (token.sealed !== null) await token.unseal()
    if (token.sealed === null) {
      await token.useAgain((device) => device.isThere())
      this.#failed = null
    }
  }

  #opened(): ServerToken {
    if (this.#token === null)
      throw new EnvironmentError(this.seal?.code ?? 'TOKEN-PIN', this.seal?.detail ?? '')
    return this.#token
  }

  async mustBeThere(): Promise<void> {
    await this.unseal()
    if (this.seal !== null)
      throw new EnvironmentError(this.seal.code, `the ${this.place} token: ${this.seal.detail}`)
  }

  readonly use: ServerToken['use'] = (work) => this.#opened().use(work)
  readonly useAgain: ServerToken['useAgain'] = (work) => this.#opened().useAgain(work)
  readonly useToken: ServerToken['useToken'] = (work) => this.#opened().useToken(work)

  async close(): Promise<void> {
    this.#closed = true
    await this.#attempt
    await this.#token?.close()
  }
}

/** That a member is sealed is said by an EnvironmentError, and nothing else of a device is. */
const isOfToken = (error: unknown): error is HsmError | EnvironmentError =>
  error instanceof EnvironmentError ||
  (error instanceof HsmError && (ofTheToken.has(error.code) || error.code.startsWith('HSM-LIBRARY-')))

/** In a file of the state folder: a server that finds only one of its tokens knows whether it is the same. */
export function proofFile(path: string): ProofStore {
  return {
    async read() {
      const bytes = await readIfPresent(path, 1 << 20)
      if (bytes === 'absent') return new Map()
      const value = parseState(path, bytes)
      const proofs = typeof value === 'object' && value !== null && 'proofs' in value ? value.proofs : null
      if (typeof proofs !== 'object' || proofs === null)
        throw new EnvironmentError('STATE-DAMAGED', `${path} holds no proofs of keys`)
      return new Map(Object.entries(proofs).map(([name, proof]) => [name, String(proof)]))
    },
    write: (proofs) => writeWhole(path, encodeCanonical({ v: 1, proofs: Object.fromEntries(proofs) })),
  }
}

/** With another token to go to, a call waits no longer: a reply has eight seconds. */
const pairedTimeoutMs = 3000

/** The token that `init` chose, and HSM_SECOND_TOKEN_URI beside it, where that is set. Throws ENVIRONMENT-VARIABLE. */
export function openTokens(settings: TokenSettings, state: StateFolder): Promise<ServerToken> {
  const second = secondToken(settings)
  if (second === null) return openServerToken(settings, state)
  const refusedPin = state.refusedPinOfSecond
  return openTokenPair(
    { serial: settings.token.serial, open: () => openServerToken(settings, state, pairedTimeoutMs) },
    { serial: second.token.serial, open: () => openServerToken(second, { refusedPin }, pairedTimeoutMs) },
    proofFile(state.tokenProofs),
  )
}

/** Its library and PIN file are those of the first, unless the URI names others. */
function secondToken({ token, pinFile }: TokenSettings): TokenSettings | null {
  const uri = variable('HSM_SECOND_TOKEN_URI')
  if (uri === undefined) return null
  const read = parseTokenUri(uri)
  if (!read.ok) throw unfit(read.detail)
  const { serial, modulePath, pin } = read.value
  if (serial === null) throw unfit('expected pkcs11:serial=…')
  if (serial === token.serial) throw unfit('it is the first token')
  const own = pin === 'pin-pad' ? null : (pin?.file ?? pinFile)
  // Of another library's file init found nothing.
  const { librarySha256: _first, ...others } = token
  const place =
    modulePath === null || modulePath === token.library ? token : { ...others, library: modulePath }
  return {
    token: { ...place, serial },
    pinFile: own === null ? null : resolve(own),
  }
}

const unfit = (detail: string) =>
  new EnvironmentError('ENVIRONMENT-VARIABLE', `HSM_SECOND_TOKEN_URI: ${detail}`)
