import type { ChainLink, KeyAlgorithm, KeyLevel } from '@lux/ceremony'
import { fromHex, sha256Hex } from '@lux/crypto'
import type { KeyPath, WrappableAlgorithm } from '@lux/hsm'
import { type Perform, type RunContext, tokenOf } from '../context.ts'
import { keptRecord, leavesNothing, type Works } from '../work.ts'
import { toEvidence } from './key-evidence.ts'

export const generateKey: Perform<'generate-key'> = async (effect, run) => {
  const made = await tokenOf(run, effect.serial).generateWrapped({
    parent: pathOf(effect.chain, run),
    algorithm: algorithmOf(effect.key.level, effect.key.algorithm),
  })
  const result = {
    evidence: toEvidence(run, effect.token, { ckaId: effect.ckaId, label: effect.key.id }, made.attributes),
    mechanism: made.mechanism.standard,
    wrapped: run.folder.blobs.put(made.wrapped),
    ...(made.spki === null ? {} : { publicKey: sha256Hex(made.spki) }),
  }
  if (made.spki !== null) run.folder.blobs.put(made.spki)
  run.folder.writeAttempt(effect.step, effect.attempt, { effect: 'generate-key', part: result })
  return result
}

export const provePossession: Perform<'prove-possession'> = async (effect, run) => {
  const proof = await tokenOf(run, effect.serial).possessionDigest({
    kek: pathOf(effect.chain, run),
    challenge: fromHex(effect.challenge),
  })
  return { mechanism: proof.mechanism.standard, digest: proof.digest }
}

/** The root's own CKA_ID, then each wrapped KEK below it, from its blob on disk. */
function pathOf(chain: readonly ChainLink[], run: RunContext): KeyPath {
  const [root, ...below] = chain
  if (root === undefined) throw new RangeError('chain: expected the root first')
  return {
    id: root.ckaId,
    chain: below.map(({ id, wrapped }) => {
      if (wrapped === null) throw new RangeError(`chain: ${id} has no wrapped blob`)
      return { wrapped: run.folder.blobs.get(wrapped), bits: 256 as const }
    }),
  }
}

const kekLevels: readonly KeyLevel[] = ['root', 'organisation', 'project']
const algorithms = {
  'AES-128': 'aes-128-gcm',
  'AES-256': 'aes-256-gcm',
  'RSA-2048': 'rsa-2048',
  'RSA-4096': 'rsa-4096',
  'EC-P256': 'p-256',
  'EC-P384': 'p-384',
} as const satisfies Record<KeyAlgorithm, WrappableAlgorithm>

function algorithmOf(level: KeyLevel, algorithm: KeyAlgorithm): WrappableAlgorithm {
  return kekLevels.includes(level) ? 'aes-256' : algorithms[algorithm]
}

export const works = {
  'generate-key': { perform: generateKey, look: keptRecord },
  'prove-possession': { perform: provePossession, look: leavesNothing },
} satisfies Works<'generate-key' | 'prove-possession'>
