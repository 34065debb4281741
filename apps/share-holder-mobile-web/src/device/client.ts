import type { Call, Device, Reply, State } from './api.ts'

/** The device, which runs in a worker. `warm` starts the worker early. `lock` ends it, and all secrets in its memory with it. */
type DeviceClient = { readonly device: Device; warm(): void; lock(): void }

const names: readonly (keyof Device)[] = [
  'state',
  'enrol',
  'unlock',
  'unlockByPasskey',
  'confirm',
  'addPasskey',
  'removePasskey',
  'card',
  'readPolicy',
  'takePolicy',
  'receive',
  'prove',
  'prepare',
  'readAgain',
  'dismiss',
  'approve',
  'refuse',
  'readSigning',
  'sign',
  'signNot',
  'renew',
  'readEpoch',
  'takeEpoch',
  'saveLog',
  'makeSheet',
  'checkSheet',
  'restore',
  'wipe',
]

/**
 * `told`: the progress of the present call. `closed`: the state of a phone whose worker has not started, so that the first screen need not
 * wait for it.
 */
export function connectDevice(
  start: () => Worker,
  told: (progress: { done: number; of: number }) => void,
  closed: () => Promise<State>,
): DeviceClient {
  let worker: Worker | null = null
  let last = 0
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()

  function end(reason: string): void {
    worker?.terminate()
    worker = null
    for (const { reject } of waiting.values()) reject(new Error(reason))
    waiting.clear()
  }

  function running(): Worker {
    if (worker !== null) return worker
    worker = start()
    worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      if ('done' in data) return told({ done: data.done, of: data.of })
      const call = waiting.get(data.id)
      waiting.delete(data.id)
      if ('failed' in data) call?.reject(new Error(data.failed))
      else call?.resolve(data.value)
    }
    worker.onerror = () => end('worker')
    return worker
  }

  const call = (name: keyof Device, args: readonly unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = ++last
      waiting.set(id, { resolve, reject })
      running().postMessage({ id, name, args } satisfies Call)
    })

  // Every name of Device is in `names`, and a call answers what the worker's own method answers.
  const device = Object.fromEntries(
    names.map((name) => [name, (...args: unknown[]) => call(name, args)]),
  ) as unknown as Device
  const state = device.state
  return {
    device: { ...device, state: () => (worker === null ? closed() : state()) },
    warm: () => void running(),
    lock: () => end('PHONE-LOCKED'),
  }
}
