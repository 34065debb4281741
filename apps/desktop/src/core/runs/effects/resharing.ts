import { join } from 'node:path'
import {
  type EpochLive,
  envelopeSignedBytes,
  envelopesDigest,
  epochLiveCodec,
  signatureContext,
} from '@lux/ceremony/wire'
import { encodeCanonical, fromHex, sha256Hex, toHex } from '@lux/crypto'
import { nextPublic } from '@lux/crypto/fhe'
import { ExpectedError, readBounded, writeDurably } from '@lux/node-files'
import { nextSignatureFile } from '@lux/people'
import { nextBudgets } from '../folder/budgets.ts'
import { signAsCeremony } from '../folder/ceremony-signer.ts'
import { correctionPath } from '../folder/places.ts'
import type { Perform, RunContext } from './context.ts'
import { leavesNothing, type Works } from './work.ts'

const maxFile = 64 << 20

/** The next public.bin: everybody who has the old one and the corrections gets the same. */
export const assembleEpoch: Perform<'assemble-epoch'> = async (effect, run) => {
  // As the policy caps it: nothing is signed for an epoch whose shares could answer nothing.
  nextBudgets(run.folder)
  const pub = readBounded(join(run.folder.path, 'fhe', 'public.bin'), maxFile)
  if (sha256Hex(pub) !== effect.old.public)
    throw new ExpectedError('FHE-PUBLIC-OTHER', 'fhe/public.bin is not that of the old epoch')
  const corrections = effect.dealers.map(({ dealer, correction }) => {
    const bytes = readBounded(correctionPath(run.folder, dealer), maxFile)
    if (sha256Hex(bytes) === correction) return bytes
    throw new ExpectedError('FHE-CORRECTION-OTHER', `dealer ${dealer} signed another correction`)
  })
  const next = nextPublic({
    pub,
    corrections,
    dealers: effect.dealers.map(({ dealer }) => dealer),
    to: { t: effect.t, n: effect.n },
    planHash: fromHex(effect.planHash, 32),
    roster: effect.holders,
  })
  if (!next.ok) throw new ExpectedError(next.rule, `${next.detail}; the dealers deal again, with fresh seeds`)
  writeDurably(join(run.folder.path, 'fhe', 'next', 'public.bin'), next.value.pub, 0o644)
  // Its SHA-256 stands in public.bin; whoever combines answers finds the holders' cards by it.
  const roster = effect.holders.map(({ index, name, card }) => ({ index, name, card }))
  writeDurably(join(run.folder.path, 'fhe', 'next', 'roster.json'), encodeCanonical(roster), 0o644)
  await signNextEnvelopes(effect, run)
  return {
    epochId: toHex(next.value.epochId),
    epoch: effect.old.epoch + 1,
    public: { sha256: sha256Hex(next.value.pub), size: next.value.pub.length },
    commitments: toHex(next.value.commitmentsDigest),
    corrections: corrections.map((bytes) => sha256Hex(bytes)),
  }
}

/** As at the first dealing, a holder opens nothing that the ceremony key did not sign: one signature on all dealers' envelopes. */
async function signNextEnvelopes(
  effect: Parameters<Perform<'assemble-epoch'>>[0],
  run: RunContext,
): Promise<void> {
  const redealt = (run.folder.state.reshare?.redealt ?? []).toSorted((a, b) => a.dealer - b.dealer)
  const signer = run.folder.signer(run.hsm)
  const context = signatureContext('share-envelope', effect.domain)
  for (const { index } of effect.holders) {
    const digest = envelopesDigest(redealt.map(({ envelopes }) => envelopes[index - 1] ?? ''))
    const signature = await signAsCeremony(signer, context, envelopeSignedBytes(digest))
    run.folder.writeDocument(nextSignatureFile(index), signature)
  }
}

/** Once every new holder has proved the share and the canary came out right: now the old shares may go. */
export const signEpochLive: Perform<'sign-epoch-live'> = async (effect, run) => {
  const statement: EpochLive = {
    v: 1,
    kind: 'epoch-live',
    domain: effect.domain,
    ceremonyId: effect.ceremonyId,
    planHash: effect.planHash,
    keyId: effect.old.keyId,
    oldEpochId: effect.old.epochId,
    epochId: effect.epochId,
    epoch: effect.epoch,
    t: effect.t,
    n: effect.n,
    acknowledgements: effect.acknowledgements,
    time: run.clock.now(),
  }
  const payload = epochLiveCodec.signedBytes(statement)
  const signer = run.folder.signer(run.hsm)
  const signature = await signAsCeremony(signer, signatureContext('epoch-live', effect.domain), payload)
  run.folder.writeDocument('fhe/epoch-live.json', { payload: statement, signatures: [signature] })
  return { digest: sha256Hex(payload), signature }
}

export const works = {
  'assemble-epoch': { perform: assembleEpoch, look: leavesNothing },
  'sign-epoch-live': { perform: signEpochLive, look: leavesNothing },
} satisfies Works<'assemble-epoch' | 'sign-epoch-live'>
