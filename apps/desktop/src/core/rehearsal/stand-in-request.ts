import { join } from 'node:path'
import type { Refusal } from '@lux/ceremony'
import { holderBefore, type Plan } from '@lux/ceremony/plan'
import {
  type DecryptionRequest,
  type DecryptionResult,
  decryptionRequestCodec,
  decryptionResultCodec,
  type Provenance,
  provenanceCodec,
  type RequestPackage,
} from '@lux/ceremony/wire'
import { encodeCanonical, fromHex, type Json, openWith, parseCanonical, sha256Hex, toHex } from '@lux/crypto'
import {
  BLOCK_FLOOR_BITS,
  blockBitsOf,
  CANARY_PROGRAM,
  ciphertextDigest,
  fheThresholdDecrypt,
  parsePublic,
  readCiphertext,
} from '@lux/crypto/fhe'
import { ExpectedError, readBounded, writeDurably } from '@lux/node-files'
import { runKeyChild } from '../key-child/client.ts'
import type { KeyChildProgram } from '../runs/effects/context.ts'
import { compactKeyPath, decryptionFolder, publicPath } from '../runs/folder/places.ts'
import type { Run } from '../runs/run/run.ts'
import { systemEntropy } from '../system.ts'
import { loadOutsiders, outsider } from './outsiders.ts'

const maxFile = 64 << 20
const threeDays = 72 * 3_600_000

/** A stand-in encryptor encrypts a value that only core knows, and a stand-in requester asks for it. */
export async function requestAsStandIn(
  run: Run,
  id: string,
  { keyChild, now }: { keyChild: KeyChildProgram; now: string },
): Promise<Refusal | null> {
  const { folder } = run
  const { state, plan } = folder
  const planned = plan.decryptions?.find((one) => one.id === id)
  const canary = planned?.canary === true
  const epoch = canary ? (state.reshare?.next ?? null) : state.epoch
  if (epoch === null || planned === undefined)
    throw new ExpectedError('STAND-IN-ONLY', `${id} has no key yet`)
  if (plan.fhe?.mode !== 'F')
    throw new ExpectedError(
      'STAND-IN-ONLY',
      'squashed ciphertexts come from a native evaluator; no stand-in makes them',
      `bring a request: custody ceremony receipt ${folder.path} request.json`,
    )
  const outsiders = loadOutsiders(folder.path)
  const [requester, encryptor] = [outsider(outsiders, 'requester'), outsider(outsiders, 'encryptor')]
  const place = join(decryptionFolder(folder, id), 'ciphertext-1.bin')
  // 256 bits are 128 blocks: enough to see a correction that is wrong in one word.
  const type = canary ? 'u256' : 'u8'
  const value = BigInt(`0x${toHex(systemEntropy.bytes(canary ? 32 : 1))}`).toString()
  const samples = [{ type, value, out: place }] as const
  await runKeyChild({ do: 'encrypt', params: { publicKey: compactKeyPath(folder), samples } }, keyChild)
  writeDurably(join(decryptionFolder(folder, id), 'values.json'), encodeCanonical([value]))
  const bytes = readBounded(place, maxFile)
  const digest = toHex(ciphertextDigest(readCiphertext(bytes)))
  const { domain } = state
  const provenance: Provenance = {
    v: 1,
    domain,
    keyId: epoch.keyId,
    mode: 'F',
    type,
    ciphertexts: [digest],
    program: canary ? CANARY_PROGRAM : 'rehearsal',
    inputs: [{ digest: sha256Hex(bytes), admitted: 'signature', by: encryptor.card.name }],
    time: now,
  }
  const request: DecryptionRequest = {
    v: 1,
    kind: 'decryption-request',
    domain,
    requestId: toHex(systemEntropy.bytes(16)),
    keyId: epoch.keyId,
    epochId: epoch.epochId,
    mode: 'F',
    ciphertexts: [{ digest, type, provenance: provenanceCodec.payload.digest(provenance) }],
    what: planned.what,
    purpose: 'a rehearsal',
    requester: requester.card.name,
    combiner: outsiders.combiner.recipient,
    expiry: new Date(Date.parse(now) + threeDays).toISOString(),
    budget: canary ? 128 : 4,
    nonce: toHex(systemEntropy.bytes(16)),
  }
  const sign = decryptionRequestCodec.sign
  const given: RequestPackage = {
    request: { payload: request, signatures: [sign(requester.identity, request, domain)] },
    approvals: [],
    provenance: [
      { payload: provenance, signatures: [provenanceCodec.sign(encryptor.identity, provenance, domain)] },
    ],
  }
  // A package is JSON by its codec.
  return run.takeRequest(id, given as unknown as Json, now)
}

/** The stand-in requester opens the answers, combines them and says what came of it, if the value is the known one. */
export async function resultAsStandIn(run: Run, id: string, now: string): Promise<Refusal | null> {
  const { folder } = run
  const decryption = folder.state.decryptions.find((one) => one.id === id)
  const { epoch, digest } = decryption ?? {}
  if (decryption === undefined || !epoch || !digest)
    throw new ExpectedError('STAND-IN-ONLY', `${id} was not asked`)
  const outsiders = loadOutsiders(folder.path)
  const requester = outsider(outsiders, 'requester')
  const place = decryptionFolder(folder, id)
  const given = decryption.answers
    .filter(({ decision }) => decision === 'approved')
    .toSorted((a, b) => a.holder - b.holder)
  const partials = await Promise.all(
    given.map(({ holder }) =>
      openWith(outsiders.combiner.identity, readBounded(join(place, `answer-${holder}.age`), maxFile)),
    ),
  )
  const keys = epoch.holders.map((name) => holderBefore(folder.state.seats, name)?.keys ?? {})
  const pub = readBounded(publicPath(folder, epoch.epochId), maxFile)
  const combined = fheThresholdDecrypt({
    pub,
    ciphertexts: [readBounded(join(place, 'ciphertext-1.bin'), maxFile)],
    partials,
    requestDigest: fromHex(digest, 32),
    holders: keys,
  })
  const values = combined.ok ? combined.value.values.map(String) : []
  const known = parseCanonical(readBounded(join(place, 'values.json'), maxFile), { maxBytes: maxFile })
  const right = combined.ok && JSON.stringify(values) === JSON.stringify(known)
  const salt = systemEntropy.bytes(16)
  const { domain } = folder.state
  const result: DecryptionResult = {
    v: 1,
    kind: 'decryption-result',
    domain,
    request: digest,
    answers: given.map((answer) => answer.digest),
    outcome: right ? 'combined' : 'inconsistent',
    verified: right ? combined.value.verified : 0,
    cheaters: right ? [...combined.value.cheaters] : [],
    commitment: right ? sha256Hex(salt, encodeCanonical(values)) : null,
    time: now,
  }
  writeDurably(
    join(place, 'result.json'),
    encodeCanonical({
      salt: toHex(salt),
      values,
      right,
      detail: combined.ok ? '' : combined.detail,
      noise: standInNoise(parsePublic(pub).header),
    }),
  )
  const payload = decryptionResultCodec.signedBytes(result)
  const signature = decryptionResultCodec.sign(requester.identity, result, domain)
  return run.submit({ type: 'submit', what: 'decryption-result', payload, signature })
}

export type StandInNoise = { blockBits: number; floorBits: number; belowFloor: boolean }

/**
 * How well the answers of stand-in holders hide their shares: stand-ins encrypt with the compact public key, the only one
 * that is there. At any quorum that is below the floor of a real key. THRESHOLD-FHE section 5.
 */
export function standInNoise(quorum: { t: number; n: number }): StandInNoise {
  const blockBits = blockBitsOf(quorum, 'public-key')
  return { blockBits, floorBits: BLOCK_FLOOR_BITS, belowFloor: blockBits < BLOCK_FLOOR_BITS }
}

/** Of all decryptions of a rehearsal, at its least; null where stand-ins encrypt nothing. */
export function rehearsedNoise({ fhe, reshare, decryptions = [] }: Plan): StandInNoise | null {
  if (fhe?.mode !== 'F' || decryptions.length === 0) return null
  const quorums = [fhe, ...(reshare === undefined ? [] : [reshare])].map(standInNoise)
  return quorums.reduce((least, one) => (one.blockBits < least.blockBits ? one : least))
}
