import { contextBridge, ipcRenderer, webUtils } from 'electron'
import type { Bridge, EventName, Failure, Request, Result } from '../contract/index.ts'

const pending = new Map<number, (result: Result<unknown>) => void>()
const listeners = new Set<(event: EventName, payload: unknown) => void>()
// Every page that is loaded counts from a place of its own, so that what answers a call of the page before is never taken for
// the answer of another call of this one. Exact in a double for two million calls.
let last = (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) * 2 ** 21

const refuse = (code: string, detail: string): { ok: false; error: Failure } => ({
  ok: false,
  error: { code, detail },
})

function settle(id: number, result: Result<unknown>): void {
  pending.get(id)?.(result)
  pending.delete(id)
}

ipcRenderer.on('lux:frame', (_event, text: string) => {
  const frame = JSON.parse(text)
  if (typeof frame.id === 'number') return settle(frame.id, frame.result)
  if (frame.event === 'core.state' && frame.payload.state !== 'ready') {
    const code = frame.payload.state === 'stopped' ? 'CORE-STOPPED' : 'CORE-RESTARTED'
    for (const id of [...pending.keys()]) settle(id, refuse(code, 'the call was under way'))
  }
  for (const listener of listeners) listener(frame.event, frame.payload)
})

function callCore(api: Request['api'], input: unknown): Promise<Result<unknown>> {
  last += 1
  const id = last
  return new Promise((resolve) => {
    pending.set(id, resolve)
    const request: Request = { id, api, input }
    ipcRenderer.invoke('lux:frame', JSON.stringify(request)).then(
      (code: string | null) => code !== null && settle(id, refuse(code, 'main did not pass the call on')),
      () => settle(id, refuse('INTERNAL', '')),
    )
  })
}

const bridge: Bridge = {
  invoke(api, input) {
    return api.startsWith('shell.') ? ipcRenderer.invoke('lux:shell', api, input) : callCore(api, input)
  },
  async dropped(file) {
    // Empty for a file that the page made itself.
    const path = file instanceof File ? webUtils.getPathForFile(file) : ''
    if (path === '') return null
    await ipcRenderer.invoke('lux:dropped', path)
    return path
  },
  onEvent(listener) {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
}

contextBridge.exposeInMainWorld('lux', Object.freeze(bridge))
