import { type Checkpoint, checkpointCodec } from '@lux/ceremony/transcript'
import { signatureContext } from '@lux/ceremony/wire'
import { sha256Hex } from '@lux/crypto'
import { CoreError } from '@lux/node-files'
import type { Perform } from '../../runs/effects/context.ts'
import { expired } from '../../runs/effects/policy-expiry.ts'
import { signAsCeremony } from '../../runs/folder/ceremony-signer.ts'

export const makeCheckpoint: Perform<'make-checkpoint'> = async (effect, run) => {
  const time = run.clock.now()
  // A verifier compares the time of the first checkpoint, whatever it is for, with the policy's expiry.
  const late = effect.previous === null ? expired(run.policy.policy, time) : null
  if (late !== null) throw new CoreError(late.rule, late.detail)
  const { node, root } = run.folder.headAt(effect.size)
  const checkpoint: Checkpoint = {
    ceremonyId: effect.ceremonyId,
    size: String(effect.size),
    node,
    root,
    planHash: effect.planHash,
    opening: effect.opening,
    previous: effect.previous,
    time,
  }
  const payload = checkpointCodec.signedBytes(checkpoint)
  const context = signatureContext('checkpoint', effect.domain)
  const signature = await signAsCeremony(run.folder.signer(run.hsm), context, payload)
  run.folder.writeDocument(`checkpoints/${effect.size}.json`, {
    payload: checkpoint,
    signatures: [signature],
  })
  return { size: effect.size, node, root, digest: sha256Hex(payload), signature }
}
