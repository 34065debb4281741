import { unprovedOf } from '../bundle/unproved.ts'
import { millisecondsOf } from '../documents/format/milliseconds.ts'
import { runState, view } from '../engine/view.ts'
import type { Entry } from '../model/events.ts'
import type { State } from '../model/state.ts'
import { stepFacts } from '../steps/facts.ts'
import type { Header } from '../transcript/schema.ts'
import type { Account, AccountDeviation, AccountStep, Heard, Signed } from './told.ts'

/** `entries`: all of the run, in their order; `state`: what they lead to. */
export function accountOf(header: Header, state: State, entries: readonly Entry[]): Account {
  const shown = view(state)
  const told = tell(state, entries)
  const { plan } = state
  return {
    domain: header.domain,
    organisation: plan.organisation.name,
    ceremonyId: header.ceremonyId,
    title: plan.title,
    state: runState(state),
    tool: header.tool,
    machine: { kernel: header.machine.kernel, measurement: header.machine.measurement },
    planHash: header.planHash,
    policyDigest: header.policyDigest,
    begun: entries[0]?.time ?? null,
    ended: shown.over ? (entries.at(-1)?.time ?? null) : null,
    entries: entries.length,
    bundle: bundleOf(state, told.built),
    tokens: header.tokens.map(({ role, serial, profile, library, shim, device }) => ({
      role,
      label: plan.tokens.find((token) => token.role === role)?.label ?? '',
      // A token that the run initialised has its serial since then.
      serial: serialOf(state, role) || serial,
      profile,
      library,
      shim: shim ?? null,
      device: device ?? told.devices.get(role) ?? null,
    })),
    people: peopleOf(state, told),
    standIns: header.standIns.map((one) => ({ ...one })),
    clocks: told.clocks,
    parts: shown.parts.map(({ kind }, index) => {
      const steps = told.steps.filter((_, at) => state.steps[at]?.part === index)
      return {
        kind,
        begun: steps.find(({ begun }) => begun !== null)?.begun ?? null,
        ended: steps.every(({ ended, state: of }) => ended !== null || of === 'Skipped')
          ? (steps.findLast(({ ended }) => ended !== null)?.ended ?? null)
          : null,
        steps,
      }
    }),
    keys: keysOf(state, shown.evidence),
    threshold: state.epoch && {
      keyId: state.epoch.keyId,
      t: state.epoch.t,
      holders: [...state.epoch.holders],
    },
    servers: state.destinations.map((one) => ({
      name: 'node' in one ? one.node : '',
      id: one.audience,
    })),
    deviations: told.deviations,
    checkpoints: shown.checkpoints.map(({ size, reason, digest, cosigned }) => ({
      size,
      reason,
      digest,
      cosigned,
    })),
    signedHere: told.signedHere,
    unproved: unprovedOf(
      { domain: header.domain, fhe: plan.fhe ?? null },
      { isPolicyMissing: false, signedHere: told.signedHere },
    ),
  }
}

type Told = {
  steps: AccountStep[]
  deviations: AccountDeviation[]
  clocks: Account['clocks']
  roll: ReadonlyMap<string, { said: string; at: string }>
  came: ReadonlyMap<string, string>
  devices: ReadonlyMap<string, { maker: string; model: string; firmware: string }>
  signedHere: string[]
  /** Number of entries before the bundle was put together. */
  built: number | null
}

/** One pass over the entries: what each adds to its step. */
function tell(state: State, entries: readonly Entry[]): Told {
  const steps = stepsTold(state)
  const byId = new Map(steps.map((step) => [step.id, step]))
  const deviations: AccountDeviation[] = []
  const differed = new Set<number>()
  const clocks: Account['clocks'] = []
  const roll = new Map<string, { said: string; at: string }>()
  const came = new Map<string, string>()
  const devices = new Map<string, { maker: string; model: string; firmware: string }>()
  const signedHere = new Set<string>()
  let built: number | null = null
  // Who was there before the roll call and away at it has not come by that.
  const comes = (name: string, at: string): void => {
    if (roll.has(name) && !came.has(name)) came.set(name, at)
  }

  for (const entry of entries) {
    const { seq, time: at, stepId } = entry
    const step = byId.get(stepId)
    if (step !== undefined) {
      const place = Number(seq)
      step.entries = { first: step.entries?.first ?? place, last: place }
    }
    const signed = signedIn(entry)
    if (signed !== null) {
      step?.signed.push(signed)
      if (signed.here) signedHere.add(signed.name)
      if (signed.here) comes(signed.name, at)
      if (entry.kind === 'signature.accepted' && entry.fact.what === 'exception')
        deviations.at(-1)?.signed.push(signed.name)
    }
    switch (entry.kind) {
      case 'step.confirmed': {
        const { by, input } = entry.fact
        if (step === undefined) break
        if (!step.by.includes(by)) step.by.push(by)
        const of = state.steps[step.number - 1]?.step.do
        const says = of === undefined ? undefined : stepFacts[of].says
        for (const [name, value] of Object.entries(input)) {
          if (says === 'who is here') roll.set(name, { said: value, at })
          const seconds = Math.round((millisecondsOf(value) - millisecondsOf(at)) / 1000)
          if (says === 'the time' && !Number.isNaN(seconds))
            clocks.push({ step: stepId, read: value, at, seconds })
        }
        break
      }
      case 'step.performed':
      case 'step.reconciled': {
        if (entry.fact.effect === 'build-bundle' && isThere(entry)) built = Number(seq)
        const result = entry.fact.result
        const level = levelIn(result)
        if (level !== null && step !== undefined && !step.evidence.includes(level)) step.evidence.push(level)
        const device = deviceIn(result)
        const role = state.steps.find((one) => one.step.id === stepId)?.step.token ?? 'ceremony'
        if (device !== null) devices.set(role, device)
        break
      }
      case 'reading.heard':
        hears(step?.heard, entry.fact.what, entry.fact.by)
        break
      case 'reading.signed':
        hears(step?.heardSigned, entry.fact.payload.what, [entry.fact.payload.name])
        break
      case 'note.made':
        step?.notes.push({ ...entry.fact, at })
        comes(entry.fact.by, at)
        break
      case 'exception.opened': {
        const { id, by, expected, happened } = entry.fact
        if (entry.fact.compared !== undefined) differed.add(id)
        const open = { decision: null, decidedBy: null, reason: null, decidedAt: null, signed: [] }
        deviations.push({ id, step: stepId, at, by, expected, happened, ...open })
        step?.deviations.push(id)
        break
      }
      case 'exception.proposed': {
        // Who signed another proposal did not sign this one.
        const of = deviations.at(-1)
        if (of !== undefined) of.signed = []
        break
      }
      case 'exception.decided': {
        const of = deviations.find(({ id }) => id === entry.fact.id)
        const { by: decidedBy, reason } = entry.fact
        const again = entry.fact.decision === 'continue' && differed.has(entry.fact.id)
        const decision = again ? 'read-again' : entry.fact.decision
        if (of !== undefined) Object.assign(of, { decision, decidedBy, reason, decidedAt: at })
        break
      }
      default:
    }
  }
  return { steps, deviations, clocks, roll, came, devices, signedHere: [...signedHere], built }
}

/** Each kind of words has hearers of its own. */
function hears(heard: Heard[] = [], what: string, names: readonly string[]): void {
  const of = heard.find((one) => one.what === what)
  if (of === undefined) heard.push({ what, names: [...names] })
  else of.names.push(...names.filter((name) => !of.names.includes(name)))
}

/** Done, or found done after a crash. */
const isThere = (entry: Extract<Entry, { kind: 'step.performed' | 'step.reconciled' }>): boolean =>
  entry.kind === 'step.performed' || (entry.fact.found !== 'absent' && entry.fact.found !== 'ambiguous')

function stepsTold(state: State): AccountStep[] {
  return state.steps.map((progress, at) => ({
    number: at + 1,
    id: progress.step.id,
    do: progress.step.do,
    actor: progress.step.actor,
    state: progress.state,
    by: [],
    begun: progress.started,
    ended: progress.finished,
    outcome: progress.summary.map((one) => ({ ...one })),
    evidence: [],
    entries: null,
    heard: [],
    heardSigned: [],
    notes: [],
    signed: [],
    deviations: [],
  }))
}

/** What somebody signed, with a key of their own. */
function signedIn({ kind, fact, time: at }: Entry): Signed | null {
  switch (kind) {
    case 'signature.accepted':
      return { what: fact.what, name: fact.name, at, here: fact.here === true }
    case 'checkpoint.cosigned':
      return { what: 'checkpoint', name: fact.name, at, here: fact.here === true }
    case 'holder.acknowledged':
      return { what: 'acknowledgement', name: fact.name, at, here: fact.here === true }
    case 'custodian.acknowledged':
      return { what: 'custodian-acknowledgement', name: fact.payload.name, at, here: fact.here === true }
    case 'custodian.stated':
      return { what: 'custodian-statement', name: fact.payload.name, at, here: false }
    case 'heartbeat.taken':
      return { what: 'heartbeat', name: fact.payload.name, at, here: false }
    case 'epoch.approved':
      return { what: 'epoch-approval', name: fact.payload.name, at, here: false }
    case 'redeal.taken':
      return { what: 'redeal', name: fact.payload.name, at, here: false }
    case 'answer.taken':
      return { what: 'holder-answer', name: fact.payload.name, at, here: false }
    case 'reading.signed':
      return { what: 'hearing', name: fact.payload.name, at, here: fact.here === true }
    default:
      return null
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function levelIn(result: unknown): string | null {
  const evidence = isRecord(result) ? result.evidence : null
  return isRecord(evidence) && typeof evidence.level === 'string' ? evidence.level : null
}

/** What the probe read of the token, where the header has nothing of it. */
function deviceIn(result: unknown): { maker: string; model: string; firmware: string } | null {
  const token = isRecord(result) ? result.token : null
  if (!isRecord(token)) return null
  const { maker, model, firmware } = token
  return typeof maker === 'string' && typeof model === 'string' && typeof firmware === 'string'
    ? { maker, model, firmware }
    : null
}

const serialOf = (state: State, role: string): string =>
  state.tokens.find((token) => token.role === role)?.serial ?? ''

/** The bundle holds what its last checkpoint covers: the newest before it was put together. */
function bundleOf({ bundle, checkpoints }: State, built: number | null): Account['bundle'] {
  if (bundle === null || built === null) return null
  const last = checkpoints.findLast(({ size }) => size <= built)
  return { digest: bundle.digest, entries: last?.size ?? 0 }
}

function peopleOf({ plan }: State, { roll, came }: Told): Account['people'] {
  const names = [...new Set(plan.people.map(({ name }) => name))]
  return names.map((name) => {
    const roles = [...new Set(plan.people.filter((one) => one.name === name).map(({ role }) => role))]
    const said = roll.get(name)
    if (said === undefined) return { name, roles, presence: 'not-recorded', since: null }
    if (said.said !== 'away') return { name, roles, presence: 'here', since: said.at }
    const since = came.get(name) ?? null
    return { name, roles, presence: since === null ? 'away' : 'late', since }
  })
}

function keysOf(state: State, evidence: ReturnType<typeof view>['evidence']): Account['keys'] {
  const level = (id: string, of: string) =>
    evidence.find((one) => one.id === id && one.level === of)?.evidence ?? ''
  const proof = (id: string) => state.proofs.find(({ key }) => key === id)?.digest ?? null
  const own = state.ceremonyKey
  const ceremony: Account['keys'] =
    own === null
      ? []
      : [
          {
            id: 'ceremony',
            level: 'ceremony',
            serial: serialOf(state, own.token),
            ckaId: own.ckaId,
            evidence: level('ceremony', 'ceremony'),
            proof: null,
            wrapped: false,
          },
        ]
  return [
    ...ceremony,
    ...state.keys.map(({ id, level: of, token, ckaId, wrapped }) => ({
      id,
      level: of,
      serial: serialOf(state, token),
      ckaId,
      evidence: level(id, of),
      proof: proof(id),
      // A root stays in its token, also where a copy of it goes out wrapped.
      wrapped: of !== 'root' && wrapped !== null,
    })),
  ]
}
