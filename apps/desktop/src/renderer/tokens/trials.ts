import { create } from 'zustand'
import type { TrialView } from '../../contract/index.ts'
import { onEvent } from '../client.ts'

/** What tokens were tried out to do, by serial, since the window was opened. */
export const useTrials = create<{ bySerial: Record<string, TrialView> }>(() => ({ bySerial: {} }))

onEvent('core.state', () => useTrials.setState({ bySerial: {} }))

export function keepTrial(serial: string, trial: TrialView): void {
  useTrials.setState(({ bySerial }) => ({ bySerial: { ...bySerial, [serial]: trial } }))
}
