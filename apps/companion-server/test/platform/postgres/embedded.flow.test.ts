import { spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { expect, test } from 'vitest'
import { startEmbedded } from '../../../src/platform/postgres/embedded.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

test('DATABASE-02 a database whose server was killed is stopped, started again and has what was committed', async () => {
  const folder = join(await temporaryFolder(), 'postgres')
  const module = new URL('../../../src/platform/postgres/embedded.ts', import.meta.url).href
  const script = `
    const { startEmbedded } = await import(${JSON.stringify(module)})
    const pg = (await import('pg')).default
    const { owner } = await startEmbedded(${JSON.stringify(folder)}, { exclusive: true })
    const client = new pg.Client(owner)
    await client.connect()
    await client.query('create table kept as select 7 as n')
    process.kill(process.pid, 'SIGKILL')`
  const cwd = new URL('../../../', import.meta.url).pathname
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { cwd, stdio: 'inherit' })
  expect(await new Promise((done) => child.on('exit', (_code, signal) => done(signal)))).toBe('SIGKILL')

  const again = await startEmbedded(folder, { exclusive: true })
  try {
    const client = new pg.Client(again.owner)
    await client.connect()
    expect((await client.query('select n from kept')).rows).toEqual([{ n: 7 }])
    await client.end()
  } finally {
    await again.stop()
  }
})

test('DATABASE-03 it listens on no port, and only its owner can enter the folder of its socket', async () => {
  const database = await startEmbedded(join(await temporaryFolder(), 'postgres'))
  try {
    const client = new pg.Client(database.owner)
    await client.connect()
    expect((await client.query('show listen_addresses')).rows).toEqual([{ listen_addresses: '' }])
    await client.end()
    expect(statSync(String(database.owner.host)).mode & 0o777).toBe(0o700)
  } finally {
    await database.stop()
  }
})
