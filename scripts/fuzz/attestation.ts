import { createHash, generateKeyPairSync } from 'node:crypto'
// By its path, so that it comes into the engine's bundle and is led by coverage too.
import { verifyRegistrationResponse } from '../../node_modules/@simplewebauthn/server/esm/index.js'

const place = { id: 'custody.example', origin: 'https://custody.example' }
const coded = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
const client = {
  ...{ type: 'webauthn.create', challenge: coded(Buffer.from('asked')), origin: place.origin },
}

/** The library refuses by errors of any class. */
export class Refused extends Error {}

/** What a new authenticator answers: format `none`, one credential of P-256. */
export function attestation(): Uint8Array {
  const { x = '', y = '' } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
    format: 'jwk',
  })
  const text = (value: string) => Buffer.concat([Buffer.from([0x60 + value.length]), Buffer.from(value)])
  const key = Buffer.concat([
    ...[Buffer.from('a5010203262001215820', 'hex'), Buffer.from(x, 'base64url')],
    ...[Buffer.from('225820', 'hex'), Buffer.from(y, 'base64url')],
  ])
  const data = Buffer.concat([
    createHash('sha256').update(place.id).digest(),
    Buffer.from([0x41, 0, 0, 0, 1, ...new Array<number>(16).fill(0), 0, 4, 1, 2, 3, 4]),
    key,
  ])
  return Buffer.concat([
    ...[Buffer.from([0xa3]), text('fmt'), text('none'), text('attStmt'), Buffer.from([0xa0])],
    ...[text('authData'), Buffer.from([0x58, data.length]), data],
  ])
}
/** What the library makes of an attestation object. Throws Refused; that it takes too much memory or depth is another error. */
export async function registration(attestationObject: Uint8Array): Promise<boolean> {
  const response = {
    ...{ id: 'AQIDBA', rawId: 'AQIDBA', type: 'public-key' as const, clientExtensionResults: {} },
    response: {
      attestationObject: coded(attestationObject),
      clientDataJSON: coded(Buffer.from(JSON.stringify(client))),
    },
  }
  try {
    const { verified } = await verifyRegistrationResponse({
      ...{ response, expectedChallenge: client.challenge, expectedOrigin: place.origin },
      ...{ expectedRPID: place.id, requireUserVerification: false },
    })
    return verified
  } catch (error) {
    if (error instanceof Error && !/stack size|allocation|array length/i.test(error.message))
      throw new Refused()
    throw error
  }
}
