import {
  type Authorities,
  fhePartialDecrypt,
  NO_AUTHORITIES,
  type PartialDecryptRequest,
  type Provenance,
  parseClientKey,
  signProvenance,
} from '../../src/fhe/index.ts'
import { sha256 } from '../../src/hash.ts'
import { toHex } from '../../src/hex.ts'
import { generateIdentity } from '../../src/sign/identity.ts'
import { dealt, entropyOf, realClientKey, squashedFile, withSquashKey } from './fixture.ts'

export const entropy = entropyOf(50)
export const { key, bytes: plainKey } = realClientKey()
export const clientKey = withSquashKey(plainKey)
export const { key128 } = parseClientKey(clientKey)
export const deal = dealt(clientKey, 2, 3, 'S', true)
export const file = squashedFile(key128!, 'Int', -77n, 16)
const nothing = { at64: 0, at128: 0 }

export const evaluator = generateIdentity(entropy, ['ed25519', 'mlDsa65'])
export const stranger = generateIdentity(entropy, ['ed25519', 'mlDsa65'])
export const holders = [1, 2, 3].map(() => generateIdentity(entropy, ['ed25519', 'mlDsa65']))
export const authorities: Authorities = { ...NO_AUTHORITIES, evaluators: [evaluator.keys] }
export const requestDigest = sha256(Uint8Array.of(1))

export function bare(holder: number, change: Partial<PartialDecryptRequest> = {}): PartialDecryptRequest {
  return {
    share: deal.shares[holder - 1]!,
    pub: deal.pub,
    ciphertexts: [file],
    authority: { rehearsal: true },
    answered: new Set(),
    spent: nothing,
    ...change,
  }
}

export function opened<T>(outcome: { ok: true; value: T } | { ok: false; rule: string; detail: string }): T {
  if (!outcome.ok) throw new Error(`${outcome.rule}: ${outcome.detail}`)
  return outcome.value
}

export const digest = opened(fhePartialDecrypt(bare(1))).digests[0]!
type Listed = Extract<Provenance, { v: 1 }>
export const provenance = (change: Partial<Listed> = {}): Listed => ({
  v: 1,
  domain: 'rehearsal',
  keyId: toHex(deal.keyId),
  mode: 'S',
  type: 'i16',
  ciphertexts: [digest],
  program: 'sum of two',
  inputs: [{ digest: 'aa'.repeat(32), admitted: 'signature', by: 'Ann' }],
  time: '2026-01-31T09:30:00.000Z',
  ...change,
})
export const vouchedBy = (identity = evaluator, change: Partial<Listed> = {}) =>
  signProvenance(identity, provenance(change))
export const asked = (holder: number, documents: Uint8Array[], change: Partial<PartialDecryptRequest> = {}) =>
  fhePartialDecrypt(
    bare(holder, {
      authority: { authorities, provenance: documents, requestDigest, identity: holders[holder - 1]! },
      ...change,
    }),
  )
