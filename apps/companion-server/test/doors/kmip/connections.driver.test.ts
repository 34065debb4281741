import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectPlain, type Socket } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { accept, refuse } from '@lux/crypto'
import { expect, onTestFinished, test } from 'vitest'
import { enumerations } from '../../../src/doors/kmip/codec/enumerations.ts'
import { integer } from '../../../src/doors/kmip/codec/fields.ts'
import { decodeItem, encodeItem } from '../../../src/doors/kmip/codec/ttlv.ts'
import { writeRequest } from '../../../src/doors/kmip/message/request.ts'
import { readResponse } from '../../../src/doors/kmip/message/response.ts'
import { openKmipServer } from '../../../src/doors/kmip/server.ts'
import { stateFolder } from '../../../src/platform/state-folder/folder.ts'
import {
  issueClientCertificate,
  ownAuthority,
  ownCertificate,
} from '../../../src/platform/tls/certificate.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { bareHeader } from './support/bare-header.ts'
import { openMemoryKeys } from './support/memory-keys.ts'

/** The door alone, over keys in memory, and one client that it knows. */
async function openDoor({
  held = Promise.resolve(),
  fault = (error: unknown): void => {
    throw error
  },
} = {}) {
  const now = () => new Date()
  const memory = openMemoryKeys(now)
  const { random } = memory.keys
  const late = async (...asked: Parameters<typeof random>) => held.then(() => random(...asked))
  const state = stateFolder(await temporaryFolder())
  const ca = await ownAuthority(state, now())
  const own = await issueClientCertificate(state, { name: 'known', days: 9 }, now())
  const spki = new X509Certificate(own.cert).publicKey.export({ type: 'spki', format: 'der' })
  const known = createHash('sha256').update(spki).digest()
  const place = { organisation: 'o', project: 'p' }
  const caller = { identity: 'known', grants: [{ role: 'service', ...place }] } as const
  const server = openKmipServer({
    tls: await ownCertificate(state, '127.0.0.1', now()),
    authorities: [ca],
    clients: {
      forget: () => undefined,
      find: async (spki) =>
        known.equals(spki) ? accept({ caller, ...place }) : refuse('KMIP-CERTIFICATE', 'not known'),
    },
    strangers: { failed: () => undefined },
    answering: {
      now,
      newReqId: () => 'r',
      roomFor: () => accept(null),
      fault,
      keys: { ...memory.keys, random: Object.assign(late, { entry: random.entry }) },
    },
    draining: { begun: false },
    log: { warn: () => undefined },
  })
  const port = await server.listen({ host: '127.0.0.1', port: 0 })
  let closed: Promise<void> | null = null
  const close = () => {
    closed ??= server.close()
    return closed
  }
  const sockets: Socket[] = []
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await close()
  })
  return {
    close,
    audited: memory.audited,
    /** Somebody who says nothing. */
    bare(localAddress: string): Socket {
      const socket = connectPlain({ host: '127.0.0.1', port, localAddress })
      sockets.push(socket.on('error', () => socket.destroy()))
      return socket
    },
    async client(): Promise<TLSSocket> {
      const socket = connect({ host: '127.0.0.1', port, ca, ...own })
      sockets.push(socket)
      await once(socket, 'secureConnect')
      return socket.on('error', () => socket.destroy())
    },
  }
}

const random = (length: number): Uint8Array =>
  encodeItem(
    writeRequest({
      header: { ...bareHeader, version: '1.4' },
      items: [
        {
          operation: enumerations.Operation.RNGRetrieve,
          ephemeral: null,
          id: null,
          extensions: [],
          payload: [integer('DataLength', length)],
        },
      ],
    }),
  )

test('KMIP-STRANGERS connections of nobody known, from however many addresses, take no place of a client', async () => {
  const door = await openDoor()
  let over = 0
  for (let address = 10; address < 19; address++)
    for (let count = 0; count < 64; count++) door.bare(`127.0.0.${address}`).on('close', () => over++)
  // Of 576, the 256 that came last to their address stay.
  await expect.poll(() => over).toBeGreaterThanOrEqual(320)
  const client = await door.client()
  client.write(random(8))
  await once(client, 'data')
  expect(door.audited).toEqual(['kmip known random ok'])
})

test('KMIP-BUSY what is not done in time is answered so, and enters itself once it ends', async () => {
  const { promise: held, resolve: go } = Promise.withResolvers<void>()
  const faults: unknown[] = []
  const door = await openDoor({ held, fault: (error) => faults.push(error) })
  const client = await door.client()
  const [said, closed] = [once(client, 'data'), once(client, 'close')]
  client.write(random(8))
  const [bytes] = await said
  const answered = decodeItem(bytes)
  const response = answered.ok ? readResponse(answered.value) : answered
  expect(response).toMatchObject({
    ok: true,
    value: { items: [{ result: { status: 'failed', message: expect.stringMatching(/^SERVER-BUSY: /) } }] },
  })
  await closed
  expect(faults).toMatchObject([{ code: 'SERVER-BUSY' }])
  expect(door.audited).toEqual([])
  go()
  await expect.poll(() => door.audited).toEqual(['kmip known random ok'])
})

test('KMIP-STOP the server stops although a client reads none of its answers, and another connection says nothing', async () => {
  const door = await openDoor()
  await once(door.bare('127.0.0.1'), 'connect')
  const client = await door.client()
  client.pause()
  // More than what lies between the two takes in.
  for (let count = 0; count < 600; count++) client.write(random(65_536))
  let before = 0
  await expect
    .poll(
      () => {
        const answered = door.audited.length
        const waits = answered > 0 && answered === before
        before = answered
        return waits
      },
      { interval: 500 },
    )
    .toBe(true)
  await door.close()
  expect(door.audited.length).toBeLessThan(600)
})
