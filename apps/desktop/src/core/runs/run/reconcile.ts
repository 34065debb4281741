import { type EffectOf, type Finding, isWindow, type OwnEffect } from '@lux/ceremony'
import {
  type KeyEvidence,
  rootTemplate,
  sealingTemplate,
  signingTemplate,
  windowRootTemplate,
} from '@lux/hsm'
import { type RunContext, tokenOf } from '../effects/context.ts'
import { toEvidence } from '../effects/key-evidence.ts'
import { windowKeys } from '../effects/root.ts'
import { objectsOf, tokensSince } from '../effects/token.ts'
import { inventoryAsUser } from '../effects/token-login.ts'

/**
 * Looks for what an interrupted attempt left, on the token and on disk, and makes nothing. A key is adopted only
 * when it is the only one of its id and its flags are those that a planted key cannot have (CEREMONY.md "Journal").
 */
export async function look(effect: OwnEffect, run: RunContext): Promise<Finding> {
  switch (effect.kind) {
    case 'initialise-token':
      return lookForToken(effect, run)
    case 'make-ceremony-key':
      return lookForCeremonyKey(effect, run)
    case 'generate-root':
      return lookForRoot(effect, run)
    case 'generate-key':
    case 'fhe-deal':
      return lookForRecord(effect, run)
    case 'destroy-ceremony-key':
      return lookForAbsence(effect, run)
    default:
      return { found: 'absent', detail: 'this step leaves nothing behind' }
  }
}

/** A new token that carries the label and both PINs was initialised; one without a user PIN is initialised again. */
async function lookForToken(effect: EffectOf<'initialise-token'>, run: RunContext): Promise<Finding> {
  const whole = await tokensSince(effect, run)
  if (whole === null) return { found: 'absent', detail: 'the token was not touched' }
  if (whole.length > 1)
    return { found: 'ambiguous', detail: `${whole.length} tokens are labelled ${effect.label}` }
  const [token] = whole
  if (token === undefined) return { found: 'absent', detail: `no finished token is labelled ${effect.label}` }
  const { serial, label, model, firmware } = token
  return { found: 'adopted', result: { serial, label, model, firmware } }
}

async function lookForCeremonyKey(effect: EffectOf<'make-ceremony-key'>, run: RunContext): Promise<Finding> {
  const record = run.folder.attempt('make-ceremony-key', effect.step, effect.attempt)
  const token = tokenOf(run, effect.serial)
  const pair = await token.findById(effect.ckaId, signingTemplate)
  const seal = await token.findById(effect.sealCkaId, { ...sealingTemplate, token: true })
  if (record === null) return { found: 'absent', detail: 'the key was not finished' }
  const key = pair.filter(({ ref }) => ref.class === 'private')
  const born = bornHere(key[0], 'CKM_EC_KEY_PAIR_GEN') && bornHere(seal[0], 'CKM_AES_KEY_GEN')
  if (key.length !== 1 || seal.length !== 1 || !born || key[0]?.neverExtractable !== true) {
    return { found: 'ambiguous', detail: `${key.length} ceremony keys and ${seal.length} sealing keys` }
  }
  return { found: 'adopted', result: record.part }
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

/** A key that this token made itself as planned and never showed: what no import can claim. */
function bornHere(key: KeyEvidence | undefined, generatedBy: string): boolean {
  return (
    key?.local === true &&
    key.generatedBy === generatedBy &&
    key.alwaysSensitive &&
    key.attributes.every(({ ok, lacking }) => ok || lacking === true)
  )
}

function lookForRecord(effect: EffectOf<'generate-key' | 'fhe-deal'>, run: RunContext): Finding {
  const record = run.folder.attempt(effect.kind, effect.step, effect.attempt)
  if (record === null)
    return { found: 'absent', detail: 'nothing was kept; a session object dies with its session' }
  return { found: 'adopted', result: record.part }
}

async function lookForAbsence(effect: EffectOf<'destroy-ceremony-key'>, run: RunContext): Promise<Finding> {
  const token = tokenOf(run, effect.serial)
  await inventoryAsUser(token, effect.serial)
  const left = [...(await token.findById(effect.ckaId)), ...(await token.findById(effect.sealCkaId))]
  if (left.length > 0) return { found: 'absent', detail: 'the key is still there' }
  run.folder.forgetSealedSeed()
  return { found: 'adopted', result: { ckaId: effect.ckaId, absent: true } }
}
