import {
  encodeDocument,
  FormatError,
  type Json,
  parseDocument,
  signatureContext,
  signDocument,
  toHex,
  verifyDocument,
} from '@lux/crypto'
import type { Budgets, ShareEnvelope } from '@lux/crypto/fhe'
import { members } from '../json-members.ts'
import { checked, no, type Outcome } from '../outcome.ts'
import type { PersonKey } from '../person-key.ts'

/** All that a share has answered in its life, stored beside it and signed by its holder. */
export type HolderState = {
  /** Blocks at each width. */
  readonly spent: Budgets
  /** Digests of the ciphertexts answered in this epoch, hex. They cost nothing the second time. */
  readonly answered: readonly string[]
  /** Ids of requests that were decided. */
  readonly taken: readonly string[]
  /**
   * Digest of the opening of the run that its holder approved, hex. The remaining budget counts for the new shares from then on, so this
   * share decrypts nothing more.
   */
  readonly leaving: string | null
  /** Whether the ceremony key declared the epoch live. A key's first epoch is live from its dealing on. */
  readonly live: boolean
  /** Whether this share answered its epoch's only canary. */
  readonly canary: boolean
}

/** Of a record. */
export const maxState = 8 << 20
const maxListed = 1 << 16

export const freshState = (live = true): HolderState => ({
  spent: { at64: 0, at128: 0 },
  answered: [],
  taken: [],
  leaving: null,
  live,
  canary: false,
})

/** The state of a share that was lost. Nobody knows what it answered, so it counts as having answered everything. */
export const lostState = ({ share: { budgets } }: ShareEnvelope, live: boolean): HolderState => ({
  ...freshState(live),
  spent: { ...budgets },
  canary: true,
})

/** Whether a share counts as lost: all is spent, and nothing was answered. */
export const countsAsLost = (
  { spent, answered, taken }: HolderState,
  { share: { budgets } }: ShareEnvelope,
): boolean =>
  answered.length === 0 &&
  taken.length === 0 &&
  budgets.at64 + budgets.at128 > 0 &&
  spent.at64 === budgets.at64 &&
  spent.at128 === budgets.at128

/** The record: signed, and bound to one share: key, epoch and holder. */
export function encodeState(
  state: HolderState,
  { key: { identity }, envelope }: { key: PersonKey; envelope: ShareEnvelope },
): Uint8Array {
  const { header } = envelope.share
  const payload = {
    v: 2,
    kind: 'holder-state',
    domain: header.domain,
    keyId: toHex(header.keyId),
    epochId: toHex(header.epochId),
    holder: header.holder,
    spent: { ...state.spent },
    // Limits of the lists. The oldest entries go: a dropped ciphertext costs its blocks again, and a dropped request expired long ago.
    answered: state.answered.slice(-maxListed),
    taken: state.taken.slice(-maxListed),
    leaving: state.leaving,
    live: state.live,
    canary: state.canary,
  }
  return encodeDocument(signDocument([identity], signatureContext('holder-state', header.domain), payload))
}

/** Reads a share's record. Refuses HOLDER-STATE-OTHER. */
export function parseState(
  bytes: Uint8Array,
  of: { key: PersonKey; envelope: ShareEnvelope },
): Outcome<HolderState> {
  const read = checked(() => stateIn(bytes, of), 'state')
  return read.ok ? read : { ...read, rule: 'HOLDER-STATE-OTHER' }
}

function stateIn(
  bytes: Uint8Array,
  { key: { identity }, envelope }: { key: PersonKey; envelope: ShareEnvelope },
): HolderState {
  const { header } = envelope.share
  const other = (detail: string): never => no('HOLDER-STATE-OTHER', detail, 'state')
  const document = parseDocument(bytes, { maxBytes: maxState })
  const context = signatureContext('holder-state', header.domain)
  const verdict = verifyDocument(document, context, [identity.keys])
  if (!verdict.ok) return other(verdict.detail)
  const { v, kind, domain, keyId, epochId, holder, spent, answered, taken, ...phase } = members(
    document.payload,
  )
  // Version 1 named the plan, which several runs can share, so such an approval is of no certain run.
  if (v === 1 && (phase.leaving ?? null) !== null)
    return other('it names a plan and not the run that leaves its epoch')
  const same =
    (v === 1 || v === 2) &&
    kind === 'holder-state' &&
    domain === header.domain &&
    keyId === toHex(header.keyId) &&
    epochId === toHex(header.epochId) &&
    holder === header.holder
  if (!same) return other('it is of another share')
  const { at64, at128 } = members(spent)
  if (!isCount(at64) || !isCount(at128)) return other('it counts no blocks')
  return {
    spent: { at64, at128 },
    answered: listOf(answered),
    taken: listOf(taken),
    ...phaseOf(phase, header.epoch === 0),
  }
}

/** Records of version 0.1 have none of these. No key could move then, so their shares are of the first epoch. */
function phaseOf(
  { leaving = null, live, canary = false }: { [name: string]: Json | undefined },
  first: boolean,
): Pick<HolderState, 'leaving' | 'live' | 'canary'> {
  const hash = leaving === null || (typeof leaving === 'string' && /^[0-9a-f]{64}$/.test(leaving))
  const known = live ?? first
  if (!hash || typeof known !== 'boolean' || typeof canary !== 'boolean')
    throw new FormatError('HOLDER-STATE', 'no phase')
  return { leaving, live: known, canary }
}

function isCount(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function listOf(value: Json | undefined): string[] {
  if (!Array.isArray(value) || value.length > maxListed) throw new FormatError('HOLDER-STATE', 'no list')
  return value.map((one) => {
    if (typeof one !== 'string' || !/^[0-9a-f]{32,64}$/.test(one))
      throw new FormatError('HOLDER-STATE', 'no digest')
    return one
  })
}
