import { execFileSync } from 'node:child_process'
import { root } from '../root.ts'
import { ImportGraph } from './import-graph.ts'
import { type Tier, tierOf } from './tiers.ts'
import { touchedBy } from './touched.ts'

const git = (...args: string[]): string[] =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\n').filter(Boolean)

/** Files of the checkout that differ from where this branch left main, committed or not. */
function changedFiles(): string[] {
  const [base = 'main'] = git('merge-base', 'HEAD', 'main')
  return [...git('diff', '--name-only', base), ...git('ls-files', '--others', '--exclude-standard')]
}

/** The tests of each tier but the nightly one that the change at hand touches. */
export function touchedTests(): Map<Tier, string[]> {
  const tests = git('ls-files', '--cached', '--others', '--exclude-standard', '*.test.ts')
  const touched = touchedBy(changedFiles(), [...new Set(tests)], new ImportGraph(root))
  return Map.groupBy(touched, (test) => tierOf(test) ?? 'nightly')
}
