import type { Domain } from '@lux/ceremony'
import type { Card, ServerCard } from '@lux/ceremony/wire'
import { generateIdentity, generateSealIdentity } from '@lux/crypto'
import { systemEntropy } from '../../../src/core/system.ts'

/** As many requesters and servers as a policy may name: no share has more people. */
export async function crowdOf(domain: Domain) {
  const { recipient: combinerRecipient } = await generateSealIdentity()
  const requesters = Array.from({ length: 32 }, (_, i): Card => {
    const { keys } = generateIdentity(systemEntropy, ['ed25519', 'mlDsa65'])
    return { v: 1, kind: 'requester', domain, name: `Rita ${i}`, keys: { ...keys } }
  })
  const p256 = () => ({ p256: generateIdentity(systemEntropy, ['p256']).keys.p256 ?? '' })
  const servers = Array.from({ length: 32 }, (_, i) => {
    const deployment = i.toString(16).padStart(32, '0')
    const keys = { receiptKey: p256(), requesterKey: p256(), combinerRecipient }
    const card: ServerCard = { v: 1, kind: 'server', domain, deployment, ...keys }
    return { name: `server ${i}`, card }
  })
  return { requesters, servers }
}
