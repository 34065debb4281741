import { makeEnvelope, openEnvelope } from '@lux/crypto/transport'
import { expect, test } from 'vitest'
import { carriedOf, filesOf } from '../../src/components/carry.ts'

const file = (name: string, size: number) => ({ name, bytes: new Uint8Array(size).fill(size) })

test('an answer goes out as a package of its files, and everything else as the one document that it is', () => {
  const answer = carriedOf('holder-answer', [file('a.json', 3), file('a.age', 5)])
  expect([...answer.payload]).toEqual([2, 0, 0, 0, 3, 3, 3, 3, 0, 0, 0, 5, 5, 5, 5, 5, 5])
  const card = carriedOf('card', [file('card.json', 4)])
  expect(card.payload).toEqual(new Uint8Array(4).fill(4))
  const opened = openEnvelope(makeEnvelope(card), ['card'])
  expect(opened).toMatchObject({ ok: true, value: { type: 'card' } })
})

test('a share and a request come in as the files that were packed, a policy as one', () => {
  const payload = new Uint8Array([2, 0, 0, 0, 1, 7, 0, 0, 0, 2, 8, 9])
  for (const type of ['share-package', 'request-package'] as const) {
    const files = filesOf({ type, payload })
    expect(files.ok && files.value.map(({ bytes }) => [...bytes])).toEqual([[7], [8, 9]])
  }
  const policy = filesOf({ type: 'policy', payload })
  expect(policy.ok && policy.value.map(({ bytes }) => bytes)).toEqual([payload])
})

test('a package that is cut short, or followed by more, gives no files', () => {
  for (const payload of [[2, 0, 0, 0, 1, 7], [1, 0, 0, 0, 1, 7, 7], []])
    expect(filesOf({ type: 'share-package', payload: new Uint8Array(payload) })).toMatchObject({
      ok: false,
      rule: 'TRANSFER-PACKAGE',
    })
})
