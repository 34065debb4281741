import type { Needs, Refusal, RunView } from '@lux/ceremony'
import { utf8 } from '@lux/crypto'
import { ExpectedError } from '@lux/node-files'
import { type AtHolders, awaited, type OfShares } from '../runs/exchange/awaited.ts'
import { leader, type Run } from '../runs/run/run.ts'
import { actAsStandIn, type StandInAct } from './stand-in-act.ts'
import { replicateAsStandIn } from './stand-in-vendor.ts'
import type { StandIn } from './stand-ins.ts'

/** Why the machine stopped playing everybody's part. */
export type Halt = { why: 'over' | 'sealed' | 'receipt' | 'exception'; detail: string }

/**
 * Plays every person's part of a rehearsal until it is over, or until it waits for something that no stand-in has:
 * a server's receipt, or a decision about an exception. `stopAtSealed`: there is nobody to export to.
 */
export async function driveRehearsal(
  run: Run,
  options: {
    standIns: readonly StandIn[]
    pins: { so: string; user: string }
    stopAtSealed: boolean
    now: () => string
    onStep?: (view: RunView) => void
  },
): Promise<Halt> {
  let resumed = 0
  for (;;) {
    const before = run.folder.state.current
    await run.pump()
    const view = run.view()
    options.onStep?.(view)
    resumed = view.needs?.kind === 'resume' ? resumed + 1 : run.folder.state.current > before ? 0 : resumed
    giveUp(run, resumed, mostResumes)
    if (view.needs === null) return { why: 'over', detail: view.state }
    if (options.stopAtSealed && view.state === 'Sealed')
      return { why: 'sealed', detail: view.bundle?.digest ?? '' }
    const halt = await answer(run, view, view.needs, options)
    if (halt !== null) return halt
  }
}

async function answer(
  run: Run,
  view: RunView,
  needs: Needs,
  { standIns, pins, now }: Parameters<typeof driveRehearsal>[1],
): Promise<Halt | null> {
  const step = view.current ?? ''
  const act = async (what: StandInAct, name: string) =>
    must(await actAsStandIn(run, standIns, { what, name, now: now() }))
  switch (needs.kind) {
    case 'confirm': {
      const heard = view.compares.map(({ digest }) => ({ digest, by: [] }))
      const here = run.folder.plan.people.map(({ name }) => name)
      return must(run.proceed(step, first(needs.names), {}, { heard, here }))
    }
    case 'values':
      return must(run.proceed(step, first(needs.names), sample(needs.values, now())))
    case 'pin': {
      for (const { token, user } of needs.pins) run.enterPin(token, user, utf8(pins[user]))
      if (needs.again) return null
      await replicateAsStandIn(run)
      const input = sample(needs.values, now())
      return must(run.proceed(step, first(needs.names), input))
    }
    case 'signatures':
      for (const name of needs.missing.slice(0, needs.stillNeeded)) await act(needs.what, name)
      return null
    case 'receipt':
      return { why: 'receipt', detail: needs.missing.join(', ') }
    case 'exception': {
      const open = view.exceptions.find(({ id }) => id === needs.id)
      return { why: 'exception', detail: `${open?.step ?? ''}: ${open?.happened ?? ''}` }
    }
    case 'resume':
      return must(run.submit({ type: 'resume', by: leader(run) }))
    case 'wait':
    case 'start': {
      const refusal = run.internalRefusal
      throw new ExpectedError(
        'RUN-STUCK',
        refusal === null ? `nothing happens at ${step}` : `${refusal.rule}: ${refusal.detail}`,
      )
    }
    default:
      for (const name of askedOf(needs)) await act(awaited[needs.kind].document, name)
      return null
  }
}

/** Whose word is given now; nobody's by name where it is the requester's. */
function askedOf(needs: AtHolders | OfShares): readonly string[] {
  if (!('missing' in needs)) return ['']
  const some = awaited[needs.kind].of === 'some' && 'stillNeeded' in needs
  return some ? needs.missing.slice(0, needs.stillNeeded) : needs.missing
}

/** A token's host that crashed once is tried again; more often in one step, or a token that is gone, is for a person. */
const mostResumes = 2

/** Ends a drive that resumes again and again without getting on. Throws ExpectedError with what keeps the token away. */
export function giveUp(run: Run, resumed: number, most: number): void {
  const { tokenError } = run
  if (tokenError === null || resumed === 0) return
  if (resumed <= most && tokenError.code !== 'HSM-TOKEN-ABSENT') return
  throw new ExpectedError(
    tokenError.code,
    `${tokenError.detail}; once that is put right: custody ceremony resume ${run.folder.path}`,
  )
}

function must(refusal: Refusal | null): null {
  if (refusal !== null) throw new ExpectedError(refusal.rule, refusal.detail)
  return null
}

function first(names: readonly string[]): string {
  return names[0] ?? ''
}

function sample(values: readonly { id: string; format?: string }[], now: string): Record<string, string> {
  const samples: Record<string, string> = { time: `${now.slice(0, 16)}Z`, digits: '1', hex: '00' }
  return Object.fromEntries(values.map(({ id, format }) => [id, samples[format ?? ''] ?? 'rehearsal']))
}
