import { fork } from 'node:child_process'
import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { answer } from '../../src/workers/workers.ts'
import { makeFolder } from '../support/temporary-folder.ts'

test('WORKERS a key that is answered while a connection is on its way arrives whole, and is wiped here', async () => {
  const folder = await makeFolder()
  const entry = join(folder, 'worker.mjs')
  await writeFile(
    entry,
    `process.on('message', (said) => said.kind === 'answer' && process.send([...said.answer.value]))`,
  )
  const child = fork(entry, [], { serialization: 'advanced', execArgv: [] })
  const connection = createServer().listen(0, '127.0.0.1')
  await once(connection, 'listening')
  try {
    const heard = once(child, 'message')
    const key = new Uint8Array(32).fill(7)
    child.send({ kind: 'connection' }, connection)
    await answer(
      { isConnected: () => child.connected, send: child.send.bind(child) } as never,
      1,
      Promise.resolve(key),
    )
    expect(await heard).toEqual([Array(32).fill(7), undefined])
    // The pipe's end tells that it was written, maybe after the answer to it.
    await vi.waitFor(() => expect([...key]).toEqual(Array(32).fill(0)))
  } finally {
    child.kill()
    connection.close()
    await rm(folder, { recursive: true, force: true })
  }
})
