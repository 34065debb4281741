import { join } from 'node:path'
import { type RunView as EngineView, readEntry } from '@lux/ceremony'
import { holderBefore, stepFacts } from '@lux/ceremony/plan'
import type { TokenInfo } from '@lux/hsm'
import { wordsOf } from '@lux/people'
import type * as contract from '../../../contract/index.ts'
import { keyLeftBehind } from '../../runs/closing/close-aborted.ts'
import { leftOnTokens } from '../../runs/closing/left-on-tokens.ts'
import { bundleFile } from '../../runs/effects/sealing/bundle.ts'
import { keptIn } from '../../runs/folder/places.ts'
import type { Run } from '../../runs/run/run.ts'
import { behindPause } from '../../use-cases/paused.ts'
import { pinStateOf } from '../tokens/token-view.ts'
import { currentOf } from './current-step.ts'
import { statementCommands } from './holder-commands.ts'
import { partsOf } from './run-parts.ts'
import type { Around } from './step-needs.ts'

/** A run as the window shows it: the engine's view, with what only core knows (files, tokens that are here, work). */
export function runViewOf(run: Run, around: Around): contract.RunView {
  const view = run.view()
  const { folder } = run
  const { state } = folder
  const current = currentOf(run, view, around)
  const open = view.exceptions.find(({ decision }) => decision === null)
  return {
    id: view.ceremonyId,
    title: view.title,
    organisation: view.organisation,
    domain: view.domain,
    state: runState(view.state),
    created: folder.header.created,
    folder: folder.path,
    planHash: view.planHash,
    planWords: wordsOf(view.planHash),
    policyDigest: state.policyDigest,
    policyWords: wordsOf(state.policyDigest),
    people: state.plan.people
      // A holder who stays for the next epoch has a seat for each.
      .filter((person) => person.role !== 'holder' || holderBefore(state.plan.people, person.name) === person)
      .map(({ name, role }) => ({ name, role, standIn: around.standIns.has(name) })),
    inRoom: view.inRoom,
    here: view.here,
    tokens: state.tokens.map(({ role, serial }) => runToken(role, serial, around.tokens)),
    parts: partsOf(view, keptIn(folder)),
    current,
    unstated: view.unstated,
    epochLive: state.reshare?.live == null ? null : { file: join(folder.path, 'fhe', 'epoch-live.json') },
    carried: view.carried,
    mayState: current !== null && hearsStatements(current.blocked, around.standIns.size > 0),
    statementCommands:
      view.unstated.length > 0 && around.standIns.size === 0
        ? statementCommands(view.unstated, around.requests)
        : null,
    evidence: view.evidence,
    // Once a decision is proposed, what is needed is the officers' signatures under it.
    exception: open === undefined || open.proposal !== null ? null : exceptionOf(open, state),
    paused: view.needs?.kind === 'resume' ? pausedBy(run, around.standIns.size > 0) : null,
    checkpoints: view.checkpoints.map(({ size, cosigned }) => {
      const root = state.checkpoints.find((one) => one.size === size)?.root ?? ''
      const missing = state.plan.people
        .filter(({ role, name }) => role === 'witness' && !cosigned.includes(name))
        .map(({ name }) => name)
      return { size, root, words: wordsOf(root), signedBy: [...cosigned], missing }
    }),
    keys: plannedKeys(run, view),
    gathered: gatheredOf(run, view),
    remarks: remarksOf(run),
    progress: view.progress,
    work: run.work === null ? null : { ...run.work, cancellable: run.cancellable },
    keyLeft: keyLeftBehind(folder)?.serial ?? null,
    leftOnTokens:
      view.state === 'Aborted'
        ? leftOnTokens(folder).map(({ serial, ckaId, label }) => ({ serial, ckaId, label }))
        : [],
    bundle:
      view.bundle?.sha256 == null
        ? null
        : {
            path: join(folder.path, bundleFile),
            digest: view.bundle.digest,
            words: wordsOf(view.bundle.digest),
            bytes: view.bundle.size ?? 0,
          },
    may: {
      pause: view.pausable,
      resume: view.needs?.kind === 'resume',
      abort: view.abortable,
      cancel: run.cancellable,
      note: view.notable,
      hear: folder.plan.v >= 3,
      deviate: view.pausable && open === undefined,
    },
  }
}

/** Signatures under the opening and the bundle, and the holders' proofs, from the moment there is something to sign. */
function gatheredOf({ folder: { state } }: Run, view: EngineView): contract.GatheredView[] {
  return view.signatures.flatMap(({ what, present, missing }) => {
    if (what !== 'opening' && what !== 'bundle' && what !== 'acknowledgement') return []
    const required = what === 'acknowledgement' ? present.length + missing.length : state.terms.officers
    return [{ what, present: [...present], missing: [...missing], required }]
  })
}

/** A pause is ended by a person's file, and not by a stand-in. */
function hearsStatements(blocked: contract.BlockedReason | null, rehearsed: boolean): boolean {
  if (blocked === 'paused') return !rehearsed
  return blocked === null || blocked === 'file-missing' || blocked === 'pin-missing'
}

/** What the last entry of its kind says; the engine's state keeps only that the run is paused. */
function pausedBy(run: Run, rehearsed: boolean): contract.RunView['paused'] {
  const last = [...run.folder.entries()].findLast(({ kind }) => kind === 'run.paused')
  const read = last === undefined ? null : readEntry(last)
  if (read === null || !read.ok || read.entry.kind !== 'run.paused') return null
  const { by, cause, reason } = read.entry.fact
  const behind = behindPause(run, rehearsed)
  const awaits = behind && {
    from: [...behind.from],
    where: behind.where,
    vendor: behind.vendor,
    come: behind.come,
  }
  return { cause, by: cause === 'person' ? by : '', reason, awaits }
}

export function runState(state: EngineView['state']): contract.RunState {
  // The engine's names are the contract's in lower case.
  return state.toLowerCase() as contract.RunState
}

function exceptionOf(
  open: EngineView['exceptions'][number],
  { plan, terms }: Run['folder']['state'],
): contract.ExceptionView {
  const code = /^([A-Z0-9-]+): /.exec(open.happened)?.[1] ?? `EXCEPTION-${open.about.toUpperCase()}`
  return {
    id: String(open.id),
    step: open.step,
    about: open.about,
    code,
    happened: open.happened,
    expected: open.expected,
    decisions: [...open.choices],
    signers: {
      required: terms.officers,
      names: plan.people.filter(({ role }) => role === 'officer').map(({ name }) => name),
    },
    compared: open.compared && { ...open.compared, words: wordsOf(open.compared.digest) },
  }
}

function runToken(role: string, serial: string, tokens: readonly TokenInfo[]): contract.RunTokenView {
  const info = serial === '' ? undefined : tokens.find((one) => one.serial === serial)
  return {
    role,
    serial,
    label: info?.label ?? '',
    present: info !== undefined,
    session: info?.loggedIn ?? 'none',
    pin: pinStateOf(info?.pin.user ?? 'not-set'),
  }
}

/** The keys of the plan with the step that makes each; a key that was there before the run has none. */
function plannedKeys(run: Run, view: EngineView): contract.KeyView[] {
  const { plan } = run.folder
  const shown = view.parts.flatMap(({ steps }) => steps)
  const planned = plan.parts.flatMap(({ steps }) => steps)
  const places = planned.map((step, at) => ({ step, at, progress: shown[at] }))

  function standing(id: string): Pick<contract.KeyView, 'step' | 'state' | 'madeAt'> {
    const made = places.find(({ step }) => {
      const { key } = stepFacts[step.do]
      return key?.makes === 'the key that it names' ? step.key === id : key?.makes === 'the threshold key'
    })
    if (made?.progress === undefined) return { step: null, state: 'before', madeAt: null }
    const { state, finished, id: stepId } = made.progress
    const now = view.current === stepId
    return {
      step: made.at + 1,
      state: state === 'Done' ? 'made' : now ? 'now' : 'todo',
      madeAt: finished,
    }
  }

  const keys = plan.keys.map(
    ({ id, name, level, parent, existing }): contract.KeyView => ({
      id,
      name,
      level,
      parent: parent ?? null,
      ...(existing === undefined ? standing(id) : { step: null, state: 'before', madeAt: null }),
    }),
  )
  const { fhe } = plan
  if (fhe === undefined) return keys
  const threshold: contract.KeyView = {
    id: fhe.id,
    name: fhe.id,
    level: 'threshold',
    parent: null,
    ...(fhe.existing === undefined ? standing(fhe.id) : { step: null, state: 'before', madeAt: null }),
  }
  return [...keys, threshold]
}

type Read = { upTo: number; remarks: contract.Remark[] }

/** A log only grows, so what was read of it once is not read again. */
const known = new WeakMap<Run, Read>()

/** What people wrote down and what nobody foresaw, in the order of the transcript; deviations with what was decided about them. */
const remarked: ReadonlySet<string> = new Set([
  'note.made',
  'exception.opened',
  'exception.decided',
  'run.aborted',
])

function remarksOf(run: Run): contract.Remark[] {
  const read = known.get(run) ?? { upTo: 0, remarks: [] }
  for (const entry of run.folder.entries(read.upTo)) {
    read.upTo += 1
    if (!remarked.has(entry.kind)) continue
    const event = readEntry(entry)
    if (event.ok) take(read.remarks, event.entry)
  }
  known.set(run, read)
  return [...read.remarks]
}

type Event = Extract<ReturnType<typeof readEntry>, { ok: true }>['entry']

function take(remarks: contract.Remark[], event: Event): void {
  const { stepId: step, time: at } = event
  switch (event.kind) {
    case 'note.made':
      remarks.push({
        kind: 'note',
        step,
        at,
        by: event.fact.by,
        text: event.fact.text,
        decided: null,
        compared: null,
      })
      break
    case 'exception.opened': {
      const { by, happened, about, compared = null } = event.fact
      remarks.push({
        kind: 'deviation',
        step,
        at,
        by: about === 'reported' ? by : '',
        text: happened,
        decided: null,
        compared,
      })
      break
    }
    case 'run.aborted': {
      const { by, reason } = event.fact
      // Officers who decided so stand at the deviation.
      if (remarks.at(-1)?.decided !== 'abort')
        remarks.push({ kind: 'deviation', step, at, by, text: reason, decided: 'abort', compared: null })
      break
    }
    case 'exception.decided': {
      const open = remarks.findLast(({ kind, decided }) => kind === 'deviation' && decided === null)
      if (open !== undefined) open.decided = event.fact.decision
      break
    }
    default:
      break
  }
}
