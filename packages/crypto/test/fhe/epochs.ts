import {
  type Budgets,
  combinePartials,
  largestBudgets,
  nextPublic,
  nextShare,
  parseCiphertext,
  parseClientKey,
  parsePublic,
  partialDecrypt,
  type Redealing,
  redealShare,
  type VerifiedShare,
  verifyShare,
} from '../../src/fhe/index.ts'
import type { Quorum } from '../../src/sharing/index.ts'
import { entropyOf, realClientKey, rosterOf, squashedFile, withSquashKey } from './fixture.ts'

export const real = realClientKey()
export const clientKey = withSquashKey(real.bytes)
export const { key128 } = parseClientKey(clientKey)
export const planHash = new Uint8Array(32).fill(0x50)
export const zeros = new Uint8Array(32)
export const ciphertext = parseCiphertext(squashedFile(key128!, 'Uint', 0xbeefn, 16))

export type Epoch = { pub: Uint8Array; shares: readonly Uint8Array[] }

export function verified({ pub, shares }: Epoch, holder: number): VerifiedShare {
  const result = verifyShare(shares[holder - 1]!, pub, { holder })
  if (!result.ok) throw new Error(`${result.rule}: ${result.detail}`)
  return result.value
}

export function redealing(epoch: Epoch, dealers: number[], to: Quorum, seed = 40): Redealing[] {
  return dealers.map((q) => {
    const result = redealShare({
      verified: verified(epoch, q),
      dealers,
      to,
      planHash,
      entropy: entropyOf(seed + q),
    })
    if (!result.ok) throw new Error(`${result.rule}: ${result.detail}`)
    return result.value
  })
}

export function budgetsOf(to: Quorum): Budgets {
  const budgets = largestBudgets(to, { mode: 'S', squash: true })
  if (!budgets.ok) throw new Error(budgets.detail)
  return budgets.value
}

export function reshared(epoch: Epoch, dealers: number[], to: Quorum, seed = 40): Epoch {
  const parts = redealing(epoch, dealers, to, seed)
  const corrections = parts.map(({ correction }) => correction)
  const next = nextPublic({ pub: epoch.pub, corrections, dealers, to, planHash, roster: rosterOf(to.n) })
  if (!next.ok) throw new Error(`${next.rule}: ${next.detail}`)
  const shares = Array.from({ length: to.n }, (_, i) => {
    const share = nextShare({
      pub: next.value.pub,
      corrections,
      seedFiles: parts.map(({ seedFiles }) => seedFiles[i]!),
      holder: i + 1,
      policyHash: zeros,
      budgets: budgetsOf(to),
    })
    if (!share.ok) throw new Error(`${share.rule}: ${share.detail}`)
    return share.value
  })
  return { pub: next.value.pub, shares }
}

export function decrypts(epoch: Epoch, holders: number[]) {
  const partials = holders.map((h) => {
    const answer = partialDecrypt(verified(epoch, h), [ciphertext], zeros)
    if (!answer.ok) throw new Error(`${answer.rule}: ${answer.detail}`)
    return answer.value
  })
  return combinePartials(parsePublic(epoch.pub), [ciphertext], partials)
}
