import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Hsm, type StartHsmOptions, softTokenEnvironment, startHsm } from '../../src/index.ts'
import { utf8 } from '../soft-token-bench.ts'
import { startOpenCryptoki } from './opencryptoki.ts'
import { type Shown, shownBy } from './shown.ts'
import { startSwtpm } from './swtpm.ts'

type Place = { options: StartHsmOptions; stop(): void }

const nssLibrary = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib']
  .map((folder) => join(folder, 'libsoftokn3.so'))
  .find((path) => existsSync(path))

function inFolder(options: (folder: string) => StartHsmOptions): Place {
  const folder = mkdtempSync(join(tmpdir(), 'lux-shown-'))
  return { options: options(folder), stop: () => rmSync(folder, { recursive: true, force: true }) }
}

async function real(start: () => Promise<StartHsmOptions & { stop(): void }>): Promise<Place> {
  const started = await start()
  return { options: { ...started }, stop: () => started.stop() }
}

/** Where each token that a test machine can have is started, private to the caller. */
const places: Readonly<Record<string, () => Promise<Place> | Place>> = {
  SoftHSM: () => inFolder((folder) => softTokenEnvironment(folder)),
  'NSS softokn': () => {
    if (nssLibrary === undefined) throw new Error('libsoftokn3.so is not installed: apt-get install libnss3')
    return inFolder((folder) => ({
      library: nssLibrary,
      initString: `configdir='sql:${folder}' certPrefix='' keyPrefix='' secmod='secmod.db' flags=`,
    }))
  },
  'openCryptoki, soft token': () => real(startOpenCryptoki),
  'tpm2-pkcs11 on swtpm': () => real(startSwtpm),
}

/** kryoptic, from the library that was built of it. */
export const kryoptic = (library: string) => () =>
  inFolder((folder) => {
    const configuration = join(folder, 'token.conf')
    const database = join(folder, 'token.sql')
    writeFileSync(configuration, `[[slots]]\nslot = 1\ndbtype = "sqlite"\ndbargs = "${database}"\n`)
    return { library, environment: { KRYOPTIC_CONF: configuration } }
  })

export const shownTokens = Object.keys(places)

/** Starts the token, initialises it, attacks it, and tries everything that it may be able to do. */
export async function showToken(name: string, start = places[name]): Promise<Shown> {
  if (start === undefined) throw new RangeError(`token: no ${name}`)
  const place = await start()
  let hsm: Hsm | null = null
  try {
    hsm = await startHsm({ ...place.options, callTimeoutMs: 120_000, loadTimeoutMs: 120_000 })
    const blank = (await hsm.tokens()).find(({ initialised }) => !initialised)
    // NSS's security officer has no PIN until the user has one.
    const soPin = utf8(name === 'NSS softokn' ? '' : '11223344')
    const made = await hsm.token('new').initialise({
      label: 'shown',
      soPin,
      userPin: utf8('55556666'),
      ...(blank === undefined ? {} : { slot: blank.slot }),
    })
    const token = hsm.token(made.serial)
    await token.logIn({ user: 'user', pin: utf8('55556666') })
    return await shownBy(name, hsm, token, made.marksTrusted)
  } finally {
    await hsm?.close()
    place.stop()
  }
}
