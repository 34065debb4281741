import { createHash, randomBytes } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { canonicalString, type Json, toHex } from '@lux/crypto'
import { sql } from 'kysely'
import type { Database } from '../platform/database/open.ts'
import { EnvironmentError } from '../refusal.ts'
import { type EntryMac, type EntryMacs, macLength } from './entry-mac.ts'
import type { Head, Pins } from './pins.ts'

/** One audited operation. No plaintext, ciphertext or AAD: what went in and came out is there as keyed hashes alone. */
export type AuditEntry = {
  readonly time: string
  readonly reqId: string
  /** How the call came in; `server`: by itself. */
  readonly door: 'http' | 'kmip' | 'aws' | 'vault' | 'direct' | 'server'
  /** The address that the call came from; null where it came from none. Entries of before it was kept lack it. */
  readonly source: string | null
  readonly identity: string | null
  readonly organisation: string | null
  readonly project: string | null
  readonly key: string | null
  readonly version: number | null
  readonly operation: string
  /** `ok`, or the rule or code that stood against it. */
  readonly outcome: string
  readonly input: string | null
  readonly output: string | null
  /** By what the caller came in: `api-key:<id>` and its like. Of the server itself, and of entries from before, absent. */
  readonly credential?: string
  /** The second factor that was shown for it and when, `totp:<time>` and its like, or `none`. Absent with `credential`. */
  readonly factor?: string
  /** The digest of the authority of each tenant that it changed, as it left it. Absent where it changed none. */
  readonly authority?: { readonly [tenant: string]: string }
}

const leafTag = Uint8Array.of(0x00)
const chainTag = Uint8Array.of(0x12)

/** SHA-256(0x00 | salt | JCS(entry)), also of an entry that version 0.1 wrote, which had other fields. */
export function auditLeaf(salt: Uint8Array, entry: AuditEntry | Json): Uint8Array {
  return leafOf(salt, canonicalString(entry))
}

/**
 * `canonicalString` of an entry, by the runtime's own code. Its members are in order here, so the two differ only in what canonical JSON refuses
 * and in escapes of the form \\u: those are left to it.
 */
export function auditText(entry: AuditEntry): string {
  const { credential, door, factor, identity, input, key, operation, organisation, outcome } = entry
  const { output, project, reqId, source, time, version } = entry
  const always = { output, project, reqId, source, time, version }
  const named = { identity, input, key, operation, organisation, outcome }
  const text = JSON.stringify({ credential, door, factor, ...named, ...always })
  const counts = version === null || (Number.isSafeInteger(version) && version > 0)
  const isWhole = [door, ...Object.values(named), ...Object.values(always)].every((one) => one !== undefined)
  const isPlain = counts && isWhole && entry.authority === undefined && !text.includes('\\u')
  return isPlain ? text : canonicalString(entry)
}

/** SHA-256(0x12 | previous | leaf); the first of a writer follows 32 zero bytes. */
export function auditHash(previous: Uint8Array, leaf: Uint8Array): Uint8Array {
  return hashed(chainTag, previous, leaf)
}

const leafOf = (salt: Uint8Array, text: string) => hashed(leafTag, salt, text)

function hashed(...parts: readonly (Uint8Array | string)[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** Where an entry lies in its writer's chain, and what proves it. */
export type AuditReceipt = {
  readonly writer: string
  readonly seq: number
  readonly hash: Uint8Array
  readonly salt: Uint8Array
}

export type AuditWriter = {
  /** The chain that the next entry goes into. */
  readonly id: string
  /** Its last entry that is known to be durable; null before the first. */
  readonly head: Head | null
  /** Resolves once the entry is durable. Throws AUDIT-UNAVAILABLE, within 5 s. */
  append(entry: AuditEntry): Promise<AuditReceipt>
  /** Throws AUDIT-UNAVAILABLE while entries cannot be written: after one that failed, only another one shows that they can. */
  check(): Promise<void>
  /** Ends the chain with an entry that says so. */
  close(): Promise<void>
}

type Waiting = {
  readonly entry: AuditEntry
  readonly settle: (receipt: AuditReceipt) => void
  readonly fail: (error: Error) => void
}

type Row = {
  readonly seq: number
  readonly salt: Buffer
  readonly hash: Uint8Array
  readonly mac: Buffer
  readonly text: string
}

const saltLength = 16
const maxBatch = 256
const patience = 5000
/** How soon the state folder knows of a new head: that costs the disk one sync. */
const pinAfter = 1000

type Parts = {
  readonly database: Database
  readonly macs: Pick<EntryMacs, 'maker'>
  readonly pins: Pick<Pins, 'pinHead' | 'lost'>
  now(): Date
}

/**
 * One process's own chain. Whatever waits while a batch commits goes into the next one: one commit for many
 * replies, and none is given before its row is on disk. Where there is no key to MAC by yet, it opens and takes no entry.
 */
export async function openAuditWriter({ database, macs, pins, now }: Parts): Promise<AuditWriter> {
  let id = newWriter()
  let seq = 0
  let head: Uint8Array = new Uint8Array(32)
  let pinned: Head | null = null
  let waiting: Waiting[] = []
  let busy = false
  let closing = false
  let closed = false
  let failing = false
  /** Entries of this chain are gone, and somebody took the log as it is: what comes next goes into another one. */
  let isLost = false

  function begin(): void {
    id = newWriter()
    seq = 0
    head = new Uint8Array(32)
    isLost = false
  }

  async function drain(): Promise<void> {
    if (busy) return
    busy = true
    while (waiting.length > 0) {
      // What is appended in the same turn comes along, and the first is not committed by itself.
      await turn()
      const batch = waiting.slice(0, maxBatch)
      waiting = waiting.slice(maxBatch)
      if (isLost) begin()
      await commit(seq === 0 ? [opening(), ...batch] : batch)
    }
    busy = false
  }

  async function commit(batch: readonly Waiting[]): Promise<void> {
    const mac = await macs.maker().catch(() => null)
    if (mac === null) {
      // Nothing was sent, so the chain goes on.
      refuseAll(batch, 'there is no key to MAC its entries by: the token is sealed')
      return
    }
    const salts = randomBytes(saltLength * batch.length)
    const rows = rowsOf({ id, seq, head }, batch, salts, mac)
    try {
      if (seq === 0) await database.insertInto('audit_writer').values({ writer: id }).execute()
      await insert(database, { id, seq, head }, rows, salts)
    } catch (error) {
      // Whether the rows are there is not known, so this chain ends here and the next entry opens another.
      await pin()
      begin()
      refuseAll(batch, 'the audit log cannot be written', error)
      return
    }
    const last = rows.at(-1)
    if (last !== undefined) [seq, head] = [last.seq, last.hash]
    failing = false
    for (const [index, { settle }] of batch.entries()) {
      const row = rows[index]
      if (row) settle({ writer: id, seq: row.seq, hash: row.hash, salt: row.salt })
    }
  }

  function refuseAll(batch: readonly Waiting[], detail: string, cause?: unknown): void {
    failing = true
    for (const { fail } of batch) fail(new EnvironmentError('AUDIT-UNAVAILABLE', detail, { cause }))
  }

  const headNow = (): Head | null => (seq === 0 ? null : { writer: id, seq: String(seq), hash: toHex(head) })

  /** A full disk stops no entry: it has a part of /readiness of its own. */
  async function pin(): Promise<void> {
    const now = headNow()
    if (now === null || (now.writer === pinned?.writer && now.seq === pinned.seq)) return
    await pins.pinHead(now).then(
      () => {
        pinned = now
      },
      () => undefined,
    )
  }

  function append(entry: AuditEntry): Promise<AuditReceipt> {
    if (closed) return Promise.reject(new EnvironmentError('AUDIT-UNAVAILABLE', 'the audit log is closed'))
    return new Promise((settle, reject) => {
      const timer = setTimeout(() => {
        failing = true
        reject(
          new EnvironmentError('AUDIT-UNAVAILABLE', `the audit log did not answer within ${patience} ms`),
        )
      }, patience)
      waiting.push({
        entry,
        settle(receipt) {
          clearTimeout(timer)
          settle(receipt)
        },
        fail(error) {
          clearTimeout(timer)
          reject(error)
        },
      })
      // commit never rejects: each entry hears of its own failure.
      void drain()
    })
  }

  function opening(): Waiting {
    return { entry: ownEntry('audit.open', now()), settle: () => undefined, fail: () => undefined }
  }

  if ((await macs.maker()) === null) failing = true
  else await append(ownEntry('audit.start', now()))
  let pinning: Promise<void> = Promise.resolve()
  const pinner = setInterval(() => {
    pinning = pinning.then(async () => {
      const lost = await pins.lost().catch(() => null)
      isLost = lost?.has(id) === true
      if (!isLost) await pin()
    })
  }, pinAfter)
  pinner.unref()
  return {
    get id() {
      return id
    },
    get head() {
      return headNow()
    },
    append,
    async check() {
      if (failing) await append(ownEntry('audit.start', now()))
    },
    async close() {
      if (closing) return
      closing = true
      const last = (await macs.maker()) === null ? null : append(ownEntry('audit.close', now()))
      closed = true
      clearInterval(pinner)
      try {
        await last
      } finally {
        await pinning
        await pin()
      }
    },
  }
}

/** A chain as it is by now. */
type Chain = { readonly id: string; readonly seq: number; readonly head: Uint8Array }

function rowsOf({ id, seq, head }: Chain, batch: readonly Waiting[], salts: Buffer, mac: EntryMac): Row[] {
  let at = seq
  let previous = head
  return batch.map(({ entry }, index) => {
    const salt = salts.subarray(saltLength * index, saltLength * (index + 1))
    const text = auditText(entry)
    const hash = auditHash(previous, leafOf(salt, text))
    previous = hash
    at++
    return { seq: at, salt, hash, mac: mac(id, BigInt(at), hash), text }
  })
}

/** One statement of the same text, whatever waits: the columns are read out of the entries, whose texts JSON of PostgreSQL keeps as they are. */
async function insert(
  database: Database,
  { id, seq, head }: Chain,
  rows: readonly Row[],
  salts: Buffer,
): Promise<void> {
  const hashes = Buffer.concat([head, ...rows.map(({ hash }) => hash)])
  const entries = `[${rows.map(({ text }) => text).join(',')}]`
  const allMacs = Buffer.concat(rows.map(({ mac }) => mac))
  await sql`
    insert into audit (writer, seq, prev, salt, hash, mac, entry, req_id, identity_id, project_id, organisation_id,
      key_id, operation, outcome, time)
    select ${id}, ${seq}::bigint + at, substring(${hashes}::bytea from 32 * (at::integer - 1) + 1 for 32),
      substring(${salts}::bytea from ${saltLength}::integer * (at::integer - 1) + 1 for ${saltLength}::integer),
      substring(${hashes}::bytea from 32 * at::integer + 1 for 32),
      substring(${allMacs}::bytea from ${macLength}::integer * (at::integer - 1) + 1 for ${macLength}::integer), one.entry::text, named."reqId", named.identity,
      named.project, named.organisation, named.key, named.operation, named.outcome, named.time
    from json_array_elements(${entries}::json) with ordinality as one (entry, at),
      json_to_record(one.entry) as named ("reqId" text, identity text, project text, organisation text, key text,
        operation text, outcome text, time timestamptz)`.execute(database)
}

function newWriter(): string {
  return randomBytes(12).toString('hex')
}

/** `v1;w=<writer>;s=<seq>;h=<b64url>;salt=<b64url>`: the header Audit-Receipt. */
export function receiptHeader({ writer, seq, hash, salt }: AuditReceipt): string {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')
  return `v1;w=${writer};s=${seq};h=${text(hash)};salt=${text(salt)}`
}

/** An entry of the server's own: of its chain, or of strangers. */
export function ownEntry(operation: string, time: Date, outcome = 'ok'): AuditEntry {
  return {
    time: time.toISOString(),
    reqId: toHex(randomBytes(8)),
    door: 'server',
    source: null,
    identity: null,
    organisation: null,
    project: null,
    key: null,
    version: null,
    operation,
    outcome,
    input: null,
    output: null,
  }
}
