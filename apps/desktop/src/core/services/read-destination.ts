import { dirname, join, resolve } from 'node:path'
import { serverCardCodec } from '@lux/ceremony/wire'
import { parseCanonical } from '@lux/crypto'
import { CoreError, readBounded } from '@lux/node-files'
import type { RehearsalDestination } from '../rehearsal/rehearsal-request.ts'

const maxFile = 1 << 20

/** transport.json, with the server's card.json beside it. */
export function readDestination(path: string): RehearsalDestination {
  const transport = parseCanonical(readBounded(path, maxFile), { maxBytes: maxFile })
  const card = serverCardCodec.parse(readBounded(join(dirname(resolve(path)), 'card.json'), maxFile))
  if (!card.ok) {
    throw new CoreError(card.rule, card.detail, 'put the server’s card.json beside its transport file')
  }
  return { name: 'server', card: card.value, transport }
}
