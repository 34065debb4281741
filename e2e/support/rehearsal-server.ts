import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { root } from '../../scripts/root.ts'
import { compiledOnce } from '../../scripts/test/compiled-once.ts'
import { heard } from './processes.ts'

const readyWithin = 90_000

/** What `npm run server` runs, on a free port: a training organisation, a console and a setup code. */
export type RehearsalServer = {
  readonly address: string
  /** The same by a name, at which security keys work. */
  readonly named: string
  readonly setupCode: string
  stop(): Promise<void>
}

export async function startRehearsalServer(state: string): Promise<RehearsalServer> {
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      join(root, 'apps/companion-server/src/server-main.ts'),
      ...['--state', state, '--port', '0'],
    ],
    { cwd: root, env: { ...process.env, ...compiledOnce }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  // The last of what it says is how to rotate a key.
  const said = await heard(child, /^# rotate\n.+\n/m, readyWithin)
  const found = (pattern: RegExp): string => {
    const value = pattern.exec(said)?.[1]
    if (value === undefined) throw new Error(`nothing like ${pattern} in\n${said}`)
    return value
  }
  return {
    address: found(/^ready: rehearsal server, (https:\S+),/m),
    named: found(/^console: (https:\S+)\/console\/ /m),
    setupCode: found(/^setup code[^:]*: (\S+)/m),
    async stop() {
      if (child.exitCode !== null) return
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await gone
    },
  }
}
