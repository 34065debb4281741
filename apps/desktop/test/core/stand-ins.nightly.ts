import { expect, test } from 'vitest'
import { shownBefore } from '../../../../packages/hsm/test/stand-in/rules.ts'
import { heldOnStandIn } from './support/on-stand-in.ts'

/** Who can hold a root and a ceremony key by what the runs of the driver have shown. */
const able = shownBefore()
  .filter(({ roles }) => roles.root === null && roles.ceremony === null)
  .map(({ vendor, variant }) => [vendor, variant] as const)

test('there are makes that can hold a ceremony', () => expect(able).not.toEqual([]))

test.each(able)(
  'a ceremony with a root is held on %s (%s), and both verifiers accept its bundle',
  (vendor, variant) => heldOnStandIn(vendor, variant),
)
