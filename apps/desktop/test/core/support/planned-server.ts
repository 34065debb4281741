import { writeFileSync } from 'node:fs'
import { type ServerCard, serverCardCodec, type Transport, transportCodec } from '@lux/ceremony/wire'
import {
  generateIdentity,
  generateSealIdentity,
  type HybridSignature,
  type SigningIdentity,
  toBase64,
  toHex,
} from '@lux/crypto'
import { rsaPair } from '../../../../../packages/crypto/test/rsa-pair.ts'
import { systemEntropy } from '../../../src/core/system.ts'
import { ProductionPlace } from './production-place.ts'

/** A server's card, one signed transport key of its node, and the key that signs its receipts. */
export type PlannedServer = {
  receipt: SigningIdentity
  card: ServerCard
  document: { payload: Transport; signatures: HybridSignature[] }
  planned: { card: string; transport: string }
}

/** A server of the production domain; with `like` another node of that one. Nobody has its transport key's private half. */
export async function plannedServer(
  node = 'node-a',
  like?: Pick<PlannedServer, 'receipt' | 'card'>,
): Promise<PlannedServer> {
  const receipt = like?.receipt ?? generateIdentity(systemEntropy, ['p256'])
  const requester = generateIdentity(systemEntropy, ['p256'])
  const { recipient } = await generateSealIdentity()
  const card: ServerCard = like?.card ?? {
    v: 1,
    kind: 'server',
    domain: 'production',
    deployment: toHex(systemEntropy.bytes(16)),
    receiptKey: { p256: receipt.keys.p256! },
    requesterKey: { p256: requester.keys.p256! },
    combinerRecipient: recipient,
  }
  const { publicKey } = rsaPair(3072)
  const payload: Transport = {
    v: 1,
    kind: 'transport',
    domain: 'production',
    audience: serverCardCodec.digest(card),
    node,
    serial: `serial-${node}`,
    transportKey: toBase64(new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))),
    recipient,
    nonce: toHex(systemEntropy.bytes(16)),
  }
  const document = { payload, signatures: [transportCodec.sign(receipt, payload, 'production')] }
  const planned = { card: payload.audience, transport: transportCodec.payload.digest(payload) }
  return { receipt, card, document, planned }
}

/** A place whose plan has these destinations, with their cards and transport files beside it. */
export function placeFor(servers: readonly PlannedServer[]): ProductionPlace {
  const cards = new Map(servers.map(({ planned, card }) => [planned.card, card]))
  const place = new ProductionPlace({
    values: { destinations: servers.map(({ planned }) => planned) },
    policy: { servers: [...cards.values()].map((card, index) => ({ name: `server-${index}`, card })) },
  })
  servers.forEach(({ card, document }, index) => {
    writeFileSync(place.file(`cards/server-${index}.json`), serverCardCodec.encode(card))
    writeFileSync(place.file(`cards/transport-${index}.json`), transportCodec.file.encode(document))
  })
  return place
}
