import { fromHex } from '@lux/crypto'
import { profileById, type ReplicationStep, replicationProcedure } from '@lux/hsm'
import { type Perform, pinOf, type RunContext } from './context.ts'
import { toEvidence } from './key-evidence.ts'
import { atPad } from './pin-pad.ts'
import { checkModel, objectsOf } from './token.ts'

/**
 * Looks for the root where the vendor's tool has put it, through a library that was started after that: found by serial and
 * CKA_ID, read back, proved. Whether the proof is the root's own, the engine says.
 */
export const proveReplica: Perform<'prove-replica'> = async (effect, run) => {
  const other = await run.hsm.beside()
  try {
    const token = other.token(effect.serial)
    checkModel(await token.info(), effect.token, run)
    const pin = pinOf(run, effect.token, 'user')
    await atPad({ ...run, hsm: other }, pin, () => token.logIn({ user: 'user', pin }))
    const reports = await token.readAttributes({ id: effect.ckaId, class: 'secret' })
    const proof = await token.possessionDigest({
      kek: { id: effect.ckaId },
      challenge: fromHex(effect.challenge),
    })
    const found = await token.inventory()
    await token.logOut()
    const { key, way, ckaId, serial } = effect
    return {
      serial,
      way,
      procedure: procedureOf(run, effect).map(({ words, command }) => command ?? words),
      evidence: toEvidence(run, effect.token, { ckaId, label: key.id }, reports),
      mechanism: proof.mechanism.standard,
      digest: proof.digest,
      objects: objectsOf(found),
      unreadable: found.damaged.length,
    }
  } finally {
    await other.close()
  }
}

/** The vendor's own procedure for the planned kind of token, with the names of this key and these tokens. */
export function procedureOf(
  run: Pick<RunContext, 'folder'>,
  of: { token: string; serial: string; from: { serial: string }; ckaId: string; key: { id: string } },
): ReplicationStep[] {
  const planned = run.folder.plan.tokens.find(({ role }) => role === of.token)
  const profile = profileById(planned?.profile ?? 'generic')
  if (profile === null) throw new Error(`no profile ${planned?.profile}`)
  return replicationProcedure(profile, {
    from: of.from.serial,
    to: of.serial,
    id: of.ckaId,
    label: of.key.id,
  })
}
