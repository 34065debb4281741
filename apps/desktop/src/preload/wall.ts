import { contextBridge, ipcRenderer } from 'electron'

let last: unknown = null
const listeners = new Set<(wall: unknown) => void>()

ipcRenderer.on('lux:wall', (_event, text: string) => {
  last = JSON.parse(text)
  for (const listener of listeners) listener(last)
})

/** All that the page on the wall gets: what to show. It can ask for nothing and send nothing. */
contextBridge.exposeInMainWorld(
  'wall',
  Object.freeze({
    onShown(listener: (wall: unknown) => void): void {
      listeners.add(listener)
      if (last !== null) listener(last)
    },
  }),
)
