import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { redealCodec } from '@lux/ceremony/wire'
import { type Json, sha256Hex } from '@lux/crypto'
import { CoreError, readBounded } from '@lux/node-files'
import { correctionName, redealFolder, seedsName } from '../runs/folder/places.ts'
import type { RunFolder } from '../runs/folder/run-folder.ts'

const maxFile = 4 << 20

/**
 * What a dealer's signed word stands for lies beside it, in in/ or where it was chosen: the correction and one sealed file for each new holder,
 * each with the digest that was signed. They lie in the run's folder before the log has the word. Errors: REDEAL-FILES.
 */
export function takeRedealtFiles(
  folder: RunFolder,
  payload: Json,
  { from, keep }: { from: string; keep: (path: string, bytes: Uint8Array) => void },
): void {
  const read = redealCodec.payload.check(payload)
  // The engine names what is wrong with it.
  if (!read.ok) return
  const { dealer, correction, envelopes } = read.value
  // Nobody's files take the place of those that are in the log.
  if (folder.state.reshare?.redealt.some((one) => one.dealer === dealer)) return
  const files = [
    { name: correctionName(dealer), sha256: correction },
    ...envelopes.map((sha256, at) => ({ name: seedsName(dealer, at + 1), sha256 })),
  ]
  const place = redealFolder(folder)
  for (const { name, sha256 } of files) {
    const kept = join(place, name)
    // A dealer whose word was refused may bring other files for the next one.
    const already = existsSync(kept) && sha256Hex(readBounded(kept, maxFile)) === sha256
    if (!already) keep(kept, brought(join(from, name), sha256))
  }
}

function brought(path: string, sha256: string): Uint8Array {
  const remedy = 'keep all files that redeal wrote together: in in/, or beside the one that is chosen'
  if (!existsSync(path)) throw new CoreError('REDEAL-FILES', `${path} is missing`, remedy)
  const bytes = readBounded(path, maxFile)
  if (sha256Hex(bytes) !== sha256)
    throw new CoreError('REDEAL-FILES', `${path} is not the file that was signed`, remedy)
  return bytes
}
