import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { root } from '../root.ts'

const settings = [
  'biome.json',
  'tsconfig.base.json',
  'package.json',
  'scripts/no-math-random.grit',
  'scripts/no-hidden-imports.grit',
  'scripts/types-of-ceremony.grit',
  ...[
    'packages/crypto',
    'packages/node-files',
    'packages/hsm',
    'packages/ceremony',
    'packages/people',
    'packages/ui',
    'apps/desktop',
    'apps/share-holder-mobile-web',
    'apps/server-console',
    'apps/companion-server',
    'e2e',
  ].map((folder) => `${folder}/package.json`),
  'packages/crypto/tsconfig.json',
]

/** The checkout's own settings around a few small sources, so that a forbidden import is tried without touching it. */
export type ArrowSandbox = {
  write(path: string, text: string): void
  /** The linter's findings in one file, each as `group/rule`, plugins as `plugin`. */
  findings(path: string): string[]
  /** The type checker's lines about one package. */
  typeErrors(folder: string): string
  remove(): void
}

type Report = { diagnostics: { category: string; location: { path: string | { file: string } } }[] }

export function arrowSandbox(): ArrowSandbox {
  const at = mkdtempSync(join(tmpdir(), 'lux-arrows-'))
  for (const path of settings) cpSync(join(root, path), join(at, path))
  mkdirSync(join(at, 'node_modules/@lux'), { recursive: true })
  for (const name of ['crypto', 'node-files', 'hsm', 'ceremony', 'people']) {
    symlinkSync(join(at, 'packages', name), join(at, 'node_modules/@lux', name))
  }
  symlinkSync(join(root, 'node_modules/@biomejs'), join(at, 'node_modules/@biomejs'))
  const program = (name: string): string => join(root, 'node_modules/.bin', name)
  let report: Report | null = null

  const lint = (): Report => {
    const run = spawnSync(
      program('biome'),
      ['lint', '.', '--vcs-enabled=false', '--reporter=json', '--max-diagnostics=500'],
      { cwd: at, encoding: 'utf8' },
    )
    // Biome's JSON reporter has this shape; a run that printed none fails here and with it every test.
    return JSON.parse(run.stdout) as Report
  }

  return {
    write(path, text) {
      mkdirSync(dirname(join(at, path)), { recursive: true })
      writeFileSync(join(at, path), text)
      report = null
    },
    findings(path) {
      report ??= lint()
      return report.diagnostics
        .filter(({ location }) => {
          const file = typeof location.path === 'string' ? location.path : location.path.file
          return file === path || file.endsWith(`/${path}`)
        })
        .map(({ category }) => category.replace(/^lint\//, ''))
    },
    typeErrors(folder) {
      return spawnSync(program('tsc'), ['-p', join(at, folder), '--noEmit'], { cwd: at, encoding: 'utf8' })
        .stdout
    },
    remove: () => rmSync(at, { recursive: true, force: true }),
  }
}
