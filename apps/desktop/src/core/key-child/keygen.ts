import { join } from 'node:path'
import { sealTo, toWords, wipe } from '@lux/crypto'
import { seedWithChecksum } from '@lux/crypto/fhe'
import { ExpectedError } from '@lux/node-files'
import { systemEntropy } from '../system.ts'
import { makeKey, writeFact } from './make-key.ts'
import type { Phases } from './phases.ts'
import type { Keygen, KeygenResult } from './protocol.ts'

const SECRET_MODE = 0o600

/** A key that is kept whole, fresh or from the seed of a sheet. Throws ExpectedError FHE-RESTORE-OTHER, SEAL-…. */
export async function keygen(
  params: Keygen['params'],
  phases: Phases,
): Promise<Omit<KeygenResult, 'timings' | 'peakMemoryMiB'>> {
  const { outDir, recipient, restore } = params
  const seed = restore ? restore.seed : params.words ? systemEntropy.bytes(16) : null
  // A sheet is checked before the minutes that a server key takes, on the client key alone.
  if (restore && params.serverKey) await checkRestored(params, restore, phases)
  const made = await makeKey(params, { seed, outDir, phases })
  if (restore) compare(made.clientKeySha256, restore.clientKeySha256)
  const clientKey = await phases.run('write', 1, async () => {
    if (recipient === undefined) return writeFact(join(outDir, 'client-key.bin'), made.clientKey, SECRET_MODE)
    return writeFact(join(outDir, 'client-key.age'), await sealTo([recipient], made.clientKey), SECRET_MODE)
  })
  const words = seed && !restore ? toWords(seedWithChecksum(seed)) : null
  wipe(made.clientKey)
  if (seed) wipe(seed)
  const { clientKeySha256, keyId, publicKey, serverKey, crs } = made
  return { clientKey, clientKeySha256, keyId, publicKey, serverKey, ...(crs && { crs }), words }
}

async function checkRestored(
  params: Keygen['params'],
  { seed, clientKeySha256 }: NonNullable<Keygen['params']['restore']>,
  phases: Phases,
): Promise<void> {
  const { outDir } = params
  const { type, squash, inputs } = params
  const tried = await makeKey({ type, squash, inputs, serverKey: false }, { seed, outDir, phases })
  wipe(tried.clientKey)
  compare(tried.clientKeySha256, clientKeySha256)
}

function compare(seen: string, expected: string): void {
  if (seen === expected) return
  throw new ExpectedError(
    'FHE-RESTORE-OTHER',
    `the words give a client key of SHA-256 ${seen}, the sheet says ${expected}`,
  )
}
