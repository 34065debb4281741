import { createHash } from 'node:crypto'
import { fromHex, sha256, toHex } from '@lux/crypto'
import {
  type Bytes,
  childKekTemplate,
  hmacTemplate,
  type KeyPath,
  rootTemplate,
  signingTemplate,
  type Token,
  type WrappableAlgorithm,
} from '@lux/hsm'
import { EnvironmentError } from '../../refusal.ts'

/** What the row of a root says of it. */
export type RootReport = {
  readonly mechanism: string
  readonly possession: string
  /** JSON: each attribute as it was read back in the token; of a root that is in none, an empty list. */
  readonly attributes: string
}

/** What a key is for, and so how it can show that it is this key. */
export type KeyProof = 'kek' | 'mac' | 'signing'

/** What a server asks of whatever holds its root, by the ids of keys: a PKCS#11 token, or ROOT_ENCRYPTION_KEY. */
export type KeyDevice = Pick<Token, 'hmac' | 'signEcdsa'> & {
  /** The SPKI of a P-256 pair, made where it is not there yet. */
  signingKey(id: string, label: string): Promise<Bytes>
  macKey(id: string, label: string): Promise<void>
  /** A root of online organisations, made where it is not there yet and looked at. Throws ROOT-ATTRIBUTES. */
  rootKey(id: string): Promise<RootReport>
  /** Makes a key and gives it under the parent. */
  generateWrapped(options: {
    parent: KeyPath
    algorithm: Extract<WrappableAlgorithm, 'aes-256'>
  }): Promise<{ readonly wrapped: Bytes }>
  unwrapToMemory(options: { kek: KeyPath; wrapped: Bytes }): Promise<Bytes>
  /** A wrapped AES key from under one KEK to under another; in a token, its bytes never leave it. */
  rewrap(options: { from: KeyPath; wrapped: Bytes; bits: 128 | 256; to: KeyPath }): Promise<Bytes>
  /** Destroys a root and looks that it is gone. Again, it only looks. */
  destroyRoot(id: string): Promise<void>
  /** What no other key gives, and tells nothing of this one. Throws HSM-KEY-ABSENT. */
  proofOf(kind: KeyProof, id: string): Promise<Bytes>
  /** Answers if it can be asked at all, logged in. */
  isThere(): Promise<void>
}

/** A key on its way from one KEK to another: nothing is done with it but to wrap it. */
const leavingTemplate = { ...childKekTemplate, wrap: false, unwrap: false, extractable: true } as const

export function deviceOf(token: Token): KeyDevice {
  return {
    hmac: (options) => token.hmac(options),
    signEcdsa: (options) => token.signEcdsa(options),
    generateWrapped: (options) => token.generateWrapped(options),
    unwrapToMemory: (options) => token.unwrapToMemory(options),
    async rewrap({ from, wrapped, bits, to }) {
      const id = toHex(await token.random(16))
      const { ref } = await token.unwrap({
        id,
        label: '',
        sameLabel: true,
        kek: from,
        wrapped,
        bits,
        template: leavingTemplate,
      })
      try {
        return (await token.wrap({ kek: to, key: ref })).wrapped
      } finally {
        await token.destroy(ref)
      }
    },
    async destroyRoot(id) {
      await token.destroy({ id, class: 'secret' })
    },
    async proofOf(kind, id) {
      const challenge = challengeOf(id)
      if (kind === 'mac') return token.hmac({ key: { id, class: 'secret' }, message: challenge })
      if (kind === 'kek') return fromHex((await token.possessionDigest({ kek: { id }, challenge })).digest)
      return sha256(await token.publicKeySpki({ id, class: 'public' }))
    },
    async isThere() {
      await token.random(1)
    },
    async signingKey(id, label) {
      if ((await token.findById(id)).length > 0) return token.publicKeySpki({ id, class: 'public' })
      const named = { id, label, sameLabel: true } as const
      return (await token.generateKeyPair({ ...named, kind: 'p-256', template: signingTemplate })).spki
    },
    async macKey(id, label) {
      if ((await token.findById(id)).length === 0)
        await token.generateHmac({ id, label, sameLabel: true, template: hmacTemplate })
    },
    async rootKey(id) {
      if ((await token.findById(id)).length === 0)
        await token.generateAes({
          id,
          label: 'online root',
          sameLabel: true,
          bits: 256,
          template: rootTemplate,
        })
      const [evidence] = await token.findById(id, rootTemplate)
      const wrong = evidence?.attributes.find(({ ok, lacking }) => !ok && !lacking)
      if (evidence === undefined || wrong !== undefined)
        throw new EnvironmentError('ROOT-ATTRIBUTES', `${wrong?.attribute} is ${wrong?.actual}`)
      const { digest, mechanism } = await token.possessionDigest({ kek: { id }, challenge: challengeOf(id) })
      return {
        mechanism: mechanism.standard,
        possession: digest,
        attributes: JSON.stringify(evidence.attributes),
      }
    },
  }
}

/** What a root wraps to show that it is this one. */
export function challengeOf(id: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(`custody-online-root-1 ${id}`).digest())
}
