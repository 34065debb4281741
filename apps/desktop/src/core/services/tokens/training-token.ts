import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { encodeCanonical, utf8 } from '@lux/crypto'
import type { Hsm } from '@lux/hsm'
import { readBounded, writeDurably } from '@lux/node-files'
import * as v from 'valibot'
import type { InputOf } from '../../../contract/index.ts'
import { freshPin } from '../../rehearsal/rehearsal-pins.ts'
import type { ServiceContext } from '../shared/service-context.ts'

const trainingLabel = 'Lux training'

const pinsFile = (folder: string) => join(folder, 'training-pins.json')

/**
 * Gives a training store's soft token library its first token, so that a newcomer finds one. Its random PINs lie beside
 * it (0600): it is worth nothing. Does nothing when any token is there.
 */
export async function makeTrainingToken(hsm: Hsm, folder: string): Promise<void> {
  const path = pinsFile(folder)
  const tokens = await hsm.tokens()
  if (existsSync(path) || tokens.some(({ initialised }) => initialised)) return
  const pins = { label: trainingLabel, so: freshPin(), user: freshPin() }
  writeDurably(path, encodeCanonical(pins))
  const { serial } = await hsm
    .token('new')
    .initialise({ label: trainingLabel, soPin: utf8(pins.so), userPin: utf8(pins.user) })
  writeDurably(path, encodeCanonical({ ...pins, serial }))
}

const pinsSchema = v.object({ serial: v.string(), so: v.string(), user: v.string() })

/** The PINs of the training token, which the log-in shows; null of every other token. */
export function trainingPins(
  { trainingFolder, librarySource }: Pick<ServiceContext, 'trainingFolder' | 'librarySource'>,
  asked: InputOf<'tokens.trainingPins'>,
): { pins: { so: string; user: string } | null } {
  if (trainingFolder === null || librarySource() !== 'own') return { pins: null }
  const path = pinsFile(trainingFolder)
  if (!existsSync(path)) return { pins: null }
  const read = v.safeParse(pinsSchema, JSON.parse(new TextDecoder().decode(readBounded(path, 1024))))
  if (!read.success || read.output.serial !== asked.serial) return { pins: null }
  const { so, user } = read.output
  return { pins: { so, user } }
}
