import { type OpeningCertificate, openingCodec, signatureContext } from '@lux/ceremony/wire'
import { sha256Hex } from '@lux/crypto'
import { signAsCeremony } from '../folder/ceremony-signer.ts'
import type { Perform } from './context.ts'

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
