import type { QrReply, QrWork } from './messages.ts'

/** A panel's own worker, which makes and reads codes beside the page. `close` ends it and leaves open calls unanswered. */
export function connectQr(): QrWork & { close(): void } {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'qr' })
  const waiting = new Map<number, { done: (value: unknown) => void; failed: (error: Error) => void }>()
  let last = 0
  worker.addEventListener('message', ({ data }: MessageEvent<QrReply>) => {
    const asked = waiting.get(data.id)
    waiting.delete(data.id)
    if ('failed' in data) asked?.failed(new Error(data.failed))
    else asked?.done(data.value)
  })
  // Without this, calls to a worker that failed to load would never settle.
  worker.addEventListener('error', () => {
    for (const { failed } of waiting.values()) failed(new Error('worker'))
    waiting.clear()
  })

  function call<N extends keyof QrWork>(name: N, args: Parameters<QrWork[N]>): ReturnType<QrWork[N]> {
    last += 1
    const id = last
    const moved = args.filter((one) => one instanceof ImageBitmap)
    // The worker answers each method with what QrWork gives it.
    return new Promise((done, failed) => {
      waiting.set(id, { done: (value) => done(value as never), failed })
      worker.postMessage({ id, name, args }, moved)
    }) as ReturnType<QrWork[N]>
  }

  return {
    send: (...args) => call('send', args),
    codeAt: (...args) => call('codeAt', args),
    receive: (...args) => call('receive', args),
    scan: (...args) => call('scan', args),
    close: () => worker.terminate(),
  }
}
