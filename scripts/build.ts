import { buildTokenAddon } from './bootstrap/token-addon.cjs'
import { buildConsole } from './build/console.ts'
import { buildDesktop } from './build/desktop.ts'
import { updateMirror } from './build/mirror.ts'
import { buildPhone } from './build/phone.ts'
import { root } from './root.ts'

const began = performance.now()
await buildTokenAddon(root, process.execPath)
const built = await Promise.all([buildConsole(), buildDesktop(), buildPhone()])
updateMirror()
process.stderr.write(
  built.includes(true)
    ? `build: ${((performance.now() - began) / 1000).toFixed(1)} s\n`
    : 'build: up to date\n',
)
