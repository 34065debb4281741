import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { buildConsole } from './build/console.ts'
import { root } from './root.ts'

// `npm run server -- COMMAND …` is `./custody-server COMMAND …` after set-up. Without a command it runs a rehearsal server on a SoftHSM
// training token, made at its first start.
const args = process.argv.slice(2)
const [first] = args
const rehearses =
  first === undefined || (first.startsWith('-') && !['-h', '--help', '--json'].includes(first))
const program = rehearses
  ? [
      process.execPath,
      '--disable-warning=ExperimentalWarning',
      join(root, 'apps/companion-server/src/server-main.ts'),
    ]
  : [join(root, 'custody-server')]
if (rehearses && (await buildConsole())) process.stderr.write('console: built\n')
const child = spawn(program[0] ?? '', [...program.slice(1), ...args], { stdio: 'inherit', cwd: root })
process.on('SIGINT', () => undefined)
for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
child.once('error', (error) => {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 3
})
child.once('close', (code) => {
  process.exitCode = code ?? 3
})
