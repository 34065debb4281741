import { readdir, readFile } from 'node:fs/promises'
import { entries } from '../../src/operations/tables.ts'

/** Every operation of the table, and every other that the source names where it writes to the audit log, for somebody who calls. Throws where one has no name. */
export async function operationsOfSource(): Promise<ReadonlySet<string>> {
  const root = new URL('../../src/', import.meta.url)
  const files = (await readdir(root, { recursive: true })).filter(
    // The columns of tables have names and kinds, and call nothing.
    (path) => path.endsWith('.ts') && !path.startsWith('platform/database/'),
  )
  const found = new Set(entries().map(({ name }) => name))
  for (const path of files) {
    const text = await readFile(new URL(path, root), 'utf8')
    for (const [, named = ''] of text.matchAll(/\boperation: '([^'.]+\.[^']+)'/g)) found.add(named)
    for (const [whole, named = ''] of text.matchAll(/\brecord\(\s*call,\s*([^,]+),/g)) {
      if (named === 'operation' || named === 'entry.name') continue
      const names = [...named.matchAll(/'([^']+)'/g)].map(([, name = '']) => name)
      if (names.length === 0) throw new Error(`${path}: ${whole} names no operation`)
      for (const name of names) found.add(name)
    }
  }
  return found
}
