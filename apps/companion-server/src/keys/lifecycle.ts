import { openPipeline, operationsOf } from '../operations/pipeline.ts'
import { openKeyWork } from './key-work.ts'
import { type ArrivingParts, arrivingEntries } from './operations/arriving.ts'
import { type CeremonyParts, ceremonyEntries } from './operations/ceremonies.ts'
import { type EndingParts, endingEntries } from './operations/ending.ts'
import type { OperationParts } from './operations.ts'

type LifecycleParts = ArrivingParts & CeremonyParts & EndingParts

/** Where keys come from and go to: ceremonies, imports, exports, and nowhere. */
export function lifecycleTable(parts: LifecycleParts, work = openKeyWork(parts)) {
  return {
    ...ceremonyEntries(parts, work),
    ...arrivingEntries(parts, work),
    ...endingEntries(parts, work),
  }
}

export type LifecycleTable = ReturnType<typeof lifecycleTable>
export type KeyLifecycle = ReturnType<typeof openKeyLifecycle>

export const openKeyLifecycle = (parts: LifecycleParts & OperationParts) =>
  operationsOf(lifecycleTable(parts), openPipeline(parts))
