import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildPhone } from './build/phone.ts'
import { phoneOut, phonePort, servePhone } from './phone/serve.ts'
import { root } from './root.ts'

// `npm run phone` serves the phone app. A browser's storage belongs to an address with its port, so the first port stays the port for ever.
const usage = 'usage: npm run phone [-- --port N]\n'
const defaultPort = 7143
const remembered = join(root, '.lux/phone-port')

function fail(line: string, code: number): never {
  process.stderr.write(`${line}\n`)
  process.exit(code)
}

function askedPort(): number | null {
  try {
    const { port } = parseArgs({ options: { port: { type: 'string' } } }).values
    if (port === undefined) return null
    return phonePort(port) ?? fail(`--port ${port}: a number from 1024 to 65535\n${usage}`, 2)
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : error}\n${usage}`, 2)
  }
}

const asked = askedPort()
const kept = existsSync(remembered) ? Number(readFileSync(remembered, 'utf8')) : null
if (asked !== null && kept !== null && asked !== kept) {
  process.stderr.write(
    `phone: until now this app was at port ${kept}. A phone finds at port ${asked} nothing that it keeps at ${kept}.\n`,
  )
}
const port = asked ?? kept ?? defaultPort
if (await buildPhone()) process.stderr.write('phone: built\n')
const server = await servePhone(phoneOut, port).catch((error: NodeJS.ErrnoException) =>
  fail(
    error.code === 'EADDRINUSE'
      ? `phone: port ${port} is taken. It may be served already; else end the program that has it. Another port is another phone: nothing kept at this one is found there.`
      : `phone: ${error.message}`,
    3,
  ),
)
if (kept === null || asked !== null) {
  mkdirSync(join(root, '.lux'), { recursive: true })
  writeFileSync(remembered, String(port))
}
process.stdout.write(`ready: http://127.0.0.1:${port}/\n`)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    server.closeAllConnections()
    server.close(() => process.exit(0))
  })
}
