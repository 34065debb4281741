import { join } from 'node:path'
import type { StepState as EngineStep, RunView as EngineView, Needs } from '@lux/ceremony'
import { awaitedCheckpoint, readEntry } from '@lux/ceremony'
import type { TokenInfo } from '@lux/hsm'
import type * as contract from '../../contract/index.ts'
import { roleOf } from '../run/drive-rehearsal.ts'
import { packageFile } from '../run/fhe-places.ts'
import { bundleFile } from '../run/perform/bundle.ts'
import { exceptionFile } from '../run/project.ts'
import type { Run } from '../run/run.ts'
import type { SignedKind } from '../run/stand-in-signing.ts'
import { needOfEpochs } from './needs-of-epochs.ts'
import { pinStateOf } from './token-view.ts'
import { wordsOf } from './words.ts'

/** A run as the window shows it: the engine's view, with what only core knows (files, tokens that are here, work). */
export function runViewOf(
  run: Run,
  around: { standIns: ReadonlySet<string>; tokens: readonly TokenInfo[] },
): contract.RunView {
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
    people: state.plan.people.map(({ name, role }) => ({ name, role, standIn: around.standIns.has(name) })),
    tokens: state.tokens.map(({ role, serial }) => runToken(role, serial, around.tokens)),
    parts: partsOf(view),
    current,
    // Once a decision is proposed, what is needed is the officers' signatures under it.
    exception: open === undefined || open.proposal !== null ? null : exceptionOf(open),
    paused: view.needs?.kind === 'resume' ? pausedBy(run) : null,
    checkpoints: view.checkpoints.map(({ size, cosigned }) => {
      const root = state.checkpoints.find((one) => one.size === size)?.root ?? ''
      const missing = state.plan.people
        .filter(({ role, name }) => role === 'witness' && !cosigned.includes(name))
        .map(({ name }) => name)
      return { size, root, words: wordsOf(root), signedBy: [...cosigned], missing }
    }),
    progress: view.progress,
    work: run.work === null ? null : { ...run.work, cancellable: run.cancellable },
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
    },
  }
}

/** What the last entry of its kind says; the engine's state keeps only that the run is paused. */
function pausedBy(run: Run): contract.RunView['paused'] {
  const last = [...run.folder.entries()].findLast(({ kind }) => kind === 'run.paused')
  const read = last === undefined ? null : readEntry(last)
  if (read === null || !read.ok || read.entry.kind !== 'run.paused') return null
  const { by, cause, reason } = read.entry.fact
  return { cause, by: cause === 'person' ? by : '', reason }
}

export function runState(state: EngineView['state']): contract.RunState {
  // The engine's names are the contract's in lower case.
  return state.toLowerCase() as contract.RunState
}

const stepStates: Record<EngineStep, contract.StepState> = {
  Pending: 'pending',
  Ready: 'ready',
  IntentLogged: 'working',
  Executing: 'working',
  OutcomeLogged: 'working',
  Verified: 'working',
  Witnessed: 'working',
  Done: 'done',
  Skipped: 'skipped',
  Unknown: 'unknown',
}

function partsOf(view: EngineView): contract.PartView[] {
  let number = 0
  const failed = view.exceptions.find(({ decision }) => decision === null)?.step
  return view.parts.map(({ kind, steps }, index) => ({
    id: String(index + 1),
    kind,
    title: kind,
    steps: steps.map((step) => {
      number += 1
      return {
        id: step.id,
        number,
        do: step.do,
        title: step.id,
        text: step.text,
        textKey: step.textKey,
        actor: { role: step.actor, name: step.names.join(', ') },
        state: step.id === failed ? 'failed' : stepStates[step.state],
        doneAt: step.finished,
      }
    }),
  }))
}

function currentOf(
  run: Run,
  view: EngineView,
  around: { standIns: ReadonlySet<string>; tokens: readonly TokenInfo[] },
): contract.CurrentStep | null {
  const step = partsOf(view)
    .flatMap(({ steps }) => steps)
    .find(({ id }) => id === view.current)
  const engineStep = view.parts.flatMap(({ steps }) => steps).find(({ id }) => id === view.current)
  if (step === undefined || engineStep === undefined || view.needs === null) return null
  const needs = needsOf(run, view.needs, around)
  const blocked = blockedBy(run, view, needs, around.tokens)
  return {
    ...step,
    needs,
    facts: [
      ...engineStep.summary.map(({ label, value }) => ({ name: label, value, form: formOf(value) })),
      ...shownAloud(view.needs),
      ...proposed(view),
    ],
    mayProceed: blocked === null,
    blocked,
    failure: failureOf(run, view, engineStep.attempt),
  }
}

function formOf(value: string): contract.FactForm {
  if (/^[0-9a-f]{32,}$/.test(value)) return 'hex'
  if (/^\d{4}-\d\d-\d\dT/.test(value)) return 'time'
  if (/^\d+$/.test(value)) return 'number'
  return 'text'
}

function shownAloud(needs: Needs): contract.Fact[] {
  if (needs.kind !== 'confirm') return []
  return needs.shows.flatMap(({ label, words, hex }): contract.Fact[] => [
    { name: label, value: words.join(' '), form: 'words' },
    { name: label, value: hex, form: 'hex' },
  ])
}

/** What officers are about to sign, and who proposed it. */
function proposed(view: EngineView): contract.Fact[] {
  const open = view.exceptions.find(({ decision }) => decision === null)
  if (open?.proposal == null) return []
  const { by, reason, decision } = open.proposal
  const shown = {
    expected: open.expected,
    happened: open.happened,
    decided: decision,
    'decided-by': by,
    reason,
  }
  return Object.entries(shown)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => ({ name, value, form: 'text' }))
}

function needsOf(
  run: Run,
  needs: Needs,
  around: { standIns: ReadonlySet<string>; tokens: readonly TokenInfo[] },
): contract.Need[] {
  switch (needs.kind) {
    case 'confirm':
      // The engine writes where it is told: which folder is the medium is asked by core, not by the plan.
      return needs.willDo === 'write-medium'
        ? [{ need: 'values', fields: [{ name: 'medium', type: 'folder', label: 'medium', optional: true }] }]
        : []
    case 'values':
      return [{ need: 'values', fields: needs.values.map(fieldOf) }]
    case 'pin': {
      const pins = needs.pins.map(({ token, serial, user }): contract.Need => {
        const info = around.tokens.find((one) => one.serial === serial)
        const planned = run.folder.plan.tokens.find(({ role }) => role === token)
        const state = info === undefined ? undefined : user === 'so' ? info.pin.so : info.pin.user
        return {
          need: 'pin',
          token: serial === '' ? token : serial,
          role: token,
          label: info?.label ?? planned?.label ?? '',
          user,
          pin: pinStateOf(serial === '' ? 'not-set' : (state ?? 'ok')),
          taken: run.hasPin(token, user),
        }
      })
      const values: contract.Need[] =
        needs.values.length === 0 ? [] : [{ need: 'values', fields: needs.values.map(fieldOf) }]
      return [...pins, ...values]
    }
    case 'signatures': {
      // An officer's device shows the bundle's digest, which is read aloud too, and not that of the bytes around it.
      const digest =
        needs.what === 'bundle' ? (run.folder.state.bundle?.digest ?? needs.subject) : needs.subject
      return [
        {
          need: 'sign',
          what: needs.what,
          file: join(run.folder.path, fileOf(run, needs.what, needs.subject)),
          digest,
          words: wordsOf(digest),
          required: needs.threshold,
          signers: [...needs.present, ...needs.missing].map((name) => ({
            name,
            role: roleOf(needs.what),
            signed: needs.present.includes(name),
            standIn: around.standIns.has(name),
          })),
        },
      ]
    }
    case 'acknowledgements': {
      const holders = [...needs.present, ...needs.missing]
      if (!holders.some((name) => around.standIns.has(name))) {
        return [{ need: 'file', what: 'acknowledgement', from: needs.missing, file: null }]
      }
      return [
        {
          need: 'sign',
          what: 'acknowledgement',
          file: join(run.folder.path, 'envelopes'),
          digest: run.folder.state.fhe?.epochId ?? '',
          words: wordsOf(run.folder.state.fhe?.epochId ?? ''),
          required: holders.length,
          signers: holders.map((name) => ({
            name,
            role: 'holder',
            signed: needs.present.includes(name),
            standIn: around.standIns.has(name),
          })),
        },
      ]
    }
    case 'receipt':
      return [{ need: 'file', what: 'receipt', from: needs.missing, file: join(run.folder.path, bundleFile) }]
    case 'request':
    case 'answers':
    case 'result':
    case 'epoch-approvals':
    case 'redeals':
      return [needOfEpochs(run, needs, around.standIns)]
    case 'exception':
    case 'resume':
    case 'wait':
    case 'start':
      return []
  }
}

function fieldOf({ id, label, format }: { id: string; label: string; format?: string }): contract.Field {
  return { name: id, type: format === 'digits' ? 'integer' : 'text', label }
}

function fileOf(run: Run, what: SignedKind, digest: string): string {
  if (what === 'exception') return exceptionFile(digest)
  if (what === 'decryption-approval') {
    const asked = run.folder.state.decryptions.find((one) => one.digest === digest)
    return packageFile(asked?.package ?? '')
  }
  if (what === 'opening') return 'opening.json'
  if (what === 'bundle') return 'bundle-payload.json'
  return `checkpoints/${awaitedCheckpoint(run.folder.state)?.size ?? 0}.json`
}

const fromOthers: ReadonlySet<string> = new Set([
  'acknowledgements',
  'receipt',
  'request',
  'answers',
  'result',
  'epoch-approvals',
  'redeals',
])

function blockedBy(
  run: Run,
  view: EngineView,
  needs: readonly contract.Need[],
  tokens: readonly TokenInfo[],
): contract.BlockedReason | null {
  const kind = view.needs?.kind
  if (kind === undefined) return 'ended'
  if (kind === 'exception') return 'exception-open'
  if (kind === 'resume') return 'paused'
  if (run.work !== null || kind === 'wait' || kind === 'start') return 'machine-works'
  if (kind === 'signatures' || needs.some(({ need }) => need === 'sign')) return 'signatures-missing'
  if (fromOthers.has(kind)) return 'file-missing'
  if (view.needs?.kind === 'pin' && view.needs.pins.some(({ serial }) => isAway(serial, tokens)))
    return 'token-missing'
  if (needs.some((need) => need.need === 'pin' && !need.taken)) return 'pin-missing'
  return null
}

function isAway(serial: string, tokens: readonly TokenInfo[]): boolean {
  return serial !== '' && !tokens.some((one) => one.serial === serial)
}

function failureOf(run: Run, view: EngineView, attempt: number): contract.CurrentStep['failure'] {
  if (view.needs?.kind === 'resume' && run.lost !== null) return { ...run.lost, attempt }
  const open = view.exceptions.find(({ decision, about }) => decision === null && about === 'failed')
  if (open === undefined) return null
  const [, code = 'INTERNAL', detail = open.happened] = /^([A-Z0-9-]+): (.*)$/s.exec(open.happened) ?? []
  return { code, detail, attempt }
}

function exceptionOf(open: EngineView['exceptions'][number]): contract.ExceptionView {
  const code = /^([A-Z0-9-]+): /.exec(open.happened)?.[1] ?? `EXCEPTION-${open.about.toUpperCase()}`
  return {
    id: String(open.id),
    step: open.step,
    code,
    happened: open.happened,
    expected: open.expected,
    decisions: open.choices.map((choice) => (choice === 'continue' ? 'accept' : choice)),
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
