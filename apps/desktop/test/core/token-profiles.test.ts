import { abilitiesOf, tokenProfiles } from '@lux/ceremony/plan'
import { evidenceReasons, profileById, profiles } from '@lux/hsm'
import { describe, expect, it } from 'vitest'
import { evidenceReasonCodes } from '../../src/contract/index.ts'

describe('token profiles of the driver and of the plan', () => {
  it('are the same ones, but for the unknown token, which no plan names', () => {
    expect([...tokenProfiles].sort()).toEqual(
      profiles
        .map(({ id }) => id)
        .filter((id) => id !== 'generic')
        .sort(),
    )
  })

  it.each(tokenProfiles)('%s can do the same in both', (id) => {
    expect(profileById(id)?.plan).toEqual(abilitiesOf(id))
  })

  it('the window knows every reason of an evidence level', () => {
    expect([...evidenceReasonCodes]).toEqual([...evidenceReasons])
  })
})
