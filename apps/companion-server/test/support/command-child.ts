export type Ended = { status: number; stdout: string; stderr: string }

/** The module of a command, with the environment of whoever asks for it. */
export type Command = {
  readonly module: string
  readonly args: readonly string[]
  readonly env: Readonly<NodeJS.ProcessEnv>
}

let commands = 0

async function ended({ module, args, env }: Command): Promise<Ended> {
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name]
  Object.assign(process.env, env)
  process.argv.splice(1, Infinity, module, ...args)
  process.exitCode = undefined
  const written = { stdout: '', stderr: '' }
  const write = { stdout: process.stdout.write, stderr: process.stderr.write }
  for (const name of ['stdout', 'stderr'] as const)
    process[name].write = (piece: string | Uint8Array) => {
      written[name] += typeof piece === 'string' ? piece : Buffer.from(piece).toString()
      return true
    }
  try {
    // The module is the command: by another address it runs again, on modules that are there already.
    await import(`${module}?${commands++}`)
    return { status: Number(process.exitCode ?? 0), ...written }
  } catch (error) {
    return { status: 1, ...written, stderr: `${written.stderr}${String(error)}` }
  } finally {
    for (const name of ['stdout', 'stderr'] as const) process[name].write = write[name]
  }
}

process.on('message', async (command: Command) => {
  const said = await ended(command)
  process.send?.(said)
})
process.on('disconnect', () => process.exit())
