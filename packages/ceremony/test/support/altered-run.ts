import type { Json } from '@lux/crypto'
import type { Plan } from '../../src/exports/plan.ts'
import { type FullEntry, redact } from '../../src/exports/transcript.ts'
import { type Template, templates } from '../../src/steps/key/templates.ts'
import { type Altered, other, predicate, stranger } from './altered-parts.ts'
import { withEntry, withStep } from './altered-recorded.ts'
import type { Alterations, SampleOptions } from './sample-bundle.ts'
import { sampleEvidence, soundly } from './sample-keys.ts'

const liveParts = (plan: Plan): Plan['parts'] =>
  plan.parts.map((part) => ({
    ...part,
    steps: [...part.steps, { ...part.steps[0]!, id: 'step-9', do: 'checkpoint' }],
  }))
let decision = ''
const withoutDecision: Alterations = {
  predicate: (before) => {
    decision = before.exceptions[0]?.blob ?? ''
    return { ...before, exceptions: [] }
  },
  blobs: (all) => all.filter(({ sha256 }) => sha256 !== decision),
}

const readAs = (effect: string, template: Template, change: Record<string, Json>): Alterations => ({
  entries: (all) =>
    all.map((entry, index) => {
      if (index !== 11) return entry
      const attributes: Json = { ...soundly(template), ...change }
      const evidence: Json = { ckaId: 'ab'.repeat(16), label: 'key', level: 'E1', attributes }
      return { ...entry, fact: { attempt: 1, effect, again: false, result: { evidence } } }
    }),
})

/** What a transcript says that was read of a key, sound but for one attribute: SPEC.md 6.4. */
const alteredReadings: Altered[] = [
  ['read-back', templates.root, { UNWRAP_TEMPLATE: '' }] as const,
  ['read-back', templates.root, { ALLOWED_MECHANISMS: '' }] as const,
  ['read-back', templates.root, { ALLOWED_MECHANISMS: 'CKM_AES_CBC,CKM_AES_KEY_WRAP_PAD' }] as const,
  ['generate-root', templates.root, { DECRYPT: true }] as const,
  ['prove-replica', templates.replica, { UNWRAP_TEMPLATE: 'SENSITIVE=false' }] as const,
  ['generate-key', templates.wrappedOnce, { MODIFIABLE: true }] as const,
  ['make-ceremony-key', templates.ceremonyKey, { SIGN: false }] as const,
].map(([effect, template, change]) => [
  'EVIDENCE',
  `a transcript where ${effect} reads ${JSON.stringify(change)}`,
  { alter: readAs(effect, template, change) },
])

alteredReadings.push([
  'EVIDENCE',
  'a transcript in which an effect that nobody placed reads a key',
  { alter: readAs('read-twice', templates.root, {}) },
])

/** Such readings as they must be: nothing may refuse them. */
export const soundReadings = (): SampleOptions[] => [
  readingOf(soundRoot, rootCkaId),
  // A redacted entry has no fact to look at; a sample's entries are typed as whole ones.
  readingOf(soundRoot, rootCkaId, (entry) => redact(entry) as FullEntry),
  { alter: readAs('read-back', templates.root, {}) },
  { alter: readAs('read-back', templates.root, { ALLOWED_MECHANISMS: '0x8000216F' }) },
  { alter: readAs('prove-replica', templates.replica, {}) },
]

const readRoot = withStep({ id: 'read-root', do: 'read-back', key: 'root' })
const { ckaId: rootCkaId } = sampleEvidence('root', 'root')

/** A plan that has the root read back, and what the transcript says of that step. */
const readingOf = (
  reading: Alterations,
  ckaId: string,
  change: (entry: FullEntry) => FullEntry | null = (entry) => entry,
): SampleOptions => ({
  alter: {
    plan: readRoot,
    entries: (all) => {
      const read = (reading.entries?.(all) ?? all)[11]
      if (read === undefined) return all
      const fact = JSON.parse(JSON.stringify(read.fact).replace('ab'.repeat(16), ckaId))
      const changed = change({ ...read, stepId: 'read-root', fact })
      return changed === null ? all : withEntry(all, changed)
    },
  },
})
const soundRoot = readAs('read-back', templates.root, {})

/** A step that reads a key back and did not: SPEC.md 6.4. */
const alteredReadBacks: Altered[] = [
  [
    'EVIDENCE',
    'a transcript without the reading that the plan asks for',
    readingOf(soundRoot, rootCkaId, () => null),
  ],
  ['EVIDENCE', 'a step to read a key back that took an inventory instead', readingOf({}, rootCkaId)],
  [
    'EVIDENCE',
    'a step to read a key back that read as another effect does',
    readingOf(readAs('generate-root', templates.root, {}), rootCkaId),
  ],
  ['EVIDENCE', 'a step that read another key back than the plan says', readingOf(soundRoot, 'cd'.repeat(16))],
  [
    'EVIDENCE',
    'a reading that was only found after a crash, which no step to read back is',
    readingOf(soundRoot, rootCkaId, (entry) => ({ ...entry, kind: 'step.reconciled' })),
  ],
]

/** A run, its plan, its checkpoints or its exceptions are not what was signed for. */
export const alteredRun: Altered[] = [
  ...alteredReadings,
  ...alteredReadBacks,
  [
    'TRANSCRIPT-CHAIN',
    'a transcript of another ceremony',
    { alter: predicate(() => ({ ceremonyId: 'dd'.repeat(16) })) },
  ],
  [
    'TRANSCRIPT-ROOT',
    'a manifest with another Merkle root',
    { alter: predicate((p) => ({ transcript: { ...p.transcript, root: other } })) },
  ],
  ['PLAN-HASH', 'a transcript of another plan', { alter: { header: (h) => ({ ...h, planHash: other }) } }],
  [
    'OPENING-CERTIFICATE',
    'a certificate over another header',
    { alter: { opening: (o) => ({ ...o, node0: other }) } },
  ],
  [
    'OPENING-CERTIFICATE',
    'a certificate of the other domain',
    { alter: { opening: (o) => ({ ...o, domain: 'rehearsal' }) } },
  ],
  [
    'OPENING-QUORUM',
    'a certificate that is one officer short',
    { alter: { openingSigners: (all) => all.slice(1) } },
  ],
  [
    'OPENING-QUORUM',
    'a certificate with a signature by a stranger',
    { alter: { openingSigners: (all) => [...all, stranger] } },
  ],
  [
    'CHECKPOINTS',
    'a checkpoint that does not name the one before',
    { alter: { checkpoint: (c, i) => (i === 1 ? { ...c, previous: other } : c) } },
  ],
  [
    'CHECKPOINTS',
    'a checkpoint over another history',
    { alter: { checkpoint: (c, i) => (i === 0 ? { ...c, root: other } : c) } },
  ],
  [
    'CHECKPOINTS',
    'a last checkpoint that leaves entries out',
    { alter: predicate((p) => ({ checkpoints: p.checkpoints.slice(0, 2) })) },
  ],
  [
    'PLAN-CONTENT',
    'a key under another name than the plan gives it',
    { alter: { plan: (p) => ({ ...p, keys: p.keys.map((k) => ({ ...k, name: `${k.name}!` })) }) } },
  ],
  [
    'PLAN-CONTENT',
    'a key that the plan does not have',
    { alter: { plan: (p) => ({ ...p, keys: p.keys.slice(0, 3) }) } },
  ],
  [
    'PLAN-CONTENT',
    'an FHE key with another quorum than the plan wants',
    { fhe: true, alter: { plan: (p) => ({ ...p, fhe: p.fhe && { ...p.fhe, t: 3 } }) as typeof p } },
  ],
  [
    'PLAN-CONTENT',
    'somebody in the room whom the plan does not seat',
    { alter: { plan: (p) => ({ ...p, people: p.people.slice(1) }) } },
  ],
  ['PLAN-CONTENT', 'a plan under another policy', { alter: { plan: (p) => ({ ...p, policy: other }) } }],
  [
    'COSIGNATURES',
    'a live checkpoint that is one witness short',
    { alter: { liveCosigners: (all, i) => (i === 1 ? all.slice(1) : all) } },
  ],
  [
    'COSIGNATURES',
    'a step that the plan wants live and that made no checkpoint',
    {
      alter: { plan: (p) => ({ ...p, checkpoints: { live: ['open-run', 'step-9'] }, parts: liveParts(p) }) },
    },
  ],
  ['EXCEPTIONS', 'a decision that is left out', { alter: withoutDecision }],
  [
    'EXCEPTIONS',
    'a decision about another step',
    { alter: { exception: (e) => ({ ...e, stepId: 'open-run' }) } },
  ],
  [
    'EXCEPTIONS',
    'a decision of another run',
    { alter: { exception: (e) => ({ ...e, ceremonyId: 'dd'.repeat(16) }) } },
  ],
  [
    'EXCEPTIONS',
    'a decision over another history',
    { alter: { exception: (e) => ({ ...e, head: { ...e.head, node: other } }) } },
  ],
  [
    'EXCEPTIONS',
    'another decision than the one of the transcript',
    {
      alter: {
        entries: (all) =>
          all.map((e) => (e.kind === 'exception.decided' ? { ...e, fact: { id: 1, document: other } } : e)),
      },
    },
  ],
  [
    'EXCEPTIONS',
    'an exception that nobody decided',
    { alter: { entries: (all) => all.map((e, i) => (i === 9 ? { ...e, kind: 'exception.opened' } : e)) } },
  ],
  [
    'EXCEPTION-SIGNATURES',
    'a decision that is one officer short',
    { alter: { exceptionSigners: (all) => all.slice(1) } },
  ],
  [
    'EXCEPTION-SIGNATURES',
    'a decision that a stranger signed too',
    { alter: { exceptionSigners: (all) => [...all, stranger] } },
  ],
]
