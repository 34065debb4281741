import { WrittenElsewhere } from '../storage/database.ts'
import type { Device, No } from './api.ts'
import { no } from './kept.ts'
import { RecordChanged } from './records.ts'

/** What the storage did not do, as a refusal; null for a fault of the app's own. */
export function storageRefusal(error: unknown): No | null {
  if (error instanceof WrittenElsewhere) return no('PHONE-OTHER-TAB')
  if (error instanceof RecordChanged) return no('PHONE-STORAGE-CHANGED')
  const full = error instanceof Error && error.name === 'QuotaExceededError'
  return full ? no('PHONE-STORAGE-FULL') : null
}

/** The device whose storage refuses as everything else does. `elsewhere`: another tab was first, and what is open here is old. */
export function refusing({ state, ...device }: Device, elsewhere: () => void): Device {
  const methods = Object.entries(device).map(([name, method]) => [
    name,
    async (...args: unknown[]) => {
      try {
        // Called with what it takes: the caller's types are those of Device.
        return await (method as (...given: unknown[]) => Promise<unknown>)(...args)
      } catch (error) {
        const refused = storageRefusal(error)
        if (refused === null) throw error
        if (refused.rule === 'PHONE-OTHER-TAB') elsewhere()
        return refused
      }
    },
  ])
  // The same names, and of each the same answers or a refusal, which all of them may give.
  return { state, ...Object.fromEntries(methods) } as Device
}
