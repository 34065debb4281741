import type { Predicate } from '../../src/exports/bundle.ts'
import { type FullEntry, redact } from '../../src/exports/transcript.ts'
import { type Altered, other, predicate } from './altered-parts.ts'
import { type Entries, type Members, planless, recorded, undone } from './altered-recorded.ts'
import type { Alterations, SampleOptions } from './sample-bundle.ts'

const said = (what: string, stepId: string, change: Members, options: SampleOptions = {}): Altered => [
  'TRANSCRIPT-CONTENT',
  what,
  { ...options, alter: { entries: recorded(stepId, (result) => ({ ...result, ...change })) } },
]

const evidenceOf = (change: Members) => (result: Members) => ({
  ...result,
  evidence: { ...(result.evidence as Members), ...change },
})

const blobs = (change: (own: Members[]) => Members[]) => (result: Members) => ({
  ...result,
  blobs: change(result.blobs as Members[]),
})

const read = (what: string, stepId: string, change: Members, options: SampleOptions = {}): Altered => [
  'TRANSCRIPT-CONTENT',
  what,
  { ...options, alter: { entries: recorded(stepId, evidenceOf(change)) } },
]

const root = (change: Partial<Predicate['keyEvidence'][number]['attributes']>): Alterations =>
  predicate((p) => ({
    keyEvidence: p.keyEvidence.map((one) =>
      one.level === 'root'
        ? { ...one, attributes: { ...one.attributes, ...change } as typeof one.attributes }
        : one,
    ),
  }))

const attributes = (result: Members, change: Members): Members =>
  evidenceOf({ attributes: { ...((result.evidence as Members).attributes as Members), ...change } })(result)

/** A root that once was extractable, in transcript and manifest. */
const onceOpen = (replication?: 'none'): SampleOptions => ({
  alter: {
    ...root({ NEVER_EXTRACTABLE: false }),
    entries: recorded('make-root', (result) => attributes(result, { NEVER_EXTRACTABLE: false })),
    plan: (p) => ({
      ...p,
      keys: p.keys.map((key) => (key.level === 'root' && replication ? { ...key, replication } : key)),
    }),
  },
})

/** A sample's entries are typed as whole ones; a redacted one has no fact to look at. */
const redacting =
  (...steps: string[]): Entries =>
  (all) =>
    all.map((entry) => (steps.includes(entry.stepId) ? (redact(entry) as FullEntry) : entry))

const lost =
  (stepId: string): Entries =>
  (all) =>
    all.map((entry) =>
      entry.stepId === stepId && entry.kind === 'step.performed' ? { ...entry, stepId: 'elsewhere' } : entry,
    )

const life: SampleOptions = { fhe: true, life: true }

const many = [
  'probe',
  'make-ceremony-key',
  'make-root',
  'make-org',
  'make-payments',
  'make-orders',
  'prove-root',
  'deal',
  'assemble',
  'live',
]

/** The transcript that witnesses cosigned says otherwise than the manifest. */
export const alteredTranscript: Altered[] = [
  said('a key that was wrapped as another blob', 'make-org', { wrapped: other }),
  said('a key that was wrapped by another mechanism', 'make-orders', { mechanism: 'KW-RFC3394' }),
  said('a key that was made as a pair', 'make-orders', { publicKey: other }),
  said('a root that was wrapped for another server', 'make-root', {
    blobs: [{ serial: 'b2c3d4e5', wrapped: other, sealed: other }],
  }),
  said('a root that was wrapped otherwise', 'make-root', {
    blobs: [{ serial: '0011aabb', wrapped: other, sealed: other }],
  }),
  said('a root that was wrapped for nobody', 'make-root', { blobs: [] }),
  ...(['wrapped', 'sealed'] as const).map(
    (name): Altered => [
      'TRANSCRIPT-CONTENT',
      `a root of which another blob was ${name}`,
      {
        alter: {
          entries: recorded(
            'make-root',
            blobs((own) => own.map((one) => ({ ...one, [name]: other }))),
          ),
        },
      },
    ],
  ),
  [
    'TRANSCRIPT-CONTENT',
    'a root that was wrapped for another server as well',
    {
      alter: {
        entries: recorded(
          'make-root',
          blobs((own) => [...own, { serial: 'b2c3d4e5', wrapped: other, sealed: other }]),
        ),
      },
    },
  ],
  said('a root that was proved as another', 'prove-root', { digest: other }),
  said('a root that was proved by another mechanism', 'prove-root', { mechanism: 'KW-RFC3394' }),
  said('another ceremony key', 'make-ceremony-key', { keys: {} }),
  read('a key of another CKA_ID', 'make-root', { ckaId: 'ab'.repeat(16) }),
  read('a key with less evidence', 'make-payments', { level: 'E0' }),
  read('a key under another label', 'make-root', { label: 'another' }),
  said('a replica that was proved as another', 'clone-root', { digest: other }, { replica: true }),
  said(
    'a replica that was proved by another mechanism',
    'clone-root',
    { mechanism: 'KW-RFC3394' },
    { replica: true },
  ),
  said('a replica that came another way', 'clone-root', { way: 'vendor-wrap' }, { replica: true }),
  said('a replica in another token', 'clone-root', { serial: 'c3d4e5f6' }, { replica: true }),
  read('a replica with less evidence', 'clone-root', { level: 'E0' }, { replica: true }),
  read('a replica that reads otherwise', 'clone-root', { attributes: {} }, { replica: true }),
  read('a replica of another CKA_ID', 'clone-root', { ckaId: 'ab'.repeat(16) }, { replica: true }),
  said('a replica in a token that failed its probe', 'probe-spare', { passed: false }, { replica: true }),
  said('a token that failed its probe', 'probe', { passed: false }),
  said('a token of which the probe proves nothing', 'probe', { level: 'E0' }),
  said('a probe of another token', 'probe', { serial: 'b2c3d4e5' }),
  said('another threshold key', 'deal', { keyId: other }, { fhe: true }),
  said('another public file', 'deal', { public: { sha256: other, size: 1 } }, { fhe: true }),
  said('another compact public key', 'deal', { publicKey: { sha256: other, size: 1 } }, { fhe: true }),
  said('another server key', 'deal', { serverKey: { sha256: other, size: 1 } }, { fhe: true }),
  said('another epoch', 'deal', { epochId: other }, { fhe: true }),
  said('other shares', 'deal', { shares: [] }, { fhe: true }),
  ...(
    [
      ['that are not those that their holders acknowledged', { shareDigest: other }],
      ['in other envelopes', { envelopeDigest: other }],
      ['of other numbers', { index: 9 }],
    ] as const
  ).map(
    ([what, change]): Altered => [
      'TRANSCRIPT-CONTENT',
      `shares ${what}`,
      {
        fhe: true,
        alter: {
          entries: recorded('deal', (result) => ({
            ...result,
            shares: (result.shares as Members[]).map((share) => ({ ...share, ...change })),
          })),
        },
      },
    ],
  ),
  said('a next epoch of another id', 'assemble', { epochId: other }, life),
  said('a next epoch of another number', 'assemble', { epoch: 2 }, life),
  said('another public file of the next epoch', 'assemble', { public: { sha256: other, size: 1 } }, life),
  said('a next epoch of other corrections', 'assemble', { corrections: [other] }, life),
  said('another statement that the next epoch is live', 'live', { digest: other }, life),
  said('another signature that the next epoch is live', 'live', { signature: { signer: other } }, life),
  ...['probe', 'make-ceremony-key', 'make-root', 'make-org', 'prove-root'].map(
    (stepId): Altered => [
      'TRANSCRIPT-CONTENT',
      `a transcript without the step ${stepId}`,
      { alter: { entries: lost(stepId) } },
    ],
  ),
  ...['assemble', 'live'].map(
    (stepId): Altered => [
      'TRANSCRIPT-CONTENT',
      `a transcript without the step ${stepId}`,
      { ...life, alter: { entries: lost(stepId) } },
    ],
  ),
  [
    'TRANSCRIPT-CONTENT',
    'a next epoch that no step of the plan declares live',
    { ...life, alter: { plan: planless('live') } },
  ],
  ['TRANSCRIPT-CONTENT', 'a transcript without the dealing', { fhe: true, alter: { entries: lost('deal') } }],
  [
    'TRANSCRIPT-CONTENT',
    'a key that no step of the plan makes',
    { alter: { plan: planless('make-orders'), entries: undone('make-orders') } },
  ],
  [
    'TRANSCRIPT-CONTENT',
    'a key that no step of the plan makes, and of which nothing is said',
    {
      alter: {
        plan: planless('make-orders'),
        entries: undone('make-orders'),
        ...predicate((p) => ({ keyEvidence: p.keyEvidence.filter(({ id }) => id !== 'orders') })),
      },
    },
  ],
  [
    'TRANSCRIPT-CONTENT',
    'a root of before that was wrapped for a server in no step',
    {
      rootBorn: 'ab'.repeat(16),
      alter: { plan: planless('make-root'), entries: undone('make-root') },
    },
  ],
  ...(
    [
      ['a root that no step of the plan proves', 'prove-root', {}],
      ['a replica that no step of the plan brings', 'clone-root', { replica: true }],
      ['a threshold key that no step of the plan deals', 'deal', { fhe: true }],
      ['a next epoch that no step of the plan assembles', 'assemble', life],
    ] as const
  ).map(
    ([what, step, options]): Altered => [
      'TRANSCRIPT-CONTENT',
      what,
      { ...options, alter: { plan: planless(step), entries: undone(step) } },
    ],
  ),
  [
    'TRANSCRIPT-CONTENT',
    'a key without evidence in a token that nobody opened',
    {
      alter: {
        ...predicate((p) => ({
          keyEvidence: p.keyEvidence.map((one) =>
            one.id === 'orders' ? { ...one, serial: 'attacker', evidence: 'E0' as const } : one,
          ),
        })),
        entries: recorded('make-orders', evidenceOf({ level: 'E0' })),
      },
    },
  ],
  [
    'TRANSCRIPT-CONTENT',
    'evidence of a token that nobody opened',
    {
      alter: predicate((p) => ({
        keyEvidence: p.keyEvidence.map((one) => ({ ...one, serial: 'attacker' })),
      })),
    },
  ],
  ['TRANSCRIPT-CONTENT', 'a root that decrypts', { alter: root({ DECRYPT: true }) }],
  [
    'EVIDENCE',
    'a root that may leave its token, where the transcript says nothing of it',
    { alter: { ...root({ EXTRACTABLE: true, SENSITIVE: false }), entries: redacting('make-root') } },
  ],
  ['EVIDENCE', 'a root for no window that once was extractable', onceOpen('none')],
]

/** Transcripts as they may be: nothing may refuse them. */
export const soundTranscripts: SampleOptions[] = [
  { ...life, alter: { entries: redacting(...many) } },
  onceOpen(),
  {
    alter: {
      // A key that was found after a crash, and one that was made again.
      entries: (all) =>
        all.map((entry) => (entry.stepId === 'make-org' ? { ...entry, kind: 'step.reconciled' } : entry)),
    },
  },
  // A rehearsal's token may be one that no profile knows.
  { domain: 'rehearsal', alter: { entries: recorded('probe', (result) => ({ ...result, level: 'E0' })) } },
]
