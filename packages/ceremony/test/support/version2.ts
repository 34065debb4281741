import type { Json } from '@lux/crypto'
import { predicateSchema } from '../../src/bundle/predicate.ts'
import { type Codec, codec } from '../../src/documents/format/codec.ts'
import {
  cardCodec,
  type Heartbeat,
  heartbeatCodec,
  type Receipt,
  receiptCodec,
} from '../../src/exports/documents.ts'
import type { Plan } from '../../src/exports/plan.ts'
import { policyDocument } from '../../src/exports/policy.ts'
import { headerCodec } from '../../src/exports/transcript.ts'
import { makePerson, sampleRecipient } from './people.ts'
import { type SampleBundle, sampleTime } from './sample-bundle.ts'

const bundle = '5a'.repeat(32)
const digest = '6b'.repeat(32)
const earlier = { bundle, id: 'root', version: 1 }

/** What a format has since version 2 or 3, by its place; every one is optional. */
export type Newer = { readonly path: readonly (string | number)[]; readonly value: Json; readonly since?: 3 }

/** A format of several versions: a value of version 1, and what later versions add to it. */
export type Format = {
  readonly name: string
  readonly codec: Pick<Codec<unknown>, 'check' | 'encode' | 'parse'>
  /** The name of its shape in verify.py; null where the second verifier never reads one. */
  readonly second: string | null
  readonly value: Record<string, Json>
  readonly newer: readonly Newer[]
  /** What version 3 asks for. */
  readonly third?: Record<string, Json>
}

/** A value is JSON by its codec. */
const json = (value: unknown) => JSON.parse(JSON.stringify(value)) as Record<string, Json>

const receipt: Receipt = {
  v: 1,
  kind: 'receipt',
  domain: 'production',
  ceremonyId: 'c0'.repeat(16),
  bundleDigest: bundle,
  audience: digest,
  sequence: '1',
  roots: [
    {
      key: 'root',
      rootId: '70'.repeat(16),
      node: 'node-1',
      serial: 'a1b2c3d4',
      ckaId: '77'.repeat(16),
      mechanism: 'KWP-RFC5649',
      possession: digest,
      attributes: { SENSITIVE: true },
      transportKeyDestroyed: false,
    },
  ],
  policyVersion: 1,
  policyDigest: digest,
  time: sampleTime(50),
}

export const sampleHeartbeat: Heartbeat = {
  v: 1,
  kind: 'heartbeat',
  domain: 'production',
  ceremonyId: 'c0'.repeat(16),
  keyId: digest,
  epochId: bundle,
  holder: 2,
  name: 'Hana',
  challenge: '0c'.repeat(32),
  shareDigest: '5d'.repeat(32),
  left: { at64: 0, at128: 1048576 },
  time: sampleTime(51),
}

export function formatsOf({ policy, header, predicate }: SampleBundle): Format[] {
  const { identity, card } = makePerson('holder', 'Hana', 'production')
  const signature = json(heartbeatCodec.sign(identity, sampleHeartbeat, 'production'))
  const share = {
    index: 1,
    name: 'Gita',
    card: digest,
    share: digest,
    envelope: digest,
    signature,
    acknowledgement: digest,
  }
  const backup = {
    ...{
      id: 'root',
      set: '5e'.repeat(16),
      identifier: 32767,
      t: 2,
      n: 3,
      publicKey: digest,
      wrapped: digest,
    },
    medium: digest,
    shares: [share],
  }
  return [
    {
      name: 'card',
      codec: cardCodec,
      second: 'card_shape',
      value: json(card),
      newer: [{ path: ['app'], value: { origin: 'https://phone.acme.example', release: digest } }],
    },
    {
      name: 'policy',
      codec: policyDocument.payload,
      second: 'policy_shape',
      value: json(policy.policy),
      newer: [
        {
          path: ['phone'],
          value: { origin: 'http://127.0.0.1:8130', releaseKey: json(card.keys) },
        },
        { path: ['hardware'], value: [{ maker: 'Example', model: 'HSM 3000' }] },
        {
          path: ['changes'],
          value: [{ role: 'officer', name: 'Dora', card: digest, change: 'removed', reason: 'left' }],
        },
        {
          path: ['machine'],
          value: {
            least: 'M2',
            images: [digest],
            keys: [{ name: 'Room', key: (card.keys.mlDsa65 ?? '').slice(0, 88) }],
          },
          since: 3,
        },
        {
          path: ['attestationRoots'],
          value: [
            {
              name: 'Vendor',
              certificate: digest,
              format: 'luna',
              device: { maker: 'Example', model: 'HSM' },
            },
          ],
          since: 3,
        },
      ],
      third: { oldest: { card: 1, run: 2 } },
    },
    {
      name: 'header',
      codec: headerCodec,
      second: 'header_shape',
      value: json(header),
      newer: [
        { path: ['machine', 'image'], value: digest, since: 3 },
        { path: ['tokens', 0, 'shim'], value: digest, since: 3 },
        {
          path: ['tokens', 0, 'device'],
          value: { maker: 'Example', model: 'HSM', firmware: '7.1' },
          since: 3,
        },
      ],
    },
    {
      name: 'predicate',
      codec: codec('PREDICATE', predicateSchema, 24 << 20),
      second: 'predicate_shape',
      value: json(predicate),
      newer: [
        { path: ['wrapTree', 0, 'replaces'], value: earlier },
        { path: ['backups'], value: [backup] },
        { path: ['heartbeats'], value: [{ index: 2, name: 'Hana', document: digest }] },
        { path: ['revokes'], value: [earlier] },
        { path: ['nextPolicy'], value: digest },
        { path: ['alsoFor'], value: [{ audience: digest, sequence: '2', previous: null, supersedes: [] }] },
      ],
    },
    {
      name: 'receipt',
      codec: receiptCodec.payload,
      second: null,
      value: json(receipt),
      newer: [
        { path: ['roots', 0, 'way'], value: 'vendor-clone' },
        {
          path: ['roots', 0, 'token'],
          value: { maker: 'Example', model: 'HSM 3000', firmware: '7.1', library: digest },
        },
        { path: ['replaced'], value: [earlier] },
        { path: ['revoked'], value: [{ ...earlier, version: 2 }] },
      ],
    },
  ]
}

/** The format's value of a version, with everything that it has since version 1. */
export function wholeOf({ value, newer, third }: Format, version: 2 | 3 = 2): Json {
  return newer
    .filter(({ since = 2 }) => since <= version)
    .reduce<Json>((now, { path, value: added }) => withValue(now, path, added), {
      ...value,
      ...(version === 3 ? third : {}),
      v: version,
    })
}

/** A card that version 1 has not. */
export function custodianCard(): Record<string, Json> {
  const { card } = makePerson('officer', 'Gita', 'production')
  const recipient = sampleRecipient('Gita')
  return json({ ...card, v: 2, kind: 'custodian', recipient })
}

/** What a plan of version 2 can ask for, added to a plan that has a root of its own. */
export function asked(plan: Plan): Plan {
  const copy = structuredClone(plan)
  const [root] = copy.keys
  if (root === undefined) throw new Error('the plan has no key')
  const names = ['Gita', 'Hugo', 'Ivo']
  copy.v = 2
  copy.people.push(
    ...names.map((name, at) => ({ role: 'custodian' as const, name, card: `${at + 1}c`.repeat(32) })),
  )
  copy.tokens.push({
    role: 'spare',
    profile: 'measured',
    needs: ['kwp', 'unwrap-template', 'trusted-window'],
    library: '1b'.repeat(32),
    serial: 'b2c3d4e5',
  })
  Object.assign(root, { backup: { t: 2, n: 3, custodians: names }, spares: ['spare'] })
  Object.assign(root, { version: 2, replaces: earlier })
  copy.revokes = [{ bundle, id: 'old-data-key', version: 1 }]
  copy.heartbeat = { dueDays: 180 }
  copy.nextPolicy = digest
  return copy
}

/** A copy with a value set at a place, or with what is there taken away. */
export function withValue(value: Json, [key, ...path]: Newer['path'], by: Json | undefined): Json {
  if (key === undefined) throw new Error('no place')
  const set = (here: Json) => (path.length === 0 ? by : withValue(here, path, by))
  if (Array.isArray(value)) return value.flatMap((one, at) => (at === key ? (set(one) ?? []) : [one]))
  const map = value as Record<string, Json>
  const { [key]: here = {}, ...rest } = map
  const next = set(here)
  return next === undefined ? rest : { ...rest, [key]: next }
}

/** Every place in a value, its own first. */
export function placesOf(value: Json): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [[]]
  const below: [string | number, Json][] = Array.isArray(value)
    ? value.map((one, at) => [at, one])
    : Object.entries(value)
  return [[], ...below.flatMap(([key, one]) => placesOf(one).map((path) => [key, ...path]))]
}
