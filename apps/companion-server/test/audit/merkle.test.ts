import { toHex, utf8 } from '@lux/crypto'
import { expect, test } from 'vitest'
import { entryNode, leadsTo, merklePath, merkleRoot } from '../../src/audit/merkle.ts'

const nodesFor = (count: number) =>
  Array.from({ length: count }, (_, at) => entryNode('w', BigInt(at + 1), utf8(`hash ${at}`)))

test.each([1, 2, 3, 5, 8, 13, 100])(
  'AUDIT-MERKLE every entry of %i leads to the root, and no other does',
  (count) => {
    const nodes = nodesFor(count)
    const root = merkleRoot(nodes)
    const stranger = entryNode('w', 999n, utf8('other'))
    for (const [index, node] of nodes.entries()) {
      const path = merklePath(nodes, index)
      expect(path.length).toBeLessThanOrEqual(Math.ceil(Math.log2(count)))
      expect(leadsTo(root, node, path)).toBe(true)
      expect(leadsTo(root, stranger, path)).toBe(false)
    }
  },
)

test('AUDIT-MERKLE a root is of its entries in their order, and of their writer and number too', () => {
  const nodes = nodesFor(5)
  const roots = [nodes, nodes.toReversed(), nodes.slice(0, 4), [...nodes, ...nodes.slice(4)]].map((all) =>
    toHex(merkleRoot(all)),
  )
  expect(new Set(roots).size).toBe(4)
  const hash = utf8('hash')
  expect(entryNode('w', 1n, hash)).not.toEqual(entryNode('w', 2n, hash))
  expect(entryNode('w', 1n, hash)).not.toEqual(entryNode('v', 1n, hash))
})
