import { join } from 'node:path'
import { encodeCanonical, fromHex, parseCanonical, sealTo, sha256Hex, toHex, utf8, wipe } from '@lux/crypto'
import {
  type Budgets,
  checkBudgets,
  checkRoster,
  dealFheKey,
  encodeShareEnvelope,
  keyIdOf,
  largestBudgets,
  type RosterEntry,
} from '@lux/crypto/fhe'
import { checkQuorum } from '@lux/crypto/sharing'
import { ExpectedError } from '@lux/node-files'
import { systemEntropy } from '../system.ts'
import { type MadeKey, writeFact } from './make-key.ts'
import type { Phases } from './phases.ts'
import type { KeyChildHolder, KeygenAndDeal, KeygenAndDealResult } from './protocol.ts'

type Params = KeygenAndDeal['params']
type Sealed = Omit<KeygenAndDealResult, 'timings' | 'peakMemoryMiB'>

/** Deals the key, seals one envelope to each holder, writes public.bin and the envelopes. Throws ExpectedError FHE-…. */
export async function dealAndSeal(made: MadeKey, params: Params, phases: Phases): Promise<Sealed> {
  const { publicKey } = made
  if (publicKey === null && params.type === 'TFHE_INTEGER')
    throw new Error('an integer key has a compact public key')
  const publicKeys = {
    compactPublicKey: publicKey && fromHex(publicKey.sha256),
    serverKey: made.serverKey ? fromHex(made.serverKey.sha256) : null,
  }
  const { roster, budgets } = checkDealing(params)
  const dealt = await phases.run('deal', 1, () =>
    dealFheKey({
      clientKey: made.clientKey,
      publicKeys,
      t: params.t,
      n: params.n,
      domain: params.domain,
      roster,
      policyHash: fromHex(params.policyDigest, 32),
      budgets,
      entropy: systemEntropy,
    }),
  )
  wipe(made.clientKey)
  if (!dealt.ok) throw new ExpectedError(dealt.rule, dealt.detail)
  const { pub, shares, epochId, commitmentsDigest } = dealt.value
  const sealed = await phases.run('seal', 1, () =>
    Promise.all(
      params.holders.map(async ({ index, name, recipient }, i) => {
        const share = shares[i]
        if (!share) throw new Error(`no share of holder ${index}`)
        const content = encodeShareEnvelope({
          ceremonyId: params.ceremonyId,
          name,
          authorities: params.authorities,
          share,
          pub,
        })
        const envelope = await sealTo([recipient], content)
        const shareDigest = sha256Hex(share)
        wipe(content)
        wipe(share)
        return { index, holder: name, shareDigest, envelope }
      }),
    ),
  )
  return phases.run('write', 1, () => ({
    keyId: toHex(keyIdOf(publicKeys)),
    epochId: toHex(epochId),
    commitments: toHex(commitmentsDigest),
    public: writeFact(join(params.outDir, 'public.bin'), pub),
    publicKey,
    serverKey: made.serverKey,
    ...(made.crs === undefined ? {} : { crs: made.crs }),
    budgets,
    shares: sealed.map(({ index, holder, shareDigest, envelope }) => {
      const fact = writeFact(join(params.envelopeDir, `holder-${index}.age`), envelope)
      return { index, holder, shareDigest, envelopeDigest: fact.sha256, envelope: fact }
    }),
  }))
}

/** Everything that can be refused before the minutes that a server key takes. Throws ExpectedError FHE-…. */
export function checkDealing(params: Params): { roster: RosterEntry[]; budgets: Budgets } {
  const quorum = checkQuorum(params)
  if (!quorum.ok) throw new ExpectedError(quorum.rule, quorum.detail)
  const roster = params.holders.map(({ index, name, cardDigest }) => ({ index, name, card: cardDigest }))
  const listed = checkRoster(roster, params.n, params.domain)
  if (!listed.ok) throw new ExpectedError(listed.rule, listed.detail)
  for (const holder of params.holders) checkCard(holder, params)
  if (params.domain === 'production' && !params.serverKey) {
    throw new ExpectedError('FHE-PUBLIC-KEYS', 'a production key is identified by its public and server key')
  }
  const largest = largestBudgets(params, params)
  if (!largest.ok) throw new ExpectedError(largest.rule, largest.detail)
  const budgets = checkBudgets(quorum.value, params.budgets ?? largest.value, params.squash)
  if (!budgets.ok) throw new ExpectedError(budgets.rule, budgets.detail)
  return { roster, budgets: budgets.value }
}

/** The card is the one whose digest the plan names, of this domain, and names this holder and recipient. */
export function checkCard(holder: KeyChildHolder, { domain }: Pick<Params, 'domain'>): void {
  if (holder.card === undefined) return
  const bytes = utf8(holder.card)
  const card = parseCanonical(bytes, { maxBytes: 65_536 })
  const says =
    typeof card === 'object' && card !== null && !Array.isArray(card) ? new Map(Object.entries(card)) : null
  if (
    sha256Hex(encodeCanonical(card)) !== holder.cardDigest ||
    says?.get('name') !== holder.name ||
    says.get('recipient') !== holder.recipient ||
    says.get('domain') !== domain
  ) {
    throw new ExpectedError('FHE-CARD-OTHER', `the card of ${holder.name} is not the one that the plan names`)
  }
}
