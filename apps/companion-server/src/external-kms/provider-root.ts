import { randomBytes } from 'node:crypto'
import { encodeCanonical, equalBytes, fromBase64, toBase64 } from '@lux/crypto'
import { variable } from '../platform/environment.ts'
import type { KeyDevice } from '../platform/hsm/key-device.ts'
import type { Seal } from '../platform/hsm/log-in.ts'
import { rootKeyDevice, rootKeySerial, rootKeySetting } from '../platform/hsm/root-key.ts'
import { openServerToken, type ServerToken } from '../platform/hsm/server-token.ts'
import { openTokens } from '../platform/hsm/token-pair.ts'
import { serverEgress, together } from '../platform/http/egress.ts'
import type { StateFolder } from '../platform/state-folder/folder.ts'
import {
  parseState,
  readIfPresent,
  requirePrivate,
  writeWhole,
} from '../platform/state-folder/private-file.ts'
import type { Settings } from '../platform/state-folder/settings.ts'
import { EnvironmentError, type Outcome } from '../refusal.ts'
import { connectProvider } from './connect.ts'
import { type Given, jsonOf, type Provider, providerNames } from './provider.ts'

/** In the place of a token's library: a provider seals the root key. Its file is in the token's environment by this name. */
export const providerRootSetting = 'ROOT_PROVIDER_FILE'

const maxFile = 1 << 18

/** What holds this server's root: its token, its environment, or a provider that seals it. */
export function openRoot(settings: Settings, state: StateFolder): Promise<ServerToken> {
  const { library } = settings.token
  if (library === providerRootSetting || library === rootKeySetting) {
    if (variable('HSM_SECOND_TOKEN_URI') !== undefined)
      throw new EnvironmentError(
        'ENVIRONMENT-VARIABLE',
        'HSM_SECOND_TOKEN_URI: the root of this server is in no token, so that no other can hold it too',
      )
    return library === rootKeySetting ? openServerToken(settings, state) : openProviderRoot(settings, state)
  }
  return openTokens(settings, state)
}

/** A new root key, sealed by the provider that a 0600 file names, in the state folder; its serial. Throws the provider's refusal. */
export async function makeProviderRoot(file: string, state: StateFolder): Promise<string> {
  const provider = await providerOf(file)
  const root = new Uint8Array(randomBytes(32))
  try {
    const serial = rootKeySerial(root)
    const sealed = had(await provider.encrypt(root, contextOf(serial)))
    const back = had(await provider.decrypt(sealed, contextOf(serial)))
    if (!equalBytes(back, root)) throw new EnvironmentError('PROVIDER-ANSWER', 'it decrypted to other bytes')
    await writeWhole(state.sealedRoot, encodeCanonical({ v: 1, sealed: toBase64(sealed) }))
    return serial
  } finally {
    root.fill(0)
  }
}

/** The root key is in memory from its unsealing to the server's end; until then the server runs sealed, and asks again. */
async function openProviderRoot({ token }: Settings, state: StateFolder): Promise<ServerToken> {
  const { serial } = token
  const file = token.environment[providerRootSetting] ?? ''
  let held: { readonly root: Uint8Array; readonly device: KeyDevice } | null = null
  let sealed: Seal | null = null
  let attempt: Promise<Seal | null> | null = null

  async function unsealed(): Promise<Seal | null> {
    try {
      const root = await unsealRoot(file, serial, state)
      held = { root, device: rootKeyDevice(root) }
      sealed = null
    } catch (error) {
      if (!(error instanceof EnvironmentError)) throw error
      sealed = { code: error.code, detail: error.message }
    }
    return sealed
  }

  const unseal = () => {
    attempt ??= unsealed().finally(() => {
      attempt = null
    })
    return attempt
  }
  const use = async <Result>(work: (device: KeyDevice) => Promise<Result>): Promise<Result> => {
    if (held === null)
      throw new EnvironmentError(sealed?.code ?? 'ROOT-KEY', sealed?.detail ?? 'it is not unsealed')
    return work(held.device)
  }

  await unseal()
  return {
    ...{ serial, root: 'provider', tokens: [], unseal, use, useAgain: use },
    get sealed() {
      return sealed
    },
    useToken: async () => {
      throw new EnvironmentError('ROOT-KEY-ONLY', 'this server has no token')
    },
    close: async () => {
      held?.root.fill(0)
      held = null
    },
  }
}

async function unsealRoot(file: string, serial: string, state: StateFolder): Promise<Uint8Array> {
  const provider = await providerOf(file)
  const bytes = await readIfPresent(state.sealedRoot, maxFile)
  const kept = bytes === 'absent' ? null : parseState(state.sealedRoot, bytes)
  if (typeof kept !== 'object' || kept === null || !('sealed' in kept) || typeof kept.sealed !== 'string')
    throw new EnvironmentError('ROOT-KEY', `${state.sealedRoot} is no sealed root key`)
  const root = had(await provider.decrypt(fromBase64(kept.sealed), contextOf(serial)))
  if (root.length !== 32 || rootKeySerial(root) !== serial)
    throw new EnvironmentError('PROVIDER-ANSWER', 'it decrypted to another root key than this server’s')
  return root
}

async function providerOf(file: string): Promise<Provider> {
  const bytes = await readIfPresent(file, maxFile)
  if (bytes === 'absent') throw new EnvironmentError('PROVIDER-SETTINGS', `there is no file ${file}`)
  await requirePrivate(file)
  const fields = jsonOf(Buffer.from(bytes)) ?? {}
  const provider = providerNames.find((name) => name === fields.provider)
  const { settings, credentials } = fields
  if (provider === undefined || !isGiven(settings) || !isGiven(credentials))
    throw new EnvironmentError('PROVIDER-SETTINGS', `${file}: expected provider, settings and credentials`)
  return had(connectProvider(together(serverEgress()), { provider, settings, credentials }, () => new Date()))
}

function isGiven(value: unknown): value is Given {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((one) => typeof one === 'string')
  )
}

const contextOf = (serial: string) => `root ${serial}`

/** A refusal of the provider is, for the server itself, a fault of its environment. */
function had<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new EnvironmentError(outcome.rule, outcome.detail)
  return outcome.value
}
