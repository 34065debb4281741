import { type Json, sha256Hex, toHex, utf8 } from '@lux/crypto'
import {
  type Command,
  type Decision,
  type Domain,
  decide,
  type Effect,
  type ExceptionDecision,
  evolve,
  initialState,
  type Needs,
  type NewEvent,
  type OwnEffect,
  owed,
  type Plan,
  type RunHeader,
  replay,
  type State,
  type TranscriptHead,
  view,
} from '../../src/exports/engine.ts'
import { answerNeeds } from './fake-answers.ts'
import { Crash, type Disk, freshDisk } from './fake-disk.ts'
import { acknowledgementOf, receiptOf, signedBytes } from './fake-papers.ts'
import { resultOf } from './fake-results.ts'
import { answerFor, someAuthorities } from './fhe-people.ts'
import { entropy, someoneAt, someServer } from './seats.ts'

const hash = (text: string) => sha256Hex(utf8(text))
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
  /** People sign at the workstation itself. */
  here = false
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
        if (existing !== undefined) disk.token.push({ ckaId: existing.ckaId, class: 'secret', label: id })
    const loaded = replay(this.header, plan, disk.entries)
    if (!loaded.ok) throw new Error(loaded.detail)
    this.state = disk.entries.length === 0 ? initialState(this.header, plan) : loaded.state
  }

  /** The same run again, whose disk and state go on by themselves; nothing is replayed. */
  fork(): FakeCore {
    const { entries, token, others, files, generated, initialised } = this.disk
    const disk: Disk = {
      ...{ entries: [...entries], token: [...token], files: { ...files }, generated: [...generated] },
      ...{ others: { ...others }, initialised },
    }
    return Object.assign(Object.create(FakeCore.prototype), this, { disk })
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
    if (decision.ok) this.take(decision.events)
    return decision
  }

  /** What was decided is appended, and the state is what it leads to. */
  take(events: readonly NewEvent[]): void {
    for (const event of events) {
      const seq = String(this.state.size)
      const time = `2026-01-31T09:${String(Math.floor(this.state.size / 60) % 60).padStart(2, '0')}:${String(this.state.size % 60).padStart(2, '0')}.000Z`
      const entry = { ...event, seq, time }
      this.disk.entries.push(JSON.parse(JSON.stringify(entry)))
      this.state = evolve(this.state, entry)
    }
    this.mayCrash()
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
      cards: this.plan.people.map((_, at) => someoneAt(this.plan.people, at, this.domain).card),
      destinations: this.withServer
        ? this.plan.destinations.map(({ transport }) => ({
            card: server.card,
            transport: transport === undefined ? null : server.transport,
          }))
        : [],
      authorities: someAuthorities(this.domain),
      epoch: this.plan.fhe?.existing ?? null,
      backup: this.plan.recovery?.backup ?? null,
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
    return answerNeeds(this)
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
    const result = resultOf(this, effect)
    this.disk.files[`${effect.step}/${effect.attempt}/${effect.kind}`] = result
    return result
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
    return signedBytes(this, what)
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
    return acknowledgementOf(this, name)
  }

  receipt(change: Record<string, Json> = {}): Uint8Array {
    return receiptOf(this, change)
  }
}
