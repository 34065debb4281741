import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './root.ts'

// `npm run migration:create -- NAME` writes the next, empty migration of the server's database. It only prints the line for the list in
// migrate.ts, because adding it is a decision.
const folder = join(root, 'apps/companion-server/src/platform/database/migrations')
const [name] = process.argv.slice(2)
if (name === undefined || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) {
  process.stderr.write('npm run migration:create -- NAME: a-z, 0-9 and single dashes between\n')
  process.exit(2)
}
const last = readdirSync(folder)
  .filter((file) => /^\d{4}-/.test(file))
  .toSorted()
  .at(-1)
const number = String(Number(last?.slice(0, 4) ?? 0) + 1).padStart(4, '0')
const path = join(folder, `${number}-${name}.ts`)
writeFileSync(
  path,
  `import { type Kysely, sql } from 'kysely'

type Past = Kysely<Record<string, never>>

export async function up(database: Past): Promise<void> {
  await sql\`select 1\`.execute(database)
}

export async function down(database: Past): Promise<void> {
  await sql\`select 1\`.execute(database)
}
`,
  { flag: 'wx' },
)
process.stdout.write(`${path}\nname it in platform/database/migrate.ts as '${number}-${name}'\n`)
