import { expect, test } from 'vitest'
import { root } from '../root.ts'
import { ImportGraph } from './import-graph.ts'
import { touchedBy } from './touched.ts'

const graph = new ImportGraph(root)
const hash = 'packages/crypto/test/hash.test.ts'
const verify = 'apps/desktop/test/cli/verify.flow.test.ts'
const docs = 'scripts/test/docs.test.ts'
const tests = [hash, verify, docs]

test('a change touches the tests that import it, through other packages, and those that start it as it is built', () => {
  expect(touchedBy(['packages/crypto/src/hash.ts'], tests, graph)).toEqual(tests)
  expect(touchedBy(['apps/desktop/src/cli/verify.ts'], tests, graph)).toEqual([verify, docs])
  expect(touchedBy([hash], tests, graph)).toEqual([hash, docs])
})

test('a change of data that no file names touches its package, or everything', () => {
  expect(touchedBy(['apps/desktop/icons/some.svg'], tests, graph)).toEqual([verify, docs])
  expect(touchedBy(['package-lock.json'], tests, graph)).toEqual(tests)
})

test('a change of a page touches the checks of the checkout alone', () => {
  expect(touchedBy(['docs/SPEC.md'], tests, graph)).toEqual([docs])
})
