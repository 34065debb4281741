import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { softTokenEnvironment } from '@lux/hsm'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { acceptState } from '../src/commands/accept-state.ts'
import { migrateDown, migrateUp } from '../src/platform/database/migrate.ts'
import { openOwnerDatabase } from '../src/platform/database/open.ts'
import { stateFolder } from '../src/platform/state-folder/folder.ts'
import { cli, startServer } from './support/commands.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

const archive = new URL('./version-1/server.tar.br', import.meta.url)
const jsonOf = (path: string) => JSON.parse(readFileSync(path, 'utf8'))

/** The schema as those migrations left it, which never change, with the rows that stood in it. */
async function restore(folder: string, rows: Record<string, unknown[]>): Promise<void> {
  const { database, close } = await openOwnerDatabase({ folder })
  try {
    const then = (rows.kysely_migration as { name: string }[]).map(({ name }) => name)
    const applied = async () => {
      const found = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(
        database,
      )
      return found.rows.map(({ name }) => name)
    }
    await migrateUp(database)
    while ((await applied()).length > then.length) await migrateDown(database)
    expect(await applied()).toEqual(then)
    await database.connection().execute(async (one) => {
      // Rows come back in the order of their tables' names, which is not that of what they refer to.
      await sql`set session_replication_role = replica`.execute(one)
      for (const [table, of] of Object.entries(rows)) {
        if (table.startsWith('kysely')) continue
        const name = sql.table(table)
        await sql`delete from ${name}`.execute(one)
        const given = JSON.stringify(of)
        const all = sql`jsonb_populate_recordset(null::${name}, ${given}::jsonb)`
        await sql`insert into ${name} overriding system value select * from ${all}`.execute(one)
        const counted = sql`pg_get_serial_sequence(${table}, ${'id'})`
        const numbered = of.some((row) => typeof Object(row).id === 'number')
        if (numbered) await sql`select setval(${counted}, (select max(id) from ${name}))`.execute(one)
      }
      await sql`set session_replication_role = default`.execute(one)
    })
  } finally {
    await close()
  }
}

test('a server of release 0.1.0 is brought up to date, serves what it encrypted, and answers its bundle with the stored receipt', {
  timeout: 300_000,
}, async () => {
  const folder = await temporaryFolder()
  execFileSync('tar', ['-xf', '-', '-C', folder], { input: brotliDecompressSync(readFileSync(archive)) })
  const state = join(folder, 'state')
  // Where token, library and PIN lie is of the machine.
  const soft = softTokenEnvironment(join(state, 'token'))
  const settings = jsonOf(join(state, 'server.json'))
  const token = { ...settings.token, library: soft.library, environment: { ...soft.environment } }
  const moved = { ...settings, pinFile: join(folder, 'server.pin'), token }
  writeFileSync(join(state, 'server.json'), JSON.stringify(moved))
  await restore(join(state, 'postgres'), jsonOf(join(folder, 'rows.json')))

  // What it granted was not sealed then: the token's officer takes it as it is.
  const pin = async () => Buffer.from(readFileSync(moved.pinFile, 'utf8').trim())
  const taken = await acceptState(stateFolder(state), () => undefined, pin)
  expect(taken).toMatchObject({ value: { accepted: true } })
  const { server, address } = await startServer(state)
  async function call(path: string, body: object, access?: string): Promise<Record<string, string>> {
    const authorization: Record<string, string> =
      access === undefined ? {} : { authorization: `Bearer ${access}` }
    const headers = { 'content-type': 'application/json', ...authorization }
    const answer = await fetch(`${address}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    // Each of these replies is an object of strings, save for expiresIn.
    return (await answer.json()) as Record<string, string>
  }
  const { clientId, clientSecret, plaintext, ciphertext } = jsonOf(join(folder, 'client.json'))
  const { accessToken } = await call('/api/v1/auth/universal-auth/login', { clientId, clientSecret })
  expect(await call('/api/v1/kms/keys/orders/decrypt', { ciphertext }, accessToken)).toEqual({ plaintext })
  const again = await call('/api/v1/kms/keys/orders/encrypt', { plaintext }, accessToken)
  expect(await call('/api/v1/kms/keys/orders/decrypt', again, accessToken)).toEqual({ plaintext })

  const receipt = join(folder, 'again.json')
  const bundle = join(folder, 'bundle.zip')
  execFileSync(process.execPath, [cli, '--state', state, '--json', 'import', bundle, '--out', receipt])
  expect(readFileSync(receipt)).toEqual(readFileSync(join(folder, 'receipt.json')))
  const ended = new Promise((done) => server.once('exit', done))
  server.kill('SIGTERM')
  expect(await ended).toBe(0)

  // What release 0.1.0 wrote in the log has fewer columns, and verifies by its own rule.
  const verified = execFileSync(process.execPath, [cli, '--state', state, 'verify-audit'], {
    encoding: 'utf8',
  })
  const rows = jsonOf(join(folder, 'rows.json')).audit as unknown[]
  expect(Number(/^(\d+) entries of/.exec(verified)?.[1])).toBeGreaterThan(rows.length)
})
