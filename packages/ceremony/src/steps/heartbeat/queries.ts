import type { State } from '../../model/state.ts'

/** Holders of the epoch who have not stated that they hold the share. */
export function unheard({ epoch, heartbeat }: State): string[] {
  const heard = heartbeat?.said ?? []
  return (epoch?.holders ?? []).filter((name) => !heard.includes(name))
}
