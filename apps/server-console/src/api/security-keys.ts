import { startAuthentication, startRegistration } from '@simplewebauthn/browser'
import { call, Refused } from './client.ts'

type AnyOptions = Parameters<typeof startRegistration>[0]['optionsJSON']
type LogInOptions = Parameters<typeof startAuthentication>[0]['optionsJSON']

export type SecurityKey = {
  readonly id: string
  readonly name: string
  readonly createdAt: string
  readonly usedAt: string | null
}

/** The answer of a security key to a challenge of the log-in. Throws `Refused`. */
export async function answerChallenge(): Promise<object> {
  const { options } = await call<{ options: LogInOptions }>('POST', '/auth/webauthn/challenge')
  const { response, ...rest } = await touched(() => startAuthentication({ optionsJSON: options }))
  const { clientDataJSON, authenticatorData, signature, userHandle } = response
  return {
    ...known(rest),
    response: { clientDataJSON, authenticatorData, signature, ...(userHandle ? { userHandle } : {}) },
  }
}

/** Throws `Refused`. */
export async function addSecurityKey(name: string): Promise<SecurityKey> {
  const { options } = await call<{ options: AnyOptions }>('POST', '/authenticators/challenge')
  const { response, ...rest } = await touched(() => startRegistration({ optionsJSON: options }))
  const { clientDataJSON, attestationObject, transports } = response
  const sent = {
    ...known(rest),
    response: { clientDataJSON, attestationObject, ...(transports ? { transports } : {}) },
  }
  const made = await call<{ authenticator: SecurityKey }>('POST', '/authenticators', { name, response: sent })
  return made.authenticator
}

/** What every browser gives; what a later one may add stays here. */
const known = ({ id, rawId, type }: { id: string; rawId: string; type: string }) => ({
  ...{ id, rawId, type, clientExtensionResults: {} },
})

/** The browser's own no, in our words: it was cancelled, took too long, or the key is there already. */
async function touched<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const name = error instanceof Error ? error.name : ''
    const code = name === 'InvalidStateError' ? 'CONSOLE-KEY-KNOWN' : 'CONSOLE-KEY-CANCELLED'
    throw new Refused(0, { code, detail: '' })
  }
}
