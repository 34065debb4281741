import { ceremonies } from './ceremonies.ts'
import { faults, type Result, type Verdict } from './matrix.ts'

const words: Record<Verdict, string> = {
  resumed: 'the run paused, looked at the token and went on by itself',
  exception: 'the run asked its people, who said retry',
  stopped: 'the command ended with a typed error; a later one went on',
  unseen: 'nothing depended on the call: the run went on, and its end was right',
  failed: 'something else, which would be a fault of ours',
  'not-reached': 'the call did not come in this run',
}
const found = [
  'Each was mended.',
  '',
  '- A blob of the root that the token had cut off was kept as it was; the server would have found it after the ceremony.',
  '- A wrapped key would have been, too; so were a sealed seed (the run could then never be opened) and a signature (the tool died of it).',
  '- An attack of the probe that a device error, a lost session or a removed token had kept from being tried counted as held.',
  '- A token that was initialised although its last answer was an error was left behind, and a second one initialised.',
  '- What was open on a token that was removed was still believed in when it came back.',
  '- A fault while a key is read back was called an attribute that differs; a library that cannot list tokens, a token gone.',
  '- The end of the process that deals threshold keys could be heard before its last message, on a busy machine.',
]
const verdicts = Object.keys(words) as Verdict[]
const letter = (verdict: Verdict): string => verdict[0] ?? ''

type Block =
  | { readonly heading: string; readonly level: number }
  | { readonly text: readonly string[] }
  | { readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] }

/**
 * The matrix as data, of which `npm run site` makes a page: ceremonies, calls by faults, steps, what went unseen and what failed.
 * `listed`: how many cells each ceremony has, run or not.
 */
export function matrixPage(
  results: readonly Result[],
  listed: ReadonlyMap<string, number>,
  note: string,
): { title: string; blocks: Block[] } {
  const count = (of: readonly Result[], verdict: Verdict) =>
    of.filter((one) => one.verdict === verdict).length
  const names = [...new Set(results.map(({ name }) => name))].sort()
  const wrong = results
    .filter(({ verdict }) => verdict === 'failed' || verdict === 'not-reached')
    .map(
      (one) =>
        `- ${one.ceremony}: ${one.step}: ${one.name}, number ${one.n}, ${one.fault}: ${one.verdict} ${one.code}`,
    )
    .sort()
  const stepOf = ({ ceremony, step }: Result) => `${ceremony}: ${step}`
  const order = (name: string) => ceremonies.findIndex((one) => one.name === name)
  const steps = [
    ...new Set(results.toSorted((a, b) => order(a.ceremony) - order(b.ceremony) || a.n - b.n).map(stepOf)),
  ]
  const heading = (text: string) => ({ heading: text, level: 2 })
  const unseen = results
    .filter(({ verdict }) => verdict === 'unseen')
    .map((one) => `- ${stepOf(one)}: ${one.name}, number ${one.n}, ${one.fault}`)
    .sort()
  const intro = [
    'Calls of PKCS#11 that a ceremony makes, with every fault that the fault module can put into each',
    '(`packages/hsm/test/fault-module`). Run by `node apps/desktop/test/core/faults/write-matrix.ts`, which can run one ceremony',
    'or some cells at a time; the whole is `npm run test:nightly`, one of each kind is in `npm test`. In each step the first call',
    'of a function is taken, and the last one too where it makes, changes or wraps keys; where a function only looks, a fault that',
    'ends or spoils its call alike everywhere is tried once. A run begins at its ceremony’s start, or at a later step from a copy of',
    'its folder as it then stood, as after a stop of the program. After the fault the plan is empty and the run is taken up until it',
    'is over. **Right** is then: the tool never died; exactly the plan’s tokens, on each exactly the planned objects; every key, copy',
    'and proof of the plan, and none that the plan destroys; every share of a backup opens and is checked alone, and the root comes out of',
    'each quorum of neighbours; the ceremony key destroyed (a rehearsal without a server ends Sealed and keeps it); every intent with an',
    'outcome; a transcript that replays; a bundle that `custody verify` accepts; and, where there is a server, one that took the root',
    'out of its blob and proved it. In `replicate-root` the calls of the step that stands in for the vendor’s tool are among the cells.',
    'Production runs are not in the matrix: they make the same calls, with people’s files in the place of those of simulated participants.',
    '',
    `**${results.length} runs, ${count(results, 'failed')} failed.** ${note}`,
  ]
  return {
    title: 'Crash matrix',
    blocks: [
      { text: intro },
      {
        columns: ['', 'runs', 'meaning'],
        rows: verdicts
          .filter((verdict) => count(results, verdict) > 0 || verdict === 'failed')
          .map((verdict) => [verdict, String(count(results, verdict)), words[verdict]]),
      },
      heading('Ceremonies'),
      {
        columns: ['ceremony', 'what', 'steps whose calls are tried', 'cells', 'run', 'failed', 'not run'],
        rows: ceremonies.map(({ name, what }) => {
          const of = results.filter(({ ceremony }) => ceremony === name)
          const cells = Math.max(listed.get(name) ?? 0, of.length)
          const tried = [...new Set(of.map(({ step }) => step))].join(', ')
          return [
            name,
            what,
            tried,
            ...[cells, of.length, count(of, 'failed'), cells - of.length].map(String),
          ]
        }),
      },
      heading('Calls and faults'),
      {
        text: [
          `Numbers of runs by their first letter (${verdicts.map((one) => `${letter(one)} ${one}`).join(', ')}).`,
        ],
      },
      {
        columns: ['call', ...faults],
        rows: names.map((name) => [name, ...faults.map((fault) => cell(results, name, fault))]),
      },
      heading('Steps'),
      {
        columns: ['step', 'runs', ...verdicts, 'codes'],
        rows: steps.map((step) => {
          const of = results.filter((one) => stepOf(one) === step)
          const codes = [...new Set(of.flatMap(({ code }) => code.split(' ')))].filter(Boolean).sort()
          const counts = verdicts.map((one) => String(count(of, one) || ''))
          return [step, String(of.length), ...counts, codes.join(' ')]
        }),
      },
      heading('What the runs found'),
      { text: found },
      heading('What failed'),
      { text: wrong.length === 0 ? ['Nothing that is counted here.'] : wrong },
      heading('What went unseen'),
      { text: unseen },
    ],
  }
}

function cell(results: readonly Result[], name: string, fault: string): string {
  const of = results.filter((one) => one.name === name && one.fault === fault)
  return verdicts
    .map((verdict) => ({ verdict, runs: of.filter((one) => one.verdict === verdict).length }))
    .filter(({ runs }) => runs > 0)
    .map(({ verdict, runs }) => `${runs} ${letter(verdict)}`)
    .join(', ')
}
