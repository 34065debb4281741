import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Signed, serverCardCodec, type Transport } from '@lux/ceremony/wire'
import { softTokenEnvironment } from '@lux/hsm'
import { expect } from 'vitest'
import { initServer } from '../../src/commands/init.ts'
import { makeTransport } from '../../src/imports/transports.ts'
import { openServerToken } from '../../src/platform/hsm/server-token.ts'
import { type StateFolder, stateFolder } from '../../src/platform/state-folder/folder.ts'
import { readCard } from '../../src/platform/state-folder/server-card.ts'
import { type Domain, readSettings, writeSettings } from '../../src/platform/state-folder/settings.ts'
import { copyDatabase, copyOf } from './made-once.ts'

const taken = new Set<string>()

/**
 * A server that `init` has made on a SoftHSM token of its own, in a folder, with an empty database. The first one of a test file is a
 * copy of one that all files have; any other is made anew, since two servers differ.
 */
export async function makeServerState(folder: string, domain: Domain = 'production'): Promise<StateFolder> {
  const state = stateFolder(join(folder, 'state'))
  const id = `${expect.getState().testPath} ${domain}`
  if (taken.has(id)) await init(state, domain)
  else {
    taken.add(id)
    await copyOf(domain, state.root, (root) => init(stateFolder(root), domain))
    const settings = await readSettings(state)
    // They name files by their whole path.
    const { environment } = softTokenEnvironment(state.softToken)
    const pinFile = join(state.trainingPins, 'user.pin')
    await writeSettings(state, { ...settings, pinFile, token: { ...settings.token, environment } })
  }
  await copyDatabase(state.database)
  return state
}

async function init(state: StateFolder, domain: Domain): Promise<void> {
  const made = await initServer({ state, domain, token: 'soft-token', pinFile: null, acceptSoftRoot: true })
  if (!made.ok) throw new Error(`${made.rule}: ${made.detail}`)
}

/** A real transport card of that server, for one ceremony. */
export async function offerTransport(state: StateFolder): Promise<Signed<Transport>> {
  const settings = await readSettings(state)
  const token = await openServerToken(settings, state)
  try {
    const known = await readCard(state)
    return await token.useToken((opened) => makeTransport(opened, state, settings, known))
  } finally {
    await token.close()
  }
}

export async function cardOf(state: StateFolder) {
  const parsed = serverCardCodec.parse(new Uint8Array(await readFile(state.card)))
  if (!parsed.ok) throw new Error(parsed.rule)
  return parsed.value
}

export async function pinFileOf(state: StateFolder): Promise<string> {
  const { pinFile } = await readSettings(state)
  if (pinFile === null) throw new Error('this server is asked at a pad')
  return pinFile
}

/** Another PIN in the server's PIN file; the one before is returned. */
export async function changePinFile(state: StateFolder, pin: string): Promise<string> {
  const pinFile = await pinFileOf(state)
  const before = await readFile(pinFile, 'utf8')
  await writeFile(pinFile, pin, { mode: 0o600 })
  return before
}
