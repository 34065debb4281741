import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node'
import { root } from '../root.ts'

/** Names the file that the reporter writes to: vitest gives a reporter of its command line no options. */
export const reportVariable = 'LUX_TEST_REPORT'

export type Failure = { name: string; why: string }

/** What one file of tests came to. */
export type FileResult = {
  file: string
  seconds: number
  passed: number
  skipped: number
  failures: readonly Failure[]
}

/** What each file that has ended came to; empty where there is no report. */
export function readReport(path: string): FileResult[] {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean)
  // Each line was written by the reporter below.
  return lines.map((line) => JSON.parse(line) as FileResult)
}

type Thrown = { message: string; stack?: string }

const whyOf = (errors: readonly Thrown[]): string =>
  errors.map(({ message, stack }) => stack ?? message).join('\n')

/** Writes a line when a file ends, so that a run that is stopped tells what had passed: vitest's own report is written last. */
export default class LineReporter implements Reporter {
  onTestModuleEnd(module: TestModule): void {
    const tests = [...module.children.allTests()]
    const count = (state: string): number => tests.filter((test) => test.result().state === state).length
    const own = (one: TestCase | TestSuite): Failure[] => {
      const errors = one.type === 'test' ? (one.result().errors ?? []) : one.errors()
      return errors.length === 0 ? [] : [{ name: one.fullName, why: whyOf(errors) }]
    }
    const outside = module.errors()
    this.#add({
      file: relative(root, module.moduleId),
      seconds: module.diagnostic().duration / 1000,
      passed: count('passed'),
      skipped: count('skipped'),
      failures: [
        ...(outside.length === 0 ? [] : [{ name: '', why: whyOf(outside) }]),
        ...[...module.children.allSuites(), ...tests].flatMap(own),
      ],
    })
  }

  onTestRunEnd(_modules: readonly TestModule[], errors: readonly Thrown[]): void {
    if (errors.length === 0) return
    const failures = [{ name: 'outside any test', why: whyOf(errors) }]
    this.#add({ file: '', seconds: 0, passed: 0, skipped: 0, failures })
  }

  #add(result: FileResult): void {
    appendFileSync(process.env[reportVariable] ?? '/dev/null', `${JSON.stringify(result)}\n`)
  }
}
