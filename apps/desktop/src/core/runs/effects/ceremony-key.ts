import { mlDsa65, sec1FromEcSpki, sha256Hex, toBase64, wipe } from '@lux/crypto'
import { sealingTemplate, signingTemplate, type Token } from '@lux/hsm'
import { sealSeed } from '../folder/ceremony-signer.ts'
import { forgetGivenShares } from '../folder/given-shares.ts'
import { type Perform, tokenOf } from './context.ts'
import { discard } from './discard.ts'
import { toEvidence } from './key-evidence.ts'
import { inventoryAsUser } from './token-login.ts'

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
