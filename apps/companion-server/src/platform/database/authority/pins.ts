import { encodeCanonical } from '@lux/crypto'
import { EnvironmentError } from '../../../refusal.ts'
import { parseState, readIfPresent, writeWhole } from '../../state-folder/private-file.ts'
import type { Pins } from './look.ts'
import type { Advanced } from './writer.ts'

/** Some thousand tenants. */
const maxFile = 1 << 22

/** Of a process that leaves it to another one: what it saw itself is all that it knows. */
export const noPins: Pins = { read: async () => [], write: async () => undefined }

/** In a file of the state folder. */
export function filePins(path: string): Pins {
  return {
    async read() {
      const bytes = await readIfPresent(path, maxFile)
      if (bytes === 'absent') return []
      const kept = parseState(path, bytes)
      const heads = typeof kept === 'object' && kept !== null && 'heads' in kept ? kept.heads : null
      if (!Array.isArray(heads)) throw new EnvironmentError('STATE-DAMAGED', `${path} names no states`)
      return heads.map((head): Advanced => {
        const [tenant, counter, digest] = Array.isArray(head) ? head : []
        if (typeof tenant !== 'string' || typeof counter !== 'string' || typeof digest !== 'string')
          throw new EnvironmentError('STATE-DAMAGED', `${path} names a state that is none`)
        return { tenant, counter: BigInt(counter), digest }
      })
    },
    write: (heads) =>
      writeWhole(
        path,
        encodeCanonical({
          v: 1,
          heads: heads
            .toSorted((one, other) => (one.tenant < other.tenant ? -1 : 1))
            .map(({ tenant, counter, digest }) => [tenant, String(counter), digest]),
        }),
      ),
  }
}
