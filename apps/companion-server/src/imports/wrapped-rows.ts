import type { BundleContents, WrapNode } from '@lux/ceremony/bundle'
import { aesKwpUnwrap, FormatError, wipe } from '@lux/crypto'
import { HsmError, type Token } from '@lux/hsm'
import { projectRowMac, rowMessage, type WrappedRow } from '../keys/row-mac.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import type { ArrivedRoot } from './receive-root.ts'

/** A wrapped key of the tree that was unwrapped once, here, to see that it can be. */
export type PlannedRow = { readonly node: WrapNode; readonly row: WrappedRow; readonly mac: Uint8Array }

/** More than a wrapped RSA-4096 key needs. */
const maxWrapped = 1 << 14

/**
 * The rows of everything below the roots, parents first. Refuses WRAP-TREE-BLOB, or WRAP-TREE-UNWRAP where a key does
 * not open under the parent that the tree names, or has another length than its algorithm's.
 */
export async function planRows(
  token: Token,
  contents: BundleContents,
  roots: readonly ArrivedRoot[],
  rowsKeyId: string,
): Promise<Outcome<PlannedRow[]>> {
  const planned = new Map<string, PlannedRow>()
  const projectKeks = new Map<string, Uint8Array>()
  try {
    for (const node of contents.predicate.wrapTree) {
      if (node.level === 'root') continue
      const row = await toRow(contents, node, planned, roots)
      if (!row.ok) return row
      const mac = await openAndMac(token, row.value, planned, roots, projectKeks, rowsKeyId)
      planned.set(node.id, { node, row: row.value, mac })
    }
    return accept([...planned.values()])
  } catch (error) {
    if (error instanceof FormatError) return refuse('WRAP-TREE-UNWRAP', error.detail)
    if (error instanceof HsmError && error.code === 'HSM-DATA-INVALID')
      return refuse('WRAP-TREE-UNWRAP', error.detail)
    throw error
  } finally {
    for (const kek of projectKeks.values()) wipe(kek)
  }
}

async function toRow(
  contents: BundleContents,
  node: WrapNode,
  planned: ReadonlyMap<string, PlannedRow>,
  roots: readonly ArrivedRoot[],
): Promise<Outcome<WrappedRow>> {
  if (node.level === 'root' || node.blob === null || node.parent === null) {
    return refuse('WRAP-TREE-BLOB', `${node.id} has no wrapped key`)
  }
  const wrapped = await contents.read(node.blob, maxWrapped)
  if (!wrapped.ok) return refuse('WRAP-TREE-BLOB', `${node.id}: ${wrapped.detail}`)
  const root = roots.find(({ id }) => id === node.parent)
  const parent = root ? { id: root.rootId, version: root.version } : planned.get(node.parent)?.row
  if (parent === undefined) return refuse('WRAP-TREE-BLOB', `${node.id}: its parent is not there`)
  return accept({
    level: node.level,
    owner: node.id,
    parent: parent.id,
    id: node.id,
    version: node.version,
    algorithm: node.algorithm,
    wrapped: wrapped.value,
    wrappingKekId: parent.id,
    wrappingKekVersion: parent.version,
    origin: 'ceremony',
    bundleDigest: contents.digest,
  })
}

async function openAndMac(
  token: Token,
  row: WrappedRow,
  planned: ReadonlyMap<string, PlannedRow>,
  roots: readonly ArrivedRoot[],
  projectKeks: Map<string, Uint8Array>,
  rowsKeyId: string,
): Promise<Uint8Array> {
  const tokenMac = () => token.hmac({ key: { id: rowsKeyId, class: 'secret' }, message: rowMessage(row) })
  // An organisation KEK opens when a project KEK opens under it: it is never in this memory.
  if (row.level === 'organisation') return tokenMac()
  if (row.level === 'project') {
    const organisation = planned.get(row.parent)?.row
    const root = roots.find(({ rootId }) => rootId === organisation?.parent)
    if (organisation === undefined || root === undefined)
      throw new FormatError('WRAP-TREE', `${row.id} has no chain`)
    const kek = await token.unwrapToMemory({
      kek: {
        id: root.ckaId,
        chain: [{ wrapped: organisation.wrapped, bits: kekBits(organisation.algorithm) }],
      },
      wrapped: row.wrapped,
    })
    projectKeks.set(row.id, kek)
    checkLength(row, kek)
    return tokenMac()
  }
  const projectKek = projectKeks.get(row.parent)
  if (projectKek === undefined) throw new FormatError('WRAP-TREE', `${row.id} has no project key`)
  const key = aesKwpUnwrap(projectKek, row.wrapped)
  try {
    checkLength(row, key)
  } finally {
    wipe(key)
  }
  return projectRowMac(projectKek, row)
}

/** Bytes of a secret key by its algorithm; a pair's private half has none of its own. */
const secretBytes: Readonly<Record<string, number>> = { 'AES-128': 16, 'AES-256': 32 }

/** A key that opens and is of another length would be found at its first use, when its transport key is long gone. */
function checkLength({ owner, algorithm }: WrappedRow, key: Uint8Array): void {
  const bytes = secretBytes[algorithm]
  if (bytes === undefined || key.length === bytes) return
  throw new FormatError(
    'WRAP-TREE',
    `${owner}: the ${algorithm} key has ${key.length} bytes, expected ${bytes}`,
  )
}

function kekBits(algorithm: string): 128 | 256 {
  return algorithm === 'AES-128' ? 128 : 256
}
