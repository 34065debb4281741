import { spawn } from 'node:child_process'
import { readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { cli, custodyServer } from '../../support/commands.ts'
import { openKms } from '../../support/kms-under-test.ts'

async function run(
  state: string,
  ...args: string[]
): Promise<{ status: number; out: Record<string, unknown> }> {
  const { status, stdout } = await custodyServer(state, '--json', ...args)
  return { status, out: JSON.parse(stdout) }
}

test('KMIP-CLI a certificate is issued, listed and revoked by commands, and the server that was started answers it until then', {
  timeout: 300_000,
}, async () => {
  const kms = await openKms()
  const { state, project } = kms
  await kms.server.app.close()
  onTestFinished(() => rm(join(state.root, '..'), { recursive: true, force: true }))
  const absent = await run(
    state.root,
    'kmip',
    'client',
    'issue',
    '--project',
    'none',
    '--out',
    join(state.root, 'x.pem'),
  )
  expect([absent.status, absent.out.code]).toEqual([1, 'PROJECT-ABSENT'])
  const pem = join(state.root, 'client.pem')
  const made = await run(state.root, 'kmip', 'client', 'issue', '--project', project.id, '--out', pem)
  const fingerprint = String(made.out.fingerprint)
  expect([made.status, fingerprint]).toEqual([0, expect.stringMatching(/^[0-9a-f]{64}$/)])
  expect((await stat(pem)).mode & 0o777).toBe(0o600)
  const allowed = await run(state.root, 'kmip', 'plain-keys', '--project', project.id, '--allow', 'yes')
  expect(allowed.status).toBe(0)

  const server = spawn(
    process.execPath,
    [cli, '--state', state.root, '--json', 'start', '--port', '0', '--kmip', '0'],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  )
  const ended = new Promise((done) => server.on('exit', done))
  try {
    const ready = await new Promise<{ kmip: number }>((done, failed) => {
      server.stdout.once('data', (chunk) => done(JSON.parse(String(chunk))))
      server.once('exit', () => failed(new Error('the server ended')))
    })
    const tls = await readFile(pem, 'utf8')
    const ca = await readFile(state.caCertificate)
    const said = await new Promise<boolean>((done, failed) => {
      const socket = connect({ host: '127.0.0.1', port: ready.kmip, ca, cert: tls, key: tls }, () => {
        done(socket.authorized)
        socket.destroy()
      })
      socket.on('error', failed)
    })
    expect(said).toBe(true)
  } finally {
    server.kill('SIGTERM')
    await ended
  }
  expect((await run(state.root, 'kmip', 'client', 'revoke', fingerprint)).status).toBe(0)
  const { out } = await run(state.root, 'kmip', 'client', 'list')
  expect(out).toMatchObject([{ fingerprint, project: project.id, revoked: expect.any(String) }])
  const unknown = await run(state.root, 'kmip', 'client', 'revoke', 'ab'.repeat(32))
  expect([unknown.status, unknown.out.code]).toEqual([1, 'KMIP-CLIENT-ABSENT'])
})
