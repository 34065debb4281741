import { concatBytes, equalBytes, hkdfSha256, hmacSha256, lp, sha256, u32be, utf8 } from '@lux/crypto'
import { EnvironmentError } from '../refusal.ts'

/** What a wrapped key's row says of it. KWP takes no additional data, so this is bound by a MAC of its own. */
export type WrappedRow = {
  readonly level: 'organisation' | 'project' | 'data'
  /** The organisation, project or key that it is a version of. */
  readonly owner: string
  readonly parent: string
  readonly id: string
  readonly version: number
  readonly algorithm: string
  readonly wrapped: Uint8Array
  readonly wrappingKekId: string
  readonly wrappingKekVersion: number
  readonly origin: string
  readonly bundleDigest: string | null
}

export function rowMessage(row: WrappedRow): Uint8Array {
  const texts = [
    row.level,
    row.owner,
    row.parent,
    row.id,
    row.algorithm,
    row.wrappingKekId,
    row.origin,
    row.bundleDigest ?? '',
  ]
  return concatBytes(
    utf8('custody-row-1'),
    ...texts.map((text) => lp(utf8(text))),
    u32be(row.version),
    u32be(row.wrappingKekVersion),
    sha256(row.wrapped),
  )
}

/** The key of the MACs under one project: HKDF-SHA-256(project KEK, "", "custody-row-mac-1"). */
function projectMacKey(projectKek: Uint8Array): Uint8Array {
  return hkdfSha256(projectKek, new Uint8Array(0), utf8('custody-row-mac-1'), 32)
}

export function projectRowMac(projectKek: Uint8Array, row: WrappedRow): Uint8Array {
  const key = projectMacKey(projectKek)
  const mac = hmacSha256(key, rowMessage(row))
  key.fill(0)
  return mac
}

/** Throws KEY-ROW-CHANGED when a row is not as it was written: someone wrote to the database. */
export function requireMac(expected: Uint8Array, actual: Uint8Array, row: WrappedRow): void {
  if (!equalBytes(expected, actual)) {
    throw new EnvironmentError(
      'KEY-ROW-CHANGED',
      `the row of ${row.level} key ${row.owner} version ${row.version} was changed`,
    )
  }
}

type WrappedColumns = {
  readonly version: number
  readonly algorithm: string
  readonly wrapped: Uint8Array
  readonly wrapping_kek_id: string
  readonly wrapping_kek_version: number
  readonly origin: string
  readonly bundle_digest: string | null
}

/** The row as its MAC covers it. */
export function wrappedRow(
  level: WrappedRow['level'],
  owner: string,
  parent: string,
  id: string,
  columns: WrappedColumns,
): WrappedRow {
  return {
    level,
    owner,
    parent,
    id,
    version: columns.version,
    algorithm: columns.algorithm,
    wrapped: columns.wrapped,
    wrappingKekId: columns.wrapping_kek_id,
    wrappingKekVersion: columns.wrapping_kek_version,
    origin: columns.origin,
    bundleDigest: columns.bundle_digest,
  }
}
