import { isSoft, tokenProfiles } from '@lux/ceremony/plan'
import { type Hsm, HsmError, startHsm, type Token } from '@lux/hsm'
import { EnvironmentError } from '../../refusal.ts'
import type { TokenSettings } from '../state-folder/settings.ts'
import { deviceOf, type KeyDevice } from './key-device.ts'
import { libraryPin } from './library-pin.ts'
import {
  afterEvent,
  beforeLogIn,
  isAboutPin,
  type LogIn,
  type LogInEvent,
  lostToken,
  type Seal,
} from './log-in.ts'
import { isPrintOf, type PinMemory, pinMemory, printOf, readPin } from './pin-file.ts'
import { givenRootKey, rootKeyDevice, rootKeySerial, rootKeySetting } from './root-key.ts'

export type TokenPlace = 'first' | 'second'

/** Where the root of a server is: in its own token, logged in once, or in its environment. While it cannot be used, the server runs sealed. */
export type ServerToken = {
  readonly serial: string
  /** `soft-token`: a token that is a program, by its profile. */
  readonly root: 'token' | 'soft-token' | 'environment' | 'provider'
  /** Why nothing can be served, or null. */
  readonly sealed: Seal | null
  /** Each token that holds the root, and why it is not in use, or null; none where the root is in no token. */
  readonly tokens: readonly {
    readonly place: TokenPlace
    readonly serial: string
    readonly seal: Seal | null
  }[]
  /** Tries to log in if sealed, unless the PIN in the file is one that was refused. */
  unseal(): Promise<Seal | null>
  /** Lends what holds the root. Throws EnvironmentError with the seal's code when sealed. */
  use<Result>(work: (device: KeyDevice) => Promise<Result>): Promise<Result>
  /** As `use`, for work that may run twice: repeated once when the token lost the session under it. */
  useAgain<Result>(work: (device: KeyDevice) => Promise<Result>): Promise<Result>
  /** Lends the logged-in token itself, for what comes from ceremonies. Throws ROOT-KEY-ONLY where there is none. */
  useToken<Result>(work: (token: Token) => Promise<Result>): Promise<Result>
  close(): Promise<void>
}

/** The token or its host lost the session: a new log-in mends it. */
export const lostLogin = new Set([
  'HSM-SESSION-LOST',
  'HSM-NOT-LOGGED-IN',
  'HSM-CRASHED',
  'HSM-LIBRARY-CRASHED',
  'HSM-TIMEOUT',
  'HSM-CLOSED',
])

/**
 * Starts the token's host process and logs in by the PIN file, at most one try for each PIN, or once at the token's own pad.
 * The host keeps the PIN for one new login per session that the token loses.
 */
export async function openServerToken(
  settings: TokenSettings,
  state: { readonly refusedPin: string },
  /** How long a call may take, where there is another token to go to. */
  callTimeoutMs?: number,
): Promise<ServerToken> {
  if (settings.token.library === rootKeySetting) return openRootKey(settings.token.serial)
  const { serial } = settings.token
  const { pinFile } = settings
  const host = await openHost(settings, callTimeoutMs)
  const root = (await isProgram(host.hsm, serial)) ? 'soft-token' : 'token'
  const memory = pinMemory(state.refusedPin)
  let logIn = beforeLogIn
  const note = (event: LogInEvent): LogIn => {
    logIn = afterEvent(logIn, event)
    return logIn
  }
  let attempt: Promise<Seal | null> | null = null

  async function tried(): Promise<LogInEvent> {
    if (pinFile !== null) return logInByFile(host, { serial, pinFile, memory }, logIn)
    if (logIn.isPadAsked) return { kind: 'pad-spent' }
    note({ kind: 'pad-asked' })
    return logInAtPad(host, serial)
  }

  function unseal(): Promise<Seal | null> {
    attempt ??= tried()
      .catch((error: unknown): LogInEvent => {
        if (!(error instanceof EnvironmentError)) throw error
        return { kind: 'not-tried', code: error.code, detail: error.message }
      })
      .then((event) => note(event).seal)
      .finally(() => {
        attempt = null
      })
    return attempt
  }

  async function pinChanged(error: HsmError): Promise<EnvironmentError> {
    const { refused } = note({ kind: 'pin-changed' })
    if (refused !== null) await memory.remember(serial, refused, 'refused')
    return new EnvironmentError('TOKEN-PIN', `${error.code}: ${error.answered}`)
  }

  /** One call may fail by itself: the token is gone where it does nothing else either. Nobody stands at its pad to log in again. */
  async function sealIfLost(error: HsmError): Promise<void> {
    if (pinFile === null || logIn.seal !== null || !lostToken.has(error.code)) return
    try {
      await host.hsm.token(serial).random(1)
    } catch (again) {
      if (!(again instanceof HsmError) || !lostToken.has(again.code)) return
      note({ kind: 'token-lost', code: again.code, detail: again.answered })
    }
  }

  async function using<Result>(work: (token: Token) => Promise<Result>): Promise<Result> {
    const token = await ready()
    try {
      return await work(token)
    } catch (error) {
      if (error instanceof HsmError && isAboutPin(error.code)) throw await pinChanged(error)
      if (error instanceof HsmError) await sealIfLost(error)
      throw error
    }
  }

  async function ready(): Promise<Token> {
    // A restarted host has lost the login; the PIN that it had was good, so it may be given once more.
    if (logIn.seal === null && logIn.generation !== host.hsm.generation) await unseal()
    if (logIn.seal) throw new EnvironmentError(logIn.seal.code, logIn.seal.detail)
    return host.hsm.token(serial)
  }

  async function useAgain<Result>(work: (token: Token) => Promise<Result>): Promise<Result> {
    try {
      return await using(work)
    } catch (error) {
      if (!(error instanceof HsmError) || !lostLogin.has(error.code)) throw error
      await unseal()
      return using(work)
    }
  }

  await unseal()
  return {
    serial,
    root,
    get sealed() {
      return logIn.seal
    },
    get tokens() {
      return [{ place: 'first', serial, seal: logIn.seal }] as const
    },
    unseal,
    use: (work) => using((token) => work(deviceOf(token))),
    useAgain: (work) => useAgain((token) => work(deviceOf(token))),
    useToken: using,
    close: host.close,
  }
}

/** The process that has the token's library. A new one takes its place where only that finds the token again. */
type Host = Awaited<ReturnType<typeof openHost>>

async function openHost({ token }: TokenSettings, callTimeoutMs: number | undefined) {
  const { library, environment, initString } = token
  const start = () =>
    startHsm({
      library,
      environment,
      ...(initString === undefined ? {} : { initString }),
      ...libraryPin(token.librarySha256),
      ...(callTimeoutMs === undefined ? {} : { callTimeoutMs }),
    })
  let hsm = await start()
  let isClosed = false
  return {
    get hsm() {
      return hsm
    },
    async restart() {
      if (isClosed) return
      await hsm.close()
      hsm = await start()
    },
    async close() {
      isClosed = true
      await hsm.close()
    },
  }
}

async function logInByFile(
  host: Host,
  its: { readonly serial: string; readonly pinFile: string; readonly memory: PinMemory },
  { isLost, refused }: LogIn,
): Promise<LogInEvent> {
  const { serial, memory } = its
  const pin = await readPin(its.pinFile)
  const print = printOf(pin)
  try {
    if (isLost) await host.restart()
    const known = refused !== null && isPrintOf(refused, pin) ? 'refused' : await memory.recall(serial, pin)
    if (known === 'refused') return { kind: 'pin-spent' }
    const token = host.hsm.token(serial)
    // After a lost answer the token itself says whether it has counted a wrong PIN since the last good one.
    if (known === 'sent' && (await token.pinState()).user !== 'ok') return { kind: 'pin-spent' }
    await memory.remember(serial, print, 'sent')
    await token.logIn({ user: 'user', pin, keepPin: true })
    await memory.forget()
    return { kind: 'logged-in', generation: host.hsm.generation, print }
  } catch (error) {
    if (!(error instanceof HsmError)) throw error
    const { code, detail, ckr } = error
    if (code === 'HSM-ALREADY-LOGGED-IN') {
      await memory.forget()
      return { kind: 'logged-in', generation: host.hsm.generation }
    }
    // Only the token refuses a PIN; the driver sends none that is locked, on its last try, not set or of another length.
    if (isAboutPin(code) && ckr === null) await memory.forget()
    else if (isAboutPin(code)) await memory.remember(serial, print, 'refused')
    return { kind: 'failed', code, detail }
  } finally {
    pin.fill(0)
  }
}

async function logInAtPad({ hsm }: Host, serial: string): Promise<LogInEvent> {
  process.stderr.write(
    `enter the user PIN on the pad of token ${serial}, within ${Math.round(hsm.padDeadlineMs / 1000)} seconds\n`,
  )
  try {
    await hsm.token(serial).logIn({ user: 'user', pin: 'pin-pad' })
    return { kind: 'logged-in', generation: hsm.generation }
  } catch (error) {
    if (!(error instanceof HsmError)) throw error
    return { kind: 'pad-failed', code: error.code, detail: error.detail }
  }
}

/** Whether the token is a program that a profile knows. One that cannot be asked now is taken as it is. */
async function isProgram(hsm: Hsm, serial: string): Promise<boolean> {
  try {
    const found = (await hsm.tokens()).find((one) => one.serial === serial)
    return tokenProfiles.some((profile) => profile === found?.profile && isSoft(profile))
  } catch (error) {
    if (error instanceof HsmError) return false
    throw error
  }
}

/** The root key of the environment, if it is the one of this server. Throws ROOT-KEY; it is sealed by nothing. */
function openRootKey(serial: string): ServerToken {
  const root = givenRootKey()
  if (root === null) throw new EnvironmentError('ROOT-KEY', `${rootKeySetting} is not set`)
  if (rootKeySerial(root) !== serial)
    throw new EnvironmentError('ROOT-KEY', `${rootKeySetting} is another one than this server was made with`)
  const device = rootKeyDevice(root)
  return {
    serial,
    root: 'environment',
    sealed: null,
    tokens: [],
    unseal: async () => null,
    use: (work) => work(device),
    useAgain: (work) => work(device),
    useToken: async () => {
      throw new EnvironmentError('ROOT-KEY-ONLY', 'this server has no token')
    },
    close: async () => {
      root.fill(0)
    },
  }
}
