import type { RunView as EngineView } from '@lux/ceremony'
import type { TokenInfo } from '@lux/hsm'
import { wordsOf } from '@lux/people'
import type * as contract from '../../../contract/index.ts'
import { comesAsFile, comesByItself, isWaived } from '../../runs/exchange/awaited.ts'
import { vendorAttestationAt, vendorWorkAt } from '../../runs/exchange/vendor-procedure.ts'
import { keptIn } from '../../runs/folder/places.ts'
import type { Run } from '../../runs/run/run.ts'
import { behindPause } from '../../use-cases/paused.ts'
import { partsOf } from './run-parts.ts'
import { factsOf, movedBy } from './step-facts.ts'
import { type Around, needsOf } from './step-needs.ts'

/** The step in hand: what it needs, what it shows, and what keeps it from going on. */
export function currentOf(run: Run, view: EngineView, around: Around): contract.CurrentStep | null {
  const step = partsOf(view, keptIn(run.folder))
    .flatMap(({ steps }) => steps)
    .find(({ id }) => id === view.current)
  const engineStep = view.parts.flatMap(({ steps }) => steps).find(({ id }) => id === view.current)
  if (step === undefined || engineStep === undefined || view.needs === null) return null
  // While a run is paused, a file that it waits for is taken in all the same.
  const behind = behindPause(run, around.standIns.size > 0)
  const needs = needsOf(run, behind?.needs ?? view.needs, around)
  const blocked = blockedBy(run, view, needs, around.tokens)
  const vendorWork = vendorWorkAt(run.folder)
  return {
    ...step,
    needs,
    compares: view.compares.map((one) => ({ ...one, words: wordsOf(one.digest) })),
    facts: [
      ...factsOf(view, engineStep.summary, view.needs, keptIn(run.folder)),
      ...movedBy(vendorWork),
      ...attestedBy(run),
    ],
    procedure: [...(vendorWork?.steps ?? [])],
    mayProceed: blocked === null,
    blocked,
    failure: failureOf(run, view, engineStep.attempt),
  }
}

function blockedBy(
  run: Run,
  view: EngineView,
  needs: readonly contract.Need[],
  tokens: readonly TokenInfo[],
): contract.BlockedReason | null {
  const awaits = view.needs
  if (awaits === null) return 'ended'
  if (awaits.kind === 'exception') return 'exception-open'
  if (awaits.kind === 'resume') return 'paused'
  if (run.work !== null || comesByItself(awaits)) return 'machine-works'
  // Who goes on goes on without those who have not stated it.
  if (isWaived(awaits)) return null
  if (awaits.kind === 'signatures' || needs.some(({ need }) => need === 'sign')) return 'signatures-missing'
  if (comesAsFile(awaits)) return 'file-missing'
  if (view.needs?.kind === 'pin' && view.needs.pins.some(({ serial }) => isAway(serial, tokens)))
    return 'token-missing'
  if (needs.some((need) => need.need === 'pin' && !need.taken && need.padSeconds === null))
    return 'pin-missing'
  return null
}

/** For people who have the vendor's tool attest a key and bring its file. */
function attestedBy(run: Run): contract.Fact[] {
  const work = vendorAttestationAt(run.folder)
  if (work === null) return []
  return [
    { name: 'cka-id', value: work.ckaId, form: 'hex' },
    { name: 'attest-how', value: work.how, form: 'text', key: `profiles.attestation.${work.profile}` },
    { name: 'attest-file', value: work.file, form: 'code' },
  ]
}

function isAway(serial: string, tokens: readonly TokenInfo[]): boolean {
  return serial !== '' && !tokens.some((one) => one.serial === serial)
}

function failureOf(run: Run, view: EngineView, attempt: number): contract.CurrentStep['failure'] {
  if (view.needs?.kind === 'resume' && run.tokenError !== null) return { ...run.tokenError, attempt }
  const open = view.exceptions.find(({ decision, about }) => decision === null && about === 'failed')
  if (open === undefined) return null
  const [, code = 'INTERNAL', detail = open.happened] = /^([A-Z0-9-]+): (.*)$/s.exec(open.happened) ?? []
  return { code, detail, attempt }
}
