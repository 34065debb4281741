import { randomBytes } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type ServerCard, serverCardCodec } from '@lux/ceremony/wire'
import { fromHex, generateSealIdentity, sealRecipient, toHex, toWords, utf8 } from '@lux/crypto'
import {
  isPassable,
  parseTokenUri,
  preflightLibrary,
  softTokenEnvironment,
  startHsm,
  type TokenUri,
} from '@lux/hsm'
import { auditKeyLabel, keepSealedKey } from '../audit/entry-mac.ts'
import { makeProviderRoot, openRoot, providerRootSetting } from '../external-kms/provider-root.ts'
import { settingOf } from '../platform/container.ts'
import { variable } from '../platform/environment.ts'
import type { KeyDevice } from '../platform/hsm/key-device.ts'
import { libraryPin } from '../platform/hsm/library-pin.ts'
import { makePinFile, readPin } from '../platform/hsm/pin-file.ts'
import { givenRootKey, rootKeySerial, rootKeySetting } from '../platform/hsm/root-key.ts'
import { keysOfSpki } from '../platform/hsm/token-signer.ts'
import { makePrivateFolder, makeStateFolder, type StateFolder } from '../platform/state-folder/folder.ts'
import { isErrno, mustHaveParent, readIfPresent, writeWhole } from '../platform/state-folder/private-file.ts'
import { type Domain, findSettings, type Settings, writeSettings } from '../platform/state-folder/settings.ts'
import { holdingState } from '../platform/state-folder/state-lock.ts'
import { accept, EnvironmentError, type Outcome, refuse } from '../refusal.ts'

/** `env`, `initString`: what its library reads of its environment, and is told when it starts. */
export type TokenChoice = TokenName & {
  readonly env?: Readonly<Record<string, string>>
  readonly initString?: string
}

/** By its serial, or by the slot that it is in now; without a slot, the one token of the library. */
type TokenName = { readonly uri: string } | { readonly library: string; readonly slot: string | null }

export type InitOptions = {
  readonly state: StateFolder
  readonly domain: Domain
  /** A token, a new SoftHSM token in the state folder, or no token and ROOT_ENCRYPTION_KEY, or a provider’s file. */
  readonly token: TokenChoice | 'soft-token' | 'root-key' | { readonly provider: string }
  readonly pinFile: string | null
  /** Of a production server: its root may be in a token that is a program. */
  readonly acceptSoftRoot?: boolean
}

export type Initialised = {
  readonly card: ServerCard
  readonly audience: string
  readonly words: readonly string[]
}

/** Makes the server's identity in its token. Cut short, it goes on where it was. Refuses STATE-EXISTS. Throws FOLDER-MISSING. */
export async function initServer(options: InitOptions): Promise<Outcome<Initialised>> {
  const { state } = options
  if (options.token === 'soft-token' && mayNotBeSoft(options)) return refuseSoftRoot()
  // Before a folder of a server that is there is touched, and again once no other command makes one.
  if (await isMade(state)) return alreadyMade(state)
  await mustHaveParent(state.root)
  await makeStateFolder(state)
  return holdingState(state, 'init', async () =>
    (await isMade(state)) ? alreadyMade(state) : makeServer(options),
  )
}

/** What is given, or else what the environment names. Null where it is nothing, or more than one thing is given. */
export function chosenToken(given: {
  readonly token?: string
  readonly softToken?: true
  readonly rootKey?: true
  readonly rootProvider?: string
}): InitOptions['token'] | null {
  const said: InitOptions['token'][] = [
    ...(given.token === undefined ? [] : [{ uri: given.token }]),
    ...(given.softToken ? (['soft-token'] as const) : []),
    ...(given.rootKey ? (['root-key'] as const) : []),
    ...(given.rootProvider === undefined ? [] : [{ provider: given.rootProvider }]),
  ]
  const [one = null, ...others] = said
  if (said.length > 0) return others.length > 0 ? null : one
  const [uri, library] = [variable('HSM_TOKEN_URI'), variable('HSM_LIBRARY_PATH')]
  if (uri !== undefined) return { uri }
  if (library !== undefined) return { library, slot: variable('HSM_SLOT') ?? null }
  return settingOf(rootKeySetting) === undefined ? null : 'root-key'
}

/**
 * What the token's library reads of its environment and is told when it starts: by options, else by HSM_ENV and HSM_INIT_STRING. Null
 * where one is no NAME=VALUE, or changes which code is loaded.
 */
export function libraryStart(given: {
  readonly env: readonly string[]
  readonly initString?: string
}): { env: Record<string, string>; initString?: string } | null {
  const pairs = given.env.length > 0 ? given.env : (variable('HSM_ENV')?.split(';') ?? [])
  const found = pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)])
  if (found.some(([name = ''], at) => !pairs[at]?.includes('=') || !isPassable(name))) return null
  const initString = given.initString ?? variable('HSM_INIT_STRING')
  return { env: Object.fromEntries(found), ...(initString === undefined ? {} : { initString }) }
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
  }
  const token = await openRoot(settings, state)
  try {
    if (token.root === 'soft-token' && mayNotBeSoft(options)) return refuseSoftRoot()
    await writeSettings(state, settings)
    if (token.sealed) throw new EnvironmentError(token.sealed.code, token.sealed.detail)
    const card = await token.use((opened) => makeCard(opened, state, settings))
    const key = { id: settings.keys.rows, class: 'secret' } as const
    const auditKey = await token.use((opened) => opened.hmac({ key, message: utf8(auditKeyLabel) }))
    await keepSealedKey(state.auditKey, auditKey, settings.node)
    await writeWhole(state.card, serverCardCodec.encode(card), 0o644)
    const audience = serverCardCodec.digest(card)
    return accept({ card, audience, words: toWords(fromHex(audience)) })
  } finally {
    await token.close()
  }
}

const mayNotBeSoft = ({ domain, acceptSoftRoot = false }: InitOptions) =>
  domain === 'production' && !acceptSoftRoot

const refuseSoftRoot = () =>
  refuse('SOFT-ROOT', 'the token of a production server is a program, and --accept-soft-root is not given')

/** Another server may have its keys of these labels on the same token: a server goes by the identifiers in its settings. */
async function makeCard(device: KeyDevice, state: StateFolder, settings: Settings): Promise<ServerCard> {
  const { receipt, requester, rows } = settings.keys
  const receiptKey = keysOfSpki(await device.signingKey(receipt, 'receipt key'))
  const requesterKey = keysOfSpki(await device.signingKey(requester, 'requester key'))
  await device.macKey(rows, 'row MAC key')
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
  if (token === 'root-key') {
    const root = givenRootKey()
    if (root === null) throw new EnvironmentError('ROOT-KEY', `${rootKeySetting} is not set`)
    const serial = rootKeySerial(root)
    root.fill(0)
    return accept({ token: { library: rootKeySetting, environment: {}, serial }, pinFile: null })
  }
  if (token !== 'soft-token' && 'provider' in token) {
    const file = resolve(token.provider)
    const serial = await makeProviderRoot(file, state)
    const environment = { [providerRootSetting]: file }
    return accept({ token: { library: providerRootSetting, environment, serial }, pinFile: null })
  }
  if (token !== 'soft-token') {
    const conf = process.env.SOFTHSM2_CONF
    const { env = {}, initString } = token
    const environment: Record<string, string> = { ...(conf ? { SOFTHSM2_CONF: conf } : {}), ...env }
    const started = { environment, ...(initString === undefined ? {} : { initString }) }
    const found = 'uri' in token ? tokenNamed(token.uri) : await tokenIn(token.library, token.slot, started)
    if (!found.ok) return found
    const { serial, library, pin } = found.value
    const file = pinFile ?? (pin === 'pin-pad' ? null : (pin?.file ?? null))
    if (file === null && pin !== 'pin-pad')
      return refuse(
        'TOKEN-PIN-FILE',
        'name the PIN file, --pin-file F, or the token’s own pad: pin-source=pin-pad',
      )
    const { sha256: librarySha256 } = preflightLibrary(library, libraryPin().librarySha256 ?? null)
    const chosen = { library, librarySha256, serial, ...started }
    return accept({ token: chosen, pinFile: file === null ? null : resolve(file) })
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

/** The token of a library that is in this slot now: from here on it goes by its serial, since slots move. Refuses TOKEN-SLOT. */
async function tokenIn(
  library: string,
  slot: string | null,
  started: { readonly environment: Readonly<Record<string, string>>; readonly initString?: string },
): Promise<NamedToken> {
  const hsm = await startHsm({ library, ...started, ...libraryPin() })
  try {
    const there = (await hsm.tokens()).filter(({ initialised }) => initialised)
    const [token, ...others] = there.filter((one) => slot === null || one.slot === slot)
    if (token !== undefined && others.length === 0)
      return accept({ serial: token.serial, library, pin: null })
    const list = there.map((one) => `slot ${one.slot}: ${one.label}, serial ${one.serial}`).join('; ')
    return refuse(
      'TOKEN-SLOT',
      `${slot === null ? 'no slot is named' : `slot ${slot}`}; there are: ${list || 'none'}`,
    )
  } finally {
    await hsm.close()
  }
}

type NamedToken = Outcome<{
  readonly serial: string
  readonly library: string
  readonly pin: TokenUri['pin']
}>

/** A PKCS#11 URI (RFC 7512) that names one token by serial and its library by module-path. */
export function tokenNamed(text: string): NamedToken {
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
