import type { EffectOf } from '@lux/ceremony'
import { fromBase64, sealTo, sha256Hex } from '@lux/crypto'
import { rootTemplate, type Token } from '@lux/hsm'
import type { AttemptRecord } from '../attempt-record.ts'
import { type Perform, pinOf, type RunContext, tokenOf } from '../run-context.ts'
import { discard } from './discard.ts'
import { toEvidence } from './key-evidence.ts'
import { transportId } from './transport-id.ts'

export const generateRoot: Perform<'generate-root'> = async (effect, run) => {
  const token = tokenOf(run, effect.serial)
  await discard(token, effect.discard)
  if (effect.destinations.length === 0) {
    const made = await token.generateAes({
      id: effect.ckaId,
      label: effect.key.id,
      bits: 256,
      template: rootTemplate,
    })
    return {
      evidence: toEvidence(run, effect.token, { ckaId: effect.ckaId, label: effect.key.id }, made.attributes),
      mechanism: effect.mechanism,
      blobs: [],
      trusted: [],
    }
  }
  return replicated(effect, run, token)
}

async function replicated(effect: EffectOf<'generate-root'>, run: RunContext, token: Token) {
  const destinations = effect.destinations.map((destination, index) => ({
    id: transportId(effect.ckaId, index),
    label: `transport-${destination.node}`,
    spki: fromBase64(destination.transportKey),
  }))
  run.progress('trusted-keys', null)
  await token.logOut()
  await token.logIn({ user: 'so', pin: pinOf(run, effect.token, 'so') })
  await token.importTrustedDestinations({ destinations })
  await token.logOut()
  await token.logIn({ user: 'user', pin: pinOf(run, effect.token, 'user') })
  run.progress('trusted-window', null)
  const window = await token.openTrustedWindow({ ckaId: effect.ckaId, label: effect.key.id, destinations })
  try {
    const blobs = await sealBlobs(effect, run, window.blobs)
    const record: AttemptRecord<'generate-root'> = {
      effect: 'generate-root',
      part: { mechanism: effect.mechanism, blobs, trusted: trustedDigests(destinations, window.trusted) },
    }
    run.folder.writeAttempt(effect.step, effect.attempt, record)
  } catch (error) {
    await token.abandonTrustedWindow()
    throw error
  }
  const made = await token.commitTrustedWindow()
  await token.destroyTransportKeys({ ids: destinations.map(({ id }) => id) })
  const record = run.folder.attempt('generate-root', effect.step, effect.attempt)
  if (record === null) throw new Error('the attempt record was written above')
  return {
    evidence: toEvidence(run, effect.token, { ckaId: effect.ckaId, label: effect.key.id }, made.attributes),
    ...record.part,
  }
}

/** SHA-256 of the SPKI of every key that the token calls trusted; the driver has compared each with its destination. */
function trustedDigests(
  destinations: readonly { id: string; spki: Uint8Array }[],
  trusted: readonly string[],
): string[] {
  return trusted
    .map((id) =>
      sha256Hex(destinations.find((destination) => destination.id === id)?.spki ?? new Uint8Array()),
    )
    .toSorted()
}

/** Each blob sealed to its destination's age recipient and on disk before the root's own copy is made. */
async function sealBlobs(
  effect: EffectOf<'generate-root'>,
  run: RunContext,
  blobs: readonly { destination: string; wrapped: Uint8Array }[],
) {
  return Promise.all(
    effect.destinations.map(async ({ serial, recipient }, index) => {
      const blob = blobs.find(({ destination }) => destination === transportId(effect.ckaId, index))
      if (blob === undefined) throw new Error(`no blob for destination ${index}`)
      const sealed = await sealTo([recipient], blob.wrapped)
      return { serial, wrapped: sha256Hex(blob.wrapped), sealed: run.folder.blobs.put(sealed) }
    }),
  )
}

export const readBack: Perform<'read-back'> = async (effect, run) => {
  const reports = await tokenOf(run, effect.serial).readAttributes({ id: effect.ckaId, class: 'secret' })
  return { evidence: toEvidence(run, effect.token, { ckaId: effect.ckaId, label: effect.key.id }, reports) }
}
