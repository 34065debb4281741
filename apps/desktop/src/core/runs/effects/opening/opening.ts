import { expired } from '@lux/ceremony/policy'
import { type Checkpoint, checkpointCodec } from '@lux/ceremony/transcript'
import { type OpeningCertificate, openingCodec, signatureContext } from '@lux/ceremony/wire'
import { sha256Hex } from '@lux/crypto'
import { ExpectedError } from '@lux/node-files'
import { signAsCeremony } from '../../folder/ceremony-signer.ts'
import type { Perform } from '../context.ts'
import { leavesNothing, type Works } from '../work.ts'

/** The ceremony key signs its own certificate too, so that officers sign for a key that somebody holds. */
export const signOpening: Perform<'sign-opening'> = async (effect, run) => {
  const certificate: OpeningCertificate = {
    ceremonyId: effect.ceremonyId,
    domain: effect.domain,
    planHash: effect.planHash,
    policyDigest: effect.policyDigest,
    node0: run.folder.node0,
    tokenSerials: effect.tokenSerials,
    ceremonyKeys: { ...effect.keys },
  }
  const payload = openingCodec.signedBytes(certificate)
  const signer = run.folder.signer(run.hsm)
  const signature = await signAsCeremony(signer, signatureContext('opening', effect.domain), payload)
  run.folder.writeDocument('opening.json', { payload: certificate, signatures: [] })
  return { digest: sha256Hex(payload), signature }
}

export const makeCheckpoint: Perform<'make-checkpoint'> = async (effect, run) => {
  const time = run.clock.now()
  // A verifier compares the time of the first checkpoint, whatever it is for, with the policy's expiry.
  const late = effect.previous === null ? expired(run.policy.policy, time) : null
  if (late !== null) throw new ExpectedError(late.rule, late.detail)
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

export const works = {
  'sign-opening': { perform: signOpening, look: leavesNothing },
  'make-checkpoint': { perform: makeCheckpoint, look: leavesNothing },
} satisfies Works<'sign-opening' | 'make-checkpoint'>
