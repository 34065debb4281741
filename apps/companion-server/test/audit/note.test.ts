import { randomBytes } from 'node:crypto'
import { consistencyProof, inclusionProof, merkleRoot, verifyConsistency, verifyInclusion } from '@lux/crypto'
import { expect, test } from 'vitest'
import { isSigned, noteSigner, noteVerifier, parseNote, signedNote } from '../../src/audit/note.ts'
import {
  consistencyRanges,
  inclusionRanges,
  joined,
  leafHash,
  nodeHash,
  nodesOver,
  placeName,
} from '../../src/audit/tree.ts'

/** A tree as the server stores it: whole nodes alone. */
function storedTree(size: number) {
  const leaves = Array.from({ length: size }, (_, at) => leafHash(Buffer.from(`leaf ${at}`)))
  const nodes = new Map<string, Buffer>()
  let level = leaves
  for (let height = 0; level.length > 0; height++) {
    for (const [index, hash] of level.entries()) nodes.set(placeName({ level: height, index }), hash)
    level = Array.from({ length: Math.floor(level.length / 2) }, (_, at) =>
      nodeHash(level[2 * at] ?? Buffer.of(), level[2 * at + 1] ?? Buffer.of()),
    )
  }
  const hashOf = (range: readonly [number, number]) =>
    joined(nodesOver(range).map((place) => nodes.get(placeName(place)) ?? Buffer.of()))
  return { leaves, hashOf }
}

test.each([1, 2, 3, 4, 5, 7, 8, 13, 21])(
  'AUDIT-LOG a tree of %i gives the roots and proofs of RFC 9162',
  (size) => {
    const { leaves, hashOf } = storedTree(size)
    const root = hashOf([0, size])
    expect(root).toEqual(Buffer.from(merkleRoot(leaves)))
    for (let index = 0; index < size; index++) {
      const proof = inclusionRanges(index, [0, size]).map(hashOf)
      expect(proof).toEqual(inclusionProof(leaves, index).map((one) => Buffer.from(one)))
      expect(verifyInclusion({ leaf: leaves[index] ?? Buffer.of(), index, size, root, proof })).toBe(true)
      const first = index + 1
      const path = consistencyRanges(first, [0, size]).map(hashOf)
      expect(path).toEqual(consistencyProof(leaves, first).map((one) => Buffer.from(one)))
      const roots = { firstRoot: hashOf([0, first]), secondRoot: root }
      expect(verifyConsistency({ first, second: size, ...roots, proof: path })).toBe(true)
    }
  },
)

test('AUDIT-NOTE a head is signed by a key that its verifier key names, and nothing that was changed is', () => {
  const signer = noteSigner('lux-custody/log', randomBytes(32))
  const note = signedNote({ origin: signer.name, size: 7, root: randomBytes(32) }, signer)
  const by = noteVerifier(signer.vkey)
  const read = parseNote(note)
  if (by === null || read === null) throw new Error('not read')
  expect(isSigned(read, by)).toBe(true)
  expect(read.head.size).toBe(7)
  const other = parseNote(note.replace('\n7\n', '\n8\n'))
  expect(other !== null && isSigned(other, by)).toBe(false)
  const stranger = noteVerifier(noteSigner('lux-custody/log', randomBytes(32)).vkey)
  expect(stranger !== null && isSigned(read, stranger)).toBe(false)
})

test.each<[string, (note: string) => string]>([
  ['without a signature', (note) => note.slice(0, note.indexOf('\n\n') + 2)],
  ['with an extension', (note) => note.replace('\n\n', '\nmore\n\n')],
  ['with leading zeros', (note) => note.replace('\n7\n', '\n07\n')],
  ['of no size', (note) => note.replace('\n7\n', '\n-7\n')],
  ['with a hyphen for the dash', (note) => note.replace('\u2014', '-')],
  ['with a line too many', (note) => `${note}\n`],
  ['too long', (note) => note + note.slice(note.indexOf('\u2014')).repeat(400)],
])('AUDIT-NOTE a note %s is none', (_name, change) => {
  const signer = noteSigner('lux-custody/log', randomBytes(32))
  expect(parseNote(change(signedNote({ origin: 'o', size: 7, root: randomBytes(32) }, signer)))).toBe(null)
})

test('AUDIT-NOTE a verifier key whose identifier is another’s is none', () => {
  const { vkey, name } = noteSigner('lux-custody/log', randomBytes(32))
  const [, id = '', key = ''] = vkey.split(/(?<=log|[0-9a-f]{8})\+/)
  expect(noteVerifier(`${name}+${id}+${key}`)).not.toBe(null)
  expect(noteVerifier(`${name}+00000000+${key}`)).toBe(null)
  expect(noteVerifier(`other+${id}+${key}`)).toBe(null)
  expect(noteVerifier(`${name}+${id}+${key.slice(4)}`)).toBe(null)
})
