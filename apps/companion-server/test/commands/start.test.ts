import { expect, test } from 'vitest'
import { startServer } from '../../src/commands/start.ts'
import { makeStateFolder, stateFolder } from '../../src/platform/state-folder/folder.ts'
import { type Domain, writeSettings } from '../../src/platform/state-folder/settings.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** The code that a start ends with; a server without a card gets no further than STATE-ABSENT. */
async function started(domain: Domain, host: string, behindTlsProxy = false): Promise<unknown> {
  const state = stateFolder(await temporaryFolder())
  await makeStateFolder(state)
  const id = '00'.repeat(16)
  await writeSettings(state, {
    v: 1,
    domain,
    deployment: id,
    node: id,
    token: { library: 'none.so', environment: {}, serial: 'none' },
    pinFile: null,
    keys: { receipt: id, requester: id, rows: id },
  })
  return startServer(state, { host, port: 0, behindTlsProxy }).catch(({ code }: { code: string }) => code)
}

test.each(['0.0.0.0', '::', '192.0.2.1', 'keys.example.org', '127.example.org'])(
  'ADDRESS-UNENCRYPTED production is not served in the clear on %s, unless a TLS proxy is said to stand before it',
  async (host) => {
    expect(await started('production', host)).toBe('ADDRESS-UNENCRYPTED')
    expect(await started('production', host, true)).toBe('STATE-ABSENT')
    expect(await started('rehearsal', host)).toBe('STATE-ABSENT')
  },
)

test.each(['127.0.0.1', '127.0.0.2', '::1', 'localhost'])(
  'production is served on %s, which no other machine reaches',
  async (host) => {
    expect(await started('production', host)).toBe('STATE-ABSENT')
  },
)
