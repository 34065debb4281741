import { askedCiphertexts, type RequestPackage, requestDigest, requestPackageCodec } from '@lux/ceremony/wire'
import { FormatError, fromHex, openWith, utf8 } from '@lux/crypto'
import {
  fheThresholdDecrypt,
  type KnownCiphertext,
  parsePartial,
  seenOfType,
  type ThresholdDecryption,
} from '@lux/crypto/fhe'
import type { StateFolder } from '../platform/state-folder/folder.ts'
import { readIfPresent, requirePrivate } from '../platform/state-folder/private-file.ts'
import { accept, EnvironmentError, type Outcome, refuse } from '../refusal.ts'
import type { OpenedEpoch } from './keys.ts'
import type { StoredRequest } from './requests.ts'

/**
 * The server's own age hybrid identity, whose recipient is on its card: read for each use and kept nowhere. Throws
 * EnvironmentError COMBINER-ABSENT, FILE-NOT-PRIVATE.
 */
export async function combinerIdentity(state: StateFolder): Promise<string> {
  const kept = await readIfPresent(state.combiner, 1024)
  if (kept === 'absent') throw new EnvironmentError('COMBINER-ABSENT', `there is no ${state.combiner}`)
  await requirePrivate(state.combiner)
  return Buffer.from(kept).toString('latin1').trim()
}

/** The digest is what holders sign in their parts: a package that was changed here combines nothing. */
export function packageOf({
  package: text,
  digest,
}: Pick<StoredRequest, 'package' | 'digest'>): RequestPackage {
  const parsed = requestPackageCodec.parse(utf8(text))
  if (!parsed.ok) throw new Error(`a stored request is damaged: ${parsed.detail}`)
  if (requestDigest(parsed.value.request.payload) !== digest)
    throw new Error('a stored request is damaged: it is not the one of its digest')
  return parsed.value
}

/** Opens a sealed partial. Refuses by the rules of the seal, and ANSWER-01 where the part is of another holder. */
export async function openSealed(
  state: StateFolder,
  sealed: Uint8Array,
  holder: number,
): Promise<Outcome<Uint8Array>> {
  try {
    const partial = await openWith(await combinerIdentity(state), sealed)
    const said = parsePartial(partial).header.holder
    return said === holder
      ? accept(partial)
      : refuse('ANSWER-01', `holder ${holder} sealed the part of holder ${said}`)
  } catch (error) {
    if (error instanceof FormatError) return refuse(error.rule, error.detail)
    throw error
  }
}

/**
 * What a request names, in its order. Each file was read when it was opened, and its digest, which holders sign in their parts, covers all
 * that combining needs: no file is read again.
 */
export function ciphertextsOf(request: StoredRequest): KnownCiphertext[] {
  const given = packageOf(request)
  const width = given.request.payload.mode === 'S' ? 128 : 64
  return askedCiphertexts(given).map(({ digest, type }) => seenOfType(type, width, fromHex(digest, 32)))
}

/** The library's combination: every signature, header, digest and count is checked there anew. */
export function combine(
  { pub, holders }: OpenedEpoch,
  { digest }: StoredRequest,
  ciphertexts: readonly KnownCiphertext[],
  partials: readonly Uint8Array[],
): Outcome<ThresholdDecryption> {
  return fheThresholdDecrypt({
    pub,
    ciphertexts,
    partials,
    requestDigest: fromHex(digest, 32),
    holders: holders.map(({ keys }) => keys),
  })
}

/** Whether one answer is a sound part of this request, told by what the library misses when it has that one alone. */
export function checkPart(
  epoch: OpenedEpoch,
  request: StoredRequest,
  ciphertexts: readonly KnownCiphertext[],
  partial: Uint8Array,
): Outcome<null> {
  const alone = combine(epoch, request, ciphertexts, [partial])
  return alone.ok || alone.rule === 'FHE-PARTIALS-FEW' ? accept(null) : alone
}
