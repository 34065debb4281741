import type { BundleContents, WrapNode } from '@lux/ceremony/bundle'
import { keyOf, type VendorWay, vendorWayOf } from '@lux/ceremony/plan'
import { transportCodec } from '@lux/ceremony/wire'
import { FormatError, fromHex, openWith, sha256, sha256Hex, toHex, utf8 } from '@lux/crypto'
import {
  type AttributeReport,
  HsmError,
  type KeyEvidence,
  rootTemplate,
  sayAttribute,
  type Token,
} from '@lux/hsm'
import { accept, type Outcome, refuse } from '../refusal.ts'
import type { OpenTransport } from './transports.ts'

/** A root of the bundle, now in this node's token and proved to be that root. */
export type ArrivedRoot = {
  readonly id: string
  readonly rootId: string
  readonly version: number
  readonly ckaId: string
  readonly mechanism: string
  readonly possession: string
  readonly attributes: readonly AttributeReport[]
  /** Made by this import, so that a refusal of the bundle takes it away again. */
  readonly fresh: boolean
  /** By the vendor's own tool, and adopted here; null: unwrapped with a transport key, or here since an earlier bundle. */
  readonly way: VendorWay | null
}

export type Destination = {
  readonly audience: string
  readonly node: string
  readonly transports: readonly OpenTransport[]
  /** CKA_ID of a root that an earlier bundle brought, by its root id. */
  known(rootId: string): Promise<string | null>
}

/** The CKA_ID that a root gets here: a second run of an import that was cut short finds it again. */
export function rootCkaId(node: string, rootId: string): string {
  return toHex(sha256(utf8('custody-root-1'), fromHex(node), fromHex(rootId)).slice(0, 16))
}

/**
 * Sees to it that a root is in the token: unwraps it unless it is there already, reads every attribute back, and
 * compares its possession proof with the bundle's. A root whose plan goes by the vendor's own way is looked for by the
 * identifier of the ceremony. Refuses TRANSPORT-…, ROOT-…; a root that fails is destroyed where this import made it.
 */
export async function bringRoot(
  token: Token,
  contents: BundleContents,
  node: WrapNode,
  destination: Destination,
): Promise<Outcome<ArrivedRoot>> {
  const proof = contents.predicate.possession.find(({ id }) => id === node.id)
  if (node.root === null || proof === undefined)
    return refuse('WRAP-TREE', `${node.id} is no root with a proof`)
  const { rootId } = node.root
  const known = await destination.known(rootId)
  const vendor = known === null ? broughtByVendor(contents, node) : null
  if (vendor !== null) return adopt(token, { node, rootId, proof, ...vendor })
  const ckaId = known ?? rootCkaId(destination.node, rootId)
  let evidence = await token.findById(ckaId, rootTemplate)
  if (evidence.length === 0) {
    const unwrapped = await unwrap(token, contents, node, destination, ckaId)
    if (!unwrapped.ok) return unwrapped
    evidence = await token.findById(ckaId, rootTemplate)
  }
  const fresh = known === null
  const fault = evidenceFault(evidence)
  if (fault !== null) {
    if (fresh) await token.destroy({ id: ckaId, class: 'secret' })
    return refuse('ROOT-ATTRIBUTES', `${node.id}: ${fault}`)
  }
  const { digest, mechanism } = await token.possessionDigest({
    kek: { id: ckaId },
    challenge: fromHex(proof.challenge),
  })
  if (digest !== proof.digest) {
    if (fresh) await token.destroy({ id: ckaId, class: 'secret' })
    return refuse('ROOT-POSSESSION', `${node.id}: the key that arrived is not the one of the ceremony`)
  }
  return accept({
    id: node.id,
    rootId,
    version: node.version,
    ckaId,
    mechanism: mechanism.standard,
    possession: digest,
    attributes: evidence[0]?.attributes ?? [],
    fresh,
    way: null,
  })
}

/** A root of this node, as an earlier bundle brought it. */
export type RootHere = {
  readonly ckaId: string
  readonly version: number
  readonly possession: string
  readonly state: string
}

/**
 * A root of this node that the ceremony restored into this very token: found by the identifier that the restore gave it, read back, and proved as
 * it was when it came first. Null where the ceremony restores none of this node's, or into another token while this one has it. Refuses ROOT-…,
 * KEY-REVOKED.
 */
export async function adoptRestored(
  token: Token,
  { predicate: { recovery } }: BundleContents,
  here: (rootId: string) => Promise<RootHere | null>,
): Promise<Outcome<ArrivedRoot | null>> {
  const { use, backup, restored } = recovery ?? {}
  if (use !== 'restore' || backup === undefined || restored === undefined) return accept(null)
  const { rootId, key: id } = backup
  const root = await here(rootId)
  if (root === null) return accept(null)
  if (restored.serial !== token.serial) {
    const isLost = root.state !== 'destroyed' && (await token.findById(root.ckaId)).length === 0
    return isLost
      ? refuse(
          'ROOT-ABSENT',
          `${id}: restored into the token ${restored.serial}, and not into this server's, ${token.serial}`,
        )
      : accept(null)
  }
  if (root.state === 'destroyed') return refuse('ROOT-DESTROYED', `the root ${rootId} was destroyed here`)
  if (root.state === 'revoked') return refuse('KEY-REVOKED', `the root ${rootId} was revoked here`)
  const { ckaId, challenge } = restored
  // Whoever destroys it one day has to destroy all that is there of it.
  if (ckaId !== root.ckaId && (await token.findById(root.ckaId)).length > 0)
    return refuse('ROOT-AMBIGUOUS', `${id}: the token ${token.serial} has it as ${root.ckaId} still`)
  const proof = { challenge, digest: root.possession }
  return adopt(token, { node: { id, version: root.version }, rootId, proof, way: null, ckaId })
}

type Proof = Pick<BundleContents['predicate']['possession'][number], 'challenge' | 'digest'>
type VendorRoot = { readonly way: VendorWay; readonly ckaId: string }

/** The vendor's way that the officers planned for a root, and the identifier that it carries in every token; null without one. */
function broughtByVendor({ plan, predicate }: BundleContents, { id }: WrapNode): VendorRoot | null {
  const key = plan === null ? undefined : keyOf(plan, id)
  const way = key === undefined ? null : vendorWayOf(key)
  const ckaId =
    key?.existing?.ckaId ?? predicate.keyEvidence.find((one) => one.level === 'root' && one.id === id)?.ckaId
  return way === null || ckaId === undefined ? null : { way, ckaId }
}

/** By the vendor's tool, or restored by a ceremony. Nothing that somebody else brought is destroyed here: it may be another server's, or not ours at all. */
async function adopt(
  token: Token,
  {
    node,
    rootId,
    proof,
    way,
    ckaId,
  }: {
    node: Pick<WrapNode, 'id' | 'version'>
    rootId: string
    proof: Proof
    way: VendorWay | null
    ckaId: string
  },
): Promise<Outcome<ArrivedRoot>> {
  const found = await token.findById(ckaId, rootTemplate)
  const [key] = found
  if (key === undefined)
    return refuse(
      'ROOT-ABSENT',
      `${node.id}: no key ${ckaId} in the token ${token.serial} (${way ?? 'restored'})`,
    )
  if (found.length > 1)
    return refuse(
      'ROOT-AMBIGUOUS',
      `${node.id}: ${found.length} objects in the token ${token.serial} are ${ckaId}`,
    )
  const fault = evidenceFault(found, saysNothingOfAClosedKey)
  if (fault !== null) return refuse('ROOT-ATTRIBUTES', `${node.id}: ${fault}`)
  const { digest, mechanism } = await token.possessionDigest({
    kek: { id: ckaId },
    challenge: fromHex(proof.challenge),
  })
  if (digest !== proof.digest)
    return refuse('ROOT-POSSESSION', `${node.id}: the key ${ckaId} is not the one of the ceremony`)
  return accept({
    ...{ id: node.id, rootId, version: node.version, ckaId, mechanism: mechanism.standard },
    ...{ possession: digest, attributes: key.attributes, fresh: false, way },
  })
}

/** Tokens differ in both, and neither weakens a key that is not extractable and cannot be changed. */
const saysNothingOfAClosedKey: readonly string[] = ['COPYABLE', 'WRAP_WITH_TRUSTED']

async function unwrap(
  token: Token,
  contents: BundleContents,
  node: WrapNode,
  destination: Destination,
  ckaId: string,
): Promise<Outcome<null>> {
  const index = contents.transports.findIndex(
    ({ payload }) => payload.audience === destination.audience && payload.node === destination.node,
  )
  const document = contents.transports[index]
  const offer = contents.predicate.transports[index]?.roots.find(({ id }) => id === node.id)
  if (document === undefined || offer === undefined) {
    return refuse('TRANSPORT-ABSENT', `${node.id} is not wrapped for this node, and is not in its token`)
  }
  const digest = transportCodec.payload.digest(document.payload)
  const transport = destination.transports.find((one) => one.digest === digest)
  if (transport === undefined) {
    return refuse('TRANSPORT-GONE', 'the transport key that the ceremony used is not open here')
  }
  const sealed = await contents.read(offer.sealed, 1 << 16)
  if (!sealed.ok) return sealed
  try {
    const wrapped = await openWith(transport.identity, sealed.value)
    if (sha256Hex(wrapped) !== offer.wrapped) {
      return refuse('ROOT-SEAL', `${node.id}: the sealed blob is not the one that the manifest names`)
    }
    await token.unwrapRoot({
      transportId: transport.transportId,
      ckaId,
      label: `root ${node.id}`,
      // The roots of earlier ceremonies stay beside it, and a plan may call each the same: they go by their identifiers.
      sameLabel: true,
      wrapped,
      oaepHash: /sha-?256/i.test(offer.mechanism) ? 'sha256' : 'sha1',
    })
    return accept(null)
  } catch (error) {
    if (error instanceof FormatError) return refuse('ROOT-SEAL', `${node.id}: ${error.detail}`)
    if (error instanceof HsmError && error.code === 'HSM-DATA-INVALID') {
      return refuse('ROOT-UNWRAP', `${node.id}: ${error.detail}`)
    }
    throw error
  }
}

function evidenceFault(evidence: readonly KeyEvidence[], beside: readonly string[] = []): string | null {
  const [key] = evidence
  if (evidence.length !== 1 || key === undefined) return `${evidence.length} objects carry its id`
  const wrong = key.attributes.find(
    ({ attribute, ok, lacking }) => !ok && !lacking && !beside.includes(attribute),
  )
  return wrong ? `${wrong.attribute} is ${sayAttribute(wrong.actual)}, expected ${wrong.expected}` : null
}
