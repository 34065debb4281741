import { expect, test } from 'vitest'
import { maxPage } from '../../apps/companion-server/src/access/page.ts'
import { roles } from '../../apps/companion-server/src/access/role-names.ts'
import { maxTokenTtl } from '../../apps/companion-server/src/access/tokens.ts'
import { mostCounted, mostMinutes } from '../../apps/companion-server/src/alerts/rules.ts'
import { maxDescription, maxRotationDays } from '../../apps/companion-server/src/keys/named.ts'
import * as console from '../../apps/server-console/src/api/limits.ts'
import { MAX_HOLDERS } from '../../packages/crypto/src/sharing/quorum.ts'

test('CONSOLE-LIMITS the console’s forms know the roles and limits that the server has', () => {
  expect({ ...console }).toEqual({
    roles,
    maxHolders: MAX_HOLDERS,
    maxRotationDays,
    maxDescription,
    maxPage,
    maxTokenDays: maxTokenTtl / 86_400,
    mostCounted,
    mostMinutes,
  })
})
