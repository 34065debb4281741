import { resolve } from 'node:path'
import { parseTokenUri } from '@lux/hsm'
import { EnvironmentError } from '../../refusal.ts'
import { variable } from '../environment.ts'
import type { StateFolder } from '../state-folder/folder.ts'
import type { TokenSettings } from '../state-folder/settings.ts'
import { openServerToken, type ServerToken } from './server-token.ts'
import { openTokenPair, proofFile } from './token-pair.ts'

/** With another token to go to, a call waits no longer: a reply has eight seconds. */
const pairedTimeoutMs = 3000

/** The token that `init` chose, and HSM_SECOND_TOKEN_URI beside it, where that is set. Throws ENVIRONMENT-VARIABLE. */
export function openTokens(settings: TokenSettings, state: StateFolder): Promise<ServerToken> {
  const second = secondToken(settings)
  if (second === null) return openServerToken(settings, state)
  const refusedPin = state.refusedPinOfSecond
  return openTokenPair(
    { serial: settings.token.serial, open: () => openServerToken(settings, state, pairedTimeoutMs) },
    { serial: second.token.serial, open: () => openServerToken(second, { refusedPin }, pairedTimeoutMs) },
    proofFile(state.tokenProofs),
  )
}

/** Its library and PIN file are those of the first, unless the URI names others. */
function secondToken({ token, pinFile }: TokenSettings): TokenSettings | null {
  const uri = variable('HSM_SECOND_TOKEN_URI')
  if (uri === undefined) return null
  const read = parseTokenUri(uri)
  if (!read.ok) throw unfit(read.detail)
  const { serial, modulePath, pin } = read.value
  if (serial === null) throw unfit('expected pkcs11:serial=…')
  if (serial === token.serial) throw unfit('it is the first token')
  const own = pin === 'pin-pad' ? null : (pin?.file ?? pinFile)
  // Of another library's file init found nothing.
  const { librarySha256: _first, ...others } = token
  const place =
    modulePath === null || modulePath === token.library ? token : { ...others, library: modulePath }
  return {
    token: { ...place, serial },
    pinFile: own === null ? null : resolve(own),
  }
}

const unfit = (detail: string) =>
  new EnvironmentError('ENVIRONMENT-VARIABLE', `HSM_SECOND_TOKEN_URI: ${detail}`)
