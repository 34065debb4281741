import type { State } from '@lux/ceremony'
import type { ProbeReport } from '@lux/hsm'

/** What is known of one attack probe: its report, or what a ceremony's log says of it. */
export type KnownProbe = Pick<ProbeReport, 'passed' | 'lacking'> &
  Partial<Pick<ProbeReport, 'attacks'>> & {
    readonly at: string
    /** The run in which it was made; null: by hand, in the window. */
    readonly run: { readonly rehearsal: boolean } | null
  }

/** The probes of this token that ended in the run, held or not. One that could not be ended says nothing. */
export function probesInRun(state: State, serial: string): KnownProbe[] {
  const { tokens, steps, exceptions, domain } = state
  const run = { rehearsal: domain === 'rehearsal' }
  return steps.flatMap(({ step, started, finished }): KnownProbe[] => {
    const token = tokens.find(({ role }) => role === step.token)
    const at = finished ?? started
    if (step.do !== 'probe-token' || token?.serial !== serial || at === null) return []
    if (token.probed) return [{ passed: true, lacking: [], at, run }]
    const broke = exceptions.some((one) => one.step === step.id && one.about === 'mismatch')
    return broke ? [{ passed: false, lacking: [], at, run }] : []
  })
}

/** The newest one decides: what held once may not hold after an update. */
export const newestProbe = (probes: readonly KnownProbe[]): KnownProbe | null =>
  probes.reduce<KnownProbe | null>(
    (newest, one) => (newest === null || Date.parse(one.at) > Date.parse(newest.at) ? one : newest),
    null,
  )
