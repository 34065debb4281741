import { type Database, readHeader } from '../storage/open-database.ts'
import type { VaultHeader } from '../storage/vault.ts'
import type { PasskeyHint, State } from './api.ts'

export function hintOf(header: VaultHeader | null): PasskeyHint | null {
  if (header?.passkey === undefined) return null
  const { credential, salt } = header.passkey
  return { credential, salt }
}

/** The state of a phone that nobody opened, read from the part of its storage that is not sealed. */
export async function closedState(database: Database): Promise<State> {
  const header = await readHeader(database)
  return header === null ? { phase: 'new' } : { phase: 'locked', passkey: hintOf(header) }
}
