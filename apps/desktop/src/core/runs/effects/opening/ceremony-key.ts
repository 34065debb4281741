import type { EffectOf, Finding } from '@lux/ceremony'
import { mlDsa65, sec1FromEcSpki, sha256Hex, toBase64, wipe } from '@lux/crypto'
import { sealingTemplate, signingTemplate, type Token } from '@lux/hsm'
import { sealSeed } from '../../folder/ceremony-signer.ts'
import { forgetGivenShares } from '../../folder/given-shares.ts'
import { type Perform, type RunContext, tokenOf } from '../context.ts'
import { discard } from '../key/discard.ts'
import { bornHere, toEvidence } from '../key/key-evidence.ts'
import { inventoryAsUser } from '../token/token-login.ts'
import type { Works } from '../work.ts'

/** Several runs may be open on one token, each with a ceremony key of this name: they go by their identifiers. */
export const ceremonyKeyLabel = 'ceremony-key'

export const makeCeremonyKey: Perform<'make-ceremony-key'> = async (effect, run) => {
  const token = tokenOf(run, effect.serial)
  await discard(token, effect.discard)
  await token.generateAes({
    id: effect.sealCkaId,
    label: `${ceremonyKeyLabel}-seal`,
    sameLabel: true,
    bits: 256,
    template: { ...sealingTemplate, token: true },
  })
  const pair = await token.generateKeyPair({
    id: effect.ckaId,
    label: ceremonyKeyLabel,
    sameLabel: true,
    kind: 'p-256',
    template: signingTemplate,
  })
  const seed = mlDsa65.generate(run.entropy)
  try {
    const sealed = await sealSeed({
      token,
      sealCkaId: effect.sealCkaId,
      ceremonyId: effect.ceremonyId,
      seed,
      nonce: run.entropy.bytes(12),
      path: run.folder.sealedSeed,
    })
    const result = {
      keys: {
        p256: toBase64(sec1FromEcSpki('P-256', pair.spki)),
        mlDsa65: toBase64(mlDsa65.publicKey(seed)),
      },
      evidence: toEvidence(
        run,
        effect.token,
        { ckaId: effect.ckaId, label: ceremonyKeyLabel },
        pair.attributes,
      ),
      mlDsaSealed: sha256Hex(sealed),
    }
    run.folder.writeAttempt(effect.step, effect.attempt, { effect: 'make-ceremony-key', part: result })
    return result
  } finally {
    wipe(seed)
  }
}

/** Destroys both halves and proves them absent; the sealed seed goes with the key that opened it. */
export const destroyCeremonyKey: Perform<'destroy-ceremony-key'> = async (effect, run) => {
  const absent = await destroyKeyHalves(tokenOf(run, effect.serial), effect.serial, effect)
  run.folder.forgetSealedSeed()
  forgetGivenShares(run.folder)
  return { ckaId: effect.ckaId, absent }
}

/** Destroys whatever is left of a ceremony key; true when it is absent afterwards. Throws HSM-NOT-LOGGED-IN and other HsmErrors. */
export async function destroyKeyHalves(
  token: Token,
  serial: string,
  { ckaId, sealCkaId }: { ckaId: string; sealCkaId: string },
): Promise<boolean> {
  await inventoryAsUser(token, serial)
  for (const [id, kind] of [
    [ckaId, 'private'],
    [ckaId, 'public'],
    [sealCkaId, 'secret'],
  ] as const) {
    if ((await token.findById(id)).some(({ ref }) => ref.class === kind))
      await token.destroy({ id, class: kind })
  }
  return [...(await token.findById(ckaId)), ...(await token.findById(sealCkaId))].length === 0
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

async function lookForAbsence(effect: EffectOf<'destroy-ceremony-key'>, run: RunContext): Promise<Finding> {
  const token = tokenOf(run, effect.serial)
  await inventoryAsUser(token, effect.serial)
  const left = [...(await token.findById(effect.ckaId)), ...(await token.findById(effect.sealCkaId))]
  if (left.length > 0) return { found: 'absent', detail: 'the key is still there' }
  run.folder.forgetSealedSeed()
  return { found: 'adopted', result: { ckaId: effect.ckaId, absent: true } }
}

export const works = {
  'make-ceremony-key': { perform: makeCeremonyKey, look: lookForCeremonyKey },
  'destroy-ceremony-key': { perform: destroyCeremonyKey, look: lookForAbsence },
} satisfies Works<'make-ceremony-key' | 'destroy-ceremony-key'>
