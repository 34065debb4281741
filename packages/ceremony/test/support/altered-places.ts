import type { Plan } from '../../src/exports/plan.ts'
import { type Altered, other } from './altered-parts.ts'
import type { SampleOptions } from './sample-bundle.ts'

const token = (change: Partial<Plan['tokens'][number]>): SampleOptions => ({
  alter: { plan: (p) => ({ ...p, tokens: p.tokens.map((one) => ({ ...one, ...change })) }) },
})
const destinations = (change: (all: Plan['destinations']) => Plan['destinations']): SampleOptions => ({
  alter: { plan: (p) => ({ ...p, destinations: change(p.destinations) }) },
})

/** Tokens and servers that officers did not approve, or did not open with. */
export const alteredPlaces: Altered[] = [
  [
    'PLAN-CONTENT',
    'a build that the policy accepts, and the plan does not name',
    { alter: { plan: (p) => ({ ...p, tool: other }) } },
  ],
  ['PLAN-CONTENT', 'a token of another library than the plan pins', token({ library: other })],
  ['PLAN-CONTENT', 'another token than the plan names', token({ serial: 'ffffffff' })],
  ['PLAN-CONTENT', 'a token of before where the plan has a new one', token({ serial: 'new' })],
  ['PLAN-CONTENT', 'a server that the plan does not name', destinations(() => [])],
  [
    'PLAN-CONTENT',
    'a server that the plan names and the bundle leaves out',
    destinations((all) => [...all, ...all]),
  ],
  [
    'PLAN-CONTENT',
    'another server than the plan names',
    destinations((all) => all.map((one) => ({ ...one, card: other }))),
  ],
  [
    'PLAN-CONTENT',
    'another transport key than the plan names',
    destinations((all) => all.map((one) => ({ ...one, transport: other }))),
  ],
  ['PLAN-CONTENT', 'a server, though none gets a key', { nodes: [] }],
  [
    'OPENING-CERTIFICATE',
    'a certificate over another token',
    { alter: { opening: (o) => ({ ...o, tokenSerials: ['99999999'] }) } },
  ],
  [
    'OPENING-CERTIFICATE',
    'a certificate over a token more',
    { alter: { opening: (o) => ({ ...o, tokenSerials: [...o.tokenSerials, '99999999'] }) } },
  ],
]

/** New in plan and header: its serial number is in the certificate alone. */
export const newToken: SampleOptions = {
  alter: {
    plan: (p) => ({ ...p, tokens: p.tokens.map((one) => ({ ...one, serial: 'new' })) }),
    header: (h) => ({ ...h, tokens: h.tokens.map((one) => ({ ...one, serial: 'new' })) }),
  },
}

/** A rehearsal of the same plan at another machine, without its servers. */
export const elsewhere: SampleOptions = {
  domain: 'rehearsal',
  alter: {
    plan: (p) => ({
      ...p,
      tokens: p.tokens.map((one) => ({ ...one, library: other, serial: 'ffffffff' })),
      destinations: [],
    }),
  },
}
