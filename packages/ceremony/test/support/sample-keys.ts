import { type Domain, type Entropy, fromBase64, sha256Hex, toBase64, toHex, utf8 } from '@lux/crypto'
import type { Predicate } from '../../src/exports/bundle.ts'
import { serverCardCodec, type Transport, transportCodec } from '../../src/exports/documents.ts'
import type { Plan } from '../../src/exports/plan.ts'
import { type Template, templates } from '../../src/steps/key/templates.ts'
import { type Server, sampleRecipient } from './people.ts'
import { type SampleOptions, signerOf } from './sample-options.ts'

type Put = (bytes: Uint8Array) => string

/** One node of the server, or the caller's own, with the root wrapped to it; and how a plan names them. */
export function sampleTransports(
  domain: Domain,
  server: Server,
  options: SampleOptions,
  entropy: Entropy,
  put: Put,
): {
  transports: Predicate['transports']
  destinations: Plan['destinations']
  serials: string[]
  keys: string[]
} {
  const plainTransport: Transport = {
    v: 1,
    kind: 'transport',
    domain,
    audience: serverCardCodec.digest(server.card),
    node: 'node-1',
    serial: '0011aabb',
    transportKey: toBase64(entropy.bytes(422)),
    recipient: sampleRecipient('node-1'),
    nonce: toHex(entropy.bytes(16)),
  }
  const signer = signerOf(options.alter ?? {})
  const nodes = options.nodes ?? [
    {
      transport: plainTransport,
      sealed: entropy.bytes(900),
      wrapped: 'ed'.repeat(32),
      mechanism: 'RSA-OAEP-SHA1',
    },
  ]
  const destinations: Plan['destinations'] = []
  const serials: string[] = []
  const keys: string[] = []
  const transports = nodes.map((node) => {
    const transport = options.alter?.transport?.(node.transport) ?? node.transport
    serials.push(transport.serial)
    keys.push(sha256Hex(fromBase64(transport.transportKey)))
    destinations.push({ card: transport.audience, transport: transportCodec.payload.digest(transport) })
    const document = {
      payload: transport,
      signatures: [transportCodec.sign(signer('transport', server.receipt), transport, domain)],
    }
    return {
      document: put(transportCodec.file.encode(document)),
      roots: [{ id: 'root', mechanism: node.mechanism, sealed: put(node.sealed), wrapped: node.wrapped }],
    }
  })
  return { transports, destinations, serials, keys }
}

/** Root, organisation, project and data key. */
export function sampleTree(
  root: { rootId: string; born: string },
  options: SampleOptions,
  entropy: Entropy,
  put: Put,
): Predicate['wrapTree'] {
  const own = options.wrapped ?? {
    organisation: entropy.bytes(40),
    project: entropy.bytes(40),
    data: entropy.bytes(40),
    mechanism: 'KWP-RFC5649',
  }
  const below = { version: 1, algorithm: 'AES-256', mechanism: own.mechanism, publicKey: null, root: null }
  const publicKey = options.data?.publicKey ?? null
  return [
    {
      level: 'root',
      id: 'root',
      name: 'Root KEK',
      parent: null,
      version: 1,
      algorithm: 'AES-256',
      mechanism: null,
      blob: null,
      publicKey: null,
      root,
    },
    { level: 'organisation', id: 'org', name: 'Acme', parent: 'root', blob: put(own.organisation), ...below },
    { level: 'project', id: 'payments', name: 'Payments', parent: 'org', blob: put(own.project), ...below },
    {
      level: 'data',
      id: 'orders',
      name: 'Orders',
      parent: 'payments',
      blob: put(own.data),
      ...below,
      algorithm: options.data?.algorithm ?? 'AES-256',
      publicKey: publicKey === null ? null : put(publicKey),
    },
  ]
}

const templateOf = (level: Predicate['keyEvidence'][number]['level']): Template => {
  if (level === 'ceremony') return templates.ceremonyKey
  return level === 'root' ? templates.bornClosed : templates.wrappedSecret
}

/** Attributes that read as a template wants them. */
export function soundly(template: Template): Predicate['keyEvidence'][number]['attributes'] {
  const entries = Object.entries(template).map(([name, value]) => [
    name,
    value instanceof RegExp ? 'CKM_AES_KEY_WRAP_PAD' : value,
  ])
  return Object.fromEntries(entries)
}

export function sampleEvidence(
  id: string,
  level: Predicate['keyEvidence'][number]['level'],
): Predicate['keyEvidence'][number] {
  return {
    id,
    level,
    evidence: 'E1',
    serial: 'a1b2c3d4',
    ckaId: sha256Hex(utf8(id)).slice(0, 32),
    label: id,
    attributes: { ...soundly(templateOf(level)), KEY_TYPE: 31 },
  }
}

/** The root in a second token, proved as it was in its own. */
export function sampleReplica(
  proof: Predicate['possession'][number],
  way: NonNullable<Predicate['replicas']>[number]['way'],
): NonNullable<Predicate['replicas']>[number] {
  const { ckaId, attributes } = sampleEvidence('root', 'root')
  return {
    ...proof,
    token: 'spare',
    serial: 'b2c3d4e5',
    way,
    ckaId,
    evidence: 'E1',
    attributes,
  }
}
