import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './root.ts'

/**
 * Writes a generated file of the checkout, or with `--check` on the command line compares it. False when it is out of
 * date, which is said on stderr with the command that writes it anew.
 */
export function writtenFile(path: string, text: string, command: string): boolean {
  const file = join(root, path)
  if (!process.argv.includes('--check')) {
    writeFileSync(file, text)
    return true
  }
  const fresh = existsSync(file) && readFileSync(file, 'utf8') === text
  if (!fresh) process.stderr.write(`${path} is out of date: run \`${command}\`\n`)
  return fresh
}
