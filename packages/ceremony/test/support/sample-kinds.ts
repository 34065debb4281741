import type { Json } from '@lux/crypto'
import { blobOf, namedBlobs, type Predicate } from '../../src/exports/bundle.ts'
import { serverCardCodec } from '../../src/exports/documents.ts'
import type { Plan, Step } from '../../src/exports/plan.ts'
import type { FullEntry } from '../../src/exports/transcript.ts'
import { audienceOf } from '../../src/policy/make.ts'
import { makeServer } from './people.ts'
import { sampleBackup } from './sample-backup.ts'
import { sampleDecommission } from './sample-decommission.ts'
import { sampleHeartbeats } from './sample-heartbeat.ts'
import { initialised } from './sample-measured.ts'
import { sampleOfficers } from './sample-officers.ts'
import type { SampleOptions } from './sample-options.ts'
import { sampleRecovery } from './sample-recovery.ts'

const earlier = { bundle: '5a'.repeat(32), id: 'root', version: 1 }

/** Where a bundle that is a server's first stands in its line. */
export const firstOfLine = { sequence: '1', previous: null, supersedes: [] }

/** A second server, which gets the bundle and no root in it. */
export function severalServers(options: {
  listed?: boolean
  line?: Partial<typeof firstOfLine> | object
}): SampleOptions {
  const { card } = makeServer('second', 'production')
  const audience = serverCardCodec.digest(card)
  const blob = blobOf(serverCardCodec.encode(card))
  return {
    version: 2,
    alter: {
      policy: (before) =>
        options.listed === false
          ? before
          : { ...before, audiences: [...before.audiences, audienceOf(card, 'second')] },
      plan: (plan) => ({ ...plan, destinations: [...plan.destinations, { card: audience }] }),
      predicate: (before) => ({
        ...before,
        cards: [...before.cards, audience].sort(),
        alsoFor: [{ ...firstOfLine, audience, ...options.line }],
      }),
      blobs: (before) => [...before, blob],
    },
  }
}

/** A root that its vendor's tool brings to the server, which has no transport key. */
function adopted(): SampleOptions {
  let named = new Set<string>()
  return {
    version: 2,
    replica: true,
    alter: {
      plan: (plan) => ({ ...plan, destinations: plan.destinations.map(({ card }) => ({ card })) }),
      entries: (entries) =>
        entries.map((entry) => {
          const fact = entry.fact as { effect?: string; result?: { [key: string]: Json } }
          if (fact.effect !== 'generate-root') return entry
          return {
            ...entry,
            fact: { ...fact, result: { ...fact.result, blobs: [], trusted: [] } } as FullEntry['fact'],
          }
        }),
      predicate(before) {
        const predicate = { ...before, transports: [] }
        named = namedBlobs(predicate)
        return predicate
      },
      blobs: (blobs) => blobs.filter(({ sha256 }) => named.has(sha256)),
    },
  }
}

/** A root of version 2, planned in the place of an earlier one; the bundle says which. */
export function replacing(planned: typeof earlier, said = planned): SampleOptions {
  return {
    version: 2,
    alter: {
      plan(plan) {
        Object.assign(plan.keys[0]!, { version: 2, replaces: planned })
        return plan
      },
      predicate: ({ wrapTree: [root, ...more], ...rest }) => ({
        ...rest,
        wrapTree: [{ ...root!, version: 2, replaces: said }, ...more],
      }),
    },
  }
}

const revocation: Step = {
  id: 'revoke',
  do: 'revoke-keys',
  actor: 'officer',
  textKey: 'steps.revoke',
  text: 'The officers revoke the keys.',
}

/** The root of an earlier bundle, revoked in a step of its own. */
export function revoked(): SampleOptions {
  return {
    version: 2,
    alter: {
      plan: (plan) => ({ ...beforeSeal(plan, revocation), revokes: [earlier] }),
      entries: (entries) => {
        const at = entries.findIndex(({ stepId }) => stepId === 'seal')
        const seal = entries[at]!
        const fact = { stage: 0, by: 'Ada', input: {} }
        return [
          ...entries.slice(0, at),
          { ...seal, stepId: 'revoke', kind: 'step.confirmed', fact },
          ...entries.slice(at),
        ].map((entry, seq) => ({ ...entry, seq: String(seq) }))
      },
      predicate: (before): Predicate => ({ ...before, revokes: [earlier] }),
    },
  }
}

export const beforeSeal = (plan: Plan, add: Step): Plan => ({
  ...plan,
  parts: plan.parts.map((part) => ({
    ...part,
    steps: part.steps.flatMap((one) => (one.do === 'seal' ? [add, one] : [one])),
  })),
})

/** Every kind of bundle, each in order as it is. A new one for each making: what alters a sample keeps its documents. */
export const sampleKinds: { readonly [kind: string]: () => SampleOptions } = {
  'keys of version 1': () => ({}),
  'root window': () => ({ version: 2 }),
  'root window with a spare': () => ({ version: 2, replica: 'spare' }),
  'root window for two servers': () => severalServers({}),
  'root window of a measured token': () => initialised({ marksTrusted: true }, true),
  'root with a backup': () => sampleBackup(),
  'share check': () => sampleRecovery({ use: 'check' }),
  'restore drill': () => sampleRecovery({ use: 'drill' }),
  restore: () => sampleRecovery({ use: 'restore' }),
  adoption: adopted,
  rotation: () => replacing(earlier),
  revocation: revoked,
  decommission: () => sampleDecommission(),
  'change of officers': () => sampleOfficers(),
  dealing: () => ({ version: 2, fhe: true }),
  'decryption and resharing': () => ({ version: 2, fhe: true, life: true, renewed: true }),
  heartbeat: () => sampleHeartbeats(),
  'version 3': placed,
}

/** A medium, a shim and a device, as planned and as the run says. */
function placed(): SampleOptions {
  const [image, shim] = ['1d'.repeat(32), '1e'.repeat(32)]
  const device = { maker: 'Example', model: 'HSM 3000' }
  return {
    version: 3,
    alter: {
      plan: (plan) => ({ ...plan, image, tokens: plan.tokens.map((token) => ({ ...token, shim, device })) }),
      header: (header) => ({
        ...header,
        machine: { ...header.machine, image },
        tokens: header.tokens.map((token) => ({ ...token, shim, device: { ...device, firmware: '7.1' } })),
      }),
    },
  }
}
