import { existsSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import {
  type EffectKind,
  type Entry,
  evolve,
  incompatibleHistory,
  initialState,
  type NewEvent,
  type Results,
  readEntry,
  type State,
} from '@lux/ceremony'
import { type Plan, readPlan } from '@lux/ceremony/plan'
import { type PolicyFile, parsePolicyFile } from '@lux/ceremony/policy'
import {
  appendEntry,
  entryCodec,
  type FullEntry,
  type Head,
  type Header,
  headerCodec,
  headOf,
  openTranscript,
  type TranscriptState,
} from '@lux/ceremony/transcript'
import { type Entropy, encodeCanonical, type Json, parseCanonical, toHex } from '@lux/crypto'
import type { Hsm } from '@lux/hsm'
import {
  BlobFolder,
  ExpectedError,
  makeFolder,
  partsOf,
  readBounded,
  syncFolder,
  withReadErrors,
  withSystemErrors,
  writeDurably,
} from '@lux/node-files'
import { type LogLine, RunDatabase } from '../../store/run-database.ts'
import type { Clock } from '../../system.ts'
import type { CeremonySigner } from './ceremony-signer.ts'
import {
  cardsOf,
  compareCheckpoints,
  damagedRun,
  folderInUse,
  type RunFiles,
  writeRunFiles,
} from './run-files.ts'

const maxDocument = 32 << 20

/**
 * One run on disk and in memory: its log is the truth, its state is the fold of it. Opening replays and checks the
 * whole chain; a log that does not verify is refused (STORE-DAMAGED).
 */
export class RunFolder {
  readonly path: string
  readonly plan: Plan
  readonly planBytes: Uint8Array
  readonly policy: PolicyFile
  readonly header: Header
  readonly blobs: BlobFolder
  readonly #log: RunDatabase
  #transcript: TranscriptState
  /** Head after 0, 1, 2 … entries. */
  readonly #heads: Head[]
  #state: State

  private constructor(path: string, log: RunDatabase, header: Header) {
    this.path = path
    this.#log = log
    this.header = header
    this.planBytes = readBounded(join(path, 'plan.yaml'), 1 << 20)
    const parsed = readPlan(this.planBytes)
    if (!parsed.ok || parsed.hash !== header.planHash)
      throw damagedRun(path, 'its plan is not the one it began with')
    this.plan = parsed.plan
    const policy = parsePolicyFile(readBounded(join(path, 'policy.json'), 1 << 20))
    if (!policy.ok) throw damagedRun(path, policy.detail)
    this.policy = policy.value
    this.blobs = new BlobFolder(join(path, 'blobs'))
    this.#transcript = openTranscript(header)
    this.#heads = [headOf(this.#transcript)]
    this.#state = initialState(header, this.plan)
    for (const { line } of log.lines()) this.#replay(line)
    this.#state = incompatibleHistory(this.#state)
    compareCheckpoints(path, this.#heads, (name) => this.readDocument(name))
  }

  /** Whether a run is there. "Absent" and "could not look" are different things: refuses FILE-UNREADABLE. */
  static isAt(path: string): boolean {
    const log = join(path, 'ceremony.db')
    return withReadErrors(() => statSync(log, { throwIfNoEntry: false }) !== undefined, log)
  }

  /** Makes the folder; refuses one that already holds a run. Errors: those of the disk. */
  static create(path: string, files: RunFiles): RunFolder {
    if (RunFolder.isAt(path)) throw folderInUse(path)
    makeFolder(path)
    writeRunFiles(path, files)
    const log = new RunDatabase(join(path, 'ceremony.db'))
    log.writeHeader(headerCodec.encode(files.header))
    return new RunFolder(path, log, files.header)
  }

  /** Errors: CEREMONY-UNKNOWN, STORE-LOCKED, STORE-NEWER, STORE-DAMAGED. */
  static open(path: string): RunFolder {
    if (!RunFolder.isAt(path)) {
      throw new ExpectedError('CEREMONY-UNKNOWN', `${path} holds no ceremony`)
    }
    const log = new RunDatabase(join(path, 'ceremony.db'))
    try {
      const jcs = log.header()
      if (jcs === null) throw damagedRun(path, 'its log has no header: it was never begun')
      const header = headerCodec.parse(jcs)
      if (!header.ok) throw damagedRun(path, header.detail)
      return new RunFolder(path, log, header.value)
    } catch (error) {
      log.close()
      throw error
    }
  }

  get state(): State {
    return this.#state
  }

  get node0(): string {
    return this.headAt(0).node
  }

  get sealedSeed(): string {
    return join(this.path, 'ceremony-key.sealed')
  }

  forgetSealedSeed(): void {
    for (const one of [...partsOf(this.sealedSeed), this.sealedSeed]) rmSync(one, { force: true })
  }

  /** Chain head and Merkle root after the first `size` entries. */
  headAt(size: number): Head {
    const head = this.#heads[size]
    if (head === undefined) throw new RangeError(`size: ${size} of ${this.#heads.length - 1} entries`)
    return head
  }

  /** Appends all events of one command in one fsynced transaction, then folds them. */
  append(events: readonly NewEvent[], clock: Clock, entropy: Entropy): Entry[] {
    const first = this.#state.size
    const time = clock.now()
    const lines = events.map((event, index) => {
      const entry: FullEntry = {
        seq: String(first + index),
        time,
        stepId: event.stepId,
        kind: event.kind,
        salt: toHex(entropy.bytes(16)),
        // Facts are plain JSON by their definition (ceremony events.ts).
        fact: event.fact as unknown as { [key: string]: Json },
      }
      return {
        seq: first + index,
        time,
        step: event.stepId,
        kind: event.kind,
        line: entryCodec.encode(entry),
      }
    })
    this.#log.append(lines)
    return lines.map(({ line }) => this.#replay(line))
  }

  #replay(line: Uint8Array): Entry {
    const parsed = entryCodec.parse(line)
    if (!parsed.ok || !('fact' in parsed.value)) throw damagedRun(this.path, 'an entry does not parse')
    const read = readEntry(parsed.value)
    if (!read.ok) throw damagedRun(this.path, `${read.rule}: ${read.detail}`)
    const appended = appendEntry(this.#transcript, parsed.value)
    if (!appended.ok) throw damagedRun(this.path, `${appended.rule}: ${appended.detail}`)
    this.#transcript = appended.value
    this.#heads.push(headOf(appended.value))
    this.#state = evolve(this.#state, read.entry)
    return read.entry
  }

  /** Every entry so far, parsed. */
  *entries(from = 0): Generator<FullEntry> {
    for (const { line } of this.#log.lines(from)) {
      const parsed = entryCodec.parse(line)
      if (!parsed.ok || !('fact' in parsed.value)) throw damagedRun(this.path, 'an entry does not parse')
      yield parsed.value
    }
  }

  lines(from = 0): Generator<LogLine> {
    return this.#log.lines(from)
  }

  writeDocument(name: string, value: Json | object): void {
    // Documents are made by codecs, so they are JSON.
    writeDurably(join(this.path, name), encodeCanonical(value as Json))
  }

  has(name: string): boolean {
    return existsSync(join(this.path, name))
  }

  readDocument(name: string): Json {
    return parseCanonical(readBounded(join(this.path, name), maxDocument), { maxBytes: maxDocument })
  }

  writeAttempt<K extends EffectKind>(step: string, attempt: number, record: AttemptRecord<K>): void {
    this.writeDocument(`attempts/${step}-${attempt}.json`, record)
  }

  /** What the attempt made counts no more; it is kept beside, so that the blobs of a lost window stay known as void. */
  voidAttempt(step: string, attempt: number): void {
    const path = join(this.path, `attempts/${step}-${attempt}.json`)
    if (!existsSync(path)) return
    withSystemErrors(() => renameSync(path, join(this.path, `attempts/${step}-${attempt}-void.json`)), path)
    syncFolder(join(this.path, 'attempts'))
  }

  attempt<K extends EffectKind>(effect: K, step: string, attempt: number): AttemptRecord<K> | null {
    if (!existsSync(join(this.path, `attempts/${step}-${attempt}.json`))) return null
    // Written by writeAttempt alone, durably, so it is whole and of its effect's shape.
    const record = this.readDocument(`attempts/${step}-${attempt}.json`) as unknown as AttemptRecord<K>
    return record.effect === effect ? record : null
  }

  /** Canonical bytes of a card, by its digest. */
  card(digest: string): Uint8Array {
    return cardsOf(this.path).get(digest)
  }

  /** Canonical bytes of the signed transport document whose payload has this digest. */
  transport(payloadDigest: string): Uint8Array {
    return readBounded(join(this.path, 'transports', `${payloadDigest}.json`), maxDocument)
  }

  /** The ceremony key as the state knows it. Throws before it is made. */
  signer(hsm: Hsm): CeremonySigner {
    const key = this.#state.ceremonyKey
    if (key === null) throw new Error('the ceremony key is not made')
    const serial = this.#state.tokens.find(({ role }) => role === key.token)?.serial ?? ''
    return {
      token: hsm.token(serial),
      ckaId: key.ckaId,
      sealCkaId: key.sealCkaId,
      ceremonyId: this.#state.ceremonyId,
      keys: key.keys,
      sealedSeed: this.sealedSeed,
    }
  }

  close(): void {
    this.#log.close()
  }
}

/**
 * What an effect had made before its outcome reached the log, so that a crash in between loses nothing: the part of
 * the result that the token cannot tell again. Written durably, before what it describes is final.
 */
export type AttemptRecord<K extends EffectKind> = { effect: K; part: AttemptPart[K] }

type AttemptPart = {
  [K in EffectKind]: K extends 'generate-root' ? Omit<Results[K], 'evidence' | 'held'> : Results[K]
}
