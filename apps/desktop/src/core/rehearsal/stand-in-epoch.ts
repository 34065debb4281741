import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { BoundEpoch } from '@lux/ceremony'
import { holderBefore } from '@lux/ceremony/plan'
import { authoritiesOf, type Policy, policyDigest } from '@lux/ceremony/policy'
import { cardCodec } from '@lux/ceremony/wire'
import { type Entropy, encodeCanonical, fromUtf8, parseCanonical, toHex } from '@lux/crypto'
import { ExpectedError, makeFolder, readBounded, writeDurably } from '@lux/node-files'
import * as v from 'valibot'
import { runKeyChild } from '../key-child/client.ts'
import type { KeyChildProgram } from '../runs/effects/context.ts'
import { dealtBudgets } from '../runs/folder/budgets.ts'
import type { StandIn } from './stand-ins.ts'

const file = 'stand-in-epoch.json'
const schema = v.strictObject({
  keyId: v.string(),
  epochId: v.string(),
  epoch: v.number(),
  public: v.string(),
})

type Request = { folder: string; entropy: Entropy; keyChild: KeyChildProgram }
type Of = {
  standIns: readonly StandIn[]
  policy: Policy
  /** Holders of that epoch, by number. */
  names: readonly string[]
  terms: { t: number; n: number; mode: 'S' | 'F'; squash: boolean }
}

/**
 * A key that a plan takes for one of an earlier ceremony: dealt to the stand-in holders before the rehearsal begins. It has
 * no server key: nothing is ever computed under it.
 */
export async function makeStandInEpoch(
  { folder, entropy, keyChild }: Request,
  { standIns, policy, names, terms }: Of,
): Promise<BoundEpoch> {
  const holders = names.map((name, at) => {
    const standIn = holderBefore(standIns, name)
    if (standIn?.card.recipient === undefined)
      throw new ExpectedError('STAND-IN-MISSING', `nobody stands in for ${name}`)
    const card = fromUtf8(cardCodec.encode(standIn.card))
    return {
      index: at + 1,
      name,
      cardDigest: cardCodec.digest(standIn.card),
      recipient: standIn.card.recipient,
      card,
    }
  })
  const [outDir, envelopeDir] = [join(folder, 'fhe'), join(folder, 'envelopes')]
  for (const made of [outDir, envelopeDir]) makeFolder(made)
  const dealt = await runKeyChild(
    {
      do: 'keygen-and-deal',
      params: {
        type: 'TFHE_INTEGER',
        ...terms,
        inputs: 'signed',
        serverKey: false,
        domain: 'rehearsal',
        ceremonyId: toHex(entropy.bytes(16)),
        holders,
        policyDigest: policyDigest(policy),
        authorities: authoritiesOf(policy),
        budgets: dealtBudgets(terms, policy),
        outDir,
        envelopeDir,
      },
    },
    keyChild,
  )
  const epoch: BoundEpoch = {
    keyId: dealt.keyId,
    epochId: dealt.epochId,
    epoch: 0,
    public: dealt.public.sha256,
  }
  writeDurably(join(folder, file), encodeCanonical({ ...epoch }))
  return epoch
}

/** The epoch that a rehearsal takes for the plan's, or null where the plan has none of before. */
export function standInEpoch(folder: string): BoundEpoch | null {
  const path = join(folder, file)
  if (!existsSync(path)) return null
  const read = v.safeParse(schema, parseCanonical(readBounded(path, 4096), { maxBytes: 4096 }))
  if (!read.success) throw new ExpectedError('FILE-DAMAGED', path)
  return read.output
}
