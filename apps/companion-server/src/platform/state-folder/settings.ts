import { encodeCanonical, type Json } from '@lux/crypto'
import { EnvironmentError } from '../../refusal.ts'
import type { StateFolder } from './folder.ts'
import { parseState, readIfPresent, writeWhole } from './private-file.ts'

export type Domain = 'production' | 'rehearsal'

/** A token, and where its PIN comes from. */
export type TokenSettings = {
  readonly token: {
    readonly library: string
    /** SHA-256 of its file as `init` found it; absent for a soft token of the state folder, and of servers from before it was kept. */
    readonly librarySha256?: string
    readonly environment: Readonly<Record<string, string>>
    /** What the library is told when it starts. */
    readonly initString?: string
    readonly serial: string
  }
  /** null: the PIN is entered at the token's own pad, once, when the server starts. */
  readonly pinFile: string | null
}

/** What `init` chose, for the life of the server. */
export type Settings = TokenSettings & {
  readonly v: 1
  readonly domain: Domain
  /** 16 bytes, hex. */
  readonly deployment: string
  readonly node: string
  /** CKA_IDs in the token. */
  readonly keys: { readonly receipt: string; readonly requester: string; readonly rows: string }
}

export async function writeSettings(state: StateFolder, settings: Settings): Promise<void> {
  await writeWhole(state.settings, encodeCanonical(settings))
}

/** Throws STATE-ABSENT where `init` has not been. */
export async function readSettings(state: StateFolder): Promise<Settings> {
  const settings = await findSettings(state)
  if (settings !== 'absent') return settings
  throw new EnvironmentError(
    'STATE-ABSENT',
    `${state.root} holds no server: custody-server init --state ${state.root}`,
  )
}

export async function findSettings(state: StateFolder): Promise<Settings | 'absent'> {
  const bytes = await readIfPresent(state.settings, 65_536)
  if (bytes === 'absent') return 'absent'
  const value = parseState(state.settings, bytes)
  if (!isSettings(value))
    throw new EnvironmentError('STATE-DAMAGED', `${state.settings} is not a server's settings`)
  return value
}

function isSettings(value: Json): value is Json & Settings {
  return (
    isObject(value) &&
    value.v === 1 &&
    (value.domain === 'production' || value.domain === 'rehearsal') &&
    typeof value.deployment === 'string' &&
    typeof value.node === 'string' &&
    (typeof value.pinFile === 'string' || value.pinFile === null) &&
    isObject(value.token) &&
    typeof value.token.library === 'string' &&
    typeof value.token.serial === 'string' &&
    isObject(value.token.environment) &&
    (value.token.librarySha256 === undefined || typeof value.token.librarySha256 === 'string') &&
    (value.token.initString === undefined || typeof value.token.initString === 'string') &&
    isObject(value.keys) &&
    ['receipt', 'requester', 'rows'].every(
      (name) => isObject(value.keys) && typeof value.keys[name] === 'string',
    )
  )
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
