import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseNote } from '../../src/audit/note.ts'
import { askWitnesses, configuredWitnesses } from '../../src/audit/witnesses.ts'
import { verifyAuditLog } from '../../src/commands/operator.ts'
import { openEgress } from '../../src/platform/http/egress.ts'
import { freePort } from '../external-kms/support/peers.ts'
import { given, openKms } from '../support/kms-under-test.ts'
import { makeFolder } from '../support/temporary-folder.ts'

// A witness that somebody else wrote: litewitness of filippo.io/torchwood, built from its published Go modules once a version.

const release = 'v0.6.1'
const bin = join(import.meta.dirname, '../../../../.lux/litewitness', release)
let folder = ''
let kms: Awaited<ReturnType<typeof openKms>>
const children: ChildProcess[] = []

beforeAll(async () => {
  if (!existsSync(join(bin, 'litewitness'))) {
    mkdirSync(bin, { recursive: true })
    const modules = ['litewitness', 'witnessctl'].map((name) => `filippo.io/torchwood/cmd/${name}@${release}`)
    execFileSync('go', ['install', ...modules], { env: { ...process.env, GOBIN: bin }, stdio: 'inherit' })
  }
  folder = await makeFolder()
  kms = await openKms()
})

afterAll(async () => {
  for (const child of children) child.kill('SIGINT')
  await kms.close()
  await rm(folder, { recursive: true, force: true })
})

/** Its verifier key and its address. */
async function startWitness(origin: string, logKey: string): Promise<{ vkey: string; url: string }> {
  const [key, socket, database] = ['w.key', 's', 'w.db'].map((name) => join(folder, name))
  if (key === undefined || socket === undefined || database === undefined) throw new Error('no folder')
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
  children.push(spawn('ssh-agent', ['-a', socket, '-D'], { stdio: 'ignore' }))
  await expect.poll(() => existsSync(socket), { timeout: 30_000 }).toBe(true)
  execFileSync('ssh-add', ['-q', key], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'ignore' })
  const control = (...args: string[]) =>
    execFileSync(join(bin, 'witnessctl'), [args[0] ?? '', '-db', database, ...args.slice(1)])
  control('add-log', '-origin', origin)
  control('add-key', '-origin', origin, '-key', logKey)
  const print = String(execFileSync('ssh-keygen', ['-lf', `${key}.pub`])).split(' ')[1] ?? ''
  const port = await freePort()
  const args = ['-ssh-agent', socket, '-key', print, '-name', 'witness.example/one', '-db', database]
  const listen = ['-listen', `127.0.0.1:${port}`]
  children.push(spawn(join(bin, 'litewitness'), [...args, ...listen], { stdio: 'ignore' }))
  const url = `http://127.0.0.1:${port}`
  for (;;) {
    const page = await fetch(url)
      .then((reply) => reply.text())
      .catch(() => '')
    const [vkey] = /witness\.example\/one\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+/.exec(page) ?? []
    if (vkey !== undefined) return { vkey, url }
    await wait(100)
  }
}

test('AUDIT-WITNESSES litewitness cosigns the log as it goes on, says what it knows, and takes no other log', async () => {
  const { database, treeLog, now } = kms.server.services
  const advanced = async () => {
    const size = async () => (await treeLog.advance())?.size ?? 0
    const before = await size()
    await kms.get('/api/v1/kms/keys?projectId=none')
    await expect.poll(size, { timeout: 30_000 }).toBeGreaterThan(before)
    const made = await treeLog.advance()
    if (made === null) throw new Error('no note')
    return made
  }
  const first = await advanced()
  const pinned = JSON.parse(String(execFileSync('cat', [kms.state.auditNote])))
  const { vkey, url } = await startWitness(treeLog.origin, pinned.vkey)
  const witnesses = configuredWitnesses(`${url} ${vkey}`)
  const egress = openEgress({ allowed: [new URL(url).host] })
  const answers = async (made: typeof first) =>
    (await askWitnesses({ database, egress, now }, witnesses, made)).map(({ answer }) => answer)
  expect(await answers(first)).toEqual(['cosigned'])
  expect(await answers(first)).toEqual(['cosigned'])
  const second = await advanced()
  expect(await answers(second)).toEqual(['cosigned'])
  await sql`update audit_witness set size = ${first.size}`.execute(database)
  const third = await advanced()
  expect(await answers(third)).toEqual(['cosigned'])
  process.env.AUDIT_WITNESSES = `${url} ${vkey}`
  try {
    expect(given(await verifyAuditLog(kms.state, null, 1)).witnesses).toBe(1)
  } finally {
    delete process.env.AUDIT_WITNESSES
  }
  // The same size with another root, signed by nobody.
  const forged = third.note.replace(/\n[A-Za-z0-9+/]{43}=\n/, `\n${Buffer.alloc(32).toString('base64')}\n`)
  expect(parseNote(forged)).not.toBe(null)
  expect(await answers({ ...third, note: forged })).toEqual(['refused'])
})
