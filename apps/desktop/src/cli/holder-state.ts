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
import type { ShareEnvelope } from '@lux/crypto/fhe'
import { CoreError, readBounded } from '@lux/node-files'
import { members } from './json-members.ts'
import type { PersonKey } from './shell/key-file.ts'

/** What a holder has answered under a share in its whole life, beside the share and signed by the holder. */
export type HolderState = {
  /** Blocks at each width. */
  spent: { at64: number; at128: number }
  /** Digests of ciphertexts answered in this epoch, hex: they cost nothing again. */
  answered: string[]
  /** Ids of requests that were decided. */
  taken: string[]
  /**
   * Digest of the opening of the run in which the epoch is being left, hex. What was said to be left then is counted for the new
   * shares, so that this one decrypts nothing more.
   */
  leaving: string | null
  /** Whether the ceremony key has declared the epoch live; the first one of a key is from its dealing on. */
  live: boolean
  /** Whether this share has answered the one canary of its epoch. */
  canary: boolean
}

const maxBytes = 8 << 20
const maxListed = 1 << 16

export const freshState = (live = true): HolderState => ({
  spent: { at64: 0, at128: 0 },
  answered: [],
  taken: [],
  leaving: null,
  live,
  canary: false,
})
export const statePath = (share: string) => `${share}.state`

/** Signed, and bound to one share: key, epoch and holder. */
export function encodeState(
  state: HolderState,
  { identity }: PersonKey,
  { share: { header } }: ShareEnvelope,
): Uint8Array {
  const payload = {
    v: 2,
    kind: 'holder-state',
    domain: header.domain,
    keyId: toHex(header.keyId),
    epochId: toHex(header.epochId),
    holder: header.holder,
    spent: { ...state.spent },
    // The oldest are dropped before the file grows without end: a dropped ciphertext costs its blocks again, and a
    // dropped request has expired long since.
    answered: state.answered.slice(-maxListed),
    taken: state.taken.slice(-maxListed),
    leaving: state.leaving,
    live: state.live,
    canary: state.canary,
  }
  return encodeDocument(signDocument([identity], signatureContext('holder-state', header.domain), payload))
}

/** The state of a share, out of its record. Errors: HOLDER-STATE-OTHER. */
export function parseState(
  bytes: Uint8Array,
  path: string,
  { key: { identity }, envelope }: { key: PersonKey; envelope: ShareEnvelope },
): HolderState {
  const { header } = envelope.share
  const other = (detail: string) =>
    new CoreError('HOLDER-STATE-OTHER', `${path}: ${detail}`, 'keep the state beside the share that it is of')
  try {
    const document = parseDocument(bytes, { maxBytes })
    const context = signatureContext('holder-state', header.domain)
    const verdict = verifyDocument(document, context, [identity.keys])
    if (!verdict.ok) throw other(verdict.detail)
    const { v, kind, domain, keyId, epochId, holder, spent, answered, taken, ...phase } = members(
      document.payload,
    )
    // Version 1 named the plan, of which there can be several runs: an approval that stands there is of none for certain.
    if (v === 1 && (phase.leaving ?? null) !== null)
      throw other('it names a plan and not the run that leaves its epoch')
    const same =
      (v === 1 || v === 2) &&
      kind === 'holder-state' &&
      domain === header.domain &&
      keyId === toHex(header.keyId) &&
      epochId === toHex(header.epochId) &&
      holder === header.holder
    if (!same) throw other('it is of another share')
    const { at64, at128 } = members(spent)
    if (!isCount(at64) || !isCount(at128)) throw other('it counts no blocks')
    return {
      spent: { at64, at128 },
      answered: listOf(answered),
      taken: listOf(taken),
      ...phaseOf(phase, header.epoch === 0),
    }
  } catch (error) {
    if (error instanceof FormatError) throw other(error.detail)
    throw error
  }
}

/** A share's record. A missing one is not a fresh one: with it the budget would start again. Errors: HOLDER-STATE-MISSING. */
export function readState(path: string): Uint8Array {
  try {
    return readBounded(path, maxBytes)
  } catch (error) {
    if (error instanceof CoreError && error.code === 'FILE-MISSING')
      throw new CoreError(
        'HOLDER-STATE-MISSING',
        `${path} is gone, and with it what this share has answered`,
        'bring it back from where the share came; without it the share answers nothing more: receive it again with --lost, and ask for a refresh',
      )
    throw error
  }
}

/** Records of version 0.1 before epochs could move have none of these: their shares are of the first epoch. */
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
