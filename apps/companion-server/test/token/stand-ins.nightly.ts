import { writeFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { rulesOf, vendors } from '../../../../packages/hsm/test/stand-in/rules.ts'
import { type ServedOn, servedBefore, servedOn, servedPath } from '../support/on-stand-in.ts'

const isKeeping = process.env.LUX_STAND_IN_SERVERS === '1'
const rows: ServedOn[] = []
// Where it is asked to, the run keeps what it found, and the guide's table follows.
afterAll(() => {
  if (isKeeping) writeFileSync(servedPath, `${JSON.stringify({ rows }, null, 2)}\n`)
})

test.each(vendors.flatMap((vendor) => rulesOf(vendor).variants.map((variant) => [vendor, variant] as const)))(
  'a server on the stand-in of %s (%s) does what was kept of it',
  async (vendor, variant) => {
    const row = { vendor, variant, refused: await servedOn(vendor, variant) }
    rows.push(row)
    if (isKeeping) return
    expect(servedBefore()).toContainEqual(row)
  },
)
