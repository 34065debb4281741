import { concatBytes, type Json, sha256Hex, utf8 } from '@lux/crypto'
import type { FullEntry } from '../../src/exports/transcript.ts'
import { type Altered, other, predicate } from './altered-parts.ts'
import type { Alterations, SampleOptions } from './sample-options.ts'

const count = (length: number) => Uint8Array.of(length, 0, 0, 0, 0, 0, 0, 0)
const name = utf8('zk::CompactPkeCrs')

/** How tfhe begins a reference string, and bytes that are none. */
export const sampleString = concatBytes(
  ...[count(3), utf8('0.5'), new Uint8Array(4), count(3), utf8('0.1'), count(name.length), name],
  utf8('points of a curve'),
)

/** What the dealing made besides the key. */
export const dealtWith =
  (crs: object): NonNullable<Alterations['entries']> =>
  (entries) =>
    entries.map((entry): FullEntry => {
      if (entry.stepId !== 'deal') return entry
      const { crs: _own, ...rest } = entry.fact.result as Record<string, Json>
      return { ...entry, fact: { ...entry.fact, result: { ...rest, ...crs } } }
    })

const made = { crs: { sha256: sha256Hex(sampleString), size: sampleString.length } }

/** A key for proven inputs, with the reference string that was made with it. */
export const withString: SampleOptions = {
  fhe: true,
  crs: sampleString,
  alter: { entries: dealtWith(made) },
}

/** The reference string is not the one of plan and transcript, or not one at all. */
export const alteredStrings: Altered[] = [
  [
    'PLAN-CONTENT',
    'no reference string where the plan has proofBits',
    { fhe: true, alter: { plan: (p) => ({ ...p, fhe: { ...p.fhe!, proofBits: 64 } }) } },
  ],
  [
    'PLAN-CONTENT',
    'a reference string that the plan does not have',
    {
      fhe: true,
      crs: sampleString,
      alter: {
        plan: ({ fhe, ...p }) => {
          const { proofBits: _none, ...rest } = fhe!
          return { ...p, fhe: rest }
        },
      },
    },
  ],
  [
    'PLAN-CONTENT',
    'another reference string than the one that was made with the key',
    { ...withString, alter: { entries: dealtWith({ crs: { sha256: other, size: 1 } }) } },
  ],
  [
    'PLAN-CONTENT',
    'a reference string, though the dealing made none',
    { ...withString, alter: { entries: dealtWith({}) } },
  ],
  [
    'PLAN-CONTENT',
    'no reference string, though the dealing made one',
    { fhe: true, alter: { entries: dealtWith(made) } },
  ],
  [
    'FHE-COMMITMENTS',
    'a reference string that is a file of another kind',
    { fhe: true, crs: utf8('not a reference string at all, though it is long enough to be one') },
  ],
  [
    'FHE-COMMITMENTS',
    'a reference string of nothing but its name',
    { fhe: true, crs: sampleString.slice(0, -'points of a curve'.length) },
  ],
  [
    'FHE-COMMITMENTS',
    'a reference string longer than 16 MiB',
    { fhe: true, crs: concatBytes(sampleString, new Uint8Array(16 << 20)) },
  ],
  [
    'BLOB-REFERENCES',
    'a reference string that is not in the archive',
    {
      ...withString,
      alter: predicate((p) => ({ fhe: p.fhe && { ...p.fhe, crs: other } })),
    },
  ],
]
