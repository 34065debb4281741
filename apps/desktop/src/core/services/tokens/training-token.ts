import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { encodeCanonical, utf8 } from '@lux/crypto'
import type { Hsm } from '@lux/hsm'
import { writeDurably } from '@lux/node-files'

export const trainingLabel = 'Lux training'

/**
 * Gives a training store's soft token library its first token, so that a newcomer finds one. Its random PINs lie beside
 * it (0600): it is worth nothing. Does nothing when any token is there.
 */
export async function makeTrainingToken(hsm: Hsm, folder: string): Promise<void> {
  const path = join(folder, 'training-pins.json')
  const tokens = await hsm.tokens()
  if (existsSync(path) || tokens.some(({ initialised }) => initialised)) return
  const so = freshPin()
  const user = freshPin()
  writeDurably(path, encodeCanonical({ label: trainingLabel, so, user }))
  await hsm.token('new').initialise({ label: trainingLabel, soPin: utf8(so), userPin: utf8(user) })
}

function freshPin(): string {
  return Array.from({ length: 8 }, () => randomInt(10)).join('')
}
