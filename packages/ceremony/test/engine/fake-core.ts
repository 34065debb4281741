import {
  deterministicEntropy,
  encodeCanonical,
  generateIdentity,
  type Json,
  sha256,
  sha256Hex,
  signWith,
  toHex,
  utf8,
} from '@lux/crypto'
import {
  awaitedCheckpoint,
  type Command,
  type Decision,
  type Domain,
  decide,
  type Effect,
  type ExceptionDecision,
  evolve,
  initialState,
  type Needs,
  type OwnEffect,
  owed,
  type Plan,
  proposedDocument,
  type RunHeader,
  replay,
  type State,
  type StoredEntry,
  type TranscriptHead,
  templates,
  view,
} from '../../src/index.ts'
import { decryptionRequestCodec } from '../../src/wire/decryption-request.ts'
import { exceptionCodec } from '../../src/wire/exception.ts'
import { answerFor, nextAcknowledgement, requestFor, requestTime, someAuthorities } from './fhe-people.ts'
import { entropy, sign, someone, someServer } from './seats.ts'

const hash = (text: string) => sha256Hex(utf8(text))
const ceremonyIdentity = generateIdentity(deterministicEntropy(sha256(utf8('ceremony key'))), [
  'p256',
  'mlDsa65',
])
const ceremonySignature = signWith(ceremonyIdentity, 'lux-custody/test/v1/rehearsal', utf8('anything'))

export class Crash extends Error {}

type Object_ = { ckaId: string; class: string; label: string }

/** What survives a crash: the journal, the token and the files. */
export type Disk = {
  entries: StoredEntry[]
  token: Object_[]
  initialised: boolean
  files: Record<string, Json>
  generated: string[]
}

export function freshDisk(): Disk {
  return { entries: [], token: [], initialised: false, files: {}, generated: [] }
}

/** An executor in memory: it does what the engine owes and answers as people and a token would. */
export class FakeCore {
  state: State
  readonly disk: Disk
  readonly header: RunHeader
  readonly plan: Plan
  readonly withServer: boolean
  /** Counts places where a crash may strike; at `crashAt` it does. */
  edge = 0
  crashAt = -1
  loggedIn = false
  /** Makes an effect fail or answer differently, once per call. */
  spoil: (
    effect: OwnEffect,
    result: Json,
  ) => { result: Json } | { failure: { code: string; detail: string } } | null = () => null
  onEdge: () => void = () => {}

  constructor(plan: Plan, hashOfPlan: string, domain: Domain, withServer = true, disk = freshDisk()) {
    this.plan = plan
    this.withServer = withServer
    this.disk = disk
    this.header = {
      ceremonyId: '00112233445566778899aabbccddeeff',
      domain,
      planHash: hashOfPlan,
      policyDigest: plan.policy,
    }
    if (disk.entries.length === 0)
      for (const { id, existing } of plan.keys)
        if (existing !== undefined) disk.token.push({ ckaId: existing.ckaId, class: 'secret-key', label: id })
    const loaded = replay(this.header, plan, disk.entries)
    if (!loaded.ok) throw new Error(loaded.detail)
    this.state = disk.entries.length === 0 ? initialState(this.header, plan) : loaded.state
  }

  get domain(): Domain {
    return this.header.domain
  }

  private mayCrash(): void {
    this.onEdge()
    if (this.edge++ === this.crashAt) throw new Crash()
  }

  dispatch(command: Command): Decision {
    const decision = decide(this.state, command)
    if (!decision.ok) return decision
    for (const event of decision.events) {
      const seq = String(this.state.size)
      const time = `2026-01-31T09:${String(Math.floor(this.state.size / 60) % 60).padStart(2, '0')}:${String(this.state.size % 60).padStart(2, '0')}.000Z`
      const entry = { ...event, seq, time }
      this.disk.entries.push(JSON.parse(JSON.stringify(entry)))
      this.state = evolve(this.state, entry)
    }
    this.mayCrash()
    return decision
  }

  must(command: Command): void {
    const decision = this.dispatch(command)
    if (!decision.ok) throw new Error(`${command.type}: ${decision.rule} ${decision.detail}`)
  }

  startCommand(): Command & { type: 'start' } {
    const server = someServer(this.domain)
    return {
      type: 'start',
      by: 'Administrator',
      terms: { officers: 2, witnesses: 2, approvers: 2 },
      cards: this.plan.people.map(({ role, name }) => someone(role, name, this.domain).card),
      destinations: this.withServer
        ? this.plan.destinations.map(() => ({ card: server.card, transport: server.transport }))
        : [],
      authorities: someAuthorities(this.domain),
      epoch: this.plan.fhe?.existing ?? null,
      tokens: this.plan.tokens.map(({ role, serial }) => ({ role, serial: serial === 'new' ? '' : serial })),
    }
  }

  /** After a crash: what core does when it loads a run that is not at rest. */
  restart(): void {
    if (!this.state.started) return
    if (view(this.state).current === null) return
    this.loggedIn = false
    this.must({ type: 'pause', by: 'core', cause: 'restart', reason: 'the program was restarted' })
    this.must({ type: 'resume', by: 'Operator' })
  }

  /** One thing: an effect, or what people have to do. False when nothing is left. */
  step(): boolean {
    const effect = owed(this.state)
    if (effect !== null) {
      this.perform(effect)
      return true
    }
    const { needs, current } = view(this.state)
    if (needs === null) return false
    switch (needs.kind) {
      case 'start':
        this.must(this.startCommand())
        return true
      case 'confirm':
      case 'pin':
      case 'values': {
        const asked = needs.kind === 'confirm' ? [] : needs.values
        const input = Object.fromEntries(
          asked.map(({ id, format }) => [id, format === 'time' ? '2026-01-31T09:00Z' : '42']),
        )
        this.must({ type: 'proceed', step: current!, by: needs.names[0]!, input })
        return true
      }
      case 'signatures': {
        const roles = { checkpoint: 'witness', 'decryption-approval': 'approver' } as Record<string, string>
        const role = roles[needs.what] ?? 'officer'
        const payload = this.signedBytes(needs.what)
        const person = someone(role, needs.missing[0]!, this.domain)
        this.must({
          type: 'submit',
          what: needs.what,
          payload,
          signature: sign(person.identity, needs.what, this.domain, payload),
        })
        return true
      }
      case 'acknowledgements': {
        const payload = this.acknowledgement(needs.missing[0]!)
        const person = someone('holder', needs.missing[0]!, this.domain)
        this.must({
          type: 'submit',
          what: 'acknowledgement',
          payload,
          signature: sign(person.identity, 'acknowledgement', this.domain, payload),
        })
        return true
      }
      case 'receipt': {
        const payload = this.receipt()
        this.must({
          type: 'submit',
          what: 'receipt',
          payload,
          signature: sign(someServer(this.domain).receipt, 'receipt', this.domain, payload),
        })
        return true
      }
      case 'request':
        this.must({
          type: 'take-request',
          decryption: needs.decryption,
          package: requestFor(this, needs.decryption) as unknown as Json,
          now: requestTime,
        })
        return true
      case 'answers':
      case 'result':
      case 'epoch-approvals':
      case 'redeals':
        this.must(answerFor(this, needs))
        return true
      case 'exception':
        this.must({
          type: 'decide-exception',
          by: 'Officer One',
          decision: needs.choices[0]!,
          reason: 'decided in the test',
          head: this.head(),
        })
        return true
      case 'resume':
        this.must({ type: 'resume', by: 'Operator' })
        return true
      case 'wait':
        throw new Error(`nothing is owed, yet the run waits for ${needs.effect}`)
    }
  }

  runToEnd(limit = 1000): void {
    for (let count = 0; this.step(); count++) if (count > limit) throw new Error('the run does not end')
  }

  /** Steps until the run stands at this step with nothing owed and nothing done in it. */
  runTo(step: string): void {
    while (view(this.state).current !== step) if (!this.step()) throw new Error(`never at ${step}`)
  }

  /** Steps until the engine owes an effect of this kind whose intent is logged or not needed. */
  runToEffect(kind: Effect['kind']): OwnEffect {
    for (;;) {
      const effect = owed(this.state)
      if (
        effect !== null &&
        effect.kind === kind &&
        effect.kind !== 'reconcile' &&
        effect.intent !== 'needed'
      )
        return effect
      if (!this.step()) throw new Error(`${kind} is never owed`)
    }
  }

  perform(effect: Effect): void {
    const { step, attempt } = effect
    if (effect.kind === 'reconcile') {
      const finding = this.look(effect.of)
      this.must({ type: 'reconcile', step, attempt, finding })
      return
    }
    if (effect.intent === 'needed') {
      this.must({
        type: 'intend',
        step,
        attempt,
        nonce: toHex(entropy.bytes(16)),
        rootId: toHex(entropy.bytes(16)),
      })
      return
    }
    const result = this.execute(effect)
    const spoilt = this.spoil(effect, result) ?? { result }
    this.mayCrash()
    this.must({ type: 'outcome', step, attempt, effect: effect.kind, ...spoilt })
  }

  look(effect: OwnEffect): { found: 'absent'; detail: string } | { found: 'adopted'; result: Json } {
    const file = this.disk.files[`${effect.step}/${effect.attempt}/${effect.kind}`]
    if (file === undefined || effect.kind === 'log-in' || effect.kind === 'probe-token')
      return { found: 'absent', detail: 'nothing there' }
    return { found: 'adopted', result: file }
  }

  execute(effect: OwnEffect): Json {
    if ('discard' in effect)
      this.disk.token = this.disk.token.filter(({ ckaId }) => !effect.discard.includes(ckaId))
    const result = this.resultOf(effect)
    this.disk.files[`${effect.step}/${effect.attempt}/${effect.kind}`] = result
    return result
  }

  private resultOf(effect: OwnEffect): Json {
    if ('serial' in effect && !['initialise-token', 'log-in'].includes(effect.kind) && !this.loggedIn)
      throw new Error(`${effect.kind} without a log-in`)
    switch (effect.kind) {
      case 'measure-machine':
        return {
          tool: this.plan.tool,
          kernel: 'Linux 6.1',
          library: hash('library'),
          tpmQuote: 'none',
          files: hash('files'),
        }
      case 'initialise-token':
        this.disk.initialised = true
        return { serial: 'feedbeef', label: effect.label, model: 'SoftHSM v2', firmware: '2.6' }
      case 'log-in':
        this.loggedIn = true
        return { serial: effect.serial, pinState: 'ok' }
      case 'probe-token':
        return {
          serial: effect.serial,
          passed: true,
          attacks: [{ name: 'wrap-then-decrypt', hardened: 'held', default: 'broke' }],
          wrapMechanism: 'CKM_AES_KEY_WRAP_PAD',
          level: 'E1',
        }
      case 'inventory': {
        const objects = [...this.disk.token]
        return { serial: effect.serial, objects, unreadable: 0, digest: sha256Hex(encodeCanonical(objects)) }
      }
      case 'make-ceremony-key':
        this.make(effect.ckaId, 'private-key', 'ceremony')
        this.make(effect.sealCkaId, 'secret-key', 'seal')
        return {
          keys: ceremonyIdentity.keys,
          evidence: evidence(effect.ckaId, templates.ceremonyKey),
          mlDsaSealed: hash('seed'),
        }
      case 'sign-opening':
        return { digest: sha256Hex(this.signedBytes('opening')), signature: ceremonySignature }
      case 'make-checkpoint':
        return {
          size: effect.size,
          node: hash(`node ${effect.size}`),
          root: hash(`root ${effect.size}`),
          digest: sha256Hex(checkpointBytes(effect.size)),
          signature: ceremonySignature,
        }
      case 'generate-root':
        this.make(effect.ckaId, 'secret-key', effect.key.id)
        return {
          evidence: evidence(
            effect.ckaId,
            effect.destinations.length > 0 ? templates.root : templates.bornClosed,
          ),
          mechanism: effect.mechanism,
          blobs: effect.destinations.map(({ serial }) => ({
            serial,
            wrapped: hash(`${serial} ${effect.ckaId}`),
            sealed: hash(`sealed ${serial}`),
          })),
          trusted: effect.destinations.map(() => someServer(this.domain).trusted),
        }
      case 'read-back':
        return { evidence: evidence(effect.ckaId, templates.root) }
      case 'generate-key':
        this.disk.generated.push(effect.key.id)
        return {
          evidence: evidence(effect.ckaId, templates.wrappedOnce),
          mechanism: effect.mechanism,
          wrapped: hash(`${effect.key.id} ${effect.ckaId}`),
        }
      case 'prove-possession':
        return {
          mechanism: effect.mechanism,
          digest: hash(`possession ${effect.key.id} ${effect.challenge}`),
        }
      case 'fhe-deal':
        this.disk.generated.push(effect.fhe.id)
        return {
          keyId: hash('fhe key'),
          epochId: hash('epoch'),
          public: { sha256: hash('pub'), size: 16384 },
          publicKey: { sha256: hash('pk'), size: 1 },
          serverKey: null,
          shares: effect.holders.map(({ index, name }) => ({
            holder: name,
            index,
            shareDigest: hash(`share ${index} ${effect.attempt}`),
            envelopeDigest: hash(`envelope ${index} ${effect.attempt}`),
          })),
        }
      case 'assemble-epoch':
        return {
          epochId: hash(`epoch ${effect.old.epoch + 1}`),
          epoch: effect.old.epoch + 1,
          public: { sha256: hash('next pub'), size: 16384 },
          commitments: hash('next commitments'),
          corrections: effect.dealers.map(({ correction }) => correction),
        }
      case 'sign-epoch-live':
        return { digest: hash(`live ${effect.epochId}`), signature: ceremonySignature }
      case 'build-bundle':
        return { digest: hash('bundle'), subject: sha256Hex(this.signedBytes('bundle')), size: 4096 }
      case 'sign-bundle':
        return { digest: effect.digest, signature: ceremonySignature }
      case 'write-bundle':
        return { digest: effect.digest, sha256: hash('bundle.zip'), size: 123456 }
      case 'write-medium':
        return { medium: 'USB stick 7', sha256: effect.sha256, readBack: effect.sha256 }
      case 'close-out':
        return { digest: hash('closeout'), signature: ceremonySignature }
      case 'destroy-ceremony-key':
        this.disk.token = this.disk.token.filter(
          ({ ckaId }) => ckaId !== effect.ckaId && ckaId !== effect.sealCkaId,
        )
        return { ckaId: effect.ckaId, absent: true }
    }
  }

  private make(ckaId: string, kind: string, label: string): void {
    if (!/^[0-9a-f]{32}$/.test(ckaId)) throw new Error(`no CKA_ID for ${label}`)
    this.disk.generated.push(label)
    this.disk.token.push({ ckaId, class: kind, label })
  }

  /** Of the transcript as it stands; this core keeps no chain. */
  head(): TranscriptHead {
    const size = String(this.state.size)
    return { size, node: hash(`node ${size}`), root: hash(`root ${size}`) }
  }

  /** Somebody proposes, and as many officers as are needed sign. */
  decide(decision: ExceptionDecision, reason = 'decided in the test', by = 'Officer One'): void {
    this.must({ type: 'decide-exception', by, decision, reason, head: this.head() })
    for (let { needs } = view(this.state); needs?.kind === 'signatures'; { needs } = view(this.state)) {
      if (needs.what !== 'exception') return
      this.step()
    }
  }

  signedBytes(what: Extract<Needs, { kind: 'signatures' }>['what']): Uint8Array {
    const asked = this.state.decryptions.findLast(({ request }) => request !== null)?.request
    if (what === 'decryption-approval' && asked) return decryptionRequestCodec.signedBytes(asked)
    const proposed = proposedDocument(this.state)
    if (what === 'exception' && proposed !== null) return exceptionCodec.signedBytes(proposed)
    return what === 'checkpoint'
      ? checkpointBytes(awaitedCheckpoint(this.state)?.size ?? 0)
      : utf8(`the ${what} of ${this.header.planHash}`)
  }

  /** What the next person who is missing would send, changed; for answers, results, approvals and deals of an epoch. */
  answer(change: Record<string, unknown>): Command & { type: 'submit' } {
    const { needs } = view(this.state)
    if (needs === null) throw new Error('the run is over')
    switch (needs.kind) {
      case 'answers':
      case 'result':
      case 'epoch-approvals':
      case 'redeals':
        return answerFor(this, needs, change)
      default:
        throw new Error(`the run needs ${needs.kind}`)
    }
  }

  acknowledgement(name: string): Uint8Array {
    const { fhe, ceremonyId, reshare } = this.state
    if (reshare?.next) return nextAcknowledgement(this, name)
    const share = fhe!.shares.find(({ holder }) => holder === name)!
    const { shareDigest, envelopeDigest, index } = share
    return encodeCanonical({
      v: 1,
      kind: 'acknowledgement',
      domain: this.domain,
      ceremonyId,
      keyId: fhe!.keyId,
      epochId: fhe!.epochId,
      holder: index,
      name,
      shareDigest,
      envelopeDigest,
    })
  }

  receipt(change: Record<string, Json> = {}): Uint8Array {
    const server = someServer(this.domain)
    const root = this.state.keys.find(({ level }) => level === 'root')
    const proof = this.state.proofs.find(({ key }) => key === root?.id)
    const roots =
      root === undefined
        ? []
        : [
            {
              key: root.id,
              rootId: root.rootId,
              node: server.node,
              serial: server.serial,
              ckaId: '44'.repeat(16),
              mechanism: proof!.mechanism,
              possession: proof!.digest,
              attributes: { EXTRACTABLE: false },
              transportKeyDestroyed: true,
            },
          ]
    return encodeCanonical({
      v: 1,
      kind: 'receipt',
      domain: this.domain,
      ceremonyId: this.state.ceremonyId,
      bundleDigest: this.state.bundle!.digest,
      audience: server.audience,
      sequence: '1',
      roots,
      policyVersion: 1,
      policyDigest: this.plan.policy,
      time: '2026-01-31T10:00:00.000Z',
      ...change,
    })
  }
}

function checkpointBytes(size: number): Uint8Array {
  return utf8(`checkpoint over ${size}`)
}

function evidence(ckaId: string, attributes: Record<string, boolean | number | string>) {
  return { ckaId, label: 'label', level: 'E1', attributes: { ...attributes } }
}
