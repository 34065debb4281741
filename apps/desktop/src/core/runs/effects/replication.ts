import type { EffectOf } from '@lux/ceremony'
import { fromHex } from '@lux/crypto'
import { type Inventory, profileById, type ReplicationStep, replicationProcedure, type Token } from '@lux/hsm'
import { type Perform, pinOf, type RunContext, tokenOf } from './context.ts'
import { toEvidence } from './key/key-evidence.ts'
import { rootWrap } from './key/root.ts'
import { atPad } from './token/pin-pad.ts'
import { checkModel, objectsOf } from './token/token.ts'
import { leavesNothing, type Works } from './work.ts'

/** The root in another token of the plan: read back and proved there. Whether the proof is the root's own, the engine says. */
export const proveReplica: Perform<'prove-replica'> = (effect, run) =>
  effect.way === 'trusted-window' ? unwrapInSpare(effect, run) : lookForClone(effect, run)

/**
 * In the run's own session on the spare: what an interrupted attempt unwrapped there is found by its CKA_ID and not unwrapped again. The
 * transport pair goes once the root has given its proof, and the blob with it.
 */
async function unwrapInSpare(effect: EffectOf<'prove-replica'>, run: RunContext) {
  const { transport, ckaId, key, serial } = effect
  if (transport === null) throw new Error(`no window wrapped ${key.id} for ${effect.token}`)
  const token = tokenOf(run, serial)
  if ((await token.findById(ckaId)).length === 0) {
    const wrapped = run.folder.blobs.get(transport.wrapped)
    const { oaepHash } = rootWrap
    await token.unwrapRoot({
      transportId: transport.transport,
      ckaId,
      label: key.id,
      sameLabel: true,
      wrapped,
      oaepHash,
    })
  }
  const shown = await shownBy(token, effect, run)
  await token.destroyTransportPair({ id: transport.transport })
  return { ...shown, ...stockOf(await token.inventory()), procedure: [] }
}

/** Where the vendor's tool has put it, through a library that was started after that, with a log-in of its own. */
async function lookForClone(effect: EffectOf<'prove-replica'>, run: RunContext) {
  const other = await run.hsm.beside()
  try {
    const token = other.token(effect.serial)
    checkModel(await token.info(), effect.token, run)
    const pin = pinOf(run, effect.token, 'user')
    await atPad({ ...run, hsm: other }, pin, () => token.logIn({ user: 'user', pin }))
    const shown = await shownBy(token, effect, run)
    const stock = stockOf(await token.inventory())
    await token.logOut()
    const procedure = procedureOf(run, effect).map(({ words, command }) => command ?? words)
    return { ...shown, ...stock, procedure }
  } finally {
    await other.close()
  }
}

async function shownBy(token: Token, effect: EffectOf<'prove-replica'>, run: RunContext) {
  const { key, way, ckaId, serial, challenge } = effect
  const reports = await token.readAttributes({ id: ckaId, class: 'secret' })
  const proof = await token.possessionDigest({ kek: { id: ckaId }, challenge: fromHex(challenge) })
  return {
    serial,
    way,
    evidence: toEvidence(run, effect.token, { ckaId, label: key.id }, reports),
    mechanism: proof.mechanism.standard,
    digest: proof.digest,
  }
}

const stockOf = (found: Inventory) => ({ objects: objectsOf(found), unreadable: found.damaged.length })

/** The vendor's own procedure for the planned kind of token, with the names of this key and these tokens. */
export function procedureOf(
  run: Pick<RunContext, 'folder'>,
  of: { token: string; serial: string; from: { serial: string }; ckaId: string; key: { id: string } },
): ReplicationStep[] {
  const planned = run.folder.plan.tokens.find(({ role }) => role === of.token)
  const named = planned?.profile ?? 'generic'
  const profile = profileById(named === 'measured' ? 'generic' : named)
  if (profile === null) throw new Error(`no profile ${planned?.profile}`)
  return replicationProcedure(profile, {
    from: of.from.serial,
    to: of.serial,
    id: of.ckaId,
    label: of.key.id,
  })
}

export const works = {
  'prove-replica': { perform: proveReplica, look: leavesNothing },
} satisfies Works<'prove-replica'>
