import { existsSync } from 'node:fs'
import type { Server } from 'node:http'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { protectProcess } from '@lux/hsm/protect'
import { makeFolder } from '@lux/node-files'
import { chosenToken, initServer } from './commands/init.ts'
import { npmGone } from './commands/npm-gone.ts'
import { linesOf, running, say, stopSignal, wrongUse } from './commands/result.ts'
import { chosenWorkers, type Listening, rootLine, startingLine, startServer } from './commands/start.ts'
import { trainingLines } from './commands/training.ts'
import { phoneOut, phonePort, rehearsalPhoneApp } from './phone-app.ts'
import { guardContainer, inContainer } from './platform/container.ts'
import { type StateFolder, stateFolder } from './platform/state-folder/folder.ts'
import { readSettings } from './platform/state-folder/settings.ts'
import { EnvironmentError } from './refusal.ts'

const ownState = '.lux/server'

// `npm run server`: a rehearsal server on a SoftHSM training token, made on the first start, or on ROOT_ENCRYPTION_KEY.
async function serve(): Promise<void> {
  const { values } = parseArgs({
    options: {
      state: { type: 'string', default: ownState },
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '8443' },
      'phone-port': { type: 'string' },
      once: { type: 'boolean', default: false },
    },
  })

  const asked = values['phone-port']
  const fault = phoneFault(asked)
  if (fault !== null) {
    wrongUse({ json: false }, fault)
    return
  }
  const port = asked === undefined ? null : phonePort(asked)
  protectProcess()
  guardContainer()
  if (values.state === ownState) makeFolder(dirname(ownState), 0o777)
  const state = stateFolder(values.state)
  const stopped = Promise.race([stopSignal(), npmGone()])
  process.stderr.write(startingLine(state))
  const token = chosenToken({}) === 'root-key' ? 'root-key' : 'soft-token'
  const made = await initServer({ state, domain: 'rehearsal', token, pinFile: null })
  if (!made.ok && made.rule !== 'STATE-EXISTS') {
    say(linesOf({ code: made.rule, detail: made.detail }))
    process.exitCode = 1
    return
  }
  // Before the server: a port that is taken ends it while nothing else is open.
  const phone = await servedPhone(state, port)
  try {
    const server = await startServer(state, {
      ...{ host: values.host, port: Number(values.port) },
      workers: await chosenWorkers(state),
    })
    try {
      await greet(state, server, phone === null ? null : port)
      if (!values.once) {
        await stopped
        await server.drain()
      }
    } finally {
      await server.close()
    }
  } catch (error) {
    throw await withCommand(state, error)
  } finally {
    phone?.closeAllConnections()
    phone?.close()
  }
}

/** A state from before authority was sealed, or a database put back: here it is taken by another command than where the server is installed. */
async function withCommand(state: StateFolder, error: unknown): Promise<unknown> {
  if (!(error instanceof EnvironmentError) || error.code !== 'AUTHORITY-OTHER' || inContainer()) return error
  const { pinFile, deployment } = await readSettings(state)
  const command = `npm run server -- accept-state --accept --state ${state.root}`
  const line = pinFile === null ? `echo ${deployment} | ${command}` : `${command} < ${pinFile}`
  return new EnvironmentError(error.code, `${error.message}. To take it as it is: ${line}`)
}

/** What a person who starts it sees: where it is, its root, and how to begin. */
async function greet(state: StateFolder, server: Started, phone: number | null): Promise<void> {
  process.stdout.write(`ready: rehearsal server, ${server.address}, state ${state.root}\n`)
  for (const line of rootLine(server.services.token.root)) process.stdout.write(`${line}\n`)
  if (phone !== null) process.stdout.write(`phone app: http://127.0.0.1:${phone}/\n`)
  if (server.sealed !== null) {
    say(['sealed:', ...linesOf(server.sealed)])
    return
  }
  // Before the first administrator: he is given the roles of the training organisation too.
  const { address, console, files, before } = inContainer()
    ? outside(state, server.address)
    : here(state, server)
  const lines = await trainingLines(server.services, address, files)
  process.stdout.write(
    `console: ${console}/console/ (a browser asks about its certificate: the CA is ${files.caCertificate})\n`,
  )
  for (const line of before) process.stdout.write(`${line}\n`)
  const code = await server.services.organisations.offerSetup()
  if (code !== null)
    process.stdout.write(
      `setup code, 15 minutes: ${code} (type it in the console, or POST ${address}/api/v1/setup)\n`,
    )
  for (const line of lines) process.stdout.write(`${line}\n`)
}

type Started = Awaited<ReturnType<typeof startServer>>

/** What is wrong with --phone-port; null where nothing is. */
function phoneFault(asked: string | undefined): string | null {
  if (asked === undefined) return null
  if (phonePort(asked) === null) return `--phone-port ${asked}: a number from 1024 to 65535`
  return existsSync(join(phoneOut, 'index.html'))
    ? null
    : '--phone-port: the app is not built yet; run `npm run build` first'
}

/** The phone's app on a port of its own of this machine, where --phone-port asks for it; never beside real keys. */
async function servedPhone(state: StateFolder, port: number | null): Promise<Server | null> {
  if (port === null) return null
  const { domain } = await readSettings(state)
  const phone = await rehearsalPhoneApp(domain, port)
  if (phone === null)
    say(['phone app: not served, because this server holds real keys: docs/guide/serve-phone.md'])
  return phone
}

type Seen = {
  readonly address: string
  readonly console: string
  readonly files: { readonly caCertificate: string; readonly trainingHeader: string }
  /** What to do before the lines can be pasted. */
  readonly before: readonly string[]
}

const here = (state: StateFolder, { address, console }: Listening): Seen => ({
  ...{ address, console, files: state, before: [] },
})

/** docker-compose.dev.yml gives the port to this machine's own address, and its files to whoever copies them out. */
function outside(state: StateFolder, address: string): Seen {
  const files = { caCertificate: 'lux-ca.pem', trainingHeader: 'lux-training.header' }
  const { port } = new URL(address)
  const copy = (from: string, to: string) =>
    `docker compose -f docker-compose.dev.yml cp server:${from} ${to}`
  return {
    ...{ address: `https://127.0.0.1:${port}`, console: `https://localhost:${port}`, files },
    before: [
      '# first copy the files that the lines below name out of the container',
      copy(state.caCertificate, files.caCertificate),
      copy(state.trainingHeader, files.trainingHeader),
    ],
  }
}

await running({ json: false }, serve)
