import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { type HolderAnswer, holderAnswerCodec } from '@lux/ceremony/wire'
import { openWith, sealTo, sha256Hex } from '@lux/crypto'
import { type PartialContent, parsePartial, signPartial } from '@lux/crypto/fhe'
import tfhe from 'node-tfhe'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { custodyJson, each } from '../support/custody.ts'
import {
  approve,
  at,
  combiner,
  domain,
  gather,
  holders,
  pass,
  people,
  remove,
  requested,
  vouch,
} from '../support/decryption-place.ts'

vi.setConfig({ testTimeout: 300_000 })

const LIMIT = 1n << 30n

beforeAll(gather, 300_000)
afterAll(remove)

/** What `holder approve` gave, changed, and signed and sealed again by its holder, who therefore answers wrongly. */
async function again(
  i: number,
  from: string,
  to: string,
  change: (content: PartialContent) => PartialContent,
) {
  const { identity } = holders[i - 1]!
  const read = holderAnswerCodec.file.parse(new Uint8Array(readFileSync(at(`${from}.json`))))
  if (!read.ok) throw new Error(read.detail)
  const partial = parsePartial(
    await openWith(combiner.identity, new Uint8Array(readFileSync(at(`${from}.age`)))),
  )
  const sealed = await sealTo([combiner.recipient], signPartial(identity, change(partial)))
  const payload: HolderAnswer = { ...read.value.payload, sealed: sha256Hex(sealed) }
  const signatures = [holderAnswerCodec.sign(identity, payload, domain)]
  writeFileSync(at(`${to}.age`), sealed)
  writeFileSync(at(`${to}.json`), holderAnswerCodec.file.encode({ payload, signatures }))
}

/** All phases moved by the same, as one wrong correction moves them. */
const moved = (by: bigint) => (content: PartialContent) => ({
  ...content,
  answers: content.answers.map((answer) => ({
    ...answer,
    elements: answer.elements.map(([a, b, c, d]): (typeof answer.elements)[number] => [
      BigInt.asUintN(64, a + by),
      b,
      c,
      d,
    ]),
  })),
})

function result(request: string, name: string, answers: readonly string[], out: string, ...more: string[]) {
  return custodyJson([
    ...['request', 'result', request, '--public', at('fhe', 'public.bin'), '--ciphertext', at(`${name}.bin`)],
    ...[
      ...each('--answer', ...answers.map((answer) => at(`${answer}.json`))),
      '--identity',
      at('combiner.identity'),
    ],
    ...['--key', people.requester.keyPath, ...each('--card', ...holders.map(({ cardPath }) => cardPath))],
    ...['--out', at(out), ...more, ...pass],
  ])
}

describe('request result of a canary', () => {
  test('OPTION-VALUE it is not signed for without the value that it was encrypted from', async () => {
    await vouch(people.encryptor, 'six', 'canary.provenance', 'canary')
    writeFileSync(at('canary.bin'), readFileSync(at('six.bin')))
    const request = await requested('canary')
    for (const i of [1, 2])
      expect(await approve(i, request, 'canary', `canary-${i}`)).toMatchObject({ exit: 0 })
    const answers = ['canary-1', 'canary-2']
    expect(await result(request, 'canary', answers, 'never.json')).toMatchObject({
      exit: 2,
      json: { code: 'OPTION-VALUE', detail: expect.stringContaining('asks for a canary') },
    })
    expect(existsSync(at('never.json'))).toBe(false)
    expect(await result(request, 'canary', answers, 'right.json', '--value', '66')).toMatchObject({
      exit: 0,
      json: { outcome: 'combined', right: true, values: ['66'] },
    })
  })

  test('FHE-PADDING, FHE-BOOL-RANGE, FHE-NOISE: what a wrong correction shows as is signed as inconsistent, not refused', async () => {
    const key = tfhe.TfheCompactPublicKey.safe_deserialize(
      new Uint8Array(readFileSync(at('fhe', 'compact-public-key.bin'))),
      LIMIT,
    )
    const builder = tfhe.CompactCiphertextList.builder(key)
    builder.push_boolean(true)
    writeFileSync(at('bool.bin'), builder.build().expand().get_bool(0).safe_serialize(LIMIT))
    await vouch(people.encryptor, 'bool', 'bool.provenance', 'canary')
    const request = await requested('bool', 1)
    for (const i of [1, 2]) {
      expect(await approve(i, request, 'bool', `bool-${i}`)).toMatchObject({ exit: 0 })
      await again(i, `bool-${i}`, `padding-${i}`, moved(1n << 63n))
      await again(i, `bool-${i}`, `range-${i}`, moved(2n << 59n))
    }
    for (const [name, said] of [
      ['padding', 'padding'],
      ['range', 'boolean'],
    ] as const) {
      const answers = [`${name}-1`, `${name}-2`]
      expect(await result(request, 'bool', answers, `${name}.json`, '--value', 'true')).toMatchObject({
        exit: 0,
        json: {
          outcome: 'inconsistent',
          right: false,
          verified: 0,
          commitment: null,
          values: [],
          claim: expect.stringContaining(said),
        },
      })
      expect(existsSync(at(`${name}.json`))).toBe(true)
    }
    // The flooding of this block is any of -0.75 to 0.75 half Deltas: one of these moves leaves its phase 0.79 to 1.21 of them
    // below true, where neither true nor false is near enough.
    const claims: unknown[] = []
    for (const tenths of [1n, 5n, 9n, 13n, 17n]) {
      const name = `noise-${tenths}`
      for (const i of [1, 2]) await again(i, `bool-${i}`, `${name}-${i}`, moved(-(tenths << 58n) / 10n))
      const answers = [`${name}-1`, `${name}-2`]
      const signed = await result(request, 'bool', answers, `${name}.json`, '--value', 'true')
      expect(signed).toMatchObject({ exit: 0 })
      if (signed.json.outcome === 'inconsistent') claims.push(signed.json.claim)
    }
    expect(claims).toContainEqual(expect.stringContaining('more noise'))
  })
})
