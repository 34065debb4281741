import { buildConsole } from './build/console.ts'
import { buildDesktop } from './build/desktop.ts'
import { updateMirror } from './build/mirror.ts'
import { buildPhone } from './build/phone.ts'

const began = performance.now()
const built = await Promise.all([buildConsole(), buildDesktop(), buildPhone()])
updateMirror()
process.stderr.write(
  built.includes(true)
    ? `build: ${((performance.now() - began) / 1000).toFixed(1)} s\n`
    : 'build: up to date\n',
)
