import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Plan } from '../../src/exports/plan.ts'
import { maxEntries } from '../../src/transcript/jsonl.ts'
import { withEntry, withStep } from '../support/altered-recorded.ts'
import { type Alterations, type SampleOptions, sampleBundle } from '../support/sample-bundle.ts'
import { besideVerifier } from '../support/second-reader.ts'
import { type Case, compare, verifier } from '../support/second-verifier.ts'

type LiveCosigners = NonNullable<Alterations['liveCosigners']>

const changed = (from: RegExp | string, to: string) => (text: string) => {
  const after = text.replace(from, to)
  if (after === text) throw new Error(`the plan has no ${from}`)
  return after
}
const liveBlock = 'live:\n    - open-run\n    - make-root\n'
const withText = (planText: (text: string) => string, alter: Alterations = {}): SampleOptions => ({
  alter: { ...alter, planText },
})
const oneShort =
  (at: number): LiveCosigners =>
  (all, index) =>
    index === at ? all.slice(1) : all
/** A plan that has the root read back, of which the transcript has something else. */
const unread = (to: string): SampleOptions => ({
  alter: {
    plan: withStep({ id: 'read-root', do: 'read-back', key: 'root' }),
    planText: changed('do: read-back\n', to),
    entries: (all) => withEntry(all, { ...all[11]!, stepId: 'read-root' }),
  },
})
const spoilt = (change: (plan: Plan) => object, more: SampleOptions = {}): SampleOptions => ({
  ...more,
  // A file may hold what no plan may.
  alter: { plan: (plan) => change(plan) as Plan },
})

const commented = changed(liveBlock, 'live: [ # witnesses wait at\n    open-run, make-root ]\n')
const accepted: SampleOptions[] = [
  withText(commented),
  withText(changed(liveBlock, 'live: [open-run, # officers\n    make-root\n  ]\n')),
  withText((text) => `--- # the plan\n${text}...\t# and its end\n`),
  withText(changed('destinations:\n', 'destinations: # where the root goes\n')),
  withText(changed('live:\n', 'live: # waited for\n')),
  withText(
    changed(
      /tokens:\n {2}- role: ceremony\n/,
      'tokens: # one token\n  -\t# this one\n    role: "cere\\\n      mony"\t\n',
    ),
  ),
  withText(changed('do: open-run\n', 'do:\topen-run\t# c\n')),
]

const refused: (readonly [check: string, options: SampleOptions])[] = [
  ['COSIGNATURES', withText(commented, { liveCosigners: oneShort(0) })],
  ['COSIGNATURES', withText((text) => text, { liveCosigners: oneShort(0) })],
  ['EVIDENCE', unread('do: read-back\t# c\n')],
  ['EVIDENCE', unread('do: read-back\t\n')],
  ['PLAN-CONTENT', withText((text) => text.replaceAll('\n', '\r\n'))],
  ['PLAN-CONTENT', withText(changed('destinations:\n', 'destinatoins: []\ndestinations:\n'))],
  ['PLAN-CONTENT', withText(changed('do: open-run\n', 'do: export-root-in-clear\n'))],
  ['PLAN-CONTENT', withText(changed('do: open-run\n', 'do: open-run\n        again: true\n'))],
  ['PLAN-CONTENT', withText(changed('title: Sample plan\n', 'title: null\n'))],
  ['PLAN-CONTENT', withText((text) => `${text}more: ${'['.repeat(3000)}${']'.repeat(3000)}\n`)],
  [
    'PLAN-CONTENT',
    withText(
      (text) =>
        `${text}more:\n${Array.from({ length: 900 }, (_, at) => `${' '.repeat(at + 1)}- \n`).join('')}`,
    ),
  ],
  ['PLAN-CONTENT', withText(() => '- a\n')],
  ['PLAN-CONTENT', withText(() => '')],
  ['PLAN-CONTENT', spoilt((plan) => ({ ...plan, keys: [1, 2, 3, 4] }))],
  ['PLAN-CONTENT', spoilt((plan) => ({ ...plan, people: null }))],
  ['PLAN-CONTENT', spoilt((plan) => ({ ...plan, parts: [{ kind: 'root-kek', steps: [[]] }] }))],
  [
    'PLAN-CONTENT',
    spoilt((plan) => ({ ...plan, decryptions: plan.decryptions?.map(({ answers: _of, ...one }) => one) }), {
      fhe: true,
      life: true,
    }),
  ],
  [
    'FHE-EPOCH',
    spoilt((plan) => ({ ...plan, reshare: { ...plan.reshare, dealers: ['Hana', 'Nobody'] } }), {
      fhe: true,
      life: true,
    }),
  ],
]

describe('both verifiers', () => {
  it('accept a right bundle however its plan is written', async () => {
    const cases: Case[] = []
    for (const options of accepted) cases.push(await sampleBundle(options))
    for (const { verdict } of await compare(cases)) expect(verdict).toBe('accepted')
  }, 240_000)

  it('refuse for the same checks what is wrong with a plan, or with a bundle under a plan with remarks', async () => {
    const cases: Case[] = []
    for (const [, options] of refused) cases.push(await sampleBundle(options))
    const verdicts = await compare(cases)
    expect(verdicts.map(({ failed }) => failed.find((id) => id === 'PLAN-CONTENT') ?? failed[0])).toEqual(
      refused.map(([check]) => check),
    )
  }, 240_000)
})

describe('the second verifier', () => {
  it('refuses by the name of its check, in one JSON document, whatever a check ends with', async () => {
    const { bytes, policy } = await sampleBundle({ domain: 'rehearsal' })
    const faults = [
      'KeyError',
      'TypeError',
      'ValueError',
      'IndexError',
      'RecursionError',
      'AttributeError',
      'ZeroDivisionError',
    ]
    const folder = mkdtempSync(join(tmpdir(), 'lux-faults-'))
    try {
      const path = join(folder, 'bundle.zip')
      writeFileSync(path, bytes)
      const results = besideVerifier(
        `
import builtins
bundle, faults = json.load(sys.stdin)
def failing(fault):
    def check(self):
        raise getattr(builtins, fault)('made')
    return check
results = []
for fault in faults:
    verify.Verifier.check_wrap_tree = failing(fault)
    with open(bundle, 'rb') as file:
        result = verify.Verifier(file, None).verify()
    results.append([result['verdict'], result['failed']])
print(json.dumps(results))
`,
        [path, faults],
      )
      expect(policy).not.toBeNull()
      expect(results).toEqual(faults.map(() => ['refused', ['WRAP-TREE', 'POLICY-MISSING']]))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }, 60_000)

  it('PLAN-CONTENT is refused with exit 1 and one JSON document for a plan of another form', async () => {
    const { bytes } = await sampleBundle(spoilt((plan) => ({ ...plan, keys: [1, 2, 3, 4] })))
    const folder = mkdtempSync(join(tmpdir(), 'lux-faults-'))
    try {
      const path = join(folder, 'bundle.zip')
      writeFileSync(path, bytes)
      const run = spawnSync('python3', ['-B', join(verifier, 'verify.py'), path, '--json'], {
        encoding: 'utf8',
      })
      expect([run.status, run.stderr]).toEqual([1, ''])
      expect(JSON.parse(run.stdout)).toMatchObject({
        verdict: 'refused',
        failed: ['PLAN-CONTENT', 'POLICY-MISSING'],
      })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }, 60_000)

  it('CHAIN-LONG takes no more entries than the first one', async () => {
    const { header, entries } = await sampleBundle({ domain: 'rehearsal' })
    const results = besideVerifier(
      `
import inspect
header, *entries = json.load(sys.stdin)
lines = [verify.jcs(one) + b'\\n' for one in [header, *entries]]
results = [inspect.signature(verify.fold).parameters['most'].default]
for most in (len(entries), len(entries) - 1):
    try:
        results.append(verify.fold(lines, set(), most)['head']['size'])
    except verify.Refused as fault:
        results.append(str(fault))
print(json.dumps(results))
`,
      [header, ...entries],
    )
    const count = entries.length
    expect(results).toEqual([maxEntries, `${count}`, `more than ${count - 1} entries`])
  })
})
