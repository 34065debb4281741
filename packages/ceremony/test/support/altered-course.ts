import type { Plan } from '../../src/exports/plan.ts'
import type { FullEntry } from '../../src/exports/transcript.ts'
import { type Altered, other, predicate } from './altered-parts.ts'
import {
  type Entries,
  type Members,
  numbered,
  planless,
  recorded,
  undone,
  withEntry,
  withStep,
} from './altered-recorded.ts'
import type { Alterations, SampleOptions } from './sample-options.ts'

const course = (what: string, alter: Alterations, options: SampleOptions = {}): Altered => [
  'TRANSCRIPT-CONTENT',
  what,
  { ...options, alter },
]

/** Every key claims no more than that it was read, and the policy asks for no more. */
const unproved = (...all: Alterations[]): Alterations => ({
  policy: (p) => ({
    ...p,
    leastEvidence: { ceremony: 'E0', root: 'E0', organisation: 'E0', project: 'E0', data: 'E0' },
  }),
  ...predicate((p) => ({ keyEvidence: p.keyEvidence.map((one) => ({ ...one, evidence: 'E0' as const })) })),
  ...Object.assign({}, ...all),
  entries: (before) =>
    (Object.assign({}, ...all) as Alterations).entries?.(before.map(weakened)) ?? before.map(weakened),
})

const weakened = (entry: FullEntry): FullEntry => {
  const result = entry.fact.result as Members | undefined
  if (result?.evidence === undefined) return entry
  return {
    ...entry,
    fact: {
      ...entry.fact,
      result: { ...result, evidence: { ...(result.evidence as Members), level: 'E0' } },
    },
  }
}

const done = (all: FullEntry[], stepId: string): FullEntry =>
  all.find((entry) => entry.stepId === stepId && entry.kind === 'step.performed')!

/** What was done in a step, as if it had been done right before that of another. */
const before =
  (stepId: string, next: string): Entries =>
  (all) =>
    numbered(
      all.flatMap((entry) => {
        if (entry === done(all, stepId)) return []
        return entry === done(all, next) ? [done(all, stepId), entry] : [entry]
      }),
    )

/** The plan's steps in that order, too. */
const planned =
  (stepId: string, next: string) =>
  (plan: Plan): Plan => ({
    ...plan,
    parts: plan.parts.map((part) => ({
      ...part,
      steps: part.steps.flatMap((one) => {
        if (one.id === stepId) return []
        return one.id === next ? [part.steps.find(({ id }) => id === stepId)!, one] : [one]
      }),
    })),
  })

const reordered = (stepId: string, next: string): Alterations => ({
  plan: planned(stepId, next),
  entries: before(stepId, next),
})

const orphan = 'ab'.repeat(16)
const otherKey = (entry: FullEntry): FullEntry => {
  const result = entry.fact.result as Members
  const evidence = { ...(result.evidence as Members), ckaId: orphan }
  return { ...entry, fact: { ...entry.fact, result: { ...result, evidence } } }
}

/** A root that was made, was not as it must be, and was made again after the officers' decision. */
const retried: Entries = (all) => {
  const [decided, checkpoint] = [all[6]!, all[8]!]
  const first = [done(all, 'probe'), done(all, 'make-ceremony-key'), otherKey(done(all, 'make-root'))]
  return numbered([...all.slice(0, 5), ...first, checkpoint, decided, ...all.slice(14)])
}
/** What was read of the first one says its CKA_ID and no attribute. */
const unread: Entries = (all) =>
  all.map((entry) => {
    const result = entry.fact.result as Members | undefined
    const evidence = result?.evidence as Members | undefined
    if (evidence?.ckaId !== orphan) return entry
    const { attributes: _gone, ...rest } = evidence
    return { ...entry, fact: { ...entry.fact, result: { ...result, evidence: rest } } }
  })
const decidedTo = (decided: 'retry' | 'continue'): Alterations => ({ exception: (e) => ({ ...e, decided }) })
const leftThere = recorded('seal', (result) => ({
  ...result,
  objects: [{ ckaId: orphan, class: 'secret', label: 'root' }],
}))

const run =
  (kind: string): Entries =>
  (all) =>
    withEntry(all, { ...all[7]!, stepId: 'run', kind, fact: {} })
const last =
  (kind: string): Entries =>
  (all) =>
    numbered([...all, { ...all[7]!, stepId: 'run', kind, fact: {} }])

/** What no run of the plan can have done, or not in that order: SPEC.md 6.4 "How a run goes". */
export const alteredCourse: Altered[] = [
  course(
    'keys without evidence in a token that failed its probe',
    unproved({ entries: recorded('probe', (result) => ({ ...result, passed: false })) }),
  ),
  course(
    'keys without evidence in a token that no step of the plan probes',
    unproved({ plan: planless('probe'), entries: undone('probe') }),
  ),
  course('a token whose probe found no way to wrap that is known', {
    entries: recorded('probe', (result) => ({ ...result, wrapMechanism: 'CKM_AES_ECB' })),
  }),
  course('a root that wraps by a mechanism that hides nothing', {
    entries: recorded('make-root', (result) => ({ ...result, mechanism: 'CKM_AES_ECB' })),
  }),
  course('a probe that was made after the root', { entries: before('probe', 'make-org') }),
  course('a probe that the plan has after the root', reordered('probe', 'make-org')),
  course('a key that was made before its parent', { entries: before('make-org', 'make-root') }),
  course('a key that the plan has made before its parent', reordered('make-org', 'make-root')),
  course('a root that was proved before it was made', reordered('prove-root', 'make-root')),
  course('a root that was made twice', {
    entries: (all) =>
      numbered(all.flatMap((one) => (one === done(all, 'make-root') ? [otherKey(one), one] : [one]))),
  }),
  course('a root that was made again, where officers decided to go on', {
    ...decidedTo('continue'),
    entries: retried,
  }),
  course('a root that was made again, with the first one still in the token', {
    ...decidedTo('retry'),
    entries: (all) => leftThere(retried(all)),
  }),
  course(
    'a root that was made again, with the first one still in the token and none of its attributes told',
    {
      ...decidedTo('retry'),
      entries: (all) => leftThere(unread(retried(all))),
    },
  ),
  course('a root more, made in no step of the plan', {
    entries: (all) => withEntry(all, { ...otherKey(done(all, 'make-root')), stepId: 'elsewhere' }),
  }),
  course('a root more, made in a step that proves', {
    entries: (all) => withEntry(all, { ...otherKey(done(all, 'make-root')), stepId: 'prove-root' }),
  }),
  course('a key that two steps of the plan make', {
    plan: withStep({ id: 'make-org-2', do: 'generate-key', key: 'org' }),
    entries: (all) => withEntry(all, { ...done(all, 'make-org'), stepId: 'make-org-2' }),
  }),
  course(
    'a threshold key that is dealt twice',
    { entries: (all) => numbered(all.flatMap((one) => (one === done(all, 'deal') ? [one, one] : [one]))) },
    { fhe: true },
  ),
  course('a run that was aborted', { entries: run('run.aborted') }),
  course('a run that was sealed before', { entries: run('run.sealed') }),
  course('a run that was paused when it was sealed', { entries: last('run.paused') }),
  course('a run without its closing inventory', { entries: undone('seal') }),
  course('a plan that seals nothing', { plan: planless('seal'), entries: undone('seal') }),
  course('a step that was done after the closing inventory', {
    entries: (all) => numbered([...all, done(all, 'prove-root')]),
  }),
  course('a step of the plan that nobody took', { plan: withStep({ id: 'call', do: 'roll-call' }) }),
  ['WRAP-TREE', 'keys that are wrapped by a mechanism that hides nothing', mechanism('CKM_AES_ECB')],
  [
    'POSSESSION',
    'a root that is proved by a mechanism that proves nothing',
    { possession: { mechanism: 'CKM_AES_ECB', digest: other } },
  ],
  [
    'TRANSPORTS',
    'a root that goes to a server in the clear',
    {
      alter: predicate((p) => ({
        transports: p.transports.map((one) => ({
          ...one,
          roots: one.roots.map((root) => ({ ...root, mechanism: 'plain' })),
        })),
      })),
    },
  ],
]

function mechanism(name: string): SampleOptions {
  const [organisation, project, data] = ['o', 'p', 'd'].map((text) => new TextEncoder().encode(text))
  return { wrapped: { organisation: organisation!, project: project!, data: data!, mechanism: name } }
}

/** Courses as they may be. */
export const soundCourses: SampleOptions[] = [
  { alter: { ...decidedTo('retry'), entries: retried } },
  { alter: unproved({ entries: recorded('probe', (result) => ({ ...result, level: 'E0' })) }) },
  { alter: { entries: (all) => run('run.resumed')(run('run.paused')(all)) } },
  mechanism('KW-RFC3394'),
]
