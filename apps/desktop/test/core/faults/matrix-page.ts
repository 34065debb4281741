import { faults, type Result, type Verdict } from './matrix.ts'

const words: Record<Verdict, string> = {
  resumed: 'the run paused, looked at the token and went on by itself',
  exception: 'the run asked its people, who said retry',
  stopped: 'the command ended with a typed error; a later one went on',
  unseen: 'nothing depended on the call: the run went on, and its end was right',
  failed: 'something else, which would be a fault of ours',
  'not-reached': 'the call did not come in this run',
}
const verdicts = Object.keys(words) as Verdict[]
const letter = (verdict: Verdict): string => verdict[0] ?? ''

/** The matrix as a page: calls by faults, then steps, then what went unseen and which codes people saw. */
export function matrixPage(results: readonly Result[], note: string): string {
  const count = (of: readonly Result[], verdict: Verdict) =>
    of.filter((one) => one.verdict === verdict).length
  const names = [...new Set(results.map(({ name }) => name))].sort()
  const steps = [...new Set(results.map(({ step }) => step))]
  return [
    '# Crash matrix',
    '',
    'Every PKCS#11 call that a ceremony makes, each with every fault that the fault module can put into it',
    '(`packages/hsm/test/fault-module`). The ceremony: a new token, the probe, the ceremony key, a root wrapped to a server in the',
    'trusted window, the chain of keys below it, the bundle, the receipt, the close-out (`apps/desktop/test/core/support/chain.yaml`).',
    'Written by `node apps/desktop/test/core/faults/write-matrix.ts`; the whole runs in `npm run test:nightly`, one of each kind in',
    '`npm test`. In each step the first call of a function is taken, and the last one too where it makes, changes or wraps keys.',
    'After the fault the plan is empty and the run is taken up until it is closed. **Right** is then: the tool never died; exactly one',
    'token, on it exactly the root and nothing else; all four keys; the ceremony key destroyed; every intent with an outcome; a',
    'transcript that replays; a bundle that `custody verify` accepts; and a server that took the root out of its blob and proved it.',
    '',
    `**${results.length} runs, ${count(results, 'failed')} failed.** ${note}`,
    '',
    '| | runs | meaning |',
    '|---|---|---|',
    ...verdicts
      .filter((verdict) => count(results, verdict) > 0 || verdict === 'failed')
      .map((verdict) => `| ${verdict} | ${count(results, verdict)} | ${words[verdict]} |`),
    '',
    '## Calls and faults',
    '',
    `Numbers of runs by their first letter (${verdicts.map((one) => `${letter(one)} ${one}`).join(', ')}).`,
    '',
    `| call | ${faults.join(' | ')} |`,
    `|---|${faults.map(() => '---|').join('')}`,
    ...names.map((name) => `| ${name} | ${faults.map((fault) => cell(results, name, fault)).join(' | ')} |`),
    '',
    '## Steps',
    '',
    `| step | runs | ${verdicts.join(' | ')} | codes |`,
    `|---|---|${verdicts.map(() => '---|').join('')}---|`,
    ...steps.map((step) => {
      const of = results.filter((one) => one.step === step)
      const codes = [...new Set(of.flatMap(({ code }) => code.split(' ')))].filter(Boolean).sort()
      return `| ${step} | ${of.length} | ${verdicts.map((one) => count(of, one) || '').join(' | ')} | ${codes.join(' ')} |`
    }),
    '',
    '## What the first runs found',
    '',
    'Each was mended, and its cells are in the table above.',
    '',
    '- A blob of the root that the token had cut off was kept as it was; the server would have found it after the ceremony.',
    '- A wrapped key would have been, too; so were a sealed seed (the run could then never be opened) and a signature (the tool died of it).',
    '- An attack of the probe that a device error, a lost session or a removed token had kept from being tried counted as held.',
    '- A token that was initialised although its last answer was an error was left behind, and a second one initialised.',
    '- What was open on a token that was removed was still believed in when it came back.',
    '- A fault while a key is read back was called an attribute that differs; a library that cannot list tokens, a token gone.',
    '',
    '## What went unseen',
    '',
    ...results
      .filter(({ verdict }) => verdict === 'unseen')
      .map(({ step, name, n, fault }) => `- ${step}: ${name}, number ${n}, ${fault}`)
      .sort(),
    '',
  ].join('\n')
}

function cell(results: readonly Result[], name: string, fault: string): string {
  const of = results.filter((one) => one.name === name && one.fault === fault)
  return verdicts
    .map((verdict) => ({ verdict, runs: of.filter((one) => one.verdict === verdict).length }))
    .filter(({ runs }) => runs > 0)
    .map(({ verdict, runs }) => `${runs} ${letter(verdict)}`)
    .join(', ')
}
