import { spawnSync } from 'node:child_process'
import { expect } from 'vitest'
import { verifier } from './second-verifier.ts'

/** What the second verifier reads of a text: a plan's value, or why it reads none. */
export type SecondRead = { value: unknown } | { refused: string }

const readTexts = `
def read(text):
    try:
        return {'value': verify.PlanReader(text).read()}
    except verify.Refused as fault:
        return {'refused': str(fault)}
print(json.dumps([read(text) for text in json.load(sys.stdin)]))
`
const fitPlans = `
def fits(value):
    try:
        verify.plan_shape(value)
        return True
    except verify.Refused:
        return False
print(json.dumps([fits(value) for value in json.load(sys.stdin)]))
`

/** Runs Python beside verify.py, as the module `verify`, with `input` as JSON on its stdin; gives what it prints. */
export function besideVerifier(script: string, input: unknown = null): unknown {
  const start =
    'import json, sys\nsys.path.insert(0, sys.argv[1])\nsys.dont_write_bytecode = True\nimport verify\n'
  const run = spawnSync('python3', ['-c', `${start}${script}`, verifier], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  expect(run.stderr).toBe('')
  return JSON.parse(run.stdout)
}

// The scripts print one result for each of their inputs.
export const secondReads = (texts: readonly string[]) => besideVerifier(readTexts, texts) as SecondRead[]
export const secondFits = (values: readonly unknown[]) => besideVerifier(fitPlans, values) as boolean[]
