import { readFile, rm, stat } from 'node:fs/promises'
import { request } from 'node:https'
import { connect } from 'node:tls'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import type { Call } from '../../src/audit/record.ts'
import { type Listening, startServer } from '../../src/commands/start.ts'
import { trainingLines } from '../../src/commands/training.ts'
import { given } from '../support/kms-under-test.ts'
import { makeServerState } from '../support/server-under-test.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

type Reply = { status: number; body: Record<string, unknown> }

/** What curl would do with a line: its CA, its header file, its address and body. */
async function paste(line: string): Promise<Reply> {
  const parts = /^curl -sS --cacert '([^']+)' -H @'([^']+)' -H '([^']+)' (https:\S+) -d '([^']*)'$/.exec(line)
  if (parts === null) throw new Error(`no line to paste: ${line}`)
  const [, ca = '', headerFile = '', kind = '', url = '', body = ''] = parts
  const headers = [...(await readFile(headerFile, 'utf8')).trim().split('\n'), kind].map((one) =>
    one.split(': '),
  )
  return new Promise((done, fail) => {
    readFile(ca).then((authority) => {
      const asked = request(
        url,
        { method: 'POST', ca: authority, headers: Object.fromEntries(headers) },
        (reply) => {
          let text = ''
          reply.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
          reply.on('end', () => done({ status: reply.statusCode ?? 0, body: JSON.parse(text) }))
        },
      )
      asked.on('error', fail)
      asked.end(body)
    }, fail)
  })
}

test('TRAINING-01 from nothing, each printed line works as it is pasted, over TLS 1.3, and holds no secret; a second start too', async () => {
  const folder = await temporaryFolder()
  const state = await makeServerState(folder, 'rehearsal')
  let server: Listening = await startServer(state, { host: '127.0.0.1', port: 0 })
  try {
    const lines = await trainingLines(server.services, server.address)
    expect(lines.filter((line) => line.startsWith('# '))).toEqual(
      ['encrypt', 'decrypt', 'create a key', 'sign', 'verify', 'data key', 'rotate'].map((one) => `# ${one}`),
    )
    // As somebody outside of a container has them.
    const outside = await trainingLines(server.services, 'https://127.0.0.1:8443', {
      caCertificate: 'ca.pem',
      trainingHeader: 'header',
    })
    expect(outside[1]).toContain(
      "--cacert 'ca.pem' -H @'header' -H 'Content-Type: application/json' https://127.0.0.1:8443/",
    )
    expect(outside.join('\n')).not.toContain(state.root)
    const header = await readFile(state.trainingHeader, 'utf8')
    expect((await stat(state.trainingHeader)).mode & 0o777).toBe(0o600)
    expect((await stat(state.training)).mode & 0o777).toBe(0o600)
    const token = /Bearer (\S+)/.exec(header)?.[1] ?? ''
    const { clientSecret } = JSON.parse(await readFile(state.training, 'utf8'))
    for (const secret of [token, clientSecret]) {
      expect(secret).toMatch(/^\S{40,}$/)
      expect(lines.join('\n')).not.toContain(secret)
    }
    const replies: Reply[] = []
    for (const line of lines.filter((one) => !one.startsWith('# '))) replies.push(await paste(line))
    expect(replies.map(({ status }) => status)).toEqual(Array(7).fill(200))
    expect(replies.map(({ body }) => body)).toMatchObject([
      { ciphertext: expect.any(String) },
      { plaintext: Buffer.from('hello').toString('base64') },
      { key: { name: 'my-key' } },
      { signature: expect.any(String) },
      { signatureValid: true },
      { plaintext: expect.any(String), ciphertext: expect.any(String) },
      { key: { version: 2 } },
    ])

    const { hostname, port } = new URL(server.address)
    const ca = await readFile(state.caCertificate)
    const old = await new Promise<string>((done) => {
      const socket = connect({ host: hostname, port: Number(port), ca, maxVersion: 'TLSv1.2' }, () =>
        done('connected'),
      )
      socket.on('error', () => done('refused'))
    })
    expect(old).toBe('refused')

    const before = JSON.parse(await readFile(state.training, 'utf8'))
    await server.close()
    server = await startServer(state, { host: '127.0.0.1', port: 0 })
    const again = await trainingLines(server.services, server.address)
    expect(JSON.parse(await readFile(state.training, 'utf8'))).toEqual(before)
    expect((await paste(again[1] ?? '')).status).toBe(200)

    // Somebody tried what a switch does: the server serves all the same, and says why there is nothing to paste.
    const { keys } = server.services
    const place = { organisation: before.organisation, project: before.project }
    const officer = { identity: before.identity, grants: [{ role: 'crypto-officer' as const, ...place }] }
    const call: Call = { caller: officer, door: 'direct', reqId: 'test', receipt: null }
    given(await keys.patch(call, { id: before.cipher, isDisabled: true }))
    const switched = await trainingLines(server.services, server.address)
    expect(switched).toEqual([expect.stringMatching(/^no lines to paste: KEY-DISABLED /)])
    // So does one whose training organisation was changed beside it.
    await sql`delete from role_grant where identity_id = ${before.identity}`.execute(server.services.database)
    const [gone] = await trainingLines(server.services, server.address)
    expect(gone).toMatch(/^no lines to paste: [A-Z-]+ /)
  } finally {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  }
})
