import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { root } from './root.ts'

// `npm run server -- ARGS` is `./custody-server ARGS` after set-up; without a command it starts the server.
const given = process.argv.slice(2)
const args = given.length === 0 ? ['start'] : given
const child = spawn(join(root, 'custody-server'), args, { stdio: 'inherit' })
process.on('SIGINT', () => undefined)
for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
child.once('error', (error) => {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 3
})
child.once('close', (code) => {
  process.exitCode = code ?? 3
})
