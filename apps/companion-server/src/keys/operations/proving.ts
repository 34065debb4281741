import { createHmac, createSecretKey } from 'node:crypto'
import { equalBytes, sha256Hex, toHex, utf8 } from '@lux/crypto'
import type { Subject } from '../../audit/record.ts'
import { entry } from '../../operations/entry.ts'
import { Type } from '../../operations/schema.ts'
import { accept, type Outcome, refuse } from '../../refusal.ts'
import type { KeyAlgorithm } from '../algorithms.ts'
import { checkLengths, id, inputs, type KeyParts, type KeyWork, made, payload, version } from '../key-work.ts'
import type { StoredKey } from '../repository.ts'
import {
  checkSigningInput,
  privateKeyOf,
  publicKeyOf,
  type SigningAlgorithm,
  type SigningInput,
  signData,
  signingAlgorithmNames,
  verifyData,
} from '../signing.ts'
import { checkBatch, maxBatch } from './sealing.ts'

export type Signed = {
  readonly signature: Uint8Array
  readonly version: number
  readonly algorithm: SigningAlgorithm
}
export type Verified = { readonly valid: boolean; readonly version: number | null }

export const signed = {
  data: payload,
  algorithm: Type.Enum([...signingAlgorithmNames]),
  isDigest: Type.Optional(Type.Boolean()),
}
const wanted = Type.Optional(version)
/** By the name that the answer gives it; absent: the key's. */
const macName = Type.Optional(Type.String({ maxLength: 64 }))

/** Signatures and MACs. What is none is an answer, no refusal. */
export function provingEntries(parts: KeyParts, work: KeyWork) {
  const all = { ...parts, ...work }
  return { ...signingEntries(all), ...macEntries(all) }
}

/** Whether any version that it may be of says so. */
async function anyOf(
  { unwrapping, candidates }: KeyParts & KeyWork,
  { subject, found: key }: { readonly subject: Subject; readonly found: StoredKey },
  wanted: number | undefined,
  isBy: (bytes: Uint8Array) => boolean,
): Promise<Outcome<Verified>> {
  const tried = await candidates(key, wanted)
  if (!tried.ok) return tried
  for (const one of tried.value) {
    if (!(await unwrapping.useKey(key, one, isBy))) continue
    subject.version = one.row.version
    return accept({ valid: true, version: one.row.version })
  }
  return accept({ valid: false, version: null })
}

function signingEntries(work: KeyParts & KeyWork) {
  const { using, fitting, versionOf, unwrapping } = work
  const signing = using('sign-verify', 'sign')
  const verifying = using('sign-verify', 'verify')

  const sign = async (subject: Subject, key: StoredKey, input: SigningInput): Promise<Outcome<Signed>> => {
    const its = await versionOf(key, key.current_version, ['enabled'])
    if (!its.ok) return its
    subject.version = key.current_version
    const signature = await unwrapping.useKey(key, its.value, (bytes) => signData(privateKeyOf(bytes), input))
    return accept({ signature, version: key.current_version, algorithm: input.algorithm })
  }

  const fitsSigning = (uses: 'sign' | 'verify', found: StoredKey, input: SigningInput) => {
    const fits = fitting(found, 'sign-verify', uses)
    return fits.ok ? checkSigningInput(fits.value, input) : fits
  }

  return {
    sign: entry({
      ...signing,
      name: 'key.sign',
      input: { id, ...signed },
      // Who approves a signature has to know of what.
      shown: (input) => `by ${input.algorithm}, data of the digest ${digestOf(input)}`,
      hashed: hashedOf,
      fits: ({ found, input }) => fitsSigning('sign', found, input),
      run: ({ subject, found, input }) => sign(subject, found, input),
      output: ({ signature }) => [signature],
    }),

    verify: entry({
      ...verifying,
      name: 'key.verify',
      input: { id, ...signed, signature: made, version: wanted },
      shown: () => 'a check of a signature',
      hashed: ({ data, signature }) => inputs(data, signature),
      fits: ({ found, input }) => fitsSigning('verify', found, input),
      run: ({ subject, found, input }) =>
        anyOf(work, { subject, found }, input.version, (bytes) =>
          verifyData(publicKeyOf(bytes), input, input.signature),
        ),
      output: ({ valid }) => [Uint8Array.of(valid ? 1 : 0)],
    }),

    signBatch: entry({
      ...signing,
      name: 'key.sign-batch',
      input: {
        id,
        items: Type.Array(Type.Object(signed, { additionalProperties: false }), {
          minItems: 1,
          maxItems: maxBatch,
        }),
      },
      shown: ({ items }) =>
        `${items.length} signatures by ${[...new Set(items.map(({ algorithm }) => algorithm))].join(', ')}, together of SHA-256 ${sha256Hex(utf8(items.map(digestOf).join('\n')))}`,
      hashed: ({ items }) => items.flatMap(hashedOf),
      fits({ found, input }) {
        const fits = fitting(found, 'sign-verify', 'sign')
        if (!fits.ok) return fits
        const within = checkBatch(input.items)
        return within.ok ? fits : within
      },
      async run({ subject, found, fitting: algorithm, input: { items } }) {
        const all: Outcome<Signed>[] = []
        for (const item of items) {
          const within = checkLengths({ data: item.data })
          const fits = within.ok ? checkSigningInput(algorithm, item) : within
          all.push(fits.ok ? await sign(subject, found, item) : fits)
        }
        return accept(all)
      },
      output: (all) => all.flatMap((one) => (one.ok ? [one.value.signature] : [])),
    }),
  }
}

function macEntries(work: KeyParts & KeyWork) {
  const { using, fitting, versionOf, unwrapping } = work
  const making = using('generate-verify-mac', 'mac')
  const checking = using('generate-verify-mac', 'verify-mac')

  const fitsMac = (uses: 'mac' | 'verify-mac', found: StoredKey, wanted: string | undefined) => {
    const fits = fitting(found, 'generate-verify-mac', uses)
    if (!fits.ok) return fits
    const named = macNameOf(fits.value)
    return wanted === undefined || wanted === named
      ? fits
      : refuse('KEY-USAGE', `the key makes MACs of ${named} alone`)
  }

  return {
    generateMac: entry({
      ...making,
      name: 'key.generate-mac',
      input: { id, data: payload, algorithm: macName },
      shown: ({ data }) => `a MAC of ${data.length} bytes`,
      hashed: ({ data }) => [data],
      fits: ({ found, input }) => fitsMac('mac', found, input.algorithm),
      async run({ subject, found: key, fitting: algorithm, input: { data } }) {
        const its = await versionOf(key, key.current_version, ['enabled'])
        if (!its.ok) return its
        subject.version = key.current_version
        const mac = await unwrapping.useKey(key, its.value, (bytes) => macOf(algorithm, bytes, data))
        return accept({ mac, version: key.current_version, algorithm: macNameOf(algorithm) })
      },
      output: ({ mac }) => [mac],
    }),

    verifyMac: entry({
      ...checking,
      name: 'key.verify-mac',
      input: { id, data: payload, mac: made, version: wanted, algorithm: macName },
      shown: () => 'a check of a MAC',
      hashed: ({ data, mac }) => [data, mac],
      fits: ({ found, input }) => fitsMac('verify-mac', found, input.algorithm),
      async run({ subject, found, fitting: algorithm, input: { data, mac, version } }) {
        const checked = await anyOf(work, { subject, found }, version, (bytes) =>
          equalBytes(macOf(algorithm, bytes, data), mac),
        )
        return checked.ok ? accept({ ...checked.value, algorithm: macNameOf(algorithm) }) : checked
      },
      output: () => [],
    }),
  }
}

export const hashedOf = ({ data, algorithm, isDigest = false }: SigningInput): readonly Uint8Array[] =>
  inputs(data, utf8(`${algorithm} ${isDigest}`))

export const digestOf = ({ data, isDigest }: SigningInput): string =>
  isDigest ? toHex(data) : sha256Hex(data)

const macHashes = { HMAC_256: 'sha256', HMAC_384: 'sha384', HMAC_512: 'sha512' } as const

/** Of a key of this algorithm. */
export function macOf(algorithm: KeyAlgorithm, key: Uint8Array, data: Uint8Array): Uint8Array {
  // What `fits` has seen is one of the three that make MACs.
  return createHmac(macHashes[algorithm as keyof typeof macHashes], createSecretKey(key))
    .update(data)
    .digest()
}

const macNameOf = (algorithm: KeyAlgorithm): string => algorithm.replace('HMAC_', 'HMAC_SHA_')
