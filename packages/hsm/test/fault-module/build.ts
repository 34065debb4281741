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
import { join } from 'node:path'
import { findSoftTokenLibrary } from '../../src/index.ts'

const folder = import.meta.dirname
const flags = ['-std=c11', '-D_GNU_SOURCE', '-O1', '-shared', '-fPIC', '-Wall', '-Wextra', '-Werror']

/**
 * The fault module as a file of its own in `to`, built once per state of its sources. It hands its calls on to SoftHSM, or
 * to the library that FAULT_LIBRARY names; its plan, log and counts lie beside it (README.md).
 */
export function faultModule(to: string): string {
  const names = readdirSync(folder).filter((name) => /\.[ch]$/.test(name))
  const real = findSoftTokenLibrary() ?? ''
  const hash = createHash('sha256').update(JSON.stringify([process.getuid?.(), flags, real]))
  for (const name of names.sort()) hash.update(readFileSync(join(folder, name)))
  const built = join(tmpdir(), `lux-fault-${hash.digest('hex').slice(0, 16)}`, 'fault-module.so')
  if (!existsSync(built)) compile(names, real, built)
  mkdirSync(to, { recursive: true })
  const path = join(to, 'fault-module.so')
  copyFileSync(built, path)
  return path
}

/** Two test files may build at once: each builds aside and puts its own in place whole. */
function compile(names: readonly string[], real: string, built: string): void {
  const aside = join(mkdtempSync(join(tmpdir(), 'lux-fault-build-')), 'fault-module.so')
  const sources = names.filter((name) => name.endsWith('.c')).map((name) => join(folder, name))
  const include = ['-I/usr/include/p11-kit-1', `-DFAULT_LIBRARY="${real}"`]
  execFileSync('gcc', [...flags, ...include, '-o', aside, ...sources, '-ldl'], { stdio: 'inherit' })
  mkdirSync(join(built, '..'), { recursive: true })
  renameSync(aside, built)
}

// As a program it prints the path: for tests of other packages.
if (process.argv[1] === import.meta.filename) process.stdout.write(faultModule(process.argv[2] ?? tmpdir()))
