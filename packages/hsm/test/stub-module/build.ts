import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What module.c takes: numbers as they are, texts and bytes as C strings, `HANG: 1` for a C_Initialize that never comes back. */
export type StubSays = Readonly<Record<string, number | string | Uint8Array>>

/** A library of another maker's than SoftHSM, built into `folder` as `name`.so: it says what is asked for, and holds nothing. */
export function stubModule(folder: string, name: string, says: StubSays = {}): string {
  const path = join(folder, `${name}.so`)
  const defines = Object.entries(says).map(([key, value]) =>
    typeof value === 'number' ? `-D${key}=${value}` : `-D${key}="${octal(value)}"`,
  )
  const flags = ['-shared', '-fPIC', '-w', '-D_GNU_SOURCE', '-I/usr/include/p11-kit-1']
  execFileSync('gcc', [...flags, ...defines, '-o', path, join(import.meta.dirname, 'module.c'), '-ldl'])
  return path
}

/** The calls that changed a token, in order: `C_InitToken 2` for the one in slot 2. */
export function stubCalls(path: string): string[] {
  return existsSync(`${path}.log`) ? readFileSync(`${path}.log`, 'utf8').trimEnd().split('\n') : []
}

const octal = (text: string | Uint8Array) =>
  [...Buffer.from(text)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
