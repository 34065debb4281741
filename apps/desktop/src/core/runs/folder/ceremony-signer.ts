import type { HybridSignature, VerificationKeys } from '@lux/crypto'
import { assembleSignature, fromHex, mlDsa65, p256RawToDer, sha256, signedMessage, wipe } from '@lux/crypto'
import { HsmError, type Token } from '@lux/hsm'
import { ExpectedError, readBounded, writeDurably } from '@lux/node-files'

/** Ours, and that of tokens that make their own. The tag shows which it is. */
const nonceLengths = [12, 16] as const
const maxSealed = 256

/** The ML-DSA seed under the token's sealing key: nonce 12 or 16 || AES-256-GCM(seed 32) || tag 16. AAD: the ceremony id. */
export async function sealSeed(options: {
  token: Token
  sealCkaId: string
  ceremonyId: string
  seed: Uint8Array
  nonce: Uint8Array
  path: string
}): Promise<Uint8Array> {
  const { token, sealCkaId, ceremonyId, seed, nonce, path } = options
  const key = { id: sealCkaId, class: 'secret' } as const
  // The driver opens it again: a seed that does not open is a ceremony key that is lost, and nobody would see it before the opening.
  const made = await token.sealGcm({ key, nonce, aad: fromHex(ceremonyId), plaintext: seed })
  const sealed = new Uint8Array(made.nonce.length + made.ciphertext.length)
  sealed.set(made.nonce)
  sealed.set(made.ciphertext, made.nonce.length)
  writeDurably(path, sealed)
  return sealed
}

/** The ceremony key of a run: its P-256 half never leaves the token, its ML-DSA half is opened for one signature. */
export type CeremonySigner = {
  token: Token
  ckaId: string
  sealCkaId: string
  ceremonyId: string
  keys: VerificationKeys
  sealedSeed: string
}

/** Hybrid signature over `signedMessage(context, payload)`. Source: SPEC.md "Signatures". */
export function signAsCeremony(
  signer: CeremonySigner,
  context: string,
  payload: Uint8Array,
): Promise<HybridSignature> {
  return signBytesAsCeremony(signer, signedMessage(context, payload))
}

/** As `signAsCeremony`, over bytes that are already complete (the DSSE pre-authentication encoding). */
async function signBytesAsCeremony(signer: CeremonySigner, message: Uint8Array): Promise<HybridSignature> {
  const { token, ckaId } = signer
  const raw = await token.signEcdsa({ key: { id: ckaId, class: 'private' }, digest: sha256(message) })
  const seed = await openSeed(signer)
  try {
    return assembleSignature(signer.keys, { p256: p256RawToDer(raw), mlDsa65: mlDsa65.sign(seed, message) })
  } finally {
    wipe(seed)
  }
}

async function openSeed(signer: CeremonySigner): Promise<Uint8Array> {
  const seed = await openSealed(signer, signer.sealedSeed)
  if (seed.length !== 32) throw new ExpectedError('FILE-DAMAGED', signer.sealedSeed)
  return seed
}

/** What `sealSeed` sealed at this path, which the caller wipes. */
export async function openSealed(
  { token, sealCkaId, ceremonyId }: Pick<CeremonySigner, 'token' | 'sealCkaId' | 'ceremonyId'>,
  path: string,
): Promise<Uint8Array> {
  const sealed = readBounded(path, maxSealed)
  const openUnder = (nonceLength: number) =>
    token.decryptGcm({
      key: { id: sealCkaId, class: 'secret' },
      nonce: sealed.subarray(0, nonceLength),
      aad: fromHex(ceremonyId),
      ciphertext: sealed.subarray(nonceLength),
    })
  const [usual, other] = nonceLengths
  try {
    return await openUnder(usual)
  } catch (error) {
    // A token that takes nonces of its own length alone refuses another one as data, or as a call that it does not have.
    const isOther = error instanceof HsmError && ['HSM-DATA-INVALID', 'HSM-UNSUPPORTED'].includes(error.code)
    if (!isOther) throw error
    return await openUnder(other)
  }
}
