import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { scriptNames } from '../../../../packages/ceremony/test/engine/plans.ts'
import { quickSignatures } from '../../../../packages/crypto/test/quick-signatures.ts'
import { explore, type Walk } from '../support/explorer.ts'

const file = join(import.meta.dirname, '../../../../results/way-on.json')

const rowOf = ({ script, states, edges, stops, deadEnds }: Walk): string[] =>
  [script, states, edges, stops, deadEnds.length].map(String)

it('RUN-07 a run never sticks, with every pair of disturbances at every place of every script', () => {
  quickSignatures()
  const walks = scriptNames.map((script) => explore(script, { depth: 2, everywhere: true }))
  const blocks = [
    {
      text: [
        'Each script in production form, and one window. At every place each disturbance is tried, and on the way on from there each one again.',
        'Once all is as it was before, a pair is two single ones. A stop is the end of words that differed twice.',
      ],
    },
    { columns: ['script', 'states', 'edges', 'stops', 'dead ends'], rows: walks.map(rowOf) },
  ]
  const date = new Date().toISOString().slice(0, 10)
  writeFileSync(file, `${JSON.stringify({ title: 'The way on', date, blocks }, null, 2)}\n`)
  expect(walks.flatMap(({ deadEnds }) => deadEnds)).toEqual([])
})
