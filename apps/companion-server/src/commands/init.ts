import { randomBytes } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type ServerCard, serverCardCodec } from '@lux/ceremony/wire'
import { fromHex, generateSealIdentity, sealRecipient, toHex, toWords } from '@lux/crypto'
import {
  hmacTemplate,
  parseTokenUri,
  signingTemplate,
  softTokenEnvironment,
  startHsm,
  type Token,
  type TokenUri,
} from '@lux/hsm'
import { makePinFile, readPin } from '../platform/hsm/pin-file.ts'
import { openServerToken } from '../platform/hsm/server-token.ts'
import { keysOfSpki } from '../platform/hsm/token-signer.ts'
import { makePrivateFolder, makeStateFolder, type StateFolder } from '../platform/state-folder/folder.ts'
import { isErrno, mustHaveParent, readIfPresent, writeWhole } from '../platform/state-folder/private-file.ts'
import { type Domain, findSettings, type Settings, writeSettings } from '../platform/state-folder/settings.ts'
import { holdingState } from '../platform/state-folder/state-lock.ts'
import { accept, EnvironmentError, type Outcome, refuse } from '../refusal.ts'

/** `env`, `initString`: what its library reads of its environment, and is told when it starts. */
export type TokenChoice = {
  readonly uri: string
  readonly env?: Readonly<Record<string, string>>
  readonly initString?: string
}

export type InitOptions = {
  readonly state: StateFolder
  readonly domain: Domain
  /** A PKCS#11 URI, or a new SoftHSM token in the state folder. */
  readonly token: TokenChoice | 'soft-token'
  readonly pinFile: string | null
}

export type Initialised = {
  readonly card: ServerCard
  readonly audience: string
  readonly words: readonly string[]
}

/** Makes the server's identity in its token. Cut short, it goes on where it was. Refuses STATE-EXISTS. Throws FOLDER-MISSING. */
export async function initServer(options: InitOptions): Promise<Outcome<Initialised>> {
  const { state } = options
  // Before a folder of a server that is there is touched, and again once no other command makes one.
  if (await isMade(state)) return alreadyMade(state)
  await mustHaveParent(state.root)
  await makeStateFolder(state)
  return holdingState(state, 'init', async () =>
    (await isMade(state)) ? alreadyMade(state) : makeServer(options),
  )
}

async function isMade(state: StateFolder): Promise<boolean> {
  return (await readIfPresent(state.card, 65_536)) !== 'absent'
}

const alreadyMade = (state: StateFolder) => refuse('STATE-EXISTS', `${state.root} already holds a server`)

async function makeServer(options: InitOptions): Promise<Outcome<Initialised>> {
  const { state } = options
  let settings = await findSettings(state)
  if (settings === 'absent') {
    const token = await chooseToken(options)
    if (!token.ok) return token
    settings = {
      v: 1,
      domain: options.domain,
      deployment: toHex(randomBytes(16)),
      node: toHex(randomBytes(16)),
      ...token.value,
      keys: {
        receipt: toHex(randomBytes(16)),
        requester: toHex(randomBytes(16)),
        rows: toHex(randomBytes(16)),
      },
    }
    await writeSettings(state, settings)
  }
  const token = await openServerToken(settings, state)
  try {
    if (token.sealed) throw new EnvironmentError(token.sealed.code, token.sealed.detail)
    const card = await token.use((opened) => makeCard(opened, state, settings))
    await writeWhole(state.card, serverCardCodec.encode(card), 0o644)
    const audience = serverCardCodec.digest(card)
    return accept({ card, audience, words: toWords(fromHex(audience)) })
  } finally {
    await token.close()
  }
}

/** Another server may have its keys of these labels on the same token: a server goes by the identifiers in its settings. */
async function makeCard(token: Token, state: StateFolder, settings: Settings): Promise<ServerCard> {
  const { receipt, requester, rows } = settings.keys
  const receiptKey = keysOfSpki(await signingKey(token, receipt, 'receipt key'))
  const requesterKey = keysOfSpki(await signingKey(token, requester, 'requester key'))
  if ((await token.findById(rows)).length === 0) {
    await token.generateHmac({ id: rows, label: 'row MAC key', sameLabel: true, template: hmacTemplate })
  }
  return {
    v: 1,
    kind: 'server',
    domain: settings.domain,
    deployment: settings.deployment,
    receiptKey,
    requesterKey,
    combinerRecipient: await combinerRecipient(state),
  }
}

async function signingKey(token: Token, id: string, label: string): Promise<Uint8Array> {
  const found = await token.findById(id)
  if (found.length > 0) return token.publicKeySpki({ id, class: 'public' })
  const made = await token.generateKeyPair({
    id,
    label,
    sameLabel: true,
    kind: 'p-256',
    template: signingTemplate,
  })
  return made.spki
}

async function combinerRecipient(state: StateFolder): Promise<string> {
  const kept = await readIfPresent(state.combiner, 1024)
  if (kept !== 'absent') return sealRecipient(Buffer.from(kept).toString('latin1').trim())
  const { identity, recipient } = await generateSealIdentity()
  await writeWhole(state.combiner, `${identity}\n`)
  return recipient
}

async function chooseToken({
  state,
  token,
  pinFile,
}: InitOptions): Promise<Outcome<Pick<Settings, 'token' | 'pinFile'>>> {
  if (token !== 'soft-token') {
    const uri = tokenNamed(token.uri)
    if (!uri.ok) return uri
    const { serial, library, pin } = uri.value
    const file = pinFile ?? (pin === 'pin-pad' ? null : (pin?.file ?? null))
    if (file === null && pin !== 'pin-pad')
      return refuse(
        'TOKEN-PIN-FILE',
        'name the PIN file, --pin-file F, or the token’s own pad: pin-source=pin-pad',
      )
    const conf = process.env.SOFTHSM2_CONF
    const { env = {}, initString } = token
    const environment: Record<string, string> = { ...(conf ? { SOFTHSM2_CONF: conf } : {}), ...env }
    return accept({
      token: { library, environment, serial, ...(initString === undefined ? {} : { initString }) },
      pinFile: file === null ? null : resolve(file),
    })
  }
  await makePrivateFolder(state.trainingPins)
  const userFile = resolve(pinFile ?? `${state.trainingPins}/user.pin`)
  const soFile = `${state.trainingPins}/so.pin`
  for (const file of [userFile, soFile]) if (!(await isThere(file))) await makePinFile(file)
  const { library, environment } = softTokenEnvironment(state.softToken)
  const hsm = await startHsm({ library, environment })
  try {
    // A token left by an attempt that was cut short holds nothing yet.
    const [left] = (await hsm.tokens()).filter(({ initialised }) => initialised)
    const soPin = await readPin(soFile)
    const userPin = await readPin(userFile)
    const { serial } = await hsm
      .token(left?.serial ?? 'new')
      .initialise({ label: 'lux-server', sameLabel: true, soPin, userPin })
    return accept({ token: { library, environment, serial }, pinFile: userFile })
  } finally {
    await hsm.close()
  }
}

/** A PKCS#11 URI (RFC 7512) that names one token by serial and its library by module-path. */
export function tokenNamed(
  text: string,
): Outcome<{ readonly serial: string; readonly library: string; readonly pin: TokenUri['pin'] }> {
  const read = parseTokenUri(text)
  if (!read.ok) return refuse('TOKEN-URI', read.detail)
  const { serial, modulePath: library, pin } = read.value
  return serial && library
    ? accept({ serial, library, pin })
    : refuse('TOKEN-URI', 'a token is named as pkcs11:serial=…?module-path=…')
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false
    throw error
  }
}
