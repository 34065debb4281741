import { execFile } from 'node:child_process'
import { createPublicKey, verify } from 'node:crypto'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { operatorCall } from '../../../src/commands/operator-call.ts'
import { given } from '../../support/kms-under-test.ts'
import { startKmip } from './support/kmip-server.ts'

const program = process.env.LUX_KMIP_CLIENT ?? ''
let kmip: Awaited<ReturnType<typeof startKmip>>
beforeAll(async () => {
  if (program === '')
    throw new Error('LUX_KMIP_CLIENT names the client that npm run interop -- --kmip builds')
  kmip = await startKmip()
})
afterAll(() => kmip?.close())

test('KMIP-CLIENTS the Rust client kmip-protocol makes a pair, signs with it, and is told what it may not', async () => {
  const { pem } = await kmip.client('rust')
  const { stdout } = await promisify(execFile)(program, [String(kmip.port), kmip.ca, pem])
  const saw = Object.fromEntries(
    stdout
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]),
  )
  expect(saw).toMatchObject({
    ...{
      vendor: 'Lux Custody',
      random: '24',
      activated: 'ok',
      renamed: 'ok',
      revoked: 'ok',
      destroyed: 'ok',
    },
    early: expect.stringContaining('pre-active'),
    secret: expect.stringContaining('KEY-'),
    // It names no format, and reads no public key in X.509.
    got: expect.stringContaining('Serde error'),
    'in-use': expect.stringContaining('KEY-STATE'),
    late: expect.not.stringMatching(/^ok$/),
    absent: expect.not.stringMatching(/^ok$/),
  })
  expect(Number(saw.operations)).toBeGreaterThan(20)
  expect(saw.public).toBe(`${saw.private}.public`)
  const rows = await kmip.services.database
    .selectFrom('audit')
    .select('entry')
    .where('entry', 'like', '%key.sign"%')
    .execute()
  expect(rows.length).toBeGreaterThanOrEqual(3)
  // The bytes are those of a signature under the key that made them: read before it was destroyed, from a second life.
  const again = await promisify(execFile)(program, [String(kmip.port), kmip.ca, pem, 'keep'])
  const kept = Object.fromEntries(again.stdout.split('\n').map((line) => line.split(' ')))
  const { spki } = given(await kmip.services.keys.publicKey(operatorCall(), { id: String(kept.private) }))
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  expect(verify('sha256', Buffer.from('a message'), key, Buffer.from(String(kept.signature), 'hex'))).toBe(
    true,
  )
})
