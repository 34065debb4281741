import { FormatError } from '../format-error.ts'
import { accept, type Outcome } from '../sharing/outcome.ts'
import { refuse } from '../verdict.ts'
import { byteReader } from './byte-reader.ts'
import { provenMetadata } from './provenance.ts'
import { readSafeHeader } from './tfhe-fields.ts'
import { TFHE_LIMIT, type TfheExpander, type TfheModule } from './tfhe-module.ts'

export type ProvenListInput = {
  /** tfhe's serialized ProvenCompactCiphertextList. */
  readonly list: Uint8Array
  /** tfhe's serialized CompactPkeCrs, that of the key's ceremony: its maker can forge proofs. */
  readonly crs: Uint8Array
  /** The key's compact public key, made under dedicated parameters. */
  readonly publicKey: Uint8Array
  readonly keyId: Uint8Array
  /** Identity of whoever submits it; a proof copied by somebody else does not verify. */
  readonly submitter: string
}

/**
 * Verifies a list of encrypted inputs and expands it: what an evaluator in JavaScript admits them by. It takes a server
 * key to be set in tfhe, and 2 s. Refusals: FHE-BARE-LIST, one changed word of which can give the whole key away ·
 * FHE-TYPE · FHE-PROOF it does not verify for this key and submitter, or tfhe does not take the bytes.
 */
export function admitProvenList(tfhe: TfheModule, input: ProvenListInput): Outcome<TfheExpander> {
  const name = nameOf(input.list)
  if (name === 'high_level_api::CompactCiphertextList') {
    return refuse('FHE-BARE-LIST', 'a compact list without a proof is never admitted')
  }
  if (name !== 'high_level_api::ProvenCompactCiphertextList') {
    return refuse('FHE-TYPE', 'not a list of encrypted inputs')
  }
  const metadata = provenMetadata(input.keyId, input.submitter)
  try {
    const list = tfhe.ProvenCompactCiphertextList.safe_deserialize(input.list, TFHE_LIMIT)
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

function nameOf(bytes: Uint8Array): string {
  try {
    return readSafeHeader(byteReader(bytes))
  } catch (error) {
    if (error instanceof FormatError) return ''
    throw error
  }
}
