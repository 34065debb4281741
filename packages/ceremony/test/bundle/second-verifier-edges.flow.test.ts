import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { keyAttributes } from '../../src/documents/ceremony/key-statement.ts'
import type { Plan } from '../../src/exports/plan.ts'
import { alteredFhe } from '../support/altered-fhe.ts'
import { sampleBundle } from '../support/sample-bundle.ts'
import { besideVerifier } from '../support/second-reader.ts'
import { type Case, compare } from '../support/second-verifier.ts'

/** The bytes with something else wherever a text stands. */
function replacedIn(
  bytes: Uint8Array,
  text: string,
  change: (all: Uint8Array, at: number) => void,
): Uint8Array {
  const all = Buffer.from(bytes)
  let found = 0
  for (let at = all.indexOf(text); at >= 0; at = all.indexOf(text, at + 1)) {
    change(all, at)
    found += 1
  }
  expect(found).toBe(2)
  return new Uint8Array(all)
}

describe('both verifiers', () => {
  it('REPLICAS look at the first of two tokens of one role', async () => {
    const third = { role: 'spare', profile: 'luna', library: '1b'.repeat(32), serial: 'c3d4e5f6' } as const
    const plan = (before: Plan): Plan => ({ ...before, tokens: [...before.tokens, third] })
    const bundle = await sampleBundle({
      replica: true,
      alter: {
        plan,
        header: (h) => ({ ...h, tokens: [...h.tokens, third] }),
        opening: (o) => ({ ...o, tokenSerials: [...o.tokenSerials, third.serial] }),
      },
    })
    expect(await compare([bundle])).toEqual([{ verdict: 'accepted', failed: [] }])
  }, 60_000)

  it('ZIP-CRC is of the first reading: what is never read has none', async () => {
    const { bytes, policy, predicate } = await sampleBundle({ domain: 'rehearsal' })
    const blobs = [
      ...new Set(
        Buffer.from(bytes)
          .toString('latin1')
          .match(/(?<=blobs\/)[0-9a-f]{64}/g),
      ),
    ].sort()
    // A name that is first or last stays so with digits that are the least or the greatest.
    const isLast = blobs.at(-1) !== predicate.opening
    const other = replacedIn(bytes, `blobs/${blobs.at(isLast ? -1 : 0)}`, (all, at) =>
      all.fill(isLast ? 0x66 : 0x30, at + 6, at + 70),
    )
    // The CRC stands 16 bytes before the name in a local header, 30 before it in the directory.
    let times = 0
    const both = replacedIn(other, `blobs/${predicate.opening}`, (all, at) => {
      all[at - (times++ === 0 ? 16 : 30)]! ^= 1
    })
    const [first] = await compare([{ bytes: both, policy }])
    expect(first?.failed).toEqual(['MANIFEST-ENTRIES'])
  }, 60_000)

  it('MANIFEST takes no list for the attributes of a key', () => {
    const values = [
      {},
      { SENSITIVE: true },
      [],
      [true],
      null,
      'SENSITIVE',
      { sensitive: true },
      { LABEL: 'x'.repeat(2049) },
    ]
    const second = besideVerifier(
      `
def fits(value):
    try:
        verify.attributes(value)
        return True
    except verify.Refused:
        return False
print(json.dumps([fits(value) for value in json.load(sys.stdin)]))
`,
      values,
    )
    expect(values.map((value) => v.is(keyAttributes, value))).toEqual(second)
    expect(second).toEqual([true, true, false, false, false, false, false, false])
  })

  it('DECRYPTIONS are each of one name, of batches that somebody vouches for, and no dealer is among those who vouch for a canary', async () => {
    const cases: Case[] = []
    for (const [, what, options] of alteredFhe)
      if (what.includes('of one name') || what.includes('dealer vouches') || what.includes('a batch'))
        cases.push(await sampleBundle(options))
    expect(cases).toHaveLength(4)
    for (const { failed } of await compare(cases)) expect(failed).toEqual(['DECRYPTIONS'])
  }, 120_000)
})
