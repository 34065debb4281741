import type { Token } from '@lux/hsm'
import { transportId } from './transport-id.ts'

const mostDestinations = 64

/** Destroys what given-up attempts left on the token: their keys, and the transport public keys of their window. */
export async function discard(token: Token, ckaIds: readonly string[]): Promise<void> {
  if (ckaIds.length === 0) return
  const transports = ckaIds.flatMap((id) =>
    Array.from({ length: mostDestinations }, (_, index) => transportId(id, index)),
  )
  const { objects } = await token.inventory()
  const doomed = new Set([...ckaIds, ...transports])
  for (const object of objects) {
    if (!doomed.has(object.id)) continue
    if (object.class === 'secret' || object.class === 'public' || object.class === 'private') {
      await token.destroy({ id: object.id, class: object.class })
    }
  }
}
