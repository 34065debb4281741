import { digestOfBatch, mostListed, type Provenance, provenanceCodec } from '@lux/ceremony/wire'
import { type Domain, toHex } from '@lux/crypto'
import {
  CANARY_PROGRAM,
  parsePublic,
  type SeenCiphertext,
  signProvenance as signProvenanceBytes,
  typeName,
} from '@lux/crypto/fhe'
import { checked, need, no, type Outcome } from '../outcome.ts'
import type { PersonKey } from '../person-key.ts'
import { checkSigner } from './sign.ts'

type Listed = Extract<Provenance, { v: 1 }>

/** What somebody is asked to attest about ciphertexts, told from the files and from the statement of their origin. */
type ProvenanceToSign = Pick<Listed, 'keyId' | 'mode' | 'type' | 'ciphertexts' | 'program' | 'inputs'> & {
  readonly domain: Domain
}

/** A statement that waits for its signer's yes. */
type PreparedProvenance = {
  readonly asked: ProvenanceToSign
  readonly key: PersonKey
  readonly lines: readonly string[]
  readonly warnings: readonly string[]
}

type SignedProvenance = {
  readonly said: Provenance
  readonly digest: string
  readonly bytes: Uint8Array
}

type GivenFiles = {
  readonly pub: Uint8Array
  readonly ciphertexts: readonly SeenCiphertext[]
  readonly program: string
  readonly inputs: Listed['inputs']
}

/** All ciphertexts of a statement have one type and one width. Refuses FHE-TYPE-MIXED, FHE-…. */
export function provenanceToSign({
  pub,
  ciphertexts,
  program,
  inputs,
}: GivenFiles): Outcome<ProvenanceToSign> {
  return checked(() => {
    const { header } = checkedPublic(pub)
    const types = [...new Set(ciphertexts.map(typeName))]
    const widths = new Set(ciphertexts.map(({ width }) => width))
    const [type] = types
    if (type === undefined || types.length > 1 || widths.size > 1)
      return no('FHE-TYPE-MIXED', 'one statement is for ciphertexts of one type', 'ciphertext')
    return {
      domain: header.domain,
      keyId: toHex(header.keyId),
      mode: widths.has(128) ? 'S' : 'F',
      type,
      ciphertexts: ciphertexts.map(({ digest }) => toHex(digest)),
      program,
      inputs,
    }
  })
}

function checkedPublic(pub: Uint8Array): ReturnType<typeof parsePublic> {
  return need(
    checked(() => parsePublic(pub), 'public'),
    'public',
  )
}

/** An evaluator attests squashed ciphertexts, an encryptor fresh ones. Refuses REQUEST-ROLE, REQUEST-DOMAIN, FHE-PROVENANCE-MODE. */
export function prepareProvenance(asked: ProvenanceToSign, key: PersonKey): Outcome<PreparedProvenance> {
  return checked(() => {
    const { kind, name } = key.card
    if (kind !== 'evaluator' && kind !== 'encryptor')
      no('REQUEST-ROLE', `the key is of ${name}, ${kind}`, 'key')
    need(checkSigner({ kind, request: asked }, key))
    if ((asked.mode === 'S') !== (kind === 'evaluator'))
      no(
        'FHE-PROVENANCE-MODE',
        kind === 'evaluator'
          ? 'an evaluator vouches for squashed ciphertexts only'
          : 'an encryptor vouches for fresh ciphertexts only',
        'ciphertext',
      )
    return { asked, key, lines: linesOf(asked, key), warnings: warningsOf(asked) }
  })
}

/**
 * Signs after the yes, at `now`, ISO-8601 UTC. Refuses FHE-PROVENANCE and PROVENANCE-MALFORMED for hidden characters or too long a text.
 */
export function signProvenance({ asked, key }: PreparedProvenance, now: string): Outcome<SignedProvenance> {
  return checked(() => {
    const bytes = signProvenanceBytes(key.identity, provenanceOf(asked, now))
    const { payload: said } = need(provenanceCodec.file.parse(bytes))
    return { said, digest: provenanceCodec.payload.digest(said), bytes }
  })
}

/** Version 1 lists everything, and devices of before read it. What it has no room for is a batch of version 2. */
function provenanceOf({ ciphertexts, inputs, ...said }: ProvenanceToSign, time: string): Provenance {
  return fitsList({ ciphertexts, inputs })
    ? { v: 1, ...said, ciphertexts, inputs, time }
    : { v: 2, ...said, batch: batchOf(ciphertexts), inputs: groupsOf(inputs), time }
}

const fitsList = ({ ciphertexts, inputs }: Pick<Listed, 'ciphertexts' | 'inputs'>): boolean =>
  ciphertexts.length <= mostListed.ciphertexts && inputs.length <= mostListed.inputs

const batchOf = (digests: readonly string[]) => ({ count: digests.length, digest: digestOfBatch(digests) })

/** Inputs that came in alike, in the order in which each group is first met. */
function groupsOf(inputs: Listed['inputs']): Extract<Provenance, { v: 2 }>['inputs'] {
  const groups = Map.groupBy(inputs, ({ admitted, by }) => JSON.stringify([admitted, by]))
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    return first === undefined ? [] : [{ ...first, ...batchOf(group.map(({ digest }) => digest)) }]
  })
}

function linesOf(
  { domain, keyId, mode, type, ciphertexts, program, inputs }: ProvenanceToSign,
  key: PersonKey,
) {
  return [
    `${domain.toUpperCase()}  for ${key.card.name}, ${key.card.kind}`,
    `Attest where ${ciphertexts.length} ciphertexts of type ${type} come from`,
    `key        ${keyId}, mode ${mode}`,
    `program    ${program}`,
    ...(fitsList({ ciphertexts, inputs })
      ? [
          ...ciphertexts.map((digest) => `ciphertext ${digest}`),
          ...inputs.map(
            ({ digest, admitted, by }) => `input      ${digest}, by ${by}, admitted by ${admitted}`,
          ),
        ]
      : [
          `batch      ${digestOfBatch(ciphertexts)}`,
          ...groupsOf(inputs).map(
            ({ count, digest, admitted, by }) =>
              `inputs     ${count} × ${digest}, by ${by}, admitted by ${admitted}`,
          ),
        ]),
  ]
}

/** The damage that a wrong statement of this kind does. */
function warningsOf({ mode, program, inputs }: ProvenanceToSign): string[] {
  const clientKey = mode === 'F' && inputs.every(({ admitted }) => admitted === 'client-key')
  return [
    'warning: a statement for a forged ciphertext gives the whole key away: sign only for what you computed or encrypted yourself',
    ...(clientKey
      ? [
          'warning: “client-key” lets holders answer with less noise: say it only where the client key encrypted everything',
        ]
      : []),
    ...(program === CANARY_PROGRAM
      ? ['warning: this is called a canary: holders answer it before the epoch is live']
      : []),
  ]
}
