import { type Outcome, refuse } from '@lux/ceremony/wire'
import type { PersonKey } from '../person-key.ts'

/** The holder's age identity. Refuses REQUEST-ROLE, REQUEST-DOMAIN. */
export function holderSeal(
  { card, seal }: Pick<PersonKey, 'card' | 'seal'>,
  domain: string,
): Outcome<string> {
  if (seal === null || card.kind !== 'holder')
    return refuse('REQUEST-ROLE', `the key is of ${card.name}, ${card.kind}`)
  if (card.domain !== domain)
    return refuse('REQUEST-DOMAIN', `the key is of ${card.domain}, the share of ${domain}`)
  return { ok: true, value: seal }
}
