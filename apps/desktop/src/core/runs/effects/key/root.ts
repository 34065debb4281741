import {
  type EffectOf,
  type Finding,
  type InventoryObject,
  isWindow,
  type SpareTransport,
} from '@lux/ceremony'
import { fromBase64, sealTo, sha256Hex } from '@lux/crypto'
import {
  type CommittedRoot,
  HsmError,
  type Inventory,
  rootTemplate,
  type Token,
  windowRootTemplate,
} from '@lux/hsm'
import type { AttemptRecord } from '../../folder/run-folder.ts'
import { type Perform, type RunContext, sessionLost, tokenOf } from '../context.ts'
import { type BackupChild, beginBackup } from '../recovery/backup.ts'
import { objectsOf } from '../token/token.ts'
import { asSecurityOfficer } from '../token/token-login.ts'
import { leavesNothing, type Works } from '../work.ts'
import { discard, idsOfAttempts, transportId } from './discard.ts'
import { bornHere, toEvidence } from './key-evidence.ts'

/** A transport card does not say what its token takes, so a root goes by what every token has, and the bundle names it. */
export const rootWrap = { oaepHash: 'sha1', mechanism: 'RSA-OAEP-SHA1' } as const

/**
 * A root of an earlier ceremony may have the planned name, and stays for as long as anything is wrapped under it. No rehearsal
 * would find that, so the day of a ceremony is not stopped by it: roots go by their identifiers.
 */
const rootName = ({ key }: EffectOf<'generate-root'>) => ({ label: key.id, sameLabel: true })

export const generateRoot: Perform<'generate-root'> = async (effect, run) => {
  const token = tokenOf(run, effect.serial)
  if (!isWindow(effect)) {
    await discard(token, effect.discard)
    const made = await token.generateAes({
      id: effect.ckaId,
      ...rootName(effect),
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
  const backup = await beginBackup(effect, run)
  try {
    return await replicated(effect, run, token, backup)
  } finally {
    backup?.end()
  }
}

async function replicated(
  effect: EffectOf<'generate-root'>,
  run: RunContext,
  token: Token,
  backup: BackupChild | null,
) {
  const pairs = await makePairs(effect, run)
  const servers = effect.destinations.map((destination, index) => ({
    id: transportId(effect.ckaId, index),
    label: `transport-${destination.node}`,
    spki: fromBase64(destination.transportKey),
    oaepHash: rootWrap.oaepHash,
  }))
  const spares = pairs.map(({ token: role, transport, spki }) => ({
    id: transport,
    label: `transport-${role}`,
    spki,
    oaepHash: rootWrap.oaepHash,
  }))
  const destinations = [...servers, ...spares, ...backupPlace(effect, backup)]
  run.progress('trusted-keys', null)
  await asSecurityOfficer(token, effect.token, run, () => token.importTrustedDestinations({ destinations }))
  // Only the user sees the keys of attempts that were given up; theirs are trusted too, so they go before the window.
  await discard(token, effect.discard)
  run.progress('trusted-window', null)
  const window = await token.openTrustedWindow({
    ckaId: effect.ckaId,
    ...rootName(effect),
    destinations,
    ...(backup === null ? {} : { challenge: backup.challenge }),
  })
  let made: CommittedRoot
  try {
    const blobs = await sealBlobs(effect, run, window.blobs)
    const toBackup = window.blobs.find(({ destination }) => destination === backupId(effect))
    const dealt = backup && toBackup ? { backup: await backup.deal(window, toBackup.wrapped) } : {}
    const record: AttemptRecord<'generate-root'> = {
      effect: 'generate-root',
      part: {
        mechanism: effect.mechanism,
        blobs,
        trusted: trustedDigests(destinations, window.trusted),
        ...dealt,
        ...(pairs.length === 0 ? {} : { spares: keepBlobs(pairs, run, window.blobs) }),
      },
    }
    run.folder.writeAttempt(effect.step, effect.attempt, record)
    made = await token.commitTrustedWindow()
  } catch (error) {
    // When the token is gone its window is too; the first error is the one to report.
    await token.abandonTrustedWindow().catch(() => undefined)
    if (!(error instanceof HsmError && sessionLost.has(error.code))) {
      run.folder.voidAttempt(effect.step, effect.attempt)
    }
    throw error
  }
  await token.destroyTransportKeys({ ids: destinations.map(({ id }) => id) })
  const record = run.folder.attempt('generate-root', effect.step, effect.attempt)
  if (record === null) throw new Error('the attempt record was written above')
  return {
    evidence: toEvidence(run, effect.token, { ckaId: effect.ckaId, label: effect.key.id }, made.attributes),
    ...record.part,
    held: heldBeside(made.inventory, destinations),
  }
}

/**
 * A transport pair in each spare token, right before the window. The public half has the same identifier on the ceremony token, so that
 * leftovers of the attempt are known in both.
 */
async function makePairs(
  { ckaId, destinations, discard: given, spares }: EffectOf<'generate-root'>,
  run: RunContext,
) {
  const made = []
  for (const [index, { token: role, serial }] of spares.entries()) {
    run.progress('transport-pair', null)
    const spare = tokenOf(run, serial)
    const transport = transportId(ckaId, destinations.length + index)
    const { objects } = await spare.inventory()
    const left = idsOfAttempts([...given, ckaId])
    for (const id of new Set(objects.map(({ id }) => id).filter((id) => left.has(id))))
      await spare.destroyTransportPair({ id })
    const { spki } = await spare.createTransportPair({ id: transport, label: `transport-${role}` })
    made.push({ token: role, serial, transport, spki })
  }
  return made
}

/** A spare's blob stays in the run's folder until the spare has unwrapped it; no bundle carries it. */
function keepBlobs(
  pairs: Awaited<ReturnType<typeof makePairs>>,
  run: RunContext,
  blobs: readonly { destination: string; wrapped: Uint8Array }[],
): SpareTransport[] {
  return pairs.map(({ spki, ...pair }) => {
    const blob = blobs.find(({ destination }) => destination === pair.transport)
    if (blob === undefined) throw new Error(`no blob for the spare ${pair.token}`)
    return { ...pair, publicKey: sha256Hex(spki), wrapped: run.folder.blobs.put(blob.wrapped) }
  })
}

/** The pair of a backup is the window's last destination. */
const backupId = ({ ckaId, destinations, spares }: EffectOf<'generate-root'>) =>
  transportId(ckaId, destinations.length + spares.length)

function backupPlace(effect: EffectOf<'generate-root'>, backup: BackupChild | null) {
  if (backup === null) return []
  const { publicKey: spki } = backup
  return [{ id: backupId(effect), label: 'transport-backup', spki, oaepHash: rootWrap.oaepHash }]
}

/** The identifiers of the keys that a window of this attempt is trusted with. */
export function windowKeys({ ckaId, destinations, spares, backup }: EffectOf<'generate-root'>): string[] {
  const count = destinations.length + spares.length + (backup === null ? 0 : 1)
  return Array.from({ length: count }, (_, index) => transportId(ckaId, index))
}

/** What an inventory shows beside the window's own transport keys, one public key for each. */
function heldBeside(
  inventory: Inventory,
  transports: readonly { id: string; label: string }[],
): { objects: InventoryObject[]; unreadable: number } {
  const objects = objectsOf(inventory)
  for (const { id, label } of transports) {
    const at = objects.findIndex((one) => one.ckaId === id && one.class === 'public' && one.label === label)
    if (at >= 0) objects.splice(at, 1)
  }
  return { objects, unreadable: inventory.damaged.length }
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

async function lookForRoot(effect: EffectOf<'generate-root'>, run: RunContext): Promise<Finding> {
  const token = tokenOf(run, effect.serial)
  const copied = isWindow(effect)
  const profile = effect.profile === 'measured' ? (await token.info()).profile : effect.profile
  const found = await token.findById(effect.ckaId, copied ? windowRootTemplate(profile) : rootTemplate)
  const record = run.folder.attempt('generate-root', effect.step, effect.attempt)
  if (found.length === 0) {
    const lost = record?.part.blobs.map(({ sealed }) => sealed) ?? []
    run.folder.voidAttempt(effect.step, effect.attempt)
    return { found: 'absent', detail: `no key with this id; void blobs: ${lost.join(', ') || 'none'}` }
  }
  const [key] = found
  if (key === undefined || found.length > 1)
    return { found: 'ambiguous', detail: `${found.length} keys with this id` }
  if (!bornHere(key, 'CKM_AES_KEY_GEN') || key.neverExtractable === copied) {
    return { found: 'ambiguous', detail: 'a key with this id was not made by this step' }
  }
  if (copied && record === null) return { found: 'ambiguous', detail: 'the key is there, its blobs are not' }
  const part = record?.part ?? { mechanism: effect.mechanism, blobs: [], trusted: [] }
  await token.destroyTransportKeys({ ids: windowKeys(effect) })
  // Compared with the template above; here with what only the token can know, such as LOCAL.
  const attributes = await token.readAttributes(key.ref)
  const inventory = copied ? await token.inventory() : null
  return {
    found: 'adopted',
    result: {
      evidence: toEvidence(run, effect.token, { ckaId: effect.ckaId, label: effect.key.id }, attributes),
      ...part,
      ...(inventory === null
        ? {}
        : { held: { objects: objectsOf(inventory), unreadable: inventory.damaged.length } }),
    },
  }
}

export const works = {
  'generate-root': { perform: generateRoot, look: lookForRoot },
  'read-back': { perform: readBack, look: leavesNothing },
} satisfies Works<'generate-root' | 'read-back'>
