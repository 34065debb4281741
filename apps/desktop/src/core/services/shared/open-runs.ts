import { ExpectedError } from '@lux/node-files'
import { loadStandIns, type StandIn } from '../../rehearsal/stand-ins.ts'
import { RunFolder } from '../../runs/folder/run-folder.ts'
import { loadRun, type RunParts } from '../../runs/run/load-run.ts'
import type { Run } from '../../runs/run/run.ts'
import type { Store } from '../../store/store.ts'

/** Of a run's folder: where its bundle is copied to. */
export const mediumFile = 'chosen-medium.json'

export type OpenRun = {
  run: Run
  standIns: readonly StandIn[]
  medium: string | null
  /** Files that ask people for what the run waits for, and what that is. */
  asked: { subject: string; files: readonly string[] } | null
}

/** Runs that are in memory: each is loaded once, when it is first asked for, and told that it was interrupted. */
export class OpenRuns {
  readonly #store: Store
  readonly #parts: (open: () => OpenRun | null) => RunParts
  readonly #changed: (id: string) => void
  readonly #open = new Map<string, OpenRun>()

  constructor(store: Store, parts: (open: () => OpenRun | null) => RunParts, changed: (id: string) => void) {
    this.#store = store
    this.#parts = parts
    this.#changed = changed
  }

  /** Errors: CEREMONY-UNKNOWN, STORE-…. */
  get(id: string): OpenRun {
    const open = this.#open.get(id)
    if (open !== undefined && open.run.storageError === null) return open
    // What is in memory may be ahead of the disk: only the disk counts.
    open?.run.folder.close()
    this.#open.delete(id)
    const row = this.#store.runs().find((one) => one.id === id)
    if (row === undefined) {
      throw new ExpectedError('CEREMONY-UNKNOWN', `no ceremony ${id} in this store`)
    }
    if (row.created === '') return this.get(this.#noted(row.folder))
    return this.adopt(id, (parts) => loadRun(row.folder, parts, () => this.#changed(id)))
  }

  /** A folder that was put there by hand, or lost its row: noted under the id that its log has. */
  #noted(folder: string): string {
    const found = RunFolder.open(folder)
    const id = found.state.ceremonyId
    const { created } = found.header
    found.close()
    const twin = this.#store.runs().find((one) => one.id === id && one.folder !== folder)
    if (twin !== undefined) {
      throw new ExpectedError('STORE-DAMAGED', `${folder} is a copy of ${twin.folder}: keep one of the two`)
    }
    this.#store.addRun({ id, folder, created })
    return id
  }

  /** Keeps a run that was just begun or loaded. */
  adopt(id: string, make: (parts: RunParts) => Run): OpenRun {
    const holder: { open: OpenRun | null } = { open: null }
    const run = make(this.#parts(() => holder.open))
    const { folder } = run
    // A run that was cut off while the bundle is copied still knows where to.
    const kept = folder.has(mediumFile) ? folder.readDocument(mediumFile) : null
    const medium = typeof kept === 'string' ? kept : null
    const open: OpenRun = { run, standIns: loadStandIns(folder.path), medium, asked: null }
    holder.open = open
    this.#open.set(id, open)
    return open
  }

  all(): Iterable<[string, OpenRun]> {
    return this.#open
  }

  /** Any run in which the machine works or people are in the middle of something. */
  attention(): boolean {
    return [...this.#open.values()].some(({ run }) => {
      const { state } = run.view()
      return state !== 'Closed' && state !== 'Aborted' && state !== 'Paused' && state !== 'Sealed'
    })
  }

  close(): void {
    for (const { run } of this.#open.values()) run.folder.close()
    this.#open.clear()
  }
}
