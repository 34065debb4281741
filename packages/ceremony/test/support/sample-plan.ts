import { sha256Hex, utf8 } from '@lux/crypto'
import { stringify } from 'yaml'
import { cardCodec } from '../../src/documents/people/card.ts'
import type { Plan, Step } from '../../src/exports/plan.ts'
import type { Person } from './people.ts'
import { plannedAttestation } from './sample-attestation.ts'
import { sampleDecryptions, sampleReshare } from './sample-life.ts'
import { type SampleOptions, sampleBuild } from './sample-options.ts'

const step = (id: string, kind: Step['do'], more: Partial<Step> = {}): Step => ({
  id,
  do: kind,
  actor: 'officer',
  textKey: `steps.${id}`,
  text: `The step ${id}.`,
  ...more,
})

export function sampleTokens({ replica, attested, domain = 'production' }: SampleOptions): Plan['tokens'] {
  const library = '1b'.repeat(32)
  if (attested)
    return [
      {
        role: 'ceremony',
        profile: attested.format ?? 'luna',
        library,
        serial: 'a1b2c3d4',
        attestation: plannedAttestation(attested, domain),
      },
    ]
  if (!replica) return [{ role: 'ceremony', profile: 'softhsm', library, serial: 'a1b2c3d4' }]
  const profile = replica === 'spare' ? 'softhsm' : 'luna'
  return [
    { role: 'ceremony', profile, library, serial: 'a1b2c3d4' },
    { role: 'spare', profile, library, serial: 'b2c3d4e5' },
  ]
}

/** The plan of the sample's run: enough of one to be compared with the bundle. */
export function samplePlan(
  options: SampleOptions,
  people: readonly Person[],
  { policy, destinations }: Pick<Plan, 'policy' | 'destinations'>,
): Plan {
  const holders = people
    .filter(({ card }) => card.kind === 'holder')
    .map(({ card }) => card.name)
    .slice(0, 3)
  const plan: Plan = {
    v: options.version ?? 1,
    title: 'Sample plan',
    organisation: { id: 'acme', name: 'Acme' },
    policy,
    tool: sampleBuild,
    people: people.map(({ card }) => ({
      role: card.kind as Plan['people'][number]['role'],
      name: card.name,
      card: cardCodec.digest(card),
    })),
    tokens: sampleTokens(options),
    destinations,
    keys: [
      {
        id: 'root',
        level: 'root',
        name: 'Root KEK',
        algorithm: 'AES-256',
        ...(options.replica === true ? { replication: 'vendor-clone' as const } : {}),
        ...(options.replica === 'spare' ? { spares: ['spare'] } : {}),
        ...(options.rootBorn === undefined
          ? {}
          : {
              existing: {
                ckaId: '77'.repeat(16),
                rootId: options.rootId ?? '70'.repeat(16),
                ceremonyId: options.rootBorn,
                ...((options.version ?? 1) > 1
                  ? { possession: options.possession ?? { mechanism: 'KWP-RFC5649', digest: sha256Hex() } }
                  : {}),
              },
            }),
      },
      { id: 'org', level: 'organisation', name: 'Acme', algorithm: 'AES-256', parent: 'root' },
      { id: 'payments', level: 'project', name: 'Payments', algorithm: 'AES-256', parent: 'org' },
      {
        id: 'orders',
        level: 'data',
        name: 'Orders',
        algorithm: options.data?.algorithm ?? 'AES-256',
        parent: 'payments',
      },
    ],
    checkpoints: { live: ['open-run', 'make-root'] },
    parts: [
      {
        kind: 'root-kek',
        steps: [
          step('open-run', 'open-run'),
          step('probe', 'probe-token'),
          step('make-ceremony-key', 'make-ceremony-key'),
          ...(options.replica === 'spare' ? [step('probe-spare', 'probe-token', { token: 'spare' })] : []),
          step('make-root', 'generate-root', { key: 'root' }),
          ...['org', 'payments', 'orders'].map((key) => step(`make-${key}`, 'generate-key', { key })),
          step('prove-root', 'prove-possession', { key: 'root' }),
          ...(options.attested
            ? [
                step('attest-ceremony', 'attest', { by: options.attested.ceremony ?? 'companion' }),
                step('attest-root', 'attest', { key: 'root' }),
              ]
            : []),
          ...(options.replica
            ? [
                ...(options.replica === true ? [step('probe-spare', 'probe-token', { token: 'spare' })] : []),
                step('clone-root', 'replicate-root', { key: 'root', token: 'spare' }),
              ]
            : []),
          ...(options.fhe ? [step('deal', 'fhe-deal')] : []),
          ...(options.life ? [step('assemble', 'assemble-epoch'), step('live', 'epoch-live')] : []),
          step('seal', 'seal'),
        ],
      },
    ],
  }
  if (holders.length > 0)
    plan.fhe = {
      id: 'votes',
      type: options.binary ? 'TFHE_BINARY' : 'TFHE_INTEGER',
      mode: 'S',
      squash: !options.binary,
      inputs: options.binary ? 'signed' : 'proven',
      ...(options.crs === undefined ? {} : { proofBits: 64 }),
      t: 2,
      n: holders.length,
      holders,
    }
  if (options.life) {
    plan.decryptions = sampleDecryptions
    plan.reshare = sampleReshare
  }
  return options.alter?.plan?.(plan) ?? plan
}

export function planBytes(plan: Plan, { alter }: SampleOptions = {}): Uint8Array {
  const text = stringify(plan, { version: '1.2', schema: 'core', lineWidth: 0, aliasDuplicateObjects: false })
  return utf8(alter?.planText?.(text) ?? text)
}
