import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'
import { root } from '../root.ts'

/*
 * Jazzer.js 4.0.0 as npm has it, with libFuzzer inside. Its binary is built for a newer Debian: three symbols that it asks for are
 * given by a small library, and the two versions that they belong to become weak. Nothing of it comes into the product.
 */
const folder = join(root, 'scripts/fuzz/engine')
const made = join(root, '.lux/fuzz')

const symbols = `#include <stdlib.h>
long __isoc23_strtol(const char *s, char **end, int base) { return strtol(s, end, base); }
unsigned long __isoc23_strtoul(const char *s, char **end, int base) { return strtoul(s, end, base); }
void _ZSt21ios_base_library_initv(void) {}
`
const newer = ['GLIBC_2.38', 'GLIBCXX_3.4.32']

function run(command: string, args: readonly string[], cwd = folder): void {
  const { status, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args[0] ?? ''}: ${error?.message ?? stderr}`)
}

const needsOfVersions = 0x6fff_fffe
const weak = 2

/** Sets the weak flag on the needed versions of an ELF file of 64 bits. */
export function weaken(elf: Buffer, versions: readonly string[]): void {
  const [sections, count] = [Number(elf.readBigUInt64LE(0x28)), elf.readUInt16LE(0x3c)]
  const at = (index: number) => sections + index * 64
  const offsetOf = (index: number) => Number(elf.readBigUInt64LE(at(index) + 24))
  for (let index = 0; index < count; index++) {
    if (elf.readUInt32LE(at(index) + 4) !== needsOfVersions) continue
    const strings = offsetOf(elf.readUInt32LE(at(index) + 40))
    for (let need = offsetOf(index), next = 1; next !== 0; need += next) {
      next = elf.readUInt32LE(need + 12)
      let each = need + elf.readUInt32LE(need + 8)
      for (let left = elf.readUInt16LE(need + 2); left > 0; left--) {
        const name = strings + elf.readUInt32LE(each + 8)
        if (versions.includes(elf.toString('latin1', name, elf.indexOf(0, name))))
          elf.writeUInt16LE(elf.readUInt16LE(each + 4) | weak, each + 4)
        each += elf.readUInt32LE(each + 12)
      }
    }
  }
}

/** How the engine is called: its program, the library before it, the targets as one file. */
export async function openEngine(): Promise<{ cli: string; preload: string; bundle: string }> {
  mkdirSync(made, { recursive: true })
  const engine = join(folder, 'node_modules/@jazzer.js')
  if (!existsSync(engine)) {
    run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'])
    const binary = join(engine, 'fuzzer/prebuilds/fuzzer-linux-x64.node')
    const bytes = readFileSync(binary)
    weaken(bytes, newer)
    writeFileSync(binary, bytes)
  }
  const preload = join(made, 'symbols.so')
  writeFileSync(join(made, 'symbols.c'), symbols)
  run('gcc', ['-shared', '-fPIC', '-O2', '-o', preload, 'symbols.c'], made)
  const bundle = join(made, 'entry.cjs')
  await build({
    configFile: false,
    logLevel: 'warn',
    ssr: { noExternal: true },
    build: {
      ssr: join(root, 'scripts/fuzz/entry.ts'),
      outDir: made,
      emptyOutDir: false,
      sourcemap: 'inline',
      rolldownOptions: { output: { format: 'cjs', entryFileNames: 'entry.cjs', codeSplitting: false } },
    },
  })
  return { cli: join(engine, 'core/dist/cli.js'), preload, bundle }
}
