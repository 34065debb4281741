import { createHash } from 'node:crypto'
import {
  closeSync,
  createReadStream,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { FormatError, fromUtf8, openChunks, sealChunks, utf8 } from '@lux/crypto'
import {
  ExpectedError,
  fromSystemError,
  inNewFolder,
  makeFolder,
  mustHaveParent,
  openGiven,
  partBeside,
  syncFolder,
  withReadErrors,
  withSystemErrors,
  writeNewFile,
} from '@lux/node-files'
import * as v from 'valibot'
import { checkDatabaseBytes } from './database.ts'
import { RunDatabase, runDatabaseVersion } from './run-database.ts'
import { Store, storeDatabase, storeVersion } from './store.ts'

// A backup is one age file over: a list in JSON and a line end, then the bytes of each file in its order.

const maxList = 32 << 20
/** Bytes of one database, which a check holds in memory. */
const maxDatabase = 1 << 30
const headBytes = 65_536
const runLog = 'ceremony.db'

const entry = v.strictObject({
  path: v.pipe(v.string(), v.maxLength(4096), v.check(isOwnPath)),
  size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
})
const list = v.strictObject({
  v: v.number(),
  kind: v.literal('store-backup'),
  made: v.pipe(v.string(), v.maxLength(40)),
  by: v.pipe(v.string(), v.maxLength(100)),
  files: v.pipe(v.array(entry), v.minLength(1), v.maxLength(1_000_000)),
})
type Entry = v.InferOutput<typeof entry>
type List = v.InferOutput<typeof list>

/** `elsewhere`: folders of runs that lie outside the store, which a backup of it leaves out. */
export type BackedUp = BackupFacts & { elsewhere: string[] }
export type BackupFacts = {
  /** SHA-256 of the sealed file. */
  digest: string
  bytes: number
  made: string
  by: string
  files: number
  runs: number
}

type SealedTo = { passphrase: string; workFactor?: number } | { recipients: readonly string[] }
type OpenedBy = { passphrase: string } | { identity: string }
type Source = Entry & { from: string }

/** A file of the store and nothing outside it, whatever system reads the path. */
function isOwnPath(path: string): boolean {
  const parts = path.split('/')
  const plain = parts.every((part) => part !== '' && part !== '.' && part !== '..' && !/[\\\0:]/.test(part))
  return plain && (path === storeDatabase || (parts[0] === 'ceremonies' && parts.length > 2))
}

/**
 * Writes the store and the runs in it as one sealed file. Tokens' keys, training tokens and exported copies are not in it. Errors:
 * FILE-EXISTS, FOLDER-MISSING, STORE-LOCKED while a run is open elsewhere, STORE-DAMAGED, FILE-DAMAGED, DISK-FULL, FOLDER-READ-ONLY.
 */
export async function backUpStore(
  store: Store,
  { out, to, made, by }: { out: string; to: SealedTo; made: string; by: string },
): Promise<BackedUp> {
  mustHaveParent(out)
  if (existsSync(out)) throw new ExpectedError('FILE-EXISTS', `${out} is already there`)
  for (const left of readdirSync(store.path).filter((name) => name.startsWith(workPrefix)))
    rmSync(join(store.path, left), { recursive: true, force: true })
  const work = withSystemErrors(() => mkdtempSync(join(store.path, workPrefix)), store.path)
  try {
    const sources = sourcesOf(store, work)
    const files = sources.map(({ path, size, sha256 }) => ({ path, size, sha256 }))
    const about = { v: 1, kind: 'store-backup', made, by, files } satisfies List
    const { digest, bytes } = await writeSealed(out, sealChunks(to, plaintextOf(about, sources)))
    noteBackup(store, { made, digest }, false)
    const elsewhere = store
      .runs()
      .map(({ folder }) => folder)
      .filter((folder) => dirname(folder) !== store.ceremonies)
    return { ...factsOf(about), digest, bytes, elsewhere }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

const noted = 'last-backup'
const note = v.strictObject({ made: v.string(), digest: v.string(), checked: v.boolean() })

/** Noted when a backup of the store was written, and again when it, or another one, was read back. */
export function noteBackup(store: Store, backup: { made: string; digest: string }, checked: boolean): void {
  const known = readNote(store)
  if (known !== null && known.made > backup.made) return
  const { made, digest } = backup
  store.setSetting(noted, JSON.stringify({ made, digest, checked }))
}

/** The newest backup that is known of, and whether one was read back. */
export function lastBackup(store: Store): { made: string; checked: boolean } | null {
  const known = readNote(store)
  return known === null ? null : { made: known.made, checked: known.checked }
}

function readNote(store: Store): v.InferOutput<typeof note> | null {
  try {
    const result = v.safeParse(note, JSON.parse(store.setting(noted) ?? 'null'))
    return result.success ? result.output : null
  } catch {
    return null
  }
}

const workPrefix = '.backup-'

/** Databases as they are now, copied without a pause in between; everything else of a run is written once and stays. */
function sourcesOf(store: Store, work: string): Source[] {
  const own = join(work, storeDatabase)
  store.snapshot(own)
  const runs = existsSync(store.ceremonies) ? readdirSync(store.ceremonies).toSorted() : []
  const found = runs.filter((id) => existsSync(join(store.ceremonies, id, runLog)))
  for (const id of found) {
    const log = new RunDatabase(join(store.ceremonies, id, runLog))
    try {
      log.snapshot(join(work, `${id}.db`))
    } finally {
      log.close()
    }
  }
  return [
    sourceOf(storeDatabase, own),
    ...found.flatMap((id) => [
      sourceOf(`ceremonies/${id}/${runLog}`, join(work, `${id}.db`)),
      ...filesOf(join(store.ceremonies, id)).map((path) =>
        sourceOf(`ceremonies/${id}/${path}`, join(store.ceremonies, id, path)),
      ),
    ]),
  ]
}

/** Files of a run but its log and what a program was writing; a link leads out of it and is none. */
function filesOf(folder: string, below = ''): string[] {
  return withReadErrors(() => readdirSync(folder), folder)
    .toSorted()
    .flatMap((name) => {
      const at = join(folder, name)
      const info = lstatSync(at)
      if (info.isDirectory()) return filesOf(at, `${below}${name}/`)
      const kept = info.isFile() && name !== '.claimed' && !name.endsWith('.part')
      return kept && !(below === '' && name.startsWith(runLog)) ? [`${below}${name}`] : []
    })
}

function sourceOf(path: string, from: string): Source {
  const hash = createHash('sha256')
  let size = 0
  for (const chunk of chunksOf(from)) {
    hash.update(chunk)
    size += chunk.length
  }
  return { path, size, sha256: hash.digest('hex'), from }
}

function* chunksOf(path: string): Generator<Uint8Array> {
  const file = openGiven(path)
  try {
    for (;;) {
      const chunk = new Uint8Array(headBytes)
      const count = withReadErrors(() => readSync(file, chunk), path)
      if (count === 0) return
      yield chunk.subarray(0, count)
    }
  } finally {
    closeSync(file)
  }
}

async function* plaintextOf(about: List, sources: readonly Source[]): AsyncGenerator<Uint8Array> {
  yield utf8(`${JSON.stringify(about)}\n`)
  for (const { from, sha256, path } of sources) {
    const hash = createHash('sha256')
    for (const chunk of chunksOf(from)) {
      hash.update(chunk)
      yield chunk
    }
    if (hash.digest('hex') !== sha256)
      throw new ExpectedError('FILE-DAMAGED', `${path} changed while it was backed up`)
  }
}

/** Written beside its place, read back and compared before it has its name. */
async function writeSealed(
  out: string,
  sealed: AsyncIterable<Uint8Array>,
): Promise<{ digest: string; bytes: number }> {
  const part = partBeside(out)
  const hash = createHash('sha256')
  let bytes = 0
  async function* counted(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of sealed) {
      hash.update(chunk)
      bytes += chunk.length
      yield chunk
    }
  }
  try {
    await writeNewFile(part, counted(), out)
    const digest = hash.digest('hex')
    if (sourceOf(out, part).sha256 !== digest)
      throw new ExpectedError('FILE-DAMAGED', `${out} does not read back as it was written`)
    withSystemErrors(() => renameSync(part, out), out)
    syncFolder(dirname(out))
    return { digest, bytes }
  } catch (error) {
    rmSync(part, { force: true })
    throw error
  }
}

function factsOf({ made, by, files }: List): Omit<BackupFacts, 'digest' | 'bytes'> {
  return { made, by, files: files.length, runs: files.filter(({ path }) => isRunLog(path)).length }
}

const isRunLog = (path: string): boolean => /^ceremonies\/[^/]+\/ceremony\.db$/.test(path)
const isDatabase = (path: string): boolean => path === storeDatabase || isRunLog(path)

/**
 * Reads a backup to its end and opens every database in memory; writes nothing. `digest`: what it must be. Errors: STORE-BACKUP-OTHER,
 * STORE-BACKUP-KEY, STORE-BACKUP-WRONG, STORE-BACKUP-DAMAGED, STORE-NEWER, STORE-DAMAGED, FILE-….
 */
export function checkStoreBackup(path: string, by: OpenedBy, digest?: string): Promise<BackupFacts> {
  return readBackup(path, by, digest, () => null)
}

/**
 * The store anew, in a folder that is not there yet or is empty; where anything fails, the folder is as it was. Errors: those of
 * `checkStoreBackup`, FOLDER-IN-USE, FOLDER-MISSING, DISK-FULL, FOLDER-READ-ONLY.
 */
export async function restoreStore(
  path: string,
  by: OpenedBy,
  { folder, digest }: { folder: string; digest?: string | undefined },
): Promise<BackupFacts> {
  mustHaveParent(folder)
  return inNewFolder(
    folder,
    () => false,
    async () => {
      const facts = await readBackup(path, by, digest, (entry) => fileAt(join(folder, entry.path)))
      const store = new Store(folder)
      try {
        store.adoptFolders()
      } finally {
        store.close()
      }
      return facts
    },
  )
}

type Sink = { write(chunk: Uint8Array): void; end(): void }

function fileAt(path: string): Sink {
  makeFolder(dirname(path))
  const file = withSystemErrors(() => openSync(path, 'wx', 0o600), path)
  return {
    write: (chunk) =>
      withSystemErrors(() => {
        for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at)
      }, path),
    end() {
      try {
        withSystemErrors(() => fsyncSync(file), path)
      } finally {
        closeSync(file)
      }
      syncFolder(dirname(path))
    },
  }
}

async function readBackup(
  path: string,
  by: OpenedBy,
  expected: string | undefined,
  sinkOf: (entry: Entry) => Sink | null,
): Promise<BackupFacts> {
  const { sha256: digest, size: bytes } = sourceOf(path, path)
  if (expected !== undefined && expected !== digest)
    throw new ExpectedError('STORE-BACKUP-OTHER', `${path} has SHA-256 ${digest}, not ${expected}`)
  try {
    const sealed = createReadStream(path, { highWaterMark: headBytes })
    const plain = new Bytes(openChunks(by, headOf(path), sealed))
    const about = readList(await plain.line(maxList), path)
    for (const one of about.files) await takeFile(one, plain, sinkOf(one), path)
    if (!(await plain.ended())) throw broken(path, 'more follows after its last file')
    return { ...factsOf(about), digest, bytes }
  } catch (error) {
    throw named(error, path)
  }
}

function headOf(path: string): Uint8Array {
  for (const chunk of chunksOf(path)) return chunk
  return new Uint8Array(0)
}

function readList(line: Uint8Array, path: string): List {
  let value: unknown
  try {
    value = JSON.parse(fromUtf8(line))
  } catch {
    throw new ExpectedError('STORE-BACKUP-WRONG', `${path} is sealed, and holds no store`)
  }
  const about = v.safeParse(list, value)
  if (!about.success) throw new ExpectedError('STORE-BACKUP-WRONG', `${path} is sealed, and holds no store`)
  if (about.output.v !== 1)
    throw new ExpectedError('STORE-NEWER', `${path} is a backup of form ${about.output.v}, this one knows 1`)
  const paths = about.output.files.map((one) => one.path)
  if (paths[0] !== storeDatabase || new Set(paths).size !== paths.length)
    throw broken(path, 'its list of files is not in order')
  return about.output
}

async function takeFile(one: Entry, plain: Bytes, sink: Sink | null, path: string): Promise<void> {
  const database = isDatabase(one.path)
  if (database && one.size > maxDatabase) throw broken(path, `${one.path} has ${one.size} bytes`)
  const hash = createHash('sha256')
  const kept: Uint8Array[] = []
  try {
    for await (const chunk of plain.take(one.size)) {
      hash.update(chunk)
      sink?.write(chunk)
      if (database) kept.push(chunk)
    }
  } finally {
    sink?.end()
  }
  if (hash.digest('hex') !== one.sha256) throw broken(path, `${one.path} is not as its list says`)
  if (database)
    checkDatabaseBytes(
      Buffer.concat(kept),
      `${path}: ${one.path}`,
      one.path === storeDatabase ? storeVersion : runDatabaseVersion,
    )
}

const broken = (path: string, why: string) => new ExpectedError('STORE-BACKUP-DAMAGED', `${path}: ${why}`)

/** What the seal says, in words about a backup. */
function named(error: unknown, path: string): unknown {
  if (error instanceof ExpectedError) return error
  if (!(error instanceof FormatError)) return fromSystemError(error, path) ?? error
  if (error.rule === 'SEAL-PASSPHRASE' || error.rule === 'SEAL-OTHER-RECIPIENT')
    return new ExpectedError('STORE-BACKUP-KEY', `${path}: ${error.detail}`)
  if (error.rule === 'SEAL-INTEGRITY') return broken(path, error.detail)
  return new ExpectedError('STORE-BACKUP-WRONG', `${path}: ${error.detail}`)
}

/** Bytes of a stream, taken in parts. */
class Bytes {
  readonly #chunks: AsyncIterator<Uint8Array>
  #left: Uint8Array = new Uint8Array(0)

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#chunks = stream[Symbol.asyncIterator]()
  }

  async #more(): Promise<boolean> {
    while (this.#left.length === 0) {
      const next = await this.#chunks.next()
      if (next.done === true) return false
      this.#left = next.value
    }
    return true
  }

  /** Up to a line end, which is taken too. */
  async line(most: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = []
    let length = 0
    while (await this.#more()) {
      const end = this.#left.indexOf(10)
      const part = end < 0 ? this.#left : this.#left.subarray(0, end)
      parts.push(part)
      length += part.length
      this.#left = end < 0 ? new Uint8Array(0) : this.#left.subarray(end + 1)
      if (end >= 0 || length > most) break
    }
    return Buffer.concat(parts)
  }

  async *take(size: number): AsyncGenerator<Uint8Array> {
    for (let wanted = size; wanted > 0; ) {
      if (!(await this.#more())) throw new FormatError('SEAL-INTEGRITY', 'it ends early')
      const part = this.#left.subarray(0, wanted)
      this.#left = this.#left.subarray(part.length)
      wanted -= part.length
      yield part
    }
  }

  async ended(): Promise<boolean> {
    return !(await this.#more())
  }
}

/** Where a store is; a new one is never made for a command that only reads it. Errors: STORE-ABSENT. */
export function openExisting(folder: string): Store {
  if (statSync(join(folder, storeDatabase), { throwIfNoEntry: false })?.isFile() !== true)
    throw new ExpectedError('STORE-ABSENT', `${folder} holds no store`)
  return new Store(folder)
}
