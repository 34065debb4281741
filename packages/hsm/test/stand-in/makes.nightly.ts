import { expect, it } from 'vitest'
import { rulesOf, shownBefore, vendors } from './rules.ts'
import { showMake } from './shown.ts'

const rows = shownBefore()
const others = vendors.flatMap((vendor) =>
  rulesOf(vendor).variants.map((variant) => [vendor, variant] as const),
)

it('results/stand-ins.json has a row for each make and variant', () => {
  expect(rows.map(({ vendor, variant }) => [vendor, variant])).toEqual(others)
})

it.each(others)('the stand-in of %s (%s) shows what its row says', async (vendor, variant) => {
  const row = rows.find((one) => one.vendor === vendor && one.variant === variant)
  expect(await showMake(vendor, variant)).toEqual(row)
})
