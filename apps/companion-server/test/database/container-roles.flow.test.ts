import { spawnSync } from 'node:child_process'
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { connect } from '../../src/platform/database/open.ts'
import { startEmbedded } from '../../src/platform/postgres/embedded.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const script = join(import.meta.dirname, '../../../../container/database-roles.sh')

/** Whether what PostgreSQL keeps of a password (RFC 5803) is of this one. */
function isOf(kept: string, password: string): boolean {
  const [, rounds = '', salt = '', stored = ''] = /^SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):/.exec(kept) ?? []
  const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(rounds), 32, 'sha256')
  const clientKey = createHmac('sha256', salted).update('Client Key').digest()
  return createHash('sha256').update(clientKey).digest('base64') === stored
}

test('CONTAINER-ROLES the account of the server has the password of the secret, and none is made where it cannot be read or is empty', async () => {
  const folder = await temporaryFolder()
  const postgres = await startEmbedded(join(folder, 'postgres'))
  onTestFinished(() => postgres.stop())
  const owner = connect(postgres.owner)
  onTestFinished(() => owner.destroy())
  const { host, user, database } = postgres.owner
  const run = (file: string) =>
    spawnSync(script, {
      encoding: 'utf8',
      env: {
        PATH: process.env.PATH,
        PGHOST: String(host),
        DATABASE_PASSWORD_FILE: file,
        POSTGRES_USER: String(user),
        POSTGRES_DB: String(database),
      },
    })
  const roles = async () => {
    const { rows } = await sql<{ rolname: string; rolpassword: string | null }>`
      select rolname, rolpassword from pg_authid where rolname in ('custody', 'custody_app') order by rolname`.execute(
      owner,
    )
    return rows
  }
  const absent = join(folder, 'absent')
  const empty = join(folder, 'empty')
  const secret = join(folder, 'secret')
  await writeFile(empty, '\n')
  await writeFile(secret, "it's a $word\n", { mode: 0o600 })
  expect(run(absent)).toMatchObject({ status: 1, stderr: expect.stringContaining(`cannot read ${absent}`) })
  expect(run(empty)).toMatchObject({ status: 1, stderr: expect.stringContaining(`${empty} is empty`) })
  expect(await roles()).toEqual([])
  expect(run(secret)).toMatchObject({ status: 0, stderr: '' })
  const made = await roles()
  expect(made.map(({ rolname }) => rolname)).toEqual(['custody', 'custody_app'])
  expect(isOf(made[0]?.rolpassword ?? '', "it's a $word")).toBe(true)
})
