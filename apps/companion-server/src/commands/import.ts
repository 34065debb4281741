import type { FileHandle } from 'node:fs/promises'
import { resolve } from 'node:path'
import { receiptCodec, refusalCodec } from '@lux/ceremony/wire'
import type { ImportResult } from '../imports/importer.ts'
import type { StateFolder } from '../platform/state-folder/folder.ts'
import { mustBeNew, writeNew } from '../platform/state-folder/private-file.ts'
import { EnvironmentError, type Outcome } from '../refusal.ts'
import { openServerParts } from '../server.ts'
import { operatorCall } from './operator-call.ts'

/** Takes a bundle in and writes the signed receipt or refusal. Throws FILE-EXISTS, FOLDER-MISSING, and EnvironmentError where the server is sealed. */
export async function importBundle(
  state: StateFolder,
  bundle: FileHandle,
  out: string | null,
): Promise<Outcome<ImportResult>> {
  const to = out === null ? null : resolve(out)
  if (to !== null) await mustBeNew(to)
  const parts = await openServerParts(state)
  try {
    const { sealed } = parts.token
    if (sealed) throw new EnvironmentError(sealed.code, sealed.detail)
    const chunks = bundle.createReadStream({ highWaterMark: 1 << 20 })
    const taken = await parts.bundles.take(operatorCall(), chunks)
    if (to !== null && taken.ok) {
      const result = taken.value
      const signed =
        result.state === 'imported'
          ? receiptCodec.file.encode(result.receipt)
          : refusalCodec.file.encode(result.refusal)
      await writeNew(to, signed, 0o644)
    }
    return taken
  } finally {
    await parts.close()
  }
}
