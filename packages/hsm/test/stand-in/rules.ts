import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TokenRole } from '../../src/index.ts'

const folder = join(import.meta.dirname, 'vendors')

export const vendors: readonly string[] = readdirSync(folder)
  .filter((name) => name.endsWith('.rules'))
  .map((name) => name.replace('.rules', ''))
  .sort()

type Rule = {
  readonly variant: string | null
  readonly text: string
  readonly mark: string
  readonly source: string
}

/** The rules of a make, and its variants: the first is the one of every run. */
export function rulesOf(vendor: string): { rules: readonly Rule[]; variants: readonly string[] } {
  const lines = readFileSync(join(folder, `${vendor}.rules`), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  const [first = ''] = lines.filter((line) => line.startsWith('variants '))
  const rules = lines
    .filter((line) => line !== first)
    .map((line): Rule => {
      const [rule = '', mark = '', source = ''] = line.split(' | ')
      const [, variant = null, text = ''] = /^(?:\[([a-z-]+)\] )?(.*)$/.exec(rule) ?? []
      return { variant, text, mark, source }
    })
  return { rules, variants: first === '' ? ['as-read'] : first.split(' ').slice(1) }
}

/** What the stand-in of a make has shown: the probe, and what its keys can be for. */
export type MakeShown = {
  readonly vendor: string
  readonly variant: string
  readonly profile: string
  /** The standard of the wrap mechanism with a known answer. */
  readonly wrap: string | null
  /** Attacks on the hardened template, by name. */
  readonly held: readonly string[]
  readonly broken: readonly string[]
  readonly open: readonly string[]
  readonly roles: Readonly<Record<TokenRole, string | null>>
  /** What it does not take of an officer's pair, or says otherwise. */
  readonly lacks: readonly string[]
  /** Objects that are there afterwards. */
  readonly left: number
}

export const resultsPath = new URL('../../../../results/stand-ins.json', import.meta.url)

/** What the nightly run has kept. */
export const shownBefore = (): readonly MakeShown[] => JSON.parse(readFileSync(resultsPath, 'utf8')).rows
