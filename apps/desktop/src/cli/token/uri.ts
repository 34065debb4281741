import { parseTokenUri } from '@lux/hsm'
import { WrongUse } from '../shell/wrong-use.ts'

/** What a command takes of a token's URI. */
export type TokenUri = {
  readonly serial: string | null
  readonly label: string | null
  readonly modulePath: string | null
  /** Path of the file with the PIN. */
  readonly pinFile: string | null
}

/** A token's URI on the command line, where a person answers for a pad. Errors: TOKEN-URI. */
export function tokenUri(text: string): TokenUri {
  const read = parseTokenUri(text)
  if (!read.ok) throw wrong(read.fault === 'pin' ? 'pkcs11:…' : text, read.detail)
  const { pin, ...named } = read.value
  if (pin === 'pin-pad') throw wrong(text, 'pin-source is file:/path')
  return { ...named, pinFile: pin?.file ?? null }
}

function wrong(uri: string, detail: string): WrongUse {
  return new WrongUse('TOKEN-URI', `${uri}: ${detail}`)
}
