import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { chown, cp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import { expect, test, vi } from 'vitest'
import { initServer } from '../../src/commands/init.ts'
import { verifyAuditLog } from '../../src/commands/operator.ts'
import { migrateUp } from '../../src/platform/database/migrate.ts'
import { connect } from '../../src/platform/database/open.ts'
import { serviceAccount } from '../../src/platform/postgres/account.ts'
import { stateFolder } from '../../src/platform/state-folder/folder.ts'
import { openServer } from '../../src/server.ts'
import { createIdentity } from '../support/create-identity.ts'
import { given } from '../support/kms-under-test.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** The newest PostgreSQL that Debian installed: its programs are those that the guide names. */
function programs(): string {
  const root = '/usr/lib/postgresql'
  const newest = existsSync(root) ? readdirSync(root).toSorted().at(-1) : undefined
  if (newest === undefined) throw new Error('install postgresql (scripts/bootstrap/debian-packages.json)')
  return join(root, newest, 'bin')
}

test('BACKUP-02 what pg_dump wrote of a running server is restored by pg_restore into a new database: it serves, and the log verifies', async () => {
  const folder = await temporaryFolder()
  const account = await serviceAccount()
  const place = join(folder, 'pg')
  await mkdir(place)
  if (account !== null) await chown(place, account.uid, account.gid)
  const bin = programs()
  const run = (program: string, ...args: readonly string[]) =>
    execFileSync(join(bin, program), args, {
      ...account,
      cwd: place,
      env: { LC_ALL: 'C', PGHOST: place, PGUSER: 'owner' },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  const data = join(place, 'data')
  run('initdb', '-D', data, '-U', 'owner', '--auth=trust', '-E', 'UTF8')
  run('pg_ctl', '-D', data, '-w', '-l', join(place, 'log'), '-o', `-k ${place} -c listen_addresses=`, 'start')
  try {
    const urlOf = (user: string, database: string) =>
      `postgres://${user}@/${database}?host=${encodeURIComponent(place)}`
    const asOwner = async (database: string, ...statements: readonly string[]) => {
      const owner = connect({ connectionString: urlOf('owner', database) })
      for (const statement of statements) await sql.raw(statement).execute(owner)
      return owner
    }
    const use = (database: string) => {
      vi.stubEnv('DATABASE_URL', urlOf('server', database))
      vi.stubEnv('DATABASE_OWNER_URL', urlOf('owner', database))
    }
    const postgres = await asOwner('postgres', 'create role server login', 'create database first')
    const owner = await asOwner('first')
    await migrateUp(owner)
    await sql.raw('grant custody_app to server').execute(owner)
    await owner.destroy()

    use('first')
    const state = stateFolder(join(folder, 'state'))
    given(await initServer({ state, domain: 'rehearsal', token: 'soft-token', pinFile: null }))
    const server = await openServer(state, false)
    const { organisations, keys, database } = server.services
    const call = (role: string, where: object = { organisation: null, project: null }) =>
      ({
        caller: { identity: role, grants: [{ role, ...where }] },
        door: 'direct',
        reqId: 't',
        receipt: null,
      }) as never
    const organisation = given(
      await organisations.createOrganisation(call('server-admin'), { name: 'Here' }),
    ).id
    const chief = call('organisation-admin', { organisation, project: null })
    const project = given(await organisations.createProject(chief, { organisation, name: 'P' })).id
    const officer = call('crypto-officer', { organisation, project })
    const { id } = given(await keys.create(officer, { project, name: 'orders' }))
    const grants = [{ role: 'service', organisation, project }] as const
    const { clientId, clientSecret } = await createIdentity(database, { name: 'service', grants })
    const ask = async (at: typeof server, work: string, payload: object) => {
      const login = await at.app.inject({
        method: 'POST',
        url: '/api/v1/auth/universal-auth/login',
        payload: { clientId, clientSecret },
      })
      const headers = { authorization: `Bearer ${login.json().accessToken}` }
      return (
        await at.app.inject({ method: 'POST', url: `/api/v1/kms/keys/${id}/${work}`, headers, payload })
      ).json()
    }
    const { ciphertext } = await ask(server, 'encrypt', { plaintext: 'c2VjcmV0' })

    // As the guide says, while the server is at work.
    const dump = join(place, 'backup.dump')
    run('pg_dump', '--format=custom', `--file=${dump}`, 'first')
    await cp(state.root, join(folder, 'backup'), { recursive: true, preserveTimestamps: true })
    await ask(server, 'encrypt', { plaintext: 'bGF0ZXI=' })
    await server.app.close()
    await rm(state.root, { recursive: true })

    await sql.raw('drop database first').execute(postgres)
    await sql.raw('create database second').execute(postgres)
    await postgres.destroy()
    run('pg_restore', '--exit-on-error', '--dbname=second', dump)
    await cp(join(folder, 'backup'), state.root, { recursive: true, preserveTimestamps: true })
    use('second')
    const again = await openServer(state, false)
    expect(await ask(again, 'decrypt', { ciphertext })).toEqual({ plaintext: 'c2VjcmV0' })
    await again.app.close()
    expect(await verifyAuditLog(state, null)).toMatchObject({ ok: true })
  } finally {
    vi.unstubAllEnvs()
    run('pg_ctl', '-D', data, '-w', '-m', 'immediate', 'stop')
  }
})
