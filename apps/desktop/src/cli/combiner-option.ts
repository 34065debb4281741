import type { Policy } from '@lux/ceremony/policy'
import { isSealRecipient } from '@lux/crypto'
import { WrongUse } from './shell/wrong-use.ts'

/** `--combiner NAME=age1pq1…`: who may open holders’ answers, besides the servers. Errors: OPTION-COMBINER. */
export async function combinersOf(pairs: readonly string[] = []): Promise<Policy['combiners']> {
  const combiners: Policy['combiners'] = []
  for (const pair of pairs) {
    const [, name = '', recipient = ''] = /^([^=]+)=(.+)$/.exec(pair) ?? []
    if (!(await isSealRecipient(recipient)))
      throw new WrongUse('OPTION-COMBINER', `--combiner ${pair}: expected NAME=age1pq1…`)
    combiners.push({ name, recipient })
  }
  return combiners
}
