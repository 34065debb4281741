import { constants, createHash, createPublicKey, publicEncrypt } from 'node:crypto'
import { blobOf, possessionChallengeOf } from '@lux/ceremony/bundle'
import { type ServerCard, type Signed, type Transport, transportCodec } from '@lux/ceremony/wire'
import { aesKwpWrap, fromHex, generateIdentity, sealTo, sha256Hex, toHex } from '@lux/crypto'
import { entropyOf } from '../../../../packages/ceremony/test/support/people.ts'
import {
  type SampleBundle,
  type SampleOptions,
  sampleBundle,
  sampleCeremonyId,
} from '../../../../packages/ceremony/test/support/sample-bundle.ts'

/** Keys of a ceremony whose root is known to the test, so that every blob of the bundle can be made without a token. */
export type Keys = {
  root: Uint8Array
  organisation: Uint8Array
  project: Uint8Array
  data: Uint8Array
  rootId: string
}

export function keysOf(seed: string): Keys {
  const bytes = (name: string) => new Uint8Array(createHash('sha256').update(`${seed}/${name}`).digest())
  return {
    root: bytes('root'),
    organisation: bytes('organisation'),
    project: bytes('project'),
    data: bytes('data'),
    rootId: toHex(bytes('id').slice(0, 16)),
  }
}

export type RealOptions = SampleOptions & {
  keys: Keys
  card: ServerCard
  transport: Signed<Transport>
  /** What travels to the server instead of the ceremony's root. */
  sentRoot?: Uint8Array
}

/** A bundle whose root, wrapped keys, possession proof and transport card are real ones for one server. */
export async function realBundle({
  keys,
  card,
  transport,
  sentRoot,
  ...options
}: RealOptions): Promise<SampleBundle> {
  const wrapped = publicEncrypt(
    {
      key: createPublicKey({
        key: Buffer.from(transport.payload.transportKey, 'base64'),
        format: 'der',
        type: 'spki',
      }),
      padding: constants.RSA_PKCS1_OAEP_PADDING,
      oaepHash: 'sha1',
    },
    sentRoot ?? keys.root,
  )
  const sealed = await sealTo([transport.payload.recipient], wrapped)
  const document = blobOf(transportCodec.file.encode(transport))
  const challenge = possessionChallengeOf({ rootId: keys.rootId, born: sampleCeremonyId })
  const alter = options.alter ?? {}
  let replaced = ''
  return sampleBundle({
    domain: transport.payload.domain,
    server: { receipt: generateIdentity(entropyOf('not the real receipt key'), ['p256']), card },
    nodes: [
      { transport: transport.payload, sealed, wrapped: sha256Hex(wrapped), mechanism: 'RSA-OAEP-SHA1' },
    ],
    rootId: keys.rootId,
    possession: { mechanism: 'KWP-RFC5649', digest: sha256Hex(aesKwpWrap(keys.root, fromHex(challenge))) },
    wrapped: {
      organisation: aesKwpWrap(keys.root, keys.organisation),
      project: aesKwpWrap(keys.organisation, keys.project),
      data: aesKwpWrap(keys.project, keys.data),
      mechanism: 'KWP-RFC5649',
    },
    ...options,
    alter: {
      ...alter,
      // The sample signs transports with a key in memory; the real receipt key is in the server's token.
      predicate(predicate) {
        replaced = predicate.transports[0]?.document ?? ''
        const real = {
          ...predicate,
          transports: predicate.transports.map((one) => ({ ...one, document: document.sha256 })),
        }
        return alter.predicate?.(real) ?? real
      },
      blobs(blobs) {
        const real = [...blobs.filter(({ sha256 }) => sha256 !== replaced), document]
        return alter.blobs?.(real) ?? real
      },
    },
  })
}

export async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.slice(at, at + 65_536)
}
