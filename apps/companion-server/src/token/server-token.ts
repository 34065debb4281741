import { HsmError, startHsm, type Token } from '@lux/hsm'
import { EnvironmentError } from '../refusal.ts'
import type { StateFolder } from '../state/folder.ts'
import type { Settings } from '../state/settings.ts'
import { pinMemory, readPin } from './pin-file.ts'

export type Seal = { readonly code: string; readonly detail: string }

/** The server's own token, logged in once; while it is not, the server runs sealed. */
export type ServerToken = {
  readonly serial: string
  /** Why nothing can be served, or null. */
  readonly sealed: Seal | null
  /** Tries to log in if sealed, unless the PIN in the file is one that was refused. */
  unseal(): Promise<Seal | null>
  /** Lends the logged-in token. Throws EnvironmentError with the seal's code when sealed. */
  use<Result>(work: (token: Token) => Promise<Result>): Promise<Result>
  /** As `use`, for work that may run twice: repeated once when the token lost the session under it. */
  useAgain<Result>(work: (token: Token) => Promise<Result>): Promise<Result>
  close(): Promise<void>
}

const lostLogin = new Set([
  'HSM-SESSION-LOST',
  'HSM-NOT-LOGGED-IN',
  'HSM-CRASHED',
  'HSM-TIMEOUT',
  'HSM-CLOSED',
])

/** Starts the token's host process and logs in by the PIN file, at most one try for each PIN. */
export async function openServerToken(settings: Settings, state: StateFolder): Promise<ServerToken> {
  const { serial } = settings.token
  const hsm = await startHsm({ library: settings.token.library, environment: settings.token.environment })
  const memory = pinMemory(state.refusedPin)
  let sealed: Seal | null = { code: 'TOKEN-PIN', detail: 'not logged in yet' }
  let generation = 0
  let attempt: Promise<Seal | null> | null = null

  async function tryLogIn(): Promise<Seal | null> {
    const pin = await readPin(settings.pinFile)
    // The host wipes what it is given.
    const kept = pin.slice()
    try {
      const known = await memory.recall(serial, pin)
      // After a lost answer the token itself says whether it has counted a wrong PIN since the last good one.
      const spent =
        known === 'refused' || (known === 'sent' && (await hsm.token(serial).pinState()).user !== 'ok')
      if (spent) {
        return {
          code: 'TOKEN-PIN',
          detail: 'the token refused this PIN; it is not sent again until it changes',
        }
      }
      await memory.remember(serial, pin, 'sent')
      await hsm.token(serial).logIn({ user: 'user', pin })
      await memory.forget()
      generation = hsm.generation
      return null
    } catch (error) {
      if (!(error instanceof HsmError)) throw error
      if (error.code === 'HSM-ALREADY-LOGGED-IN') {
        await memory.forget()
        generation = hsm.generation
        return null
      }
      const aboutPin = error.code.startsWith('HSM-PIN')
      if (aboutPin) await memory.remember(serial, kept, 'refused')
      return { code: aboutPin ? 'TOKEN-PIN' : error.code, detail: error.detail }
    } finally {
      pin.fill(0)
      kept.fill(0)
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
      return await work(await ready())
    } catch (error) {
      if (!(error instanceof HsmError) || !lostLogin.has(error.code)) throw error
      await unseal()
      return work(await ready())
    }
  }

  await unseal()
  return {
    serial,
    get sealed() {
      return sealed
    },
    unseal,
    use: async (work) => work(await ready()),
    useAgain,
    close: () => hsm.close(),
  }
}
