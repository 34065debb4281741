import type { Json } from '@lux/crypto'
import type { StoredEntry } from '../../src/exports/engine.ts'

export class Crash extends Error {}

type Object_ = { ckaId: string; class: string; label: string }

/** What survives a crash: the journal, the token and the files. */
export type Disk = {
  entries: StoredEntry[]
  token: Object_[]
  /** What the vendor's tool put into other tokens, by serial. */
  others: Record<string, Object_[]>
  initialised: boolean
  files: Record<string, Json>
  generated: string[]
}

export function freshDisk(): Disk {
  return { entries: [], token: [], others: {}, initialised: false, files: {}, generated: [] }
}
