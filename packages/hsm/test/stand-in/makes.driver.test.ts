import { expect, it } from 'vitest'
import { rulesOf, shownBefore, vendors } from './rules.ts'
import { showMake } from './shown.ts'

const rows = shownBefore()

it.each(vendors)(
  'the stand-in of %s shows what its row says: attacks, and what its keys can be',
  async (vendor) => {
    const [variant = ''] = rulesOf(vendor).variants
    const row = rows.find((one) => one.vendor === vendor && one.variant === variant)
    expect(await showMake(vendor, variant)).toEqual(row)
  },
)
