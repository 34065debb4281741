import { join } from 'node:path'
import { serverCardCodec } from '@lux/ceremony/wire'
import { HsmError } from '@lux/hsm'
import { ExpectedError, fromSystemError, inNewFolder } from '@lux/node-files'
import type { SetupFault } from '../../../contract/index.ts'
import { beginRehearsal } from '../../rehearsal/begin-rehearsal.ts'
import { driveRehearsal } from '../../rehearsal/drive-rehearsal.ts'
import { rehearsalPins } from '../../rehearsal/rehearsal-pins.ts'
import type { RehearsalDestination, RehearsalRequest } from '../../rehearsal/rehearsal-request.ts'
import { deviceOf } from '../../rehearsal/stand-in-tokens.ts'
import { loadStandIns } from '../../rehearsal/stand-ins.ts'
import { RunFolder } from '../../runs/folder/run-folder.ts'
import { startRehearsal } from '../../use-cases/begin.ts'
import { type MadePlan, planBytes } from '../../use-cases/make-plan.ts'
import { takeIn } from '../ceremonies/begin-ceremony.ts'
import { requireReadable } from '../ceremonies/lineage.ts'
import { refuse } from '../shared/needed.ts'
import type { OpenRun } from '../shared/open-runs.ts'
import type { ServiceContext } from '../shared/service-context.ts'
import { isSigned, policyOf, soundFile } from './setup-policy.ts'
import type { Setup } from './setup-state.ts'

type Playing = { playing: boolean; failure: SetupFault | null }

/** Rehearsals that the machine plays, or played, in this process. */
const played = new Map<string, Playing>()

export function playingOf(id: string): Playing {
  return played.get(id) ?? { playing: false, failure: null }
}

export function standsSealed({ runs }: ServiceContext, id: string): boolean {
  return runs.get(id).run.folder.state.bundle?.sha256 != null
}

/** Begins a rehearsal of this very plan under this policy, with simulated participants. Gives the run's id. Errors: PLAN-…, POLICY-…, HSM-…. */
export function rehearsePlan(parts: ServiceContext, setup: Setup, made: MadePlan): Promise<string> {
  return begin(parts, { plan: planBytes(made), policy: policyOf(parts, setup) }, [])
}

/**
 * Begins a rehearsal in which everybody acts for themselves, under the policy that their officers signed. Gives the run's id.
 * Errors: SETUP-EARLY, and as above.
 */
export async function rehearseTogether(parts: ServiceContext, setup: Setup, made: MadePlan): Promise<string> {
  const policy = soundFile(parts, setup)
  if (!isSigned(policy)) throw new ExpectedError('SETUP-EARLY', 'the policy is not signed by enough officers')
  if (made.plan.destinations.length > 0) requireReadable(parts)
  const destinations = setup.servers.filter(({ card }) =>
    made.plan.destinations.some((one) => one.card === serverCardCodec.digest(card)),
  )
  return begin(parts, { plan: planBytes(made), signed: policy, cards: setup.cards }, destinations)
}

async function begin(
  parts: ServiceContext,
  of: RehearsalRequest['of'],
  destinations: readonly RehearsalDestination[],
): Promise<string> {
  const working = join(parts.store.ceremonies, `new-${parts.clock.now().replaceAll(/[^0-9]/g, '')}`)
  const device = await deviceOf(parts.hsm())
  const folder = await inNewFolder(
    working,
    () => RunFolder.isAt(working),
    () =>
      beginRehearsal({
        folder: working,
        of,
        destinations,
        library: parts.hsm().library.sha256,
        device,
        measurement: parts.program.measurement,
        entropy: parts.entropy,
        clock: parts.clock,
        keyChild: { execPath: parts.program.execPath, entry: parts.program.keyChildEntry },
      }),
  )
  const { id, run } = takeIn(parts, folder)
  const started = await startRehearsal(run, destinations)
  refuse(started.ok ? null : started)
  return id
}

/** Everybody is played by the machine until the bundle is sealed; whoever looks sees how far it is, and why it stopped. */
export function playOn(parts: ServiceContext, id: string): void {
  if (playingOf(id).playing) return
  played.set(id, { playing: true, failure: null })
  void play(parts, parts.runs.get(id)).then((failure) => {
    played.set(id, { playing: false, failure })
    parts.emit('ceremony.changed', { id })
  })
}

async function play(parts: ServiceContext, { run }: OpenRun): Promise<SetupFault | null> {
  const { path } = run.folder
  try {
    const halt = await driveRehearsal(run, {
      standIns: loadStandIns(path),
      pins: rehearsalPins(path),
      stopAtSealed: true,
      now: parts.clock.now,
    })
    return halt.why === 'exception' ? { code: 'REHEARSAL-STOPPED', step: '', detail: halt.detail } : null
  } catch (error) {
    const known = error instanceof ExpectedError || error instanceof HsmError ? error : fromSystemError(error)
    return { code: known?.code ?? 'INTERNAL', step: '', detail: known?.detail ?? '' }
  }
}
