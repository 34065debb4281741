import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { sealTo, toHex, toWords, wipe } from '@lux/crypto'
import {
  type FheKeyPair,
  generateFheKeyPair,
  type KeyPhase,
  makeReferenceString,
  seedWithChecksum,
  type TfheModule,
} from '@lux/crypto/fhe'
import { ExpectedError, writeDurably } from '@lux/node-files'
import { systemEntropy } from '../system.ts'
import { REFERENCE_STRING_SECONDS } from './estimate.ts'
import type { Phases } from './phases.ts'
import type { FileFact, Keygen, KeygenResult, KeyKind } from './protocol.ts'

const PUBLIC_MODE = 0o644

export type MadeKey = {
  /** Serialized client key: wipe it. */
  readonly clientKey: Uint8Array
  readonly clientKeySha256: string
  readonly keyId: string
  /** Null for TFHE_BINARY. */
  readonly publicKey: FileFact | null
  readonly serverKey: FileFact | null
  /** The reference string; absent without `proofBits`. */
  readonly crs?: FileFact
}

/** Makes a client key and writes its public files into `outDir`; the client key itself is not written. */
export async function makeKey(
  { type, squash, inputs, proofBits, serverKey }: KeyKind,
  { seed, outDir, phases }: { seed: Uint8Array | null; outDir: string; phases: Phases },
): Promise<MadeKey> {
  const binary = type === 'TFHE_BINARY'
  const expected: Record<KeyPhase, number> = {
    'client-key': 0.1,
    'squash-key': 0.1,
    'compact-public-key': 0.1,
    'server-key': squash ? 100 : 6,
  }
  // Imported here, so that the first phase message precedes the 30 MB of wasm.
  const tfhe: TfheModule = await phases.run('load', 1, async () => (await import('node-tfhe')).default)
  // Before there is a key, which then is in memory no longer than without it.
  const crs =
    proofBits === undefined
      ? null
      : await phases.run('reference-string', REFERENCE_STRING_SECONDS, () =>
          writeFact(join(outDir, 'crs.bin'), makeReferenceString(tfhe, proofBits)),
        )
  const pair = await generateFheKeyPair(tfhe, {
    type,
    squash,
    inputs,
    serverKey,
    seed,
    entropy: systemEntropy,
    onPhase: (phase) => phases.enter(phase, expected[phase]),
  })
  const written = writePublic(pair, { outDir, binary })
  phases.done()
  return {
    clientKey: pair.clientKey,
    clientKeySha256: toHex(pair.digests.clientKey),
    keyId: toHex(pair.keyId),
    ...written,
    ...(crs === null ? {} : { crs }),
  }
}

function writePublic(
  { compactPublicKey, serverKey }: FheKeyPair,
  { outDir, binary }: { outDir: string; binary: boolean },
): Pick<MadeKey, 'publicKey' | 'serverKey'> {
  return {
    publicKey: binary ? null : writeFact(join(outDir, 'compact-public-key.bin'), compactPublicKey),
    serverKey: serverKey ? writeFact(join(outDir, 'server-key.bin'), serverKey) : null,
  }
}

/** Writes a file (fsync, rename), for everybody to read by default, and says what it is. */
export function writeFact(path: string, bytes: Uint8Array, mode = PUBLIC_MODE): FileFact {
  writeDurably(path, bytes, mode)
  return { path, sha256: createHash('sha256').update(bytes).digest('hex'), size: bytes.length }
}

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
