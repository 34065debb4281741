import { FormatError } from '../../format-error.ts'
import { accept, type Outcome, refuse } from '../../outcome.ts'
import { isEarlierText } from '../../text/index.ts'
import { byteReader } from '../files/byte-reader.ts'
import { readSafeHeader } from '../files/tfhe-fields.ts'
import { pairsPerProof } from '../keys/reference-string.ts'
import { TFHE_LIMIT, type TfheExpander, type TfheModule } from '../keys/tfhe-module.ts'
import { isUsable } from './proof-points.ts'
import { MAX_LIST_VALUES, PROVEN_LIST_NAME, parseProvenList } from './proven-list.ts'
import { provenMetadata } from './provenance.ts'

/** Largest list, as of the evaluator in Rust. */
const MAX_LIST = 1 << 26
const MAX_SUBMITTER = 200

export type ProvenListInput = {
  /** tfhe's serialized ProvenCompactCiphertextList, at most 64 MiB. */
  readonly list: Uint8Array
  /** Type of each value that it must hold, in order: `bool`, `u8`, `i64`, … No proof covers what the list says of them. */
  readonly types: readonly string[]
  /** tfhe's serialized CompactPkeCrs, that of the key's ceremony: its maker can forge proofs. */
  readonly crs: Uint8Array
  /** The key's compact public key, made under dedicated parameters. */
  readonly publicKey: Uint8Array
  readonly keyId: Uint8Array
  /** Identity of whoever submits it, 1 to 200 visible characters; a proof copied by somebody else does not verify. */
  readonly submitter: string
}

/**
 * Verifies a list of encrypted inputs and expands it, by the same rules as the evaluator in Rust. tfhe's wasm library checks neither a
 * list's shape nor its proofs' points, so both are checked here first. A server key must be set in tfhe. It takes 2 s. Refusals:
 * FHE-BARE-LIST, in which one changed word can give the whole key away · FHE-TYPE · FHE-LIST-SIZE · FHE-SUBMITTER · FHE-LIST-TYPES other
 * values than expected · FHE-LIST-SHAPE · FHE-TRUNCATED, FHE-TRAILING, FHE-FIELD · FHE-PROOF-POINT · FHE-PROOF it does not verify for this
 * key and submitter.
 */
export function admitProvenList(tfhe: TfheModule, input: ProvenListInput): Outcome<TfheExpander> {
  const { list: bytes, types, submitter } = input
  const name = nameOf(bytes)
  if (name === 'high_level_api::CompactCiphertextList') {
    return refuse('FHE-BARE-LIST', 'a compact list without a proof is never admitted')
  }
  if (name !== PROVEN_LIST_NAME) return refuse('FHE-TYPE', 'not a list of encrypted inputs')
  if (bytes.length > MAX_LIST || types.length === 0 || types.length > MAX_LIST_VALUES) {
    return refuse('FHE-LIST-SIZE', `${bytes.length} bytes for ${types.length} values`)
  }
  if (!isSubmitter(submitter)) {
    return refuse('FHE-SUBMITTER', `expected 1 to ${MAX_SUBMITTER} visible characters`)
  }
  const checked = checkList(input)
  if (!checked.ok) return checked
  const metadata = provenMetadata(input.keyId, submitter)
  try {
    const list = tfhe.ProvenCompactCiphertextList.safe_deserialize(bytes, BigInt(MAX_LIST))
    const crs = tfhe.CompactPkeCrs.safe_deserialize(input.crs, TFHE_LIMIT)
    const publicKey = tfhe.TfheCompactPublicKey.safe_deserialize(input.publicKey, TFHE_LIMIT)
    return accept(list.verify_and_expand(crs, publicKey, metadata))
  } catch (error) {
    // tfhe throws strings and objects of its own; what they say is about public bytes.
    return refuse(
      'FHE-PROOF',
      `the list is not proven for this key and submitter: ${String(error).slice(0, 200)}`,
    )
  }
}

/** All that a proof does not cover, and what its verifier takes for granted. */
function checkList({ list: bytes, types, crs }: ProvenListInput): Outcome<null> {
  try {
    const list = parseProvenList(bytes)
    const other = types.findIndex((type, i) => type !== list.types[i])
    if (list.types.length !== types.length || other >= 0) {
      return refuse(
        'FHE-LIST-TYPES',
        list.types.length === types.length
          ? `value ${other + 1} is ${list.types[other]}, expected ${types[other]}`
          : `the list has ${list.types.length} values, ${types.length} are expected`,
      )
    }
    const [first = 0] = list.pairs
    const most = pairsPerProof(crs)
    if (first > most || (list.pairs.length > 1 && first < most)) {
      return refuse(
        'FHE-LIST-SHAPE',
        `${first} pairs of blocks under a proof, the reference string is for ${most}`,
      )
    }
    return list.points.every(isUsable)
      ? accept(null)
      : refuse('FHE-PROOF-POINT', 'a point of the proof is not on its curve or not in its subgroup')
  } catch (error) {
    if (error instanceof FormatError) return refuse(error.rule, error.detail)
    throw error
  }
}

/** As in the evaluator: what is shown to a holder as the submitter can be read. A lone surrogate would be another's bytes. */
function isSubmitter(submitter: string): boolean {
  const length = [...submitter].length
  return length >= 1 && length <= MAX_SUBMITTER && isEarlierText(submitter) && submitter.isWellFormed()
}

function nameOf(bytes: Uint8Array): string {
  try {
    return readSafeHeader(byteReader(bytes))
  } catch (error) {
    if (error instanceof FormatError) return ''
    throw error
  }
}
