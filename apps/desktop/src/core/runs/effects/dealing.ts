import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { authoritiesOf } from '@lux/ceremony/policy'
import { envelopeSignedBytes, signatureContext } from '@lux/ceremony/wire'
import { encodeCanonical, fromUtf8 } from '@lux/crypto'
import { makeFolder, writeDurably } from '@lux/node-files'
import { runKeyChild } from '../../key-child/client.ts'
import { createEstimate, expectedSeconds } from '../../key-child/estimate.ts'
import { dealtBudgets } from '../folder/budgets.ts'
import { signAsCeremony } from '../folder/ceremony-signer.ts'
import type { Perform } from './context.ts'
import { keptRecord, type Works } from './work.ts'

/** Makes, deals, seals and forgets the key in a process of its own; here only sealed envelopes and public files arrive. */
export const dealFhe: Perform<'fhe-deal'> = async (effect, run) => {
  const { t, n, mode, squash, type, inputs, proofBits } = effect.fhe
  const proven = proofBits === undefined ? {} : { proofBits }
  const budgets = dealtBudgets({ t, n, mode, squash }, run.policy.policy)
  const outDir = join(run.folder.path, 'fhe')
  const envelopeDir = join(run.folder.path, 'envelopes')
  // What an attempt that was given up had made is of a key that nobody has any more.
  for (const made of [outDir, envelopeDir]) rmSync(made, { recursive: true, force: true })
  makeFolder(outDir)
  const estimate = createEstimate(expectedSeconds({ squash, ...proven }), () => performance.now())
  const tell = () => run.progress('fhe-deal', estimate.fraction())
  const telling = setInterval(tell, 500)
  const dealt = await runKeyChild(
    {
      do: 'keygen-and-deal',
      params: {
        type,
        squash,
        inputs,
        ...proven,
        serverKey: true,
        mode,
        t,
        n,
        domain: effect.domain,
        ceremonyId: effect.ceremonyId,
        holders: effect.holders.map(({ index, name, card, recipient }) => ({
          index,
          name,
          cardDigest: card,
          recipient,
          card: fromUtf8(run.folder.card(card)),
        })),
        policyDigest: effect.policyDigest,
        authorities: authoritiesOf(run.policy.policy),
        budgets,
        outDir,
        envelopeDir,
      },
    },
    {
      ...run.keyChild,
      signal: run.signal,
      onPhase: ({ expectedSeconds: seconds }) => {
        estimate.begin(seconds)
        tell()
      },
    },
  ).finally(() => clearInterval(telling))
  const roster = effect.holders.map(({ index, name, card }) => ({ index, name, card }))
  writeDurably(join(outDir, 'roster.json'), encodeCanonical(roster), 0o644)
  run.progress('sign-envelopes', null)
  const signer = run.folder.signer(run.hsm)
  for (const { index, envelopeDigest } of dealt.shares) {
    const context = signatureContext('share-envelope', effect.domain)
    const signature = await signAsCeremony(signer, context, envelopeSignedBytes(envelopeDigest))
    run.folder.writeDocument(`envelopes/holder-${index}.sig`, signature)
  }
  const result = {
    keyId: dealt.keyId,
    epochId: dealt.epochId,
    public: digestAndSize(dealt.public),
    publicKey: dealt.publicKey === null ? null : digestAndSize(dealt.publicKey),
    serverKey: dealt.serverKey === null ? null : digestAndSize(dealt.serverKey),
    ...(dealt.crs === undefined ? {} : { crs: digestAndSize(dealt.crs) }),
    shares: dealt.shares.map(({ index, holder, shareDigest, envelopeDigest }) => ({
      holder,
      index,
      shareDigest,
      envelopeDigest,
    })),
  }
  run.folder.writeAttempt(effect.step, effect.attempt, { effect: 'fhe-deal', part: result })
  return result
}

function digestAndSize({ sha256, size }: { sha256: string; size: number }): { sha256: string; size: number } {
  return { sha256, size }
}

export const works = {
  'fhe-deal': { perform: dealFhe, look: keptRecord, stops: true },
} satisfies Works<'fhe-deal'>
