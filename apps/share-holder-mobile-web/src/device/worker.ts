import { argon2id } from 'hash-wasm'
import { openDatabase } from '../storage/open-database.ts'
import type { Call, Device, Reply } from './api.ts'
import { openDevice } from './open-device.ts'

const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length))

/** The present call, and when it last reported progress. */
let current = { id: 0, told: 0 }
const often = 100

const device: Promise<Device> = openDatabase(() => undefined).then((database) =>
  openDevice({
    database,
    derive: (passphrase, salt, { memory, passes }) =>
      argon2id({
        password: passphrase.normalize('NFKC'),
        salt,
        parallelism: 1,
        iterations: passes,
        memorySize: memory,
        hashLength: 32,
        outputType: 'binary',
      }),
    random,
    now: () => new Date().toISOString(),
    persisted: () => navigator.storage.persisted(),
    origin: location.origin,
    told: (done, of) => {
      const at = performance.now()
      if (at - current.told < often) return
      current = { ...current, told: at }
      postMessage({ id: current.id, done, of } satisfies Reply)
    },
    wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  }),
)

// Calls run one after the other, so that no two of them read the same budget.
let turn: Promise<void> = Promise.resolve()

addEventListener('message', ({ data }: MessageEvent<Call>) => {
  turn = turn.then(() => answer(data))
})

async function answer({ id, name, args }: Call): Promise<void> {
  let reply: Reply
  current = { id, told: performance.now() }
  try {
    // A call names a method of Device, and gives what that method takes: client.ts is typed so.
    const method = (await device)[name] as (...given: unknown[]) => Promise<unknown>
    reply = { id, value: await method(...args) }
  } catch (error) {
    // Only a fault's name leaves: its message could hold opened secrets.
    reply = { id, failed: error instanceof Error ? error.name : 'Error' }
  }
  postMessage(reply)
}
