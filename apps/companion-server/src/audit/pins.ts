import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeCanonical } from '@lux/crypto'
import type { StateFolder } from '../platform/state-folder/folder.ts'
import { parseState, readIfPresent, writeWhole } from '../platform/state-folder/private-file.ts'
import { EnvironmentError } from '../refusal.ts'

/** The last entry of a chain. */
export type Head = { readonly writer: string; readonly seq: string; readonly hash: string }
/** SHA-256 of its payload. */
export type PinnedCheckpoint = { readonly seq: string; readonly hash: string }

/** The newest note of the log, and the key that it is signed by. */
export type PinnedNote = { readonly vkey: string; readonly note: string }

/** What this server knows of its log outside the database: a log that lacks it was cut, or put back to an older state. */
export type Pins = {
  /** Heads that no pinned checkpoint is known to cover yet. */
  heads(): Promise<readonly Head[]>
  pinHead(head: Head): Promise<void>
  /** Of a chain that the pinned checkpoint covers. One that was pinned a moment ago stays: its writer may be at it. */
  dropHead(writer: string): Promise<void>
  /** Null before the first. */
  checkpoint(): Promise<PinnedCheckpoint | null>
  pinCheckpoint(checkpoint: PinnedCheckpoint): Promise<void>
  /** Null before the first. */
  note(): Promise<PinnedNote | null>
  pinNote(note: PinnedNote): Promise<void>
  /** Writers of whose chains entries are gone, as somebody accepted: nothing more of them is covered. */
  lost(): Promise<ReadonlySet<string>>
  /** Takes what is pinned back to what the log has: `audit.accept` says so in it. The note goes where the log does not give its root. */
  accept(
    checkpoint: PinnedCheckpoint | null,
    gone: readonly string[],
    lost: readonly string[],
    keepsNote: boolean,
  ): Promise<void>
}

const maxBytes = 32_768
const maxLost = 1 << 20
const settledAfter = 60_000

type Places = Pick<StateFolder, 'auditHeads' | 'auditPin' | 'auditLost' | 'auditNote'>

export function openPins({ auditHeads, auditPin, auditLost, auditNote }: Places): Pins {
  const fileOf = (writer: string) => join(auditHeads, `${writer}.json`)

  async function readPin<T extends object>(
    path: string,
    wanted: Readonly<Record<keyof T, RegExp>>,
  ): Promise<T | null> {
    const bytes = await readIfPresent(path, maxBytes)
    if (bytes === 'absent') return null
    const value: unknown = parseState(path, bytes)
    const fields = Object.entries<RegExp>(wanted)
    const fits =
      typeof value === 'object' &&
      value !== null &&
      fields.every(([name, shape]) => shape.test(String(Reflect.get(value, name))))
    if (!fits) throw new EnvironmentError('STATE-DAMAGED', `${path} is no pin of the audit log`)
    // Each field was looked at.
    return value as T
  }

  async function lost(): Promise<ReadonlySet<string>> {
    const bytes = await readIfPresent(auditLost, maxLost)
    if (bytes === 'absent') return new Set()
    const value: unknown = parseState(auditLost, bytes)
    if (!Array.isArray(value)) throw new EnvironmentError('STATE-DAMAGED', `${auditLost} is no list`)
    return new Set(value.map(String))
  }

  const pinCheckpoint = (checkpoint: PinnedCheckpoint) =>
    writeWhole(auditPin, encodeCanonical({ ...checkpoint }))

  return {
    lost,
    async accept(checkpoint, gone, more, keepsNote) {
      const all = [...new Set([...(await lost()), ...more])]
      await writeWhole(auditLost, encodeCanonical(all))
      for (const writer of gone) await rm(fileOf(writer), { force: true })
      if (!keepsNote) await rm(auditNote, { force: true })
      // Last: until then the log is not accepted.
      if (checkpoint !== null) await pinCheckpoint(checkpoint)
      else await rm(auditPin, { force: true })
    },
    async heads() {
      const names = await readdir(auditHeads).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return []
        throw error
      })
      const whole = names.filter((name) => /^[0-9a-f]{24}\.json$/.test(name))
      const found = await Promise.all(
        whole.map((name) => readPin<Head>(join(auditHeads, name), { writer: hex(24), seq, hash: hex(64) })),
      )
      // One that is taken away meanwhile is covered.
      return found.filter((head) => head !== null)
    },
    pinHead: (head) => writeWhole(fileOf(head.writer), encodeCanonical({ ...head })),
    async dropHead(writer) {
      const { mtimeMs = Date.now() } = (await stat(fileOf(writer)).catch(() => null)) ?? {}
      if (Date.now() - mtimeMs > settledAfter) await rm(fileOf(writer), { force: true })
    },
    checkpoint: () => readPin<PinnedCheckpoint>(auditPin, { seq, hash: hex(64) }),
    pinCheckpoint,
    note: () => readPin<PinnedNote>(auditNote, { vkey: /^\S+$/, note: /^[^\n]+\n/ }),
    pinNote: (note) => writeWhole(auditNote, encodeCanonical({ ...note })),
  }
}

const seq = /^[1-9][0-9]{0,17}$/
const hex = (length: number) => new RegExp(`^[0-9a-f]{${length}}$`)
