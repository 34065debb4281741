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

/** A security key's answer to the log-in's challenge. Throws `Refused`. */
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

/** The fields that every browser gives. Fields of later browsers are not sent. */
const known = ({ id, rawId, type }: { id: string; rawId: string; type: string }) => ({
  id,
  rawId,
  type,
  clientExtensionResults: {},
})

/** The browser's refusal as a code of ours: cancelled, timed out, or the key is registered already. */
async function touched<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const name = error instanceof Error ? error.name : ''
    const code = name === 'InvalidStateError' ? 'CONSOLE-KEY-KNOWN' : 'CONSOLE-KEY-CANCELLED'
    throw new Refused(0, { code, detail: '' })
  }
}
