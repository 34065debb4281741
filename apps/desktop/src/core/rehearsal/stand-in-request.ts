import { join } from 'node:path'
import type { Refusal } from '@lux/ceremony'
import { holderBefore, type Plan } from '@lux/ceremony/plan'
import {
  type DecryptionRequest,
  decryptionRequestCodec,
  decryptionResultCodec,
  type Provenance,
  provenanceCodec,
  type RequestPackage,
} from '@lux/ceremony/wire'
import { encodeCanonical, type Json, parseCanonical, sha256Hex, toHex } from '@lux/crypto'
import {
  BLOCK_FLOOR_BITS,
  blockBitsOf,
  CANARY_PROGRAM,
  ciphertextDigest,
  parsePublic,
  readCiphertext,
} from '@lux/crypto/fhe'
import { ExpectedError, readBounded, writeDurably } from '@lux/node-files'
import { combineAnswers, openHolderAnswer, readRequest, signResult } from '@lux/people'
import { runKeyChild } from '../key-child/client.ts'
import type { KeyChildProgram } from '../runs/effects/context.ts'
import { approvedPackage } from '../runs/folder/approved-package.ts'
import { compactKeyPath, decryptionFolder, publicPath } from '../runs/folder/places.ts'
import type { Run } from '../runs/run/run.ts'
import { systemEntropy } from '../system.ts'
import { accepted } from './accepted.ts'
import { loadOutsiders, outsider } from './outsiders.ts'
import { submission } from './stand-in-run.ts'

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
      `squashed ciphertexts come from a native evaluator; no stand-in makes them. A request is taken in by: custody ceremony receipt ${folder.path} request.json`,
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

/**
 * The stand-in requester opens the answers, combines them and says what came of it, if the value is the known one: by the same
 * functions as a person's device.
 */
export async function resultAsStandIn(run: Run, id: string, now: string): Promise<Refusal | null> {
  const { folder } = run
  const decryption = folder.state.decryptions.find((one) => one.id === id)
  const { epoch, digest, package: taken } = decryption ?? {}
  if (decryption === undefined || !epoch || !digest || !taken)
    throw new ExpectedError('STAND-IN-ONLY', `${id} was not asked`)
  const outsiders = loadOutsiders(folder.path)
  const place = decryptionFolder(folder, id)
  const asked = accepted(readRequest(encodeCanonical(approvedPackage(folder, taken, digest))))
  const holders = epoch.holders.map((name) => ({
    name,
    keys: holderBefore(folder.state.seats, name)?.keys ?? {},
  }))
  const opened = await Promise.all(
    decryption.answers
      .filter(({ decision }) => decision === 'approved')
      .map(({ holder }) => {
        const file = (ending: string) => readBounded(join(place, `answer-${holder}.${ending}`), maxFile)
        return openHolderAnswer(
          asked,
          holders,
          { answer: file('json'), sealed: file('age') },
          outsiders.combiner.identity,
        )
      }),
  )
  const known = parseCanonical(readBounded(join(place, 'values.json'), maxFile), { maxBytes: maxFile })
  const pub = readBounded(publicPath(folder, epoch.epochId), maxFile)
  const read = accepted(
    combineAnswers({
      request: asked,
      pub,
      ciphertexts: [readBounded(join(place, 'ciphertext-1.bin'), maxFile)],
      holders,
      answers: opened.map((one) => accepted(one)),
      known: Array.isArray(known) ? known.map((value) => BigInt(String(value))) : [],
    }),
  )
  const salt = systemEntropy.bytes(16)
  const { card, identity } = outsider(outsiders, 'requester')
  const { said, bytes } = accepted(signResult(read, { card, identity, seal: null }, { now, salt }))
  const right = said.outcome === 'combined'
  writeDurably(
    join(place, 'result.json'),
    encodeCanonical({
      salt: toHex(salt),
      values: read.values.map(String),
      right,
      detail: read.proved === true ? '' : read.claim,
      noise: standInNoise(parsePublic(pub).header),
    }),
  )
  return run.submit({ ...submission(decryptionResultCodec, bytes), what: 'decryption-result' })
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
