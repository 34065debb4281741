import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export type RuleSet = {
  title: string
  /** The file that defines the rules; a mention there enforces nothing. */
  table: string
  /** Folders in which the rules are enforced. */
  sources: readonly string[]
  /** Whether every rule must have a test that is named after it or lists it. */
  complete: boolean
  ids: readonly string[]
}

const key = (id: string): RegExp => new RegExp(`^ {2}'?(${id})'?:(?: |$)`, 'gm')

const listed = (id: string): RegExp => new RegExp(`^ {2}'(${id})',$`, 'gm')

const tables = [
  {
    title: 'Plans',
    table: 'packages/ceremony/src/plan/rules.ts',
    sources: ['packages/ceremony/src'],
    complete: true,
    id: listed('[A-Z]+-[0-9]{2}'),
  },
  {
    title: 'Runs',
    table: 'packages/ceremony/src/model/rules.ts',
    sources: ['packages/ceremony/src'],
    complete: true,
    id: listed('[A-Z]+-[0-9]{2}'),
  },
  {
    title: 'Bundles',
    table: 'packages/ceremony/src/bundle/checks.ts',
    sources: ['packages/ceremony/src/bundle', 'packages/ceremony/src/steps', 'packages/ceremony/src/verify'],
    complete: true,
    id: key('[A-Z][A-Z-]+'),
  },
  {
    title: 'Threshold FHE',
    table: 'packages/crypto/src/fhe/rules.ts',
    sources: ['packages/crypto/src/fhe', 'packages/crypto/src/sharing'],
    complete: true,
    id: key('FHE-[A-Z0-9-]+'),
  },
  {
    title: 'Backup of a root',
    table: 'packages/crypto/src/backup/rules.ts',
    sources: ['packages/crypto/src/backup'],
    complete: true,
    id: key('BACKUP-[A-Z-]+'),
  },
  {
    title: 'Tokens',
    table: 'packages/hsm/src/hsm-errors.ts',
    sources: ['packages/hsm/src'],
    complete: false,
    id: listed('HSM-[A-Z-]+'),
  },
] as const

/** Every rule ID of the tables. Throws when a table has none, so that a table that moved is noticed. */
export function readRules(root: string): RuleSet[] {
  return tables.map(({ id, ...rest }) => {
    const text = readFileSync(join(root, rest.table), 'utf8')
    const ids = [...text.matchAll(id)].flatMap(([, one]) => (one === undefined ? [] : [one]))
    if (ids.length === 0) throw new Error(`${rest.table}: no rule found`)
    return { ...rest, ids }
  })
}
