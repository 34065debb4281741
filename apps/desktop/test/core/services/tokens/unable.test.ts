import { inability, tokenProfiles } from '@lux/ceremony/plan'
import { sayingText } from '@lux/hsm'
import { expect, test } from 'vitest'
import { unable } from '../../../../src/core/services/tokens/token-doctor.ts'

test('what the doctor says of a profile is what planning says of it, and has a text in every language', () => {
  let said = 0
  for (const profile of tokenProfiles) {
    for (const ability of ['keyWrapping', 'sealing', 'trustedWindow'] as const) {
      const reason = unable(profile, [ability])
      expect(reason === null ? null : sayingText(reason)).toBe(inability({ profile }, [ability]))
      if (reason === null) continue
      said++
      expect(reason.id).toMatch(/^unable-/)
    }
  }
  expect(said).toBeGreaterThan(5)
})
