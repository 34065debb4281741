import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Receipt,
  receiptCodec,
  type ServerCard,
  serverCardCodec,
  signatureContext,
  transportCodec,
} from '@lux/ceremony/wire'
import {
  generateIdentity,
  generateSealIdentity,
  openWith,
  signWith,
  toBase64,
  toHex,
  utf8,
} from '@lux/crypto'
import { type Hsm, softTokenEnvironment, startHsm, type Token } from '@lux/hsm'
import { systemEntropy } from '../../../src/core/system.ts'

/** A server's side of the root's way, on a soft token of its own: card.json and transport.json lie in `folder`. */
export type Destination = {
  folder: string
  hsm: Hsm
  token: Token
  serial: string
  card: ServerCard
  audience: string
  /** Takes the root out of its sealed blob into this token and gives the receipt of the bundle. */
  receive(given: {
    sealed: Uint8Array
    challenge: Uint8Array
    ceremonyId: string
    bundleDigest: string
    rootId: string
    policyDigest: string
    tamper?: (receipt: Receipt) => Receipt
  }): Promise<Uint8Array>
}

const freshId = () => toHex(systemEntropy.bytes(16))

export async function makeDestination(
  folder: string,
  domain: ServerCard['domain'] = 'rehearsal',
): Promise<Destination> {
  const soft = softTokenEnvironment(join(folder, 'server-token'))
  // A busy machine may let it wait; the server is none of what the tests put out of order.
  const hsm = await startHsm({ ...soft, callTimeoutMs: 60_000, loadTimeoutMs: 60_000 })
  const { serial } = await hsm
    .token('new')
    .initialise({ label: 'server', sameLabel: true, soPin: utf8('12345678'), userPin: utf8('87654321') })
  const token = hsm.token(serial)
  await token.logIn({ user: 'user', pin: utf8('87654321') })
  const transportId = freshId()
  const { spki } = await token.createTransportPair({ id: transportId, label: 'transport' })
  const receiptKey = generateIdentity(systemEntropy, ['p256'])
  const requesterKey = generateIdentity(systemEntropy, ['p256'])
  const seal = await generateSealIdentity()
  const card: ServerCard = {
    v: 1,
    kind: 'server',
    domain,
    deployment: freshId(),
    receiptKey: { p256: receiptKey.keys.p256! },
    requesterKey: { p256: requesterKey.keys.p256! },
    combinerRecipient: seal.recipient,
  }
  const audience = serverCardCodec.digest(card)
  const payload = {
    v: 1 as const,
    kind: 'transport' as const,
    domain,
    audience,
    node: 'node-1',
    serial,
    transportKey: toBase64(spki),
    recipient: seal.recipient,
    nonce: freshId(),
  }
  const signatures = [transportCodec.sign(receiptKey, payload, domain)]
  writeFileSync(join(folder, 'card.json'), serverCardCodec.encode(card))
  writeFileSync(join(folder, 'transport.json'), transportCodec.file.encode({ payload, signatures }))
  return {
    folder,
    hsm,
    token,
    serial,
    card,
    audience,
    async receive({ sealed, challenge, ceremonyId, bundleDigest, rootId, policyDigest, tamper }) {
      // Its host may have been started again since, too slow for its heartbeat.
      if ((await token.info()).loggedIn === null) await token.logIn({ user: 'user', pin: utf8('87654321') })
      const ckaId = freshId()
      const wrapped = await openWith(seal.identity, sealed)
      await token.unwrapRoot({ transportId, ckaId, label: 'root', sameLabel: true, wrapped })
      const proof = await token.possessionDigest({ kek: { id: ckaId }, challenge })
      await token.destroy({ id: ckaId, class: 'secret' })
      const honest: Receipt = {
        v: 1,
        kind: 'receipt',
        domain,
        ceremonyId,
        bundleDigest,
        audience,
        sequence: '1',
        roots: [
          {
            key: 'root-kek',
            rootId,
            node: 'node-1',
            serial,
            ckaId,
            mechanism: proof.mechanism.standard,
            possession: proof.digest,
            attributes: {},
            transportKeyDestroyed: true,
          },
        ],
        policyVersion: 1,
        policyDigest,
        time: '2026-11-24T10:00:00.000Z',
      }
      const receipt = tamper === undefined ? honest : tamper(honest)
      const bytes = receiptCodec.signedBytes(receipt)
      const signature = signWith(receiptKey, signatureContext('receipt', domain), bytes)
      return receiptCodec.file.encode({ payload: receipt, signatures: [signature] })
    },
  }
}
