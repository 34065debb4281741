import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const build = fileURLToPath(new URL('../../../../packages/hsm/test/fault-module/build.ts', import.meta.url))

/** Builds the driver's own fault module (packages/hsm/test/fault-module/README.md) in `folder`; gives its path. */
export function buildFaultModule(folder: string): string {
  const node = ['--disable-warning=ExperimentalWarning', build, folder]
  return execFileSync(process.execPath, node, { encoding: 'utf8' })
}

/** How often a function of the library was called so far. */
export function calls(library: string, name: string): number {
  const log = existsSync(`${library}.log`) ? readFileSync(`${library}.log`, 'utf8') : ''
  return log.split('\n').filter((line) => line.replace(/^! /, '').startsWith(`${name} `)).length
}

export function planFaults(library: string, ...rules: readonly string[]): void {
  writeFileSync(`${library}.plan`, rules.join('\n'))
}
