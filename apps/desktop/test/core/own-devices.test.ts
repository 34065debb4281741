import { expect, test } from 'vitest'
import { isOfMove } from '../../src/core/services/ceremonies/own-devices.ts'

const acknowledgements = (next: boolean) => ({
  kind: 'acknowledgements' as const,
  subject: '',
  present: [],
  missing: ['Hana'],
  next,
})

test.each([
  ['the first dealing of a run that moves the key later', true, acknowledgements(false), false],
  ['the shares of the next epoch', true, acknowledgements(true), true],
  ['a dealing in a run that moves nothing', false, acknowledgements(false), false],
  [
    'the word of the old holders',
    true,
    { kind: 'epoch-approvals' as const, subject: '', present: [], missing: [], stillNeeded: 1 },
    true,
  ],
])(
  'DEVICE-FILES what a holder’s device is given belongs to a move of the key or not: %s',
  (_what, moves, needs, of) => {
    const plan = moves ? { reshare: {} } : {}
    // Of a run's folder only its plan is read.
    expect(isOfMove({ plan } as never, needs)).toBe(of)
  },
)
