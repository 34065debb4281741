import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

/** A server of HTTP in whose listeners, timers and promises one request throws, and another is answered. */
const program = (contains: boolean) => `
import { once } from 'node:events'
import { createServer } from 'node:http'
import { openLog } from ${JSON.stringify(`${import.meta.dirname}/../../src/workers/log.ts`)}
import { containFaults } from ${JSON.stringify(`${import.meta.dirname}/../../src/workers/contain-faults.ts`)}
const end = ${contains} ? containFaults(openLog()) : () => undefined
const server = createServer((request, reply) => {
  if (request.url === '/good') return reply.end('served')
  reply.on('finish', () => { throw new TypeError('secret of a listener') })
  setImmediate(() => { throw new TypeError('secret of a timer') })
  void Promise.reject(new TypeError('secret of a promise'))
  reply.end('bad')
}).listen(0, '127.0.0.1')
await once(server, 'listening')
const ask = async (path) => (await fetch('http://127.0.0.1:' + server.address().port + path)).text()
await ask('/bad')
process.stdout.write(await ask('/good'))
server.close()
server.closeAllConnections()
end()
`

test('SERVER-CONTAINED what one request throws where nobody waits for it ends no process, and is logged without its message', () => {
  const run = (contains: boolean) =>
    spawnSync(process.execPath, ['--input-type=module', '--eval', program(contains)], { encoding: 'utf8' })
  expect(run(false)).toMatchObject({ status: 1, stdout: '' })
  const { status, stdout, stderr } = run(true)
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'served' })
  const faults = stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
  expect(faults.map(({ origin }) => origin).toSorted()).toEqual([
    ...['uncaughtException', 'uncaughtException', 'unhandledRejection'],
  ])
  expect(stderr).not.toContain('secret')
})
