import { type ServerCard, serverCardCodec } from '@lux/ceremony/wire'
import { EnvironmentError } from '../../refusal.ts'
import type { StateFolder } from './folder.ts'
import { readIfPresent } from './private-file.ts'

export type KnownCard = { readonly card: ServerCard; readonly audience: string }

/** The server's identity card and its digest, which is the audience of bundles for it. */
export async function readCard(state: StateFolder): Promise<KnownCard> {
  const bytes = await readIfPresent(state.card, 32_768)
  if (bytes === 'absent')
    throw new EnvironmentError('STATE-ABSENT', `there is no card in ${state.root}: run init first`)
  const parsed = serverCardCodec.parse(bytes)
  if (!parsed.ok) throw new EnvironmentError('STATE-DAMAGED', `${state.card}: ${parsed.detail}`)
  return { card: parsed.value, audience: serverCardCodec.digest(parsed.value) }
}
