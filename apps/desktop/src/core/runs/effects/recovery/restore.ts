import { join } from 'node:path'
import type { EffectOf } from '@lux/ceremony'
import { fromHex, fromUtf8, wipe } from '@lux/crypto'
import type { Inventory, Token } from '@lux/hsm'
import { ExpectedError } from '@lux/node-files'
import { runKeyChild } from '../../../key-child/client.ts'
import { openSealed } from '../../folder/ceremony-signer.ts'
import { forgetGivenShares } from '../../folder/given-shares.ts'
import { mediumPath, releaseFile, releaseKeyPath } from '../../folder/places.ts'
import { type Perform, type RunContext, tokenOf } from '../context.ts'
import { idsOfAttempts, transportId } from '../key/discard.ts'
import { toEvidence } from '../key/key-evidence.ts'
import { rootWrap } from '../key/root.ts'
import { objectsOf } from '../token/token.ts'
import { leavesNothing, type Works } from '../work.ts'

/** Kept before the token is changed, so that an attempt after an interruption knows what it finds for its own. */
const mark = ({ step }: { step: string }, attempt: number) => `attempts/${step}-${attempt}.json`

/** The mark of this attempt, or of one before it; null where none came so far. */
function markOf(effect: { step: string; attempt: number }, { folder }: RunContext): string | null {
  const names = Array.from({ length: effect.attempt }, (_, at) => mark(effect, at + 1))
  return names.find((name) => folder.has(name)) ?? null
}

/**
 * The root out of its backup into a token, read back and proved there. An interrupted attempt is taken up again: what it unwrapped is found
 * by its CKA_ID. Errors: RECOVERY-ROOT-THERE, RECOVERY-ROOT-OTHER, BACKUP-…, SEAL-…, HSM-….
 */
export const restoreRoot: Perform<'restore-root'> = async (effect, run) => {
  const { serial, ckaId, backup, releases, challenge } = effect
  const token = tokenOf(run, serial)
  if (!(await isHere(token, effect, run))) await bringIn(token, effect, run)
  const reports = await token.readAttributes({ id: ckaId, class: 'secret' })
  const proof = await token.possessionDigest({ kek: { id: ckaId }, challenge: fromHex(challenge) })
  await destroyPairs(token, effect)
  forgetGivenShares(run.folder)
  return {
    serial,
    shares: releases.map(({ index }) => index),
    evidence: toEvidence(run, effect.token, { ckaId, label: backup.key }, reports),
    mechanism: proof.mechanism.standard,
    digest: proof.digest,
    ...stockOf(await token.inventory()),
  }
}

/** Whether an earlier attempt of this step brought it. A root that was there before is nobody's to prove as restored. */
async function isHere(token: Token, effect: EffectOf<'restore-root'>, run: RunContext): Promise<boolean> {
  const found = await token.findById(effect.ckaId)
  if (found.length === 0) return false
  if (markOf(effect, run) !== null) return true
  throw new ExpectedError(
    'RECOVERY-ROOT-THERE',
    `the token ${effect.serial} holds a key with the CKA_ID ${effect.ckaId} already`,
  )
}

async function bringIn(token: Token, effect: EffectOf<'restore-root'>, run: RunContext): Promise<void> {
  const { backup, releases, challenge, ckaId } = effect
  await destroyPairs(token, effect)
  run.progress('transport-pair', null)
  const pair = transportId(effect.pair, 0)
  const { spki } = await token.createTransportPair({ id: pair, label: 'transport-restore' })
  run.progress('restore-root', null)
  const identity = await openSealed(run.folder.signer(run.hsm), releaseKeyPath(run.folder))
  const { wrapped } = await runKeyChild(
    {
      do: 'restore-backup',
      params: {
        ...{ domain: effect.domain, ceremonyId: effect.ceremonyId, backup, challenge, spki },
        medium: mediumPath(run.folder, backup.key),
        releases: releases.map(({ index, name }) => ({
          index,
          name,
          path: join(run.folder.path, releaseFile(index)),
        })),
        identity: fromUtf8(identity),
      },
    },
    { ...run.keyChild, signal: run.signal },
  ).finally(() => wipe(identity))
  run.folder.writeDocument(mark(effect, effect.attempt), { effect: effect.kind })
  const { oaepHash } = rootWrap
  await token.unwrapRoot({
    ...{ transportId: pair, ckaId, label: backup.key, sameLabel: true },
    wrapped: new Uint8Array(wrapped),
    oaepHash,
  })
}

/** Pairs of this attempt and of those before it. */
async function destroyPairs(token: Token, { pair, discard }: EffectOf<'restore-root'>): Promise<void> {
  const left = idsOfAttempts([...discard, pair])
  const { objects } = await token.inventory()
  for (const id of new Set(objects.map(({ id }) => id).filter((id) => left.has(id))))
    await token.destroyTransportPair({ id })
}

/**
 * Destroys the root in the token, and proves it absent; of a decommission only what gave the root's own proof. An attempt after an
 * interruption finds nothing to destroy, and says what was proved before. Errors: DECOMMISSION-ABSENT, DECOMMISSION-OTHER, HSM-….
 */
export const zeroiseRoot: Perform<'zeroise-root'> = async (effect, run) => {
  const { serial, ckaId, proof } = effect
  const token = tokenOf(run, serial)
  const given = proof === null ? {} : await provedThere(token, { ...effect, proof }, run)
  for (const { ref } of await token.findById(ckaId)) await token.destroy(ref)
  const absent = (await token.findById(ckaId)).length === 0
  return { serial, ckaId, absent, ...given, ...stockOf(await token.inventory()) }
}

type Proof = NonNullable<EffectOf<'zeroise-root'>['proof']>

/** The token holds one key under the root's CKA_ID, and that key is the root. An identifier alone proves nothing. */
async function provedThere(
  token: Token,
  effect: EffectOf<'zeroise-root'> & { proof: Proof },
  run: RunContext,
): Promise<{ mechanism: string; digest: string }> {
  const { serial, ckaId, proof } = effect
  const expected = { mechanism: proof.mechanism, digest: proof.digest }
  const found = await token.findById(ckaId)
  if (found.length === 0 && markOf(effect, run) !== null) return expected
  if (found.length !== 1)
    throw new ExpectedError(
      'DECOMMISSION-ABSENT',
      `the token ${serial} holds ${found.length} keys with the CKA_ID ${ckaId}`,
    )
  const { mechanism, digest } = await token.possessionDigest({
    kek: { id: ckaId },
    challenge: fromHex(proof.challenge),
  })
  if (mechanism.standard !== proof.mechanism || digest !== proof.digest)
    throw new ExpectedError(
      'DECOMMISSION-OTHER',
      `the key ${ckaId} of the token ${serial} gives the proof ${digest} (${mechanism.standard})`,
    )
  run.folder.writeDocument(mark(effect, effect.attempt), { effect: effect.kind, ...expected })
  return expected
}

const stockOf = (found: Inventory) => ({ objects: objectsOf(found), unreadable: found.damaged.length })

export const works = {
  'restore-root': { perform: restoreRoot, look: leavesNothing },
  'zeroise-root': { perform: zeroiseRoot, look: leavesNothing },
} satisfies Works<'restore-root' | 'zeroise-root'>
