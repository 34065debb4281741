import { buildDesktop } from './build/desktop.ts'
import { updateMirror } from './build/mirror.ts'

const began = performance.now()
const built = await buildDesktop()
updateMirror()
process.stderr.write(
  built ? `build: ${((performance.now() - began) / 1000).toFixed(1)} s\n` : 'build: up to date\n',
)
