import { isSoft, tokenProfiles } from '@lux/ceremony/plan'
import { type Hsm, HsmError, startHsm, type Token } from '@lux/hsm'
import { EnvironmentError } from '../../refusal.ts'
import type { TokenSettings } from '../state-folder/settings.ts'
import { deviceOf, type KeyDevice } from './key-device.ts'
import { libraryPin } from './library-pin.ts'
import { isPrintOf, type PinPrint, pinMemory, printOf, readPin } from './pin-file.ts'
import { givenRootKey, rootKeyDevice, rootKeySerial, rootKeySetting } from './root-key.ts'

export type Seal = { readonly code: string; readonly detail: string }

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

/** The token was taken away, or its library has lost it for good: only a new host finds it again. */
const lostToken = new Set(['HSM-TOKEN-ABSENT', 'HSM-DEVICE-ERROR', 'HSM-BROKEN'])

const spentPin = 'the token refused this PIN; it is not sent again until it changes'

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
  const { library, environment, initString } = settings.token
  const startHost = () =>
    startHsm({
      ...{ library, environment },
      ...(initString === undefined ? {} : { initString }),
      ...libraryPin(settings.token.librarySha256),
      ...(callTimeoutMs === undefined ? {} : { callTimeoutMs }),
    })
  let hsm = await startHost()
  /** The token is looked for by a new host at the next log-in. */
  let isLost = false
  let closed = false
  const root = (await isProgram(hsm, serial)) ? 'soft-token' : 'token'
  const memory = pinMemory(state.refusedPin)
  let sealed: Seal | null = { code: 'TOKEN-PIN', detail: 'not logged in yet' }
  let generation = 0
  let print: PinPrint | null = null
  /** Known at once to calls that failed of the same lost session, before it is on disk. */
  let refused: PinPrint | null = null
  let askedAtPad = false
  let attempt: Promise<Seal | null> | null = null

  async function tryLogIn(): Promise<Seal | null> {
    if (settings.pinFile === null) return logInAtPad()
    const pin = await readPin(settings.pinFile)
    const given = printOf(pin)
    try {
      if (isLost && !closed) {
        await hsm.close()
        hsm = await startHost()
        isLost = false
      }
      const known = refused !== null && isPrintOf(refused, pin) ? 'refused' : await memory.recall(serial, pin)
      // After a lost answer the token itself says whether it has counted a wrong PIN since the last good one.
      const spent =
        known === 'refused' || (known === 'sent' && (await hsm.token(serial).pinState()).user !== 'ok')
      if (spent) {
        return { code: 'TOKEN-PIN', detail: spentPin }
      }
      await memory.remember(serial, given, 'sent')
      await hsm.token(serial).logIn({ user: 'user', pin, keepPin: true })
      await memory.forget()
      print = given
      generation = hsm.generation
      return null
    } catch (error) {
      if (!(error instanceof HsmError)) throw error
      if (error.code === 'HSM-ALREADY-LOGGED-IN') {
        await memory.forget()
        generation = hsm.generation
        return null
      }
      isLost = lostToken.has(error.code)
      const aboutPin = error.code.startsWith('HSM-PIN')
      // Only the token refuses a PIN; the driver sends none that is locked, on its last try, not set or of another length.
      if (aboutPin && error.ckr === null) await memory.forget()
      else if (aboutPin) await memory.remember(serial, given, 'refused')
      return { code: aboutPin ? 'TOKEN-PIN' : error.code, detail: error.detail }
    } finally {
      pin.fill(0)
    }
  }

  /** Nobody can be counted on to stand there, so it is asked once, at the start. */
  async function logInAtPad(): Promise<Seal | null> {
    if (askedAtPad)
      return {
        code: 'TOKEN-PAD',
        detail: 'the log-in at the token’s own pad is over; start the server anew there',
      }
    askedAtPad = true
    process.stderr.write(
      `enter the user PIN on the pad of token ${serial}, within ${Math.round(hsm.padDeadlineMs / 1000)} seconds\n`,
    )
    try {
      await hsm.token(serial).logIn({ user: 'user', pin: 'pin-pad' })
      generation = hsm.generation
      return null
    } catch (error) {
      if (!(error instanceof HsmError)) throw error
      return { code: 'TOKEN-PAD', detail: `${error.code}: ${error.detail}` }
    }
  }

  /** The kept PIN was sent once for a lost session and refused: somebody changed it. */
  async function refusedMeanwhile(error: HsmError): Promise<EnvironmentError> {
    refused = print ?? refused
    sealed = { code: 'TOKEN-PIN', detail: spentPin }
    if (refused !== null) await memory.remember(serial, refused, 'refused')
    return new EnvironmentError('TOKEN-PIN', `${error.code}: ${error.detail}`)
  }

  /** One call may fail by itself: the token is gone where it does nothing else either. Nobody stands at its pad to log in again. */
  async function sealIfLost(error: HsmError): Promise<void> {
    if (settings.pinFile === null || sealed !== null || !lostToken.has(error.code)) return
    try {
      await hsm.token(serial).random(1)
    } catch (again) {
      if (!(again instanceof HsmError) || !lostToken.has(again.code)) return
      isLost = true
      sealed = { code: again.code, detail: again.detail }
    }
  }

  async function using<Result>(work: (token: Token) => Promise<Result>): Promise<Result> {
    const token = await ready()
    try {
      return await work(token)
    } catch (error) {
      if (error instanceof HsmError && error.code.startsWith('HSM-PIN')) throw await refusedMeanwhile(error)
      if (error instanceof HsmError) await sealIfLost(error)
      throw error
    }
  }

  function unseal(): Promise<Seal | null> {
    attempt ??= tryLogIn()
      .catch((error: unknown): Seal => {
        if (error instanceof EnvironmentError) return { code: error.code, detail: error.message }
        throw error
      })
      .then((seal) => {
        sealed = seal
        return seal
      })
      .finally(() => {
        attempt = null
      })
    return attempt
  }

  async function ready(): Promise<Token> {
    // A restarted host has lost the login; the PIN that it had was good, so it may be given once more.
    if (sealed === null && generation !== hsm.generation) await unseal()
    if (sealed) throw new EnvironmentError(sealed.code, sealed.detail)
    return hsm.token(serial)
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
      return sealed
    },
    get tokens() {
      return [{ place: 'first', serial, seal: sealed }] as const
    },
    unseal,
    use: (work) => using((token) => work(deviceOf(token))),
    useAgain: (work) => useAgain((token) => work(deviceOf(token))),
    useToken: using,
    async close() {
      closed = true
      await hsm.close()
    },
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
