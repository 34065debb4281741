import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { findSoftTokenLibrary } from '../src/index.ts'

const flags = ['-std=c11', '-D_GNU_SOURCE', '-O1', '-shared', '-fPIC', '-Wall', '-Wextra', '-Werror']
const shared = join(import.meta.dirname, 'fault-module')

/** A module of the C sources in `folder` and of those named besides, as a file of its own in `to`; built once per state of them. */
export function shim(folder: string, to: string, besides: readonly string[] = []): string {
  const own = readdirSync(folder).filter((name) => /\.[ch]$/.test(name))
  const headers = readdirSync(shared).filter((name) => name.endsWith('.h'))
  const sources = [
    ...own.sort().map((name) => join(folder, name)),
    ...besides,
    ...headers.map((name) => join(shared, name)),
  ]
  const real = findSoftTokenLibrary() ?? ''
  const hash = createHash('sha256').update(JSON.stringify([process.getuid?.(), flags, real]))
  for (const path of sources) hash.update(readFileSync(path))
  const name = `${basename(folder)}.so`
  const built = join(tmpdir(), `lux-shim-${hash.digest('hex').slice(0, 16)}`, name)
  if (!existsSync(built))
    compile(
      sources.filter((path) => path.endsWith('.c')),
      real,
      built,
    )
  mkdirSync(to, { recursive: true })
  const path = join(to, name)
  copyFileSync(built, path)
  return path
}

/** Two test files may build at once: each builds aside and puts its own in place whole. */
function compile(sources: readonly string[], real: string, built: string): void {
  const aside = join(mkdtempSync(join(tmpdir(), 'lux-shim-build-')), 'module.so')
  const include = ['-I/usr/include/p11-kit-1', `-DREAL_LIBRARY="${real}"`]
  execFileSync('gcc', [...flags, ...include, '-o', aside, ...sources, '-ldl'], { stdio: 'inherit' })
  mkdirSync(join(built, '..'), { recursive: true })
  renameSync(aside, built)
}

export const sharedNames = join(shared, 'names.c')
