import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server'
import { isoCBOR } from '@simplewebauthn/server/helpers'

/** What a browser and its authenticator say, and what a liar may have them say. */
export type Said = {
  readonly origin?: string
  readonly rpId?: string
  readonly type?: string
  readonly challenge?: string
  readonly userPresent?: boolean
}

/** An authenticator for one credential, ECDSA with P-256, that attests nothing, made by hand from the standard. */
export class SoftwareAuthenticator {
  readonly id = randomBytes(32).toString('base64url')
  counter = 0
  readonly #origin: string
  readonly #pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject }

  constructor(origin: string) {
    this.#origin = origin
    this.#pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  }

  create(options: PublicKeyCredentialCreationOptionsJSON, said: Said = {}): RegistrationResponseJSON {
    const id = Buffer.from(this.id, 'base64url')
    const { x = '', y = '' } = this.#pair.publicKey.export({ format: 'jwk' })
    const cose = isoCBOR.encode(
      new Map<number, number | Uint8Array>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, new Uint8Array(Buffer.from(x, 'base64url'))],
        [-3, new Uint8Array(Buffer.from(y, 'base64url'))],
      ]),
    )
    const data = Buffer.concat([
      this.#head(said.rpId ?? String(options.rp.id), said, 0x40),
      ...[Buffer.alloc(16), Buffer.from([id.length >> 8, id.length & 255]), id, cose],
    ])
    const attestation = isoCBOR.encode(
      new Map<string, unknown>([
        ['fmt', 'none'],
        ['attStmt', new Map()],
        ['authData', new Uint8Array(data)],
      ]) as never,
    )
    return {
      id: this.id,
      rawId: this.id,
      type: 'public-key',
      clientExtensionResults: {},
      response: {
        clientDataJSON: this.#client('webauthn.create', options.challenge, said).toString('base64url'),
        attestationObject: Buffer.from(attestation).toString('base64url'),
      },
    }
  }

  get(options: PublicKeyCredentialRequestOptionsJSON, said: Said = {}): AuthenticationResponseJSON {
    this.counter += 1
    const client = this.#client('webauthn.get', options.challenge, said)
    const data = this.#head(said.rpId ?? String(options.rpId), said, 0)
    const signed = Buffer.concat([data, createHash('sha256').update(client).digest()])
    return {
      id: this.id,
      rawId: this.id,
      type: 'public-key',
      clientExtensionResults: {},
      response: {
        clientDataJSON: client.toString('base64url'),
        authenticatorData: data.toString('base64url'),
        signature: sign('sha256', signed, this.#pair.privateKey).toString('base64url'),
      },
    }
  }

  #client(type: string, challenge: string, said: Said): Buffer {
    return Buffer.from(
      JSON.stringify({
        type: said.type ?? type,
        challenge: said.challenge ?? challenge,
        origin: said.origin ?? this.#origin,
        crossOrigin: false,
      }),
    )
  }

  #head(rpId: string, { userPresent = true }: Said, flags: number): Buffer {
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(this.counter)
    const hash = createHash('sha256').update(rpId).digest()
    return Buffer.concat([hash, Buffer.of(flags | (userPresent ? 1 : 0)), counter])
  }
}
