import { mkdir, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { startingLine } from '../../src/commands/start.ts'
import { stateFolder } from '../../src/platform/state-folder/folder.ts'
import { openDoors } from '../../src/workers/doors.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

test('a server says the address at which it listens by the scheme that it speaks', async () => {
  const said: string[] = []
  const app = {
    async listen({ listenTextResolver }: { listenTextResolver(address: string): string }) {
      said.push(listenTextResolver('http://127.0.0.1:8443'))
      return 'http://127.0.0.1:8443'
    },
  }
  const opened = (tls: object | null) =>
    openDoors({ app, services: {} } as never, {} as never, {
      ...{ host: '127.0.0.1', port: 8443, kmip: null },
      tls: tls as never,
    })
  expect((await opened({})).address).toBe('https://127.0.0.1:8443')
  expect((await opened(null)).address).toBe('http://127.0.0.1:8443')
  expect(said).toEqual([
    'Server listening at https://127.0.0.1:8443',
    'Server listening at http://127.0.0.1:8443',
  ])
})

test('only the first start says that it takes some seconds', async () => {
  const state = stateFolder(await temporaryFolder())
  expect(startingLine(state)).toMatch('the first start takes some seconds')
  await mkdir(state.root, { recursive: true })
  await writeFile(state.settings, '{}')
  expect(startingLine(state)).toBe(`starting: a rehearsal server in ${state.root}\n`)
})
