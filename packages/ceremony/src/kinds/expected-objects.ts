import type { State } from '../model/state.ts'

/** CKA_IDs that a token holds when all went by the plan, beyond what it held at the opening inventory. */
export function expectedObjects(state: State, role: string): string[] {
  const roots = state.keys.filter((key) => key.level === 'root' && key.token === role).map((key) => key.ckaId)
  const own = state.ceremonyKey
  const ceremony = own === null || own.token !== role || own.destroyed ? [] : [own.ckaId, own.sealCkaId]
  const replicas = state.replicas.filter((one) => one.token === role).map((one) => one.evidence.ckaId)
  return [...ceremony, ...roots, ...replicas]
}
