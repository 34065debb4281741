import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * An app that is the app in `app`, held back until Playwright is attached: it then calls `__playwright_run`. Playwright
 * has a loader of its own for that, which it uses only where it starts its own Electron. Without either the window
 * navigates while Playwright attaches to it, and about one launch in a hundred on a busy machine never comes back. `app`
 * itself is not changed, nor are Chromium's switches. Gives the folder to start Electron with.
 */
export function heldApp(app: string, below: string): string {
  const folder = join(below, 'held')
  mkdirSync(folder, { mode: 0o755, recursive: true })
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text, { mode: 0o644 })
  write('package.json', '{ "name": "held", "main": "main.mjs" }\n')
  write('main.mjs', `const folder = ${JSON.stringify(app)}\n${main}`)
  return folder
}

const main = `
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { app } from 'electron'

const description = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
app.setAppPath(folder)
app.setName(description.productName ?? description.name)
app.setVersion(description.version)

const ready = app.whenReady()
const emit = app.emit.bind(app)
let given = []
let run
const held = new Promise((resolve) => {
  run = resolve
})
let isReady = false
app.isReady = () => isReady
app.whenReady = () => held
app.emit = (event, ...rest) => {
  if (event !== 'ready') return emit(event, ...rest)
  given = rest
  return true
}
globalThis.__playwright_run = async () => {
  await ready
  isReady = true
  run()
  emit('ready', ...given)
}
await import(pathToFileURL(join(folder, description.main)).href)
`
