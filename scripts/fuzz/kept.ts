import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../root.ts'

/** The inputs of a target that together reach all that was ever reached, as a list of base64. */
export const corpusFile = (name: string): string => join(root, 'scripts/fuzz/corpus', `${name}.json`)

export function keptInputs(name: string): Uint8Array[] {
  const file = corpusFile(name)
  if (!existsSync(file)) return []
  const inputs: string[] = JSON.parse(readFileSync(file, 'utf8'))
  return inputs.map((input) => new Uint8Array(Buffer.from(input, 'base64')))
}
