import { create } from 'zustand'
import { onEvent } from '../client.ts'

export type WorkReport = { what: string; fraction: number | null; cancellable: boolean }

/** Work under way, by the id of its ceremony or token. */
export const useWork = create<{ reports: Record<string, WorkReport> }>(() => ({ reports: {} }))

onEvent('work.progress', ({ id, ...report }) => {
  useWork.setState(({ reports }) => ({ reports: { ...reports, [id]: report } }))
})
onEvent('ceremony.changed', ({ id }) => endWork(id))
onEvent('core.state', () => useWork.setState({ reports: {} }))

export function endWork(id: string): void {
  useWork.setState(({ reports }) => {
    const { [id]: _ended, ...rest } = reports
    return { reports: rest }
  })
}
