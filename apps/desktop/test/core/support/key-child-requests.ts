import { join } from 'node:path'
import { encodeCanonical, fromUtf8, generateSealIdentity, sha256Hex } from '@lux/crypto'
import { NO_AUTHORITIES } from '@lux/crypto/fhe'
import type { KeyChildHolder, KeygenAndDeal } from '../../../src/core/key-child/protocol.ts'

export const ceremonyId = '0f'.repeat(16)

export async function people(n: number) {
  return Promise.all(
    Array.from({ length: n }, async (_, i) => {
      const { identity, recipient } = await generateSealIdentity()
      const name = `Holder ${i + 1}`
      const card = encodeCanonical({ v: 1, kind: 'holder', domain: 'rehearsal', name, recipient })
      const holder: KeyChildHolder = {
        index: i + 1,
        name,
        recipient,
        cardDigest: sha256Hex(card),
        card: fromUtf8(card),
      }
      return { identity, holder }
    }),
  )
}

/** A deal of stand-ins’ cards, whose files go below `folder`. */
export function dealingIn(
  folder: string,
  holders: KeyChildHolder[],
  change: Partial<KeygenAndDeal['params']> = {},
): KeygenAndDeal {
  return {
    do: 'keygen-and-deal',
    params: {
      type: 'TFHE_INTEGER',
      squash: true,
      inputs: 'signed',
      serverKey: false,
      mode: 'S',
      t: 2,
      n: 3,
      domain: 'rehearsal',
      ceremonyId,
      holders,
      policyDigest: 'ab'.repeat(32),
      authorities: NO_AUTHORITIES,
      budgets: null,
      outDir: join(folder, 'fhe'),
      envelopeDir: join(folder, 'envelopes'),
      ...change,
    },
  }
}
