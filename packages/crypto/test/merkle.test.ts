import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  consistencyProof,
  fromHex,
  inclusionProof,
  merkleRoot,
  sha256,
  toHex,
  u32be,
  verifyConsistency,
  verifyInclusion,
} from '../src/index.ts'
import { vectorJson } from './vectors.ts'

const leaves = Array.from({ length: 40 }, (_, index) => sha256(u32be(index)))
const sizes = fc.integer({ min: 1, max: leaves.length })

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice()
  copy[at % copy.length]! ^= 1
  return copy
}

describe('Merkle trees', () => {
  test('roots are those of the reference tree', () => {
    const { leafInputs, roots } = vectorJson<{ leafInputs: string[]; roots: string[] }>(
      'rfc/rfc6962-merkle.json',
    )
    const hashes = leafInputs.map((input) => sha256(Uint8Array.of(0), fromHex(input)))
    expect(roots.map((_, size) => toHex(merkleRoot(hashes.slice(0, size))))).toEqual(roots)
  })

  test('every leaf of every tree up to 40 is shown to be in it', () => {
    for (let size = 1; size <= leaves.length; size++) {
      const tree = leaves.slice(0, size)
      const root = merkleRoot(tree)
      for (let index = 0; index < size; index++) {
        const claim = { leaf: tree[index]!, index, size, root, proof: inclusionProof(tree, index) }
        expect(verifyInclusion(claim)).toBe(true)
        expect(verifyInclusion({ ...claim, proof: [...claim.proof, root] })).toBe(false)
        if (size > 1) expect(verifyInclusion({ ...claim, index: (index + 1) % size })).toBe(false)
      }
    }
  })

  test('every prefix of every tree up to 40 is shown to be one', () => {
    for (let second = 1; second <= leaves.length; second++) {
      const tree = leaves.slice(0, second)
      for (let first = 1; first <= second; first++) {
        const claim = {
          first,
          second,
          firstRoot: merkleRoot(tree.slice(0, first)),
          secondRoot: merkleRoot(tree),
          proof: consistencyProof(tree, first),
        }
        expect(verifyConsistency(claim)).toBe(true)
        expect(verifyConsistency({ ...claim, proof: [...claim.proof, claim.firstRoot] })).toBe(false)
        if (claim.proof.length > 0)
          expect(verifyConsistency({ ...claim, proof: claim.proof.slice(1) })).toBe(false)
      }
    }
  })

  test('any flipped bit of a claim is refused', () => {
    fc.assert(
      fc.property(sizes, sizes, fc.nat(), fc.nat(), (a, b, which, at) => {
        const [first, second] = a < b ? [a, b] : [b, a]
        const tree = leaves.slice(0, second)
        const proof = consistencyProof(tree, first)
        const hashes = [merkleRoot(tree.slice(0, first)), merkleRoot(tree), ...proof]
        const [firstRoot, secondRoot, ...path] = hashes.map((hash, i) =>
          i === which % hashes.length ? flipped(hash, at) : hash,
        )
        expect(
          verifyConsistency({ first, second, firstRoot: firstRoot!, secondRoot: secondRoot!, proof: path }),
        ).toBe(false)

        const included = [tree[first - 1]!, merkleRoot(tree), ...inclusionProof(tree, first - 1)]
        const [leaf, root, ...siblings] = included.map((hash, i) =>
          i === which % included.length ? flipped(hash, at) : hash,
        )
        expect(
          verifyInclusion({ leaf: leaf!, index: first - 1, size: second, root: root!, proof: siblings }),
        ).toBe(false)
      }),
    )
  })

  test('a log whose past was rewritten fails the consistency proof', () => {
    const other = [sha256(Uint8Array.of(1)), ...leaves.slice(1)]
    expect(
      verifyConsistency({
        first: 5,
        second: 9,
        firstRoot: merkleRoot(leaves.slice(0, 5)),
        secondRoot: merkleRoot(other.slice(0, 9)),
        proof: consistencyProof(other.slice(0, 9), 5),
      }),
    ).toBe(false)
  })

  test('sizes and hashes of the wrong kind are refused, misuse throws', () => {
    const root = leaves[0]!
    expect(verifyInclusion({ leaf: root, index: 1, size: 1, root, proof: [] })).toBe(false)
    expect(verifyInclusion({ leaf: root, index: 0.5, size: 2, root, proof: [root] })).toBe(false)
    expect(
      verifyInclusion({ leaf: root.subarray(1), index: 0, size: 1, root: root.subarray(1), proof: [] }),
    ).toBe(false)
    expect(verifyConsistency({ first: 0, second: 1, firstRoot: root, secondRoot: root, proof: [] })).toBe(
      false,
    )
    expect(verifyConsistency({ first: 2, second: 1, firstRoot: root, secondRoot: root, proof: [] })).toBe(
      false,
    )
    expect(() => inclusionProof(leaves, leaves.length)).toThrow(RangeError)
    expect(() => consistencyProof(leaves, 0)).toThrow(RangeError)
  })
})
